//go:build !linux

package atomicfile

// Volume is the file system that a directory lies on.
type Volume struct{}

// OpenVolume returns nil: this system cannot make a whole file system durable, or does not say whether it could.
func OpenVolume(string) (*Volume, error) { return nil, nil }

// Sync does nothing.
func (v *Volume) Sync() error { return nil }

// Close lets go of the file system, so that it can be unmounted.
func (v *Volume) Close() error { return nil }
