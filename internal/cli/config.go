package cli

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"vaultctl/internal/api"
	"vaultctl/internal/apiclient"
	"vaultctl/internal/config"
	"vaultctl/internal/lang"
	"vaultctl/internal/termio"
	"vaultctl/internal/vault"
)

func newConfig(f *Factory) *cobra.Command {
	cmd := newNoun("config", lang.Key("Settings of this workstation"),
		newConfigGet(f), newConfigSet(f), newConfigList(f), newConfigExplain(f), newConfigPath(f))
	cmd.Annotations = map[string]string{withoutSettings: "yes"}
	return cmd
}

// setting is a key with its value as --json shows it.
type setting struct {
	api.Head
	Key     string   `json:"key"`
	Value   string   `json:"value"`
	Source  string   `json:"source"` // flag, environment, file, default
	Default string   `json:"default"`
	Kind    string   `json:"kind"`
	Choices []string `json:"choices,omitempty"`
	Env     string   `json:"env"`
	Doc     string   `json:"doc"`
}

func (f *Factory) setting(name string) (setting, error) {
	key, err := config.Explain(name)
	if err != nil {
		return setting{}, err
	}
	settings, err := f.Config()
	if err != nil {
		return setting{}, err
	}
	value, source, err := settings.Get(name)
	return setting{
		Head: api.H("setting"), Key: key.Name, Value: value, Source: source, Default: key.Default,
		Kind: string(key.Kind), Choices: key.Choices, Env: key.Env(), Doc: key.Doc,
	}, err
}

func newConfigGet(f *Factory) *cobra.Command {
	return &cobra.Command{
		Use:               "get KEY",
		Short:             lang.Key("Print the value in force for a key"),
		Example:           "  vaultctl config get idle_lock",
		Args:              argsFromUse,
		ValidArgsFunction: completeKeys,
		RunE: func(_ *cobra.Command, args []string) error {
			s, err := f.setting(args[0])
			if err != nil {
				return err
			}
			return emit(f, s, func(w io.Writer, s setting) error {
				_, err := fmt.Fprintln(w, f.IO.Clean(s.Value))
				return err
			})
		},
	}
}

type configSetOptions struct {
	key, value string
	toDefault  bool
}

func newConfigSet(f *Factory) *cobra.Command {
	var o configSetOptions
	cmd := &cobra.Command{
		Use:   "set KEY [VALUE]",
		Short: lang.Key("Write a key into the configuration file"),
		Long: "Write a key into the configuration file, whose comments and other lines stay as they are. --default removes the\n" +
			"key from it instead.",
		Example: "  vaultctl config set idle_lock 5m\n  vaultctl config set health_data hds-storage\n" +
			"  vaultctl config set idle_lock --default",
		Args:              argsFromUse,
		ValidArgsFunction: completeKeys,
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.toDefault == (len(args) == 2) {
				return usagef(cmd, "give a value or --default, one of the two")
			}
			o.key = args[0]
			if len(args) == 2 {
				o.value = args[1]
			}
			return runConfigSet(cmd.Context(), f, o)
		},
	}
	cmd.Flags().BoolVar(&o.toDefault, "default", false, lang.Key("remove the key, so that its default holds"))
	return cmd
}

func runConfigSet(ctx context.Context, f *Factory, o configSetOptions) error {
	key, err := config.Explain(o.key)
	if err != nil {
		return err
	}
	settings, err := f.Config()
	if err != nil {
		return err
	}
	if key.Kind == config.Names && !o.toDefault {
		if err := f.knownRemotes(ctx, o.value); err != nil {
			return err
		}
	}
	if key.Kind == config.Folders {
		if o.value, err = absolute(o.value); err != nil {
			return err
		}
	}
	if o.toDefault {
		err = settings.Unset(o.key)
	} else {
		err = settings.Set(o.key, o.value)
	}
	if err != nil {
		return err
	}
	l := f.Lang()
	switch value, source, err := settings.Get(o.key); {
	case err != nil:
		return err
	case source == "environment":
		f.IO.Note(l.T("Saved, but %s is set in the environment and wins.", key.Env()))
	case key.Restart:
		f.IO.Note(l.T("%s is now %s. A daemon that is running takes it up when it next starts.", key.Name, value))
	default:
		f.IO.Note(l.T("%s is now %s.", key.Name, value))
	}
	if !f.JSON() {
		return nil
	}
	s, err := f.setting(o.key)
	if err != nil {
		return err
	}
	return f.printJSON(s)
}

// absolute makes paths that are separated by commas absolute: the setting is read by programs that start elsewhere.
func absolute(folders string) (string, error) {
	var paths []string
	for folder := range strings.SplitSeq(folders, ",") {
		if folder = strings.TrimSpace(folder); folder == "" {
			continue
		}
		path, err := filepath.Abs(folder)
		if err != nil {
			return "", vault.Errorf(vault.CodeFailed, "find the folder: %w", err)
		}
		paths = append(paths, path)
	}
	return strings.Join(paths, ","), nil
}

// knownRemotes refuses names that no remote has. Where there are no remotes yet, or they cannot be asked for, any name will do.
func (f *Factory) knownRemotes(ctx context.Context, names string) error {
	c, err := f.Client(ctx)
	if err != nil {
		return nil // a setting is also made where no daemon runs
	}
	var known []string
	for r, err := range apiclient.List[api.Remote](ctx, c, api.RouteRemoteList, api.Empty{}) {
		if err != nil {
			return nil // before the organization is founded
		}
		known = append(known, r.Name)
	}
	for name := range strings.SplitSeq(names, ",") {
		if name = strings.TrimSpace(name); name != "" && len(known) > 0 && !slices.Contains(known, name) {
			return vault.Errorf(vault.CodeInvalid, "no remote is named %q; there are: %s", name, strings.Join(known, ", "))
		}
	}
	return nil
}

func newConfigList(f *Factory) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   lang.Key("List every key with its value and where it comes from"),
		Example: "  vaultctl config list",
		Args:    argsFromUse,
		RunE:    func(*cobra.Command, []string) error { return runConfigList(f) },
	}
}

func runConfigList(f *Factory) error {
	var rows []setting
	for _, key := range config.Keys() {
		s, err := f.setting(key.Name)
		if err != nil {
			return err
		}
		rows = append(rows, s)
	}
	l := f.Lang()
	sources := map[string]string{
		"flag": l.T("flag"), "environment": l.T("environment"), "file": l.T("file"), "default": l.T("default"),
	}
	header := []string{l.T("key"), l.T("value"), l.T("from")}
	return emitList(f, each(rows), header, func(s setting) []termio.Cell {
		return []termio.Cell{{Text: s.Key}, {Text: s.Value}, {Text: sources[s.Source]}}
	})
}

func newConfigExplain(f *Factory) *cobra.Command {
	return &cobra.Command{
		Use:               "explain KEY",
		Short:             lang.Key("Say what a key does and which values it takes"),
		Example:           "  vaultctl config explain health_data",
		Args:              argsFromUse,
		ValidArgsFunction: completeKeys,
		RunE: func(_ *cobra.Command, args []string) error {
			key, err := config.Explain(args[0])
			if err != nil {
				return err
			}
			s := setting{
				Head: api.H("setting"), Key: key.Name, Default: key.Default, Kind: string(key.Kind),
				Choices: key.Choices, Env: key.Env(), Doc: key.Doc,
			}
			l := f.Lang()
			return emit(f, s, func(w io.Writer, s setting) error {
				if _, err := fmt.Fprintf(w, "%s\n\n", l.T(s.Doc, nil...)); err != nil {
					return err
				}
				effect := l.T("at once")
				if key.Restart {
					effect = l.T("when the daemon next starts")
				}
				return f.fields(w, l.T("key"), s.Key, l.T("values"), valueWords(l, key), l.T("default"), s.Default,
					l.T("environment"), s.Env, l.T("takes effect"), effect)
			})
		},
	}
}

// valueWords says which values a key takes.
func valueWords(l lang.Lang, key config.Key) string {
	if key.Choices != nil {
		return strings.Join(key.Choices, ", ")
	}
	switch key.Kind {
	case config.Duration:
		return l.T("a duration: 90s, 15m, 36h, 30d")
	case config.Size:
		return l.T("a size: 500MB, 2GiB")
	case config.Names:
		return l.T("names separated by commas")
	case config.Folders:
		return l.T("paths of folders separated by commas")
	case config.Path:
		return l.T("the path of a file, or nothing")
	case config.Word:
	}
	return l.T("text")
}

func newConfigPath(f *Factory) *cobra.Command {
	return &cobra.Command{
		Use:     "path",
		Short:   lang.Key("Print the path of the configuration file"),
		Example: "  \"${EDITOR:-vi}\" \"$(vaultctl config path)\"",
		Args:    argsFromUse,
		RunE:    func(*cobra.Command, []string) error { return runConfigPath(f) },
	}
}

// configPath is the answer of config path.
type configPath struct {
	api.Head
	Path string `json:"path"`
}

// runConfigPath reads nothing: the path is what one needs to repair a file that cannot be read.
func runConfigPath(f *Factory) error {
	home, err := f.Home()
	if err != nil {
		return err
	}
	answer := configPath{Head: api.H("config_path"), Path: config.FilePath(home)}
	return emit(f, answer, func(w io.Writer, p configPath) error {
		_, err := fmt.Fprintln(w, p.Path)
		return err
	})
}

func completeKeys(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var found []cobra.Completion
	for _, key := range config.Keys() {
		found = append(found, cobra.CompletionWithDesc(key.Name, key.Doc))
	}
	return found, cobra.ShellCompDirectiveNoFileComp
}
