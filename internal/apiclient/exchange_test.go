package apiclient

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/localsock"
	"vaultctl/internal/vault"
)

// TestExchangeWithNobodyLeft: a daemon that dies before it has answered ends an exchange, although the next part is waiting for
// an answer to the one before.
func TestExchangeWithNobodyLeft(t *testing.T) {
	dir, err := os.MkdirTemp("", "ex") // short: the socket's path is bounded
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	home := filepath.Join(dir, "h")
	listener, release, err := localsock.Listen(home)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, api.RoutePing) {
			ping, _ := json.Marshal(api.Ping{Protocol: api.Protocol})
			_ = json.NewEncoder(w).Encode(api.Line{Result: ping})
			return
		}
		if _, err := r.Body.Read(make([]byte, 1)); err != nil {
			t.Error(err)
		}
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_ = conn.Close() // as when the process is killed
	})}
	go func() { _ = server.Serve(listener) }() // ends when it is closed
	defer func() { _ = server.Close() }()
	c, err := Connect(t.Context(), Options{Home: home, NoAutostart: true})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	parts := 0
	_, err = Exchange[api.Empty, api.Empty](t.Context(), c, "import/deposit", api.Empty{}, func(ctx context.Context) (Part, error) {
		if parts++; parts == 1 {
			return Part{Name: api.PartContent, Reader: strings.NewReader("x")}, nil
		}
		<-ctx.Done() // the answer to the first part, which does not come
		return Part{}, ctx.Err()
	}, func(api.Empty) error { return nil })
	if vault.CodeOf(err) != vault.CodeNoDaemon {
		t.Errorf("%v", err)
	}
}
