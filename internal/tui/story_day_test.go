package tui

import (
	"encoding/json"
	"strings"
	"testing"

	"vaultctl/internal/lang"
)

// play answers what the screen asks: it waits for a text, then presses keys; one that begins with a quote is typed.
func (s *driver) play(text string, keys ...string) *driver {
	s.tb.Helper()
	s.see(text)
	for _, k := range keys {
		if k[0] == '"' {
			s.write(k[1:])
			continue
		}
		s.press(k)
	}
	return s
}

// opensVault plays the wizard for somebody new who agrees by word of mouth, up to their page.
func (s *driver) opensVault(before func()) *driver {
	s.tb.Helper()
	s.press("ctrl+n").
		play("Leave empty what is not known", `"Traoré`, "enter", `"Moussa`, "enter", "enter", `"1990-05-13`, "enter").
		play("References", "enter", "enter", "enter", "enter", "enter", "enter").
		play("Language of the notice", "enter", "up", "enter").
		play("Who may read the shared documents?", "enter").
		play("What for?", "enter").
		play("Until when?", "enter").
		play("How did the person agree?", "enter", "enter").
		play("Was it read aloud?", "enter", "enter", "enter").
		play("May recovery open this vault?", "enter").
		see("Open the vault?")
	before()
	return s.press("y").play("Issue the card now?", "n")
}

// deposits takes three papers from their folder into the vault whose page is shown.
func (s *driver) deposits(from *station, before func()) {
	s.tb.Helper()
	s.press("a").see("Which files?")
	s.paste(from.paper("carte.pdf")).paste(from.paper("avis.pdf")).paste(from.paper("rib.png")).see("3 files chosen")
	s.press("enter").play("Is the same to be said of all of them?", "n")
	for _, doc := range [][2]string{{"avis.pdf", "Tax notice"}, {"carte.pdf", "National identity card"}, {"rib.png", "Bank details"}} {
		s.see(doc[0], "What is it?")
		s.write(doc[1]).see("▸ " + doc[1])
		s.press("enter").play("Issued on", "enter", "enter", "enter").play("Expires on", "enter", "enter")
	}
	s.see("Did you compare with the originals?")
	before()
	s.press("y").see("3 of 3 deposited")
}

// shares gives the first document to a partner.
func (s *driver) shares(before func()) {
	s.tb.Helper()
	s.settle()
	s.press("3", "s").play("Which documents?", " ", "enter").play("For whom?", "enter", "enter").play("Until when?", "enter").
		play("How did the person agree?", "enter", "enter").play("Was it read aloud?", "enter", "enter", "enter").
		see("CAF, and whoever else", "can open 1", "Share?")
	before()
	s.press("y").see("Passphrase for CAF")
}

// TestStoryDay: a vault is opened, three files are deposited, one is shared, consent is withdrawn; at the desk, and again with the
// daemon killed before each last yes.
func TestStoryDay(t *testing.T) {
	for name, killed := range map[string]bool{"quiet": false, "killed": true} {
		t.Run(name, func(t *testing.T) {
			s := MustStation(t)
			before := func() {
				if killed {
					s.kill()
				}
			}
			screen := s.drive(lang.English)
			screen.opensVault(before).see("[1 documents]", "Moussa Traoré")
			screen.deposits(s, before)
			id := s.only("beneficiary", "list", "--search", "Traoré")
			if got := s.documents(id); len(got) != 3 {
				t.Errorf("documents: %q", got)
			}
			screen.shares(before)
			if got := s.only("share", "list", id); got == "" {
				t.Error("there is no share")
			}
			screen.press("enter").see("How is it handed out?")
			screen.press("esc").miss("How is it handed out?")
			screen.press("W").see("no agent opens the vault any more", "Withdraw?")
			before()
			screen.press("y").see("Resealed")
			if out := s.must("consent", "list", id, "--json"); !strings.Contains(out, `"state":"withdrawn"`) || strings.Contains(out, `"state":"given"`) {
				t.Errorf("consents: %s", out)
			}
			s.must("journal", "verify")
		})
	}
}

// only returns the id of the one object that a list holds.
func (s *station) only(args ...string) string {
	s.tb.Helper()
	out := s.must(append(args, "--json")...)
	var it struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal([]byte(out), &it); err != nil {
		s.tb.Fatalf("not one: %v in %q", err, out)
	}
	return it.ID
}
