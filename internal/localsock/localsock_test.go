//go:build !windows

package localsock

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"vaultctl/internal/vault"
)

// nobody is an account that owns nothing.
const nobody = 65534

// TestMain lets the test binary play another account's process, too.
func TestMain(m *testing.M) {
	switch home := os.Getenv("LOCALSOCK_TEST_HOME"); os.Getenv("LOCALSOCK_TEST_ROLE") {
	case "raw": // connect past every check of ours, and see whether the other end hangs up
		conn, err := net.Dial("unix", home)
		if err != nil {
			exit("connect: " + err.Error())
		}
		_ = conn.SetReadDeadline(time.Now().Add(5 * time.Second))
		_, err = conn.Read(make([]byte, 1))
		exit(err.Error())
	case "dial":
		_, err := Dial(context.Background(), home)
		exit(string(vault.CodeOf(err)) + ": " + err.Error())
	case "listen":
		_, _, err := Listen(home)
		exit(string(vault.CodeOf(err)) + ": " + err.Error())
	}
	os.Exit(m.Run())
}

func exit(word string) {
	_, _ = os.Stdout.WriteString(word)
	os.Exit(0)
}

// MustBecomeNobody runs the test binary in a role as another account and returns what it says.
func MustBecomeNobody(tb testing.TB, role, home string) string {
	tb.Helper()
	if os.Geteuid() != 0 {
		tb.Skip("only root can become another account")
	}
	dir := MustOpenDir(tb)
	binary := filepath.Join(dir, "test")
	if err := copyFile(binary, os.Args[0]); err != nil {
		tb.Fatal(err)
	}
	cmd := exec.Command(binary)
	cmd.Dir = "/"
	cmd.Env = []string{"LOCALSOCK_TEST_ROLE=" + role, "LOCALSOCK_TEST_HOME=" + home}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	out, err := cmd.CombinedOutput()
	if err != nil {
		tb.Fatalf("%s: %v: %s", role, err, out)
	}
	return string(out)
}

// MustOpenDir returns a directory that every account can enter, which t.TempDir's parents do not allow.
func MustOpenDir(tb testing.TB) string {
	tb.Helper()
	dir, err := os.MkdirTemp("", "ls")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = os.RemoveAll(dir) })
	MustChmod(tb, dir, 0o755)
	return dir
}

func MustChmod(tb testing.TB, path string, mode fs.FileMode) {
	tb.Helper()
	if err := os.Chmod(path, mode); err != nil {
		tb.Fatal(err)
	}
}

func copyFile(to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// MustListen listens on home until the test ends and answers each connection with one byte.
func MustListen(tb testing.TB, home string) *Listener {
	tb.Helper()
	l, release, err := Listen(home)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		_ = l.Close()
		release()
	})
	go greet(l)
	return l
}

func greet(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		_, _ = conn.Write([]byte("!"))
		_ = conn.Close()
	}
}

// MustGreet dials home and reads the byte.
func MustGreet(tb testing.TB, home string) {
	tb.Helper()
	conn, err := Dial(context.Background(), home)
	if err != nil {
		tb.Fatal(err)
	}
	defer conn.Close()
	if b, err := io.ReadAll(conn); err != nil || string(b) != "!" {
		tb.Fatalf("read %q, %v", b, err)
	}
}

func TestListenAndDial(t *testing.T) {
	long := filepath.Join(t.TempDir(), strings.Repeat("très-long-", 20))
	for name, home := range map[string]string{
		"short": filepath.Join(t.TempDir(), "h"),
		"deep":  filepath.Join(t.TempDir(), "not", "there", "yet"),
		"long":  long,
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Dial(context.Background(), home); !errors.Is(err, ErrNobody) {
				t.Fatalf("nobody listens, but: %v", err)
			}
			MustListen(t, home)
			MustGreet(t, home)
			address, err := Address(home)
			if err != nil || len(address) > maxPath {
				t.Fatalf("address %q (%d bytes), %v", address, len(address), err)
			}
			t.Cleanup(func() { removeShort(address) })
			dir, err := os.Stat(filepath.Dir(address))
			if err != nil || dir.Mode().Perm() != 0o700 {
				t.Fatalf("socket directory: %v, %v", dir, err)
			}
			if _, _, err := Listen(home); vault.CodeOf(err) != vault.CodeConflict {
				t.Fatalf("second listener: %v", err)
			}
			MustGreet(t, home) // the loser must not have removed the socket
		})
	}
}

// removeShort removes a socket directory that lies outside the test's own.
func removeShort(address string) {
	if dir := filepath.Dir(address); filepath.Dir(dir) == shortBase {
		_ = os.RemoveAll(dir)
	}
}

func TestOneHomeThroughALink(t *testing.T) {
	home := filepath.Join(t.TempDir(), strings.Repeat("x", maxPath))
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(home, link); err != nil {
		t.Fatal(err)
	}
	address, err := Address(home)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { removeShort(address) })
	MustListen(t, home)
	MustGreet(t, link)
	a, errA := Fingerprint(home)
	b, errB := Fingerprint(link)
	if a != b || errors.Join(errA, errB) != nil {
		t.Errorf("fingerprints %q and %q: %v", a, b, errors.Join(errA, errB))
	}
}

func TestStaleSocket(t *testing.T) {
	home := t.TempDir()
	address, err := Address(home)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Dir(address), 0o700); err != nil {
		t.Fatal(err)
	}
	dead, err := net.ListenUnix("unix", &net.UnixAddr{Name: address, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	dead.SetUnlinkOnClose(false)
	if _, _, err := Listen(home); vault.CodeOf(err) != vault.CodeConflict {
		t.Fatalf("a live socket that is not ours: %v", err)
	}
	_ = dead.Close()
	if _, err := Dial(context.Background(), home); !errors.Is(err, ErrNobody) {
		t.Fatalf("dial stale socket: %v", err)
	}
	MustListen(t, home)
	MustGreet(t, home)
}

func TestReleaseLetsTheNextOneIn(t *testing.T) {
	home := t.TempDir()
	l, release, err := Listen(home)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Listen(home); vault.CodeOf(err) != vault.CodeConflict {
		t.Fatalf("lock was given up with the listener: %v", err)
	}
	release()
	MustListen(t, home)
}

func TestAwaitFree(t *testing.T) {
	home := MustOpenDir(t)
	if err := AwaitFree(context.Background(), home); err != nil {
		t.Fatalf("a home that nobody serves: %v", err)
	}
	l, release, err := Listen(home)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	short, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if err := AwaitFree(short, home); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("nobody answers, but the home is still held: %v", err)
	}
	release()
	if err := AwaitFree(context.Background(), home); err != nil {
		t.Fatalf("after the end: %v", err)
	}
	MustListen(t, home) // it keeps nothing itself
}

func TestRefusedPlaces(t *testing.T) {
	for name, tc := range map[string]struct {
		prepare func(tb testing.TB, home string)
		code    vault.Code
		text    string
	}{
		"socket directory is a link": {func(tb testing.TB, home string) {
			if err := os.Symlink(tb.TempDir(), filepath.Join(home, "run")); err != nil {
				tb.Fatal(err)
			}
		}, vault.CodePolicy, "symbolic link"},
		"socket directory open to others": {func(tb testing.TB, home string) {
			if err := os.Mkdir(filepath.Join(home, "run"), 0o700); err != nil {
				tb.Fatal(err)
			}
			MustChmod(tb, filepath.Join(home, "run"), 0o750)
		}, vault.CodePolicy, "open to other accounts"},
		"socket is a file": {func(tb testing.TB, home string) {
			if err := os.MkdirAll(filepath.Join(home, "run"), 0o700); err != nil {
				tb.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(home, "run", socketName), nil, 0o600); err != nil {
				tb.Fatal(err)
			}
		}, vault.CodeConflict, "not a socket"},
		"home open to all": {func(tb testing.TB, home string) { MustChmod(tb, home, 0o777) },
			vault.CodePolicy, "every account"},
		"home is a file": {func(tb testing.TB, home string) {
			if err := os.Remove(home); err != nil {
				tb.Fatal(err)
			}
			if err := os.WriteFile(home, nil, 0o600); err != nil {
				tb.Fatal(err)
			}
		}, vault.CodeFailed, "not a directory"},
	} {
		t.Run(name, func(t *testing.T) {
			home := t.TempDir()
			tc.prepare(t, home)
			_, _, err := Listen(home)
			if vault.CodeOf(err) != tc.code || !strings.Contains(err.Error(), tc.text) {
				t.Fatalf("got %s: %v", vault.CodeOf(err), err)
			}
			if strings.Contains(err.Error(), home) {
				t.Errorf("error names the home: %v", err)
			}
		})
	}
}

func TestAnotherAccountIsHungUpOn(t *testing.T) {
	home := filepath.Join(MustOpenDir(t), "home")
	l := MustListen(t, home)
	address, err := Address(home)
	if err != nil {
		t.Fatal(err)
	}
	if word := MustBecomeNobody(t, "raw", address); !strings.Contains(word, "permission denied") {
		t.Errorf("a stranger got as far as: %s", word)
	}
	for path := address; path != filepath.Dir(home); path = filepath.Dir(path) {
		MustChmod(t, path, 0o777) // whatever an administrator may do by mistake
	}
	if word := MustBecomeNobody(t, "raw", address); word != "EOF" && !strings.Contains(word, "reset") {
		t.Errorf("a stranger was not hung up on: %s", word)
	}
	if got := l.Rejected(); got != 1 {
		t.Errorf("%d rejected", got)
	}
	if word := MustBecomeNobody(t, "dial", home); !strings.HasPrefix(word, "policy: ") {
		t.Errorf("a stranger dialled: %s", word)
	}
	for path := filepath.Dir(address); path != filepath.Dir(home); path = filepath.Dir(path) {
		MustChmod(t, path, 0o700)
	}
	MustGreet(t, home)
}

func TestHomesOfOthers(t *testing.T) {
	parent := MustOpenDir(t)
	own := filepath.Join(parent, "own")
	if err := os.Mkdir(own, 0o500); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(own, nobody, nobody); err != nil {
		t.Skip("only root can give a directory away")
	}
	for name, tc := range map[string]struct{ home, want string }{
		"not writable":        {own, "lock home: permission denied"},
		"cannot be created":   {filepath.Join(parent, "new"), "create home: permission denied"},
		"somebody else's":     {parent, "policy: home belongs to another account"},
		"cannot be looked at": {filepath.Join(t.TempDir(), "x"), "permission denied"},
	} {
		t.Run(name, func(t *testing.T) {
			if word := MustBecomeNobody(t, "listen", tc.home); !strings.Contains(word, tc.want) {
				t.Errorf("got %q, want %q", word, tc.want)
			}
		})
	}
	if _, _, err := Listen(own); vault.CodeOf(err) != vault.CodePolicy {
		t.Errorf("root serves somebody's home: %v", err)
	}
}

func TestClientRefusesAnImpostor(t *testing.T) {
	home := filepath.Join(MustOpenDir(t), strings.Repeat("x", maxPath))
	if err := os.Mkdir(home, 0o700); err != nil {
		t.Fatal(err)
	}
	address, err := Address(home)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Dir(address)
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	l, err := net.Listen("unix", address)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := os.Chown(dir, nobody, nobody); err != nil {
		t.Skip("only root can give a directory away")
	}
	if _, err := Dial(context.Background(), home); vault.CodeOf(err) != vault.CodePolicy {
		t.Errorf("dialled into a stranger's directory: %v", err)
	}
	if _, _, err := Listen(home); vault.CodeOf(err) != vault.CodePolicy {
		t.Errorf("listened in a stranger's directory: %v", err)
	}
}

func TestAdopt(t *testing.T) {
	home := t.TempDir()
	address, err := Address(home)
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := Adopt(home, foreign); vault.CodeOf(err) != vault.CodeInvalid {
		t.Fatalf("a socket elsewhere: %v", err)
	}
	if err := os.Mkdir(filepath.Dir(address), 0o700); err != nil {
		t.Fatal(err)
	}
	inherited, err := net.Listen("unix", address)
	if err != nil {
		t.Fatal(err)
	}
	l, release, err := Adopt(home, inherited)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	defer l.Close()
	if !l.Activated() {
		t.Error("not marked as activated")
	}
	go greet(l)
	MustGreet(t, home)
}

func TestLockStartWaits(t *testing.T) {
	home := filepath.Join(t.TempDir(), "h")
	release, err := LockStart(context.Background(), home)
	if err != nil {
		t.Fatal(err)
	}
	short, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if _, err := LockStart(short, home); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("lock taken twice: %v", err)
	}
	release()
	again, err := LockStart(context.Background(), home)
	if err != nil {
		t.Fatal(err)
	}
	again()
}

func TestDefaultHome(t *testing.T) {
	for name, tc := range map[string]struct {
		env  map[string]string
		want string
	}{
		"explicit":       {map[string]string{"VAULTCTL_HOME": "/srv/v", "XDG_DATA_HOME": "/x", "HOME": "/h"}, "/srv/v"},
		"xdg":            {map[string]string{"XDG_DATA_HOME": "/x", "HOME": "/h"}, "/x/vaultctl"},
		"relative xdg":   {map[string]string{"XDG_DATA_HOME": "x", "HOME": "/h"}, "/h/.local/share/vaultctl"},
		"home":           {map[string]string{"HOME": "/h"}, "/h/.local/share/vaultctl"},
		"no HOME (cron)": {map[string]string{}, ".local/share/vaultctl"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, key := range []string{"VAULTCTL_HOME", "XDG_DATA_HOME", "HOME"} {
				t.Setenv(key, tc.env[key])
			}
			got, err := DefaultHome()
			if err != nil || !filepath.IsAbs(got) || !strings.HasSuffix(got, tc.want) {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}
