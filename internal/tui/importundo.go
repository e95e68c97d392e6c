package tui

import (
	"context"

	"vaultctl/internal/api"
	"vaultctl/internal/phrase"
	"vaultctl/internal/vault"
)

// undoImport takes back an import that brought something into this vault.
func undoImport(ctx context.Context, d *desk, c chosen) error {
	b := about(&c)
	docs, err := list[api.Document](ctx, d, api.RouteDocumentList, api.DocumentListRequest{Beneficiary: b.ID})
	if err != nil {
		return err
	}
	here := map[string]int{}
	for i := range docs {
		if docs[i].Batch != "" {
			here[docs[i].Batch]++
		}
	}
	batches, err := list[api.Batch](ctx, d, api.RouteBatchList, api.BatchListRequest{})
	if err != nil {
		return err
	}
	l := d.l
	var which string
	var options []option
	for i := range batches {
		k := &batches[i]
		if n := here[k.ID]; n > 0 {
			options = append(options, option{k.ID, phrase.Time(l, k.Begun) + "  " + k.Agent + "  " + l.N(n, "%d document of this person", "%d documents of this person")})
		}
	}
	if len(options) == 0 {
		return vault.Errorf(vault.CodeNotFound, "no import brought anything into this vault")
	}
	which = options[0].value
	err = d.fill(ctx, &form{title: l.T("Take an import back"), intro: []string{l.T("An import is taken back whole: what it brought for other people as well.")},
		fields: []*field{{kind: choice, label: l.T("Which import?"), text: &which, options: options}}})
	if err != nil {
		return err
	}
	return undoBatch(ctx, d, chosen{page: c.page, subject: which})
}
