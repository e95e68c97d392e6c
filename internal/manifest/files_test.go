package manifest

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"golang.org/x/text/unicode/norm"

	"vaultctl/internal/vault"
)

// MustFiles opens a folder.
func MustFiles(tb testing.TB, dir string) *files {
	tb.Helper()
	f, err := openFiles(dir)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = f.Close() })
	return f
}

// MustLink makes a symbolic link, or skips the test where the account may not.
func MustLink(tb testing.TB, target, path string) {
	tb.Helper()
	if err := os.Symlink(target, path); err != nil {
		tb.Skipf("no symbolic links here: %v", err)
	}
}

// open is what a row does with a path.
func openPath(f *files, given string) (*Content, error) {
	name, err := f.inside(given)
	if err != nil {
		return nil, err
	}
	return f.open(name)
}

func TestOpenFile(t *testing.T) {
	top := t.TempDir()
	dir := filepath.Join(top, "drop")
	MustWrite(t, top, "secret.pdf", "not yours")
	MustWrite(t, dir, "in/a.pdf", "content")
	MustWrite(t, dir, norm.NFD.String("élève.pdf"), "content")
	MustWrite(t, dir, "empty.pdf", "")
	f := MustFiles(t, dir)
	for _, tc := range []struct {
		given string
		code  vault.Code
		part  string
	}{
		{"in/a.pdf", "", ""},
		{`in\a.pdf`, "", ""},
		{"./in/../in/a.pdf", "", ""},
		{filepath.Join(dir, "in", "a.pdf"), "", ""},
		{"élève.pdf", "", ""},
		{"absent.pdf", vault.CodeNotFound, "no such file"},
		{"in", vault.CodeInvalid, "a folder, not a file"},
		{".", vault.CodeInvalid, "a folder, not a file"},
		{"empty.pdf", vault.CodeInvalid, "the file is empty"},
		{"../secret.pdf", vault.CodeInvalid, "path outside the folder"},
		{`..\secret.pdf`, vault.CodeInvalid, "path outside the folder"},
		{filepath.Join(top, "secret.pdf"), vault.CodeInvalid, "path outside the folder"},
		{"/dev/null", vault.CodeInvalid, "path outside the folder"},
		{`\\server\share\a.pdf`, vault.CodeInvalid, "path outside the folder"},
		{"in/a.pdf\x00.pdf", vault.CodeInvalid, "NUL byte"},
	} {
		c, err := openPath(f, tc.given)
		wantErr(t, err, tc.code, tc.part)
		if err != nil {
			continue
		}
		b, err := io.ReadAll(c)
		if err != nil || string(b) != "content" || c.Size != 7 || c.Mark.Size != 7 || !filepath.IsAbs(c.Mark.Path) || c.Mark.ModTime == 0 {
			t.Errorf("%s: %q, %+v, %v", tc.given, b, c.Mark, err)
		}
		if runtime.GOOS == "linux" && (c.Mark.Inode == 0 || c.Mark.Change == 0) {
			t.Errorf("%s: %+v", tc.given, c.Mark)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestLinks(t *testing.T) {
	top := t.TempDir()
	dir := filepath.Join(top, "drop")
	MustWrite(t, top, "secret.pdf", "not yours")
	MustWrite(t, dir, "a.pdf", "content")
	MustLink(t, "a.pdf", filepath.Join(dir, "inside.pdf"))
	MustLink(t, "../secret.pdf", filepath.Join(dir, "outside.pdf"))
	MustLink(t, filepath.Join(top, "secret.pdf"), filepath.Join(dir, "absolute.pdf"))
	MustLink(t, "..", filepath.Join(dir, "up"))
	MustLink(t, "loop", filepath.Join(dir, "loop"))
	MustLink(t, "nowhere", filepath.Join(dir, "dangling"))
	f := MustFiles(t, dir)
	for _, tc := range []struct {
		given string
		code  vault.Code
		part  string
	}{
		{"inside.pdf", "", ""},
		{"outside.pdf", vault.CodeInvalid, "path outside the folder"},
		{"absolute.pdf", vault.CodeInvalid, "path outside the folder"},
		{"up/secret.pdf", vault.CodeInvalid, "path outside the folder"},
		{"loop", vault.CodeInvalid, "links that lead in a circle"},
		{"dangling", vault.CodeNotFound, "no such file"},
	} {
		c, err := openPath(f, tc.given)
		wantErr(t, err, tc.code, tc.part)
		if c != nil {
			_ = c.Close()
		}
	}
}

// A file that grows or shrinks while it is read is an error at its end, not a shorter document.
func TestGrowingFile(t *testing.T) {
	for name, change := range map[string]func(path string) error{
		"grows":   func(path string) error { return os.WriteFile(path, []byte("content and more"), 0o600) },
		"shrinks": func(path string) error { return os.Truncate(path, 3) },
		"same size": func(path string) error {
			return errors.Join(os.WriteFile(path, []byte("CONTENT"), 0o600), os.Chtimes(path, vault.Date("2020-01-01").Time(), vault.Date("2020-01-01").Time()))
		},
	} {
		dir := t.TempDir()
		path := MustWrite(t, dir, "a.pdf", "content")
		c, err := openPath(MustFiles(t, dir), "a.pdf")
		if err != nil {
			t.Fatal(err)
		}
		if err := change(path); err != nil {
			t.Fatal(err)
		}
		if _, err = io.ReadAll(c); vault.CodeOf(err) != vault.CodeConflict {
			t.Errorf("%s: %v", name, err)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
}
