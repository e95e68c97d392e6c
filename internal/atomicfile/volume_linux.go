package atomicfile

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Volume is the file system that a directory lies on. It is safe for concurrent use.
type Volume struct {
	// dir stays open: the kernel reports a failed write to those who had the file system open when it failed.
	dir *os.File
}

// OpenVolume opens the file system of dir. It returns nil where Sync would not report every failed write, as on kernels
// before 5.8.
func OpenVolume(dir string) (*Volume, error) {
	var u unix.Utsname
	var major, minor int
	if err := unix.Uname(&u); err != nil {
		return nil, nil //nolint:nilerr // unknown is as good as old
	}
	if _, err := fmt.Sscanf(unix.ByteSliceToString(u.Release[:]), "%d.%d", &major, &minor); err != nil || major < 5 || major == 5 && minor < 8 {
		return nil, nil //nolint:nilerr // unknown is as good as old
	}
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	return &Volume{f}, nil
}

// Sync makes everything durable that was written to the file system, by whomever, content and names.
func (v *Volume) Sync() error {
	if err := unix.Syncfs(int(v.dir.Fd())); err != nil {
		return &os.PathError{Op: "syncfs", Path: v.dir.Name(), Err: err}
	}
	return nil
}
