// Package sftptest runs a real SFTP server, OpenSSH's own, on the loopback interface for tests.
package sftptest

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/rclone/rclone/backend/sftp" // what the spec names
)

// Server is a running sshd that gives out one folder.
type Server struct {
	// Dir is the folder that holds the objects as plain files.
	Dir string

	port string
	keys string // folder of the keys
}

// program is where Debian puts sshd, which demands to be called by its whole path.
const program = "/usr/sbin/sshd"

// New starts a server on a free port, with keys and a configuration of its own, and stops it when the test ends. The test is
// skipped where OpenSSH's server is not installed.
func New(tb testing.TB) *Server {
	tb.Helper()
	for _, p := range []string{program, "/usr/bin/ssh-keygen"} {
		if _, err := os.Stat(p); err != nil {
			tb.Skipf("%s is not installed", p)
		}
	}
	s := &Server{Dir: tb.TempDir(), keys: tb.TempDir(), port: freePort(tb)}
	if os.Geteuid() == 0 { // where it gives up its rights; Debian makes it at boot
		if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
			tb.Fatal(err)
		}
	}
	for _, name := range []string{"host", "client"} {
		if out, err := exec.CommandContext(tb.Context(), "/usr/bin/ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", s.path(name)).CombinedOutput(); err != nil {
			tb.Fatalf("make a key: %v: %s", err, out)
		}
	}
	s.write(tb, "known_hosts", "[127.0.0.1]:"+s.port+" "+s.read(tb, "host.pub"))
	s.write(tb, "sshd_config", strings.Join([]string{"Port " + s.port, "ListenAddress 127.0.0.1", "HostKey " + s.path("host"),
		"AuthorizedKeysFile " + s.path("client.pub"), "PasswordAuthentication no", "KbdInteractiveAuthentication no", "UsePAM no",
		"StrictModes no", "PidFile none", "PermitRootLogin prohibit-password", "MaxStartups 100", "MaxSessions 100",
		"Subsystem sftp internal-sftp", "ForceCommand internal-sftp", ""}, "\n"))
	s.start(tb)
	return s
}

func (s *Server) path(name string) string { return filepath.Join(s.keys, name) }

func (s *Server) write(tb testing.TB, name, text string) {
	tb.Helper()
	if err := os.WriteFile(s.path(name), []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
}

func (s *Server) read(tb testing.TB, name string) string {
	tb.Helper()
	raw, err := os.ReadFile(s.path(name))
	if err != nil {
		tb.Fatal(err)
	}
	return string(raw)
}

func (s *Server) start(tb testing.TB) {
	tb.Helper()
	cmd := exec.CommandContext(context.Background(), program, "-D", "-e", "-f", s.path("sshd_config"))
	var log strings.Builder
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _, _ = cmd.Process.Kill(), cmd.Wait() })
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		c, err := new(net.Dialer).DialContext(context.Background(), "tcp", "127.0.0.1:"+s.port)
		if err == nil {
			_ = c.Close()
			return
		}
		if time.Now().After(deadline) {
			tb.Fatalf("sshd does not answer: %s", log.String())
		}
	}
}

func freePort(tb testing.TB) string {
	tb.Helper()
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	if cerr := l.Close(); err != nil || cerr != nil {
		tb.Fatal(err, cerr)
	}
	return port
}

// Spec opens the folder as a remote. It holds the path of a key, and no secret.
func (s *Server) Spec(tb testing.TB) string {
	tb.Helper()
	me, err := user.Current()
	if err != nil {
		tb.Fatal(err)
	}
	return fmt.Sprintf(":sftp,host=127.0.0.1,port=%s,user=%s,key_file='%s',known_hosts_file='%s',shell_type=none,disable_hashcheck=true:%s",
		s.port, me.Username, s.path("client"), s.path("known_hosts"), s.Dir)
}
