// Package tui is the terminal interface: what an agent keeps open all day, with the beneficiary in front of them. It knows
// the daemon's local API and nothing else.
//
// # How it is made
//
// A page is a value that loads a content: facts above, rows below. A task is what a key starts: straight-line code in a
// goroutine of its own, which asks through an asker and calls the daemon; what takes long never holds the screen up. The
// key map says what can be done where, and is the only place that knows keys. Two programs show pages and ask questions:
// the app draws them on the screen, and the reader, for screen readers, tells and asks line by line and never redraws.
//
//	page.go keymap.go asker.go form.go desk.go    what pages and tasks are written with
//	app.go keys.go view.go draw.go table.go       the screen
//	formpart.go sheetpart.go pickpart.go          its questions
//	accessible.go                                 line by line
//	home.go person*.go documents*.go …            the pages, with their tasks beside them
//
// # Concurrency
//
// The app belongs to one goroutine. Contents, pages and rows do not change once they were made. Tasks post messages.
package tui

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"vaultctl/internal/api"
	"vaultctl/internal/apiclient"
	"vaultctl/internal/catalogue"
	"vaultctl/internal/config"
	"vaultctl/internal/exitcode"
	"vaultctl/internal/lang"
	"vaultctl/internal/localsock"
	"vaultctl/internal/procedure"
	"vaultctl/internal/termio"
	"vaultctl/internal/vault"
)

// Options says what the interface is to be.
type Options struct {
	Home        string
	Version     string
	Lang        lang.Lang
	NoAutostart bool
	// Accessible tells and asks line by line, and never redraws.
	Accessible bool
	// Mouse takes the mouse; text can then no longer be marked with it.
	Mouse bool
	// LockAfter is how long nobody may press a key before the screen is locked; 0 means for ever.
	LockAfter time.Duration
	// Scans are the folders that are watched for what a scanner leaves there.
	Scans []string
	// PrintCommand prints the PDF on its standard input.
	PrintCommand string

	catalogue, procedures string
	defaultPurpose        string // of a consent
	out                   io.Writer
}

// Main runs the program with its arguments, and returns the exit status.
func Main(args []string, version string) int {
	o, err := parse(args, version)
	if errors.Is(err, flag.ErrHelp) {
		return exitcode.OK
	}
	if err == nil {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
		defer stop()
		err = Run(ctx, termio.System(), o)
	}
	if err == nil {
		return exitcode.OK
	}
	wire := api.ErrorOf(err)
	l := lang.English
	if o != nil {
		l = o.Lang
	}
	_, _ = fmt.Fprintln(os.Stderr, l.T("error:")+" "+termio.Clean(l.Message(wire.Message)))
	if wire.Hint != "" {
		_, _ = fmt.Fprintln(os.Stderr, l.T("hint:")+" "+termio.Clean(l.Message(wire.Hint)))
	}
	return exitcode.Of(wire.Code)
}

// parse reads arguments and settings.
func parse(args []string, version string) (*Options, error) {
	o := &Options{Version: version, out: os.Stdout}
	var language string
	var lockAfter string
	var scans scanList
	flags := flag.NewFlagSet("vaultctl-tui", flag.ContinueOnError)
	flags.StringVar(&o.Home, "home", "", "directory of store and configuration")
	flags.StringVar(&language, "lang", "", "language of the screen: fr, en or auto")
	flags.BoolVar(&o.NoAutostart, "no-autostart", false, "do not start the daemon")
	flags.BoolVar(&o.Accessible, "accessible", false, "tell and ask line by line, for screen readers")
	flags.BoolVar(&o.Mouse, "mouse", false, "take the mouse")
	flags.StringVar(&lockAfter, "lock-after", "", "lock the screen after so long without a key: 10m; 0 never")
	flags.Var(&scans, "scans", "folder in which a scanner leaves files; may be given several times")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil, err
		}
		return nil, vault.Errorf(vault.CodeUsage, "%w", err)
	}
	if flags.NArg() > 0 {
		return nil, vault.Errorf(vault.CodeUsage, "the terminal interface takes no arguments, only flags")
	}
	if o.Home == "" {
		home, err := localsock.DefaultHome()
		if err != nil {
			return nil, err
		}
		o.Home = home
	}
	return o, o.configure(language, lockAfter, scans)
}

// scanList collects --scans.
type scanList []string

func (s *scanList) String() string         { return fmt.Sprint([]string(*s)) }
func (s *scanList) Set(value string) error { *s = append(*s, value); return nil }

// configure takes from the settings what the arguments do not say.
func (o *Options) configure(language, lockAfter string, scans []string) error {
	settings, err := config.Load(config.FilePath(o.Home))
	if err != nil {
		return err
	}
	if language != "" {
		if err := settings.SetFlag("lang", language); err != nil {
			return vault.Errorf(vault.CodeUsage, "%w", err)
		}
	}
	o.Lang = lang.Detect(settings.String("lang"), os.Getenv)
	o.LockAfter = settings.Duration("screen_lock")
	if lockAfter != "" {
		if o.LockAfter, err = config.ParseDuration(lockAfter); err != nil {
			return vault.Errorf(vault.CodeUsage, "--lock-after: %w", err)
		}
	}
	if o.Scans = scans; len(scans) == 0 {
		o.Scans = settings.Names("scan_folders")
	}
	o.PrintCommand = settings.String("print_command")
	o.defaultPurpose = settings.String("default_purpose")
	o.catalogue, o.procedures = settings.String("catalogue"), settings.String("procedures")
	return nil
}

// Run shows the interface until the person leaves it or ctx ends. It needs a terminal unless it is accessible.
func Run(ctx context.Context, io *termio.IO, o *Options) error {
	d, err := newDesk(o)
	if err != nil {
		return err
	}
	defer d.link.close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	d.scans.start(ctx)
	if o.Accessible {
		return runAccessible(ctx, io, d)
	}
	if !io.InTTY() || !io.OutTTY() {
		return api.WithHint(vault.Errorf(vault.CodeUsage, "the terminal interface needs a terminal"),
			lang.Key("`vaultctl --help` lists the commands, which need none; --accessible works line by line"))
	}
	// Signals end ctx. The library's own handling beside it can wait for ever for a loop that ctx has ended already.
	options := []tea.ProgramOption{tea.WithAltScreen(), tea.WithContext(ctx), tea.WithoutSignalHandler()}
	if o.Mouse {
		options = append(options, tea.WithMouseCellMotion())
	}
	_, err = tea.NewProgram(newApp(ctx, d), options...).Run()
	if errors.Is(err, tea.ErrProgramKilled) || errors.Is(err, tea.ErrInterrupted) {
		err = nil // a signal: the terminal is as it was
	}
	return err
}

func newDesk(o *Options) (*desk, error) {
	types, err := catalogue.Load(o.catalogue)
	if err != nil {
		return nil, err
	}
	procedures, err := procedure.Load(o.procedures, types)
	if err != nil {
		return nil, err
	}
	return &desk{
		asker: silent{}, options: o, l: o.Lang, types: types, procedures: procedures, now: time.Now, memory: &memory{path: memoryPath(o.Home)}, scans: newScanWatch(o.Scans),
		link: &link{options: apiclient.Options{Home: o.Home, NoAutostart: o.NoAutostart, Version: o.Version}},
	}, nil
}
