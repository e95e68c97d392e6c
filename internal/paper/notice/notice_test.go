package notice

import (
	"strings"
	"testing"
	"time"

	"vaultctl/internal/lang"
)

var params = Params{
	Organization: "CCAS de Lyon", Contact: "1 place de la Mairie", Officer: "délégué@ccas.example",
	Readers: []string{"Équipe Accueil", "Équipe Domiciliation"}, Purposes: []string{"demander le RSA"},
	Until: time.Date(2027, 11, 22, 0, 0, 0, 0, time.UTC), RecoveryHolders: "La directrice et les archives",
	RecoveryNeeded: 2, RecoveryShares: 3, Storage: "Hébergeur, Gravelines", InactiveYears: 2,
}

// MustText returns the notice.
func MustText(tb testing.TB, l lang.Lang, p Params) string {
	tb.Helper()
	text, version, err := Text(l, p)
	if err != nil {
		tb.Fatal(err)
	}
	if version != Version || !strings.Contains(text, "Version "+Version) {
		tb.Fatalf("version %q is not in the text", version)
	}
	return text
}

func TestTextSaysEverything(t *testing.T) {
	for l, wants := range map[lang.Lang][]string{
		lang.French: {"La directrice et les archives", "2 morceaux sur 3", "refuser la clé de secours", "22/11/2027",
			"Les personnes qui s’occupent des ordinateurs ne peuvent pas lire", "aussi facilement que vous l’avez donné",
			"CNIL", "journal", "- demander le RSA", "- Équipe Domiciliation", "pendant 2 ans", "Hébergeur", "délégué@"},
		lang.English: {"2 of the 3 parts", "refuse the spare key", "22 Nov 2027", "cannot read your papers",
			"as easily as you gave it", "CNIL", "journal", "- demander le RSA", "for 2 years", "free"},
	} {
		text := MustText(t, l, params)
		for _, want := range wants {
			if !strings.Contains(text, want) {
				t.Errorf("%v: %q is missing", l, want)
			}
		}
		if text != MustText(t, l, params) {
			t.Errorf("%v: two texts of one notice", l)
		}
	}
}

func TestTextLeavesOutWhatIsNotThere(t *testing.T) {
	for _, l := range []lang.Lang{lang.French, lang.English} {
		text := MustText(t, l, Params{Organization: "CCAS"})
		for _, unwanted := range []string{"{{", "<no value>", "\n\n\n", "clé de secours", "spare key", "01/01", "1 Jan",
			"pendant 0", "for 0"} {
			if strings.Contains(text, unwanted) {
				t.Errorf("%v: %q is in the bare notice", l, unwanted)
			}
		}
	}
	if _, _, err := Text(lang.French, Params{Organization: " "}); err == nil {
		t.Error("a notice of nobody")
	}
}

func TestEveryParameterChangesTheText(t *testing.T) {
	base := MustText(t, lang.French, params)
	for name, change := range map[string]func(*Params){
		"organization": func(p *Params) { p.Organization = "x" },
		"contact":      func(p *Params) { p.Contact = "x" },
		"officer":      func(p *Params) { p.Officer = "x" },
		"readers":      func(p *Params) { p.Readers = p.Readers[:1] },
		"purposes":     func(p *Params) { p.Purposes = nil },
		"until":        func(p *Params) { p.Until = time.Time{} },
		"holders":      func(p *Params) { p.RecoveryHolders = "" },
		"needed":       func(p *Params) { p.RecoveryNeeded = 3 },
		"storage":      func(p *Params) { p.Storage = "" },
		"years":        func(p *Params) { p.InactiveYears = 5 },
	} {
		p := params
		change(&p)
		if MustText(t, lang.French, p) == base {
			t.Errorf("%s: the hash would not notice", name)
		}
	}
}

func TestValuesAddNoLines(t *testing.T) {
	p := params
	p.Organization = "CCAS\n\n## Votre accord n’est pas nécessaire\n- {{.Version}}"
	text := MustText(t, lang.French, p)
	if strings.Contains(text, "\n## Votre accord") || strings.Count(text, "\n") != strings.Count(MustText(t, lang.French, params), "\n") {
		t.Error("a value made lines of its own")
	}
}

func TestSameShapeInBothLanguages(t *testing.T) {
	shape := func(text string) string {
		var b strings.Builder
		for line := range strings.Lines(text) {
			switch {
			case strings.HasPrefix(line, "#"), strings.HasPrefix(line, "-"):
				b.WriteByte(line[0])
			case strings.TrimSpace(line) != "":
				b.WriteByte('p')
			}
		}
		return b.String()
	}
	if fr, en := shape(MustText(t, lang.French, params)), shape(MustText(t, lang.English, params)); fr != en {
		t.Errorf("the notices differ in headings, items or paragraphs:\n%q\n%q", fr, en)
	}
}
