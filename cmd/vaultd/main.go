// Command vaultd is the daemon behind vaultctl: the one process per account that opens the store, holds unlocked keys and
// talks to remotes. vaultctl starts it when needed; a service manager may start it too, at once or through its socket.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"

	"vaultctl/internal/api"
	"vaultctl/internal/daemon"
	"vaultctl/internal/exitcode"
	"vaultctl/internal/localsock"
	"vaultctl/internal/pdfpages"
	_ "vaultctl/internal/remote/backends" // every rclone backend
	"vaultctl/internal/vault"
)

// version is set by the linker in releases.
var version = ""

func main() {
	if len(os.Args) > 1 && os.Args[1] == pdfpages.Argument { // started by the daemon for one PDF
		os.Exit(pdfpages.Serve(os.Args[2:], os.Stdin, os.Stdout))
	}
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// gcPercent is how much garbage the daemon gathers before it collects: half of the usual, since it stays in memory all day
// and its work is mostly cryptography and disk.
const gcPercent = 50

// options are the flags.
type options struct {
	home     string
	idle     time.Duration
	idleSet  bool
	logLevel string
	levelSet bool
	detached bool
}

func run(args []string, stdout, stderr io.Writer) int {
	o := &options{}
	cmd := newCommand(o)
	cmd.SetArgs(args)
	cmd.SetOut(stdout)
	cmd.SetErr(stderr)
	err := cmd.ExecuteContext(context.Background())
	if err != nil {
		report(stderr, o.detached, err)
	}
	return exitcode.OfError(err)
}

func newCommand(o *options) *cobra.Command {
	cmd := &cobra.Command{
		Use:           "vaultd",
		Short:         "Serve the vaults of this account to vaultctl",
		Args:          usage(cobra.NoArgs),
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.idleSet, o.levelSet = cmd.Flags().Changed("idle"), cmd.Flags().Changed("log-level")
			return runDaemon(cmd.Context(), o)
		},
	}
	cmd.CompletionOptions.DisableDefaultCmd = true
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return vault.Errorf(vault.CodeUsage, "%w", err) })
	f := cmd.Flags()
	f.StringVar(&o.home, "home", "", "home directory (default $VAULTCTL_HOME, else the data directory of the account)")
	f.DurationVar(&o.idle, "idle", 0, "leave after this time without a request or queued work; 0 never leaves (default the setting daemon_idle)")
	f.StringVar(&o.logLevel, "log-level", "", "debug, info, warn or error (default the setting log_level)")
	f.BoolVar(&o.detached, "detached", false, "started by vaultctl: report an early end on standard error as JSON")
	_ = f.MarkHidden("detached") // the flag was defined two lines above
	cmd.AddCommand(&cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintln(cmd.OutOrStdout(), "vaultd", programVersion())
			return err
		},
	})
	return cmd
}

// usage gives the errors of an argument check the code of wrong usage.
func usage(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return vault.Errorf(vault.CodeUsage, "%w", err)
		}
		return nil
	}
}

func runDaemon(ctx context.Context, o *options) error {
	var level slog.Level
	if o.levelSet && level.UnmarshalText([]byte(o.logLevel)) != nil {
		return vault.Errorf(vault.CodeUsage, "log level is not debug, info, warn or error")
	}
	if o.idle < 0 {
		return vault.Errorf(vault.CodeUsage, "idle time is negative")
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	if o.home == "" {
		home, err := localsock.DefaultHome()
		if err != nil {
			return err
		}
		o.home = home
	}
	idle, configured, err := daemon.Settings(o.home)
	if err != nil {
		return err
	}
	if o.idleSet {
		idle = o.idle
	}
	if !o.levelSet {
		level = configured
	}
	return daemon.Run(ctx, daemon.Options{
		Home:              o.home,
		Idle:              idle,
		IdleWhenActivated: o.idleSet,
		LogLevel:          level,
		Version:           programVersion(),
		Detached:          o.detached,
		Build:             daemon.Build,
	})
}

// report prints why the daemon ends: for a person, or for the client that started it.
func report(w io.Writer, detached bool, err error) {
	if detached {
		if line, merr := json.Marshal(api.Line{Error: api.ErrorOf(err)}); merr == nil {
			_, _ = fmt.Fprintf(w, "%s\n", line) // a client that has gone needs no reason
			return
		}
	}
	_, _ = fmt.Fprintln(w, "vaultd:", err) // standard error is the last resort
}

func programVersion() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}
