package e2e

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestNothingInTheClear plays a story with words that occur nowhere else, errors and refusals included, and looks for
// them in every file of home and remote, whatever is written there, the log at its most talkative included.
func TestNothingInTheClear(t *testing.T) {
	t.Parallel()
	const passphrase = "quenouille marmoréenne sous 51 bigarreaux"
	s := MustStation(t, "")
	if err := os.Mkdir(s.home, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(s.home, "config.toml"), []byte("log_level = \"debug\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	pass := s.MustWrite(t, "pass.txt", passphrase)
	found := s.MustFound(t, filepath.Join(s.dir, "remote"), "--protect", "passphrase", "--passphrase-file", pass, "--recovery-shares", "2/3")
	s.MustWrite(t, "mandat-zarzuela.txt", "I, Quartzine, speak for them")
	who := s.MustOpen(t, "Xylophanès", "DOSSIER:QX-77431", "--given-name", "Wilhelmine", "--usage-name", "Zéphyrine", "--alias", "Kiki-la-Douce",
		"--born", "1987-06-05", "--birth-place", "Ouagadougou-Nord", "--phone", "+33699887766", "--email", "wx@example.org",
		"--interpreter", "Ypsilante")
	secret := "confidential words: pamplemoussier"
	s.MustWrite(t, "avis-de-Xylophanes.txt", secret)
	id := s.MustID(t, "document", "add", who, "avis-de-Xylophanes.txt", "--type", "other", "--title", "Dossier 2 87 06 13 055 123 48", "--holder", "Hortensius",
		"--note", "vu avec Bérengère", "--wait")
	var card struct {
		Words    []string `json:"words"`
		Identity string   `json:"identity"`
	}
	if err := json.Unmarshal([]byte(s.Must(t, "card", "issue", who, "--json", "--reveal", "--yes")), &card); err != nil || card.Identity == "" {
		t.Fatalf("the card shows nothing: %v", err)
	}
	s.MustWrite(t, "privé-Xylophanès.txt", "private words: coquelicot")
	private := s.MustID(t, "document", "add", who, "privé-Xylophanès.txt", "--type", "other", "--title", "Journal intime", "--private")
	s.Must(t, "document", "get", id, "-o", filepath.Join(t.TempDir(), "copie-Xylophanes.txt"))
	cardFile := s.MustWrite(t, "card.txt", strings.Join(card.Words, " "))
	s.Must(t, "document", "get", private, "--card", cardFile, "-o", filepath.Join(t.TempDir(), "out.txt"))
	s.Fails(t, 6, `^error`, "document", "get", private, "--card", s.MustWrite(t, "wrong.txt", strings.Join(found.RootWords, " ")), "-o", "-")
	s.Fails(t, 7, ``, "document", "add", "Wilhelmine Xylophanès", "avis-de-Xylophanes.txt", "--type", "other")
	s.Must(t, "beneficiary", "list", "--search", "Zéphyrine")
	s.Must(t, "document", "add", who, s.MustWrite(t, "last.txt", secret+" again"), "--type", "other")
	s.Must(t, "sync", "--wait=60s")
	s.Must(t, "lock")
	s.Fails(t, 6, `^error`, "unlock", "--passphrase-file", s.MustWrite(t, "no.txt", passphrase+" faux"))
	s.Must(t, "unlock", "--passphrase-file", pass)
	s.Must(t, "verify", "--deep")

	words := []string{"Xylophan", "Wilhelmine", "phyrine", "Kiki-la", "1987-06-05", "Ouagadougou", "99887766", "wx@example", "Ypsilante", "QX-77431",
		"pamplemoussier", "coquelicot", "055 123", "05512348", "2870613", "Hortensius", "rengère", "berengere", "Journal intime", "avis-de", "copie-", "Quartzine",
		"marmor", "bigarreaux", card.Identity, "AGE-SECRET-KEY", strings.Join(card.Words[:3], " "), strings.Join(found.RootWords[:3], " "),
		strings.Join(strings.Fields(found.Recovery[1])[1:4], " ")}
	for _, dir := range []string{s.home, filepath.Join(s.dir, "remote")} {
		for path, text := range filesBelow(t, dir) {
			for _, w := range words {
				if bytes.Contains([]byte(strings.ToLower(text)), []byte(strings.ToLower(w))) {
					t.Errorf("%s holds %q", strings.TrimPrefix(path, s.dir), w)
				}
			}
			if strings.Contains(path, "Xylo") {
				t.Errorf("a file is named for a person: %s", path)
			}
		}
	}
}
