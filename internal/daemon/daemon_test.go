//go:build !windows

package daemon_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/apiclient"
	"vaultctl/internal/localsock"
	"vaultctl/internal/vault"
)

func TestAutostart(t *testing.T) {
	home := MustHome(t)
	_, err := apiclient.Connect(context.Background(), apiclient.Options{Home: home, NoAutostart: true})
	if vault.CodeOf(err) != vault.CodeNoDaemon {
		t.Fatalf("without autostart: %v", err)
	}
	c := MustConnect(t, home)
	if ping := c.Server(); ping.Protocol != api.Protocol || ping.Version != "test" || ping.PID == os.Getpid() || len(ping.Home) != 16 {
		t.Errorf("ping %+v", ping)
	}
	if again := MustConnect(t, home); again.Server().PID != c.Server().PID {
		t.Errorf("second connection found process %d, not %d", again.Server().PID, c.Server().PID)
	}
	info, err := os.Stat(filepath.Join(home, "log", "vaultd.log"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("log: %v, %v", info, err)
	}
	if home, err := os.Stat(home); err != nil || home.Mode().Perm() != 0o700 {
		t.Errorf("home: %v, %v", home, err)
	}
	text, err := os.ReadFile(filepath.Join(home, "log", "vaultd.log"))
	if err != nil || strings.Contains(string(text), home) || !strings.Contains(string(text), `"route":"daemon/ping"`) {
		t.Errorf("log: %v: %s", err, text)
	}
}

func TestTwentyClientsStartOneDaemon(t *testing.T) {
	home := MustHome(t)
	var (
		wg   sync.WaitGroup
		outs [20]string
		errs [20]error
	)
	for i := range outs {
		wg.Go(func() {
			out, err := exec.Command(os.Args[0], "--connect", home).CombinedOutput()
			outs[i], errs[i] = strings.TrimSpace(string(out)), err
		})
	}
	wg.Wait()
	for i, out := range outs {
		if errs[i] != nil || out != outs[0] {
			t.Errorf("client %d: %q, %v; client 0: %q", i, out, errs[i], outs[0])
		}
	}
	text, err := os.ReadFile(filepath.Join(home, "log", "vaultd.log"))
	if n := strings.Count(string(text), `"msg":"serving"`); err != nil || n != 1 {
		t.Errorf("%d daemons served, %v", n, err)
	}
}

func TestSecondDaemonIsRefused(t *testing.T) {
	home := MustHome(t)
	MustServe(t, home)
	out, err := exec.Command(os.Args[0], "--serve", home).CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 7 || !strings.Contains(string(out), "another vaultd already serves this home") {
		t.Fatalf("%v: %s", err, out)
	}
	if !Answers(home) {
		t.Error("the first one no longer answers")
	}
}

func TestRestartAfterKill(t *testing.T) {
	home := MustHome(t)
	first := MustConnect(t, home).Server().PID
	if err := syscall.Kill(first, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	Eventually(t, "killed", func() bool { return !Alive(first) })
	address, err := localsock.Address(home)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(address); err != nil {
		t.Fatalf("the killed daemon left no stale socket behind: %v", err)
	}
	if second := MustConnect(t, home).Server().PID; second == first {
		t.Error("the dead daemon answered")
	}
}

func TestLongHome(t *testing.T) {
	home := filepath.Join(MustHome(t), strings.Repeat("long/", 40))
	address, err := localsock.Address(home)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(filepath.Dir(address)) })
	t.Cleanup(func() { stopAll(t, home) })
	if c := MustConnect(t, home); c.Server().PID == 0 {
		t.Error("no daemon")
	}
}

func TestLastWords(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "vaultd")
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct{ start, daemon, home, text string }{
		"refuses":      {"refuse", os.Args[0], "", "vaultd did not start: the store was written by a newer version"},
		"panics":       {"panic", os.Args[0], "", "vaultd did not start: "},
		"no program":   {"", missing, "", "no such file"},
		"home in file": {"", os.Args[0], filepath.Join(file, "home"), "not a directory"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("TEST_START", tc.start)
			home := tc.home
			if home == "" {
				home = MustHome(t)
			}
			_, err := apiclient.Connect(context.Background(), apiclient.Options{Home: home, Daemon: tc.daemon})
			if err == nil || !strings.Contains(err.Error(), tc.text) {
				t.Fatalf("got %v", err)
			}
			if tc.home == "" && vault.CodeOf(err) != vault.CodeNoDaemon {
				t.Errorf("code %s", vault.CodeOf(err))
			}
		})
	}
}

func TestHomeNotWritable(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can become another account")
	}
	open, err := os.MkdirTemp("", "vd")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(open) })
	if err := os.Chmod(open, 0o755); err != nil {
		t.Fatal(err)
	}
	binary, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(open, "vaultd")
	if err := os.WriteFile(program, binary, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "--connect", filepath.Join(open, "home"))
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 8 || !strings.Contains(string(out), "create home: permission denied") {
		t.Errorf("%v: %s", err, out)
	}
}

// TestSurvivesItsStarter kills the whole process group of the client that started the daemon, as a job scheduler does.
func TestSurvivesItsStarter(t *testing.T) {
	home := MustHome(t)
	shell := exec.Command("/bin/sh", "-c", `"$0" --connect "$1"; cat`, os.Args[0], home)
	shell.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	stdin, err := shell.StdinPipe() // keeps cat waiting
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	stdout, err := shell.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := shell.Start(); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, 32)
	n, err := stdout.Read(line)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(line[:n])))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(-shell.Process.Pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	// The daemon must not hold the job's output open, or the scheduler waits for it for ever.
	if _, err := io.ReadAll(stdout); err != nil {
		t.Fatal(err)
	}
	_ = shell.Wait() // it was killed
	if got := MustConnect(t, home).Server().PID; got != pid {
		t.Errorf("process %d serves, not %d", got, pid)
	}
}

// TestPatienceWithALoadingDaemon connects to one that has taken the home and answers only after a while.
func TestPatienceWithALoadingDaemon(t *testing.T) {
	home := MustHome(t)
	l, release, err := localsock.Listen(home)
	if err != nil {
		t.Fatal(err)
	}
	told := 0
	c, err := apiclient.Connect(context.Background(), apiclient.Options{Home: home, Daemon: os.Args[0], Version: "test",
		StartTime: 100 * time.Millisecond, Loading: func() {
			told++
			go playOther(l, release, api.Protocol)
		}})
	if err != nil || told != 1 {
		t.Fatalf("%v; told %d times that it takes longer", err, told)
	}
	defer c.Close()
	if _, err := apiclient.Call[struct{}](context.Background(), c, api.RouteStop, nil); err != nil {
		t.Error(err)
	}
}

// TestOtherProtocols plays daemons of other versions.
func TestOtherProtocols(t *testing.T) {
	for protocol, want := range map[string]vault.Code{"0": "", "2": vault.CodeUpgrade} {
		t.Run(protocol, func(t *testing.T) {
			home := MustHome(t)
			l, release, err := localsock.Listen(home)
			if err != nil {
				t.Fatal(err)
			}
			go playOther(l, release, protocol)
			c, err := apiclient.Connect(context.Background(), apiclient.Options{Home: home, Daemon: os.Args[0], Version: "test"})
			if vault.CodeOf(err) != want {
				t.Fatalf("got %v", err)
			}
			if want == "" {
				defer c.Close()
				if c.Server().Version != "test" {
					t.Errorf("connected to %+v", c.Server())
				}
				return
			}
			if api.HintOf(err) == "" || !strings.Contains(err.Error(), "9.9") {
				t.Errorf("error %v, hint %q", err, api.HintOf(err))
			}
			_ = l.Close()
			release()
		})
	}
}

// playOther answers each connection's first request with a ping result of a protocol, and leaves when asked to stop.
func playOther(l net.Listener, release func(), protocol string) {
	defer release()
	defer l.Close()
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		for {
			buf := make([]byte, 4096)
			n, err := conn.Read(buf)
			if err != nil {
				break
			}
			body, _ := json.Marshal(api.Ping{Protocol: protocol, Version: "9.9", PID: 1})
			body = append(append([]byte(`{"result":`), body...), "}\n"...)
			_, _ = fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s", api.TypeLines, len(body), body)
			if bytes.Contains(buf[:n], []byte(api.RouteStop)) {
				_ = conn.Close()
				return
			}
		}
		_ = conn.Close()
	}
}

func TestSocketActivation(t *testing.T) {
	home := MustHome(t)
	address, err := localsock.Address(home)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(address), 0o700); err != nil {
		t.Fatal(err)
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: address, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	file, err := l.File()
	if err != nil {
		t.Fatal(err)
	}
	manager, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(t.TempDir(), "notify"), Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer manager.Close()
	// LISTEN_PID must be the daemon's own, which only a shell that becomes the daemon knows.
	cmd := exec.Command("/bin/sh", "-c", `LISTEN_PID=$$ exec "$0" --serve "$1"`, os.Args[0], home)
	cmd.Env = append(os.Environ(), "LISTEN_FDS=1", "NOTIFY_SOCKET="+manager.LocalAddr().String(), "TEST_IDLE=20ms", "WATCHDOG_USEC=20000")
	cmd.ExtraFiles = []*os.File{file}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	states := MustStates(t, manager, "READY=1", "WATCHDOG=1", "WATCHDOG=1", "WATCHDOG=1", "WATCHDOG=1")
	if got := MustConnect(t, home).Server().PID; got != cmd.Process.Pid {
		t.Errorf("process %d serves, not %d; it said %v", got, cmd.Process.Pid, states)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	MustStates(t, manager, "STOPPING=1")
	if err := cmd.Wait(); err != nil {
		t.Errorf("exit: %v", err)
	}
	if !strings.Contains(stderr.String(), `"activated":true`) {
		t.Errorf("log on standard error: %s", stderr.String())
	}
	if _, err := os.Lstat(address); err != nil {
		t.Errorf("the manager's socket was removed: %v", err)
	}
}

// MustStates reads what the daemon tells its manager until each state was seen in order.
func MustStates(tb testing.TB, manager *net.UnixConn, want ...string) []string {
	tb.Helper()
	var got []string
	_ = manager.SetReadDeadline(time.Now().Add(30 * time.Second))
	for len(want) > 0 {
		buf := make([]byte, 256)
		n, err := manager.Read(buf)
		if err != nil {
			tb.Fatalf("waiting for %v: %v", want, err)
		}
		got = append(got, string(buf[:n]))
		if string(buf[:n]) == want[0] {
			want = want[1:]
		}
	}
	return got
}

func TestHardened(t *testing.T) {
	home := MustHome(t)
	pid := MustConnect(t, home).Server().PID
	limits, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", pid))
	if errors.Is(err, os.ErrNotExist) {
		t.Skip("no /proc")
	}
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(limits)) {
		if f := strings.Fields(line); strings.HasPrefix(line, "Max core file size") && (f[4] != "0" || f[5] != "0") {
			t.Errorf("core dumps are on: %s", line)
		}
	}
	if cwd, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", pid)); err != nil || cwd != "/" {
		t.Errorf("works in %q, %v", cwd, err)
	}
	if stderr, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/2", pid)); err != nil || stderr != os.DevNull {
		t.Errorf("standard error is %q, %v", stderr, err)
	}
}
