package engine

import (
	"context"

	"vaultctl/internal/vault"
)

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
