package cli

import (
	"context"

	"vaultctl/internal/api"
	"vaultctl/internal/apiclient"
	"vaultctl/internal/lang"
	"vaultctl/internal/vault"
)

// beforeFounded gives an error of a storage that holds nothing of ours yet the advice that fits.
func beforeFounded(err error) error {
	switch vault.CodeOf(err) {
	case vault.CodeUnreachable, vault.CodeFull, vault.CodeReadOnly:
		return api.WithHint(err, lang.Key("nothing was changed: check the address, the network and the credentials, then try again"))
	}
	return err
}

// unlockAndRetry reports whether the person at the terminal opened the vaults after a command had ended with err since
// they were locked. Otherwise it returns err, or why they could not be opened.
func (f *Factory) unlockAndRetry(ctx context.Context, err error) (bool, error) {
	if vault.CodeOf(err) != vault.CodeLocked || !f.IO.CanAsk() || ctx.Err() != nil {
		return false, err
	}
	c, err := f.Client(ctx)
	if err != nil {
		return false, err
	}
	f.IO.Note(f.Lang().T("The vaults are locked."))
	if err := f.unlock(ctx, c, ""); err != nil {
		return false, err
	}
	return true, nil
}

// unlock opens the device's secret with the passphrase of a file, or else of the person at the terminal.
func (f *Factory) unlock(ctx context.Context, c *apiclient.Client, file string) error {
	passphrase, err := f.passphrase(ctx, file)
	if err != nil {
		return err
	}
	_, err = apiclient.Call[api.Empty](ctx, c, api.RouteUnlock, api.UnlockRequest{Passphrase: passphrase})
	return err
}
