package manifest

import (
	"slices"
	"strings"
	"testing"

	"vaultctl/internal/vault"
)

func TestJSONLines(t *testing.T) {
	s := MustOpen(t, MustWrite(t, t.TempDir(), "p.jsonl", "\uFEFF"+
		`{"ref":["SI:1","CAF:2"],"family_name":"Dupré","aliases":["Z","Zouzou"],"born":1985,"read_aloud":null,"bureau":3}`+"\r\n"+
		"\r\n"+
		`{"Référence":"SI:2","Nom":"Ba","consent_to":"team:A","consent_purpose":"case-file","consent_verbal":true}`+"\n"), Options{})
	if s.Kind() != People || s.Columns() != nil {
		t.Errorf("%s, %q", s.Kind(), s.Columns())
	}
	rows := MustRows(t, s)
	for i, want := range []string{
		`{"row":1,"person":{"family_name":"Dupré","aliases":["Z","Zouzou"],"born":"1985","refs":["SI:1","CAF:2"]}}`,
		`{"row":3,"person":{"family_name":"Ba","refs":["SI:2"]},"consent":{"to":"team:A","purpose":"case-file","verbal":true}}`,
	} {
		wantErr(t, rows[i].Err, "", "")
		if got := MustJSON(t, rows[i].Person.PersonRow); got != want {
			t.Errorf("got %s", got)
		}
	}
	if want := []string{"columns that are not known and not read: bureau"}; !slices.Equal(s.Notes(), want) {
		t.Errorf("notes %q", s.Notes())
	}
}

func TestJSONLinesRefused(t *testing.T) {
	good := `{"path":"a.pdf","beneficiary":"SI:1","type":"rib"}`
	for _, tc := range []struct{ name, line, part string }{
		{"not JSON", `{"path":"a.pdf",`, "not a JSON object"},
		{"array", `["a.pdf"]`, "not a JSON object"},
		{"two objects", good + good, "not a JSON object"},
		{"key twice", `{"path":"a.pdf","path":"b.pdf","beneficiary":"SI:1","type":"rib"}`, "not a JSON object with each key once"},
		{"column twice", `{"path":"a.pdf","chemin":"b.pdf","beneficiary":"SI:1","type":"rib"}`, "several columns for path"},
		{"not UTF-8", "{\"path\":\"\x00\"}", "not a JSON object"},
		{"object", `{"path":{"a":1},"beneficiary":"SI:1","type":"rib"}`, "column path: an object where a text is expected"},
		{"list of lists", `{"path":"a.pdf","beneficiary":[["SI:1"]],"type":"rib"}`, "column beneficiary: a list holds texts"},
		{"list with a bar", `{"path":"a.pdf","beneficiary":["SI:1|2"],"type":"rib"}`, "column beneficiary: a list holds texts"},
		{"NUL", `{"path":"a\u0000.pdf","beneficiary":"SI:1","type":"rib"}`, "column path: a cell with a NUL byte"},
		{"big number", `{"path":"a.pdf","beneficiary":1.85E+12,"type":"rib"}`, "column beneficiary: a number in scientific notation"},
		{"missing", `{"path":"a.pdf","type":"rib"}`, "column beneficiary: the cell is empty"},
		{"long", `{"path":"a.pdf","beneficiary":"SI:1","type":"rib","note":"` + strings.Repeat("x", 300<<10) + `"}`, "line 2 is longer than 262144 bytes"},
		{"long cell", `{"path":"a.pdf","beneficiary":"SI:1","type":"rib","note":"` + strings.Repeat("x", 30<<10) + `"}`, "column note: a cell of more than 20000 bytes"},
		{"deep", strings.Repeat(`{"a":`, 20_000), "not a JSON object"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			rows := MustRead(t, "m.jsonl", good+"\n"+tc.line+"\n"+good+"\n", Options{})
			if len(rows) != 3 || rows[1].Number != 2 {
				t.Fatalf("%d rows", len(rows))
			}
			wantErr(t, rows[1].Err, vault.CodeInvalid, tc.part)
			wantErr(t, rows[2].Err, "", "")
		})
	}
}

func TestJSONLinesWithMap(t *testing.T) {
	m := MustMap(t, "[columns]\nref = \"num\"\nfamily_name = [\"particule\", \"nom\"]\n[file]\nkind = \"people\"\nsource = \"SI\"\n")
	rows := MustRead(t, "p.ndjson", `{"nom":"Dupré","num":4711,"particule":"de"}`+"\n", Options{Map: m})
	wantErr(t, rows[0].Err, "", "")
	if got := MustJSON(t, rows[0].Person.Person); got != `{"family_name":"de Dupré","refs":["SI:4711"]}` {
		t.Errorf("got %s", got)
	}
}
