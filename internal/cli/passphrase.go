package cli

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"vaultctl/internal/lang"
	"vaultctl/internal/userfile"
	"vaultctl/internal/vault"
)

// maxSecret is more bytes than any secret has that is typed or kept in a file: a share of the recovery secret with the
// longest words, sixteen times.
const maxSecret = 64 << 10

const passphraseFlag = "passphrase-file"

func declarePassphrase(cmd *cobra.Command, file *string) {
	cmd.Flags().StringVar(file, passphraseFlag, "", lang.Key("file with the passphrase on its first line; - for standard input"))
}

// readSecret returns the content of a file, of a pipe such as <(pass show vaultctl), or of standard input for "-".
func (f *Factory) readSecret(path string) (string, error) {
	in := f.IO.In
	if path != stdio {
		file, err := os.Open(path)
		if err != nil {
			return "", userfile.Trouble(path, err)
		}
		defer func() { _ = file.Close() }() // it was only read
		if info, err := file.Stat(); err == nil && info.IsDir() {
			return "", vault.Errorf(vault.CodeUsage, "%s is a directory", path)
		}
		in = file
	} else if f.IO.InTTY() {
		return "", vault.Errorf(vault.CodeUsage, "standard input is a terminal: leave the flag out to be asked")
	}
	raw, err := io.ReadAll(io.LimitReader(in, maxSecret+1))
	defer clear(raw)
	switch {
	case err != nil:
		return "", userfile.Trouble(path, err)
	case len(raw) > maxSecret:
		return "", vault.Errorf(vault.CodeInvalid, "%s is larger than %d bytes", path, maxSecret)
	case len(bytes.TrimSpace(raw)) == 0:
		return "", vault.Errorf(vault.CodeInvalid, "%s is empty", path)
	}
	return string(raw), nil
}

// passphrase returns the first line of a file, or asks for it.
func (f *Factory) passphrase(ctx context.Context, file string) (string, error) {
	if file != "" {
		text, err := f.readSecret(file)
		return firstLine(text), err
	}
	secret, err := f.IO.AskSecret(ctx, f.Lang().T("Passphrase"), "--"+passphraseFlag)
	defer clear(secret)
	return string(secret), err
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return strings.TrimSuffix(line, "\r")
}

// chosenPassphrase returns the first line of a file, or asks for a new passphrase twice.
func (f *Factory) chosenPassphrase(ctx context.Context, file string) (string, error) {
	if file != "" {
		return f.passphrase(ctx, file)
	}
	l := f.Lang()
	for range maxTries {
		first, err := f.IO.AskSecret(ctx, l.T("New passphrase"), "--"+passphraseFlag)
		if err != nil {
			return "", err
		}
		second, err := f.IO.AskSecret(ctx, l.T("The same again"), "--"+passphraseFlag)
		if err != nil {
			return "", err
		}
		if bytes.Equal(first, second) {
			return string(first), nil
		}
		f.IO.Note(l.T("The two differ."))
	}
	return "", vault.Errorf(vault.CodeUsage, "the passphrase was not typed twice alike")
}

// maxTries is how often a person is asked again.
const maxTries = 3

// withPassphrase calls do with a newly chosen passphrase. At a terminal the person may choose again where the daemon finds
// it weak.
func (f *Factory) withPassphrase(ctx context.Context, file string, do func(passphrase string) error) error {
	for try := 1; ; try++ {
		passphrase, err := f.chosenPassphrase(ctx, file)
		if err != nil {
			return err
		}
		err = do(passphrase)
		var weak *vault.Error
		if file != "" || try == maxTries || !errors.As(err, &weak) || weak.Code != vault.CodePolicy {
			return err
		}
		f.IO.Note(f.Lang().Message(weak.Msg))
	}
}
