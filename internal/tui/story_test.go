package tui

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vaultctl/internal/lang"
)

// The stories are played with keys in front of a real daemon, and what they did is asked of the command line.

// opens goes from home to a person's page.
func (s *driver) opens(words, name string) *driver {
	s.tb.Helper()
	s.write(words).see(name)
	s.press("enter").see("[1 ", name)
	s.settle()
	return s
}

// goesHome leaves the pages of a person, and what was searched at home.
func (s *driver) goesHome() *driver {
	s.tb.Helper()
	s.settle()
	s.press("esc").see("Search › ")
	s.press("esc").see("Search › ▏")
	return s
}

// documents are the titles of the documents of a person, by the command line.
func (s *station) documents(who string) []string {
	s.tb.Helper()
	var all []string
	for line := range strings.Lines(s.must("document", "list", who, "--json")) {
		var d struct {
			ID   string `json:"id"`
			Type string `json:"type"`
		}
		if err := json.Unmarshal([]byte(line), &d); err != nil {
			s.tb.Fatal(err)
		}
		all = append(all, d.Type)
	}
	return all
}

// TestStoryDeposit: of three files one vanishes between picking and depositing: it is named, and who leaves there has deposited
// nothing.
func TestStoryDeposit(t *testing.T) {
	s := MustStation(t)
	screen := s.drive(lang.English).opens("hadd", "Amal Haddad")
	screen.press("a").see("Which files?")
	screen.paste(s.paper("carte.pdf")).paste(s.paper("avis.pdf")).paste(s.paper("lettre.txt")).see("3 files chosen")
	if err := os.Remove(s.paper("lettre.txt")); err != nil {
		t.Fatal(err)
	}
	screen.press("enter").see("These cannot be deposited", filepath.Base(s.paper("lettre.txt")))
	screen.press("enter")
	screen.miss("These cannot be deposited")
	screen.press("esc")
	if view := screen.settle(); strings.Contains(view, "panic") {
		t.Error(view)
	}
	if got := s.documents(s.amal); len(got) != 0 {
		t.Errorf("left, and yet there are documents: %q", got)
	}
}

// TestStoryKilled: the daemon is killed at each step on the way to a person's pages, and each is shown all the same.
func TestStoryKilled(t *testing.T) {
	s := MustStation(t)
	s.must("document", "add", s.amal, s.paper("carte.pdf"), "--type", "id-card")
	screen := s.drive(lang.English)
	s.kill()
	screen.opens("hadd", "Amal Haddad")
	for _, tab := range []string{"2", "3", "4", "5", "6", "7", "1"} {
		s.kill()
		screen.press(tab).see("["+tab+" ", "Amal Haddad")
		screen.miss("✗")
	}
	if got := s.documents(s.amal); len(got) != 1 {
		t.Errorf("documents: %q", got)
	}
}

// TestStorySmall: a screen of 20 × 5 and a paste of a megabyte do no harm.
func TestStorySmall(t *testing.T) {
	s := MustStation(t)
	screen := MustDrive(t, s.desk(lang.English), 20, 5)
	screen.see("Make the window")
	screen.write("hadd").press("enter")
	screen.settle()
	screen.paste(strings.Repeat("x", 1<<20)).settle()
	large := s.drive(lang.English)
	large.paste(strings.Repeat("x", 1<<20)).see("too long")
	large.opens("hadd", "Amal Haddad")
}
