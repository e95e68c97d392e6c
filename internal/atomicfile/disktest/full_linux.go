package disktest

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// MustTmpfs mounts a file system of size bytes and returns its directory. The test is skipped where mounting is not
// permitted.
func MustTmpfs(tb testing.TB, size int) string {
	tb.Helper()
	dir := tb.TempDir()
	err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d", size))
	if err != nil {
		tb.Skipf("a small tmpfs cannot be mounted here (needs root): %v", err)
	}
	tb.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			tb.Errorf("unmount tmpfs: %v", err)
		}
	})
	return dir
}

// MustFill writes a file into dir until the disk is full, and returns a function that removes it.
func MustFill(tb testing.TB, dir string) (free func()) {
	tb.Helper()
	path := filepath.Join(dir, "ballast")
	f, err := os.Create(path)
	if err != nil {
		tb.Fatal(err)
	}
	for size := 1 << 20; size > 0; size /= 2 {
		for {
			if _, err := f.Write(make([]byte, size)); err != nil {
				break
			}
		}
	}
	if err := f.Close(); err != nil {
		tb.Fatal(err)
	}
	return func() {
		if err := os.Remove(path); err != nil {
			tb.Fatal(err)
		}
	}
}
