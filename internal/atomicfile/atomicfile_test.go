package atomicfile

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func MustRead(tb testing.TB, path string) string {
	tb.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	return string(b)
}

// MustHold fails unless dir holds exactly the names.
func MustHold(tb testing.TB, dir string, names ...string) {
	tb.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		tb.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if strings.Join(got, " ") != strings.Join(names, " ") {
		tb.Fatalf("directory holds %q, want %q", got, names)
	}
}

func text(s string) func(io.Writer) error {
	return func(w io.Writer) error { _, err := io.WriteString(w, s); return err }
}

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	for _, s := range []string{"first", "second, longer", ""} {
		if err := Write(path, 0o600, text(s)); err != nil {
			t.Fatal(err)
		}
		if got := MustRead(t, path); got != s {
			t.Errorf("file holds %q, want %q", got, s)
		}
	}
	if info, _ := os.Stat(path); runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, want 0600", info.Mode().Perm())
	}
	MustHold(t, dir, "f")
}

func TestWriteFailureKeepsOldFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	if err := Write(path, 0o600, text("old")); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	err := Write(path, 0o600, func(w io.Writer) error {
		_, err := io.WriteString(w, "half of the n")
		return errors.Join(err, broken)
	})
	if !errors.Is(err, broken) {
		t.Errorf("error %v, want the callback's", err)
	}
	if got := MustRead(t, path); got != "old" {
		t.Errorf("file holds %q, want the old content", got)
	}
	MustHold(t, dir, "f")
}

func TestCommitDoesNotOverwrite(t *testing.T) {
	moves := map[string]func(from, to string) error{"link": RenameNew, "no hard links": renameReserved}
	for name, move := range moves {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, strings.Repeat("n", 255))
			for i, want := range []error{nil, fs.ErrExist} {
				p, err := New(path, 0o600)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := io.WriteString(p, string(rune('a'+i))); err != nil {
					t.Fatal(err)
				}
				if err := p.finish(move); !errors.Is(err, want) {
					t.Fatalf("commit %d: %v, want %v", i, err, want)
				}
				if err := p.Abort(); err != nil {
					t.Errorf("abort after commit: %v", err)
				}
			}
			if got := MustRead(t, path); got != "a" {
				t.Errorf("file holds %q, want the first content", got)
			}
			MustHold(t, dir, filepath.Base(path))
		})
	}
}

func TestPendingIsInvisibleUntilCommit(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	p, err := New(path, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(p, "x"); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("stat before commit: %v, want not exist", err)
	}
	if err := p.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := p.Commit(); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("second commit: %v, want fs.ErrClosed", err)
	}
	MustHold(t, dir, "f")
}

func TestCleanRemovesOnlyLeftovers(t *testing.T) {
	dir := t.TempDir()
	if err := Clean(filepath.Join(dir, "absent")); err != nil {
		t.Errorf("absent directory: %v", err)
	}
	p, err := New(filepath.Join(dir, "f"), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	p.file.Close() // what a crash leaves
	if err := Write(filepath.Join(dir, "kept"), 0o600, text("x")); err != nil {
		t.Fatal(err)
	}
	if err := Clean(dir); err != nil {
		t.Fatal(err)
	}
	MustHold(t, dir, "kept")
}

func TestMissingDirectory(t *testing.T) {
	err := Write(filepath.Join(t.TempDir(), "absent", "f"), 0o600, text("x"))
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v, want fs.ErrNotExist", err)
	}
}
