package tui

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
)

// on moves the cursor to a row that holds a text.
func (s *driver) on(text string) *driver {
	s.tb.Helper()
	s.see(text)
	s.press("home")
	for range 30 {
		for line := range strings.Lines(s.settle()) {
			if strings.Contains(line, "▸") && strings.Contains(line, text) {
				return s
			}
		}
		s.press("down")
	}
	s.tb.Fatalf("the cursor does not come to %s:\n%s", text, s.settle())
	return s
}

// asks has a new home ask to join the organization of a station, and returns it with what its screen shows.
func (s *station) asks() (*station, api.JoinRequest) {
	s.tb.Helper()
	other := MustHome(s.tb)
	out, said, code := other.run("", "join", "--remote", s.remote, "--root", shown[api.Status](s, "status").Fingerprint, "--protect", "keyfile", "--wait=0", "--json")
	const askedFor = 9 // exit status while nobody has approved it
	var q api.JoinRequest
	if err := json.Unmarshal([]byte(out), &q); err != nil || code != askedFor || len(q.Words) == 0 {
		s.tb.Fatalf("join: exit %d: %s %s", code, out, said)
	}
	return other, q
}

// reads reports whether a document opens at a station once it has fetched what the others wrote.
func (s *station) reads(document string) bool {
	s.tb.Helper()
	s.must("sync", "--wait")
	file := filepath.Join(s.dir, "read-"+document)
	_, _, code := s.run("", "document", "get", document, "-o", file)
	_ = os.Remove(file) // it may not be there
	return code == 0
}

// TestStoryAdministration: a second workstation asks with the command line. The administrator compares the words on the screen and
// enrols it, lets its agent into the team, takes them out, records a partner and revokes the workstation; each time the second one
// reads what it should, and no more.
func TestStoryAdministration(t *testing.T) {
	t.Parallel()
	s := MustStation(t)
	first := s.id("document", "add", s.amal, s.paper("carte.pdf"), "--type", "id-card", "--wait")
	other, q := s.asks()
	screen := s.drive(lang.English)
	screen.press("ctrl+g").see("[1 devices]", "wants to join", q.Code)

	screen.press("a").see("Compare the words with the new screen", strings.Join(q.RootWords, " "), strings.Join(q.Words, " "))
	screen.press("enter").see("✗", "cannot be left empty")
	screen.press("down", "enter").play("nothing was approved", "enter").miss("nothing was approved")
	if got := s.must("device", "list", "--json"); strings.Count(got, "\n") != 1 {
		t.Errorf("words that differ, and enrolled are: %s", got)
	}
	screen.settle()
	screen.press("a").play("Compare the words", "down", "down", "enter").play("Whose workstation is it?", "enter").
		play("Name of the agent", `"Paul Petit`, "enter").play("What may it do?", "enter").play("Enrolled: a workstation of Paul Petit", "enter")
	other.must("join", "--root", shown[api.Status](s, "status").Fingerprint, "--wait=1m")
	if st := shown[api.Status](other, "status"); st.State != stateReady || st.Agent != "Paul Petit" || strings.Join(st.Roles, " ") != "agent" {
		t.Errorf("joined: %+v", st)
	}
	if other.reads(first) {
		t.Error("whoever is in no team reads what the team was given")
	}

	screen.settle()
	screen.press("2").see("[2 teams]", "Paul Petit")
	screen.on("Accueil").press("i").play("Which agent?", "enter").play("Let Paul Petit into Accueil?", "y").play("members: ", "enter")
	if !other.reads(first) {
		t.Error("let into the team, and does not read")
	}
	screen.settle()
	screen.on("Accueil").press("M").play("Which agent?", "down", "enter").play("Take Paul Petit out of Accueil?", "y").play("members: ", "enter")
	second := s.id("document", "add", s.amal, s.paper("avis.pdf"), "--type", "tax-notice", "--wait")
	if other.reads(second) {
		t.Error("taken out of the team, and reads what came afterwards")
	}
	screen.settle()
	screen.press("a").play("Make a team", `"Nuit`, "enter").see("Team Nuit is made")
	if !strings.Contains(s.must("team", "list", "--json"), `"Nuit"`) {
		t.Error("the team is not in the list of the command line")
	}

	screen.settle()
	screen.press("3").see("[3 partners]")
	screen.press("a").play("A new partner", `"CAF`, "enter", "enter", "enter").play("✗")
	screen.instead("Bailleur social").press("enter").play("How to reach them", `"accueil@bailleur.example`, "enter", "enter").see("Bailleur social can be shared with now.")
	if got := shown[api.Partner](s, "partner", "show", "Bailleur social"); got.Contact != "accueil@bailleur.example" || got.Key != "passphrase" {
		t.Errorf("the partner: %+v", got)
	}

	screen.settle()
	screen.press("1").see("[1 devices]")
	screen.on("Paul Petit").press("R").play("May somebody else read with its keys?", "down", "enter").play("Revoke?", "y").play("Revoke the workstation of Paul Petit", "enter")
	screen.see("revoked")
	third := s.id("document", "add", s.amal, s.paper("rib.png"), "--type", "bank-details", "--wait")
	if _, said, code := other.run("", "sync", "--wait=1m"); code == 0 || !strings.Contains(said, "revoked") {
		t.Errorf("a workstation that was revoked goes on: exit %d, %s", code, said)
	}
	if _, _, code := other.run("", "document", "get", third, "-o", filepath.Join(other.dir, "third")); code == 0 {
		t.Error("a workstation that was revoked reads what came afterwards")
	}
	s.must("journal", "verify")
}

// TestStoryStorage: a mirror is added on the screen and gets everything; a storage that does not answer is said, with what waits for
// it; what was altered there is found, and the checks of the screen say what those of the command line do.
func TestStoryStorage(t *testing.T) {
	t.Parallel()
	s := MustStation(t)
	s.must("document", "add", s.amal, s.paper("carte.pdf"), "--type", "id-card", "--wait")
	mirror := filepath.Join(s.dir, "mirror")
	screen := s.drive(lang.English)
	screen.press("ctrl+g").see("[1 devices]")
	screen.settle()
	screen.press("4").see("[4 storage]", "✓ answers")
	screen.press("a").play("Add a mirror", `"copy`, "enter").see("Folder or remote")
	screen.paste(mirror).press("enter", "enter").see("copy is added")
	screen.settle()
	screen.press("s").see("The storage holds everything.")
	if a, b := objects(t, s.remote), objects(t, mirror); a == 0 || a != b {
		t.Errorf("the storage holds %d objects, the mirror %d", a, b)
	}

	away := s.remote + "-away"
	if err := os.Rename(s.remote, away); err != nil {
		t.Fatal(err)
	}
	s.must("document", "add", s.amal, s.paper("avis.pdf"), "--type", "tax-notice")
	screen.settle()
	screen.on("main").press("t").see("✗", "Enter go on") // the list shows the sign as well
	screen.press("enter").settle()
	if got := shown[api.Status](s, "status"); got.Queued+got.Unsealed == 0 {
		t.Errorf("nothing waits although the storage is away: %+v", got)
	}
	screen.press("s").see("✗ does not work", "sending to the storage")
	screen.press("ctrl+x").see("Stopped.")
	if err := os.Rename(away, s.remote); err != nil {
		t.Fatal(err)
	}
	screen.settle()
	screen.press("s").see("The storage holds everything.")
	screen.settle()
	screen.press("6").see("[6 checks]", "✓ Nothing needs attention.")
	screen.press("v").play("All is as it was written.", "enter").settle()
	screen.press("d").play("the key file protects against nobody", "enter").settle()

	MustSpoil(t, s.remote)
	screen.press("p").play("Every object is fetched", "y").play("the stored bytes are not those that were written", "enter").miss("What is stored")
	screen.see("✗ error")
	const integrity = 11 // exit status of what was altered
	if _, said, code := s.run("", "verify", "--deep"); code != integrity {
		t.Errorf("the command line says otherwise: exit %d, %s", code, said)
	}
	screen.settle()
	screen.press("j").play("The journal", "enter").miss("The journal")
}

// MustSpoil changes the bytes of one document on a storage.
func MustSpoil(tb testing.TB, folder string) {
	tb.Helper()
	found, err := filepath.Glob(filepath.Join(folder, "v1", "w", "*", "d", "*", "*"))
	if err != nil || len(found) == 0 {
		tb.Fatalf("no document on the storage: %v", err)
	}
	raw, err := os.ReadFile(found[0])
	if err != nil {
		tb.Fatal(err)
	}
	raw[len(raw)/2] ^= 1
	if err := os.WriteFile(found[0], raw, 0o600); err != nil {
		tb.Fatal(err)
	}
}

// objects counts the files below a folder.
func objects(tb testing.TB, folder string) int {
	tb.Helper()
	n := 0
	err := filepath.WalkDir(folder, func(_ string, e os.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			n++
		}
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	return n
}
