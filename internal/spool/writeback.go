//go:build linux && (amd64 || arm64)

package spool

import (
	"os"
	"syscall"
)

// SYNC_FILE_RANGE_WRITE of <linux/fs.h>.
const syncFileRangeWrite = 2

// startWriteback asks the kernel to begin writing a range of the file to the disk, so that the synchronisation at the
// end finds little left to do. It is a hint: an error is found again by that synchronisation.
func startWriteback(f *os.File, off, n int64) {
	_ = syscall.SyncFileRange(int(f.Fd()), off, n, syncFileRangeWrite)
}
