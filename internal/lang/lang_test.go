package lang

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestDetect(t *testing.T) {
	for _, tc := range []struct {
		flag string
		env  map[string]string
		want Lang
	}{
		{"", map[string]string{"LANG": "fr_FR.UTF-8"}, French},
		{"", map[string]string{"LANG": "fr"}, French},
		{"", map[string]string{"LANG": "de_DE.UTF-8"}, English},
		{"", map[string]string{"LANG": "C.UTF-8"}, English},
		{"", map[string]string{"LANG": "fr_FR", "LC_MESSAGES": "en_US.UTF-8"}, English},
		{"", map[string]string{"LANG": "en_US", "LC_MESSAGES": "en_US", "LC_ALL": "fr_CA@euro"}, French},
		{"", map[string]string{"LANG": "fr_FR", "LC_ALL": ""}, French},
		{"", map[string]string{"LANG": "frp_FR"}, English},
		{"en", map[string]string{"LC_ALL": "fr_FR"}, English},
		{"FR", map[string]string{"LC_ALL": "en_US"}, French},
		{"klingon", map[string]string{"LC_ALL": "fr_FR"}, French},
	} {
		if got := Detect(tc.flag, func(name string) string { return tc.env[name] }); got != tc.want {
			t.Errorf("Detect(%q, %v) = %v, want %v", tc.flag, tc.env, got, tc.want)
		}
	}
}

func TestParse(t *testing.T) {
	for locale, want := range map[string]bool{"fr": true, "fr-FR": true, "en_GB.UTF-8": true, "POSIX": true, "C": true,
		"": false, "de": false, "french": false} {
		if _, ok := Parse(locale); ok != want {
			t.Errorf("Parse(%q) = %v", locale, ok)
		}
	}
}

func TestSay(t *testing.T) {
	for _, tc := range []struct{ got, want string }{
		{English.T("Page %d of %d", 1, 2), "Page 1 of 2"},
		{French.T("Page %d of %d", 1, 2), "Page 1 sur 2"},
		{French.T("What is it for?"), "À quoi ça sert\u00a0?"},
		{French.T("no row %d", 2026), "no row 2026"},
		{English.N(1, "%d entry.", "%d entries."), "1 entry."},
		{English.N(0, "%d entry.", "%d entries."), "0 entries."},
		{French.N(0, "%d entry.", "%d entries."), "0 ligne."},
		{French.N(2, "%d entry.", "%d entries."), "2 lignes."},
		{French.N(2, "%d x in %s", "%d xs in %s", "y"), "2 xs in y"},
		{Typography("« l'un » : 5 %% ; oui ! http://x:80"), "«\u00a0l’un\u00a0»\u00a0: 5\u00a0%%\u00a0; oui\u00a0! http://x:80"},
		{French.String() + English.String(), "fren"},
	} {
		if tc.got != tc.want {
			t.Errorf("got %q, want %q", tc.got, tc.want)
		}
	}
}

func TestDates(t *testing.T) {
	at := time.Date(2026, 11, 2, 4, 5, 6, 0, time.FixedZone("", 3600))
	for _, tc := range []struct{ got, want string }{
		{French.Date(at), "02/11/2026"},
		{English.Date(at), "2 Nov 2026"},
		{French.DateTime(at), "02/11/2026 04:05"},
		{English.DateTime(at), "2 Nov 2026 04:05"},
		{French.Date(time.Time{}) + English.DateTime(time.Time{}), ""},
	} {
		if tc.got != tc.want {
			t.Errorf("got %q, want %q", tc.got, tc.want)
		}
	}
}

func TestMessage(t *testing.T) {
	rows := []row{
		{"vault %s holds %d documents", "le coffre %s contient %d documents"},
		{"open %q: %w", "ouverture de %q : %w"},
		{"move %s to %s", "vers %[2]s, de %[1]s"},
		{"the disk is 100%% full", "le disque est plein à 100 %%"},
		{"cannot say", "impossible à dire"},
	}
	patterns := prepare(rows)
	for msg, want := range map[string]string{
		"vault k7 holds 2026 documents": "le coffre k7 contient 2026 documents",
		"vault k7 holds x documents":    "vault k7 holds x documents",
		`open "a: b": cannot say`:       "ouverture de \"a: b\"\u00a0: impossible à dire",
		`open "a": permission denied`:   "ouverture de \"a\"\u00a0: permission denied",
		"move a to b":                   "vers b, de a",
		"the disk is 100% full":         "le disque est plein à 100\u00a0%",
		"unheard of":                    "unheard of",
	} {
		if got := translate(patterns, msg); got != want {
			t.Errorf("%q gives %q, want %q", msg, got, want)
		}
	}
	if got := English.Message("cannot say"); got != "cannot say" {
		t.Errorf("English: %q", got)
	}
}

// Each row of the table recognizes what its own format makes, and no other row takes it away.
func TestEveryErrorRowMatchesItself(t *testing.T) {
	for _, r := range errorRows() {
		sample := verb().ReplaceAllStringFunc(r.en, func(v string) string {
			switch v[len(v)-1] {
			case '%':
				return "%"
			case 'd':
				return "7"
			case 'q':
				return `"zz"`
			}
			return "zz"
		})
		if len(sample) > 4 && French.Message(sample) == sample {
			t.Errorf("%q is not translated", sample)
		}
	}
}

func BenchmarkFirstFrenchError(b *testing.B) {
	for b.Loop() {
		translate(prepare(errorRows()), "the remote does not hold everything yet")
	}
}

func BenchmarkFirstFrenchSentence(b *testing.B) {
	rows := make([]row, 1000)
	for i := range rows {
		rows[i] = row{fmt.Sprintf("sentence %d: %%s", i), strings.Repeat("phrase ", 8) + ": %s"}
	}
	for b.Loop() {
		build([]table{{rows: rows}})
	}
}
