package atomicfile

import (
	"fmt"
	"os"
	"slices"

	"golang.org/x/sys/unix"
)

// Volume is the file system that a directory lies on. It is safe for concurrent use.
type Volume struct {
	// dir stays open: the kernel reports a failed write to those who had the file system open when it failed.
	dir *os.File
}

// wholeSync are the file systems that synchronise as a whole what a synchronisation of each file would. Network file
// systems and those in user space may not.
var wholeSync = []int64{unix.EXT4_SUPER_MAGIC, unix.XFS_SUPER_MAGIC, unix.BTRFS_SUPER_MAGIC, unix.F2FS_SUPER_MAGIC, unix.TMPFS_MAGIC}

// OpenVolume opens the file system of dir. It returns nil where Sync would be less than a synchronisation of each file:
// on other file systems than the usual ones, and on kernels before 5.8, which do not report every failed write.
func OpenVolume(dir string) (*Volume, error) {
	var fs unix.Statfs_t
	if err := unix.Statfs(dir, &fs); err != nil {
		return nil, &os.PathError{Op: "statfs", Path: dir, Err: err}
	}
	if !slices.Contains(wholeSync, int64(fs.Type)) { //nolint:unconvert // its size differs between processors
		return nil, nil
	}
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

// Close lets go of the file system, so that it can be unmounted.
func (v *Volume) Close() error { return v.dir.Close() }
