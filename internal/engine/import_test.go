package engine_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/engine"
	"vaultctl/internal/vault"
)

// part is one stream of an upload.
type part struct {
	name string
	r    io.Reader
}

func partsOf(parts ...part) engine.Parts {
	return func() (string, io.Reader, error) {
		if len(parts) == 0 {
			return "", nil, io.EOF
		}
		p := parts[0]
		parts = parts[1:]
		return p.name, p.r, nil
	}
}

func jsonPart(t testing.TB, name string, v any) part {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return part{name, bytes.NewReader(raw)}
}

// scan is a row with its content.
type scan struct {
	api.ImportRow
	content string
}

func scanOf(ref, typ, content string) scan {
	return scan{api.ImportRow{Beneficiary: "ref:" + ref, Fields: api.DocumentFields{Type: &typ}, FileName: "scan.pdf", Size: int64(len(content))}, content}
}

// collect gathers results by row.
type collect struct {
	mu   sync.Mutex
	rows map[int64]api.RowResult
}

func (c *collect) add(r api.RowResult) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, twice := c.rows[r.Row]; twice {
		return fmt.Errorf("row %d was answered twice", r.Row)
	}
	c.rows[r.Row] = r
	return nil
}

func (c *collect) list() []api.RowResult {
	var out []api.RowResult
	for i := range int64(len(c.rows)) {
		out = append(out, c.rows[i+1])
	}
	return out
}

// MustImport deposits rows over one lane, numbered from 1.
func MustImport(t testing.TB, r *rig, batch vault.BatchID, update bool, scans ...scan) []api.RowResult {
	t.Helper()
	var parts []part
	for i, s := range scans {
		s.Row = int64(i + 1)
		parts = append(parts, jsonPart(t, api.PartRow, s.ImportRow), part{api.PartContent, bytes.NewReader([]byte(s.content))})
	}
	got := collect{rows: map[int64]api.RowResult{}}
	end, err := r.ImportDeposit(ctxb, api.ImportRequest{Batch: string(batch), Update: update}, partsOf(parts...), got.add)
	if err != nil || end.Rows != int64(len(scans)) || len(got.rows) != len(scans) {
		t.Fatalf("%+v, %d results, %v", end, len(got.rows), err)
	}
	return got.list()
}

// MustCheck asks about rows without their content.
func MustCheck(t testing.TB, r *rig, req api.ImportCheckRequest, scans ...scan) []api.RowResult {
	t.Helper()
	got := collect{rows: map[int64]api.RowResult{}}
	for i, s := range scans {
		s.Row = int64(i + 1)
		req.Rows = append(req.Rows, s.ImportRow)
	}
	if err := r.ImportCheck(ctxb, req, got.add); err != nil {
		t.Fatal(err)
	}
	return got.list()
}

func wantStatus(t testing.TB, what string, got []api.RowResult, want ...string) {
	t.Helper()
	var have []string
	for _, r := range got {
		s := r.Status
		if r.Status == api.RowRejected || r.Code != "" {
			s += " " + r.Code
		}
		have = append(have, s)
	}
	if !slices.Equal(have, want) {
		t.Errorf("%s: %v, want %v\n%+v", what, have, want, got)
	}
}

func withRef(refs ...string) func(*api.BeneficiaryAddRequest) {
	return func(q *api.BeneficiaryAddRequest) { q.Person.Refs = &refs }
}

func TestImportTwiceDepositsOnce(t *testing.T) {
	r := MustFound(t, single)
	awa := MustAdd(t, r, "Awa", "Diallo", "1990", withRef("PEP:1"))
	MustAdd(t, r, "Jean", "Petit", "1970", withRef("PEP:2"))
	first := vault.NewBatchID()
	var scans []scan
	for i := range 200 {
		scans = append(scans, scanOf(fmt.Sprintf("PEP:%d", i%2+1), "cv", fmt.Sprintf("contenu %d", i)))
	}
	scans = append(scans, scans[0], scanOf("PEP:3", "cv", "x"), scanOf("PEP:1", "medical-document", "y"), scanOf("PEP:1", "nonsense", "z"),
		scanOf("PEP:1", "cv", ""))
	got := MustImport(t, r, first, false, scans...)
	for i := range 200 {
		if got[i].Status != api.RowDeposited && i > 0 {
			t.Fatalf("row %d: %+v", i+1, got[i])
		}
	}
	// The first and the last copy of the same bytes race; one of the two is deposited.
	twice := []string{got[0].Status, got[200].Status}
	if slices.Sort(twice); !slices.Equal(twice, []string{api.RowDeposited, api.RowExists}) {
		t.Errorf("the same bytes twice: %v", twice)
	}
	wantStatus(t, "bad rows", got[201:], "rejected not_found", "rejected policy", "rejected invalid", "rejected invalid")
	b, err := r.BeneficiaryShow(ctxb, api.BeneficiaryRequest{Beneficiary: awa.ID})
	if err != nil || b.Documents != 100 {
		t.Errorf("%d documents, %v", b.Documents, err)
	}
	r.Reopen(t)
	for i, res := range MustImport(t, r, vault.NewBatchID(), false, scans[:200]...) {
		if res.Status != api.RowExists || res.Document != got[i].Document && i > 0 {
			t.Fatalf("again, row %d: %+v", i+1, res)
		}
	}
}

func TestImportNewVersionAndMetadata(t *testing.T) {
	r := MustFound(t, single)
	MustAdd(t, r, "Awa", "Diallo", "1990", withRef("PEP:1"))
	source, title, other := "S-1", "Bulletin", "Bulletin de mai"
	row := scanOf("PEP:1", "payslip", "un")
	row.Fields.SourceID, row.Fields.Title = &source, &title
	first := MustImport(t, r, vault.NewBatchID(), false, row)
	wantStatus(t, "first", first, "deposited")
	row.Fields.Title = &other
	wantStatus(t, "other title", MustImport(t, r, vault.NewBatchID(), false, row), "exists differs")
	got := MustImport(t, r, vault.NewBatchID(), true, row)
	wantStatus(t, "with update", got, "updated")
	if !slices.Equal(got[0].Differs, []string{"title"}) {
		t.Errorf("differs: %v", got[0].Differs)
	}
	wantStatus(t, "once more", MustImport(t, r, vault.NewBatchID(), true, row), "exists")
	newer := scanOf("PEP:1", "payslip", "deux")
	newer.Fields.SourceID = &source
	got = MustImport(t, r, vault.NewBatchID(), false, newer)
	wantStatus(t, "other bytes", got, "updated")
	if got[0].Document != first[0].Document {
		t.Errorf("the new version is another document: %+v", got[0])
	}
}

func TestImportCheckIsWhatHappens(t *testing.T) {
	r := MustFound(t, single)
	r.HoldClock() // what has just changed stays so
	MustAdd(t, r, "Awa", "Diallo", "1990", withRef("PEP:1"))
	dir := t.TempDir()
	withFile := func(s scan, name string, age time.Duration) scan {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, []byte(s.content), 0o600); err != nil {
			t.Fatal(err)
		}
		at := time.Now().Add(-age)
		if err := os.Chtimes(p, at, at); err != nil {
			t.Fatal(err)
		}
		s.File = &api.FileMark{Path: p, Size: s.Size, ModTime: at.UnixNano()}
		return s
	}
	old, fresh := withFile(scanOf("PEP:1", "cv", "ancien"), "a.pdf", time.Hour), withFile(scanOf("PEP:1", "cv", "neuf"), "b.pdf", 0)
	stranger := scanOf("PEP:9", "cv", "x")
	scans := []scan{old, fresh, stranger}
	dry := api.ImportCheckRequest{DryRun: true}
	wantStatus(t, "before", MustCheck(t, r, dry, scans...), "wanted", "wanted", "rejected not_found")
	digested := func(scans []scan) []scan {
		out := slices.Clone(scans)
		for i := range out {
			sum := sha256.Sum256([]byte(out[i].content))
			out[i].Digest = hex.EncodeToString(sum[:])
		}
		return out
	}
	wantStatus(t, "by digest", MustCheck(t, r, dry, append(digested(scans[:2]), digested(scans[:1])...)...), "deposited", "deposited", "exists")
	wantStatus(t, "the import", MustImport(t, r, vault.NewBatchID(), false, scans[:2]...), "deposited", "deposited")
	MustSync(t, r)
	got := MustCheck(t, r, dry, scans...)
	wantStatus(t, "after", got, "exists", "wanted", "rejected not_found") // b.pdf had just changed: it is read again
	if !got[0].OnRemote {
		t.Errorf("not on the remote: %+v", got[0])
	}
	wantStatus(t, "by digest after", MustCheck(t, r, dry, digested(scans[:2])...), "exists", "exists")
	changed := old
	changed.File = &api.FileMark{Path: old.File.Path, Size: old.File.Size, ModTime: old.File.ModTime + 1}
	wantStatus(t, "touched", MustCheck(t, r, dry, changed), "wanted")
	if _, err := r.DocumentRemove(ctxb, api.DocumentRequest{Document: got[0].Document}); err != nil {
		t.Fatal(err)
	}
	wantStatus(t, "after removal", MustCheck(t, r, dry, old), "rejected removed")
	wantStatus(t, "after removal, by digest", MustCheck(t, r, api.ImportCheckRequest{Batch: string(vault.NewBatchID()), DryRun: true},
		digested([]scan{old})...), "rejected removed")
}

// TestImportBringsNothingBack imports again what was removed, moved away, and undone with its batch.
func TestImportBringsNothingBack(t *testing.T) {
	r := MustFound(t, single)
	MustAdd(t, r, "Awa", "Diallo", "1990", withRef("PEP:1"))
	jean := MustAdd(t, r, "Jean", "Petit", "1970", withRef("PEP:2"))
	source := "S-1"
	rows := []scan{scanOf("PEP:1", "cv", "retiré"), scanOf("PEP:1", "cv", "déplacé"), scanOf("PEP:1", "cv", "annulé"), scanOf("PEP:1", "cv", "source")}
	rows[3].Fields.SourceID = &source
	one := MustImport(t, r, vault.NewBatchID(), false, rows[0], rows[1], rows[3])
	undone := vault.NewBatchID()
	MustImport(t, r, undone, false, rows[2])
	for _, i := range []int{0, 2} {
		if _, err := r.DocumentRemove(ctxb, api.DocumentRequest{Document: one[i].Document}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := r.DocumentMove(ctxb, api.MoveRequest{Document: one[1].Document, To: jean.ID}, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := r.BatchUndo(ctxb, api.BatchUndoRequest{Batch: string(undone)}, func(api.BatchItem) error { return nil }, nil); err != nil {
		t.Fatal(err)
	}
	rows[3].content, rows[3].Size = "source, neuf", int64(len("source, neuf"))
	wantStatus(t, "again", MustImport(t, r, vault.NewBatchID(), false, rows...), "rejected removed", "rejected removed", "deposited", "rejected removed")
	if d := MustDeposit(t, r, one[0].Beneficiary, rows[0].content, false); d.Status != "deposited" {
		t.Errorf("by hand: %+v", d)
	}
}

// personRow is somebody who consented in words.
func personRow(ref, given, family, on string) api.PersonRow {
	refs := []string{ref}
	return api.PersonRow{Person: api.Person{Refs: &refs, GivenName: &given, FamilyName: &family},
		Consent: &api.ConsentTerms{To: "team:Accueil", Purpose: "safekeeping", Verbal: true, On: on}}
}

// MustPeople imports people over one lane, numbered from 1.
func MustPeople(t testing.TB, r *rig, req api.ImportRequest, people ...api.PersonRow) []api.RowResult {
	t.Helper()
	if req.Batch == "" {
		req.Batch = string(vault.NewBatchID())
	}
	var parts []part
	for i, p := range people {
		p.Row = int64(i + 1)
		parts = append(parts, jsonPart(t, api.PartPerson, p))
		if p.Consent != nil && p.Consent.EvidenceName != "" {
			parts = append(parts, part{api.PartEvidence, bytes.NewReader([]byte("signé"))})
		}
	}
	got := collect{rows: map[int64]api.RowResult{}}
	if _, err := r.ImportPeople(ctxb, req, partsOf(parts...), got.add); err != nil || len(got.rows) != len(people) {
		t.Fatalf("%d results, %v", len(got.rows), err)
	}
	return got.list()
}

// TestNightlyPeople imports last week's people again after a withdrawal, an erasure and a closing.
func TestNightlyPeople(t *testing.T) {
	r := MustFound(t, single)
	week := []api.PersonRow{personRow("PEP:1", "Awa", "Diallo", "2026-01-02"), personRow("PEP:2", "Jean", "Petit", "2026-01-02"),
		personRow("PEP:3", "Rosa", "Lopes", "2026-01-02"), personRow("PEP:4", "Lin", "Wei", "2026-01-02"), personRow("PEP:5", "Zoé", "Roux", "")}
	week[1].Consent.Verbal, week[1].Consent.EvidenceName = false, "signé.pdf"
	wantStatus(t, "dry run", MustPeople(t, r, api.ImportRequest{DryRun: true}, week...), "deposited", "deposited", "deposited", "deposited", "deposited")
	first := MustPeople(t, r, api.ImportRequest{}, week...)
	wantStatus(t, "first night", first, "deposited", "deposited", "deposited", "deposited", "deposited")
	wantStatus(t, "second night", MustPeople(t, r, api.ImportRequest{}, week...), "exists", "exists", "exists", "exists", "exists")
	for _, i := range []int{0, 4} {
		if _, err := r.ConsentWithdraw(ctxb, api.WithdrawRequest{Beneficiary: first[i].Beneficiary}, nil); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := r.BeneficiaryErase(ctxb, api.EraseRequest{Beneficiary: first[1].Beneficiary, Confirm: first[1].Beneficiary}, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := r.BeneficiaryClose(ctxb, api.CloseRequest{Beneficiary: first[2].Beneficiary, Reason: "moved"}); err != nil {
		t.Fatal(err)
	}
	for _, dry := range []bool{true, false} {
		got := MustPeople(t, r, api.ImportRequest{DryRun: dry, Update: true}, week...)
		wantStatus(t, "afterwards", got, "rejected superseded", "rejected erased", "rejected no_consent", "exists", "rejected superseded")
	}
	if b, err := r.BeneficiaryShow(ctxb, api.BeneficiaryRequest{Beneficiary: first[0].Beneficiary}); err != nil || b.State != "unconsented" {
		t.Errorf("%+v, %v", b, err)
	}
}

func TestImportPeopleAttributes(t *testing.T) {
	r := MustFound(t, single)
	awa := personRow("PEP:1", "Awa", "Diallo", "")
	wantStatus(t, "first", MustPeople(t, r, api.ImportRequest{}, awa), "deposited")
	phone := "06 00 00 00 00"
	awa.Person.Phone = &phone
	more := []string{"PEP:1", "CAF:7"}
	awa.Person.Refs = &more
	got := MustPeople(t, r, api.ImportRequest{}, awa)
	wantStatus(t, "other phone", got, "exists differs")
	if slices.Sort(got[0].Differs); !slices.Equal(got[0].Differs, []string{"phone", "refs"}) {
		t.Errorf("differs: %v", got[0].Differs)
	}
	wantStatus(t, "with update", MustPeople(t, r, api.ImportRequest{Update: true}, awa), "updated")
	if b, err := r.BeneficiaryShow(ctxb, api.BeneficiaryRequest{Beneficiary: "ref:CAF:7"}); err != nil || b.Phone != phone {
		t.Errorf("%+v, %v", b, err)
	}
	nobody := personRow("PEP:2", "Jean", "Petit", "")
	nobody.Consent = nil
	anonymous := personRow("PEP:3", "", "", "")
	noRef := personRow("", "Rosa", "Lopes", "")
	noRef.Person.Refs = nil
	again := personRow("PEP:4", "Lin", "Wei", "")
	wantStatus(t, "bad rows", MustPeople(t, r, api.ImportRequest{}, nobody, anonymous, noRef, again, again),
		"rejected no_consent", "rejected invalid", "rejected invalid", "deposited", "exists")
}

// rowsOf gives a row and its content for each call of next that has one.
func rowsOf(t testing.TB, next func() (ref string, content []byte, ok bool)) engine.Parts {
	var content []byte
	row, typ := int64(0), "cv"
	return func() (string, io.Reader, error) {
		if content != nil {
			r := bytes.NewReader(content)
			content = nil
			return api.PartContent, r, nil
		}
		ref, bytes, ok := next()
		if !ok {
			return "", nil, io.EOF
		}
		content = bytes
		row++
		p := jsonPart(t, api.PartRow, api.ImportRow{Row: row, Beneficiary: "ref:" + ref, Fields: api.DocumentFields{Type: &typ}, Size: int64(len(bytes))})
		return p.name, p.r, nil
	}
}

// TestImportAfterReinstall imports the same rows on a new workstation, after the only one was lost.
func TestImportAfterReinstall(t *testing.T) {
	k := MustFill(t, MustFound(t))
	MustAdd(t, k.rig, "Awa", "Diop", "1991", withRef("PEP:1"))
	source := "S-1"
	rows := []scan{scanOf("PEP:1", "cv", "un"), scanOf("PEP:1", "payslip", "deux")}
	rows[1].Fields.SourceID = &source
	before := MustImport(t, k.rig, vault.NewBatchID(), false, rows...)
	people := []api.PersonRow{personRow("PEP:2", "Jean", "Petit", "2026-01-02")}
	MustPeople(t, k.rig, api.ImportRequest{}, people...)
	MustSync(t, k.rig)
	k.stop()
	n, _, err := join(t, k, t.TempDir(), k.Result.Recovery[1:]...)
	if err != nil {
		t.Fatal(err)
	}
	after := MustImport(t, n, vault.NewBatchID(), false, rows...)
	wantStatus(t, "documents", after, "exists", "exists")
	for i := range after {
		if after[i].Document != before[i].Document {
			t.Errorf("row %d is another document: %+v, %+v", i+1, before[i], after[i])
		}
	}
	wantStatus(t, "people", MustPeople(t, n, api.ImportRequest{}, people...), "exists")
	rows[1].content, rows[1].Size = "deux, neuf", int64(len("deux, neuf"))
	wantStatus(t, "a new version", MustImport(t, n, vault.NewBatchID(), false, rows[1]), "updated")
}
