package e2e

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vaultctl/internal/remote/s3test"
)

// MustFetch gets what is under a link, as somebody does who has nothing but it.
func MustFetch(tb testing.TB, url string) (status int, body []byte) {
	tb.Helper()
	req, err := http.NewRequestWithContext(tb.Context(), http.MethodGet, url, nil)
	if err != nil {
		tb.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		tb.Fatal(err)
	}
	defer res.Body.Close()
	body, err = io.ReadAll(res.Body)
	if err != nil {
		tb.Fatal(err)
	}
	return res.StatusCode, body
}

// TestShareLinks gives links to sealed copies on an S3 server: they hold what is sealed, and nothing once the share has ended.
func TestShareLinks(t *testing.T) {
	t.Parallel()
	server := s3test.New(t)
	s := MustStation(t, "")
	s.MustFound(t, mustConfigure(t, s, server))
	who := s.MustOpen(t, "Diallo", "SI:1")
	doc := s.MustDeposit(t, who, "a letter to the office")
	s.Must(t, "partner", "add", "CAF")
	made := objects(t, s.Must(t, "share", "add", who, doc, "--to", "partner:CAF", "--purpose", "access-to-rights", "--until", "+3d",
		"--verbal", "--yes", "--link", "--json"))[0]
	links, _ := made["links"].([]any)
	if len(links) != 1 {
		t.Fatalf("links: %v", made)
	}
	link, _ := links[0].(map[string]any)
	url, _ := link["url"].(string)
	share, _ := made["id"].(string)
	s.Must(t, "share", "get", share, "--sealed", "-o", "copy.age")
	sealed, err := os.ReadFile(filepath.Join(s.dir, "copy.age"))
	if err != nil {
		t.Fatal(err)
	}
	if status, body := MustFetch(t, url); status != http.StatusOK || !bytes.Equal(body, sealed) {
		t.Fatalf("the link gives %d and %d bytes of %d", status, len(body), len(sealed))
	}
	again := objects(t, s.Must(t, "share", "get", share, "--link", "--json"))
	if len(again) != 1 || again[0]["document"] != doc || !strings.HasPrefix(again[0]["url"].(string), "http") {
		t.Errorf("asked again: %v", again)
	}

	s.Must(t, "share", "revoke", share, "--yes", "--wait=60s")
	if status, body := MustFetch(t, url); status == http.StatusOK {
		t.Errorf("the link of a share that was revoked gives %d bytes", len(body))
	}
	s.Fails(t, 4, "the share has ended", "share", "get", share, "--link")
}
