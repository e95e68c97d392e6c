package tui

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
)

// types what is proposed away, and text in its place.
func (s *driver) instead(text string) *driver { return s.press("ctrl+u").paste(text) }

// shown runs a command with --json and reads the object that it prints.
func shown[T any](s *station, args ...string) T {
	s.tb.Helper()
	var it T
	out := s.must(append(args, "--json")...)
	if err := json.Unmarshal([]byte(out), &it); err != nil {
		s.tb.Fatalf("vaultctl %s: %v in %q", strings.Join(args, " "), err, out)
	}
	return it
}

// printer sets a print command that adds what it gets to the file that it returns.
func (s *station) printer() string {
	s.tb.Helper()
	if runtime.GOOS == "windows" {
		s.tb.Skip("the print command is a script of a shell")
	}
	printed, script := filepath.Join(s.dir, "printed"), filepath.Join(s.dir, "printer.sh")
	MustWrite(s.tb, script, "#!/bin/sh\ncat >> '"+printed+"'\necho request-7\n")
	s.must("config", "set", "print_command", "sh "+script)
	return printed
}

// wantSame fails where two files do not hold the same.
func wantSame(tb testing.TB, got, want string) {
	tb.Helper()
	a, err := os.ReadFile(got)
	if err != nil {
		tb.Fatal(err)
	}
	b, err := os.ReadFile(want)
	if err != nil {
		tb.Fatal(err)
	}
	if !bytes.Equal(a, b) {
		tb.Errorf("%s does not hold what %s does: %d and %d bytes", filepath.Base(got), filepath.Base(want), len(a), len(b))
	}
}

// TestStoryDocument: one document is printed, saved, proved, corrected, replaced, made private and shared again with the card,
// moved to another person and removed there.
func TestStoryDocument(t *testing.T) {
	t.Parallel()
	s := MustStation(t)
	printed := s.printer()
	id := s.id("document", "add", s.amal, s.paper("carte.pdf"), "--type", "id-card", "--issued-on", "2021-05-03")
	words := shown[api.Card](s, "card", "issue", s.amal, "--reveal").Words
	screen := s.drive(lang.English).opens("hadd", "Amal Haddad")

	screen.press("p").see("sent to the printer", "request-7")
	wantSame(t, printed, s.paper("carte.pdf"))

	saved := filepath.Join(s.dir, "saved.pdf")
	screen.press("g").see("Save National identity card")
	screen.instead(saved).press("enter").play("Written in the clear", "enter")
	wantSame(t, saved, s.paper("carte.pdf"))

	proof := filepath.Join(s.dir, "proof.json")
	screen.press("d").play("A page to print as well", "y").see("File")
	screen.instead(proof).press("enter").see(".pdf")
	screen.instead(filepath.Join(s.dir, "proof.pdf")).press("enter").play("fingerprint of the root", "enter")
	if out := s.must("verify", s.paper("carte.pdf"), "--proof", proof, "--root", shown[api.Status](s, "status").Fingerprint); !strings.Contains(out, "The proof holds") {
		t.Errorf("the proof: %s", out)
	}
	if page, err := os.ReadFile(filepath.Join(s.dir, "proof.pdf")); err != nil || !bytes.HasPrefix(page, []byte("%PDF-")) {
		t.Errorf("the page of the proof: %v, %.8q", err, page)
	}

	screen.press("e").play("What is it?", "enter").play("Issued on", "enter", "enter", "enter", "enter").
		play("Remark for colleagues", `"Recto verso`, "enter", `"seen with her sister`, "enter", "enter").
		play("Handed in on", "enter", "enter", "y").see("changed: National identity card – Recto verso")
	if doc := shown[api.Document](s, "document", "show", id); doc.Title != "Recto verso" || doc.Note != "seen with her sister" || !doc.OriginalSeen ||
		doc.IssuedOn != "2021-05-03" {
		t.Errorf("corrected: %+v", doc)
	}

	screen.press("n").see("Replace National identity card")
	screen.paste(s.paper("avis.pdf")).press("enter").play("The file takes its place", "enter", "enter", "y").play("The new version is safe", "enter")
	again := filepath.Join(s.dir, "again.pdf")
	s.must("document", "get", id, "-o", again)
	wantSame(t, again, s.paper("avis.pdf"))
	if doc := shown[api.Document](s, "document", "show", id); doc.Versions != 2 || doc.Title != "Recto verso" {
		t.Errorf("replaced: %+v", doc)
	}

	screen.settle()
	screen.press("v").play("Make it private", "y").see("private document")
	if _, said, code := s.run("", "document", "get", id, "-o", filepath.Join(s.dir, "refused.pdf")); code == 0 {
		t.Errorf("a private document opens without the card: %s", said)
	}
	byCard := filepath.Join(s.dir, "card.pdf")
	screen.settle()
	screen.press("g").see("only the person's card opens it")
	screen.paste(strings.Join(words, " ")).press("enter").see("File")
	screen.instead(byCard).press("enter").play("Written in the clear", "enter")
	wantSame(t, byCard, s.paper("avis.pdf"))
	screen.press("v").see("will be able to open it")
	screen.paste(strings.Join(words, " ")).press("enter").see("Recto verso, 3 May 2021: shared")

	screen.settle()
	screen.press("m").play("Who?", `"Nguy`).see("Văn An")
	screen.press("enter").play("From Amal Haddad to Văn An Nguyễn", "y").play("moved to", "enter").see("No documents.")
	if here, there := s.documents(s.amal), s.documents(s.vanAn); len(here) != 0 || len(there) != 1 {
		t.Errorf("moved: %q and %q", here, there)
	}
	screen.goesHome().opens("nguy", "Văn An")
	screen.press("R").play("Remove 1 document for ever?", "y").see("1 document removed")
	if left := s.documents(s.vanAn); len(left) != 0 {
		t.Errorf("removed, and still there: %q", left)
	}
	s.must("journal", "verify")
	s.must("verify")
}

// imports brings two documents to Amal and one to Văn An, and returns the id of the import.
func (s *station) imports() string {
	s.tb.Helper()
	list := filepath.Join(s.papers, "list.csv")
	_ = os.Remove(list) // of the import before
	MustWrite(s.tb, list, "path;beneficiary;type;title\ncarte.pdf;CCAS:2026-0417;id-card;\navis.pdf;CCAS:2026-0417;tax-notice;\nrib.png;CCAS:2026-0418;bank-details;\n")
	var sum struct {
		Batch string `json:"batch"`
	}
	rows := strings.Split(strings.TrimSpace(s.must("import", list, "--source", "CCAS", "--json")), "\n")
	if err := json.Unmarshal([]byte(rows[len(rows)-1]), &sum); err != nil || sum.Batch == "" {
		s.tb.Fatalf("no import in %q: %v", rows, err)
	}
	return sum.Batch
}

// TestStoryImportUndo: an import is taken back from one of its documents, another one from administration; what somebody deposited by
// hand stays, and both say so beforehand.
func TestStoryImportUndo(t *testing.T) {
	t.Parallel()
	s := MustStation(t)
	s.must("document", "add", s.amal, s.paper("lettre.txt"), "--type", "other")
	first := s.imports()
	screen := s.drive(lang.English).opens("hadd", "Amal Haddad")
	screen.see("National identity card")
	screen.press("U").play("Take back the import "+first, "n").settle()
	if got := s.documents(s.amal); len(got) != 3 {
		t.Errorf("left before the yes, and there are %q", got)
	}
	screen.press("U").play("Take back the import "+first, "y").play("3 taken back", "enter").miss("National identity card")
	if here, there := s.documents(s.amal), s.documents(s.vanAn); len(here) != 1 || len(there) != 0 {
		t.Errorf("taken back, and there are %q and %q", here, there)
	}
	screen.press("U").see("It did not come with an import.")

	second := s.imports()
	screen.goesHome().press("ctrl+g").see("administration")
	screen.press("5").see("[5 imports]", second)
	screen.press("enter").see("National identity card", "Amal Haddad", "Văn An")
	screen.press("U").play("Take back the import "+second, "y").play("3 taken back", "enter").see("removed")
	if here, there := s.documents(s.amal), s.documents(s.vanAn); len(here) != 1 || len(there) != 0 {
		t.Errorf("taken back, and there are %q and %q", here, there)
	}
	s.must("verify")
}

// TestStoryExport: everything of a person is handed over as one file, sealed with a passphrase that the person chooses; a weak one is
// refused and asked for again, and nothing is left of the first try.
func TestStoryExport(t *testing.T) {
	t.Parallel()
	s := MustStation(t)
	s.must("document", "add", s.amal, s.paper("carte.pdf"), "--type", "id-card")
	bare, sealed := filepath.Join(s.dir, "all.zip"), filepath.Join(s.dir, "all.zip.age")
	screen := s.drive(lang.French).opens("hadd", "Amal Haddad")
	screen.press("X").play("Le fichier est-il", "enter").see("Fichier")
	screen.instead(bare).press("enter").play("1 justificatif", "enter").settle()
	z, err := zip.OpenReader(bare)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	if !slices.ContainsFunc(z.File, func(f *zip.File) bool { return strings.HasSuffix(f.Name, ".pdf") && f.UncompressedSize64 > 0 }) {
		t.Errorf("no document in the export: %d files", len(z.File))
	}
	screen.press("X").play("Le fichier est-il", "down", "enter").play("Nouvelle phrase", `"court`, "enter", `"court`, "enter").see("Fichier")
	screen.instead(sealed).press("enter").play("✗", "enter").see("Nouvelle phrase")
	if _, err := os.Stat(sealed); err == nil {
		t.Error("a file is there although the passphrase was refused")
	}
	screen.write(passphrase).press("enter").write(passphrase).press("enter").see("Fichier")
	screen.instead(sealed).press("enter").play("1 justificatif", "enter").settle()
	if raw, err := os.ReadFile(sealed); err != nil || !bytes.HasPrefix(raw, []byte("age-encryption.org/v1")) {
		t.Errorf("the sealed export: %v, %.30q", err, raw)
	}
}

// TestStorySeveral: two documents are marked, printed, saved and removed; a legal representative agrees in writing, with their mandate.
func TestStorySeveral(t *testing.T) {
	t.Parallel()
	s := MustStation(t)
	printed := s.printer()
	s.must("document", "add", s.amal, s.paper("carte.pdf"), "--type", "id-card")
	s.must("document", "add", s.amal, s.paper("avis.pdf"), "--type", "tax-notice")
	screen := s.drive(lang.English).opens("hadd", "Amal Haddad")
	screen.on("National identity card").press(" ").on("Tax notice").press(" ", "p").see("sent to the printer: Tax notice")
	if raw, err := os.ReadFile(printed); err != nil || bytes.Count(raw, []byte("%PDF-")) != 2 {
		t.Errorf("printed: %v, %d documents", err, bytes.Count(raw, []byte("%PDF-")))
	}
	screen.settle()
	folder := filepath.Join(s.dir, "out")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	screen.on("National identity card").press(" ").on("Tax notice").press(" ", "g").see("Save 2 documents")
	screen.instead(folder).press("enter").see("2 documents written in the clear")
	if files, err := filepath.Glob(filepath.Join(folder, "*.pdf")); err != nil || len(files) != 2 {
		t.Errorf("saved: %q, %v", files, err)
	}

	screen.settle()
	screen.press("2").see("[2 consents]")
	screen.press("a").play("Language of the notice", "enter", "up", "enter").play("Who may read the shared documents?", "enter").play("What for?", "down", "enter").
		play("Until when?", "enter").play("How did the person agree?", "down", "enter", "down", "down", "enter").
		play("Name of the representative", `"Tutelle 35`, "enter").play("Interpreter", "enter", "enter", "enter").see("File of the signed paper")
	screen.paste(s.paper("lettre.txt")).press("enter").see("File of the representative's mandate")
	screen.paste(s.paper("rib.png")).press("enter").play("Record this consent?", "y").see("Recorded: ")
	out := s.must("consent", "list", s.amal, "--json")
	var given api.Consent
	if err := json.Unmarshal([]byte(out[strings.LastIndex(strings.TrimSpace(out), "\n")+1:]), &given); err != nil || given.Evidence == "verbal" {
		t.Fatalf("the consents: %v, %s", err, out)
	}
	if record := s.must("consent", "show", given.ID, "--json"); !strings.Contains(record, "Tutelle 35") || !strings.Contains(record, "representative") {
		t.Errorf("the record: %s", record)
	}

	screen.settle()
	screen.press("1").on("National identity card").press(" ").on("Tax notice").press(" ", "R").play("Remove 2 documents for ever?", "y").see("2 documents removed")
	if left := s.documents(s.amal); len(left) != 0 {
		t.Errorf("removed, and there: %q", left)
	}
}
