package catalogue

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vaultctl/internal/vault"
)

func MustLoad(tb testing.TB, path string) *Catalogue {
	tb.Helper()
	c, err := Load(path)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// MustFile writes a table of types and returns its path.
func MustFile(tb testing.TB, text string) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "types.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}

func TestBuiltin(t *testing.T) {
	c := MustLoad(t, "")
	want := []string{
		"administrative-address", "bank-details", "birth-certificate", "cv", "diploma", "disability-notification",
		"divorce-judgment", "employment-office-statement", "family-benefits-statement", "family-record-book",
		"health-insurance-certificate", "hosting-certificate", "id-card", "id-photo", "lease", "loss-declaration", "medical-document", "other",
		"passport", "payslip", "proof-of-address", "rent-receipt", "residence-permit", "social-housing-registration",
		"tax-notice",
	}
	var got, health []string
	for _, row := range c.List() {
		got = append(got, row.Code)
		if row.Health {
			health = append(health, row.Code)
		}
		if row.French == "" || row.English == "" || row.Source == "" || (row.NoteFrench == "") != (row.NoteEnglish == "") {
			t.Errorf("%s: incomplete row", row.Code)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("codes %q", got)
	}
	if !slices.Equal(health, []string{"medical-document"}) {
		t.Errorf("health types %q", health)
	}
}

func TestLookup(t *testing.T) {
	c := MustLoad(t, "")
	for name, want := range map[string]string{
		"id-card": "id-card", "ID_CARD": "id-card", "CNI": "id-card", "Carte Nationale d’Identité": "id-card",
		"RIB": "bank-details", "quittance de loyer": "rent-receipt", "attestation de droits": "health-insurance-certificate",
		"recepisse": "residence-permit", "Titre de Se\u0301jour": "residence-permit", "domiciliation": "administrative-address",
		"attestation d'hébergement": "hosting-certificate", "ASDIR": "tax-notice", "avis d'imposition": "tax-notice",
		"attestation CAF de paiement": "family-benefits-statement", "attestation France Travail": "employment-office-statement",
		"attestation d'enregistrement de demande HLM": "social-housing-registration", "notification MDPH": "disability-notification",
		"CV": "cv", "autre": "other", "diplome": "diploma", "document médical": "medical-document", "bulletin de salaire": "payslip",
		"invoice": "", "": "",
	} {
		got, ok := c.Lookup(name)
		if got.Code != want || ok != (want != "") {
			t.Errorf("Lookup(%q) = %q, %v; want %q", name, got.Code, ok, want)
		}
	}
}

func TestFindSuggests(t *testing.T) {
	c := MustLoad(t, "")
	for name, want := range map[string]string{
		"pasport": "did you mean passport?", "quitance": "did you mean rent-receipt?", "zzzzzzzzzz": "vaultctl type list",
	} {
		if _, err := c.Find(name); vault.CodeOf(err) != vault.CodeInvalid || !strings.Contains(err.Error(), want) {
			t.Errorf("Find(%q): %v", name, err)
		}
	}
	if got, err := c.Find("passeport"); got.Code != "passport" || err != nil {
		t.Errorf("Find = %q, %v", got.Code, err)
	}
}

func TestDefaultExpiry(t *testing.T) {
	c := MustLoad(t, "")
	for _, row := range []struct {
		code   string
		issued vault.Date
		born   vault.BirthDate
		want   vault.Date
	}{
		{"id-card", "2026-03-01", "", "2036-03-01"},
		{"id-card", "2024-02-29", "unknown", "2034-02-28"},
		{"administrative-address", "2026-01-31", "", "2027-01-31"},
		{"passport", "2026-03-01", "1985-01-01", "2036-03-01"},
		{"passport", "2026-03-01", "1985~", "2036-03-01"},
		{"passport", "2026-03-01", "2015-06", "2031-03-01"},
		{"passport", "2026-03-01", "2008-03-01", "2036-03-01"},
		{"passport", "2026-03-01", "2008-03-02", "2031-03-01"},
		{"passport", "2026-03-01", "2008", ""},
		{"passport", "2026-03-01", "2009~", ""},
		{"passport", "2026-03-01", "unknown", ""},
		{"passport", "2026-03-01", "", ""},
		{"residence-permit", "2026-03-01", "", ""},
		{"payslip", "2026-03-01", "", ""},
		{"id-card", "", "", ""},
		{"id-card", "rubbish", "", ""},
	} {
		kind, ok := c.Lookup(row.code)
		if !ok {
			t.Fatalf("no type %s", row.code)
		}
		got, ok := kind.DefaultExpiry(row.issued, row.born)
		if got != row.want || ok != (row.want != "") {
			t.Errorf("%s issued %q, born %q: %q, %v; want %q", row.code, row.issued, row.born, got, ok, row.want)
		}
	}
}

const ownRow = "[[type]]\ncode = \"food-voucher\"\nfr = \"Bon alimentaire\"\nen = \"Food voucher\"\naliases = [\"bon\"]\nvalidity = \"90d\"\n"

func TestOwnFile(t *testing.T) {
	n := len(MustLoad(t, "").List())
	c := MustLoad(t, MustFile(t, "\ufeff"+ownRow+"[[type]]\ncode = \"cv\"\nfr = \"Parcours\"\nen = \"Career\"\nvalidity = \"18mo\"\n"))
	if got := len(c.List()); got != n+1 {
		t.Errorf("%d types, want %d", got, n+1)
	}
	if row, ok := c.Lookup("bon"); !ok || row.Name("fr") != "Bon alimentaire" || row.Name("en") != "Food voucher" {
		t.Errorf("Lookup(bon) = %+v", row)
	}
	cv, _ := c.Lookup("cv")
	if got, _ := cv.DefaultExpiry("2026-01-31", ""); cv.French != "Parcours" || got != "2027-07-31" {
		t.Errorf("cv = %+v, expires %s", cv, got)
	}
	only := MustLoad(t, MustFile(t, "builtin = false\n"+ownRow))
	if got := only.List(); len(got) != 1 || got[0].Code != "food-voucher" {
		t.Errorf("types %+v", got)
	}
}

func TestBadFiles(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"unknown key", ownRow + "validty = \"1y\"\n", `types.toml:7: unknown key "type.validty"`},
		{"unknown top-level key", "buildin = false\n" + ownRow, `types.toml:1: unknown key "buildin"`},
		{"syntax", ownRow + "x = \n", "types.toml:7: "},
		{"wrong kind", ownRow + "health = \"no\"\n", "types.toml:7: "},
		{"bad code", "\n[[type]]\ncode = \"Food\"\nfr = \"a\"\nen = \"b\"\n", "types.toml:2: code must be"},
		{"no name", ownRow + "[[type]]\ncode = \"x\"\nfr = \"a\"\n", "types.toml:7: type x: fr, en and aliases"},
		{"bad period", strings.Replace(ownRow, "90d", "3 months", 1), "types.toml:1: type food-voucher: a period"},
		{"bad day", ownRow + "checked_on = \"2026-02-30\"\n", "checked_on must be YYYY-MM-DD"},
		{"escape in a name", strings.Replace(ownRow, "Bon ", `\u001b[31m`, 1), "must be printable"},
		{"twice", ownRow + ownRow, "types.toml:7: type food-voucher appears twice"},
		{"alias of another", strings.Replace(ownRow, `"bon"`, `"rib"`, 1), `types.toml:1: "`},
		{"nothing left", "builtin = false\n", "no document type at all"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Load(MustFile(t, c.text))
			if vault.CodeOf(err) != vault.CodeInvalid || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v\nwant %s", err, c.want)
			}
		})
	}
	if _, err := Load(filepath.Join(t.TempDir(), "absent.toml")); vault.CodeOf(err) != vault.CodeInvalid {
		t.Errorf("absent file: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(ownRow))
	f.Add(builtin)
	f.Add([]byte("type = [{code = \"x\", fr = \"a\", en = \"b\"}]"))
	base, err := parse("built-in", builtin)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		own, err := parse("own.toml", text)
		if err != nil {
			return
		}
		c, err := merge("own.toml", base, own)
		if err != nil {
			return
		}
		for _, row := range c.List() {
			if got, ok := c.Lookup(row.Code); !ok || got.Code != row.Code {
				t.Errorf("type %q is listed but not found", row.Code)
			}
		}
	})
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		MustLoad(b, "")
	}
}
