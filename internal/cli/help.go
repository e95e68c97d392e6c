package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"vaultctl/internal/lang"
	"vaultctl/internal/phrase"
)

// newHelp returns the command for those who write "help document add" instead of "document add --help".
func newHelp(f *Factory) *cobra.Command {
	return &cobra.Command{
		Use:         "help [COMMAND…]",
		Hidden:      true,
		Annotations: map[string]string{withoutSettings: "yes"},
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 && args[0] == exitCodesTopic {
				return writeExitCodes(f.IO.Out, f.Lang())
			}
			found, rest, err := cmd.Root().Find(args)
			if err == nil {
				err = unknownCommand(found, rest)
			}
			if err != nil {
				return err
			}
			return found.Help()
		},
	}
}

// help prints the help of a command in the user's language. Sentences without a translation stay English.
func (f *Factory) help(cmd *cobra.Command, _ []string) {
	h := helpText{l: f.Lang()}
	h.render(cmd)
	// Nothing can be told to somebody whose standard output is gone.
	_, _ = io.WriteString(f.IO.Out, h.String())
}

type helpText struct {
	strings.Builder
	l lang.Lang
}

func (h *helpText) printf(format string, args ...any) { fmt.Fprintf(&h.Builder, format, args...) }

func (h *helpText) say(text string) string { return phrase.Sentence(h.l, text) }

func (h *helpText) render(cmd *cobra.Command) {
	about := cmd.Long
	if about == "" || h.l != lang.English {
		about = cmd.Short
	}
	h.printf("%s\n\n%s\n  %s\n", h.say(about), h.l.T("Usage:"), usageLine(cmd))
	if len(cmd.Groups()) > 0 {
		for _, group := range cmd.Groups() {
			h.commands(h.say(group.Title)+":", cmd, group.ID)
		}
	} else {
		h.commands(h.l.T("Commands:"), cmd, "")
	}
	h.flags(h.l.T("Flags:"), cmd.LocalNonPersistentFlags())
	if cmd.HasParent() {
		h.flags(h.l.T("Flags of every command:"), cmd.InheritedFlags())
	} else {
		h.flags(h.l.T("Flags of every command:"), cmd.PersistentFlags())
	}
	if cmd.Example != "" {
		h.printf("\n%s\n%s\n", h.l.T("Examples:"), cmd.Example)
	}
	if cmd.HasAvailableSubCommands() {
		h.printf("\n%s\n", h.l.T("Use `%s COMMAND --help` for more about a command.", cmd.CommandPath()))
	}
	if !cmd.HasParent() {
		h.printf("%s\n", h.l.T("Use `%s help exit-codes` for the exit statuses.", cmd.CommandPath()))
	}
}

func usageLine(cmd *cobra.Command) string {
	switch {
	case cmd.HasAvailableSubCommands():
		return cmd.CommandPath() + " COMMAND"
	case cmd.HasAvailableLocalFlags():
		return cmd.UseLine()
	}
	return strings.TrimSuffix(cmd.UseLine(), " [flags]")
}

func (h *helpText) commands(title string, cmd *cobra.Command, group string) {
	width := 0
	for _, sub := range cmd.Commands() {
		width = max(width, len(sub.Name()))
	}
	for _, sub := range cmd.Commands() {
		if sub.GroupID != group || !sub.IsAvailableCommand() {
			continue
		}
		if title != "" {
			h.printf("\n%s\n", title)
			title = ""
		}
		h.printf("  %-*s  %s\n", width, sub.Name(), h.say(sub.Short))
	}
}

func (h *helpText) flags(title string, set *pflag.FlagSet) {
	shown := pflag.NewFlagSet("", pflag.ContinueOnError)
	shown.SortFlags = set.SortFlags
	set.VisitAll(func(flag *pflag.Flag) {
		if !flag.Hidden {
			translated := *flag
			translated.Usage = h.say(flag.Usage)
			shown.AddFlag(&translated)
		}
	})
	if shown.HasFlags() {
		h.printf("\n%s\n%s", title, shown.FlagUsages())
	}
}
