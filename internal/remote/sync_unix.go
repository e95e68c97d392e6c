//go:build !windows

package remote

import (
	"errors"
	"os"
	"syscall"
)

// syncFolder makes the entries of dir durable. Some network file systems cannot, and say so with EINVAL or ENOTSUP:
// there the server decides.
func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP) {
		err = nil
	}
	return errors.Join(err, d.Close())
}
