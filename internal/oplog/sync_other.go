//go:build !linux

package oplog

import "os"

// datasync makes the bytes and the size of f durable.
func datasync(f *os.File) error { return f.Sync() }
