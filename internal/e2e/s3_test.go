package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"vaultctl/internal/remote/s3test"
)

// mustConfigure writes an rclone.conf for the server and returns the remote's name in it.
func mustConfigure(tb testing.TB, s *station, server *s3test.Server) string {
	tb.Helper()
	endpoint := regexp.MustCompile(`endpoint='([^']+)':(\w+)$`).FindStringSubmatch(server.Spec())
	keys := server.Secrets()
	if endpoint == nil || len(keys) != 2 {
		tb.Fatal("the server's address is not what it was")
	}
	s.MustWrite(tb, "rclone.conf", "[bucket]\ntype = s3\nprovider = Rclone\naccess_key_id = "+keys[0]+"\nsecret_access_key = "+keys[1]+
		"\nendpoint = "+endpoint[1]+"\n")
	return "bucket:" + endpoint[2]
}

// mustObject returns the file that holds a document's object in the folder of a remote.
func mustObject(tb testing.TB, s *station, remote, vault, document string) (file, name string) {
	tb.Helper()
	access := objects(tb, s.Must(tb, "beneficiary", "access", vault, "--objects", "--json"))
	all, _ := access[0]["objects"].([]any)
	for _, o := range all {
		if o, ok := o.(map[string]any); ok && o["document"] == document {
			name, _ = o["path"].(string)
			return filepath.Join(remote, filepath.FromSlash(name)), name
		}
	}
	tb.Fatalf("no object for document %s", document)
	return "", ""
}

// TestS3 works against a real S3 server that goes away and comes back, and whose objects are tampered with.
func TestS3(t *testing.T) {
	t.Parallel()
	server := s3test.New(t)
	s := MustStation(t, "")
	remote := mustConfigure(t, s, server)
	found := s.MustFound(t, remote, "--recovery-shares", "2/3")
	who := s.MustOpen(t, "Diallo", "SI:1")
	documents := map[string]string{}
	deposit := func(text string) string {
		id := s.MustDeposit(t, "ref:SI:1", text)
		documents[id] = text
		return id
	}
	first, second := deposit("the first letter"), deposit(strings.Repeat("a scan\n", 50_000))
	s.Must(t, "sync", "--wait=60s")

	server.Stop()
	deposit("while the storage was away")
	deposit("and another one")
	s.Fails(t, 10, `^error: `, "sync", "--wait=2s")
	s.MustHave(t, documents)
	server.Restart(t)
	s.Must(t, "sync", "--wait=60s")
	if n := objects(t, s.Must(t, "status", "--json"))[0]["queued"]; n != 0.0 {
		t.Errorf("%v objects are still queued", n)
	}

	elsewhere := MustStation(t, "")
	mustConfigure(t, elsewhere, server)
	one, three := elsewhere.MustWrite(t, "1.txt", found.Recovery[0]), elsewhere.MustWrite(t, "3.txt", found.Recovery[2])
	elsewhere.Must(t, "recover", "--remote", remote, "--identity", one, "--identity", three, "-o", "restored")
	wantFiles(t, filepath.Join(elsewhere.dir, "restored"), documents)

	s.Must(t, "verify", "--deep")
	altered, alteredName := mustObject(t, s, server.Dir, who, first)
	mustAlter(t, altered)
	lost, lostName := mustObject(t, s, server.Dir, who, second)
	if err := os.Remove(lost); err != nil {
		t.Fatal(err)
	}
	server.Stop()
	server.Restart(t) // it keeps what it knew of its files for a while
	a := s.Fails(t, 11, `altered`, "verify", "--deep")
	if !strings.Contains(a.out, alteredName) {
		t.Errorf("the altered object is not named:\n%s", a.out)
	}
	if !strings.Contains(a.out, lostName) {
		t.Errorf("the lost object is not named:\n%s", a.out)
	}
	// What was lost is still on this disk, so it was queued again. That something was altered is said until it is put right.
	s.Fails(t, 11, `^error: `, "sync", "--wait=60s")
	if _, err := os.Stat(lost); err != nil {
		t.Errorf("what was lost was not sent again: %v", err)
	}
}

// mustAlter changes one byte in the middle of a file.
func mustAlter(tb testing.TB, file string) {
	tb.Helper()
	raw, err := os.ReadFile(file)
	if err == nil {
		raw[len(raw)/2] ^= 1
		err = os.WriteFile(file, raw, 0o600)
	}
	if err != nil {
		tb.Fatal(err)
	}
}
