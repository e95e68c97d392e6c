package remote_test

import (
	"bytes"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"vaultctl/internal/remote"
	"vaultctl/internal/remote/remotetest"
	"vaultctl/internal/vault"
)

// mountTmpfs mounts an empty file system of the given size, or skips the test where that is not allowed.
func mountTmpfs(tb testing.TB, options string) (dir string) {
	tb.Helper()
	dir = tb.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, options); err != nil {
		tb.Skipf("a tmpfs cannot be mounted here: %v", err)
	}
	tb.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			tb.Errorf("unmount: %v", err)
		}
	})
	return dir
}

func TestFull(t *testing.T) {
	r := mustOpen(t, mountTmpfs(t, "size=1m"), impatient)
	small := remotetest.Bytes(1000, 1)
	remotetest.MustPut(t, r, "v1/small", small)
	remotetest.WantCode(t, put(t.Context(), r, "v1/large", remotetest.Bytes(2<<20, 2)), vault.CodeFull)
	if got := remotetest.MustList(t, r, ""); len(got) != 1 {
		t.Errorf("listed after a failed upload: %v", got)
	}
	if got := remotetest.MustGet(t, r, "v1/small"); !bytes.Equal(got, small) {
		t.Error("an object changed")
	}
	remotetest.MustPut(t, r, "v1/fits", remotetest.Bytes(900<<10, 3)) // so nothing of the large one is left
	report, err := r.Test(t.Context())
	if err != nil || report.Free == nil || *report.Free > 1<<20 {
		t.Errorf("report %+v, %v", report, err)
	}
}

func TestReadOnly(t *testing.T) {
	dir := mountTmpfs(t, "size=1m")
	r := mustOpen(t, dir, impatient)
	content := []byte("content")
	remotetest.MustPut(t, r, "v1/object", content)
	if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	testReadOnly(t, r, content)
}

// TestForbidden takes the right to write away, which only works for an ordinary user.
func TestForbidden(t *testing.T) {
	dir := t.TempDir()
	r := mustOpen(t, dir, impatient)
	content := []byte("content")
	remotetest.MustPut(t, r, "v1/object", content)
	for _, folder := range []string{dir, filepath.Join(dir, "v1")} {
		if err := os.Chmod(folder, 0o555); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = os.Chmod(folder, 0o755) }()
	}
	if os.Geteuid() == 0 {
		t.Skip("the superuser may write to every folder; TestReadOnly covers a folder that refuses it")
	}
	testReadOnly(t, r, content)
}

func testReadOnly(t *testing.T, r *remote.Remote, content []byte) {
	t.Helper()
	remotetest.WantCode(t, put(t.Context(), r, "v1/other", []byte("other")), vault.CodeReadOnly)
	_, err := r.Delete(t.Context(), "v1/object")
	remotetest.WantCode(t, err, vault.CodeReadOnly)
	_, err = r.Test(t.Context())
	remotetest.WantCode(t, err, vault.CodeReadOnly)
	remotetest.MustPut(t, r, "v1/object", content) // it is there: nothing needs writing
	if got := remotetest.MustGet(t, r, "v1/object"); !bytes.Equal(got, content) {
		t.Error("the object changed")
	}
	if _, err := r.Delete(t.Context(), "v1/none"); err != nil {
		t.Errorf("deleting what is not there: %v", err)
	}
}
