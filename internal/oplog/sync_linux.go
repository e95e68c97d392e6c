package oplog

import (
	"errors"
	"os"
	"syscall"
)

// datasync makes the bytes and the size of f durable, and spares the journal the change of its time stamps.
func datasync(f *os.File) error {
	for {
		err := syscall.Fdatasync(int(f.Fd()))
		if !errors.Is(err, syscall.EINTR) {
			return os.NewSyscallError("fdatasync", err)
		}
	}
}
