package engine

import (
	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// foresee discards sealed content and shows what would have become of it: the document that is there, a new one without
// an id, or a new version of one.
func (e *Engine) foresee(in *intake, c *sealedContent) (api.Document, error) {
	_ = c.file.Discard()
	st, keys, _, err := e.load(in.vault)
	if err != nil {
		return api.Document{}, err
	}
	d, same, err := in.match(e.Store.Get, keys.refsKey, st, c.digest)
	if err != nil {
		return api.Document{}, err
	}
	if same {
		v, err := e.answer(deposited{document: d.ID, exists: true}, in)
		v.DryRun = true
		return v, err
	}
	told := vault.Document{}
	if d != nil {
		told = *d
	}
	told.Update(&in.data)
	v := api.Document{Head: api.H("document"), ID: string(told.ID), Beneficiary: string(in.vault), Space: string(in.space),
		Status: "deposited", DryRun: true, Versions: told.Versions + 1}
	e.describe(&v, &told)
	return v, nil
}
