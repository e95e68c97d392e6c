package procedure

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vaultctl/internal/catalogue"
	"vaultctl/internal/vault"
)

// MustFile writes a file of procedures and returns its path.
func MustFile(tb testing.TB, text string) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "procedures.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}

func TestBuiltin(t *testing.T) {
	table, err := Load("", MustTypes(t))
	if err != nil {
		t.Fatal(err)
	}
	var codes []string
	for _, p := range table.List() {
		codes = append(codes, p.Code)
		if p.Source == "" {
			t.Errorf("%s: no source", p.Code)
		}
		for _, piece := range p.Pieces {
			if (piece.NoteFrench == "") != (piece.NoteEnglish == "") {
				t.Errorf("%s %s: a note in one language", p.Code, piece.Code)
			}
		}
	}
	want := []string{"ame", "aspa", "c2s", "dalo", "domiciliation", "housing-benefit", "id-renewal", "rsa", "social-housing"}
	if !slices.Equal(codes, want) {
		t.Errorf("codes %q", codes)
	}
	for name, want := range map[string]string{"RSA": "rsa", "apl": "housing-benefit", "Hlm": "social-housing", "aide medicale d etat": "ame", "élection de domicile": "domiciliation"} {
		if p, err := table.Find(name); err != nil || p.Code != want {
			t.Errorf("Find(%q) = %v, %v", name, p, err)
		}
	}
	rsa, err := table.Find("rsa")
	if err != nil {
		t.Fatal(err)
	}
	address := rsa.Pieces[len(rsa.Pieces)-1]
	if address.MaxAges["proof-of-address"] != "1y" || address.MaxAges["hosting-certificate"] != "3mo" || address.MaxAges["administrative-address"] != "" {
		t.Errorf("ages %v", address.MaxAges)
	}
}

func TestFindSuggests(t *testing.T) {
	table, err := Load("", MustTypes(t))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"rza": "did you mean rsa?", "domicilation": "did you mean domiciliation?", "wxyzwxyz": "vaultctl procedure list"} {
		if _, err := table.Find(name); vault.CodeOf(err) != vault.CodeInvalid || !strings.Contains(err.Error(), want) {
			t.Errorf("Find(%q): %v", name, err)
		}
	}
}

const ownHead = "[[procedure]]\ncode = \"school\"\nfr = \"Inscription\"\nen = \"School\"\n"
const ownPiece = "[[procedure.piece]]\ncode = \"address\"\nfr = \"Adresse\"\nen = \"Address\"\nany_of = [\"proof-of-address\", \"RIB\"]\n"

func TestOwnFile(t *testing.T) {
	types := MustTypes(t)
	base, err := Load("", types)
	if err != nil {
		t.Fatal(err)
	}
	table, err := Load(MustFile(t, "\ufeff"+ownHead+ownPiece+strings.NewReplacer("school", "rsa", "Inscription", "RSA", "School", "RSA").Replace(ownHead)+"aliases = [\"revenu\"]\n"+ownPiece), types)
	if err != nil {
		t.Fatal(err)
	}
	if len(table.List()) != len(base.List())+1 {
		t.Errorf("%d procedures", len(table.List()))
	}
	p, err := table.Find("revenu")
	if err != nil || len(p.Pieces) != 1 || !slices.Equal(p.Pieces[0].AnyOf, []string{"proof-of-address", "bank-details"}) {
		t.Errorf("%+v, %v", p, err)
	}
	alone, err := Load(MustFile(t, "builtin = false\n"+ownHead+ownPiece), types)
	if err != nil || len(alone.List()) != 1 {
		t.Errorf("%v, %v", alone, err)
	}
}

// TestTypesLeftOut: an organization with types of its own alone can still load the built-in procedures.
func TestTypesLeftOut(t *testing.T) {
	path := filepath.Join(t.TempDir(), "types.toml")
	if err := os.WriteFile(path, []byte("builtin = false\n[[type]]\ncode = \"payslip\"\nfr = \"a\"\nen = \"b\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	types, err := catalogue.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	table, err := Load("", types)
	if err != nil {
		t.Fatal(err)
	}
	rsa, err := table.Find("rsa")
	if err != nil {
		t.Fatal(err)
	}
	if r := Check(rsa, []Paper{{ID: "a", Type: "id-card"}}, "2026-11-22", 30); r.Complete || r.Pieces[0].State != Missing {
		t.Errorf("%+v", r.Pieces[0])
	}
}

func TestBadFiles(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"unknown key", ownHead + "piece_of = 1\n", `procedures.toml:5: unknown key "procedure.piece_of"`},
		{"unknown key in a piece", ownHead + ownPiece + "maxage = \"1y\"\n", `procedures.toml:10: unknown key "procedure.piece.maxage"`},
		{"unknown type", ownHead + strings.Replace(ownPiece, "RIB", "rent-receit", 1), `procedures.toml:9: piece address: no document type "rent-receit"; did you mean rent-receipt?`},
		{"unknown type on its own line", ownHead + strings.Replace(ownPiece, "\"RIB\"", "\n\n\"zzzzzzz\"", 1), `procedures.toml:11: piece address: no document type "zzzzzzz"`},
		{"a type twice", ownHead + strings.Replace(ownPiece, "RIB", "facture", 1), "procedures.toml:9: piece address: type proof-of-address appears twice"},
		{"a code twice", ownHead + ownPiece + ownHead + ownPiece, "procedures.toml:10: procedure school appears twice"},
		{"a piece twice", ownHead + ownPiece + ownPiece, "procedures.toml:10: piece address appears twice in school"},
		{"a name of two", ownHead + "aliases = [\"rsa\"]\n" + ownPiece, `procedures.toml:1: "`},
		{"bad age", ownHead + ownPiece + "max_age = \"3 months\"\n", "procedures.toml:10: piece address: max_age is written like"},
		{"bad age of a type", ownHead + ownPiece + "max_ages = { RIB = \"\" }\n", "piece address: max_age is written like"},
		{"age of another type", ownHead + ownPiece + "max_ages = { passport = \"1y\" }\n", "procedures.toml:10: piece address: max_ages names passport, which any_of does not"},
		{"age of no type", ownHead + ownPiece + "max_ages = { pasport = \"1y\" }\n", `procedures.toml:10: piece address: no document type "pasport"`},
		{"bad least age", ownHead + ownPiece + "min_age = \"none\"\n", "procedures.toml:10: piece address: min_age is written like"},
		{"a series with an age", ownHead + ownPiece + "months = 3\nmax_age = \"1y\"\n", "procedures.toml:10: piece address: a series of months has neither count nor ages"},
		{"too many months", ownHead + ownPiece + "months = 37\n", "procedures.toml:10: piece address: months must be 1 to 36"},
		{"count", ownHead + ownPiece + "count = -1\n", "procedures.toml:10: piece address: count must be 1 to 20"},
		{"a condition in one language", ownHead + ownPiece + "if_fr = \"si\"\n", "procedures.toml:5: piece address: if_fr and if_en go together"},
		{"no type", ownHead + strings.Replace(ownPiece, "\"proof-of-address\", \"RIB\"", "", 1), "procedures.toml:5: piece address: any_of names no type"},
		{"no piece", ownHead, "procedures.toml:1: procedure school must ask for 1 to 100 pieces"},
		{"no name", "[[procedure]]\ncode = \"x\"\nfr = \"a\"\n" + ownPiece, "procedures.toml:1: procedure x: fr, en and aliases"},
		{"bad code", "\n[[procedure]]\ncode = \"X Y\"\nfr = \"a\"\nen = \"b\"\n" + ownPiece, "procedures.toml:2: code must be"},
		{"bad day", ownHead + "checked_on = \"2026-02-30\"\n" + ownPiece, "checked_on must be YYYY-MM-DD"},
		{"escape in a name", ownHead + strings.Replace(ownPiece, "Adresse", `\u001b[31m`, 1), "must be printable"},
		{"syntax", ownHead + "x = \n", "procedures.toml:5: "},
		{"wrong kind", ownHead + ownPiece + "count = \"two\"\n", "procedures.toml:10: "},
		{"nothing left", "builtin = false\n", "no procedure at all"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Load(MustFile(t, c.text), MustTypes(t))
			if vault.CodeOf(err) != vault.CodeInvalid || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v\nwant %s", err, c.want)
			}
		})
	}
	if _, err := Load(filepath.Join(t.TempDir(), "absent.toml"), MustTypes(t)); vault.CodeOf(err) != vault.CodeInvalid {
		t.Errorf("absent file: %v", err)
	}
}

// FuzzParse: whatever a file says, it is refused or can be asked about: every procedure is found by its code, and papers are
// judged without contradiction.
func FuzzParse(f *testing.F) {
	f.Add([]byte(ownHead+ownPiece), "payslip", "2026-10-31", "2026-12-31", "2026-10")
	f.Add(builtin, "id-card", "2024-02-29", "", "2026")
	f.Add([]byte("procedure = [{code = \"x\", fr = \"a\", en = \"b\", piece = [{code = \"y\", fr = \"a\", en = \"b\", any_of = [\"cv\"], months = 2}]}]"), "cv", "", "", "")
	types := MustTypes(f)
	f.Fuzz(func(t *testing.T, text []byte, kind, issued, expires, period string) {
		own, err := parse("own.toml", text)
		if err != nil {
			return
		}
		table, err := index("own.toml", own, types)
		if err != nil {
			return
		}
		paper := Paper{ID: "a", Type: kind}
		if d, err := vault.ParseDate(issued, "2026-11-22"); err == nil {
			paper.IssuedOn = d
		}
		if d, err := vault.ParseDate(expires, "2026-11-22"); err == nil {
			paper.ExpiresOn = d
		}
		if p, err := vault.ParsePeriod(period); err == nil {
			paper.Period = p
		}
		for _, p := range table.List() {
			if found, err := table.Find(p.Code); err != nil || found.Code != p.Code {
				t.Errorf("procedure %q is listed but not found: %v", p.Code, err)
			}
			consistent(t, &p, Check(&p, []Paper{paper, {ID: "b", Type: kind, Period: period}}, "2026-11-22", 30))
		}
	})
}

// consistent holds a result against itself.
func consistent(t *testing.T, p *Procedure, r Result) {
	t.Helper()
	complete := true
	for i, f := range r.Pieces {
		there := f.State == Present || f.State == Expiring
		complete = complete && (there || !p.Pieces[i].Required())
		for _, u := range f.Unfit {
			if slices.Contains(f.Documents, u.ID) || slices.Contains(f.Others, u.ID) {
				t.Errorf("%s will do and will not", u.ID)
			}
		}
		if there && len(f.Documents) == 0 || there && len(f.Absent) > 0 || there && f.Until != "" && f.Until < "2026-11-22" {
			t.Errorf("%+v", f)
		}
	}
	if r.Complete != complete {
		t.Errorf("complete %v, pieces say %v", r.Complete, complete)
	}
}
