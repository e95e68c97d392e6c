package workstation

import (
	"context"
	"crypto/rand"
	"strings"

	"vaultctl/internal/agecrypt"
	"vaultctl/internal/protect"
	"vaultctl/internal/secretshare"
	"vaultctl/internal/vault"
	"vaultctl/internal/words"
)

// keeper adapts protect.
type keeper struct{ sealer *agecrypt.Sealer }

func (k keeper) Seal(ctx context.Context, home, method, passphrase, keyFile string, secret []byte) error {
	m, err := protect.ParseMethod(method)
	if err != nil {
		return err
	}
	return protect.New(k.sealer, home).Seal(ctx, m, secret, protect.Options{Passphrase: passphrase, KeyFile: keyFile})
}

func (k keeper) Open(ctx context.Context, home, passphrase string) ([]byte, error) {
	return protect.New(k.sealer, home).Open(ctx, protect.Options{Passphrase: passphrase})
}

func (k keeper) Replace(ctx context.Context, home, passphrase string, secret []byte) error {
	return protect.New(k.sealer, home).Replace(ctx, secret, protect.Options{Passphrase: passphrase})
}

func (k keeper) Method(home string) (string, error) {
	m, err := protect.New(k.sealer, home).Needs()
	return string(m), err
}

func (k keeper) NeedsPerson(home string) (bool, error) {
	m, err := protect.New(k.sealer, home).Needs()
	return err == nil && m != protect.KeyFile && m != protect.Systemd, err
}

// shares adapts secretshare.
type shares struct{}

func (shares) New() ([]byte, error) { return secretshare.New(rand.Reader) }

func (shares) Split(seed []byte, need, of int, language string) ([]string, error) {
	split, err := secretshare.Split(seed, need, of)
	if err != nil {
		return nil, err
	}
	out := make([]string, len(split))
	for i, s := range split {
		text, err := s.Text(language)
		if err != nil {
			return nil, err
		}
		out[i] = strings.Join(strings.Fields(text), " ")
	}
	return out, nil
}

func (shares) Combine(texts []string) ([]byte, error) {
	var all []secretshare.Share
	for _, t := range texts {
		s, err := secretshare.ParseShare(t)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return secretshare.Combine(all)
}

// bip39 adapts words.
type bip39 struct{}

func (bip39) Encode(seed []byte, language string) ([]string, error) {
	return words.Encode(seed, language)
}

func (bip39) DecodeSecret(text string) ([]byte, error) { return words.DecodeSecret(text) }

func (bip39) CheckLanguage(tag string) error {
	if words.KnownLanguage(tag) {
		return nil
	}
	return vault.Errorf(vault.CodeInvalid, "no language has the code %q; there are words in %s", tag, strings.Join(words.Languages(), ", "))
}

func (bip39) Passphrase() string { return words.Passphrase() }

func (bip39) Phrase(sum []byte) []string { return words.Phrase(sum) }

func (bip39) SamePhrase(typed string, phrase []string) bool { return words.SamePhrase(typed, phrase) }

func (bip39) LanguageFor(tag string) string {
	code, _ := words.LanguageFor(tag)
	return code
}
