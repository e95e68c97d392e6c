package remote_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"testing"

	"vaultctl/internal/remote"
	"vaultctl/internal/remote/remotetest"
	"vaultctl/internal/remote/s3test"
	"vaultctl/internal/vault"
)

// TestOneRequestReadsAnObject counts what reaches an S3 server: reading costs no look-up besides, and neither does what is not there.
func TestOneRequestReadsAnObject(t *testing.T) {
	spec, dir := s3test.Start(t)
	if err := os.WriteFile(filepath.Join(dir, "object"), []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	endpoint := regexp.MustCompile(`http://[^']+`)
	target, err := url.Parse(endpoint.FindString(spec))
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var asked []string
	behind := httputil.NewSingleHostReverseProxy(target)
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		mu.Lock()
		asked = append(asked, q.Method)
		mu.Unlock()
		behind.ServeHTTP(w, q)
	}))
	defer front.Close()
	r, err := remote.Open(t.Context(), endpoint.ReplaceAllString(spec, front.URL), impatient)
	if err != nil {
		t.Fatal(err)
	}
	asked = nil
	in, err := r.Get(t.Context(), "object")
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(in)
	if err != nil || !bytes.Equal(got, []byte("content")) {
		t.Errorf("%q, %v", got, err)
	}
	if err := in.Close(); err != nil {
		t.Error(err)
	}
	if len(asked) != 1 || asked[0] != http.MethodGet {
		t.Errorf("to read an object the server is asked %q", asked)
	}
	asked = nil
	_, err = r.Get(t.Context(), "missing")
	remotetest.WantCode(t, err, vault.CodeNotFound)
	if len(asked) != 1 {
		t.Errorf("for what is not there the server is asked %q", asked)
	}
}
