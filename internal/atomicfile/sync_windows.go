package atomicfile

import (
	"errors"
	"syscall"
)

// The codes of winerror.h for a full disk.
const (
	errHandleDiskFull syscall.Errno = 39
	errDiskFull       syscall.Errno = 112
	errQuotaExceeded  syscall.Errno = 1295
)

// errNotSameDevice is the code of a rename to another volume.
const errNotSameDevice syscall.Errno = 17

// SyncDir makes names created, renamed or removed in dir durable. On Windows it does nothing.
func SyncDir(string) error { return nil }

// IsDiskFull reports whether err says that the file system has no space, or the account no quota, left.
func IsDiskFull(err error) bool {
	return errors.Is(err, errDiskFull) || errors.Is(err, errHandleDiskFull) || errors.Is(err, errQuotaExceeded)
}

// IsOtherFileSystem reports whether err says that a file cannot be renamed since the new name is on another file system.
func IsOtherFileSystem(err error) bool { return errors.Is(err, errNotSameDevice) }
