package cli

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"vaultctl/internal/api"
	"vaultctl/internal/apiclient"
	"vaultctl/internal/lang"
	"vaultctl/internal/phrase"
)

func newSync(f *Factory) *cobra.Command {
	var wait string
	cmd := &cobra.Command{
		Use:   "sync",
		Short: lang.Key("Send what is queued and fetch what others wrote"),
		Long: "Send what is queued and fetch what others wrote. The daemon does so by itself; with --wait the command returns when\n" +
			"every storage holds everything, and with --wait=D after that time at most: exit status 10 if one is unreachable or\n" +
			"full. Without --wait it returns at once.",
		Example: "  vaultctl sync\n  vaultctl sync --wait\n  vaultctl sync --wait=2m",
		Args:    argsFromUse,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runSync(cmd.Context(), f, wait) },
	}
	cmd.Flags().StringVar(&wait, "wait", "", lang.Key("wait until the storage holds everything, or for a time such as 30s"))
	cmd.Flags().Lookup("wait").NoOptDefVal = "forever"
	return cmd
}

func runSync(ctx context.Context, f *Factory, wait string) error {
	c, err := f.Client(ctx)
	if err != nil {
		return err
	}
	tell, done := f.stages()
	defer done()
	res, err := apiclient.Stream[api.SyncResult](ctx, c, api.RouteSync, api.SyncRequest{Wait: wait}, tell)
	if err != nil {
		return err
	}
	done()
	return emit(f, res, func(w io.Writer, r api.SyncResult) error {
		l := f.Lang()
		p := &page{f: f, l: l}
		for _, remote := range r.Remotes {
			p.remote(&remote)
		}
		if r.Pulled > 0 {
			p.line(l.N(r.Pulled, "%d journal segment of others fetched.", "%d journal segments of others fetched."))
		}
		if r.Queued == 0 {
			p.line(l.T("The storage holds everything."))
		} else {
			p.line(l.N(r.Queued, "%d object is still to be sent; the daemon goes on.", "%d objects are still to be sent; the daemon goes on."))
		}
		if r.Waiting > 0 {
			p.line("· " + phrase.Waiting(l, r.Waiting))
		}
		_, err := io.WriteString(w, p.String())
		return err
	})
}
