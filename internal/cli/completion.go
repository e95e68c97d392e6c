package cli

//go:generate go run ./gendocs ../..

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"vaultctl/internal/lang"
)

func newCompletion(f *Factory) *cobra.Command {
	shells := []string{"bash", "zsh", "fish", "powershell"}
	return &cobra.Command{
		Use:   "completion SHELL",
		Short: lang.Key("Print the completion script of a shell"),
		Long: "Print the script that completes vaultctl in a shell: bash, zsh, fish or powershell. Packages install it already.\n" +
			"Ids, types and teams are completed from the daemon, if it is running.",
		Example: "  vaultctl completion bash > ~/.local/share/bash-completion/completions/vaultctl\n" +
			"  vaultctl completion fish > ~/.config/fish/completions/vaultctl.fish\n" +
			"  vaultctl completion powershell | Out-String | Invoke-Expression",
		Args:        argsFromUse,
		ValidArgs:   shells,
		Annotations: map[string]string{withoutSettings: "yes"},
		RunE: func(cmd *cobra.Command, args []string) error {
			if !slices.Contains(shells, args[0]) {
				return usagef(cmd, "no completion for %q; shells are %s", args[0], strings.Join(shells, ", "))
			}
			return WriteCompletion(cmd.Root(), args[0], f.IO.Out)
		},
	}
}

// WriteCompletion writes the completion script of root for a shell: bash, zsh, fish or powershell.
func WriteCompletion(root *cobra.Command, shell string, w io.Writer) error {
	switch shell {
	case "bash":
		return root.GenBashCompletionV2(w, true)
	case "zsh":
		return root.GenZshCompletion(w)
	case "fish":
		return root.GenFishCompletion(w, true)
	case "powershell":
		return root.GenPowerShellCompletionWithDesc(w)
	}
	return fmt.Errorf("write completion: unknown shell %q", shell)
}
