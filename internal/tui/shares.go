package tui

import (
	"context"

	"vaultctl/internal/api"
)

func loadShares(context.Context, *desk, *api.Beneficiary, *content) error { return nil }

func shareActions() []action { return nil }

// shareDocuments shares documents of a person, by their ids; none lets the person choose. It is a task: it asks for all that
// a share needs.
func shareDocuments(_ context.Context, d *desk, b *api.Beneficiary, _ []string) error {
	d.open(personPage{at: atShares, id: b.ID})
	return nil
}

// shareProcedure shares what a procedure asks for and the person has.
func shareProcedure(_ context.Context, d *desk, b *api.Beneficiary, _ *api.ProcedureCheck) error {
	d.open(personPage{at: atShares, id: b.ID})
	return nil
}
