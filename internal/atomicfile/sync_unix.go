//go:build !windows

package atomicfile

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// SyncDir makes names created, renamed or removed in dir durable. On Windows it does nothing.
func SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("sync directory: %w", err)
	}
	err = d.Sync()
	_ = d.Close()
	// Some network and FUSE file systems refuse to synchronise a directory; they have nothing more to offer.
	if err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, syscall.ENOTSUP) {
		return fmt.Errorf("sync directory: %w", err)
	}
	return nil
}

// IsDiskFull reports whether err says that the file system has no space, or the account no quota, left.
func IsDiskFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// IsOtherFileSystem reports whether err says that a file cannot be renamed since the new name is on another file system.
func IsOtherFileSystem(err error) bool { return errors.Is(err, syscall.EXDEV) }
