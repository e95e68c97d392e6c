package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"vaultctl/internal/api"
	"vaultctl/internal/apiclient"
	"vaultctl/internal/config"
	"vaultctl/internal/lang"
	"vaultctl/internal/vault"
)

// waitOption is --wait[=D]: how long a command waits for the storage.
type waitOption struct{ text string }

// waitForever is what --wait without a value stands for; a month is longer than anybody looks at a terminal.
const (
	waitForever = "forever"
	forever     = 30 * 24 * time.Hour
)

func (o *waitOption) declare(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.text, "wait", "", lang.Key("wait until it is on the storage, at most so long: 30s, 10m"))
	cmd.Flags().Lookup("wait").NoOptDefVal = waitForever
}

// span returns the time to wait as the daemon takes it, "" without the flag.
func (o waitOption) span() (string, error) {
	switch o.text {
	case "":
		return "", nil
	case waitForever:
		return forever.String(), nil
	}
	d, err := config.ParseDuration(o.text)
	if err != nil {
		return "", flagValue("wait", vault.Errorf(vault.CodeInvalid, "%w", err))
	}
	return d.String(), nil
}

// await waits until everything that is queued now is on the storage.
func (f *Factory) await(ctx context.Context, c *apiclient.Client, span string) error {
	report, done := f.stages()
	res, err := apiclient.Stream[api.SyncResult](ctx, c, api.RouteSync, api.SyncRequest{Wait: span}, report)
	done()
	if err == nil && res.Late > 0 {
		err = errNotThere()
	}
	return err
}

// errNotThere is the end of a wait for a storage that does not hold everything.
func errNotThere() error {
	return api.WithHint(vault.Errorf(vault.CodeUnreachable, "it is safe on this machine, but not on every storage yet"),
		"`vaultctl status` says what is queued; it goes on by itself")
}
