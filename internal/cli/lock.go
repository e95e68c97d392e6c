package cli

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"vaultctl/internal/api"
	"vaultctl/internal/apiclient"
	"vaultctl/internal/lang"
	"vaultctl/internal/vault"
)

// What the daemon calls its states.
const (
	stateUninitialized = "uninitialized"
	stateLocked        = "locked"
	stateReady         = "ready"
	stateJoining       = "joining"
)

func newUnlock(f *Factory) *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "unlock",
		Short: lang.Key("Open the vaults with the passphrase of this workstation"),
		Long: "Open the vaults with the passphrase of this workstation. They stay open until `vaultctl lock`, or until nobody has\n" +
			"used them for the time of idle_lock. Where keys are kept by key file or systemd no passphrase is needed.",
		Example: "  vaultctl unlock\n  pass show vaultctl | vaultctl unlock --passphrase-file -",
		Args:    argsFromUse,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runUnlock(cmd.Context(), f, file) },
	}
	declarePassphrase(cmd, &file)
	return cmd
}

func runUnlock(ctx context.Context, f *Factory, file string) error {
	c, err := f.Client(ctx)
	if err != nil {
		return err
	}
	status, err := apiclient.Call[api.Status](ctx, c, api.RouteStatus, api.Empty{})
	switch {
	case err != nil:
		return err
	case status.State == stateUninitialized:
		return vault.Errorf(vault.CodeNotFound, "there is no organization here yet")
	case status.State == stateReady:
		return f.lockState(ctx, c, f.Lang().T("The vaults are open already."))
	case file == "" && (status.Protect == byKeyFile || status.Protect == bySystemd):
		_, err = apiclient.Call[api.Empty](ctx, c, api.RouteUnlock, api.UnlockRequest{})
	default:
		err = f.unlock(ctx, c, file)
	}
	if err != nil {
		return err
	}
	return f.lockState(ctx, c, f.Lang().T("The vaults are open."))
}

func newLock(f *Factory) *cobra.Command {
	return &cobra.Command{
		Use:   "lock",
		Short: lang.Key("Close the vaults: forget every key until the next unlock"),
		Long: "Close the vaults: the daemon forgets every key. What is queued goes on being sent, since it is sealed already. Where\n" +
			"keys are kept by key file or systemd the next start of the daemon opens the vaults again.",
		Example: "  vaultctl lock",
		Args:    argsFromUse,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runLock(cmd.Context(), f) },
	}
}

func runLock(ctx context.Context, f *Factory) error {
	l := f.Lang()
	f.globals.noAutostart = true // a daemon that is not running holds no keys
	c, err := f.Client(ctx)
	if vault.CodeOf(err) == vault.CodeNoDaemon {
		f.IO.Note(l.T("No daemon is running: nothing is open."))
		if f.JSON() {
			return f.printJSON(api.Status{Head: api.H("status"), State: stateLocked, Version: f.Build.Version})
		}
		return nil
	}
	if err != nil {
		return err
	}
	if _, err := apiclient.Call[any](ctx, c, api.RouteLock, api.Empty{}); err != nil {
		return err
	}
	return f.lockState(ctx, c, l.T("The vaults are closed."))
}

// lockState answers with the state as it is now; a person gets one sentence.
func (f *Factory) lockState(ctx context.Context, c *apiclient.Client, sentence string) error {
	if !f.JSON() {
		f.IO.Note(sentence)
		return nil
	}
	status, err := apiclient.Call[api.Status](ctx, c, api.RouteStatus, api.Empty{})
	if err != nil {
		return err
	}
	return emit(f, status, func(io.Writer, api.Status) error { return nil })
}
