package tui

import (
	"context"

	"vaultctl/internal/api"
)

func loadAccess(context.Context, *desk, *api.Beneficiary, *content) error { return nil }

func accessActions() []action { return nil }
