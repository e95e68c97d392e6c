package cli

import (
	"context"

	"github.com/spf13/cobra"

	"vaultctl/internal/api"
	"vaultctl/internal/apiclient"
	"vaultctl/internal/lang"
	"vaultctl/internal/localsock"
	"vaultctl/internal/vault"
)

func newDaemon(f *Factory) *cobra.Command {
	return newNoun("daemon", lang.Key("The daemon of this account"), newDaemonStop(f))
}

func newDaemonStop(f *Factory) *cobra.Command {
	return &cobra.Command{
		Use:   "stop",
		Short: lang.Key("Stop the daemon after it has finished what it is doing"),
		Long: "Stop vaultd. Requests in flight end first; what is queued for the remotes stays on this disk and goes on\n" +
			"at the next start. A daemon that is not running is no error.",
		Example: "  vaultctl daemon stop",
		Args:    argsFromUse,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runDaemonStop(cmd.Context(), f) },
	}
}

func runDaemonStop(ctx context.Context, f *Factory) error {
	f.globals.noAutostart = true
	client, err := f.Client(ctx)
	if vault.CodeOf(err) == vault.CodeNoDaemon {
		return nil
	}
	if err != nil {
		return err
	}
	status, serr := apiclient.Call[api.Status](ctx, client, api.RouteStatus, api.Empty{})
	if _, err := apiclient.Call[api.Empty](ctx, client, api.RouteStop, api.Empty{}); err != nil {
		return err
	}
	if waiting := status.Queued + status.Unsealed; serr == nil && waiting > 0 && !status.Revoked {
		f.IO.Note(f.Lang().N(waiting, "%d change or object is not on the storage yet: it goes on when vaultd runs again.",
			"%d changes and objects are not on the storage yet: they go on when vaultd runs again."))
	}
	home, err := f.Home()
	if err != nil {
		return err
	}
	// A script may go on with the home, so it is not enough that nobody answers any more.
	return localsock.AwaitFree(ctx, home)
}
