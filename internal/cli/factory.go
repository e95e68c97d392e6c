package cli

import (
	"context"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"vaultctl/internal/apiclient"
	"vaultctl/internal/catalogue"
	"vaultctl/internal/config"
	"vaultctl/internal/lang"
	"vaultctl/internal/localsock"
	"vaultctl/internal/termio"
	"vaultctl/internal/vault"
)

// Factory hands commands what they need, each made at its first use: a command that asks for no configuration key
// does not pay for reading any. It serves one command line and is for one goroutine.
type Factory struct {
	IO    *termio.IO
	Build Build
	Now   func() time.Time

	globals  globals
	settings *config.Config
	client   *apiclient.Client
}

func newFactory(io *termio.IO, build Build) *Factory {
	return &Factory{IO: io, Build: build, Now: time.Now}
}

// globals are the flags of every command.
type globals struct {
	json, quiet, verbose, noInput, yes, noAutostart bool
	lang, home                                      string
}

func (g *globals) declare(root *cobra.Command) {
	flags := root.PersistentFlags()
	flags.BoolVar(&g.json, "json", false, lang.Key("print JSON, one object per line"))
	flags.BoolVarP(&g.quiet, "quiet", "q", false, lang.Key("print answers and errors only"))
	flags.BoolVarP(&g.verbose, "verbose", "v", false, lang.Key("say more, on standard error"))
	flags.BoolVar(&g.noInput, "no-input", false, lang.Key("never ask; fail where a question would be needed"))
	flags.BoolVarP(&g.yes, "yes", "y", false, lang.Key("answer every confirmation with yes"))
	flags.StringVar(&g.lang, "lang", "", lang.Key("language of messages: fr, en or auto"))
	flags.StringVar(&g.home, "home", "", lang.Key("directory of store and configuration"))
	flags.BoolVar(&g.noAutostart, "no-autostart", false, lang.Key("do not start the daemon"))
	flags.SortFlags = false
}

// guess finds the global flags that matter for an error message in arguments that could not be parsed.
func (g *globals) guess(args []string) {
	for i, arg := range args {
		switch {
		case arg == "--":
			return
		case arg == "--json" || arg == "--json=true":
			g.json = true
		case arg == "--lang" && i+1 < len(args):
			g.lang = args[i+1]
		case strings.HasPrefix(arg, "--lang="):
			g.lang = strings.TrimPrefix(arg, "--lang=")
		}
	}
}

// withoutSettings marks commands that must work while the configuration is broken.
const withoutSettings = "without-settings"

// prepare applies the global flags before a command runs.
func (f *Factory) prepare(cmd *cobra.Command) error {
	g := &f.globals
	f.IO.SetQuiet(g.quiet)
	f.IO.SetNoInput(g.noInput)
	f.IO.SetYes(g.yes)
	for c := cmd; c != nil; c = c.Parent() {
		if c.Annotations[withoutSettings] != "" {
			return nil
		}
	}
	settings, err := f.Config()
	if err != nil {
		return err
	}
	f.IO.SetColor(settings.String("color"))
	if f.Lang() == lang.French {
		f.IO.SetYesKey("o")
		f.IO.SetColon(lang.Typography(" :"))
	}
	return nil
}

// Home returns the directory of store and configuration.
func (f *Factory) Home() (string, error) {
	if f.globals.home != "" {
		return f.globals.home, nil
	}
	return localsock.DefaultHome()
}

// Config returns the settings with the global flags applied.
func (f *Factory) Config() (*config.Config, error) {
	if f.settings != nil {
		return f.settings, nil
	}
	home, err := f.Home()
	if err != nil {
		return nil, err
	}
	settings, err := config.Load(config.FilePath(home))
	if err != nil {
		return nil, err
	}
	if f.globals.lang != "" {
		if err := settings.SetFlag("lang", f.globals.lang); err != nil {
			return nil, vault.Errorf(vault.CodeUsage, "%w", err)
		}
	}
	f.settings = settings
	return settings, nil
}

// Lang returns the language to speak. It never fails: where the settings cannot be read, flag and locale decide.
func (f *Factory) Lang() lang.Lang {
	settings, err := f.Config()
	if err != nil {
		return lang.Detect(f.globals.lang, os.Getenv)
	}
	return lang.Detect(settings.String("lang"), os.Getenv)
}

// Catalogue returns the document types.
func (f *Factory) Catalogue() (*catalogue.Catalogue, error) {
	settings, err := f.Config()
	if err != nil {
		return nil, err
	}
	return catalogue.Load(settings.String("catalogue"))
}

// Client returns the connection to the daemon, which is started if need be and allowed. It is closed when the
// command ends.
func (f *Factory) Client(ctx context.Context) (*apiclient.Client, error) {
	if f.client != nil {
		return f.client, nil
	}
	home, err := f.Home()
	if err != nil {
		return nil, err
	}
	client, err := apiclient.Connect(ctx, apiclient.Options{
		Home: home, NoAutostart: f.globals.noAutostart, Version: f.Build.Version,
		Loading: func() { f.IO.Note(f.Lang().T("vaultd is reading this home; after an update that takes a while…")) },
	})
	if err != nil {
		return nil, err
	}
	if f.globals.verbose {
		server := client.Server()
		f.IO.Note(f.Lang().T("vaultd %s answers, process %d", server.Version, server.PID))
	}
	f.client = client
	return client, nil
}

func (f *Factory) close() {
	if f.client != nil {
		f.client.Close()
		f.client = nil
	}
}

// JSON reports whether answers are to be JSON.
func (f *Factory) JSON() bool { return f.globals.json }
