package words

import (
	"crypto/rand"
	"strings"
)

// PassphraseCount is the number of words of a passphrase: 77 bits.
const PassphraseCount = 7

// Passphrase returns random words with hyphens between them, to protect what goes to somebody outside. They are of
// Fallback's list, without accents and in lower case: a passphrase counts letter by letter, is read out over a telephone,
// and is typed on any keyboard. Words that look alike without their accents do not exist in the list.
func Passphrase() string {
	l, _ := lookup(Fallback)
	var b [2 * PassphraseCount]byte
	_, _ = rand.Read(b[:]) // never fails
	out := make([]string, PassphraseCount)
	for i := range out {
		out[i] = fold(normalize(l.words[(int(b[2*i])<<8|int(b[2*i+1]))&(listLen-1)]))
	}
	return strings.Join(out, "-")
}
