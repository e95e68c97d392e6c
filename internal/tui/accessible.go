package tui

import (
	"context"

	"vaultctl/internal/termio"
	"vaultctl/internal/vault"
)

// runAccessible tells and asks line by line.
func runAccessible(context.Context, *termio.IO, *desk) error {
	return vault.Errorf(vault.CodeLater, "the terminal interface does not yet work line by line")
}
