package tui

import (
	"context"

	"vaultctl/internal/api"
)

func loadConsents(context.Context, *desk, *api.Beneficiary, *content) error { return nil }

func consentActions() []action { return nil }
