package words

import (
	"strings"
	"testing"
)

func TestPassphraseIsSevenPlainWords(t *testing.T) {
	l, _ := lookup(Fallback)
	if len(l.folded) != listLen {
		t.Fatalf("%d words without accents, of %d", len(l.folded), listLen)
	}
	seen := map[string]bool{}
	for range 200 {
		p := Passphrase()
		if seen[p] {
			t.Fatal("the same passphrase twice")
		}
		seen[p] = true
		parts := strings.Split(p, "-")
		if len(parts) != PassphraseCount {
			t.Fatalf("%d words", len(parts))
		}
		for _, w := range parts {
			if strings.Trim(w, "abcdefghijklmnopqrstuvwxyz") != "" {
				t.Errorf("%q is not of plain letters", w)
			}
			if i, ok := l.folded[w]; !ok || i < 0 {
				t.Errorf("%q is no word of the list, or of two", w)
			}
		}
	}
}
