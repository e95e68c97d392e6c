package engine_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"vaultctl/internal/api"
	"vaultctl/internal/manifest"
	"vaultctl/internal/vault"
)

// MustSource reads all rows of a source of an import.
func MustSource(tb testing.TB, s manifest.Source) []*manifest.Row {
	tb.Helper()
	var rows []*manifest.Row
	for {
		row, err := s.Next()
		if errors.Is(err, io.EOF) {
			return rows
		}
		if err != nil || row.Err != nil {
			tb.Fatal(err, row.Err)
		}
		rows = append(rows, row)
	}
}

// MustHandover imports the export at path, with a consent to the organization of r.
func MustHandover(tb testing.TB, r *rig, path string) (people, documents []api.RowResult) {
	tb.Helper()
	terms := api.ConsentTerms{To: "team:Accueil", Purpose: "case-file", Verbal: true, Language: "fr"}
	who, what, err := manifest.OpenExport(path, manifest.Options{Consent: &manifest.Consent{Terms: terms}})
	if err != nil {
		tb.Fatal(err)
	}
	defer who.Close()
	defer what.Close()
	var rows []api.PersonRow
	for _, row := range MustSource(tb, who) {
		rows = append(rows, row.Person.PersonRow)
	}
	batch := vault.NewBatchID()
	people = MustImportPeople(tb, r, batch, rows...)
	var scans []scan
	for _, row := range MustSource(tb, what) {
		c, err := row.Document.Open()
		if err != nil {
			tb.Fatal(err)
		}
		content, err := io.ReadAll(c)
		if err != nil || c.Close() != nil || int64(len(content)) != c.Size {
			tb.Fatal(err)
		}
		row.Document.Size = c.Size
		scans = append(scans, scan{row.Document.ImportRow, string(content)})
	}
	return people, MustImport(tb, r, batch, false, scans...)
}

// An export is imported by another organization: the person with their attributes, their documents with what is said of
// them, and once, however often it is done.
func TestHandover(t *testing.T) {
	old := MustFound(t)
	b, card := exportVault(t, old)
	raw, _, err := old.export(api.ExportRequest{Beneficiary: b, Language: "fr", Card: card})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "export.zip")
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	other := MustFound(t)
	other.MustVault(t, "Petit", withRef("SOLIS:12")) // another person's reference here
	people, documents := MustHandover(t, other, path)
	wantStatus(t, "person", people, api.RowDeposited)
	wantStatus(t, "documents", documents, api.RowDeposited, api.RowDeposited, api.RowRejected+" "+string(vault.CodePolicy))
	st, err := other.BeneficiaryShow(ctxb, api.BeneficiaryRequest{Beneficiary: people[0].Beneficiary})
	if err != nil || st.FamilyName != "Diallo" || st.Phone != "+33 6 12 34 56 78" || len(st.Refs) != 2 {
		t.Errorf("%+v, %v", st, err)
	}
	for _, d := range other.MustList(t, api.DocumentListRequest{Beneficiary: people[0].Beneficiary}) {
		want := map[string][3]string{"tax-notice": {"2025-08-01", "=HYPERLINK(\"http://x\")"}, "payslip": {"", "", "S1"}}[d.DocumentType]
		if d.IssuedOn != want[0] || d.Title != want[1] || want[2] != "" && d.SourceID != want[2] || d.SourceID == "" {
			t.Errorf("%+v", d)
		}
	}
	people, documents = MustHandover(t, other, path)
	wantStatus(t, "person again", people, api.RowExists)
	wantStatus(t, "documents again", documents[:2], api.RowExists, api.RowExists)
}

// A document that is not the one that was exported is refused when it is read.
func TestHandoverAltered(t *testing.T) {
	r := MustFound(t)
	b, _ := exportVault(t, r)
	raw, _, err := r.export(api.ExportRequest{Beneficiary: b})
	if err != nil {
		t.Fatal(err)
	}
	files := MustUnzip(t, raw)
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for name, text := range files {
		if filepath.Ext(name) == ".pdf" {
			text = pdfHead + "other"
		}
		w, err := z.Create(name)
		if err == nil {
			_, err = io.WriteString(w, text)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(t.TempDir(), "export.zip")
	if err := errors.Join(z.Close(), os.WriteFile(path, out.Bytes(), 0o600)); err != nil {
		t.Fatal(err)
	}
	s, err := manifest.Open(path, manifest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if want := []string{"private documents that the export lacks, because it was made without the person's card: 1"}; !slices.Equal(s.Notes(), want) {
		t.Errorf("notes %q", s.Notes())
	}
	altered := 0
	for _, row := range MustSource(t, s) {
		c, err := row.Document.Open()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(c); vault.CodeOf(err) == vault.CodeIntegrity {
			altered++
		} else if err != nil {
			t.Error(err)
		}
		_ = c.Close()
	}
	if altered != 1 {
		t.Errorf("%d documents were found altered", altered)
	}
}
