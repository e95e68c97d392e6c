package manifest

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"testing"
	"unicode/utf8"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// memory is a file that is never on the disk: a fuzz target does nothing else than read.
type memory struct{ *bytes.Reader }

func (memory) Close() error { return nil }

// fuzzSource reads a whole source and checks what every one promises.
func fuzzSource(t *testing.T, s Source, err error) {
	if err != nil {
		if s != nil || vault.CodeOf(err) == vault.CodeFailed {
			t.Fatalf("%v with an error without code: %v", s, err)
		}
		return
	}
	defer s.Close()
	rejects := NewRejects("", s)
	if err := rejects.beginOn(io.Discard); err != nil {
		t.Fatal(err)
	}
	number := int64(0)
	for {
		row, err := s.Next()
		if err != nil {
			if !errors.Is(err, io.EOF) && vault.CodeOf(err) == vault.CodeFailed {
				t.Fatalf("an error without code: %v", err)
			}
			break
		}
		checkRow(t, s, row, number)
		number = row.Number
		if err := rejects.Add(row, api.RowResult{Code: "invalid"}); err != nil {
			t.Fatal(err)
		}
	}
	_ = fmt.Sprint(s.Notes(), s.Kind())
}

func fuzzOptions() *Options { return &Options{Source: "SI", Today: "2026-11-22"} }

// checkRow checks what a row promises.
func checkRow(t *testing.T, s Source, row *Row, before int64) {
	if row.Number <= before {
		t.Fatalf("row %d after %d", row.Number, before)
	}
	for _, c := range row.Cells {
		if !utf8.ValidString(c) {
			t.Fatalf("a cell that is not UTF-8: %q", c)
		}
	}
	switch {
	case row.Err != nil:
		if code := vault.CodeOf(row.Err); code == vault.CodeFailed {
			t.Fatalf("a row without code: %v", row.Err)
		}
	case s.Kind() == People:
		if row.Person == nil || len(*row.Person.Person.Refs) == 0 || row.Person.Row != row.Number {
			t.Fatalf("a person without reference: %q", row.Cells)
		}
	case row.Document == nil || row.Document.Beneficiary == "" || row.Document.Fields.Type == nil || row.Document.Open == nil:
		t.Fatalf("a document without what it needs: %q", row.Cells)
	default:
		if c, err := row.Document.Open(); err == nil {
			_, _ = io.Copy(io.Discard, c) // whatever it is, it ends
			_ = c.Close()
		}
	}
}

func FuzzCSV(f *testing.F) {
	for _, s := range []string{
		"path;beneficiary;type\na.pdf;1;rib\n", "sep=,\r\npath,beneficiary,type\r\n\"a\"\"b\",1,\"x\ny\"\r\n", "\xFF\xFEr\x00e\x00f\x00\n\x001\x00",
		"ref\tnom\rSI:1\t\"Lef\xE8vre\r", "path|beneficiary|type\n\"a|1|rib\nb|2|rib\n", "ref;born;consent_to\n1;14/03/1985;team:A\n", "\n\n;;\n",
	} {
		f.Add([]byte(s))
	}
	root := f.TempDir()
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := newCSV(memory{bytes.NewReader(data)}, root, fuzzOptions())
		fuzzSource(t, s, err)
	})
}

func FuzzJSONLines(f *testing.F) {
	for _, s := range []string{
		`{"path":"a.pdf","beneficiary":"SI:1","type":"rib"}`, `{"ref":["a","b"],"aliases":["x"],"born":1985}` + "\n{", `{"ref":{}}`, "\xEF\xBB\xBF{\"ref\":\"1\"}\r\n",
	} {
		f.Add([]byte(s))
	}
	root := f.TempDir()
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := newJSONLines(memory{bytes.NewReader(data)}, root, fuzzOptions())
		fuzzSource(t, s, err)
	})
}

func FuzzMap(f *testing.F) {
	for _, s := range []string{
		"[columns]\nref = \"Num\"\nfamily_name = [\"a\", \"b\"]\n[values.type]\nx = \"rib\"\n[defaults]\ntype = \"cv\"\n[dates]\nformats = [\"D.M.YY\"]\npivot = 30\n",
		"[file]\nseparator = \"tab\"\nencoding = \"cp850\"\nsheet = \"a\"\nsource = \"SI\"\nkind = \"people\"\nskip_rows = 2\n", "columns.ref = 3", "[",
	} {
		f.Add([]byte(s))
	}
	root := f.TempDir()
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := parseMap(data)
		if err != nil {
			if vault.CodeOf(err) != vault.CodeInvalid {
				t.Fatalf("code %s: %v", vault.CodeOf(err), err)
			}
			return
		}
		// Whatever the map says, a table is read or refused with a code.
		table := "Num;a;b;path;beneficiary;type\n1;x;y;a.pdf;2;x\n"
		s, err := newCSV(memory{bytes.NewReader([]byte(table))}, root, &Options{Map: m})
		if err != nil {
			if vault.CodeOf(err) == vault.CodeFailed {
				t.Fatal(err)
			}
			return
		}
		for err == nil {
			_, err = s.Next()
		}
		if !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
		_ = s.Close()
	})
}

func FuzzXLSX(f *testing.F) {
	f.Add([]byte(header + xmlRow(2, `<c r="D2" s="1"><v>45730</v></c><c r="E2" t="s"><v>6</v></c>`)))
	f.Add([]byte(header + xmlRow(2, `<c r="E2"><f>A1</f></c><c r="F2" t="e"><v>#N/A</v></c>`) + `<row r="9"><c t="inlineStr"><is><t>x</t></is></c></row>`))
	f.Add([]byte(header + `<row><c r="A2"><v>1.850012345678E12</v></c>`))
	root := f.TempDir()
	f.Fuzz(func(t *testing.T, data []byte) {
		text := mustZip(t, zip.Store, "_rels/.rels", rootRels, "xl/workbook.xml", fmt.Sprintf(book, "", ""), "xl/_rels/workbook.xml.rels", bookRels,
			"xl/styles.xml", styles, "xl/sharedStrings.xml", strs, "xl/worksheets/sheet1.xml", "<worksheet><sheetData>"+string(data))
		s, err := fuzzArchive(text, root, false)
		fuzzSource(t, s, err)
	})
}

func FuzzZIP(f *testing.F) {
	org, id := string(vault.NewOrgID()), string(vault.NewBeneficiaryID("x"))
	document := `{"id":"d","path":"documents/a.pdf","space":"shared","type":"rib","sha256":"` + digestOf("one") + `"}`
	f.Add([]byte(testExport(f, org, id, document, "documents/a.pdf", "one")), true)
	f.Add([]byte(testExport(f, org, id, "")), true)
	f.Add([]byte(MustWorkbook(f, xmlRow(2, ""))), false)
	f.Add([]byte("PK\x05\x06"+"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"), true)
	root := f.TempDir()
	f.Fuzz(func(t *testing.T, data []byte, export bool) {
		s, err := fuzzArchive(string(data), root, export)
		fuzzSource(t, s, err)
	})
}

func fuzzArchive(text, root string, export bool) (Source, error) {
	a, err := newArchive(memory{bytes.NewReader([]byte(text))}, int64(len(text)), errNoExport())
	if err != nil {
		return nil, err
	}
	if export {
		return newExport(a, Documents, fuzzOptions())
	}
	return newXLSX(a, root, fuzzOptions())
}
