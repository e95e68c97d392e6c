//go:build linux && (amd64 || arm64)

package remote

import (
	"os"
	"syscall"
)

// writeback asks the kernel to start writing a growing file to the disk early, so that the final fsync finds little
// left to do.
type writeback struct {
	fd    int
	start int64
}

const (
	writebackStep  = 8 << 20
	syncRangeWrite = 2 // SYNC_FILE_RANGE_WRITE
)

func newWriteback(f *os.File) *writeback { return &writeback{fd: int(f.Fd())} }

// advance says how far the file is complete. It is a hint: a file system that cannot follow it loses nothing.
func (w *writeback) advance(end int64) {
	if end-w.start < writebackStep {
		return
	}
	_ = syscall.SyncFileRange(w.fd, w.start, end-w.start, syncRangeWrite)
	w.start = end
}
