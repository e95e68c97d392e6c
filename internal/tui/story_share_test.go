package tui

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
)

// TestStoryShare: a share is handed out as a PDF and as sealed copies, and ended.
func TestStoryShare(t *testing.T) {
	t.Parallel()
	s := MustStation(t)
	s.must("document", "add", s.amal, s.paper("carte.pdf"), "--type", "id-card", "--wait")
	plain, err := os.ReadFile(s.paper("carte.pdf"))
	if err != nil {
		t.Fatal(err)
	}
	screen := s.drive(lang.English).opens("hadd", "Amal Haddad")
	screen.shares(func() {})
	screen.press("enter")
	pdf, copies := filepath.Join(s.dir, "share.pdf"), filepath.Join(s.dir, "copies")
	screen.play("How is it handed out?", "down", "down", "enter").see("One PDF to print", "File")
	screen.instead(pdf).press("enter").play("How is it handed out?", "down", "down", "down", "down", "enter").see("The sealed copies")
	screen.instead(copies).press("enter").play("Written to", "enter").play("How is it handed out?", "esc")
	screen.miss("How is it handed out?")
	if raw, err := os.ReadFile(pdf); err != nil || !bytes.HasPrefix(raw, []byte("%PDF-")) {
		t.Errorf("the PDF: %v, %.8q", err, raw)
	}
	sealed, err := filepath.Glob(filepath.Join(copies, "*"))
	if err != nil || len(sealed) < 2 {
		t.Errorf("the sealed copies: %q, %v", sealed, err)
	}
	for _, file := range sealed {
		if raw, err := os.ReadFile(file); err != nil || len(raw) == 0 || bytes.Contains(raw, plain) {
			t.Errorf("%s: %v, %d bytes", filepath.Base(file), err, len(raw))
		}
	}

	screen.settle()
	screen.press("E").play("End the share?", "y").play("Receipt", "enter").miss("Receipt")
	if got := shown[api.Share](s, "share", "list", s.amal, "--all"); got.State == "active" || got.EndedBy != "Marie Durand" {
		t.Errorf("the share: %+v", got)
	}
	s.must("verify")
}

// TestStoryReceived: an agent to whom a document was shared, and who has no vault of anybody, finds it on the screen and writes it to a
// file.
func TestStoryReceived(t *testing.T) {
	t.Parallel()
	s := MustStation(t)
	document := s.id("document", "add", s.amal, s.paper("carte.pdf"), "--type", "id-card", "--wait")
	other, q := s.asks()
	s.must("device", "approve", q.Code, "--agent", "Paul Petit", "--role", "agent", "--words", strings.Join(q.Words, " "))
	other.must("join", "--root", shown[api.Status](s, "status").Fingerprint, "--wait=1m")
	other.must("sync", "--wait")
	s.must("sync", "--wait")
	s.must("share", "add", s.amal, document, "--to", "agent:Paul Petit", "--purpose", "housing", "--until", "+30d", "--verbal", "--wait", "--yes")
	other.must("sync", "--wait")
	screen := other.drive(lang.English)
	screen.press("ctrl+e").see("Amal Haddad", "Marie Durand")
	screen.settle()
	screen.press("enter").play("National identity card", "enter").settle()
	folder := filepath.Join(other.dir, "received")
	screen.press("w").play("Which documents?", "enter").see("in the clear", "Folder")
	screen.instead(folder).press("enter").play("Written in the clear", "enter").miss("Written in the clear")
	files, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil || len(files) != 1 {
		t.Fatalf("written: %q, %v", files, err)
	}
	wantSame(t, files[0], s.paper("carte.pdf"))
	other.must("sync", "--wait")
	s.must("sync", "--wait")
	if out := s.must("journal", "list", s.amal, "--json"); !strings.Contains(out, `"agent":"Paul Petit"`) {
		t.Errorf("the person's journal does not tell who opened it: %s", out)
	}
}
