package agecrypt

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"vaultctl/internal/vault"
)

// usePlugin puts this test binary on PATH as age-plugin-vaulttest.
func usePlugin(t *testing.T) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("needs symbolic links")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Symlink(self, filepath.Join(dir, "age-plugin-vaulttest")); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
}

// person answers a plugin.
func person(pin, confirm string, shown *[]string) func(kind, message string) (string, error) {
	return func(kind, message string) (string, error) {
		switch kind {
		case "show":
			*shown = append(*shown, message)
			return "", nil
		case "secret":
			return pin, nil
		case "confirm":
			return confirm, nil
		}
		return "", errors.New("unexpected question")
	}
}

func TestPlugin(t *testing.T) {
	usePlugin(t)
	s := New()
	var shown []string
	var file bytes.Buffer
	w, err := s.SealPlugin(&file, "vaulttest", "", []string{"plugin", "vaulttest"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	MustFinish(t, w, []byte("secret"))
	mark, types, err := s.Mark(bytes.NewReader(file.Bytes()))
	if err != nil || strings.Join(mark, " ") != "plugin vaulttest" || strings.Join(types, " ") != "X25519" {
		t.Errorf("Mark = %v, %v, %v", mark, types, err)
	}
	r, err := s.OpenPlugin(bytes.NewReader(file.Bytes()), "vaulttest", "", person("1234", "yes", &shown))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(r); err != nil || string(got) != "secret" {
		t.Errorf("opened to %q, %v", got, err)
	}
	if len(shown) != 1 || shown[0] != "insert the test key" {
		t.Errorf("messages %v", shown)
	}
	for name, ask := range map[string]func(kind, message string) (string, error){
		"wrong PIN": person("9999", "yes", &shown), "declined": person("1234", "no", &shown), "nobody": nil,
	} {
		_, err = s.OpenPlugin(bytes.NewReader(file.Bytes()), "vaulttest", "", ask)
		if vault.CodeOf(err) != vault.CodeNoIdentity {
			t.Errorf("%s: %v", name, err)
		}
	}
	altered := bytes.Replace(file.Bytes(), []byte("vaultctl-mark plugin"), []byte("vaultctl-mark pluGin"), 1)
	_, err = s.OpenPlugin(bytes.NewReader(altered), "vaulttest", "", person("1234", "yes", &shown))
	wantCode(t, err, vault.CodeIntegrity)
}

func TestPluginRefuses(t *testing.T) {
	s := New()
	_, err := s.SealPlugin(io.Discard, "no-such-plugin", "", []string{"x"}, nil)
	wantCode(t, err, vault.CodeNoIdentity)
	_, err = s.SealPlugin(io.Discard, "bad name", "", []string{"x"}, nil)
	wantCode(t, err, vault.CodeInvalid)
	_, err = s.SealPlugin(io.Discard, "yubikey", "AGE-PLUGIN-OTHER-1QQQ", []string{"x"}, nil)
	wantCode(t, err, vault.CodeInvalid)
}

func TestMark(t *testing.T) {
	s := New()
	id, to := MustIdentity(t, s)
	_, other := MustIdentity(t, s)
	var file bytes.Buffer
	w, err := s.SealMarked(&file, []string{to, other}, []string{"a", "b"})
	if err != nil {
		t.Fatal(err)
	}
	MustFinish(t, w, []byte("x"))
	mark, types, err := s.Mark(bytes.NewReader(file.Bytes()))
	if err != nil || strings.Join(mark, " ") != "a b" || len(types) != 2 {
		t.Errorf("Mark = %v, %v, %v", mark, types, err)
	}
	if got, err := openAll(s, file.Bytes(), id); err != nil || string(got) != "x" {
		t.Errorf("opened to %q, %v", got, err)
	}
	if mark, _, err := s.Mark(bytes.NewReader(MustSeal(t, s, nil, to))); err != nil || mark != nil {
		t.Errorf("a file without mark has %v, %v", mark, err)
	}
	for _, bad := range [][]string{nil, {""}, {"a b"}, {"é"}, make([]string, 101)} {
		_, err := s.SealMarked(io.Discard, []string{to}, bad)
		wantCode(t, err, vault.CodeInvalid)
	}
}
