package manifest

import (
	"path/filepath"
	"strings"
	"testing"

	"vaultctl/internal/vault"
)

func TestTemplate(t *testing.T) {
	id := string(vault.NewBeneficiaryID("x"))
	dir := t.TempDir()
	for _, name := range []string{"4711/RIB.pdf", "4711/facture edf_2025-03-14.pdf", "4711/scan 0001.pdf", id + "/payslip_2025-02.pdf", "scans/=x; y.pdf",
		"top.jpg", "old.csv", ".hidden/a.pdf", "4711/Thumbs.db", "4711/a.tmp"} {
		MustWrite(t, dir, name, "x")
	}
	var b strings.Builder
	types := map[string]string{"rib": "bank-details", "facture": "proof-of-address", "payslip": "payslip"}
	n, err := WriteTemplate(&b, dir, TemplateOptions{Source: "SI", Type: func(name string) string { return types[name] }})
	if err != nil || n != 6 {
		t.Fatalf("%d rows, %v", n, err)
	}
	want := "\uFEFFpath;beneficiary;type;source_id;issued_on;expires_on;period;title;holder;pages;space;original_seen;note;received_on\r\n" +
		"4711/RIB.pdf;ref:SI:4711;bank-details;;;;;;;;;;;\r\n" +
		"4711/facture edf_2025-03-14.pdf;ref:SI:4711;proof-of-address;;2025-03-14;;;;;;;;;\r\n" +
		"4711/scan 0001.pdf;ref:SI:4711;;;;;;;;;;;;\r\n" +
		id + "/payslip_2025-02.pdf;" + id + ";payslip;;;;2025-02;;;;;;;\r\n" +
		"\"scans/=x; y.pdf\";;;;;;;;;;;;;\r\n" +
		"top.jpg;;;;;;;;;;;;;\r\n"
	if b.String() != want {
		t.Errorf("got %q", b.String())
	}
	// It is a manifest, whose complete rows can be imported as they are.
	rows := MustRows(t, MustOpen(t, MustWrite(t, dir, "m.csv", b.String()), Options{}))
	wantErr(t, rows[0].Err, "", "")
	wantErr(t, rows[2].Err, vault.CodeInvalid, "column type: the cell is empty")
	for _, i := range []int{0, 1, 3} {
		c, err := rows[i].Document.Open()
		if err != nil {
			t.Fatal(err)
		}
		_ = c.Close()
	}
	if _, err := WriteTemplate(&b, filepath.Join(dir, "absent"), TemplateOptions{}); vault.CodeOf(err) != vault.CodeNotFound {
		t.Errorf("got %v", err)
	}
}

// Without a system only ids and whole references are taken from names of folders.
func TestTemplateWithoutSource(t *testing.T) {
	dir := t.TempDir()
	MustWrite(t, dir, "4711/-rib.pdf", "x")
	MustWrite(t, dir, "-4711/rib.pdf", "x")
	var b strings.Builder
	if _, err := WriteTemplate(&b, dir, TemplateOptions{}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), "\r\n4711/-rib.pdf;;;") || !strings.Contains(b.String(), "\r\n'-4711/rib.pdf;;;") {
		t.Errorf("got %q", b.String())
	}
	rows := MustRows(t, MustOpen(t, MustWrite(t, dir, "m.csv", b.String()), Options{}))
	if rows[0].Document.Path != "-4711/rib.pdf" {
		t.Errorf("path %q", rows[0].Document.Path)
	}
}
