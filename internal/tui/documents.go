package tui

import (
	"context"

	"vaultctl/internal/api"
)

func loadDocuments(context.Context, *desk, *api.Beneficiary, *content) error { return nil }

func documentActions() []action { return nil }
