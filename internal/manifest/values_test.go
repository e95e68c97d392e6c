package manifest

import (
	"encoding/json"
	"strings"
	"testing"

	"vaultctl/internal/vault"
)

func TestDays(t *testing.T) {
	for _, tc := range []struct{ in, want, part string }{
		{"2025-03-14", "2025-03-14", ""},
		{"14/03/2025", "2025-03-14", ""},
		{" 14/03/2025 ", "2025-03-14", ""},
		{"03/25/2025", "", "there is no month 25; DD/MM/YYYY and YYYY-MM-DD are read, MM/DD/YYYY is not"},
		{"31/02/2025", "", "of a day that exists"},
		{"2025-02-30", "", "not a date: write YYYY-MM-DD or DD/MM/YYYY"},
		{"4/3/2025", "", "with two digits for day and month"},
		{"14/03/25", "", "not a date: write YYYY-MM-DD or DD/MM/YYYY"},
		{"14.03.2025", "", "not a date"},
		{"45731", "", "not a date"},
		{"1,85E+12", "", "scientific notation"},
		{"1.85E+12", "", "scientific notation"},
		{"demain", "", "not a date"},
	} {
		r := valueReader{cell: func(string) string { return strings.TrimSpace(tc.in) }, today: "2026-11-22"}
		got := r.day("issued_on")
		wantErr(t, r.err, vault.CodeInvalid, tc.part)
		if tc.part == "" && *got != tc.want {
			t.Errorf("%q: %q", tc.in, *got)
		}
		if r.err != nil && tc.in != "demain" && strings.Contains(r.err.Error(), tc.in) {
			t.Errorf("the message repeats the value: %v", r.err)
		}
	}
}

func TestBorn(t *testing.T) {
	for _, tc := range []struct{ in, want, part string }{
		{"1985-03-14", "1985-03-14", ""},
		{"14/03/1985", "1985-03-14", ""},
		{"1985-03", "1985-03", ""},
		{"1985", "1985", ""},
		{"1985~", "1985~", ""},
		{"unknown", "unknown", ""},
		{"Inconnue", "unknown", ""},
		{"03/25/1985", "", "there is no month 25"},
		{"1,98E+03", "", "scientific notation"},
		{"2031", "", "not a plausible year"},
		{"85", "", "not a date of birth"},
	} {
		r := valueReader{cell: func(string) string { return tc.in }, today: "2026-11-22"}
		got := r.born("born")
		wantErr(t, r.err, vault.CodeInvalid, tc.part)
		if tc.part == "" && *got != tc.want {
			t.Errorf("%q: %q", tc.in, *got)
		}
	}
}

func TestTruth(t *testing.T) {
	for in, want := range map[string]bool{"oui": true, "OUI": true, "yes": true, "1": true, "x": true, "X": true, "true": true,
		"non": false, "no": false, "0": false, "FALSE": false, "Faux": false} {
		if got, ok := truth(in); !ok || got != want {
			t.Errorf("%q: %v, %v", in, got, ok)
		}
	}
	rows := MustRead(t, "m.csv", "path,beneficiary,type,original_seen\na.pdf,SI:1,rib,peut-être\n", Options{})
	wantErr(t, rows[0].Err, vault.CodeInvalid, "column original_seen: neither yes nor no")
}

func TestScientific(t *testing.T) {
	for text, want := range map[string]bool{"1,85E+12": true, "1.85E+12": true, "1E+12": true, "-1,8e-05": true, "12E5": false,
		"1850012345678": false, "AE+12": false, "": false} {
		if scientific().MatchString(text) != want {
			t.Errorf("%q is not %v", text, want)
		}
	}
}

func TestPages(t *testing.T) {
	for text, want := range map[string]string{"1-3,5": "1-3,5", "2": "2", "1 - 3 ; 5": "1-3,5", "4-": "4-", "1–2": "1-2",
		"12 pages": "", "recto": "", "1,,2": "", "-3": "", "": ""} {
		if got := pages(text); got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
}

// MustJSON returns a value as JSON, to be compared and read.
func MustJSON(tb testing.TB, v any) string {
	tb.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		tb.Fatal(err)
	}
	return string(b)
}

func TestDocumentRow(t *testing.T) {
	rows := MustRead(t, "m.csv", "Chemin;Bénéficiaire;Type de pièce;Identifiant source;Émis le;Expire le;Période;Titre;Titulaire;Pages;Espace;Original vu;Remarque;Reçu le;service\n"+
		`scans\a.pdf;SI: 4711;Carte d'identité;GED-12;14/03/2025;none;03/2025;Recto;Zoé Dupré;1-3, 5;privé;x;illisible;22/11/2026;nord`+"\n"+
		"b.pdf;ref:SI:4711;rib;;;;2025;;;12 pages;partagé;non;;;\n", Options{})
	for i, want := range []string{
		`{"row":2,"beneficiary":"ref:SI:4711","fields":{"type":"Carte d'identité","title":"Recto","holder":"Zoé Dupré","issued_on":"2025-03-14","expires_on":"","period":"2025-03","pages":"1-3,5","note":"illisible","original_seen":true,"source_id":"GED-12","received_on":"2026-11-22"},"private":true,"file_name":"a.pdf","size":-1,"split":"1-3,5"}`,
		`{"row":3,"beneficiary":"ref:SI:4711","fields":{"type":"rib","period":"2025","pages":"12 pages","original_seen":false},"file_name":"b.pdf","size":-1}`,
	} {
		wantErr(t, rows[i].Err, "", "")
		if got := MustJSON(t, rows[i].Document.ImportRow); got != want {
			t.Errorf("got %s", got)
		}
	}
	if rows[0].Document.Path != `scans\a.pdf` {
		t.Errorf("path %q", rows[0].Document.Path)
	}
}

func TestBeneficiary(t *testing.T) {
	id := string(vault.NewBeneficiaryID("x"))
	wrong := id[:5] + "z" + id[6:]
	if wrong == id {
		wrong = id[:5] + "y" + id[6:]
	}
	for _, tc := range []struct{ in, source, want, part string }{
		{id, "", id, ""},
		{id, "SI", id, ""},
		{wrong, "", "", ""},
		{"ref:SI:4711", "", "ref:SI:4711", ""},
		{"SI:4711", "", "ref:SI:4711", ""},
		{"SI : 47:11", "", "ref:SI:47:11", ""},
		{"4711", "SI", "ref:SI:4711", ""},
		{"CAF:4711", "SI", "ref:CAF:4711", ""},
		{"4711", "", "", "give --source SYSTEM"},
		{"Zoé Dupré", "", "", "give --source SYSTEM"},
		{"é è:1", "SI", "", "a reference is SYSTEM:ID"},
		{"SI:", "", "", "a reference is SYSTEM:ID"},
	} {
		b := builder{source: tc.source}
		got, err := b.beneficiary(tc.in)
		if tc.in == wrong {
			if err == nil {
				t.Errorf("a mistyped id passed as %q", got)
			}
			continue
		}
		wantErr(t, err, vault.CodeInvalid, tc.part)
		if got != tc.want {
			t.Errorf("%q: %q", tc.in, got)
		}
	}
}
