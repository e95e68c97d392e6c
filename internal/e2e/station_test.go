package e2e

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// station is a home with a directory in which commands run. Its daemon, if any, is stopped when the test ends.
type station struct {
	dir, home string
	env       []string
}

// answer is what a command printed, and its exit status.
type answer struct {
	out, err string
	code     int
}

// MustStation returns a new station; home is the path of its home, or "" for one in a directory of its own.
func MustStation(tb testing.TB, home string) *station {
	tb.Helper()
	s := &station{dir: tb.TempDir(), home: home}
	if home == "" {
		s.home = filepath.Join(s.dir, "home")
	}
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "VAULTCTL_") && !strings.HasPrefix(v, "LANG") && !strings.HasPrefix(v, "LC_") {
			s.env = append(s.env, v)
		}
	}
	path := "PATH=" + programs + string(os.PathListSeparator) + os.Getenv("PATH")
	s.env = append(s.env, path, "VAULTCTL_HOME="+s.home, "LC_ALL=C", "NO_COLOR=1", "TERM=dumb", "RCLONE_CONFIG="+filepath.Join(s.dir, "rclone.conf"))
	tb.Cleanup(func() {
		if a := s.Run("", "daemon", "stop"); a.code != 0 && a.code != 8 {
			tb.Errorf("daemon stop: exit %d: %s", a.code, a.err)
		}
	})
	return s
}

// command returns vaultctl with the station's environment.
func (s *station) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(programs, "vaultctl"), args...)
	cmd.Dir, cmd.Env = s.dir, s.env
	return cmd
}

// Run runs vaultctl to its end.
func (s *station) Run(stdin string, args ...string) answer {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	cmd := s.command(ctx, args...)
	cmd.Stdin = strings.NewReader(stdin)
	return finish(cmd)
}

// finish runs a command and returns its answer; a command that cannot be run, or is killed, has exit status -1.
func finish(cmd *exec.Cmd) answer {
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	a := answer{out: out.String(), err: errs.String()}
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		a.code = exit.ExitCode()
	case err != nil:
		a.code, a.err = -1, a.err+err.Error()
	}
	return a
}

// Must runs a command that succeeds and returns its standard output.
func (s *station) Must(tb testing.TB, args ...string) string {
	tb.Helper()
	a := s.Run("", args...)
	if a.code != 0 {
		tb.Fatalf("vaultctl %s: exit %d: %s", strings.Join(args, " "), a.code, a.err)
	}
	return a.out
}

// Fails runs a command that ends with exactly this exit status, and whose standard error matches the pattern.
func (s *station) Fails(tb testing.TB, code int, pattern string, args ...string) answer {
	tb.Helper()
	a := s.Run("", args...)
	wantFailure(tb, a, code, pattern, args...)
	return a
}

func wantFailure(tb testing.TB, a answer, code int, pattern string, args ...string) {
	tb.Helper()
	if a.code != code || !regexp.MustCompile(pattern).MatchString(a.err) {
		tb.Fatalf("vaultctl %s: exit %d, want %d; standard error:\n%s\nwant %q", strings.Join(args, " "), a.code, code, a.err, pattern)
	}
}

// objects parses one JSON object per line.
func objects(tb testing.TB, text string) []map[string]any {
	tb.Helper()
	var all []map[string]any
	for line := range strings.Lines(text) {
		var o map[string]any
		if err := json.Unmarshal([]byte(line), &o); err != nil {
			tb.Fatalf("not an object: %q: %v", line, err)
		}
		all = append(all, o)
	}
	return all
}

// MustID runs a command with --json and returns the id of the object that it prints.
func (s *station) MustID(tb testing.TB, args ...string) string {
	tb.Helper()
	all := objects(tb, s.Must(tb, append(args, "--json")...))
	if len(all) == 0 {
		tb.Fatalf("vaultctl %s printed nothing", strings.Join(args, " "))
	}
	id, ok := all[0]["id"].(string)
	if !ok {
		tb.Fatalf("vaultctl %s: no id: %v", strings.Join(args, " "), all[0])
	}
	return id
}

// secrets are what init shows once.
type secrets struct {
	RootWords []string `json:"root_words"`
	Recovery  []string `json:"recovery"`
}

// MustFound founds an organization with the team "reception".
func (s *station) MustFound(tb testing.TB, remote string, more ...string) secrets {
	tb.Helper()
	args := []string{"init", "--org", "CCAS", "--agent", "A. Martin", "--team", "reception", "--remote", remote, "--json", "--reveal"}
	if !slices.Contains(more, "--passphrase-file") {
		args = append(args, "--protect", "keyfile")
	}
	var found secrets
	if err := json.Unmarshal([]byte(s.Must(tb, append(args, more...)...)), &found); err != nil || len(found.Recovery) == 0 {
		tb.Fatalf("init shows no secrets: %v", err)
	}
	return found
}

// MustOpen opens a vault with a verbal consent to the team "reception".
func (s *station) MustOpen(tb testing.TB, family, ref string, more ...string) string {
	tb.Helper()
	return s.MustID(tb, append([]string{"beneficiary", "add", "--family-name", family, "--ref", ref,
		"--to", "team:reception", "--purpose", "case-file", "--verbal"}, more...)...)
}

// MustWrite writes a file into the station's directory and returns its path.
func (s *station) MustWrite(tb testing.TB, name, text string) string {
	tb.Helper()
	path := filepath.Join(s.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}

// MustDeposit deposits the text as a file of its own and returns the document's id.
func (s *station) MustDeposit(tb testing.TB, who, text string, more ...string) string {
	tb.Helper()
	file := s.MustWrite(tb, "scan-"+sum(text)[:12]+".txt", text)
	return s.MustID(tb, append([]string{"document", "add", who, file, "--type", "other"}, more...)...)
}

// MustHave checks that every document opens with exactly the bytes that were deposited.
func (s *station) MustHave(tb testing.TB, documents map[string]string) {
	tb.Helper()
	for id, text := range documents {
		if got := s.Must(tb, "document", "get", id, "-o", "-"); got != text {
			tb.Errorf("document %s has changed: %d bytes, want %d", id, len(got), len(text))
		}
	}
}

// sum returns the SHA-256 of a text in hexadecimal.
func sum(text string) string {
	h := sha256.Sum256([]byte(text))
	return hex.EncodeToString(h[:])
}

// await asks for the status until it is as wanted.
func (s *station) await(tb testing.TB, what string, ok func(status map[string]any) bool) {
	tb.Helper()
	for deadline := time.Now().Add(time.Minute); !ok(objects(tb, s.Must(tb, "status", "--json"))[0]); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			tb.Fatalf("status does not show %s", what)
		}
	}
}

// filesBelow returns every file below a directory with its content, by its path, without what vanishes meanwhile.
func filesBelow(tb testing.TB, dir string) map[string]string {
	tb.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		f, err := os.Open(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		defer f.Close()
		raw, err := io.ReadAll(f)
		found[path] = string(raw)
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	if len(found) == 0 {
		tb.Fatalf("no files below %s", dir)
	}
	return found
}

// wantFiles checks that a directory holds exactly these contents, whatever the files are called.
func wantFiles(tb testing.TB, dir string, documents map[string]string) {
	tb.Helper()
	got := map[string]bool{}
	for _, text := range filesBelow(tb, dir) {
		got[sum(text)] = true
	}
	for id, text := range documents {
		if !got[sum(text)] {
			tb.Errorf("document %s was not restored", id)
		}
	}
}
