package tui

import (
	"context"

	"vaultctl/internal/vault"
)

// openVault opens a vault for somebody new.
func openVault(context.Context, *desk, chosen) error {
	return vault.Errorf(vault.CodeLater, "vaults are opened with `vaultctl beneficiary add`")
}
