package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// day reads the value of a date flag: a day, a span from today, or "none" for no day.
func (f *Factory) day(flag, text string) (string, error) {
	if text == "" || text == vault.None {
		return "", nil
	}
	d, err := vault.ParseDate(text, vault.DateOf(f.Now()))
	if err != nil {
		return "", flagValue(flag, err)
	}
	return string(d), nil
}

// birth reads the value of --born. What is not known is unknown.
func (f *Factory) birth(flag, text string) (string, error) {
	if text == vault.None {
		return "", nil
	}
	d, err := vault.ParseBirthDate(text, vault.DateOf(f.Now()))
	if err != nil {
		return "", flagValue(flag, err)
	}
	return string(d), nil
}

// span checks the value of a flag such as --inactive-for and returns it as the daemon takes it.
func (f *Factory) span(flag, text string) (string, error) {
	if text == "" {
		return "", nil
	}
	if _, err := vault.ParseDays(text, vault.DateOf(f.Now())); err != nil {
		return "", flagValue(flag, err)
	}
	return text, nil
}

// flagValue says which flag an error is about.
func flagValue(flag string, err error) error {
	return api.WithHint(vault.Errorf(vault.CodeOf(err), "--%s: %w", flag, err), api.HintOf(err))
}

// given returns a pointer to value if the flag was on the command line, nil else.
func given[T any](cmd *cobra.Command, flag string, value T) *T {
	if !cmd.Flags().Changed(flag) {
		return nil
	}
	return &value
}

// cleared turns the value "none" into "", which clears an attribute.
func cleared(p *string) *string {
	if p == nil || *p != vault.None {
		return p
	}
	empty := ""
	return &empty
}

// oneOf lets a command take at most one of some flags. Cobra's own check has no code of wrong usage.
func oneOf(cmd *cobra.Command, names ...string) {
	before := cmd.PreRunE
	cmd.PreRunE = func(cmd *cobra.Command, args []string) error {
		var set []string
		for _, name := range names {
			if cmd.Flags().Changed(name) {
				set = append(set, "--"+name)
			}
		}
		if len(set) > 1 {
			return usagef(cmd, "give one of these alone: %s", strings.Join(set, ", "))
		}
		if before == nil {
			return nil
		}
		return before(cmd, args)
	}
}
