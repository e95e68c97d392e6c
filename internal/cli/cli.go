// Package cli is the command line of vaultctl. A command is an options struct, a newX function that declares flags,
// and a run method that talks to the daemon and prints. Answers go to standard output, everything else to standard
// error; errors become exit statuses in Main alone, by the table of internal/exitcode.
//
// Scripts depend on names, flags, JSON keys and statuses: they are only ever added to.
package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"vaultctl/internal/api"
	"vaultctl/internal/exitcode"
	"vaultctl/internal/lang"
	"vaultctl/internal/phrase"
	"vaultctl/internal/termio"
	"vaultctl/internal/vault"
)

// Build says which program this is.
type Build struct {
	Version string // "1.2.0", "dev" for an unreleased build
	Commit  string // abbreviated, may be empty
}

// The groups of commands in help.
const (
	groupStart     = "start"
	groupPeople    = "people"
	groupDocuments = "documents"
	groupOperation = "operation"
	groupAdmin     = "admin"
)

// NewRoot returns the whole command tree over the given streams. Trees are independent of one another.
func NewRoot(io *termio.IO, build Build) *cobra.Command {
	root, _ := newTree(io, build)
	return root
}

func newTree(io *termio.IO, build Build) (*cobra.Command, *Factory) {
	f := newFactory(io, build)
	root := &cobra.Command{
		Use:   "vaultctl",
		Short: lang.Key("Digital vaults for the documents of people in need"),
		Long: "vaultctl keeps the supporting documents of the people that a social-action centre helps: sealed, only with\n" +
			"their consent, on any storage. Agents open vaults and deposit documents; nobody without consent can read them.",
		Example: "  vaultctl init --org \"CCAS\" --agent \"A. Martin\" --team reception --remote /srv/vault\n" +
			"  vaultctl beneficiary add --family-name Diallo --given-name Amina --to team:reception --purpose case-file --verbal\n" +
			"  vaultctl document add ref:SI:4711 cni.pdf --type id-card",
		SilenceErrors:     true,
		SilenceUsage:      true,
		Args:              unknownCommand,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error { return f.prepare(cmd) },
		RunE:              func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetIn(io.In)
	root.SetOut(io.Out)
	root.SetErr(io.Err)
	f.globals.declare(root)
	root.SetFlagErrorFunc(flagError)
	root.SetHelpFunc(f.help)
	root.SetHelpCommand(newHelp(f))
	root.AddGroup(
		&cobra.Group{ID: groupStart, Title: lang.Key("Getting started")},
		&cobra.Group{ID: groupPeople, Title: lang.Key("People and consent")},
		&cobra.Group{ID: groupDocuments, Title: lang.Key("Documents")},
		&cobra.Group{ID: groupOperation, Title: lang.Key("Operation")},
		&cobra.Group{ID: groupAdmin, Title: lang.Key("Administration")},
	)
	addCommands(root, f)
	addLater(root)
	return root, f
}

// addCommands puts every command into its group, in the order in which help shows them.
func addCommands(root *cobra.Command, f *Factory) {
	inGroup := func(id string, cmds ...*cobra.Command) {
		for _, cmd := range cmds {
			cmd.GroupID = id
			root.AddCommand(cmd)
		}
	}
	inGroup(groupStart, newInit(f), newJoin(f), newTUI(f), newUnlock(f), newLock(f), newStatus(f))
	inGroup(groupPeople, newBeneficiary(f), newCard(f), newConsent(f), newShare(f))
	inGroup(groupDocuments, newDocument(f), newImport(f), newBatch(f), newType(f), newProcedure(f))
	inGroup(groupOperation, newSync(f), newVerify(f), newDoctor(f), newJournal(f), newStats(f), newExport(f), newRecover(f))
	inGroup(groupAdmin, newTeam(f), newAgent(f), newPartner(f), newDevice(f), newRecovery(f), newRootKey(f), newRemote(f), newDaemon(f), newConfig(f), newCompletion(f), newVersion(f))
}

// Main runs one command line (without the program's name) and returns the exit status. An interrupt cancels the
// command; a second one ends the process at once.
func Main(args []string, io *termio.IO, build Build) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	return run(ctx, args, io, build)
}

func run(ctx context.Context, args []string, io *termio.IO, build Build) int {
	f, err := execute(ctx, args, io, build)
	opened, err := f.unlockAndRetry(ctx, err)
	if opened {
		// What is locked is found out before anything is done, so that the command can begin anew.
		f.close()
		f, err = execute(ctx, args, io, build)
	}
	f.close()
	if err == nil {
		return exitcode.OK
	}
	var said exited
	if errors.As(err, &said) {
		return int(said)
	}
	if ctx.Err() != nil && (vault.CodeOf(err) != vault.CodeInterrupted || api.HintOf(err) == "") {
		err = vault.Errorf(vault.CodeInterrupted, "interrupted")
	}
	// Flags that cobra did not get to are needed to know how to answer.
	f.globals.guess(args)
	return f.report(err)
}

func execute(ctx context.Context, args []string, io *termio.IO, build Build) (*Factory, error) {
	root, f := newTree(io, build)
	root.SetArgs(args)
	return f, root.ExecuteContext(ctx)
}

// errorLine is what --json prints for an error.
type errorLine struct {
	api.Head
	Code    vault.Code `json:"code"`
	Exit    int        `json:"exit"`
	Message string     `json:"message"`
	Hint    string     `json:"hint,omitempty"`
}

// report prints an error for a person or, with --json, for a program, and returns its exit status.
func (f *Factory) report(err error) int {
	wire := api.ErrorOf(phrase.Advise(err))
	status := exitcode.Of(wire.Code)
	if f.globals.json {
		line := errorLine{Head: api.H("error"), Code: wire.Code, Exit: status, Message: wire.Message, Hint: wire.Hint}
		encoder := json.NewEncoder(f.IO.Err)
		encoder.SetEscapeHTML(false)
		// Standard error is where a failure would be told; the status remains.
		_ = encoder.Encode(line)
		return status
	}
	l := f.Lang()
	message, hint := phrase.Error(l, err)
	label := l.T("error:")
	text := f.IO.WrapErr(label+" "+f.IO.CleanErr(message)) + "\n"
	text = f.IO.StyledErr(termio.Bad, label) + strings.TrimPrefix(text, label)
	if hint != "" {
		text += f.IO.WrapErr(l.T("hint:")+" "+f.IO.CleanErr(hint)) + "\n"
	}
	if f.globals.verbose {
		text += fmt.Sprintf("code: %s, exit: %d\n", wire.Code, status)
	}
	_, _ = fmt.Fprint(f.IO.Err, text)
	return status
}

// usagef returns a usage error that points at the help of cmd.
func usagef(cmd *cobra.Command, format string, args ...any) error {
	return api.WithHint(vault.Errorf(vault.CodeUsage, format, args...), "see `"+cmd.CommandPath()+" --help`")
}

func flagError(cmd *cobra.Command, err error) error {
	if errors.Is(err, errHelp) {
		return err
	}
	message := err.Error()
	if name, ok := strings.CutPrefix(message, "unknown flag: --"); ok {
		if best := closestFlag(cmd, name); best != "" {
			return usagef(cmd, "unknown flag --%s; did you mean --%s?", name, best)
		}
		return usagef(cmd, "unknown flag --%s", name)
	}
	return usagef(cmd, "%s", message)
}
