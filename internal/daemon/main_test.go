//go:build !windows

package daemon_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/apiclient"
	"vaultctl/internal/apiserver"
	"vaultctl/internal/daemon"
	"vaultctl/internal/exitcode"
	"vaultctl/internal/localsock"
	"vaultctl/internal/vault"
)

// TestMain lets the test binary be vaultd (as apiclient starts it) or a client, so that every test has real processes.
func TestMain(m *testing.M) {
	switch {
	case len(os.Args) == 4 && os.Args[1] == "--detached" && os.Args[2] == "--home":
		os.Exit(runDaemon(os.Args[3], true))
	case len(os.Args) == 3 && os.Args[1] == "--serve":
		os.Exit(runDaemon(os.Args[2], false))
	case len(os.Args) == 3 && os.Args[1] == "--connect":
		os.Exit(runClient(os.Args[2]))
	}
	os.Exit(m.Run())
}

// runDaemon is vaultd with a service made for these tests; the environment says how it misbehaves.
func runDaemon(home string, detached bool) int {
	idle, err := time.ParseDuration(os.Getenv("TEST_IDLE"))
	if err != nil {
		idle = time.Minute // a daemon that a test has lost sight of goes by itself
	}
	err = daemon.Run(context.Background(), daemon.Options{
		Home: home, Idle: idle, LogLevel: slog.LevelDebug, Version: "test", Detached: detached,
		Build: func(_ context.Context, env daemon.Env) (daemon.Service, error) {
			switch os.Getenv("TEST_START") {
			case "refuse":
				return nil, vault.Errorf(vault.CodeUpgrade, "the store was written by a newer version")
			case "panic":
				panic("store")
			}
			s := &service{home: env.Home}
			s.busy.Store(os.Getenv("TEST_BUSY") != "")
			return s, nil
		},
	})
	if err != nil {
		line, _ := json.Marshal(api.Line{Error: api.ErrorOf(err)})
		fmt.Fprintf(os.Stderr, "%s\n", line)
	}
	return exitcode.OfError(err)
}

// runClient connects, and prints the daemon's process id or the error.
func runClient(home string) int {
	c, err := apiclient.Connect(context.Background(), apiclient.Options{Home: home, Daemon: os.Args[0], Version: "test"})
	if err != nil {
		fmt.Println(err)
		return exitcode.OfError(err)
	}
	fmt.Println(c.Server().PID)
	return 0
}

// service has calls that last as long as a test wants.
type service struct {
	home  string
	busy  atomic.Bool
	gone  atomic.Int64
	taken atomic.Int64 // bytes of whole uploads
}

type bytesRequest struct {
	Bytes  int64 `json:"bytes"`
	FailAt int64 `json:"fail_at"`
	Hang   bool  `json:"hang"`
}

func (s *service) Register(srv *apiserver.Server) {
	apiserver.HandleStream(srv, "test/hold", s.hold)
	apiserver.HandleList(srv, "test/count", func(_ context.Context, n int, yield func(int) error) error {
		for i := range n {
			if err := yield(i); err != nil {
				s.gone.Add(1)
				return err
			}
		}
		return nil
	})
	apiserver.HandleRows(srv, "test/rows", func(_ context.Context, n int, yield func(int) error, report func(api.Progress)) (string, error) {
		for i := range n {
			report(api.Progress{Stage: "rows", Done: int64(i), Total: int64(n), Unit: "rows"})
			if err := yield(i); err != nil {
				return "", err
			}
		}
		return "summary", nil
	})
	apiserver.Handle(srv, "test/busy", func(_ context.Context, busy bool) (int64, error) {
		s.busy.Store(busy)
		return s.gone.Load(), nil
	})
	apiserver.HandleDownload(srv, "test/get", s.get)
	apiserver.HandleUpload(srv, "test/put", s.put)
	apiserver.HandleExchange(srv, "test/sizes", sizes)
	apiserver.Handle(srv, "test/taken", func(context.Context, api.Empty) (int64, error) { return s.taken.Load(), nil })
}

// sizes answers each part with its size, and fails at a part named "refused".
func sizes(_ context.Context, late bool, parts apiserver.PartReader, yield func(int64) error) (string, error) {
	for {
		part, err := parts.Next()
		if errors.Is(err, io.EOF) {
			return "all", nil
		}
		if err != nil {
			return "", err
		}
		if part.Name == "refused" {
			return "", vault.Errorf(vault.CodeNoConsent, "the vault is closed")
		}
		n, err := io.Copy(io.Discard, part)
		if err != nil {
			return "", err
		}
		if late {
			continue
		}
		if err := yield(n); err != nil {
			return "", err
		}
	}
}

// hold lasts until the file "go" appears in the home or the caller goes away.
func (s *service) hold(ctx context.Context, _ api.Empty, report func(api.Progress)) (string, error) {
	report(api.Progress{Stage: "holding"})
	for {
		if _, err := os.Stat(filepath.Join(s.home, "go")); err == nil {
			return "held", nil
		}
		select {
		case <-ctx.Done():
			s.gone.Add(1)
			return "", ctx.Err()
		case <-time.After(2 * time.Millisecond):
		}
	}
}

func (s *service) get(ctx context.Context, req bytesRequest, w *apiserver.Download[bytesRequest]) error {
	if err := w.SetMeta(req); err != nil {
		return err
	}
	block := make([]byte, 64<<10)
	for sent := int64(0); sent < req.Bytes; {
		if req.FailAt > 0 && sent >= req.FailAt {
			return vault.Errorf(vault.CodeIntegrity, "the document was altered")
		}
		n, err := w.Write(block[:min(int64(len(block)), req.Bytes-sent)])
		if err != nil {
			s.gone.Add(1)
			return err
		}
		sent += int64(n)
	}
	if req.Hang {
		<-ctx.Done()
		s.gone.Add(1)
		return ctx.Err()
	}
	return nil
}

func (s *service) put(_ context.Context, req bytesRequest, parts apiserver.PartReader) (string, error) {
	var names []string
	var total int64
	for {
		part, err := parts.Next()
		if errors.Is(err, io.EOF) {
			s.taken.Add(total)
			return strings.Join(names, ","), nil
		}
		if err != nil {
			return "", err
		}
		names = append(names, part.Name)
		if req.FailAt > 0 {
			_, _ = io.CopyN(io.Discard, part, req.FailAt)
			return "", vault.Errorf(vault.CodeNoConsent, "the vault is closed")
		}
		n, err := io.Copy(io.Discard, part)
		if err != nil {
			return "", err
		}
		total += n
	}
}

func (s *service) Start(context.Context) error { return nil }
func (s *service) Busy() bool                  { return s.busy.Load() }
func (s *service) Close(context.Context) error {
	return os.WriteFile(filepath.Join(s.home, "closed"), nil, 0o600)
}

// MustHome returns a home whose daemons do not outlive the test.
func MustHome(tb testing.TB) string {
	tb.Helper()
	home := filepath.Join(tb.TempDir(), "home")
	tb.Cleanup(func() { stopAll(tb, home) })
	return home
}

// stopAll ends whichever daemon serves home, and those that were started beside it and have not seen yet that they came too late,
// where the system tells which processes run.
func stopAll(tb testing.TB, home string) {
	for {
		c, err := apiclient.Connect(context.Background(), apiclient.Options{Home: home, NoAutostart: true})
		if err != nil {
			break
		}
		pid := c.Server().PID
		c.Close()
		_ = syscall.Kill(pid, syscall.SIGKILL)
		Eventually(tb, "daemon gone", func() bool { return !Alive(pid) })
	}
	Eventually(tb, "daemons gone that came too late", func() bool {
		late := startedFor(home)
		for _, pid := range late {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		return len(late) == 0
	})
}

// startedFor returns the processes that run and were started with home as an argument; none where there is no /proc.
func startedFor(home string) (pids []int) {
	commands, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, path := range commands {
		args, err := os.ReadFile(path)
		if err != nil || !slices.Contains(strings.Split(string(args), "\x00"), home) {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path))); err == nil && Alive(pid) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// MustConnect connects, starting the test's daemon if need be.
func MustConnect(tb testing.TB, home string) *apiclient.Client {
	tb.Helper()
	c, err := apiclient.Connect(context.Background(), apiclient.Options{Home: home, Daemon: os.Args[0], Version: "test"})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(c.Close)
	return c
}

// MustServe starts a daemon as a child of the test, so that its exit status can be seen.
func MustServe(tb testing.TB, home string, env ...string) *exec.Cmd {
	tb.Helper()
	cmd := exec.Command(os.Args[0], "--serve", home)
	cmd.Env = append(os.Environ(), env...)
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	Eventually(tb, "daemon answers", func() bool { return Answers(home) })
	return cmd
}

// Answers reports whether a daemon serves home.
func Answers(home string) bool {
	c, err := apiclient.Connect(context.Background(), apiclient.Options{Home: home, NoAutostart: true})
	if err == nil {
		c.Close()
	}
	return err == nil
}

// Eventually waits until ok, for a bounded time.
func Eventually(tb testing.TB, what string, ok func() bool) {
	tb.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			tb.Fatalf("not within 30 s: %s", what)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// Alive reports whether a process runs; one that has ended and is not yet collected does not.
func Alive(pid int) bool {
	if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return false
	}
	f, err := os.Open(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return !errors.Is(err, os.ErrNotExist)
	}
	defer f.Close()
	line, _ := bufio.NewReader(f).ReadString('\n')
	_, state, _ := strings.Cut(line, ") ")
	return !strings.HasPrefix(state, "Z")
}

// Free reports whether no daemon holds home.
func Free(home string) bool {
	l, release, err := localsock.Listen(home)
	if err != nil {
		return false
	}
	_ = l.Close()
	release()
	return true
}
