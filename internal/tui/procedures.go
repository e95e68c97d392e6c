package tui

import (
	"context"

	"vaultctl/internal/api"
)

func loadProcedures(context.Context, *desk, *api.Beneficiary, *content) error { return nil }

func procedureActions() []action { return nil }

func pieceActions() []action { return nil }
