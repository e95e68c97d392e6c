package engine

import (
	"encoding/json"

	"vaultctl/internal/vault"
)

// takeAuthority folds the organization anew and adds the vaults that may fold to something else for it to those that are to
// be folded. Of the others it only looks whether keys that came with it open their notes.
func (o *overlay) takeAuthority(e *Engine, vaults map[vault.BeneficiaryID][]*vault.Record) error {
	before, held := o.org, o.keys
	if err := o.refoldOrg(e); err != nil {
		return err
	}
	change, gained := o.org.Since(before), o.keys.gained(held)
	o.resummarize = o.resummarize || change.Readers() || gained
	if !o.resummarize {
		if err := o.remark(before, held); err != nil {
			return err
		}
	}
	look := func(id vault.BeneficiaryID, st *vault.State) {
		if _, named := vaults[id]; named {
			return
		}
		if change.Concerns(st) {
			vaults[id] = nil
		} else if gained && o.keys.lacksEntries(o, st) {
			o.put(bucketMeta, metaWantVault+string(id), []byte{1})
		}
	}
	for id, st := range o.states {
		look(id, st)
	}
	return o.scan(bucketVaults, "", func(key string, raw []byte) error {
		id := vault.BeneficiaryID(key)
		if o.states[id] != nil {
			return nil
		}
		st, err := stateFor(id, raw, gained)
		if err == nil {
			look(id, st)
		}
		return err
	})
}

// stateFor decodes a vault: whole, or as far as it says where its fold stands.
func stateFor(id vault.BeneficiaryID, raw []byte, whole bool) (*vault.State, error) {
	if whole {
		return decodeState(id, raw)
	}
	var front struct {
		Last   *vault.Front `json:"last"`
		Beside bool         `json:"beside"`
	}
	if err := json.Unmarshal(raw, &front); err != nil {
		return nil, vault.Errorf(vault.CodeIntegrity, "read vault: %w", err)
	}
	return &vault.State{ID: id, Last: front.Last, Beside: front.Beside}, nil
}

// gained reports whether the keys open more than those before.
func (k *keyring) gained(before *keyring) bool {
	if k.recovery != before.recovery {
		return true
	}
	for id := range k.epochs {
		if before.epochs[id] == "" {
			return true
		}
	}
	return false
}

// refoldOrg computes the organization anew and opens the parcels that it declares.
func (o *overlay) refoldOrg(e *Engine) error {
	recs, err := o.records("org")
	if err != nil {
		return err
	}
	o.org = o.org.Refold(recs, o.lookup("org"))
	o.keys, err = e.openParcels(o.keys, o.org, func(p string) ([]byte, error) { return o.get(bucketParcels, p) })
	return err
}
