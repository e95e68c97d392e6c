package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	"vaultctl/internal/vault"
)

// cardFlag declares the flag that reads a person's card from a file, never from the command line.
func cardFlag(cmd *cobra.Command, path *string, name string) {
	cmd.Flags().StringVar(path, name, "", lang.Key("file with the words or the code of the person's card; - for standard input"))
}

// presentedCard reads the card from the file of --card; "" without the flag.
func (f *Factory) presentedCard(ctx context.Context, path string) (string, error) {
	if path == "" {
		return "", nil
	}
	if path == stdio && f.IO.InTTY() {
		return f.typedCard(ctx, "--card FILE")
	}
	text, err := f.readSecret(path)
	return strings.TrimSpace(text), err
}

// neededCard is presentedCard, or asks the person to type or scan the card.
func (f *Factory) neededCard(ctx context.Context, path string) (string, error) {
	if path != "" {
		return f.presentedCard(ctx, path)
	}
	if !f.IO.CanAsk() {
		return "", api.WithHint(vault.Errorf(vault.CodeNoIdentity, "the document is private: the person's card is needed"),
			lang.Key("give --card FILE, or --card - and the words on standard input"))
	}
	f.IO.Note(f.Lang().T("The document is private: only the person's card opens it. Nothing of what is typed is shown."))
	return f.typedCard(ctx, "--card FILE")
}

// typedCard reads words without echo. A QR reader that types ends with a newline as well.
func (f *Factory) typedCard(ctx context.Context, flag string) (string, error) {
	b, err := f.IO.AskSecret(ctx, f.Lang().T("Words of the card, or scan its code"), flag)
	if err != nil {
		return "", err
	}
	defer clear(b)
	return strings.TrimSpace(string(b)), nil
}
