package words

import "strings"

// CanonicalPassphrase returns the form in which Passphrase writes one: what was typed in small letters, without accents, its
// words joined by hyphens. Whatever is not a letter separates words.
func CanonicalPassphrase(typed string) string {
	tokens := split(typed)
	for i, t := range tokens {
		tokens[i] = fold(t)
	}
	return strings.Join(tokens, "-")
}
