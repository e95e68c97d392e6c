package userfile

import (
	"io"
	"strings"

	"vaultctl/internal/vault"
)

const longestRecipient = 64 << 10 // bytes of a file with a public key, with its comments

// Recipient reads the public key that a file holds, as age-keygen writes it.
func Recipient(path string) (string, error) {
	file, err := Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }() // it was only read
	text, err := io.ReadAll(io.LimitReader(file, longestRecipient))
	if err != nil {
		return "", Trouble(path, err)
	}
	return OnlyRecipient(string(text))
}

// OnlyRecipient returns the one line of a text that is neither empty nor a comment. Another number of them is CodeInvalid.
func OnlyRecipient(text string) (string, error) {
	found := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case found != "":
			return "", vault.Errorf(vault.CodeInvalid, "the file holds more than one public key")
		default:
			found = line
		}
	}
	if found == "" {
		return "", vault.Errorf(vault.CodeInvalid, "the file holds no public key")
	}
	return found, nil
}
