package engine_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"vaultctl/internal/agecrypt"
	"vaultctl/internal/api"
	"vaultctl/internal/vault"
	"vaultctl/internal/words"
)

// export returns the bytes of an export.
func (r *rig) export(req api.ExportRequest) ([]byte, api.ExportMeta, error) {
	var out bytes.Buffer
	var meta api.ExportMeta
	err := r.Export(context.Background(), req, func(m api.ExportMeta) (io.Writer, error) {
		meta = m
		return &out, nil
	})
	return out.Bytes(), meta, err
}

// MustUnzip returns the files of an archive by name.
func MustUnzip(tb testing.TB, raw []byte) map[string]string {
	tb.Helper()
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		tb.Fatal(err)
	}
	out := map[string]string{}
	for _, f := range z.File {
		if _, twice := out[f.Name]; twice {
			tb.Errorf("%s is there twice", f.Name)
		}
		rc, err := f.Open()
		if err != nil {
			tb.Fatal(err)
		}
		text, err := io.ReadAll(rc)
		if err != nil {
			tb.Fatal(err)
		}
		out[f.Name] = string(text)
	}
	return out
}

// MustSheet parses a table as a spreadsheet would.
func MustSheet(tb testing.TB, text string, comma rune) []map[string]string {
	tb.Helper()
	text, ok := strings.CutPrefix(text, "\uFEFF")
	if !ok {
		tb.Error("a table without a byte order mark")
	}
	c := csv.NewReader(strings.NewReader(text))
	c.Comma = comma
	rows, err := c.ReadAll()
	if err != nil {
		tb.Fatal(err)
	}
	var out []map[string]string
	for _, row := range rows[1:] {
		m := map[string]string{}
		for i, cell := range row {
			m[rows[0][i]] = cell
		}
		out = append(out, m)
	}
	return out
}

// exportVault is a vault with something of everything in it.
func exportVault(tb testing.TB, r *rig) (b, card string) {
	tb.Helper()
	b = r.MustVault(tb, "Diallo", func(q *api.BeneficiaryAddRequest) {
		q.Person.Refs, q.Person.Phone = val([]string{"SOLIS:12"}), val("+33 6 12 34 56 78")
	})
	card = r.MustCard(tb, b)
	r.MustAdd(tb, deposit(b, "tax-notice", func(q *api.DocumentAddRequest) {
		q.Fields.Title, q.Fields.IssuedOn = val("=HYPERLINK(\"http://x\")"), val("2025-08-01")
		q.FileName = "../1 84 12 76 451 089 46\u202e.pdf"
	}), pdfHead+"taxes")
	again := deposit(b, "payslip", func(q *api.DocumentAddRequest) { q.Fields.SourceID, q.FileName = val("S1"), "paie.WEIRD" })
	r.MustAdd(tb, again, "\x00\x01 one")
	r.MustAdd(tb, again, "\x00\x01 two")
	gone := r.MustAdd(tb, deposit(b, "cv"), "gone")
	if _, err := r.DocumentRemove(context.Background(), api.DocumentRequest{Document: gone.ID}); err != nil {
		tb.Fatal(err)
	}
	r.MustAdd(tb, deposit(b, "divorce-judgment", func(q *api.DocumentAddRequest) { q.Private, q.Fields.Title = true, val("Jugement") }), "secret")
	return b, card
}

func TestExport(t *testing.T) {
	r := MustFound(t)
	b, card := exportVault(t, r)
	raw, meta, err := r.export(api.ExportRequest{Beneficiary: b, Language: "en"})
	if err != nil || meta.Documents != 2 || meta.Skipped != 1 || meta.ID != b || !strings.HasSuffix(meta.FileName, ".zip") {
		t.Fatalf("%+v, %v", meta, err)
	}
	files := MustUnzip(t, raw)
	checkArchive(t, files)
	for _, text := range files {
		if strings.Contains(text, "Jugement") || strings.Contains(text, "secret") {
			t.Error("what is private is in an export without the card")
		}
	}
	if readme := files["LISEZMOI.txt"]; !strings.Contains(readme, "1 justificatif privé") {
		t.Errorf("the French readme does not tell what is missing:\n%s", readme)
	}
	raw, meta, err = r.export(api.ExportRequest{Beneficiary: b, Card: card})
	if err != nil || meta.Documents != 3 || meta.Skipped != 0 {
		t.Fatalf("with the card: %+v, %v", meta, err)
	}
	files = MustUnzip(t, raw)
	checkArchive(t, files)
	if !strings.Contains(files["manifest.json"], "Jugement") || !slices.Contains(slices.Collect(mapValues(files)), "secret") {
		t.Error("what is private is missing from an export with the card")
	}
	j := r.MustJournal(t, api.JournalRequest{Beneficiary: b, Language: "en"})
	if n := len(j); n < 5 || !strings.Contains(j[n-1].Text, "handed over") || !strings.Contains(j[n-4].Text, "handed over") {
		t.Errorf("the exports are not in the journal: %+v", j)
	}
}

func mapValues(m map[string]string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for _, v := range m {
			if !yield(v) {
				return
			}
		}
	}
}

// checkArchive holds an archive against its own manifest and tables.
func checkArchive(t *testing.T, files map[string]string) {
	t.Helper()
	var m struct {
		Format      string
		Version     int
		Beneficiary map[string]any
		Consents    []struct {
			ID     string
			Record map[string]any
		}
		Documents []struct {
			ID, Path, SHA256 string
			FileName         string `json:"file_name"`
			Versions         []struct{ SHA256 string }
		}
		Removed []struct{ SHA256 string }
		Events  []map[string]any
	}
	if err := json.Unmarshal([]byte(files["manifest.json"]), &m); err != nil {
		t.Fatal(err)
	}
	if m.Format != "vaultctl export" || m.Version != 1 || m.Beneficiary["family_name"] != "Diallo" || len(m.Events) < 8 || len(m.Removed) != 1 {
		t.Errorf("manifest: %s", files["manifest.json"])
	}
	if len(m.Consents) != 1 || m.Consents[0].Record["schema_version"] != "ISO/IEC TS 27560:2023" || m.Consents[0].Record["events"] == nil {
		t.Errorf("consents: %+v", m.Consents)
	}
	for _, d := range m.Documents {
		sum := sha256.Sum256([]byte(files[d.Path]))
		if d.SHA256 != hex.EncodeToString(sum[:]) || len(d.Versions) == 0 || d.Versions[len(d.Versions)-1].SHA256 != d.SHA256 {
			t.Errorf("%s does not agree with the manifest: %+v", d.Path, d)
		}
		if vault.HasNIR(d.Path) || !strings.HasPrefix(d.Path, "documents/") || strings.Count(d.Path, "/") != 1 || strings.Contains(d.Path, "..") {
			t.Errorf("path %q", d.Path)
		}
		if strings.HasPrefix(d.Path, "documents/payslip") && (len(d.Versions) != 2 || !strings.HasSuffix(d.Path, ".weird")) {
			t.Errorf("versions: %+v", d)
		}
		if strings.HasPrefix(d.Path, "documents/tax-notice_2025-08-01_") && (!strings.HasSuffix(d.Path, d.ID+".pdf") || !strings.Contains(d.FileName, "\u202e")) {
			t.Errorf("the tax notice: %+v", d)
		}
	}
	rows := MustSheet(t, files["documents.csv"], ';')
	if len(rows) != len(m.Documents) || rows[0]["title"] != "'=HYPERLINK(\"http://x\")" || files[rows[0]["path"]] == "" {
		t.Errorf("documents.csv: %v", rows)
	}
	if rows := MustSheet(t, files["journal.csv"], ';'); len(rows) != len(m.Events) {
		t.Errorf("journal.csv has %d rows, the manifest %d events", len(rows), len(m.Events))
	}
	if text := files["journal.txt"]; strings.Count(text, "\n") != len(m.Events)+4 || !strings.Contains(text, "a ouvert le coffre") || !utf8.ValidString(text) {
		t.Errorf("journal.txt:\n%s", text)
	}
}

func TestExportSealed(t *testing.T) {
	r := MustFound(t)
	b, card := exportVault(t, r)
	seed, err := words.DecodeSecret(card)
	if err != nil {
		t.Fatal(err)
	}
	s := agecrypt.NewWithWorkFactor(10)
	identity, _, err := s.IdentityFromSeed(seed)
	if err != nil {
		t.Fatal(err)
	}
	const phrase = "douze pommes vertes"
	for seal, open := range map[string]func(io.Reader) (io.Reader, error){
		"card":       func(src io.Reader) (io.Reader, error) { return s.Open(src, []string{identity}) },
		"passphrase": func(src io.Reader) (io.Reader, error) { return s.OpenPassphrase(src, phrase) },
	} {
		raw, meta, err := r.export(api.ExportRequest{Beneficiary: b, SealTo: seal, Passphrase: phrase})
		if err != nil || !strings.HasSuffix(meta.FileName, ".zip.age") {
			t.Fatalf("%s: %+v, %v", seal, meta, err)
		}
		plain, err := open(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(plain)
		if err != nil {
			t.Fatal(err)
		}
		checkArchive(t, MustUnzip(t, text))
	}
}

func TestExportRefusals(t *testing.T) {
	r := MustFound(t)
	b := r.MustVault(t, "Diallo")
	wrong := r.MustCard(t, r.MustVault(t, "Other"))
	for _, c := range []struct {
		req  api.ExportRequest
		code vault.Code
	}{
		{api.ExportRequest{Beneficiary: b, SealTo: "card"}, vault.CodePolicy},
		{api.ExportRequest{Beneficiary: b, SealTo: "passphrase", Passphrase: "short"}, vault.CodePolicy},
		{api.ExportRequest{Beneficiary: b, SealTo: "envelope"}, vault.CodeUsage},
		{api.ExportRequest{Beneficiary: b, Card: wrong}, vault.CodeNoIdentity},
		{api.ExportRequest{Beneficiary: string(vault.NewBeneficiaryID("x"))}, vault.CodeNotFound},
	} {
		if raw, _, err := r.export(c.req); vault.CodeOf(err) != c.code || len(raw) > 0 {
			t.Errorf("%+v: %v, want %s", c.req, err, c.code)
		}
	}
	if raw, meta, err := r.export(api.ExportRequest{Beneficiary: b, Language: "fr"}); err != nil || meta.Documents != 0 || len(MustUnzip(t, raw)) != 5 {
		t.Errorf("an empty vault: %+v, %v", meta, err)
	}
}

// TestExportOpensElsewhere checks the archive with another program.
func TestExportOpensElsewhere(t *testing.T) {
	unzip, err := exec.LookPath("unzip")
	if err != nil {
		t.Skip("unzip is not installed")
	}
	r := MustFound(t)
	b, card := exportVault(t, r)
	raw, _, err := r.export(api.ExportRequest{Beneficiary: b, Card: card})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "out.zip")
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(unzip, "-tq", file).CombinedOutput(); err != nil {
		t.Errorf("unzip -t: %v\n%s", err, out)
	}
}

func TestJournalFiltersAndFormats(t *testing.T) {
	ctx := context.Background()
	r := MustFound(t)
	b, _ := exportVault(t, r)
	other := r.MustVault(t, "Other")
	one, all := r.MustJournal(t, api.JournalRequest{Beneficiary: b}), r.MustJournal(t, api.JournalRequest{})
	if len(all) <= len(one) || !slices.ContainsFunc(all, func(j api.JournalEntry) bool { return j.Beneficiary == other }) {
		t.Errorf("%d entries of one vault, %d of all", len(one), len(all))
	}
	for _, j := range all {
		if strings.HasPrefix(j.EventType, "note.") || strings.HasPrefix(j.EventType, "object.") || j.Text == "" || j.Agent != "Marie Durand" ||
			strings.Contains(j.Text, "does not know") || j.Quarantined != "" {
			t.Errorf("entry %+v", j)
		}
	}
	for i := range len(all) - 1 {
		if all[i].At > all[i+1].At {
			t.Errorf("%s stands before %s", all[i].At, all[i+1].At)
		}
	}
	if got := r.MustJournal(t, api.JournalRequest{Agent: "marie  DURAND"}); len(got) != len(all) {
		t.Errorf("%d entries of the agent, want %d", len(got), len(all))
	}
	if got := r.MustJournal(t, api.JournalRequest{Since: "+1d"}); len(got) != 0 {
		t.Errorf("%d entries since tomorrow", len(got))
	}
	for _, c := range []struct {
		req  api.JournalRequest
		code vault.Code
	}{{api.JournalRequest{Agent: "Nobody"}, vault.CodeNotFound}, {api.JournalRequest{Since: "hier"}, vault.CodeInvalid},
		{api.JournalRequest{Beneficiary: string(vault.NewBeneficiaryID("x"))}, vault.CodeNotFound}} {
		if err := r.JournalList(ctx, c.req, func(api.JournalEntry) error { return nil }); vault.CodeOf(err) != c.code {
			t.Errorf("%+v: %v", c.req, err)
		}
	}
	files := map[string]string{}
	for _, format := range []string{"csv", "jsonl", "txt", "pdf"} {
		var out bytes.Buffer
		err := r.JournalExport(ctx, api.JournalExportRequest{JournalRequest: api.JournalRequest{Beneficiary: b, Language: "en"}, Format: format},
			func(api.Empty) (io.Writer, error) { return &out, nil })
		if err != nil {
			t.Errorf("%s: %v", format, err)
		}
		files[format] = out.String()
	}
	if rows := MustSheet(t, files["csv"], ','); len(rows) != len(one) || rows[0]["text"] != "Marie Durand opened the vault" {
		t.Errorf("csv: %v", rows)
	}
	if strings.Count(files["jsonl"], "\n") != len(one) || strings.Count(files["txt"], "\n") != len(one) || !strings.HasPrefix(files["pdf"], "%PDF-") {
		t.Error("jsonl, txt or pdf do not hold every entry")
	}
	err := r.JournalExport(ctx, api.JournalExportRequest{Format: "docx"}, func(api.Empty) (io.Writer, error) { return io.Discard, nil })
	if vault.CodeOf(err) != vault.CodeUsage {
		t.Errorf("unknown format: %v", err)
	}
}

func TestJournalVerifyFindsWhatWasAltered(t *testing.T) {
	ctx := context.Background()
	r := MustFound(t)
	t.Cleanup(r.HoldTending()) // which would write to the journal
	exportVault(t, r)
	good, err := r.JournalVerify(ctx)
	if err != nil || len(good.Findings) > 0 || good.Segments < 2 || good.Events < 10 {
		t.Fatalf("before: %+v, %v", good, err)
	}
	segments, err := filepath.Glob(filepath.Join(r.Home, "journal", "v1", "w", "*", "j", "0", "*.seg"))
	if err != nil || len(segments) != good.Segments {
		t.Fatalf("%v, %v", segments, err)
	}
	restore := func(p string) func() {
		raw, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		return func() {
			if err := os.WriteFile(p, raw, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	check := func(what string, altered, missing int) {
		t.Helper()
		res, err := r.JournalVerify(ctx)
		if err != nil || res.Altered != altered || res.Missing != missing || len(res.Findings) != altered+missing {
			t.Errorf("%s: %+v, %v", what, res, err)
		}
	}
	back := restore(segments[1])
	raw, err := os.ReadFile(segments[1])
	if err != nil {
		t.Fatal(err)
	}
	raw[len(raw)-1] ^= 1
	if err := os.WriteFile(segments[1], raw, 0o600); err != nil {
		t.Fatal(err)
	}
	check("one byte", 1, 0)
	back()
	back = restore(segments[1])
	if err := os.Remove(segments[1]); err != nil {
		t.Fatal(err)
	}
	check("one segment", 0, 1)
	back()
	check("put back", 0, 0)
}
