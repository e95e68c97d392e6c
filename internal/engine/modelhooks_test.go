package engine

import (
	"bytes"
	"encoding/json"

	"vaultctl/internal/vault"
)

// StateTexts returns what the events of a vault make, without what only some devices can read, and what is wrong with the
// state that is kept: "" if it is what the events make.
func (e *Engine) StateTexts(id vault.BeneficiaryID) (all, wrong string, err error) {
	keys, org, err := e.ready()
	if err != nil {
		return "", "", err
	}
	ov := newOverlay(e.Store, org, keys)
	recs, err := ov.records(string(id))
	if err != nil {
		return "", "", err
	}
	text := func(st *vault.State) string {
		c := *st
		c.Last, c.Unread = nil, nil // what was not at hand yet may have come without concerning the state
		raw, _ := json.Marshal(&c)
		return string(raw)
	}
	kept, err := ov.state(id)
	if err != nil {
		return "", "", err
	}
	if made := text(vault.Fold(id, org, recs, ov.lookup(string(id)))); made != text(kept) {
		wrong = made + "\n" + text(kept)
	}
	if raw, err := e.Store.Get(bucketPeople, string(id)); err != nil {
		return "", "", err
	} else if mark, err := e.Store.Get(bucketMeta, metaPeople); err == nil && string(mark) == peopleMark(org, keys) {
		var made []byte
		if kept.Last != nil {
			made = encodeSummary(summarize(kept, org, keys))
		}
		if !bytes.Equal(made, raw) {
			wrong += string(made) + "\n" + string(raw)
		}
	}
	return text(vault.Fold(id, org, recs, func(vault.Hash) *vault.Entry { return nil })), wrong, nil
}

// StateOf returns the state of a vault.
func (e *Engine) StateOf(id string) (*vault.State, error) {
	st, _, _, err := e.load(vault.BeneficiaryID(id))
	return st, err
}

// ReadsBy reports whether this device holds a key of one of the readers.
func (e *Engine) ReadsBy(readers []vault.Reader) bool {
	keys, _ := e.view()
	return keys != nil && keys.reads(readers)
}
