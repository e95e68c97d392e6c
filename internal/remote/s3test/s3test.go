// Package s3test runs a real S3 server, rclone's own, on the loopback interface for tests.
package s3test

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	_ "github.com/rclone/rclone/backend/local" // what the server stores its buckets in
	_ "github.com/rclone/rclone/backend/s3"    // what the spec names
	_ "github.com/rclone/rclone/cmd/serve/s3"  // the server
	"github.com/rclone/rclone/fs/rc"
)

const (
	bucket    = "vault"
	accessKey = "s3testaccess"
	secretKey = "s3testsecret"
)

// Server is a running S3 server with one bucket. Connections to it pass through a gate that tests can close.
type Server struct {
	// Dir is the folder that holds the bucket's objects as plain files.
	Dir string

	addr    string // of the gate
	backend string // of the server itself
	id      string // rclone's name for it, "" before the first start

	mu       sync.Mutex
	listener net.Listener // nil while stopped
	conns    map[net.Conn]struct{}
	running  sync.WaitGroup

	budget atomic.Int64 // bytes that clients may still send, or negative for no limit
	full   chan struct{}
}

// Start starts a server on a free port and stops it when the test ends. The spec opens the bucket as a remote; dir holds
// its objects as plain files.
func Start(tb testing.TB) (spec, dir string) {
	s := New(tb)
	return s.Spec(), s.Dir
}

// New is Start for tests that also stop and restart the server.
func New(tb testing.TB) *Server {
	tb.Helper()
	root := tb.TempDir()
	s := &Server{Dir: filepath.Join(root, bucket), conns: map[net.Conn]struct{}{}}
	s.budget.Store(-1)
	if err := os.Mkdir(s.Dir, 0o755); err != nil {
		tb.Fatal(err)
	}
	s.Restart(tb)
	tb.Cleanup(func() {
		s.Stop()
		mustCall(tb, "serve/stop", rc.Params{"id": s.id})
	})
	return s
}

func mustCall(tb testing.TB, name string, in rc.Params) rc.Params {
	tb.Helper()
	out, err := rc.Calls.Get(name).Fn(context.Background(), in)
	if err != nil {
		tb.Fatalf("%s: %v", name, err)
	}
	return out
}

// Spec opens the bucket as a remote. It holds inline credentials.
func (s *Server) Spec() string {
	return fmt.Sprintf(":s3,provider=Rclone,access_key_id=%s,secret_access_key=%s,endpoint='http://%s':%s",
		accessKey, secretKey, s.addr, bucket)
}

// Secrets are the parts of Spec that must never show up in an error or a log.
func (s *Server) Secrets() []string { return []string{accessKey, secretKey} }

// Stop refuses new connections and cuts those that are open, as a crash or a pulled plug would.
func (s *Server) Stop() {
	s.mu.Lock()
	if s.listener != nil {
		_ = s.listener.Close()
		s.listener = nil
	}
	for conn := range s.conns {
		_ = conn.Close()
	}
	s.mu.Unlock()
	s.running.Wait()
}

// StopAfter stops the server as soon as clients have sent n more bytes, in the middle of an upload for example. The
// channel is closed then.
func (s *Server) StopAfter(n int64) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.full = make(chan struct{})
	s.budget.Store(n)
	return s.full
}

// Restart runs the server again, on the same port. The new one has no caches: it sees what was changed in Dir meanwhile.
func (s *Server) Restart(tb testing.TB) {
	tb.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener != nil {
		return
	}
	if s.id != "" {
		mustCall(tb, "serve/stop", rc.Params{"id": s.id})
	}
	out := mustCall(tb, "serve/start", rc.Params{
		"type": "s3", "fs": filepath.Dir(s.Dir), "addr": "127.0.0.1:0", "auth_key": []string{accessKey + "," + secretKey},
	})
	s.id, s.backend = out["id"].(string), out["addr"].(string)
	s.budget.Store(-1)
	addr := s.addr
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", addr)
	if err != nil {
		tb.Fatal(err)
	}
	s.listener, s.addr = listener, listener.Addr().String()
	s.running.Add(1)
	go s.accept(listener, s.backend)
}

func (s *Server) accept(listener net.Listener, backend string) {
	defer s.running.Done()
	for {
		client, err := listener.Accept()
		if err != nil {
			return
		}
		server, err := new(net.Dialer).DialContext(context.Background(), "tcp", backend)
		if err != nil || !s.register(listener, client, server) {
			_ = client.Close()
			continue
		}
		go s.forward(server, &metered{client, s}, client)
		go s.forward(client, server, server)
	}
}

// register notes a pair of connections, or refuses it if the listener was stopped meanwhile.
func (s *Server) register(listener net.Listener, client, server net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener != listener {
		_ = server.Close()
		return false
	}
	s.conns[client], s.conns[server] = struct{}{}, struct{}{}
	s.running.Add(2)
	return true
}

// forward copies one direction until either side ends.
func (s *Server) forward(to net.Conn, from io.Reader, source net.Conn) {
	defer s.running.Done()
	_, _ = io.Copy(to, from)
	_, _ = to.Close(), source.Close()
	s.mu.Lock()
	delete(s.conns, source)
	s.mu.Unlock()
}

// metered counts what a client sends against the budget of StopAfter.
type metered struct {
	io.Reader
	s *Server
}

func (m *metered) Read(p []byte) (int, error) {
	n, err := m.Reader.Read(p)
	if m.s.budget.Load() >= 0 && m.s.budget.Add(int64(-n)) < 0 {
		m.s.trip()
		return 0, io.ErrClosedPipe
	}
	return n, err
}

// trip stops the server from within one of its own connections.
func (s *Server) trip() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener == nil {
		return
	}
	_ = s.listener.Close()
	s.listener = nil
	for conn := range s.conns {
		_ = conn.Close()
	}
	close(s.full)
}
