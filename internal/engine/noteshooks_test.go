package engine

import "vaultctl/internal/vault"

// BucketVaults holds what vaults fold to.
const BucketVaults = bucketVaults

// SetNotesAtOnce sets for how many vaults a pull brings the notes that name nobody.
func (e *Engine) SetNotesAtOnce(n int) { e.notesAtOnce = n }

// HoldTending keeps the background work from beginning a round until release is called.
func (e *Engine) HoldTending() (release func()) {
	e.tending.Lock()
	return e.tending.Unlock
}

// SetFoldTogether sets how many vaults of a journal that is read whole are folded and written together.
func (e *Engine) SetFoldTogether(n int) { e.foldTogether = n }

// Unfolded counts the vaults whose records are in the index and that are not folded.
func (e *Engine) Unfolded() (n int, err error) {
	err = e.Store.Scan(bucketMeta, metaUnfolded, func(string, []byte) error { n++; return nil })
	return n, err
}

// PeopleKept reports whether the summaries in the index are of the organization and the keys of now.
func (e *Engine) PeopleKept() (bool, error) {
	keys, org := e.view()
	mark, err := e.Store.Get(bucketMeta, metaPeople)
	return string(mark) == peopleMark(org, keys), err
}

// SpoilPeople makes the summaries in the index those of another organization.
func (e *Engine) SpoilPeople() error {
	var ops []Op
	err := e.Store.Scan(bucketPeople, "", func(key string, _ []byte) error {
		ops = append(ops, Op{bucketPeople, key, encodeSummary(&summary{})})
		return nil
	})
	return errOr(err, e.Store.Write(append(ops, Op{bucketMeta, metaPeople, []byte("another")})))
}

// AgeIndex makes the index one of another form, "" for one without any: its vaults are as good as empty, and what they are found by
// is gone.
func (e *Engine) AgeIndex(form string) error {
	ops := []Op{{bucketMeta, metaForm, nil}}
	if form != "" {
		ops[0].Value = []byte(form)
	}
	for _, bucket := range []string{bucketVaults, bucketIndex, bucketDigests, bucketDocs, bucketPeople} {
		err := e.Store.Scan(bucket, "", func(key string, _ []byte) error {
			op := Op{bucket, key, nil}
			if bucket == bucketVaults {
				op.Value = []byte(`{"id":"` + key + `"}`)
			}
			ops = append(ops, op)
			return nil
		})
		if err != nil {
			return err
		}
	}
	if err := e.Store.Write(ops); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.people = map[vault.BeneficiaryID]*summary{}
	return nil
}
