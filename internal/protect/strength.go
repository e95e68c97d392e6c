package protect

import (
	"strings"
	"unicode/utf8"

	"github.com/ccojocar/zxcvbn-go"

	"vaultctl/internal/vault"
)

const (
	minPassphrase = 12 // characters

	// minEntropy is in bits, as the estimator counts them. At a second a guess, half of 2^50 takes 18 million years on
	// one core, and an attacker with ten million cores two: what a stolen workstation may face, with a margin for what the
	// estimator does not know.
	minEntropy = 50

	// The estimator's time grows faster than the length; what lies beyond cannot make a passphrase worse.
	maxEstimated = 100
)

// frenchWords are the first guesses against a French speaker; the estimator's own lists are English.
var frenchWords = strings.Fields(`motdepasse mot passe azerty azertyuiop qsdfgh wxcvbn bonjour soleil doudou chouchou loulou marseille
	bordeaux toulouse nantes lyon paris jetaime amour coucou france vacances maison famille papillon chocolat camille nicolas julien
	mairie ccas accueil social coffre coffrefort secret bureau poste janvier fevrier mars avril juin juillet aout septembre octobre
	novembre decembre printemps automne hiver admin administrateur vault vaultctl`)

// CheckPassphrase refuses, with vault.CodePolicy and advice, a passphrase that somebody who stole the machine would
// find. hints are words tied to the place or person. The passphrase is not repeated in the error.
func CheckPassphrase(passphrase string, hints []string) error {
	if utf8.RuneCountInString(passphrase) < minPassphrase {
		return vault.Errorf(vault.CodePolicy, "the passphrase is too short: take at least %d characters, best four or more words that have nothing to do with each other", minPassphrase)
	}
	known := append([]string(nil), frenchWords...)
	for _, h := range hints {
		h = strings.ToLower(h)
		known = append(append(known, h, strings.ReplaceAll(h, " ", "")), strings.Fields(h)...)
	}
	estimated := passphrase
	if r := []rune(passphrase); len(r) > maxEstimated {
		estimated = string(r[:maxEstimated])
	}
	if zxcvbn.PasswordStrength(estimated, known).Entropy < minEntropy {
		return vault.Errorf(vault.CodePolicy, "the passphrase is too easy to guess: take four or more words that have nothing to do with each other, nor with you or your organization")
	}
	return nil
}
