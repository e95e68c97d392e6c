package tui

import (
	"context"

	"vaultctl/internal/api"
)

func loadIdentity(context.Context, *desk, *api.Beneficiary, *content) error { return nil }

func identityActions() []action { return nil }
