package tui

import (
	"context"

	"vaultctl/internal/api"
)

func loadJournal(context.Context, *desk, *api.Beneficiary, *content) error { return nil }

func journalActions() []action { return nil }
