package e2e

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vaultctl/internal/objecthash"
)

// fenced returns the fenced blocks of a page that are marked with a language.
func fenced(tb testing.TB, page, language string) []string {
	tb.Helper()
	raw, err := os.ReadFile(page)
	if err != nil {
		tb.Fatal(err)
	}
	var blocks []string
	for i, part := range strings.Split(string(raw), "```") {
		if block, ok := strings.CutPrefix(part, language+"\n"); ok && i%2 == 1 {
			blocks = append(blocks, block)
		}
	}
	return blocks
}

// mustCopy copies a file.
func mustCopy(tb testing.TB, from, to string) {
	tb.Helper()
	raw, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, raw, 0o600)
	}
	if err != nil {
		tb.Fatal(err)
	}
}

// wantLines checks that a file holds JSON objects, one per line, and returns them.
func wantLines(tb testing.TB, path string) []map[string]any {
	tb.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	all := objects(tb, string(raw))
	if len(all) == 0 {
		tb.Fatalf("%s is empty", filepath.Base(path))
	}
	return all
}

// TestRecoveryPage runs the commands of docs/recovery.md as they stand there, against what a workstation has left behind.
// The copy of the remote is made by the command that the page gives for a folder, and without an rclone on this machine
// its comparison is left to wantObjects, which makes the same one.
func TestRecoveryPage(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"bash", "python3"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skipf("the page needs %s", name)
		}
	}
	s := MustStation(t, "")
	found := s.MustFound(t, filepath.Join(s.dir, "remote"), "--recovery-shares", "2/3", "--lang", "fr")
	documents := map[string]string{}
	for ref, name := range map[string]string{"SI:1": "Diallo", "SI:2": "Nguyễn"} {
		s.MustOpen(t, name, ref)
		for _, text := range []string{"a letter to " + name, strings.Repeat("a long scan of "+name+"\n", 20_000)} {
			documents[s.MustDeposit(t, "ref:"+ref, text, "--title", "of "+name)] = text
		}
	}
	old := s.MustDeposit(t, "ref:SI:1", "a bad scan")
	s.Must(t, "document", "replace", old, s.MustWrite(t, "better.txt", "a better scan"))
	documents[old] = "a better scan"
	s.Must(t, "sync", "--wait=60s")

	work := t.TempDir()
	shares := strings.Join([]string{found.Recovery[0], found.Recovery[2]}, "\n") + "\n"
	if err := os.WriteFile(filepath.Join(work, "shares.txt"), []byte(shares), 0o600); err != nil {
		t.Fatal(err)
	}
	mustCopy(t, filepath.Join("..", "secretshare", "testdata", "combine.py"), filepath.Join(work, "combine.py"))
	mustCopy(t, filepath.Join("..", "words", "lists", "fr.txt"), filepath.Join(work, "french.txt"))
	blocks := fenced(t, filepath.Join("..", "..", "docs", "recovery.md"), "sh")
	if len(blocks) != 7 || !strings.HasPrefix(blocks[0], "rclone copy ") || !strings.HasPrefix(blocks[6], "rclone checksum blake3 ") {
		t.Fatalf("the page has changed: %q", blocks)
	}
	blocks[0] = `cp -r "$REMOTE" copy`
	if _, err := exec.LookPath("rclone"); err != nil {
		blocks = blocks[:6]
	}
	for _, block := range blocks {
		cmd := exec.Command("bash", "-c", block)
		cmd.Dir = work
		cmd.Env = append(slices.Clone(s.env), "REMOTE="+filepath.Join(s.dir, "remote"))
		// A loop ends with the status of its last age, which refuses what the key does not open: the files tell more.
		if a := finish(cmd); a.code < 0 {
			t.Fatalf("%s\n%s", block, a.err)
		}
	}

	wantFiles(t, filepath.Join(work, "restored"), documents)
	if got := filesBelow(t, filepath.Join(work, "restored")); len(got) != len(documents) {
		t.Errorf("%d files restored, want %d", len(got), len(documents))
	}
	notes, err := json.Marshal(wantLines(t, filepath.Join(work, "notes.jsonl")))
	if err != nil {
		t.Fatal(err)
	}
	for id, text := range documents {
		if !strings.Contains(string(notes), sum(text)) || !strings.Contains(string(notes), id) {
			t.Errorf("the notes do not tell of document %s", id)
		}
	}
	if !strings.Contains(string(notes), "Nguyễn") {
		t.Error("the notes do not tell the names")
	}
	journal, err := json.Marshal(wantLines(t, filepath.Join(work, "journal.jsonl")))
	if err != nil {
		t.Fatal(err)
	}
	for _, event := range []string{"document.deposit", "document.replace"} {
		if !strings.Contains(string(journal), event) {
			t.Errorf("the journal does not hold %s", event)
		}
	}
	wantObjects(t, work, len(documents))
}

// wantObjects compares the list that the page makes of the journal with the copy of the remote.
func wantObjects(t *testing.T, work string, documents int) {
	t.Helper()
	list, err := os.ReadFile(filepath.Join(work, "objects.blake3"))
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for line := range strings.Lines(string(list)) {
		hash, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
		raw, err := os.ReadFile(filepath.Join(work, "copy", "v1", filepath.FromSlash(name)))
		if errors.Is(err, os.ErrNotExist) {
			continue // replaced meanwhile
		}
		if err != nil {
			t.Fatal(err)
		}
		if got := objecthash.Of(raw); string(got) != hash {
			t.Errorf("%s has hash %s, the journal says %s", name, got, hash)
		}
		if strings.Contains(name, "/d/") {
			found++
		}
	}
	if found != documents {
		t.Errorf("the journal names %d documents of the copy, want %d", found, documents)
	}
}
