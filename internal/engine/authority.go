package engine

import (
	"encoding/json"
	"sync"

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
	for id, st := range o.states {
		if _, named := vaults[id]; !named && change.Concerns(st) {
			vaults[id] = nil
		}
	}
	return o.lookAtAll(change, gained, vaults)
}

// lookAtAll looks at every vault of the index, on every core: whether the change concerns it, and where keys came with the change
// whether they open notes that are not at hand. In that case the summaries are made on the way.
func (o *overlay) lookAtAll(change *vault.Change, gained bool, vaults map[vault.BeneficiaryID][]*vault.Record) error {
	var mu sync.Mutex // guards what follows
	var concerned, lacking []vault.BeneficiaryID
	people := map[vault.BeneficiaryID]*summary{}
	err := eachStored(o.store, bucketVaults, func(id vault.BeneficiaryID, raw []byte) error {
		st, err := stateFor(id, raw, gained)
		if err != nil {
			return err
		}
		_, named := vaults[id]
		folds := !named && o.states[id] == nil && change.Concerns(st)
		lacks := gained && !named && !folds && o.keys.lacksEntries(o, st)
		var s *summary
		if gained {
			s = summarize(st, o.org, o.keys)
		}
		mu.Lock()
		defer mu.Unlock()
		if folds {
			concerned = append(concerned, id)
		}
		if lacks {
			lacking = append(lacking, id)
		}
		people[id] = s
		return nil
	})
	if err != nil {
		return err
	}
	for _, id := range concerned {
		vaults[id] = nil
	}
	for _, id := range lacking {
		o.put(bucketMeta, metaWantVault+string(id), []byte{1})
	}
	if gained {
		o.people = people
	}
	return nil
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
