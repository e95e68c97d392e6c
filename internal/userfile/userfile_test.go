package userfile

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

func TestFileChangesWhileItIsRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "growing")
	if err := os.WriteFile(path, bytes.Repeat([]byte("x"), 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func() error{
		"grown":  func() error { return os.WriteFile(path, bytes.Repeat([]byte("x"), 2000), 0o600) },
		"shrunk": func() error { return os.Truncate(path, 10) },
	} {
		u, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := change(); err != nil {
			t.Fatal(err)
		}
		if err := Copy(new(bytes.Buffer), u); err == nil || !strings.Contains(err.Error(), "changed while") {
			t.Errorf("%s: %v", name, err)
		}
		if err := u.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestUsualName(t *testing.T) {
	for want, d := range map[string]api.Document{
		"id-card_2021-05-15_d1.pdf":    {ID: "d1", DocumentType: "id-card", IssuedOn: "2021-05-15", MediaType: "application/pdf"},
		"payslip_2026-01_d1.jpg":       {ID: "d1", DocumentType: "payslip", Period: "2026-01", MediaType: "image/jpeg"},
		"etcpasswd_2026-01-02_d1.xlsx": {ID: "d1", DocumentType: "../etc/passwd", ReceivedOn: "2026-01-02", FileName: "a.XLSX"},
		"document_d1.bin":              {ID: "d1", FileName: "x.nastyextension"},
		"other_d1.txt":                 {ID: "d1", DocumentType: "other", MediaType: "text/plain; charset=utf-8"},
	} {
		if got := UsualName(&d); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestCreateTakesTheNameAtTheEnd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out")
	write := func(force bool, text string) error {
		out, err := Create(path, force)
		if err != nil {
			return err
		}
		defer out.Drop()
		if _, err := out.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if b, err := os.ReadFile(path); err == nil && string(b) == text {
			t.Error("the file has its name before it is kept")
		}
		return out.Keep()
	}
	if err := write(false, "one"); err != nil {
		t.Fatal(err)
	}
	if err := write(false, "two"); vault.CodeOf(err) != vault.CodeConflict {
		t.Errorf("a file was overwritten unasked: %v", err)
	}
	if err := write(true, "three"); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(path); err != nil || string(b) != "three" {
		t.Errorf("%q, %v", b, err)
	}
	out, err := Create(path, true)
	if err != nil {
		t.Fatal(err)
	}
	out.Drop()
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 1 {
		t.Errorf("%d files, %v", len(left), err)
	}
}
