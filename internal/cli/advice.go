package cli

import (
	"context"
	"strings"

	"vaultctl/internal/api"
	"vaultctl/internal/apiclient"
	"vaultctl/internal/lang"
	"vaultctl/internal/vault"
)

// advise adds what to do next to an error that does not say it.
func advise(err error) error {
	if api.HintOf(err) != "" {
		return err
	}
	message := err.Error()
	for _, a := range advices() {
		if a.code == vault.CodeOf(err) && strings.Contains(message, a.part) {
			return api.WithHint(err, a.hint)
		}
	}
	return err
}

// advice is a hint for the errors of a code whose message has a part; "" is any message.
type advice struct {
	code vault.Code
	part string
	hint string
}

// advices go from the particular to the general.
func advices() []advice {
	return []advice{
		{vault.CodeNotFound, "there is no organization here yet", lang.Key("`vaultctl init` founds one, `vaultctl join --recover` rebuilds one that was lost")},
		{vault.CodeLocked, "", lang.Key("`vaultctl unlock` opens the vaults")},
		{vault.CodeNoDaemon, "may not be started", lang.Key("leave out --no-autostart, or start vaultd")},
		{vault.CodeNoDaemon, "on PATH", lang.Key("install vaultd beside vaultctl")},
		{vault.CodeNoIdentity, "passphrase does not open", lang.Key("type it again; if it is lost, `vaultctl join --recover` rebuilds the organization in a new home")},
		{vault.CodeNoIdentity, "share", lang.Key("shares of one recovery secret bear the same code after need-N; copy them anew from the paper")},
		{vault.CodeUnreachable, "", lang.Key("nothing is lost: the work is safe here and is sent when the storage answers; `vaultctl remote test` says more")},
		{vault.CodeFull, "", lang.Key("make room on the storage; the work is safe here and is sent afterwards")},
		{vault.CodeReadOnly, "", lang.Key("check the credentials or the rights of the folder; the work is safe here")},
		{vault.CodeForeign, "", lang.Key("choose an empty folder or bucket")},
		{vault.CodeIntegrity, "", lang.Key("change nothing on the storage; `vaultctl verify` names what is wrong")},
		{vault.CodeUpgrade, "", lang.Key("install the current version of vaultctl on this machine")},
		{vault.CodeDiskFull, "", lang.Key("make room on this machine's disk, then try again")},
	}
}

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
