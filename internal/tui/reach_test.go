package tui

import (
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"vaultctl/internal/cli"
	"vaultctl/internal/termio"
)

// reachMost is how many keys lead from a person's page to anything that can be done for them. Choosing a row, typing and
// answering are not counted.
const reachMost = 3

// forOnePerson returns the commands that work on a beneficiary, as they stand in the tree of the command line.
func forOnePerson(t *testing.T) []string {
	io, _ := termio.Test()
	root := cli.NewRoot(io, cli.Build{})
	nouns := []string{"beneficiary", "card", "consent", "document", "share", "procedure", "journal", "export", "batch"}
	var found []string
	for _, noun := range root.Commands() {
		if !slices.Contains(nouns, noun.Name()) {
			continue
		}
		nouns = slices.DeleteFunc(nouns, func(n string) bool { return n == noun.Name() })
		verbs := noun.Commands()
		if len(verbs) == 0 {
			found = append(found, noun.Name())
		}
		for _, verb := range verbs {
			if verb.Hidden { // it only says which command does what people try
				continue
			}
			found = append(found, strings.TrimPrefix(verb.CommandPath(), root.Name()+" "))
		}
	}
	if len(nouns) > 0 {
		t.Fatalf("the command line has no %v", nouns)
	}
	return found
}

// notOnThePage are commands of these nouns that are not about one person whose page is open, and why.
func notOnThePage() map[string]string {
	return map[string]string{
		"beneficiary add":  "the person has no page yet: it is at home",
		"beneficiary list": "it is the home page",
		"journal verify":   "of the whole workstation, not of a person: it is in administration",
		"batch list":       "of all imports, not of a person: it is in administration",
		"batch show":       "of an import, not of a person: it is in administration",
	}
}

// TestEverythingIsNear: whatever the command line does for a beneficiary is done from their page with few keys.
func TestEverythingIsNear(t *testing.T) {
	keys := map[string]int{} // by command
	note := func(does []string, n int) {
		for _, command := range does {
			if have, ok := keys[command]; !ok || n < have {
				keys[command] = n
			}
		}
	}
	for i, tab := range personTabs() {
		digit := min(i, 1) // the first one is open
		note(tab.does, digit)
		for _, act := range keymap()[tab.at] {
			note(act.does, digit+1)
		}
	}
	exempt := notOnThePage()
	commands := forOnePerson(t)
	for _, command := range commands {
		n, ok := keys[command]
		switch reason := exempt[command]; {
		case reason != "" && !ok:
		case reason != "" && ok:
			t.Errorf("%s is excepted, and the page does it", command)
		case !ok:
			t.Errorf("%s: no action on a person's page stands for it", command)
		case n > reachMost:
			t.Errorf("%s: %d keys", command, n)
		}
		delete(exempt, command)
	}
	for command := range exempt {
		t.Errorf("%s is excepted, and the command line does not have it", command)
	}
	all := slices.Collect(everyCommand(t))
	for at, actions := range keymap() {
		for _, act := range actions {
			for _, command := range act.does {
				if !slices.Contains(all, command) {
					t.Errorf("%s: %s stands for %q, which the command line does not have", at, act.label, command)
				}
			}
		}
	}
}

// everyCommand gives each command of the command line.
func everyCommand(*testing.T) func(yield func(string) bool) {
	io, _ := termio.Test()
	root := cli.NewRoot(io, cli.Build{})
	return func(yield func(string) bool) {
		var walk func(*cobra.Command) bool
		walk = func(cmd *cobra.Command) bool {
			if cmd != root && !yield(strings.TrimPrefix(cmd.CommandPath(), root.Name()+" ")) {
				return false
			}
			for _, sub := range cmd.Commands() {
				if !walk(sub) {
					return false
				}
			}
			return true
		}
		walk(root)
	}
}
