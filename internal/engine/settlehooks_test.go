package engine

import (
	"context"
	"io"
	"maps"
	"slices"

	"vaultctl/internal/vault"
)

// ObjectsOf returns what a vault consists of on the storage, and what is to be gone from it.
func (e *Engine) ObjectsOf(id vault.BeneficiaryID) (live, tombs []string, err error) {
	st, keys, org, err := e.load(id)
	if err != nil {
		return nil, nil, err
	}
	for _, o := range st.LiveObjects() {
		live = append(live, o.Path)
	}
	tombs, err = e.settledTombs(newOverlay(e.Store, org, keys), st)
	return live, tombs, err
}

// KeysOpen reports whether a key of this device opens sealed bytes.
func (e *Engine) KeysOpen(sealed io.Reader) bool {
	keys, _ := e.view()
	if keys == nil {
		return false
	}
	plain, err := e.Sealer.Open(sealed, append(slices.Collect(maps.Values(keys.epochs)), keys.device))
	if err != nil {
		return false
	}
	_, err = io.Copy(io.Discard, plain)
	return err == nil
}

// BuryAll is what a dishonest device writes: a tombstone for everything that the vault no longer uses.
func (e *Engine) BuryAll(ctx context.Context, id string) error {
	return e.commit(ctx, func(t *tx) error {
		st, err := t.state(vault.BeneficiaryID(id))
		if err != nil {
			return err
		}
		return t.emit(vault.Tombstoned, st.ID, vault.TombstoneBody{Paths: st.DeadPaths()})
	})
}
