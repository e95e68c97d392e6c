package manifest

import (
	"path/filepath"
	"testing"

	"golang.org/x/text/encoding/charmap"

	"vaultctl/internal/vault"
)

// The nightly export of a city: Windows-1252, semicolons, its own headers.
func TestMapOfACity(t *testing.T) {
	m := MustMap(t, `# Export of the city's software
[columns]
ref = "Numéro d'identification"
family_name = ["Particule", "Nom"]
given_name = "Prénom"
born = "Date naissance"
consent_verbal = "Accord"

[values.consent_verbal]
"Accord oral" = "oui"
"-" = ""

[values.language]
"Français" = "fr"

[defaults]
consent_to = "team:Accueil"
consent_purpose = "case-file"

[dates]
formats = ["DD/MM/YYYY", "D.M.YY"]
pivot = 26

[file]
source = "SI"
kind = "people"
skip_rows = 1
`)
	text := MustEncode(t, charmap.Windows1252, "Extraction du 22/11/2026\r\n"+
		"Numéro d'identification;Nom;Prénom;Date naissance;Particule;Accord;Langue;id\r\n"+
		"004711;Dupré;Zoé;14/03/1985;de;ACCORD ORAL;français;9\r\n"+
		"4712;Ba;;1.2.85;;-;;\r\n"+
		"4713;Ly;;14-03-1985;;;;\r\n")
	rows := MustRead(t, "nuit.csv", text, Options{Map: m})
	for i, want := range []string{
		`{"row":3,"person":{"family_name":"de Dupré","given_name":"Zoé","born":"1985-03-14","language":"fr","refs":["SI:004711"]},"consent":{"to":"team:Accueil","purpose":"case-file","verbal":true}}`,
	} {
		wantErr(t, rows[i].Err, "", "")
		if got := MustJSON(t, rows[i].Person.PersonRow); got != want {
			t.Errorf("got %s", got)
		}
	}
	wantErr(t, rows[1].Err, vault.CodeInvalid, "column consent_evidence: a consent needs evidence")
	if got := value(rows[1].Person.Person.Born); got != "1985-02-01" {
		t.Errorf("born %q", got)
	}
	wantErr(t, rows[2].Err, vault.CodeInvalid, "column born: not a date in a format of the map")
}

func TestMapDefaultsStandForColumns(t *testing.T) {
	m := MustMap(t, "[columns]\npath = \"Fichier PDF\"\n[defaults]\ntype = \"rib\"\n[file]\nsource = \"SI\"\n")
	rows := MustRead(t, "m.csv", "Fichier PDF,usager\na.pdf,1\n", Options{Map: m})
	wantErr(t, rows[0].Err, "", "")
	if d := rows[0].Document; *d.Fields.Type != "rib" || d.Beneficiary != "ref:SI:1" {
		t.Errorf("got %+v", d.ImportRow)
	}
	// The flag beats the file.
	rows = MustRead(t, "m.csv", "Fichier PDF,usager\na.pdf,1\n", Options{Map: m, Source: "CAF"})
	if got := rows[0].Document.Beneficiary; got != "ref:CAF:1" {
		t.Errorf("got %q", got)
	}
}

func TestMapAgainstTable(t *testing.T) {
	m := MustMap(t, "[columns]\npath = \"Fichier PDF\"\n")
	_, err := Open(MustWrite(t, t.TempDir(), "m.csv", "path;beneficiary;type\n"), Options{Map: m})
	wantErr(t, err, vault.CodeInvalid, "the map names a column that the table does not have: Fichier PDF; the columns are path, beneficiary, type")
}

func TestMapRefuses(t *testing.T) {
	for _, tc := range []struct{ name, text, part string }{
		{"syntax", "[columns]\nref = \n", "map, line 2: "},
		{"unknown table", "\n[column]\nref = \"a\"\n", `map, line 2: unknown key "column"`},
		{"unknown key", "[file]\nseparator = \";\"\nencodng = \"utf-8\"\n", `map, line 3: unknown key "file.encodng"`},
		{"unknown column", "[columns]\n\n\"familly_name\" = \"Nom\"\n", `map, line 3: no column "familly_name"; did you mean family_name?`},
		{"column of the other kind", "[file]\nkind = \"documents\"\n[columns]\nborn = \"x\"\n", `map, line 4: no column "born"`},
		{"column of values", "[values.typ]\na = \"b\"\n", `no column "typ"; did you mean type?`},
		{"column of defaults", "[defaults]\nzzzzzz = \"b\"\n", `map, line 2: no column "zzzzzz"`},
		{"header twice", "[columns]\ngiven_name = \"Nom\"\nfamily_name = \"NOM\"\n", "map, line 2: the header of given_name is that of family_name as well"},
		{"no header", "[columns]\ngiven_name = []\n", "map, line 2: a column is mapped to a header"},
		{"number for header", "[columns]\ngiven_name = 3\n", "map, line 2: a column is mapped to a header"},
		{"words that are equal", "[values.type]\n\"R.I.B.\" = \"a\"\n\"r i b\" = \"b\"\n", "another word that is compared as equal"},
		{"kind", "[file]\nkind = \"things\"\n", "map, line 2: the kind is documents or people"},
		{"separator", "[file]\nseparator = \"ab\"\n", "map, line 2: a separator is one character, or tab"},
		{"encoding", "[file]\nencoding = \"ebcdic\"\n", `map, line 2: no encoding "ebcdic"`},
		{"skip", "[file]\nskip_rows = -1\n", "map, line 2: skip_rows is between 0 and 1000"},
		{"source", "[file]\nsource = \"S I\"\n", "map, line 2: a system is made of letters"},
		{"format", "[dates]\nformats = [\"DD/MM\"]\n", "map, line 2: a date format has YYYY"},
		{"format of words", "[dates]\nformats = [\"DD month YYYY\"]\n", "map, line 2: a date format has YYYY"},
		{"no pivot", "[dates]\nformats = [\"DD/MM/YY\"]\n", "map, line 2: two-digit years need a pivot"},
		{"pivot", "[dates]\npivot = 100\n", "map, line 2: the pivot is"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := ReadMap(MustWrite(t, t.TempDir(), "map.toml", tc.text))
			wantErr(t, err, vault.CodeInvalid, tc.part)
		})
	}
	_, err := ReadMap(filepath.Join(t.TempDir(), "absent.toml"))
	wantErr(t, err, vault.CodeNotFound, "no such file")
}

func TestDateFormats(t *testing.T) {
	pivot := 30
	for _, tc := range []struct{ format, in, want string }{
		{"DD/MM/YYYY", "14/03/1985", "1985-03-14"},
		{"DD/MM/YYYY", "4/03/1985", ""},
		{"D/M/YYYY", "4/3/1985", "1985-03-04"},
		{"D/M/YYYY", "14/03/1985", "1985-03-14"},
		{"MM/DD/YYYY", "03/25/2025", "2025-03-25"},
		{"DD.MM.YY", "14.03.30", "2030-03-14"},
		{"DD.MM.YY", "14.03.31", "1931-03-14"},
		{"YYYYMMDD", "19850314", "1985-03-14"},
		{"DDMMYYYY", "31021985", ""},
		{"DD/MM/YYYY HH:mm:ss", "14/03/1985 00:00:00", "1985-03-14"},
		{"DD/MM/YYYY", "14/03/1985 00:00", ""},
	} {
		f, err := newDateFormat(tc.format, &pivot)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := f.parse(tc.in); got != tc.want || ok != (tc.want != "") {
			t.Errorf("%s: %q gives %q", tc.format, tc.in, got)
		}
	}
}

// A day that two formats of the map read differently is not guessed, nor is one in our own format.
func TestDateFormatsAreNotGuessed(t *testing.T) {
	m := MustMap(t, "[dates]\nformats = [\"DD/MM/YYYY\", \"MM/DD/YYYY\"]\n")
	text := "ref;born\nSI:1;03/04/1985\nSI:2;03/25/1985\nSI:3;04/04/1985\n"
	rows := MustRead(t, "p.csv", text, Options{Map: m})
	wantErr(t, rows[0].Err, vault.CodeInvalid, "two formats of the map read it")
	if a, b := value(rows[1].Person.Person.Born), value(rows[2].Person.Person.Born); a != "1985-03-25" || b != "1985-04-04" {
		t.Errorf("got %q, %q", a, b)
	}
	american := MustMap(t, "[dates]\nformats = [\"MM/DD/YYYY\"]\n")
	rows = MustRead(t, "p.csv", "ref;born\nSI:1;25/03/1985\n", Options{Map: american})
	wantErr(t, rows[0].Err, vault.CodeInvalid, "not a date in a format of the map")
}
