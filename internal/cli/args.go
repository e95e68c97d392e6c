package cli

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"vaultctl/internal/spelling"
)

// errHelp is how the flag parser says that help was asked for.
var errHelp = pflag.ErrHelp

// argsFromUse checks the number of arguments against a command's own Use line, so that the two cannot differ:
// "add B FILE…" needs two or more, "list [B]" takes none or one.
func argsFromUse(cmd *cobra.Command, args []string) error {
	needed, most := wanted(cmd.Use)
	if len(args) < len(needed) {
		return usagef(cmd, "%s is missing", needed[len(args)])
	}
	if most >= 0 && len(args) > most {
		return usagef(cmd, "%d arguments are too many; quote values with spaces", len(args))
	}
	return nil
}

// wanted returns the names of the arguments that a Use line requires, and the most it takes; -1 for any number.
func wanted(use string) (needed []string, most int) {
	for _, word := range strings.Fields(use)[1:] {
		name := strings.TrimSuffix(strings.Trim(word, "[]"), "…")
		if !strings.HasPrefix(word, "[") {
			needed = append(needed, name)
		}
		if strings.Contains(word, "…") {
			return needed, -1
		}
		most++
	}
	return needed, most
}

// newNoun returns a command that only holds verbs.
func newNoun(name, short string, verbs ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{
		Use:   name,
		Short: short,
		Args:  unknownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return usagef(cmd, "%s needs a verb: %s", cmd.Name(), strings.Join(subcommands(cmd), ", "))
		},
	}
	cmd.AddCommand(verbs...)
	return cmd
}

func subcommands(cmd *cobra.Command) []string {
	var names []string
	for _, sub := range cmd.Commands() {
		if !sub.Hidden {
			names = append(names, sub.Name())
		}
	}
	return names
}

// unknownCommand refuses what is left over where a command name should stand.
func unknownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if best := spelling.Closest(args[0], subcommands(cmd)); best != "" {
		return usagef(cmd, "unknown command %q; did you mean %s?", args[0], cmd.CommandPath()+" "+best)
	}
	return usagef(cmd, "unknown command %q", args[0])
}

func closestFlag(cmd *cobra.Command, name string) string {
	name, _, _ = strings.Cut(name, "=")
	var names []string
	add := func(flag *pflag.Flag) {
		if !flag.Hidden {
			names = append(names, flag.Name)
		}
	}
	cmd.Flags().VisitAll(add)
	cmd.InheritedFlags().VisitAll(add)
	return spelling.Closest(name, names)
}
