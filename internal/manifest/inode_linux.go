package manifest

import (
	"io/fs"
	"syscall"
)

// openFlags keep the opening of a pipe from waiting.
const openFlags = syscall.O_NONBLOCK

// inode returns the time of the last change of a file's inode, ns since 1970, and its number.
func inode(info fs.FileInfo) (change int64, number uint64) {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, 0
	}
	return st.Ctim.Nano(), st.Ino
}
