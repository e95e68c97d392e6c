package manifest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"vaultctl/internal/vault"
)

// MustEncode writes text in an encoding.
func MustEncode(tb testing.TB, e encoding.Encoding, text string) string {
	tb.Helper()
	out, err := e.NewEncoder().String(text)
	if err != nil {
		tb.Fatal(err)
	}
	return out
}

// The same table in every dialect and encoding gives the same rows.
func TestDialects(t *testing.T) {
	plain := "chemin;bénéficiaire;type;titre\r\na.pdf;SI:1;rib;Relevé d'Anaïs\r\nb.pdf;SI:2;rib;\r\n"
	with := func(sep string) string { return strings.ReplaceAll(plain, ";", sep) }
	for name, text := range map[string]string{
		"semicolon":      plain,
		"comma":          with(","),
		"tab":            with("\t"),
		"pipe":           with("|"),
		"lf":             strings.ReplaceAll(plain, "\r\n", "\n"),
		"cr":             strings.ReplaceAll(plain, "\r\n", "\r"),
		"no last end":    strings.TrimSuffix(plain, "\r\n"),
		"sep line":       "sep=;\r\n" + plain,
		"quoted sep":     "\"sep=,\"\r\n" + with(","),
		"bom":            "\uFEFF" + plain,
		"bom and sep":    "\uFEFFsep=\t\r\n" + with("\t"),
		"quoted":         "\"chemin\";\"bénéficiaire\";\"type\";\"titre\"\r\n\"a.pdf\";\"SI:1\";\"rib\";\"Relevé d'Anaïs\"\r\n\"b.pdf\";\"SI:2\";\"rib\";\"\"\r\n",
		"spaces":         "chemin, bénéficiaire, type, titre\n a.pdf , \"SI:1\", rib, Relevé d'Anaïs\nb.pdf, SI:2, rib,\n",
		"empty rows":     "\r\n" + strings.ReplaceAll(plain, "\r\n", "\r\n;;;\r\n\r\n") + ";;;\r\n;;;\r\n   \r\n",
		"trailing cells": strings.ReplaceAll(plain, "\r\n", ";;\r\n"),
		"short row":      strings.Replace(plain, "rib;\r\n", "rib\r\n", 1),
		"utf-16le bom":   MustEncode(t, unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), plain),
		"utf-16be bom":   MustEncode(t, unicode.UTF16(unicode.BigEndian, unicode.UseBOM), plain),
		"utf-16le":       MustEncode(t, unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), plain),
		"utf-16be":       MustEncode(t, unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), plain),
		"windows-1252":   MustEncode(t, charmap.Windows1252, plain),
		"iso-8859-15":    MustEncode(t, charmap.ISO8859_15, plain),
	} {
		t.Run(name, func(t *testing.T) {
			rows := MustRead(t, "m.csv", text, Options{})
			var got []string
			for _, r := range rows {
				wantErr(t, r.Err, "", "")
				got = append(got, r.Document.Path+" "+r.Document.Beneficiary+" "+*r.Document.Fields.Type+" "+value(r.Document.Fields.Title))
			}
			want := []string{"a.pdf ref:SI:1 rib Relevé d'Anaïs", "b.pdf ref:SI:2 rib "}
			if !slices.Equal(got, want) {
				t.Errorf("got %q", got)
			}
		})
	}
}

func TestEncodings(t *testing.T) {
	header := "ref;nom\n"
	for _, tc := range []struct{ name, text, note, want string }{
		{"windows-1252", "SI:1;Lef\xE8vre \x96 d\x92Aube \x9Cuf\n", "windows-1252", "Lefèvre – d’Aube œuf"},
		{"iso-8859-15", "SI:1;C\xBDur de Cr\xE9cy\n", "iso-8859-15", "Cœur de Crécy"},
		{"euro", "SI:1;12 \xA4\n", "iso-8859-15", "12 €"},
		{"fraction", "SI:1;b\xE2t. 3 \xBD\n", "windows-1252", "bât. 3 ½"},
		{"late", strings.Repeat("SI:1;Martin\n", 20_000) + "SI:2;No\xEBl\n", "windows-1252", "Noël"},
		{"utf-8", "SI:1;Noël\n", "", "Noël"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := MustOpen(t, MustWrite(t, t.TempDir(), "m.csv", header+tc.text), Options{})
			rows := MustRows(t, s)
			last := rows[len(rows)-1]
			wantErr(t, last.Err, "", "")
			if got := *last.Person.Person.FamilyName; got != tc.want {
				t.Errorf("got %q", got)
			}
			if noted := slices.Contains(s.Notes(), "encoding found: "+tc.note); noted != (tc.note != "") {
				t.Errorf("notes: %q", s.Notes())
			}
		})
	}
}

// One wrong byte in a UTF-8 file spoils its row and garbles no other.
func TestMixedEncoding(t *testing.T) {
	rows := MustRead(t, "m.csv", "ref;nom\nSI:1;Noël\nSI:2;Zoé\nSI:3;No\xEBl\nSI:4;Anaïs\n", Options{})
	for i, r := range rows {
		if i == 2 {
			wantErr(t, r.Err, vault.CodeInvalid, "characters that the encoding of the file does not have")
			continue
		}
		wantErr(t, r.Err, "", "")
	}
	if got := *rows[3].Person.Person.FamilyName; got != "Anaïs" {
		t.Errorf("got %q", got)
	}
}

func TestUnknownEncoding(t *testing.T) {
	text := "ref;nom\nSI:1;Andr\x8E \x8F\n" // Macintosh
	_, err := Open(MustWrite(t, t.TempDir(), "m.csv", text), Options{})
	wantErr(t, err, vault.CodeInvalid, "neither UTF-8 nor Windows-1252")
	rows := MustRead(t, "m.csv", text, Options{Map: MustMap(t, "[file]\nencoding = \"macintosh\"\n")})
	if got := *rows[0].Person.Person.FamilyName; got != "André è" {
		t.Errorf("got %q", got)
	}
}

// A quote that is left open spoils its row alone.
func TestOpenQuotes(t *testing.T) {
	head := "path;beneficiary;type;note\n"
	good := func(n int) string { return fmt.Sprintf("ok%d.pdf;SI:%d;rib;\n", n, n) }
	for _, tc := range []struct {
		name, text string
		bad        map[int64]string // row number to message
		good       []string         // paths
	}{
		{"plain cells after it", "a.pdf;\"SI:1;rib;\n" + good(1) + good(2), map[int64]string{2: "line 2: a quote"}, []string{"ok1.pdf", "ok2.pdf"}},
		{"quoted cells after it", "a.pdf;\"SI:1;rib;\nb.pdf;\"SI:2\";rib;\"x\"\n" + good(2), map[int64]string{2: "line 2: a quote"}, []string{"b.pdf", "ok2.pdf"}},
		{"at the end", good(1) + "a.pdf;SI:1;rib;\"x", map[int64]string{3: "line 3: a quote"}, []string{"ok1.pdf"}},
		{"opened in the second line", "a.pdf;SI:1;\"r\nib\";\"x\n" + good(1), map[int64]string{2: "line 3: a quote"}, []string{"ok1.pdf"}},
		{"not doubled", "a.pdf;SI:1;rib;\"dit \"oui\" ici\"\n" + good(1), map[int64]string{2: "line 2: a quote"}, []string{"ok1.pdf"}},
		{"twice in a row", "a.pdf;\"SI:1;rib;\nb.pdf;\"SI:2;rib;\n" + good(1), map[int64]string{2: "line 2: a quote", 3: "line 3: a quote"}, []string{"ok1.pdf"}},
		{"within a cell", "a 12\" b.pdf;SI:1;rib;5\" de haut\n", nil, []string{`a 12" b.pdf`}},
		{"over two lines", "a.pdf;SI:1;rib;\"un\r\ndeux; \"\"trois\"\"\"\n" + good(1), nil, []string{"a.pdf", "ok1.pdf"}},
		{"sixty-four lines", "a.pdf;SI:1;rib;\"" + strings.Repeat("x\n", 63) + "\"\n" + good(1), nil, []string{"a.pdf", "ok1.pdf"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var paths []string
			bad := map[int64]string{}
			for _, r := range MustRead(t, "m.csv", head+tc.text, Options{}) {
				if r.Err != nil {
					wantErr(t, r.Err, vault.CodeInvalid, tc.bad[r.Number])
					bad[r.Number] = ""
					continue
				}
				paths = append(paths, r.Document.Path)
			}
			if len(bad) != len(tc.bad) || !slices.Equal(paths, tc.good) {
				t.Errorf("rejected %v, read %q", bad, paths)
			}
		})
	}
}

// However it is left open, a quote swallows no more than 64 lines or 64 KiB, and every line after it is read.
func TestOpenQuoteSwallowsNothing(t *testing.T) {
	for name, filler := range map[string]string{"lines": "", "bytes": strings.Repeat("n", 3000)} {
		t.Run(name, func(t *testing.T) {
			text := "path;beneficiary;type;note\nx.pdf;SI:0;\"rib;\n"
			for i := range 200 {
				text += fmt.Sprintf("f%d.pdf;SI:%d;rib;%s\n", i, i, filler)
			}
			rows := MustRead(t, "m.csv", text, Options{})
			if len(rows) != 201 {
				t.Fatalf("%d rows", len(rows))
			}
			wantErr(t, rows[0].Err, vault.CodeInvalid, "line 2: a quote is left open")
			if len(rows[0].Cells) != 1 || rows[0].Cells[0] != `x.pdf;SI:0;"rib;` {
				t.Errorf("rejected %.100q", rows[0].Cells)
			}
			for i, r := range rows[1:] {
				wantErr(t, r.Err, "", "")
				if r.Document.Path != fmt.Sprintf("f%d.pdf", i) || r.Number != int64(i)+3 {
					t.Fatalf("row %d is %s", r.Number, r.Document.Path)
				}
			}
		})
	}
}

func TestBadRows(t *testing.T) {
	head := "path;beneficiary;type;note\n"
	for _, tc := range []struct{ name, row, part string }{
		{"long row", "a.pdf;SI:1;rib;;x", "more cells than columns"},
		{"600 characters", "a.pdf;SI:1;rib;" + strings.Repeat("é", 600), ""},
		{"20 kB", "a.pdf;SI:1;rib;" + strings.Repeat("x", maxCell), ""},
		{"over 20 kB", "a.pdf;SI:1;rib;" + strings.Repeat("x", maxCell+1), "a cell of more than 20000 bytes"},
		{"over 64 KiB", "a.pdf;SI:1;rib;" + strings.Repeat("x", 70<<10), "line 2 is longer than 65536 bytes"},
		{"over a buffer", "a.pdf;SI:1;rib;" + strings.Repeat("x", 1<<20), "line 2 is longer than 65536 bytes"},
		{"NUL", "a.pdf;SI:1;rib;a\x00b", "a cell with a NUL byte"},
		{"no path", ";SI:1;rib;", "column path: the cell is empty"},
		{"no beneficiary", "a.pdf;;rib;", "column beneficiary: the cell is empty"},
		{"no type", "a.pdf;SI:1;;", "column type: the cell is empty"},
		{"short", "a.pdf;SI:1", "column type: the cell is empty"},
		{"bare reference", "a.pdf;4711;rib;", "column beneficiary: a bare reference needs its system"},
		{"rounded reference", "a.pdf;1,85E+12;rib;", "column beneficiary: a number in scientific notation"},
		{"outside", "../a.pdf;SI:1;rib;", "column path: path outside the folder"},
		{"outside by the back", "x/../../a.pdf;SI:1;rib;", "column path: path outside the folder"},
		{"absolute", "/etc/passwd;SI:1;rib;", "column path: path outside the folder"},
		{"drive", `C:\scans\a.pdf;SI:1;rib;`, "column path: path outside the folder"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			rows := MustRead(t, "m.csv", head+tc.row+"\nnext.pdf;SI:2;rib;\n", Options{})
			if len(rows) != 2 || rows[0].Number != 2 || rows[1].Number != 3 {
				t.Fatalf("%d rows", len(rows))
			}
			wantErr(t, rows[0].Err, vault.CodeInvalid, tc.part)
			wantErr(t, rows[1].Err, "", "")
		})
	}
}

func TestNotes(t *testing.T) {
	s := MustOpen(t, MustWrite(t, t.TempDir(), "m.csv", "path\tbeneficiary\ttype\tservice\tBureau\n"), Options{})
	want := []string{"separator found: TAB", "columns that are not known and not read: service, Bureau"}
	if !slices.Equal(s.Notes(), want) {
		t.Errorf("got %q", s.Notes())
	}
	if want := []string{"path", "beneficiary", "type", "service", "Bureau"}; !slices.Equal(s.Columns(), want) {
		t.Errorf("got %q", s.Columns())
	}
}

// Commas in names do not make a semicolon file a comma file.
func TestSeparatorByKnownColumns(t *testing.T) {
	rows := MustRead(t, "m.csv", "ref;nom, prénom et titre, en entier, ici, là;prénom\nSI:1;a, b, c;Zoé\n", Options{})
	if got := value(rows[0].Person.Person.GivenName); got != "Zoé" {
		t.Errorf("got %q", got)
	}
}
