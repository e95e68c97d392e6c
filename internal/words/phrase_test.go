package words_test

import (
	"crypto/sha256"
	"slices"
	"strconv"
	"strings"
	"testing"

	"vaultctl/internal/words"
)

func TestPhrase(t *testing.T) {
	seen := map[string]bool{}
	for i := range 400 {
		sum := sha256.Sum256([]byte(strconv.Itoa(i)))
		p := words.Phrase(sum[:])
		text := strings.Join(p, " ")
		if len(p) != words.PhraseCount || seen[text] {
			t.Fatalf("%q", p)
		}
		seen[text] = true
		short := make([]string, len(p))
		for i, w := range p {
			r := []rune(w)
			short[i] = string(r[:min(4, len(r))])
		}
		for _, typed := range []string{text, strings.ToUpper(text), strings.Join(p, ", "), "1. " + strings.Join(p, "\n2. "), strings.Join(short, " ")} {
			if !words.SamePhrase(typed, p) {
				t.Errorf("%q is not %q", typed, p)
			}
		}
		slices.Reverse(p)
		for _, typed := range []string{strings.Join(p, " "), strings.Join(p[1:], " "), text + " " + p[0], "", "x y z a b c", strings.Repeat("a ", 1<<20)} {
			if typed != text && words.SamePhrase(typed, strings.Fields(text)) {
				t.Errorf("%q is %q", typed, text)
			}
		}
	}
	if got := strings.Join(words.Phrase([]byte{0, 0, 0, 0, 0, 0, 0, 0, 1<<6 | 1}), " "); got != "abaisser abaisser abaisser abaisser abaisser abandon" {
		t.Errorf("%q", got)
	}
}
