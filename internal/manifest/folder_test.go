package manifest

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"vaultctl/internal/vault"
)

func TestParseName(t *testing.T) {
	for in, want := range map[string]named{
		"rib.pdf":                        {"rib", "", ""},
		"id-card_2025-03-14.pdf":         {"id-card", "2025-03-14", ""},
		"id-card_2025-03-14_2.pdf":       {"id-card", "2025-03-14", ""},
		"id-card_2.pdf":                  {"id-card", "", ""},
		"id-card (2).pdf":                {"id-card", "", ""},
		"livret_famille_14-03-2025.jpg":  {"livret_famille", "2025-03-14", ""},
		"payslip_2025-02.pdf":            {"payslip", "", "2025-02"},
		"tax-notice_2025.pdf":            {"tax-notice", "", "2025"},
		"tax-notice_2025_3.pdf":          {"tax-notice", "", "2025"},
		"payslip_2025-13.pdf":            {"payslip_2025-13", "", ""},
		"id-card_2025-02-30.pdf":         {"id-card_2025-02-30", "", ""},
		"Attestation d'hébergement.tiff": {"Attestation d'hébergement", "", ""},
		"_2.pdf":                         {"", "", ""},
		"2025-03-14.pdf":                 {"2025-03-14", "", ""},
		"rib":                            {"rib", "", ""},
		"scan_0001.pdf":                  {"scan_0001", "", ""},
	} {
		if got := parseName(in); got != want {
			t.Errorf("%s: %+v", in, got)
		}
	}
}

func TestFolder(t *testing.T) {
	id := string(vault.NewBeneficiaryID("x"))
	dir := t.TempDir()
	for _, name := range []string{"4711/id-card_2025-03-14.pdf", "4711/id-card_2025-03-14_2.pdf", "4711/payslip_2025-02.pdf",
		id + "/rib.pdf", "lost.pdf", "4711/old/rib.pdf", "4711/_2.pdf",
		"4711/.hidden", "4711/Thumbs.db", "4711/desktop.ini", "4711/~$rib.docx", "4711/scan.pdf.part", "4711/x.tmp", ".trash/rib.pdf"} {
		MustWrite(t, dir, name, "content")
	}
	if err := os.Mkdir(filepath.Join(dir, "4712"), 0o755); err != nil {
		t.Fatal(err)
	}
	s := MustOpen(t, dir, Options{Source: "SI"})
	var got, bad []string
	for i, r := range MustRows(t, s) {
		if r.Number != int64(i)+1 || len(r.Cells) != len(s.Columns()) {
			t.Errorf("row %d: %q", r.Number, r.Cells)
		}
		if r.Err != nil {
			bad = append(bad, r.Cells[0]+": "+r.Err.Error())
			continue
		}
		d := r.Document
		got = append(got, d.Path+" "+d.Beneficiary+" "+*d.Fields.Type+" "+value(d.Fields.IssuedOn)+value(d.Fields.Period))
		c, err := d.Open()
		if err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(c); err != nil || string(b) != "content" {
			t.Errorf("%s: %q, %v", d.Path, b, err)
		}
		_ = c.Close()
	}
	if want := []string{
		"4711/id-card_2025-03-14.pdf ref:SI:4711 id-card 2025-03-14",
		"4711/id-card_2025-03-14_2.pdf ref:SI:4711 id-card 2025-03-14",
		"4711/payslip_2025-02.pdf ref:SI:4711 payslip 2025-02",
		id + "/rib.pdf " + id + " rib ",
	}; !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	if want := []string{
		"4711/_2.pdf: the name does not begin with a type: documents lie in <reference>/<type>_<date>.<extension>",
		"4711/old: a folder in a person's folder: documents lie in <reference>/<type>_<date>.<extension>",
		"lost.pdf: the file is not in a folder that is named after a person's reference",
	}; !slices.Equal(bad, want) {
		t.Errorf("refused %q", bad)
	}
	if want := []string{"hidden and unfinished files that were skipped: 7"}; !slices.Equal(s.Notes(), want) {
		t.Errorf("notes %q", s.Notes())
	}
}

// Links are rows that are refused, so a loop of them ends.
func TestFolderWithLinks(t *testing.T) {
	dir := t.TempDir()
	MustWrite(t, dir, "4711/rib.pdf", "content")
	MustLink(t, "..", filepath.Join(dir, "4711", "up"))
	MustLink(t, ".", filepath.Join(dir, "again"))
	MustLink(t, "rib.pdf", filepath.Join(dir, "4711", "cni.pdf"))
	rows := MustRows(t, MustOpen(t, dir, Options{Source: "SI"}))
	if len(rows) != 4 {
		t.Fatalf("%d rows", len(rows))
	}
	for i, r := range rows {
		if i == 1 {
			wantErr(t, r.Err, "", "")
			continue
		}
		wantErr(t, r.Err, vault.CodeInvalid, "a link: links are not followed")
	}
}

func TestFolderNeedsASystem(t *testing.T) {
	dir := t.TempDir()
	MustWrite(t, dir, "4711/rib.pdf", "content")
	rows := MustRows(t, MustOpen(t, dir, Options{}))
	wantErr(t, rows[0].Err, vault.CodeInvalid, "a bare reference needs its system")
	m := MustMap(t, "[values.type]\n\"RELEVE\" = \"bank-details\"\n[file]\nsource = \"SI\"\n")
	MustWrite(t, dir, "4711/relevé_2025.pdf", "content")
	rows = MustRows(t, MustOpen(t, dir, Options{Map: m}))
	if got := *rows[0].Document.Fields.Type; got != "bank-details" || rows[0].Document.Beneficiary != "ref:SI:4711" {
		t.Errorf("got %q, %q", got, rows[0].Document.Beneficiary)
	}
}
