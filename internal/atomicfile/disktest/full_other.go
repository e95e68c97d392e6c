//go:build !linux

package disktest

import "testing"

// MustTmpfs skips the test: a small file system can be mounted on Linux only.
func MustTmpfs(tb testing.TB, size int) string {
	tb.Helper()
	tb.Skip("a small tmpfs can be mounted on Linux only")
	return ""
}

// MustFill is never reached, because MustTmpfs skips.
func MustFill(tb testing.TB, dir string) (free func()) {
	tb.Helper()
	tb.Fatal("no small file system to fill")
	return nil
}
