package e2e

import (
	"syscall"
	"testing"
)

// mountReadOnly makes a folder read-only, even for root: a bind mount of itself that allows no writing.
func mountReadOnly(tb testing.TB, remote string) (repair func()) {
	tb.Helper()
	if err := syscall.Mount(remote, remote, "", syscall.MS_BIND, ""); err != nil {
		tb.Skipf("a bind mount is not permitted here (needs root): %v", err)
	}
	mounted := true
	repair = func() {
		if !mounted {
			return
		}
		mounted = false
		if err := syscall.Unmount(remote, syscall.MNT_DETACH); err != nil {
			tb.Errorf("unmount: %v", err)
		}
	}
	tb.Cleanup(repair)
	if err := syscall.Mount("", remote, "", syscall.MS_BIND|syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		tb.Fatalf("remount read-only: %v", err)
	}
	return repair
}
