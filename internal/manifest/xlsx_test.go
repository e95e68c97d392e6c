package manifest

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"vaultctl/internal/vault"
)

// MustZip makes a ZIP file of names and their content, in this order.
func MustZip(tb testing.TB, members ...string) string { return mustZip(tb, zip.Deflate, members...) }

func mustZip(tb testing.TB, method uint16, members ...string) string {
	tb.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(members); i += 2 {
		w, err := z.CreateHeader(&zip.FileHeader{Name: members[i], Method: method})
		if err == nil {
			_, err = io.WriteString(w, members[i+1])
		}
		if err != nil {
			tb.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.String()
}

const (
	rootRels = `<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`
	bookRels = `<Relationships><Relationship Id="r1" Type="x/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="r2" Type="x/worksheet" Target="/xl/worksheets/sheet2.xml"/><Relationship Id="r3" Type="x/styles" Target="styles.xml"/><Relationship Id="r4" Type="x/sharedStrings" Target="sharedStrings.xml"/></Relationships>`
	book     = `<workbook xmlns:r="x"><workbookPr%s/><sheets><sheet name="Feuil 1" sheetId="1" r:id="r1"%s/><sheet name="Été" sheetId="2" r:id="r2"/></sheets></workbook>`
	styles   = `<styleSheet><numFmts><numFmt numFmtId="164" formatCode="[$-40C]d\ mmmm\ yyyy;@"/><numFmt numFmtId="165" formatCode="mmm\-yy"/><numFmt numFmtId="166" formatCode="0&quot; jours&quot;"/></numFmts>` +
		`<cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="165"/><xf numFmtId="166"/><xf numFmtId="46"/></cellXfs></styleSheet>`
	strs = `<sst><si><t>path</t></si><si><t>beneficiary</t></si><si><t>type</t></si><si><t>issued_on</t></si><si><t>note</t></si><si><t>autre</t></si>` +
		`<si><r><t xml:space="preserve">Été </t></r><r><t>2025</t></r><rPh sb="0" eb="1"><t>x</t></rPh></si><si><t>un_x000D_&#10;deux</t></si></sst>`
	header = `<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c><c r="C1" t="s"><v>2</v></c><c r="D1" t="s"><v>3</v></c><c r="E1" t="s"><v>4</v></c><c r="F1" t="s"><v>5</v></c></row>`
)

// MustWorkbook makes a workbook whose first sheet has the header path … autre and these rows.
func MustWorkbook(tb testing.TB, rows string) string {
	tb.Helper()
	return MustZip(tb, "_rels/.rels", rootRels, "xl/workbook.xml", fmt.Sprintf(book, "", ""), "xl/_rels/workbook.xml.rels", bookRels,
		"xl/styles.xml", styles, "xl/sharedStrings.xml", strs,
		"xl/worksheets/sheet1.xml", "<worksheet><sheetData>"+header+rows+"</sheetData></worksheet>",
		"xl/worksheets/sheet2.xml", `<worksheet><sheetData><row><c t="inlineStr"><is><t>ref</t></is></c></row><row><c t="inlineStr"><is><t>SI:1</t></is></c></row></sheetData></worksheet>`)
}

// row is a row of a workbook with a path, beneficiary and type, and the XML of two more cells.
func xmlRow(n int, cells string) string {
	return fmt.Sprintf(`<row r="%d"><c r="A%[1]d" t="str"><v>a.pdf</v></c><c r="B%[1]d" t="str"><v>SI:1</v></c><c r="C%[1]d" t="str"><v>rib</v></c>%s</row>`, n, cells)
}

func TestWorkbookCells(t *testing.T) {
	for _, tc := range []struct{ name, cells, want, part string }{
		{"shared text", `<c r="E2" t="s"><v>6</v></c>`, "|Été 2025", ""},
		{"escapes", `<c r="E2" t="s"><v>7</v></c>`, "|un\r\ndeux", ""},
		{"inline text", `<c r="E2" t="inlineStr"><is><r><t>un</t></r><r><t> deux</t></r></is></c>`, "|un deux", ""},
		{"date", `<c r="D2" s="1"><v>45730</v></c>`, "2025-03-14|", ""},
		{"date with time", `<c r="D2" s="1"><v>45730.75</v></c>`, "2025-03-14|", ""},
		{"date in a format of its own", `<c r="D2" s="2"><v>45730</v></c>`, "2025-03-14|", ""},
		{"ISO date", `<c r="D2" t="d"><v>2025-03-14T00:00:00</v></c>`, "2025-03-14|", ""},
		{"month", `<c r="E2" s="3"><v>45717</v></c>`, "|2025-03", ""},
		{"days that are no date", `<c r="E2" s="4"><v>12</v></c>`, "|12", ""},
		{"number without date format", `<c r="D2"><v>45730</v></c>`, "45730|", "column issued_on: not a date"},
		{"text date", `<c r="D2" t="str"><v>14/03/2025</v></c>`, "14/03/2025|", ""},
		{"American text", `<c r="D2" t="str"><v>03/25/2025</v></c>`, "03/25/2025|", "there is no month 25"},
		{"29 February 1900", `<c r="D2" s="1"><v>60</v></c>`, "60|", "cell D2: a date that is none"},
		{"negative date", `<c r="D2" s="1"><v>-3</v></c>`, "-3|", "cell D2: a date that is none"},
		{"yes", `<c r="E2" t="b"><v>1</v></c>`, "|1", ""},
		{"big integer", `<c r="E2"><v>1850012345678</v></c>`, "|1850012345678", ""},
		{"big integer with exponent", `<c r="E2"><v>1.850012345678E12</v></c>`, "|1850012345678", ""},
		{"rounded", `<c r="E2"><v>1.23456789012346E+17</v></c>`, "|1.23456789012346E+17", "cell E2: a number of more than 15 digits"},
		{"rounded without exponent", `<c r="E2"><v>123456789012346000</v></c>`, "|123456789012346000", "cell E2: a number of more than 15 digits"},
		{"decimal", `<c r="E2"><v>1.50</v></c>`, "|1.5", ""},
		{"small", `<c r="E2"><v>1.5E-3</v></c>`, "|0.0015", ""},
		{"whole decimal", `<c r="E2"><v>4711.0</v></c>`, "|4711", ""},
		{"not a number", `<c r="E2"><v>12a</v></c>`, "|12a", "cell E2: not a number"},
		{"formula with value", `<c r="E2" t="str"><f>A1</f><v>x</v></c>`, "|x", ""},
		{"formula with empty value", `<c r="E2" t="str"><f>A1</f><v></v></c>`, "|", ""},
		{"formula without value", `<c r="E2"><f>A1</f></c>`, "|", "cell E2: a formula that was not computed"},
		{"error", `<c r="E2" t="e"><f>A1</f><v>#N/A</v></c>`, "|#N/A", "cell E2: an error of the spreadsheet"},
		{"error in a column that is not read", `<c r="F2" t="e"><v>#REF!</v></c>`, "|", ""},
		{"right of the header", `<c r="ZZ2" t="str"><v>x</v></c>`, "|", ""},
		{"no such text", `<c r="E2" t="s"><v>99</v></c>`, "|", "cell E2: a text that the workbook does not hold"},
		{"no addresses", `<c s="1"><v>45730</v></c><c t="str"><v>x</v></c>`, "2025-03-14|x", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			rows := MustRead(t, "m.xlsx", MustWorkbook(t, xmlRow(2, tc.cells)+`<row r="5"/>`+xmlRow(7, "")), Options{})
			if len(rows) != 2 || rows[0].Number != 2 || rows[1].Number != 7 {
				t.Fatalf("%d rows", len(rows))
			}
			wantErr(t, rows[0].Err, vault.CodeInvalid, tc.part)
			wantErr(t, rows[1].Err, "", "")
			cells := append(slices.Clone(rows[0].Cells), "", "")
			if got := cells[3] + "|" + cells[4]; got != tc.want {
				t.Errorf("got %q", got)
			}
		})
	}
}

func TestWorkbookSheets(t *testing.T) {
	path := MustWrite(t, t.TempDir(), "m.xlsx", MustWorkbook(t, ""))
	s := MustOpen(t, path, Options{})
	if want := []string{"sheets that were not read: Été", "columns that are not known and not read: autre"}; !slices.Equal(s.Notes(), want) {
		t.Errorf("notes %q", s.Notes())
	}
	s = MustOpen(t, path, Options{Map: MustMap(t, "[file]\nsheet = \"ete\"\n")})
	if rows := MustRows(t, s); s.Kind() != People || len(rows) != 1 || rows[0].Number != 2 {
		t.Errorf("%s, %d rows", s.Kind(), len(rows))
	}
	_, err := Open(path, Options{Map: MustMap(t, "[file]\nsheet = \"Feuil 3\"\n")})
	wantErr(t, err, vault.CodeInvalid, `no sheet "Feuil 3"; the sheets are Feuil 1, Été`)
}

func TestWorkbookOf1904(t *testing.T) {
	text := MustZip(t, "_rels/.rels", rootRels, "xl/workbook.xml", fmt.Sprintf(book, ` date1904="1"`, ` state="visible"`), "xl/_rels/workbook.xml.rels", bookRels,
		"xl/styles.xml", styles, "xl/sharedStrings.xml", strs,
		"xl/worksheets/sheet1.xml", "<worksheet><sheetData>"+header+xmlRow(2, `<c r="D2" s="1"><v>44268</v></c>`)+"</sheetData></worksheet>")
	rows := MustRead(t, "m.xlsx", text, Options{})
	wantErr(t, rows[0].Err, "", "")
	if rows[0].Cells[3] != "2025-03-14" {
		t.Errorf("got %q", rows[0].Cells)
	}
}

// A workbook that another program wrote.
func TestWorkbookOfAnotherProgram(t *testing.T) {
	s := MustOpen(t, "testdata/excelize.xlsx", Options{})
	var got []string
	for _, r := range MustRows(t, s) {
		line := fmt.Sprintf("%d %s", r.Number, strings.Join(r.Cells, "|"))
		if r.Err != nil {
			line += " ! " + r.Err.Error()
		}
		got = append(got, line)
	}
	want := []string{
		"2 scans/a.pdf|SI:4711|rib|2025-03-14|1850012345678|Relevé d'identité|1",
		"3 scans/b.pdf|SI:4712|rib|2025-03-15|1,85E+12||0 ! column source_id: a number in scientific notation has lost its last digits: make the column text, and export again",
		"4 scans/c.pdf|SI:4713|rib||| ! cell F4: a formula that was not computed: open the file in a spreadsheet and save it",
		"6 scans/d.pdf|4714|rib|14/03/2025|123456789012345678|1.5 ! column beneficiary: a bare reference needs its system: write SYSTEM:ID, or give --source SYSTEM",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

func TestBombs(t *testing.T) {
	zeros := strings.Repeat("0", 18<<20)
	for _, tc := range []struct{ name, text, part string }{
		{"sheet.xlsx", MustZip(t, "_rels/.rels", rootRels, "xl/workbook.xml", fmt.Sprintf(book, "", ""), "xl/worksheets/sheet1.xml", zeros), "unpacks to far more than it should"},
		{"documents.zip", MustZip(t, "manifest.json", "{}", "documents/a.pdf", zeros), "unpacks to far more than it should"},
		{"text.xlsx", MustZip(t, "_rels/.rels", rootRels, "xl/workbook.xml", fmt.Sprintf(book, "", ""), "xl/_rels/workbook.xml.rels", bookRels,
			"xl/sharedStrings.xml", "<sst><si><t>"+zeros[:12<<20]+"</t></si></sst>", "xl/worksheets/sheet1.xml", "<worksheet/>"), "unpacks to far more than it should"},
		{"element.xlsx", MustZip(t, "_rels/.rels", rootRels, "xl/workbook.xml", fmt.Sprintf(book, "", "")[:20]+zeros[:12<<20]), "unpacks to far more than it should"},
		{"twice.xlsx", MustZip(t, "_rels/.rels", rootRels, "_rels/.rels", rootRels), "two files of one name"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := Open(MustWrite(t, t.TempDir(), tc.name, tc.text), Options{})
			wantErr(t, err, vault.CodeInvalid, tc.part)
		})
	}
}

// A list of members that fills the memory is refused while it is read.
func TestManyMembers(t *testing.T) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := range 60_000 {
		if _, err := z.CreateHeader(&zip.FileHeader{Name: fmt.Sprintf("documents/%060d", i), Method: zip.Store}); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := Open(MustWrite(t, t.TempDir(), "m.zip", b.String()), Options{})
	wantErr(t, err, vault.CodeInvalid, "unpacks to far more than it should")
}

func TestDamagedWorkbook(t *testing.T) {
	for name, tc := range map[string]struct{ sheet, part string }{
		"cut off":     {"<worksheet><sheetData>" + header + `<row r="2"><c r="A2"><v>1`, "the workbook is damaged"},
		"not XML":     {"<worksheet><sheetData>" + header + "<<<", "the workbook is damaged"},
		"wide":        {"<worksheet><sheetData>" + header + `<row r="2"><c r="ZZZZ2"><v>1</v></c></row>`, "the workbook is damaged"},
		"another set": {`<?xml version="1.0" encoding="UTF-16"?><worksheet/>`, "the workbook is damaged"},
	} {
		text := MustZip(t, "_rels/.rels", rootRels, "xl/workbook.xml", fmt.Sprintf(book, "", ""), "xl/_rels/workbook.xml.rels", bookRels,
			"xl/sharedStrings.xml", strs, "xl/worksheets/sheet1.xml", tc.sheet)
		s, err := Open(MustWrite(t, t.TempDir(), "m.xlsx", text), Options{})
		if err == nil {
			_, err = s.Next()
			_ = s.Close()
		}
		if err == nil || !strings.Contains(err.Error(), tc.part) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestStyles(t *testing.T) {
	for _, tc := range []struct {
		id   int
		code string
		want dateStyle
	}{
		{0, "", noDate}, {14, "", fullDate}, {17, "", monthDate}, {21, "", noDate}, {22, "", fullDate},
		{164, "dd/mm/yyyy", fullDate}, {164, "General", noDate}, {164, "Standard", noDate}, {164, `0.00" d"`, noDate},
		{164, `[h]:mm`, noDate}, {164, `#,##0\ "day"`, noDate}, {164, "yyyy", yearDate}, {164, `mmmm\ yyyy`, monthDate},
		{164, `0;[Red]dd`, noDate}, {164, "[$-40C]d mmm yy", fullDate},
	} {
		if got := styleOf(tc.id, tc.code); got != tc.want {
			t.Errorf("%d %q: %d", tc.id, tc.code, got)
		}
	}
}

func TestCellNames(t *testing.T) {
	for name, column := range map[string]int{"A1": 0, "Z1": 25, "AA1": 26, "AZ1": 51, "BA1": 52, "XFD1": 16383} {
		if cellName(column, 1) != name || columnOf(name, -1) != column {
			t.Errorf("%s: %s, %d", name, cellName(column, 1), columnOf(name, -1))
		}
	}
}
