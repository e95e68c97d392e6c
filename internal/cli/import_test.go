package cli

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"maps"
	"os"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/text/encoding/charmap"
)

// windows1252 is the script command "windows1252 FILE…": it writes text files as old city software does.
func windows1252(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: windows1252 FILE…")
	}
	for _, name := range args {
		text := strings.ReplaceAll(ts.ReadFile(name), "\n", "\r\n")
		encoded, err := charmap.Windows1252.NewEncoder().String(text)
		ts.Check(err)
		ts.Check(os.WriteFile(ts.MkAbs(name), []byte(encoded), 0o600))
	}
}

// workbook is the script command "workbook FILE.csv FILE.xlsx": it makes a workbook of semicolon-separated text.
func workbook(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: workbook FILE.csv FILE.xlsx")
	}
	var sheet strings.Builder
	sheet.WriteString(`<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>`)
	for i, line := range strings.Split(strings.TrimSpace(ts.ReadFile(args[0])), "\n") {
		fmt.Fprintf(&sheet, `<row r="%d">`, i+1)
		for j, cell := range strings.Split(line, ";") {
			fmt.Fprintf(&sheet, `<c r="%c%d" t="inlineStr"><is><t>`, 'A'+j, i+1)
			ts.Check(xml.EscapeText(&sheet, []byte(cell)))
			sheet.WriteString(`</t></is></c>`)
		}
		sheet.WriteString(`</row>`)
	}
	sheet.WriteString(`</sheetData></worksheet>`)
	const relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, part := range [][2]string{
		{"[Content_Types].xml", `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">` +
			`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
			`<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>` +
			`<Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>`},
		{"_rels/.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` +
			`<Relationship Id="rId1" Type="` + relations + `/officeDocument" Target="xl/workbook.xml"/></Relationships>`},
		{"xl/workbook.xml", `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="` + relations + `">` +
			`<sheets><sheet name="Feuil1" sheetId="1" r:id="rId1"/></sheets></workbook>`},
		{"xl/_rels/workbook.xml.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` +
			`<Relationship Id="rId1" Type="` + relations + `/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`},
		{"xl/worksheets/sheet1.xml", sheet.String()},
	} {
		f, err := w.Create(part[0])
		ts.Check(err)
		_, err = f.Write([]byte(`<?xml version="1.0" encoding="UTF-8"?>` + part[1]))
		ts.Check(err)
	}
	ts.Check(w.Close())
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), b.Bytes(), 0o600))
}

// aged is the script command "aged DURATION FILE…": the files were modified so long ago.
func aged(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: aged DURATION FILE…")
	}
	d, err := time.ParseDuration(args[0])
	ts.Check(err)
	for _, name := range args[1:] {
		ts.Check(os.Chtimes(ts.MkAbs(name), time.Time{}, time.Now().Add(-d)))
	}
}

// importRows are what an import said of each row, by kind and number: the status, and the code where there is one.
func importRows(text string) (map[string]string, error) {
	rows := map[string]string{}
	for line := range strings.Lines(text) {
		var row importRow
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			return nil, err
		}
		if row.Type == "import_row" {
			rows[fmt.Sprintf("%s %d", row.Kind, row.Row)] = strings.TrimSpace(row.Status + " " + row.Code)
		}
	}
	return rows, nil
}

// sameRows is the script command "samerows FILE FILE": two runs with --json said the same of each row.
func sameRows(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: samerows FILE FILE")
	}
	a, err := importRows(ts.ReadFile(args[0]))
	ts.Check(err)
	b, err := importRows(ts.ReadFile(args[1]))
	ts.Check(err)
	if len(a) == 0 || !maps.Equal(a, b) {
		ts.Fatalf("%v\nis not\n%v", a, b)
	}
}

// rowIs is the script command "rowis FILE KIND ROW STATUS [CODE]": what a run with --json said of a row.
func rowIs(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 4 {
		ts.Fatalf("usage: rowis FILE KIND ROW STATUS [CODE]")
	}
	rows, err := importRows(ts.ReadFile(args[0]))
	ts.Check(err)
	if got, want := rows[args[1]+" "+args[2]], strings.Join(args[3:], " "); got != want {
		ts.Fatalf("%s %s is %q, want %q", args[1], args[2], got, want)
	}
}
