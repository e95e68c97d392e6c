package tui

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// papers is Amal's vault: a document in each state, one of them private, one removed, one that proves a consent.
func papers() canned {
	c := office()
	docs := []api.Document{
		{ID: "d1m4k8x2qw3t5", DocumentType: "id-card", Space: "shared", State: "valid", IssuedOn: "2021-05-03", ExpiresOn: "2031-05-03", OriginalSeen: true,
			Deposited: "2026-01-12T09:12:00Z", DepositedBy: "Marie Durand", FileName: "carte.pdf", MediaType: "application/pdf", Size: 61_700, PageCount: 2,
			Digest: "99cc4945f781d42066e583574b15871f9f1b6afd1a44ce7f33204ed692e3bb92", Versions: 2, OnRemote: true, ReceivedOn: "2026-01-12"},
		{ID: "d2n5p9c3rt6k8", DocumentType: "residence-permit", Space: "shared", State: "soon", IssuedOn: "2025-03-20", ExpiresOn: "2026-03-19",
			Deposited: "2026-01-12T09:13:00Z"},
		{ID: "d3w6d1f4hj7m9", DocumentType: "administrative-address", Space: "shared", State: "expired", IssuedOn: "2025-01-10", ExpiresOn: "2026-01-09",
			Deposited: "2026-01-12T09:14:00Z"},
		{ID: "d4b7v2g5jk8n1", DocumentType: "payslip", Holder: "Yasmine", Period: "2026-01", Space: "shared", State: "undated", Deposited: "2026-02-03T10:00:00Z",
			Title: "Association Les Quatre Saisons de l'Insertion"},
		{ID: "d5c8x3h6km9p2", Space: "private", State: "undated", Deposited: "2026-02-03T10:01:00Z"},
	}
	others := []api.Document{
		{ID: "d6f9z4j7nq1r3", DocumentType: "other", Space: "shared", State: "undated", Evidence: "cwph5j8jwsgwa", Deposited: "2026-01-12T09:10:00Z"},
		{ID: "d7g1b5k8pr2s4", DocumentType: "bank-details", Space: "shared", State: "removed", Deposited: "2026-01-12T09:15:00Z"},
	}
	for i := range docs {
		docs[i].Beneficiary = "b7k2m9x4qw3t5"
	}
	byID := map[string]api.Document{}
	for _, doc := range append(docs, others...) {
		byID[doc.ID] = doc
	}
	c[api.RouteDocumentList] = func(raw json.RawMessage) any {
		var req api.DocumentListRequest
		_ = json.Unmarshal(raw, &req)
		if req.All {
			return append(append([]api.Document{}, docs...), others...)
		}
		return docs
	}
	c[api.RouteDocumentShow] = func(raw json.RawMessage) any {
		var req api.DocumentRequest
		_ = json.Unmarshal(raw, &req)
		if doc, ok := byID[req.Document]; ok {
			return doc
		}
		return vault.Errorf(vault.CodeNotFound, "no document %s", req.Document)
	}
	c[api.RouteProcedureCheck] = rsaCheck()
	c[api.RouteJournalList] = []api.JournalEntry{
		{At: "2026-01-12T09:12:00Z", Document: "d1m4k8x2qw3t5", Text: "Marie Durand deposited: id-card"},
		{At: "2026-01-12T09:13:00Z", Document: "d2n5p9c3rt6k8", Text: "Marie Durand deposited: residence-permit"},
		{At: "2026-02-03T10:05:00Z", Document: "d1m4k8x2qw3t5", Text: "Paul Petit opened: id-card"},
	}
	return c
}

// rsaCheck is a check that found one of everything.
func rsaCheck() api.ProcedureCheck {
	return api.ProcedureCheck{Beneficiary: "b7k2m9x4qw3t5", Procedure: "rsa", French: "Revenu de solidarité active (RSA)", English: "Minimum income (RSA)",
		On: "2026-03-02", Unseen: 1, Documents: []string{"d1m4k8x2qw3t5"}, Pieces: []api.ProcedurePiece{
			{Code: "identity", French: "Pièce d'identité", English: "Identity document", Required: true, State: "present", Needed: 1, AnyOf: []string{"id-card", "passport"},
				Documents: []api.ProcedureDocument{{ID: "d1m4k8x2qw3t5", DocumentType: "id-card", IssuedOn: "2021-05-03"}}},
			{Code: "family", French: "Livret de famille", English: "Family record book", IfFrench: "en cas d'enfants", IfEnglish: "with children", State: "missing", Needed: 1,
				AnyOf: []string{"family-record-book"}},
			{Code: "resources", French: "Ressources des trois derniers mois", English: "Resources of the last three months", Required: true, State: "incomplete", Needed: 3,
				AnyOf: []string{"payslip", "family-benefits-statement"}, Months: []string{"2025-12", "2026-01", "2026-02"}, Absent: []string{"2025-12", "2026-02"},
				Documents: []api.ProcedureDocument{{ID: "d4b7v2g5jk8n1", DocumentType: "payslip", Period: "2026-01"}}},
			{Code: "tax", French: "Avis d'imposition", English: "Tax notice", Required: true, State: "missing", Needed: 1, AnyOf: []string{"tax-notice"}},
			{Code: "home", French: "Justificatif de domicile", English: "Proof of residence", Required: true, State: "expired", Needed: 1,
				AnyOf: []string{"proof-of-address", "administrative-address"}, MaxAges: map[string]string{"proof-of-address": "3mo"},
				Unfit: []api.ProcedureUnfit{{ID: "d3w6d1f4hj7m9", DocumentType: "administrative-address", Why: "expired", Since: "2026-01-10"}}},
		}}
}

// paperFolder makes the choice of files begin in the folder of papers.
func paperFolder() {
	lastFolder.Lock()
	defer lastFolder.Unlock()
	lastFolder.dir, _ = filepath.Abs(filepath.Join("testdata", "papers"))
}

func documentPictures() []picture {
	open := func(keys ...string) []string { return append([]string{`"had"`, "enter"}, keys...) }
	deposit := func(keys ...string) []string { return open(append([]string{"a", `"quit"`, "enter"}, keys...)...) }
	return []picture{
		{name: "documents", answers: papers(), keys: open()},
		{name: "documents-all", answers: papers(), keys: open("i")},
		{name: "document", answers: papers(), keys: open("down", "down", "enter")},
		{name: "document-history", answers: papers(), keys: open("down", "down", "h")},
		{name: "document-remove", answers: papers(), keys: open("R")},
		{name: "document-card", answers: papers(), keys: open("down", "down", "down", "g")},
		{name: "deposit-type", answers: papers(), before: paperFolder, keys: deposit(`"loy"`)},
		{name: "deposit-days", answers: papers(), before: paperFolder, keys: deposit(`"cni"`, "enter", `"03/05/2021"`)},
		{name: "deposit-end", answers: papers(), before: paperFolder, keys: deposit(`"cni"`, "enter", `"03/05/2021"`, "enter", "enter", "enter")},
		{name: "deposit-sure", answers: papers(), before: paperFolder, keys: deposit(`"cni"`, "enter", `"03/05/2021"`, "enter", "enter", "enter", "enter", "enter")},
		{name: "procedures", answers: papers(), keys: open("4")},
		{name: "procedure", answers: papers(), keys: open("4", "enter")},
		{name: "procedure-piece", answers: papers(), keys: open("4", "enter", "down", "down", "enter")},
		{name: "procedure-asks", answers: papers(), keys: open("4", "i")},
	}
}

// TestEditSendsWhatChanged: nothing else is said anew.
func TestEditSendsWhatChanged(t *testing.T) {
	c := papers()
	edits := record(c, api.RouteDocumentEdit, func(int, json.RawMessage) any {
		return api.Document{ID: "d1m4k8x2qw3t5", DocumentType: "id-card", Space: "shared"}
	})
	s := drivePapers(t, c)
	s.press("down", "e").sees("What is it?").press("enter").sees("Issued on").press("enter", "enter", "enter").write("Yasmine").press("enter")
	s.sees("Remark").write("Recto").press("enter", "enter", "enter").sees("Handed in on").press("enter", "enter", "n").see("changed:")
	got := asked[api.DocumentEditRequest](t, edits)
	if len(got) != 1 {
		t.Fatalf("%d edits, want 1", len(got))
	}
	f := got[0].Fields
	if got[0].Document != "d1m4k8x2qw3t5" || text(f.Holder) != "Yasmine" || text(f.Title) != "Recto" || f.OriginalSeen == nil || *f.OriginalSeen {
		t.Errorf("edit %+v: holder %s, title %s", got[0], text(f.Holder), text(f.Title))
	}
	for name, p := range map[string]*string{"type": f.Type, "issued": f.IssuedOn, "expires": f.ExpiresOn, "period": f.Period, "note": f.Note, "received": f.ReceivedOn} {
		if p != nil {
			t.Errorf("%s was sent: %q", name, *p)
		}
	}
}

// TestCardGoesIntoOneRequest: the words of a card open a private document, are not shown, and are in no other request.
func TestCardGoesIntoOneRequest(t *testing.T) {
	const words = "abandon zebra abandon zebra"
	c := papers()
	gets := record(c, api.RouteDocumentGet, func(int, json.RawMessage) any {
		return downloaded{api.Document{ID: "d5c8x3h6km9p2", DocumentType: "bank-details", MediaType: "text/plain", Deposited: "2026-02-03T10:01:00Z", Size: 6}, "secret"}
	})
	dir := MustFolder(t, nil)
	s := drivePapers(t, c)
	s.press("down", "down", "down", "g").sees("The person's card").write(words)
	if view := s.settle(); strings.Contains(view, "zebra") {
		t.Errorf("the words are shown:\n%s", view)
	}
	s.press("enter").sees("Save", "bank-details_2026-02-03").press("enter").see("Written in the clear")
	got := asked[api.GetRequest](t, gets)
	if len(got) != 1 || got[0].Card != words || got[0].How != "get" {
		t.Errorf("requests %+v", got)
	}
	found, err := filepath.Glob(filepath.Join(dir, "bank-details_2026-02-03_d5c8x3h6km9p2.txt"))
	if err != nil || len(found) != 1 {
		t.Fatalf("files %v, %v", found, err)
	}
	if content, err := os.ReadFile(found[0]); err != nil || string(content) != "secret" {
		t.Errorf("the file holds %q, %v", content, err)
	}
}

// TestGetNeverOverwritesUnasked: a file that exists stays until the person says that it may be replaced.
func TestGetNeverOverwritesUnasked(t *testing.T) {
	c := papers()
	gets := record(c, api.RouteDocumentGet, func(int, json.RawMessage) any {
		return downloaded{api.Document{ID: "d1m4k8x2qw3t5", DocumentType: "id-card", MediaType: "application/pdf", Size: 3}, "new"}
	})
	const name = "id-card_2021-05-03_d1m4k8x2qw3t5.pdf"
	dir := MustFolder(t, map[string]string{name: "old"})
	s := drivePapers(t, c)
	s.press("down", "g").sees("Save", "id-card_2021-05-03").press("enter").sees("Go on?").press("n").sees("A folder takes").press("esc").settle()
	if n := len(asked[api.GetRequest](t, gets)); n != 0 {
		t.Errorf("opened %d times before the name was settled", n)
	}
	s.press("g").sees("A folder takes").press("enter").sees("Go on?").press("y").see("Written in the clear")
	if content, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(content) != "new" {
		t.Errorf("the file holds %q, %v", content, err)
	}
}

// TestRemoveAsks: No removes nothing; Yes removes what was marked and nothing else.
func TestRemoveAsks(t *testing.T) {
	c := papers()
	removed := record(c, api.RouteDocumentRemove, func(int, json.RawMessage) any { return api.Document{State: "removed"} })
	s := drivePapers(t, c)
	s.press(" ", " ", "R").sees("Remove 2 documents for ever?", "Nobody can bring it back").press("n").settle()
	if n := len(asked[api.DocumentRequest](t, removed)); n != 0 {
		t.Fatalf("%d removed after No", n)
	}
	s.press("home", " ", " ", "R").sees("Remove 2 documents for ever?").press("y").see("2 documents removed")
	got := asked[api.DocumentRequest](t, removed)
	if len(got) != 2 || got[0].Document != "d3w6d1f4hj7m9" || got[1].Document != "d1m4k8x2qw3t5" {
		t.Errorf("removed %+v", got)
	}
}

// TestRemoveInPart: where the second cannot be removed, it is said beside that the first one was.
func TestRemoveInPart(t *testing.T) {
	c := papers()
	record(c, api.RouteDocumentRemove, func(n int, _ json.RawMessage) any {
		if n > 0 {
			return vault.Errorf(vault.CodeConflict, "the document was changed meanwhile")
		}
		return api.Document{State: "removed"}
	})
	s := drivePapers(t, c)
	s.press(" ", " ", "R").sees("Remove 2 documents for ever?").press("y").see("the document was changed meanwhile", "✓ 1 document removed")
}

// TestMoveSaysWhoSawIt: before it is moved and afterwards.
func TestMoveSaysWhoSawIt(t *testing.T) {
	c := papers()
	moves := record(c, api.RouteDocumentMove, func(int, json.RawMessage) any {
		return api.Document{ID: "d1m4k8x2qw3t5", Seen: []api.Seen{{Agent: "Paul Petit", Act: "print", At: "2026-02-03T10:05:00Z"}}}
	})
	s := drivePapers(t, c)
	s.press("down", "m").sees("Who?").write("nguy").press("enter").sees("printed meanwhile by Paul Petit").press("y")
	s.sees("moved to Văn An Nguyễn", "printed meanwhile by Paul Petit").press("enter").settle()
	got := asked[api.MoveRequest](t, moves)
	if len(got) != 2 || !got[0].DryRun || got[1].DryRun || got[1].To != "b3n8p2c6rt9k4" {
		t.Errorf("moves %+v", got)
	}
}

// TestProcedureWithCard: the card goes into the check, whose page does not ask for it again.
func TestProcedureWithCard(t *testing.T) {
	c := papers()
	checks := record(c, api.RouteProcedureCheck, func(int, json.RawMessage) any { return rsaCheck() })
	s := drivePapers(t, c)
	s.press("4").sees("Minimum income").press("c").sees("private documents are looked at too").write("word word").press("enter")
	s.sees("Private documents are included", "3 pieces are missing").press("ctrl+r").settle()
	got := asked[api.ProcedureCheckRequest](t, checks)
	if len(got) != 1 || got[0].Card != "word word" {
		t.Errorf("checks %+v", got)
	}
}
