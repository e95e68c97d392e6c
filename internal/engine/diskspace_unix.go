//go:build linux || darwin

package engine

import "syscall"

// diskFree returns the bytes that this account may still write where dir is.
func diskFree(dir string) (free uint64, ok bool) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, false
	}
	return s.Bavail * uint64(s.Bsize), true
}
