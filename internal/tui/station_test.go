package tui

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/apiclient"
	"vaultctl/internal/lang"
	"vaultctl/internal/vault"
)

// programs builds the real vaultctl, vaultctl-tui and vaultd, and papers, for the first test that wants them, with the flags of
// the Makefile, so that rclone's backends come from the build cache. TestMain takes them away. Where TUI_PROGRAMS names a
// directory, those that stand there are taken as they are: linking takes long.
var programs = sync.OnceValues(func() (string, error) {
	if ready := os.Getenv("TUI_PROGRAMS"); ready != "" {
		return ready, nil
	}
	dir, err := os.MkdirTemp("", "tui-bin-")
	if err != nil {
		return "", err
	}
	built = dir
	cmd := exec.Command("go", "build", "-o", dir+string(filepath.Separator), "./cmd/vaultctl", "./cmd/vaultctl-tui", "./cmd/vaultd", "./scripts/papers")
	cmd.Dir = filepath.Join("..", "..")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-trimpath")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the programs: %w\n%s", err, out)
	}
	return dir, nil
})

var built string // what programs built

func TestMain(m *testing.M) {
	time.Local = time.UTC // pictures hold times; nothing else runs yet that would look at it
	code := m.Run()
	if built != "" {
		_ = os.RemoveAll(built) // nothing is left to tell it to
	}
	os.Exit(code)
}

// passphrase is that of a station whose keys are protected by one.
const passphrase = "sept bateaux blancs au large"

// station is a real workstation: a home with a real daemon, an organization "CCAS de Rennes" with the team "Accueil", a folder
// as its storage, three people who agreed, and papers to deposit. The daemon is stopped when the test ends.
type station struct {
	tb                  testing.TB
	dir, home, remote   string
	papers              string // carte.pdf, avis.pdf, rib.png, lettre.txt
	bin                 string
	env                 []string
	amal, vanAn, fatima string // ids; Amal's reference is CCAS:2026-0417, her vault has no documents
}

// MustStation returns a new station whose keys a file protects.
func MustStation(tb testing.TB) *station {
	tb.Helper()
	return mustStation(tb, "--protect", "keyfile")
}

// MustLockedStation returns a new station whose keys passphrase protects. It is unlocked.
func MustLockedStation(tb testing.TB) *station {
	tb.Helper()
	file := filepath.Join(tb.TempDir(), "passphrase")
	if err := os.WriteFile(file, []byte(passphrase+"\n"), 0o600); err != nil {
		tb.Fatal(err)
	}
	return mustStation(tb, "--passphrase-file", file)
}

func mustStation(tb testing.TB, protect ...string) *station {
	tb.Helper()
	s := MustHome(tb)
	s.must(append([]string{"init", "--org", "CCAS de Rennes", "--agent", "Marie Durand", "--team", "Accueil", "--remote", s.remote,
		"--yes", "--json", "--reveal"}, protect...)...)
	s.must("partner", "add", "CAF")
	until := vault.DateOf(time.Now().AddDate(1, 0, 0))
	s.amal = s.id("beneficiary", "add", "--family-name", "Haddad", "--given-name", "Amal", "--born", "1985~", "--ref", "CCAS:2026-0417",
		"--lang", "ar", "--to", "team:Accueil", "--purpose", "case-file", "--until", string(until), "--verbal",
		"--interpreter", "Service interprétariat")
	s.vanAn = s.id("beneficiary", "add", "--family-name", "Nguyễn", "--given-name", "Văn An", "--born", "1971-02-11", "--ref", "CCAS:2026-0418",
		"--to", "team:Accueil", "--purpose", "safekeeping", "--verbal")
	s.fatima = s.id("beneficiary", "add", "--family-name", "محمد", "--given-name", "فاطمة", "--born", "1990-05-01", "--ref", "CCAS:2026-0419",
		"--to", "team:Accueil", "--purpose", "safekeeping", "--verbal")
	return s
}

// MustHome returns a station that belongs to no organization yet; s.remote is a folder for one.
func MustHome(tb testing.TB) *station {
	tb.Helper()
	if testing.Short() {
		tb.Skip("it builds and runs the real programs")
	}
	bin, err := programs()
	if err != nil {
		tb.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "st") // short: the socket's path is bounded
	if err != nil {
		tb.Fatal(err)
	}
	s := &station{tb: tb, dir: dir, home: filepath.Join(dir, "h"), remote: filepath.Join(dir, "remote"), papers: filepath.Join(dir, "scans"), bin: bin}
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "VAULTCTL_") && !strings.HasPrefix(v, "LANG") && !strings.HasPrefix(v, "LC_") {
			s.env = append(s.env, v)
		}
	}
	s.env = append(s.env, "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"), "VAULTCTL_HOME="+s.home, "VAULTCTL_LANG=en", "LC_ALL=C.UTF-8",
		"NO_COLOR=1", "TERM=dumb", "RCLONE_CONFIG="+filepath.Join(dir, "rclone.conf"))
	tb.Cleanup(s.close)
	for _, folder := range []string{s.remote, s.papers} {
		if err := os.Mkdir(folder, 0o700); err != nil {
			tb.Fatal(err)
		}
	}
	if out, err := exec.Command(s.program("papers"), s.papers).CombinedOutput(); err != nil {
		tb.Fatalf("papers: %v\n%s", err, out)
	}
	return s
}

// program returns the path of a program that was built.
func (s *station) program(name string) string {
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	return filepath.Join(s.bin, name)
}

func (s *station) close() {
	const nobody = 8 // exit status without a daemon
	if _, said, code := s.run("", "daemon", "stop", "--no-autostart"); code != 0 && code != nobody {
		s.tb.Errorf("daemon stop: exit %d: %s", code, said)
	}
	_ = os.RemoveAll(s.dir)
}

// run runs vaultctl here, and returns what it wrote and its exit status.
func (s *station) run(stdin string, args ...string) (out, said string, code int) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, s.program("vaultctl"), args...)
	cmd.Dir, cmd.Env, cmd.Stdin = s.dir, s.env, strings.NewReader(stdin)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		code = exit.ExitCode()
	case err != nil:
		code = -1
		stderr.WriteString(err.Error())
	}
	return stdout.String(), stderr.String(), code
}

// must runs a command that succeeds, and returns what it printed.
func (s *station) must(args ...string) string {
	s.tb.Helper()
	out, said, code := s.run("", args...)
	if code != 0 {
		s.tb.Fatalf("vaultctl %s: exit %d: %s", strings.Join(args, " "), code, said)
	}
	return out
}

// id runs a command with --json and returns the id of the object that it prints.
func (s *station) id(args ...string) string {
	s.tb.Helper()
	var made struct {
		ID string `json:"id"`
	}
	out := s.must(append(args, "--json")...)
	if err := json.Unmarshal([]byte(out), &made); err != nil || made.ID == "" {
		s.tb.Fatalf("vaultctl %s: no id in %q", strings.Join(args, " "), out)
	}
	return made.ID
}

// paper returns the path of one of the papers.
func (s *station) paper(name string) string { return filepath.Join(s.papers, name) }

// desk returns a desk with the settings of the home, in front of the daemon, which starts another one when that is gone.
func (s *station) desk(l lang.Lang) *desk {
	s.tb.Helper()
	d := MustDesk(s.tb, l, s.home)
	if err := d.options.configure(l.String(), "0", nil); err != nil {
		s.tb.Fatal(err)
	}
	d.scans = newScanWatch(d.options.Scans)
	d.link.options.NoAutostart, d.link.options.Daemon = false, s.program("vaultd")
	return d
}

// drive opens the interface on a screen of 80 × 24.
func (s *station) drive(l lang.Lang) *driver {
	s.tb.Helper()
	return MustDrive(s.tb, s.desk(l), 80, 24, patient)
}

// pid is the process of the daemon, 0 without one.
func (s *station) pid() int {
	s.tb.Helper()
	c, err := apiclient.Connect(s.tb.Context(), apiclient.Options{Home: s.home, NoAutostart: true})
	if vault.CodeOf(err) == vault.CodeNoDaemon {
		return 0
	}
	if err != nil {
		s.tb.Fatal(err)
	}
	defer c.Close()
	ping, err := apiclient.Call[api.Ping](s.tb.Context(), c, api.RoutePing, nil)
	if err != nil {
		s.tb.Fatal(err)
	}
	return ping.PID
}

// kill ends the daemon as a power cut would, and returns when it is gone. Whoever calls next starts another one.
func (s *station) kill() {
	s.tb.Helper()
	pid := s.pid()
	if pid == 0 {
		return
	}
	p, err := os.FindProcess(pid)
	if err != nil {
		s.tb.Fatal(err)
	}
	if err := p.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		s.tb.Fatal(err)
	}
	for end := time.Now().Add(time.Minute); alive(p) || s.pid() == pid; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			s.tb.Fatal("the daemon does not die")
		}
	}
}

// alive reports whether something of a process is still there. One that dies lets go of its sockets one after another: a connection
// may still take a call when the listener is gone already. One that has ended and is not collected is a zombie with one thread.
func alive(p *os.Process) bool {
	if p.Signal(syscall.Signal(0)) != nil {
		return false // on Windows it says nothing
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.Pid))
	if errors.Is(err, fs.ErrNotExist) && runtime.GOOS != "linux" {
		return true
	}
	threads, _ := os.ReadDir(fmt.Sprintf("/proc/%d/task", p.Pid)) // none once it is gone
	_, state, _ := strings.Cut(string(stat), ") ")
	return err == nil && (!strings.HasPrefix(state, "Z") || len(threads) > 1)
}

// TestComesBack: the daemon dies, the screen says so or starts another, and what was there is there again.
func TestComesBack(t *testing.T) {
	s := MustStation(t)
	screen := s.drive(lang.English)
	screen.write("hadd").see("Amal Haddad")
	before := s.pid()
	s.kill()
	screen.press("ctrl+r")
	for end := time.Now().Add(time.Minute); s.pid() == 0 || s.pid() == before; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("no daemon came back")
		}
	}
	screen.see("Amal Haddad")
	screen.miss("does not answer")
}
