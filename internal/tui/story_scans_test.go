package tui

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
)

// scanned leaves papers in the folder of a scanner, one after another, and has the folder looked at until they have arrived.
func (s *station) scanned(d *desk, folder string, papers ...string) {
	s.tb.Helper()
	made := time.Now().Add(-time.Minute)
	for i, name := range papers {
		raw, err := os.ReadFile(s.paper(name))
		if err != nil {
			s.tb.Fatal(err)
		}
		path, when := filepath.Join(folder, name), made.Add(time.Duration(i)*time.Second)
		if err := errors.Join(os.WriteFile(path, raw, 0o600), os.Chtimes(path, when, when)); err != nil {
			s.tb.Fatal(err)
		}
	}
	for range 2 {
		d.scans.folders[0].poll(d.now())
	}
}

// TestStoryScans: what a scanner leaves in the folder of the settings is deposited and deleted there, or kept and deleted later; the
// last scan proves a consent. What was used is not counted as new any more.
func TestStoryScans(t *testing.T) {
	t.Parallel()
	s := MustStation(t)
	folder := filepath.Join(s.dir, "scanner")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	s.must("config", "set", "scan_folders", folder)
	there := func(name string) bool {
		_, err := os.Lstat(filepath.Join(folder, name))
		return !errors.Is(err, fs.ErrNotExist)
	}
	d := s.desk(lang.English)
	s.scanned(d, folder, "carte.pdf", "avis.pdf", "lettre.txt", "rib.png")
	screen := MustDrive(t, d, 80, 24, patient)
	screen.see("+ 4 new scans")
	deposit := func(paper, typ string) *driver {
		t.Helper()
		screen.on(paper).press("enter").play("Who?", `"hadd`).see("Amal Haddad")
		screen.press("enter").see(paper, "What is it?")
		screen.write(typ).see("▸ " + typ)
		return screen.press("enter").play("Issued on", "enter", "enter", "enter").play("Expires on", "enter", "enter").
			play("Did you compare with the originals?", "y").play("Delete 1 scan from the scanner's folder?")
	}
	screen.press("ctrl+s").see("carte.pdf", "rib.png", "✓ watched", "+ new")
	deposit("carte.pdf", "National identity card").press("y").see("1 scan was deleted from the folder.", "+ 3 new scans")
	deposit("avis.pdf", "Tax notice").press("n").see("✓ in a vault", "+ 2 new scans")
	if there("carte.pdf") || !there("avis.pdf") || len(s.documents(s.amal)) != 2 {
		t.Errorf("deposited: carte.pdf is there %v, avis.pdf %v, documents %q", there("carte.pdf"), there("avis.pdf"), s.documents(s.amal))
	}
	screen.on("avis.pdf").press("D").play("Delete 1 scan", "y").see("1 scan was deleted")
	if there("avis.pdf") {
		t.Error("avis.pdf was not deleted")
	}

	screen.settle()
	screen.press("esc").see("Search › ▏")
	screen.opens("nguy", "Văn An")
	screen.press("2").see("[2 consents]")
	screen.press("a").play("Language of the notice", "enter", "up", "enter").play("Who may read the shared documents?", "enter").play("What for?", "down", "enter").
		play("Until when?", "enter").play("the last scan is the signed paper", "enter", "enter").play("Was it read aloud?", "enter", "enter", "enter").
		play("Record this consent?", "y").play("Delete 1 scan from the scanner's folder?", "y").see("1 scan was deleted", "+ 1 new scan")
	if there("rib.png") || !there("lettre.txt") {
		t.Errorf("the signed paper is there %v, another scan %v", there("rib.png"), there("lettre.txt"))
	}
	var proofs []string
	for _, c := range shown[api.Beneficiary](s, "beneficiary", "show", s.vanAn).Consents {
		if c.Evidence != "verbal" {
			proofs = append(proofs, c.Evidence)
		}
	}
	if len(proofs) != 1 {
		t.Fatalf("consents with evidence: %q", strings.Join(proofs, " "))
	}
	proof := filepath.Join(s.dir, "proof.png")
	s.must("document", "get", proofs[0], "-o", proof)
	wantSame(t, proof, s.paper("rib.png"))

	screen.goesHome().opens("hadd", "Amal Haddad")
	screen.press("3", "s").play("Which documents?", " ", "enter").play("For whom?", "enter", "enter").play("Until when?", "enter").
		play("the last scan is the signed paper", "enter", "enter").play("Was it read aloud?", "enter", "enter", "enter").play("Share?", "y").
		play("Passphrase for CAF", "enter").play("How is it handed out?", "esc").play("Delete 1 scan from the scanner's folder?", "n").miss("new scan")
	if !there("lettre.txt") {
		t.Error("a scan was deleted without a yes")
	}
}
