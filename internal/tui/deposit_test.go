package tui

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	"vaultctl/internal/vault"
)

// recorded are the requests of a route, in their order.
type recorded struct {
	mu   sync.Mutex // guards all
	all  []json.RawMessage
	then func(n int, raw json.RawMessage) any
}

// record answers a route and keeps what was asked; n counts from 0.
func record(c canned, route string, answer func(n int, raw json.RawMessage) any) *recorded {
	r := &recorded{then: answer}
	c[route] = func(raw json.RawMessage) any {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.all = append(r.all, raw)
		return r.then(len(r.all)-1, raw)
	}
	return r
}

// asked returns the requests so far.
func asked[Req any](tb testing.TB, r *recorded) []Req {
	tb.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make([]Req, len(r.all))
	for i, raw := range r.all {
		if err := json.Unmarshal(raw, &out[i]); err != nil {
			tb.Fatalf("request %d: %v", i, err)
		}
	}
	return out
}

// deposits answers deposits, each with a document of its own.
func deposits(c canned) *recorded {
	return record(c, api.RouteDocumentAdd, func(int, json.RawMessage) any {
		return api.Document{ID: "d8h2c6m9qs3t5", DocumentType: "id-card", Space: "shared", Status: "deposited"}
	})
}

// MustFolder writes files into a folder of the test's own and makes the choice of files begin there.
func MustFolder(tb testing.TB, files map[string]string) string {
	tb.Helper()
	dir := tb.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	lastFolder.Lock()
	lastFolder.dir = dir
	lastFolder.Unlock()
	return dir
}

// drivePapers opens Amal's documents, for tests that type ahead.
func drivePapers(tb testing.TB, c canned) *driver {
	tb.Helper()
	s := MustDrive(tb, MustCanned(tb, lang.English, c), 100, 30, patient)
	s.write("had").press("enter").see("National identity card")
	s.settle() // keys are for the page once what opened it has ended
	return s
}

// sees is see, to go on from.
func (s *driver) sees(texts ...string) *driver {
	s.tb.Helper()
	s.see(texts...)
	return s
}

func text(p *string) string {
	if p == nil {
		return "<nil>"
	}
	return *p
}

// TestDepositSeveral: one file vanishes after it was described, another is in the vault already; the others go on, and each is
// told of.
func TestDepositSeveral(t *testing.T) {
	c := papers()
	adds := record(c, api.RouteDocumentAdd, func(n int, _ json.RawMessage) any {
		if n == 1 {
			return api.Document{ID: "d1m4k8x2qw3t5", DocumentType: "id-card", Space: "shared", Status: "exists", Differs: []string{"title"}}
		}
		return api.Document{ID: "d8h2c6m9qs3t5", DocumentType: "id-card", Space: "shared", Status: "deposited"}
	})
	dir := MustFolder(t, map[string]string{"a.txt": "first", "b.txt": "second", "c.txt": "third"})
	s := drivePapers(t, c)
	s.press("a").see("Which files?")
	s.press(" ", " ", " ", "enter").see("Is the same to be said of all of them?")
	s.press("y").write("cni").press("enter").write("03/05/2021").press("enter", "enter", "enter", "enter", "enter")
	s.see("Deposit 3 documents for", "until 3 May 2031")
	if err := os.Remove(filepath.Join(dir, "a.txt")); err != nil {
		t.Fatal(err)
	}
	s.press("y", "n").see("2 of 3 deposited", "✗ a.txt – no such file", "= c.txt – was there already", "described otherwise there (title)", "✓ b.txt")
	s.press("down", "down", "enter").settle()
	got := asked[api.DocumentAddRequest](t, adds)
	if len(got) != 2 {
		t.Fatalf("%d deposits, want 2", len(got))
	}
	for i, name := range []string{"b.txt", "c.txt"} {
		f := got[i].Fields
		if got[i].FileName != name || got[i].Beneficiary != "b7k2m9x4qw3t5" || text(f.Type) != "id-card" || text(f.IssuedOn) != "2021-05-03" ||
			f.ExpiresOn != nil || f.OriginalSeen == nil || !*f.OriginalSeen || got[i].Private {
			t.Errorf("deposit %d: %+v of type %s issued %s", i, got[i], text(f.Type), text(f.IssuedOn))
		}
	}
}

// TestDepositUnfitFiles: what cannot be deposited is told before anybody says what it is, and a title that is too long is refused
// where it is typed.
func TestDepositUnfitFiles(t *testing.T) {
	c := papers()
	adds := deposits(c)
	MustFolder(t, map[string]string{"empty.txt": "", "good.txt": "good"})
	s := drivePapers(t, c)
	s.press("a").sees("good.txt").press(" ", " ", "enter").sees("These cannot be deposited", "✗ empty.txt – the file is empty").press("enter")
	s.sees("good.txt – 4 B").write("cni").press("enter").see("Issued on")
	s.write("2031-01-01").press("enter").see("the date of issue is in the future")
	s.press("ctrl+u", "enter", "enter", "enter").sees("Expires on").press("enter")
	s.paste(strings.Repeat("x", 10_000)).press("enter").see("title is longer than 1000 bytes")
	s.press("esc").sees("Issued on").press("esc").sees("What is it?").press("esc").settle()
	if n := len(asked[api.DocumentAddRequest](t, adds)); n != 0 {
		t.Errorf("%d deposits, want none", n)
	}
}

// TestDepositAgain: what the daemon refuses can be tried again; what is in is not sent twice.
func TestDepositAgain(t *testing.T) {
	c := papers()
	adds := record(c, api.RouteDocumentAdd, func(n int, _ json.RawMessage) any {
		if n == 1 {
			return vault.Errorf(vault.CodeDiskFull, "no room on this machine")
		}
		return api.Document{ID: "d8h2c6m9qs3t5", DocumentType: "id-card", Space: "shared", Status: "deposited"}
	})
	MustFolder(t, map[string]string{"a.txt": "first", "b.txt": "second", "c.txt": "third"})
	s := drivePapers(t, c)
	s.press("a").sees("Which files?").press(" ", " ", " ", "enter").see("Is the same")
	s.press("y").write("cni").press("enter", "enter", "enter", "enter", "enter", "enter").see("Deposit 3 documents")
	s.press("n", "n").sees("1 of 3 deposited", "✗ b.txt", "✗ c.txt").press("enter").see("3 of 3 deposited")
	var names []string
	for _, req := range asked[api.DocumentAddRequest](t, adds) {
		names = append(names, req.FileName)
	}
	if got := strings.Join(names, " "); got != "a.txt b.txt b.txt c.txt" {
		t.Errorf("sent %s", got)
	}
}

// TestDepositApart: pages of a PDF become documents of their own, the whole first if it is kept.
func TestDepositApart(t *testing.T) {
	c := papers()
	adds := deposits(c)
	c[api.RouteDocumentPages] = func(json.RawMessage) any { return api.DocumentPages{Pages: 3} }
	MustFolder(t, map[string]string{"pile.pdf": "%PDF-1.4 three pages"})
	s := drivePapers(t, c)
	s.press("t").sees("pile.pdf").press("enter").see("3 pages in pile.pdf")
	s.write("1-2 4").press("enter").see("✗")
	s.press("backspace").write("3").press("enter", "y").sees("Is the same").press("n")
	s.sees("1 of 3: pile.pdf", "What is it?").press("enter", "enter", "enter", "enter", "enter", "enter")
	s.sees("2 of 3: pile.pdf, p. 1-2").write("cni").press("enter", "enter", "enter", "enter", "enter", "enter")
	s.sees("3 of 3: pile.pdf, p. 3").write("iban").press("enter", "enter", "enter", "enter", "enter", "enter")
	s.sees("Deposit 3 documents").press("n", "n").see("3 of 3 deposited")
	var said []string
	for _, req := range asked[api.DocumentAddRequest](t, adds) {
		said = append(said, text(req.Fields.Type)+" "+req.Split)
	}
	if got := strings.Join(said, ", "); got != "other , id-card 1-2, bank-details 3" {
		t.Errorf("deposited %s", got)
	}
}

// TestPageLists: no page is in two documents, and none is beyond the end.
func TestPageLists(t *testing.T) {
	for text, want := range map[string]int{"1": 1, "1-2 3 4-7": 3, "1,3 2": 2, "": 0, "1-2 2": -1, "8": -1, "x": -1} {
		lists, err := pageLists(text, 7)
		if want < 0 && err == nil || want >= 0 && (err != nil || len(lists) != want) {
			t.Errorf("%q: %d documents, %v", text, len(lists), err)
		}
	}
}

// TestTypedAhead: keys that overtake the question they are meant for reach it, and never the page below.
func TestTypedAhead(t *testing.T) {
	c := papers()
	adds := deposits(c)
	MustFolder(t, map[string]string{"a.txt": "first"})
	s := drivePapers(t, c)
	s.press("a", "enter").write("cni").press("enter").write("03/05/2021").press("enter").write("2021-05").press("enter").write("Yasmine").press("enter", "enter").
		write("Recto").press("enter", "n", "n").see("1 of 1 deposited")
	got := asked[api.DocumentAddRequest](t, adds)
	if len(got) != 1 {
		t.Fatalf("%d deposits, want 1", len(got))
	}
	if f := got[0].Fields; text(f.IssuedOn) != "2021-05-03" || text(f.Period) != "2021-05" || text(f.Holder) != "Yasmine" || text(f.Title) != "Recto" {
		t.Errorf("issued %s, period %s, holder %s, title %s", text(f.IssuedOn), text(f.Period), text(f.Holder), text(f.Title))
	}
}

// TestHeldInOrder: a key that is pressed when the time for a question is over does not overtake one that is still held.
func TestHeldInOrder(t *testing.T) {
	task, ahead := &task{}, typeAhead{patience: time.Minute}
	ahead.await(task)
	ahead.hold(keyOf("down"))
	ahead.since = ahead.since.Add(-time.Hour)
	if !ahead.hold(keyOf("enter")) {
		t.Error("the second key overtakes the first")
	}
	if keys := ahead.release(task); len(keys) != 2 || keys[0].String() != "down" {
		t.Errorf("held: %v", keys)
	}
	if ahead.hold(keyOf("down")) {
		t.Error("a key is held for nothing")
	}
}
