//go:build unix

package manifest

import (
	"path/filepath"
	"syscall"
	"testing"

	"vaultctl/internal/vault"
)

// A pipe that nobody writes to is refused at once; a test that waits for it never ends.
func TestPipe(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe.pdf"), 0o600); err != nil {
		t.Skipf("no pipes here: %v", err)
	}
	_, err := openPath(MustFiles(t, dir), "pipe.pdf")
	wantErr(t, err, vault.CodeInvalid, "not a regular file")
	_, err = Open(filepath.Join(dir, "pipe.pdf"), Options{})
	wantErr(t, err, vault.CodeUsage, "a manifest is a regular file or a folder")
	MustWrite(t, dir, "SI-1/rib.pdf", "x")
	if err := syscall.Mkfifo(filepath.Join(dir, "SI-1", "cni.pdf"), 0o600); err != nil {
		t.Fatal(err)
	}
	rows := MustRows(t, MustOpen(t, dir, Options{Source: "SI"}))
	if len(rows) != 3 {
		t.Fatalf("%d rows", len(rows))
	}
	wantErr(t, rows[0].Err, vault.CodeInvalid, "not a regular file")
	wantErr(t, rows[1].Err, "", "")
	wantErr(t, rows[2].Err, vault.CodeInvalid, "not in a folder that is named after")
}
