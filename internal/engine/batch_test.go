package engine_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

func (r *rig) MustBatches(tb testing.TB, req api.BatchListRequest) []api.Batch {
	tb.Helper()
	var out []api.Batch
	if err := r.BatchList(ctxb, req, func(b api.Batch) error { out = append(out, b); return nil }); err != nil {
		tb.Fatal(err)
	}
	return out
}

func (r *rig) MustItems(tb testing.TB, batch vault.BatchID) []api.BatchItem {
	tb.Helper()
	var out []api.BatchItem
	if err := r.BatchShow(ctxb, api.BatchRequest{Batch: string(batch)}, func(it api.BatchItem) error { out = append(out, it); return nil }); err != nil {
		tb.Fatal(err)
	}
	return out
}

func (r *rig) MustUndo(tb testing.TB, batch vault.BatchID, dry bool) ([]api.BatchItem, api.BatchUndone) {
	tb.Helper()
	var out []api.BatchItem
	sum, err := r.BatchUndo(ctxb, api.BatchUndoRequest{Batch: string(batch), DryRun: dry}, func(it api.BatchItem) error { out = append(out, it); return nil }, nil)
	if err != nil {
		tb.Fatal(err)
	}
	return out, sum
}

// statesOf counts items by what they are and how they stand.
func statesOf(items []api.BatchItem) string {
	n := map[string]int{}
	for _, it := range items {
		key := it.What + " " + it.State
		if it.Code != "" {
			key += " " + it.Code
		}
		n[key]++
	}
	var out []string
	for _, k := range slices.Sorted(maps.Keys(n)) {
		out = append(out, fmt.Sprintf("%d %s", n[k], k))
	}
	return strings.Join(out, ", ")
}

// person is a row of a people file.
func person(ref, family string) api.PersonRow {
	c := verbal("team:Accueil")
	return api.PersonRow{Person: api.Person{FamilyName: &family, GivenName: val("Awa"), Born: val("1990-01-02"), Refs: &[]string{ref}}, Consent: &c}
}

func MustImportPeople(tb testing.TB, r *rig, batch vault.BatchID, rows ...api.PersonRow) []api.RowResult {
	tb.Helper()
	var parts []part
	for i, p := range rows {
		p.Row = int64(i + 1)
		parts = append(parts, jsonPart(tb, api.PartPerson, p))
	}
	got := collect{rows: map[int64]api.RowResult{}}
	if _, err := r.ImportPeople(ctxb, api.ImportRequest{Batch: string(batch)}, partsOf(parts...), got.add); err != nil {
		tb.Fatal(err)
	}
	return got.list()
}

// TestFiftyRowsOneLineOff files fifty documents under the person of the next line, takes them back and files them rightly.
func TestFiftyRowsOneLineOff(t *testing.T) {
	const n = 50
	r := MustFound(t)
	var people, rows []string
	for i := range n {
		ref := fmt.Sprintf("SI:%d", 4700+i)
		people = append(people, r.MustVault(t, fmt.Sprintf("Personne%02d", i), withRef(ref)))
		rows = append(rows, ref)
	}
	file := func(off int) (vault.BatchID, []api.RowResult) {
		batch := vault.NewBatchID()
		var scans []scan
		for i := range n {
			s := scanOf(rows[(i+off)%n], "payslip", fmt.Sprintf("bulletin de %02d", i))
			s.Fields.Title = val(fmt.Sprintf("Bulletin %02d", i))
			scans = append(scans, s)
		}
		return batch, MustImport(t, r, batch, false, scans...)
	}
	wrong, filed := file(1)
	if text, _, err := r.get(filed[7].Document, ""); err != nil || text != "bulletin de 07" {
		t.Fatalf("get: %q, %v", text, err)
	}
	for _, it := range r.MustItems(t, wrong) {
		seen := it.ID == filed[7].Document
		if it.State != api.ItemThere || it.DocumentType != "payslip" || it.Title == "" || (len(it.Seen) == 1) != seen {
			t.Errorf("item %+v", it)
		}
		if seen && (it.Seen[0].Agent != "Marie Durand" || it.Seen[0].Act != "get") {
			t.Errorf("seen %+v", it.Seen)
		}
	}
	items, sum := r.MustUndo(t, wrong, true)
	if statesOf(items) != "50 document undone" || sum.Undone != n || !sum.DryRun || !items[0].DryRun || r.MustItems(t, wrong)[0].State != api.ItemThere {
		t.Errorf("dry run: %s, %+v", statesOf(items), sum)
	}
	items, sum = r.MustUndo(t, wrong, false)
	if statesOf(items) != "50 document undone" || sum.Undone != n || sum.Left != 0 || sum.Before != 0 {
		t.Errorf("undo: %s, %+v", statesOf(items), sum)
	}
	right, filed := file(0)
	for i, row := range filed {
		if row.Status != api.RowDeposited || row.Beneficiary != people[i] {
			t.Errorf("row %d: %+v", i, row)
		}
		if docs := r.MustList(t, api.DocumentListRequest{Beneficiary: people[i]}); len(docs) != 1 || docs[0].Title != fmt.Sprintf("Bulletin %02d", i) {
			t.Errorf("vault %d holds %+v", i, docs)
		}
	}
	if _, sum := r.MustUndo(t, wrong, false); sum.Undone != 0 || sum.Left != 0 || sum.Before != n {
		t.Errorf("undone again: %+v", sum)
	}
	list := r.MustBatches(t, api.BatchListRequest{})
	if len(list) != 2 || list[0].ID != string(right) || list[0].Documents != n || list[1].ID != string(wrong) || list[1].Documents != n ||
		list[1].Removed != n || list[1].Agent != "Marie Durand" {
		t.Errorf("list: %+v", list)
	}
	for i, p := range people {
		wantAlone(t, r, p, fmt.Sprintf("Personne%02d", i), people, "Personne")
	}
	MustSync(t, r)
	docs := slices.DeleteFunc(r.RemoteFiles(t), func(f string) bool { return !strings.Contains(f, "/d/") })
	if len(docs) != n {
		t.Errorf("%d documents on the remote, want %d", len(docs), n)
	}
}

// MustJournalText returns the journal of a person as it is handed out.
func (r *rig) MustJournalText(tb testing.TB, id, format string) string {
	tb.Helper()
	var out bytes.Buffer
	err := r.JournalExport(ctxb, api.JournalExportRequest{JournalRequest: api.JournalRequest{Beneficiary: id, Language: "en"}, Format: format},
		func(api.Empty) (io.Writer, error) { return &out, nil })
	if err != nil || out.Len() == 0 {
		tb.Fatalf("journal: %d bytes, %v", out.Len(), err)
	}
	return out.String()
}

// wantAlone looks for the ids and names of others in a person's journal as it is handed out.
func wantAlone(tb testing.TB, r *rig, id, name string, others []string, stem string) {
	tb.Helper()
	for _, format := range []string{"jsonl", "csv", "txt"} {
		text := r.MustJournalText(tb, id, format)
		for _, o := range others {
			if o != id && strings.Contains(text, o) {
				tb.Errorf("the journal of %s names %s", id, o)
			}
		}
		if rest := strings.ReplaceAll(text, name, ""); strings.Contains(rest, stem) {
			tb.Errorf("the journal of %s names another person: %s", id, rest)
		}
	}
}

func TestUndoLeavesWhatOthersDid(t *testing.T) {
	r := MustFound(t)
	for i := range 5 {
		r.MustVault(t, fmt.Sprint("P", i), withRef(fmt.Sprint("SI:", i)))
	}
	before := MustImport(t, r, vault.NewBatchID(), false, func() scan { s := scanOf("SI:4", "cv", "old"); s.Fields.SourceID = val("S4"); return s }())
	batch := vault.NewBatchID()
	newer := scanOf("SI:4", "cv", "new")
	newer.Fields.SourceID = val("S4")
	rows := MustImport(t, r, batch, false, scanOf("SI:0", "cv", "zero"), scanOf("SI:1", "cv", "one"), scanOf("SI:2", "cv", "two"),
		scanOf("SI:3", "cv", "three"), newer, scanOf("SI:0", "payslip", "moved"))
	wantStatus(t, "import", rows, "deposited", "deposited", "deposited", "deposited", "updated", "deposited")
	if _, err := r.DocumentReplace(ctxb, api.DocumentReplaceRequest{Document: rows[1].Document, Size: -1}, strings.NewReader("better")); err != nil {
		t.Fatal(err)
	}
	if _, err := r.DocumentEdit(ctxb, api.DocumentEditRequest{Document: rows[2].Document, Fields: api.DocumentFields{Title: val("CV")}}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.DocumentRemove(ctxb, api.DocumentRequest{Document: rows[3].Document}); err != nil {
		t.Fatal(err)
	}
	moved, err := r.DocumentMove(ctxb, api.MoveRequest{Document: rows[5].Document, To: rows[1].Beneficiary}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := statesOf(r.MustItems(t, batch)); got != "2 document changed, 2 document removed, 1 document there, 1 version there" {
		t.Errorf("show: %s", got)
	}
	items, sum := r.MustUndo(t, batch, false)
	if got := statesOf(items); got != "2 document left conflict, 1 document undone, 1 version left policy" || sum.Undone != 1 || sum.Left != 3 || sum.Before != 2 {
		t.Errorf("undo: %s, %+v", got, sum)
	}
	for _, it := range items {
		if it.ID == rows[1].Document && it.Message != "the document was replaced since by Marie Durand" {
			t.Errorf("why the replaced one is left: %q", it.Message)
		}
	}
	for _, id := range []string{rows[1].Document, rows[2].Document, before[0].Document, moved.ID} {
		if _, _, err := r.get(id, ""); err != nil {
			t.Errorf("what was to be left is gone: %v", err)
		}
	}
	if _, _, err := r.get(rows[0].Document, ""); vault.CodeOf(err) != vault.CodeErased {
		t.Errorf("what was to be removed: %v", err)
	}
}

// TestUndoOfPeople opens vaults by a batch and takes them back, references included.
func TestUndoOfPeople(t *testing.T) {
	r := MustFound(t)
	batch := vault.NewBatchID()
	rows := MustImportPeople(t, r, batch, person("SI:1", "Un"), person("SI:2", "Deux"), person("SI:3", "Trois"))
	wantStatus(t, "people", rows, "deposited", "deposited", "deposited")
	MustImport(t, r, batch, false, scanOf("SI:1", "cv", "a"), scanOf("SI:2", "cv", "b"))
	MustDeposit(t, r, rows[1].Beneficiary, "by hand", false)
	MustIssue(t, r, rows[2].Beneficiary, "")
	items, sum := r.MustUndo(t, batch, true)
	want := "3 consent undone, 2 document undone, 2 vault left conflict, 1 vault undone"
	if got := statesOf(items); got != want || sum.Left != 2 {
		t.Errorf("dry run: %s, %+v", got, sum)
	}
	if items, sum = r.MustUndo(t, batch, false); statesOf(items) != want || sum.Undone != 6 || sum.Left != 2 {
		t.Errorf("undo: %s, %+v", statesOf(items), sum)
	}
	for i, state := range []string{"closed", "unconsented", "unconsented"} {
		b, err := r.BeneficiaryShow(ctxb, api.BeneficiaryRequest{Beneficiary: rows[i].Beneficiary})
		if err != nil || b.State != state || b.Readable {
			t.Errorf("vault %d: %+v, %v", i, b, err)
		}
	}
	if b, _ := r.BeneficiaryShow(ctxb, api.BeneficiaryRequest{Beneficiary: rows[0].Beneficiary}); b.Reason != "mistake" {
		t.Errorf("closed for %q", b.Reason)
	}
	if got := statesOf(r.MustItems(t, batch)); got != "3 consent withdrawn, 2 document removed, 1 vault closed, 2 vault there" {
		t.Errorf("afterwards: %s", got)
	}
	again := MustImportPeople(t, r, vault.NewBatchID(), person("SI:1", "Un"))
	if wantStatus(t, "the corrected file", again, "deposited"); again[0].Beneficiary == rows[0].Beneficiary || len(again[0].Possible) != 0 {
		t.Errorf("the corrected row: %+v", again[0])
	}
}

// TestUndoKeepsWithdrawals takes back a people file after one of them withdrew a consent of it. Their vault stays, for a new
// one would know nothing of that.
func TestUndoKeepsWithdrawals(t *testing.T) {
	r := MustFound(t)
	if _, err := r.TeamAdd(ctxb, api.TeamAddRequest{Name: "Nuit"}); err != nil {
		t.Fatal(err)
	}
	batch := vault.NewBatchID()
	night := person("SI:1", "Un")
	night.Consent.To = "team:Nuit"
	rows := MustImportPeople(t, r, batch, person("SI:1", "Un"), night)
	wantStatus(t, "the people file", rows, "deposited", "updated")
	withdraw := api.WithdrawRequest{Beneficiary: rows[0].Beneficiary, To: "team:Nuit", Wait: "0s"}
	if _, err := r.ConsentWithdraw(ctxb, withdraw, nil); err != nil {
		t.Fatal(err)
	}
	items, _ := r.MustUndo(t, batch, false)
	if got := statesOf(items); got != "1 consent undone, 1 vault left conflict" {
		t.Errorf("undo: %s", got)
	}
	wantStatus(t, "the same file again", MustImportPeople(t, r, vault.NewBatchID(), night), "rejected superseded")
}

func TestBatchListSelects(t *testing.T) {
	r := MustFound(t)
	advance := r.HoldClock()
	r.MustVault(t, "P", withRef("SI:1"))
	first := vault.NewBatchID()
	MustImport(t, r, first, false, scanOf("SI:1", "cv", "a"))
	now := advance(10 * 24 * time.Hour)
	second := vault.NewBatchID()
	MustImport(t, r, second, false, scanOf("SI:1", "cv", "b"))
	ids := func(req api.BatchListRequest) string {
		var out []string
		for _, b := range r.MustBatches(t, req) {
			out = append(out, strings.NewReplacer(string(first), "first", string(second), "second").Replace(b.ID))
		}
		return strings.Join(out, " ")
	}
	for _, c := range []struct {
		req  api.BatchListRequest
		want string
	}{
		{api.BatchListRequest{}, "second first"},
		{api.BatchListRequest{Since: "5d"}, "second"},
		{api.BatchListRequest{Since: "30d"}, "second first"},
		{api.BatchListRequest{Since: now.Format(time.DateOnly)}, "second"},
		{api.BatchListRequest{Agent: "marie durand"}, "second first"},
	} {
		if got := ids(c.req); got != c.want {
			t.Errorf("%+v: %s, want %s", c.req, got, c.want)
		}
	}
	refuse := func(req api.BatchListRequest) error {
		return r.BatchList(ctxb, req, func(api.Batch) error { return nil })
	}
	wantCode(t, "an unknown agent", refuse(api.BatchListRequest{Agent: "Paul"}), vault.CodeNotFound)
	wantCode(t, "no day", refuse(api.BatchListRequest{Since: "soon"}), vault.CodeInvalid)
	for text, code := range map[string]vault.Code{string(vault.NewBatchID()): vault.CodeNotFound, "i123": vault.CodeInvalid, "": vault.CodeUsage} {
		wantCode(t, "show "+text, r.BatchShow(ctxb, api.BatchRequest{Batch: text}, func(api.BatchItem) error { return nil }), code)
		_, err := r.BatchUndo(ctxb, api.BatchUndoRequest{Batch: text}, func(api.BatchItem) error { return nil }, nil)
		wantCode(t, "undo "+text, err, code)
	}
}

// TestBatchesSurviveALostIndex rebuilds the index and undoes more than one change holds, after an undo that was cut short.
func TestBatchesSurviveALostIndex(t *testing.T) {
	const n = 450
	r := MustFound(t)
	b := r.MustVault(t, "Diallo", withRef("SI:1"))
	r.MustVault(t, "Ba", withRef("SI:2"))
	batch := vault.NewBatchID()
	scans := []scan{scanOf("SI:2", "cv", "another")}
	for i := range n {
		scans = append(scans, scanOf("SI:1", "cv", fmt.Sprint("scan ", i)))
	}
	MustImport(t, r, batch, false, scans...)
	MustSync(t, r)
	r.stop()
	if err := os.Remove(filepath.Join(r.Home, "index.db")); err != nil {
		t.Fatal(err)
	}
	r.Reopen(t)
	if got := statesOf(r.MustItems(t, batch)); got != fmt.Sprintf("%d document there", n+1) {
		t.Fatalf("after a rebuild: %s", got)
	}
	ctx, cancel := context.WithCancel(ctxb)
	cut, err := r.BatchUndo(ctx, api.BatchUndoRequest{Batch: string(batch)}, func(api.BatchItem) error { cancel(); return nil }, nil)
	if wantCode(t, "cut short", err, vault.CodeInterrupted); cut.Undone == 0 || cut.Undone > n {
		t.Fatalf("cut short: %+v", cut)
	}
	items, sum := r.MustUndo(t, batch, false)
	if got := statesOf(items); got != fmt.Sprintf("%d document undone", n+1-cut.Undone) || sum.Undone != n+1-cut.Undone || sum.Before != cut.Undone {
		t.Errorf("undo: %s, %+v", got, sum)
	}
	if docs := r.MustList(t, api.DocumentListRequest{Beneficiary: b}); len(docs) != 0 {
		t.Errorf("%d documents left", len(docs))
	}
}
