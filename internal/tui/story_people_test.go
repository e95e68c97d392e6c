package tui

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
)

// cardWords are the words of a card as a screen shows them, in their order.
func cardWords(tb testing.TB, view string) string {
	tb.Helper()
	_, view, _ = strings.Cut(view, "It is shown once.")
	words := make([]string, 24)
	for _, m := range regexp.MustCompile(`(\d+) ([\pL\pM]+)`).FindAllStringSubmatch(view, -1) {
		if n, err := strconv.Atoi(m[1]); err == nil && n >= 1 && n <= len(words) && words[n-1] == "" {
			words[n-1] = m[2]
		}
	}
	if slices.Contains(words, "") {
		tb.Fatalf("not all words of the card are on the screen: %q\n%s", words, view)
	}
	return strings.Join(words, " ")
}

// TestStoryCards: the first card is copied from the screen and opens what is private; the second, printed without a file, takes its
// place, and brings along what the first one opened.
func TestStoryCards(t *testing.T) {
	t.Parallel()
	s := MustStation(t)
	printed := s.printer()
	id := s.id("document", "add", s.amal, s.paper("carte.pdf"), "--type", "id-card")
	screen := s.drive(lang.English).opens("hadd", "Amal Haddad")
	screen.press("C").play("How is the card handed over?", "down", "enter", "enter").play("Is the person alone with you", "y").see("24 words in this order")
	words := cardWords(t, screen.settle())
	screen.press("enter").play("Were all words copied", "n").play("24 words in this order", "enter").play("Were all words copied", "y").see("Card 1 is issued.")
	if view := screen.see("no list of words in the language ar"); strings.Contains(view, strings.Fields(words)[0]+" ") {
		t.Errorf("the words are still on the screen:\n%s", view)
	}
	screen.press("enter").see("card 1")
	screen.press("v").play("Make it private", "y").see("private document")

	screen.settle()
	screen.press("C").see("There is a card already, number 1")
	screen.paste(words+"x").press("enter").play("How is the card handed over?", "enter", "enter").play("goes to the printer now", "y").
		play("not in the list", "enter").see("There is a card already, number 1")
	screen.paste(words).press("enter").play("How is the card handed over?", "enter", "enter").play("goes to the printer now", "y").see("Card 2 is issued.")
	screen.press("enter").see("card 2")
	if page, err := os.ReadFile(printed); err != nil || !bytes.HasPrefix(page, []byte("%PDF-")) {
		t.Errorf("what was printed: %v, %.8q", err, page)
	}
	if b := shown[api.Beneficiary](s, "beneficiary", "show", s.amal); b.Card != 2 {
		t.Errorf("the card is %d", b.Card)
	}
	// The first card opened it; it was brought along to the second, and the first opens nothing any more.
	old := filepath.Join(s.dir, "old.txt")
	MustWrite(t, old, words+"\n")
	if _, said, code := s.run("", "document", "get", id, "-o", filepath.Join(s.dir, "out.pdf"), "--card", old); code == 0 {
		t.Errorf("the card before still opens: %s", said)
	}
	s.must("verify")
}

// TestStoryPeople: a person is corrected, closed and opened again, merged with the vault that was opened for them twice, and erased.
func TestStoryPeople(t *testing.T) {
	t.Parallel()
	s := MustStation(t)
	s.must("document", "add", s.amal, s.paper("carte.pdf"), "--type", "id-card")
	twice := s.id("beneficiary", "add", "--family-name", "Haddad", "--given-name", "Amale", "--born", "1985~", "--ref", "CAF:77",
		"--to", "team:Accueil", "--purpose", "case-file", "--verbal", "--duplicate")
	s.must("document", "add", twice, s.paper("avis.pdf"), "--type", "tax-notice")
	screen := s.drive(lang.English).opens("CAF:77", "Amale Haddad")

	screen.press("7").see("[7 identity]")
	screen.press("e").see("Correct what is known of Amale Haddad")
	screen.press("enter").instead("Amal").press("enter", "enter").instead("32/13/1985").press("enter").see("✗")
	screen.instead("1985-03-14").press("enter", "enter", "enter", "enter", "enter", "enter", "enter").see("Corrected.")
	if b := shown[api.Beneficiary](s, "beneficiary", "show", twice); b.GivenName != "Amal" || b.Born != "1985-03-14" || b.FamilyName != "Haddad" || len(b.Refs) != 1 {
		t.Errorf("corrected: %+v", b)
	}

	screen.settle()
	screen.press("c").play("Why is the vault closed?", "enter").see("Vault closed")
	if b := shown[api.Beneficiary](s, "beneficiary", "show", twice); b.State != "closed" || b.Reason != "moved" {
		t.Errorf("closed: %s %s", b.State, b.Reason)
	}
	screen.settle()
	screen.press("o").play("Reopen the vault?", "y").see("Vault open again")
	if b := shown[api.Beneficiary](s, "beneficiary", "show", twice); b.State != "open" {
		t.Errorf("reopened: %s", b.State)
	}

	screen.settle()
	screen.press("m").play("Who is the other one?", "enter").play("Which vault is the other one?", "enter", "enter")
	screen.see("Are these one person, and is "+twice+" to be merged into "+s.amal, "1985-03-14"[:4])
	screen.press("n").play("Which vault is the other one?", "enter", "enter").play("Are these one person", "y").play("1 moved", "enter")
	screen.see("[1 ", "Tax notice", "National identity card", "CAF:77", s.amal)
	if got := s.documents(s.amal); len(got) != 2 {
		t.Errorf("merged, and there are %q", got)
	}
	if b := shown[api.Beneficiary](s, "beneficiary", "show", twice); b.State != "closed" || b.Documents != 0 {
		t.Errorf("the duplicate: %+v", b)
	}

	screen.settle()
	screen.press("7").see("[7 identity]")
	screen.press("E").see("Type the id of the vault to erase it", s.amal)
	screen.write(twice).press("enter").see("that is not the id of this vault")
	if got := s.documents(s.amal); len(got) != 2 {
		t.Errorf("another id was typed, and there are %q", got)
	}
	receipt := filepath.Join(s.dir, "receipt.txt")
	screen.instead(strings.ToUpper(s.amal)).press("enter").play("2 ", "enter").play("And now?", "down", "down", "enter").see("File")
	screen.instead(receipt).press("enter").play("And now?", "enter")
	screen.miss("And now?")
	if text, err := os.ReadFile(receipt); err != nil || strings.Contains(string(text), "Haddad") || !strings.Contains(string(text), s.amal) {
		t.Errorf("the receipt: %v\n%s", err, text)
	}
	if out, said, code := s.run("", "document", "list", s.amal, "--json"); code == 0 && out != "" {
		t.Errorf("erased, and listed: %s %s", out, said)
	}
	screen.settle()
	screen.press("esc", "esc").see("Search › ▏")
	screen.write("1985").settle()
	screen.miss(s.amal)
	for line := range strings.Lines(s.must("beneficiary", "list", "--json")) {
		if strings.Contains(line, s.amal) && !strings.Contains(line, `"erased"`) {
			t.Errorf("erased, and there: %s", line)
		}
	}
	if _, _, code := s.run("", "document", "add", s.amal, s.paper("rib.png"), "--type", "bank-details"); code == 0 {
		t.Error("a document goes into a vault that was erased")
	}
	s.must("journal", "verify")
}
