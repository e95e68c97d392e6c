package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"

	"github.com/spf13/cobra"

	"vaultctl/internal/api"
	"vaultctl/internal/apiclient"
	"vaultctl/internal/lang"
	"vaultctl/internal/userfile"
	"vaultctl/internal/vault"
)

// exited is the exit status of a program that ran in the place of this one, and has said itself what went wrong.
type exited int

func (e exited) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// screenProgram is the program that draws: what it is made with would ask the terminal for its colours each time that any
// command starts.
const screenProgram = "vaultctl-tui"

type tuiOptions struct {
	accessible, mouse bool
	lockAfter         string
	scans             []string
}

func newTUI(f *Factory) *cobra.Command {
	o := &tuiOptions{}
	cmd := &cobra.Command{
		Use:   "tui",
		Short: lang.Key("Work on a screen: people, documents, consents, shares"),
		Long: "Work on a screen that stays open all day: search for a person, deposit what the scanner leaves in a folder, check a\n" +
			"procedure, share, end a consent. The key ? shows what can be done. It locks after nobody has pressed a key for a\n" +
			"while, and leaves nothing in the terminal's history. With --accessible it tells and asks line by line, for screen\n" +
			"readers, and never redraws.",
		Example: "  vaultctl tui\n  vaultctl tui --scans /mnt/scanner/desk3 --lock-after 5m\n  vaultctl tui --accessible",
		Args:    argsFromUse,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runTUI(cmd.Context(), f, o) },
	}
	cmd.Flags().BoolVar(&o.accessible, "accessible", false, lang.Key("tell and ask line by line, for screen readers"))
	cmd.Flags().BoolVar(&o.mouse, "mouse", false, lang.Key("take the mouse; the terminal then no longer marks text with it"))
	cmd.Flags().StringVar(&o.lockAfter, "lock-after", "", lang.Key("lock after so long without a key: 10m; 0 never"))
	cmd.Flags().StringArrayVar(&o.scans, "scans", nil, lang.Key("folder that a scanner leaves files in; may be given several times"))
	return cmd
}

// runTUI runs the other program on this terminal until it ends.
func runTUI(ctx context.Context, f *Factory, o *tuiOptions) error {
	if f.JSON() || f.globals.noInput {
		return vault.Errorf(vault.CodeUsage, "the terminal interface is for people: use the commands with --json and --no-input")
	}
	if !f.IO.InTTY() || !f.IO.OutTTY() {
		if !o.accessible {
			return api.WithHint(vault.Errorf(vault.CodeUsage, "the terminal interface needs a terminal"),
				lang.Key("`vaultctl --help` lists the commands, which need none; --accessible works line by line"))
		}
	}
	program, ok := apiclient.Program(screenProgram)
	if !ok {
		return api.WithHint(vault.Errorf(vault.CodeFailed, "the program vaultctl-tui is neither beside vaultctl nor on PATH"),
			lang.Key("install it from the same package as vaultctl"))
	}
	home, err := f.Home()
	if err != nil {
		return err
	}
	args := []string{"--home", home, "--lang", f.Lang().String()}
	for flag, given := range map[string]bool{"--accessible": o.accessible, "--mouse": o.mouse, "--no-autostart": f.globals.noAutostart} {
		if given {
			args = append(args, flag)
		}
	}
	if o.lockAfter != "" {
		args = append(args, "--lock-after", o.lockAfter)
	}
	for _, folder := range o.scans {
		args = append(args, "--scans", folder)
	}
	return become(ctx, program, args)
}

// become runs a program on the streams of this one.
func become(ctx context.Context, program string, args []string) error {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Cancel = func() error {
		if runtime.GOOS == "windows" {
			return cmd.Process.Kill()
		}
		return cmd.Process.Signal(os.Interrupt) // it gives the terminal back
	}
	err := cmd.Run()
	var ended *exec.ExitError
	if errors.As(err, &ended) && ended.ExitCode() >= 0 {
		return exited(ended.ExitCode())
	}
	if err != nil {
		return vault.Errorf(vault.CodeFailed, "the program vaultctl-tui cannot be run: %w", userfile.Pathless(err))
	}
	return nil
}
