package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	"vaultctl/internal/vault"
)

// laterCommand is a command of the contract that this version does not have.
type laterCommand struct {
	path    string // "noun verb"
	instead string // what to do today
}

// laterCommands lists them. A row goes when its command comes; a test holds the two apart.
func laterCommands() []laterCommand {
	return []laterCommand{
		{"card replace", lang.Key("`vaultctl card issue B` makes the next card; with --old-card FILE private documents follow it")},
	}
}

// errLater says plainly that something is not there yet, and what to do instead.
func errLater(what, instead string) error {
	return api.WithHint(vault.Errorf(vault.CodeLater, "%s is not in this version", what), instead)
}

// addLater adds a hidden command for each row, to a noun that there is.
func addLater(root *cobra.Command) {
	for _, row := range laterCommands() {
		parent := root
		words := strings.Fields(row.path)
		if found, _, err := root.Find(words[:len(words)-1]); err == nil {
			parent = found
		}
		cmd := &cobra.Command{
			Use:    words[len(words)-1],
			Hidden: true,
			// Its flags are those of a version to come.
			DisableFlagParsing: true,
			Annotations:        map[string]string{withoutSettings: "yes"},
			RunE:               func(*cobra.Command, []string) error { return errLater("`vaultctl "+row.path+"`", row.instead) },
		}
		parent.AddCommand(cmd)
	}
}
