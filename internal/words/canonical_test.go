package words

import "testing"

func TestCanonicalPassphrase(t *testing.T) {
	own := Passphrase()
	for typed, want := range map[string]string{
		"Élève  ŒUVRE\n2) cœur_été.": "eleve-oeuvre-coeur-ete",
		"un-deux":                    "un-deux",
		"":                           "",
		own:                          own,
	} {
		if got := CanonicalPassphrase(typed); got != want {
			t.Errorf("%q gives %q, want %q", typed, got, want)
		}
	}
}
