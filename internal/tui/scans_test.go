package tui

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	"vaultctl/internal/vault"
)

// MustWrite writes a file, or adds to it.
func MustWrite(tb testing.TB, path, text string) {
	tb.Helper()
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = file.WriteString(text)
		err = errors.Join(err, file.Close())
	}
	if err != nil {
		tb.Fatal(err)
	}
}

func scanNames(scans []scan) string {
	var names []string
	for _, s := range scans {
		names = append(names, filepath.Base(s.path))
	}
	return strings.Join(names, " ")
}

// TestScanArrives: a file is offered once it looks the same twice, can be read and has an end; it is not offered while it grows.
func TestScanArrives(t *testing.T) {
	dir := t.TempDir()
	w := newScanWatch([]string{dir, dir + string(filepath.Separator)})
	if len(w.folders) != 1 {
		t.Fatalf("%d folders", len(w.folders))
	}
	f, now := w.folders[0], time.Now()
	look := func(want string) {
		t.Helper()
		now = now.Add(pollEvery)
		f.poll(now)
		if got := scanNames(w.all()); got != want {
			t.Fatalf("offered: %q, want %q", got, want)
		}
	}
	look("")
	path := filepath.Join(dir, "page.pdf")
	MustWrite(t, path, "%PDF-1.4 one ")
	look("")
	MustWrite(t, path, "two ")
	look("")
	MustWrite(t, path, "three ")
	look("")
	look("") // still, but without an end: the scanner waits for the next page
	MustWrite(t, path, "\n%%EOF\n")
	look("")
	look("page.pdf")
	MustWrite(t, path, "another page\n%%EOF\n")
	look("")
	look("page.pdf")

	for _, name := range []string{"a.pdf.part", "b.tmp", "~c.pdf", ".d.pdf", "e.pdf~", "Thumbs.db", "g.crdownload"} {
		MustWrite(t, filepath.Join(dir, name), "x")
	}
	MustWrite(t, filepath.Join(dir, "empty.jpg"), "")
	if err := os.Mkdir(filepath.Join(dir, "folder.pdf"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/etc/hostname", filepath.Join(dir, "link.pdf")); err != nil {
		t.Log("no links here:", err)
	}
	look("page.pdf")
	look("page.pdf")
	if coming, _, _ := f.state(now); coming != 0 {
		t.Errorf("%d files are said to arrive", coming)
	}

	MustWrite(t, filepath.Join(dir, "odd.pdf"), "%PDF-1.4 without an end")
	look("page.pdf")
	look("page.pdf")
	if coming, _, _ := f.state(now); coming != 1 {
		t.Errorf("%d files are said to arrive, not the one", coming)
	}
	now = now.Add(quiet)
	look("odd.pdf page.pdf")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	look("odd.pdf")
}

// TestScanNew: what lay there for long is not new, and what was deposited is new no more, until it changes.
func TestScanNew(t *testing.T) {
	dir := t.TempDir()
	old, today := filepath.Join(dir, "old.jpg"), filepath.Join(dir, "today.jpg")
	MustWrite(t, old, "old")
	MustWrite(t, today, "today")
	week := time.Now().Add(-7 * 24 * time.Hour)
	if err := os.Chtimes(old, week, week); err != nil {
		t.Fatal(err)
	}
	d := MustDesk(t, lang.English, t.TempDir())
	d.scans = newScanWatch([]string{dir})
	look := func() string {
		for range 2 {
			d.scans.folders[0].poll(d.now())
		}
		return scanNames(newScans(d))
	}
	if got := look(); got != "today.jpg" || scanNames(d.scans.all()) != "today.jpg old.jpg" {
		t.Errorf("new: %q of %q", got, scanNames(d.scans.all()))
	}
	if path, ok := lastScan(d); !ok || path != today {
		t.Errorf("the last scan: %q", path)
	}
	now := d.now()
	d.now = func() time.Time { return now.Add(2 * onDesk) }
	if path, ok := lastScan(d); ok {
		t.Errorf("after hours %q still counts as what lies on the desk", path)
	}
	d.now = time.Now
	d.scans.deposited(today, "d1")
	if got := look(); got != "" {
		t.Errorf("deposited and still new: %q", got)
	}
	MustWrite(t, today, " and more")
	if got := look(); got != "today.jpg" {
		t.Errorf("scanned again under the same name: new is %q", got)
	}
}

// TestScanFolderAway: a folder that is away is told, keeps what it held, and comes back; one that hangs holds nobody up.
func TestScanFolderAway(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "share")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	MustWrite(t, filepath.Join(dir, "a.jpg"), "a")
	w := newScanWatch([]string{dir})
	f, now := w.folders[0], time.Now()
	f.poll(now)
	f.poll(now)
	if err := os.Rename(dir, dir+"-away"); err != nil {
		t.Fatal(err)
	}
	f.poll(now)
	if _, _, err := f.state(now); !errors.Is(err, fs.ErrNotExist) || scanNames(w.all()) != "a.jpg" {
		t.Errorf("away: %v, %q", err, scanNames(w.all()))
	}
	if err := os.Rename(dir+"-away", dir); err != nil {
		t.Fatal(err)
	}
	f.poll(now)
	if _, silent, err := f.state(now); err != nil || silent || scanNames(w.all()) != "a.jpg" {
		t.Errorf("back: %v, %q", err, scanNames(w.all()))
	}
	f.mu.Lock()
	f.begun = now // a look that never ends
	f.mu.Unlock()
	if _, silent, _ := f.state(now.Add(hangs + time.Second)); !silent || scanNames(w.all()) != "a.jpg" {
		t.Error("a folder that hangs is not told")
	}
}

// yes answers every question with yes, and keeps what was said.
type yes struct {
	silent
	says *[]string
}

// MustSay returns a desk whose questions are answered with yes.
func MustSay(tb testing.TB, dir string) (*desk, *[]string) {
	tb.Helper()
	d := MustDesk(tb, lang.English, tb.TempDir())
	d.scans = newScanWatch([]string{dir})
	var says []string
	return d.with(yes{says: &says}), &says
}

// TestClearScans: a scan is deleted only where its bytes are those of the document, and only from a watched folder.
func TestClearScans(t *testing.T) {
	dir, elsewhere := t.TempDir(), t.TempDir()
	d, says := MustSay(t, dir)
	digest := func(text string) string {
		sum := sha256.Sum256([]byte(text))
		return hex.EncodeToString(sum[:])
	}
	paths := map[string]string{}
	for _, p := range []string{filepath.Join(dir, "same.jpg"), filepath.Join(dir, "grown.jpg"), filepath.Join(dir, "private.jpg"), filepath.Join(dir, "refused.jpg"),
		filepath.Join(elsewhere, "mine.jpg")} {
		paths[filepath.Base(p)] = p
		MustWrite(t, p, "bytes")
	}
	MustWrite(t, paths["grown.jpg"], " more")
	err := clearScans(t.Context(), d, map[string]*api.Document{
		paths["same.jpg"]: {ID: "d1", Digest: digest("bytes"), OnRemote: true}, paths["grown.jpg"]: {ID: "d2", Digest: digest("bytes")},
		paths["private.jpg"]: {ID: "d3"}, paths["refused.jpg"]: nil, paths["mine.jpg"]: {ID: "d4", Digest: digest("bytes")},
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, path := range paths {
		_, err := os.Stat(path)
		if gone := err != nil; gone != (name == "same.jpg") {
			t.Errorf("%s: gone is %v", name, gone)
		}
	}
	said := strings.Join(*says, "\n")
	for _, want := range []string{"✓ same.jpg – verified on the storage", "✓ grown.jpg – safe on this workstation, and waits for the storage",
		"✗ grown.jpg – the file is not all of the document, or has changed since", "✗ private.jpg – whether it is the document cannot be told"} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is not said:\n%s", want, said)
		}
	}
	if strings.Contains(said, "mine.jpg") || strings.Contains(said, "refused.jpg") {
		t.Errorf("asked about what is not to be deleted:\n%s", said)
	}
}

// TestScanTakenApart: a scan of which pages were deposited is not new any more, and stays where it is.
func TestScanTakenApart(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "pile.pdf")
	MustWrite(t, path, "%PDF-1.4\n%%EOF\n")
	d, says := MustSay(t, dir)
	for range 2 {
		d.scans.folders[0].poll(d.now())
	}
	pages := vault.PageList{{First: 1, Last: 2}}
	if got := scanNames(newScans(d)); got != "pile.pdf" {
		t.Fatalf("new: %q", got)
	}
	if err := clearDeposited(t.Context(), d, []*intake{{path: path, pages: pages, doc: &api.Document{ID: "d1"}}}); err != nil {
		t.Fatal(err)
	}
	if got := scanNames(newScans(d)); got != "" || len(*says) > 0 {
		t.Errorf("new: %q, asked: %q", got, *says)
	}
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
	if c, err := (scansPage{}).load(t.Context(), d); err != nil || c.rows[0].cells[3].Text != "✓ was used" {
		t.Errorf("the page of scans: %v, %+v", err, c)
	}
}

// TestPickScansNone: without a folder, or without a scan, it is said why there is nothing to choose.
func TestPickScansNone(t *testing.T) {
	d, says := MustSay(t, t.TempDir())
	if _, err := pickScans(t.Context(), d); !errors.Is(err, errBack) || len(*says) != 1 {
		t.Errorf("an empty folder: %v, %q", err, *says)
	}
	d.scans = newScanWatch(nil)
	if _, err := pickScans(t.Context(), d); vault.CodeOf(err) != vault.CodeUsage {
		t.Errorf("no folder: %v", err)
	}
	if _, err := (scansPage{}).load(t.Context(), d); vault.CodeOf(err) != vault.CodeUsage {
		t.Errorf("no folder: %v", err)
	}
}

// TestScansShown: what arrives is told at the foot of any page, and stands in the list without anybody asking.
func TestScansShown(t *testing.T) {
	dir := t.TempDir()
	d := MustCanned(t, lang.English, office())
	d.scans, d.now = newScanWatch([]string{dir}), time.Now
	d.scans.start(t.Context())
	s := MustDrive(t, d, 80, 24)
	for i := range 3 {
		MustWrite(t, filepath.Join(dir, fmt.Sprintf("scan-%d\u202e\x1b[31m.jpg", i)), "x")
	}
	s.see("+ 3 new scans")
	view := s.press("ctrl+s").see("scan-0", "scan-2", "+ new", "✓ watched")
	if strings.Contains(view, "\x1b") {
		t.Errorf("a name reaches the terminal as it is: %q", view)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	s.see("! is not there")
}
