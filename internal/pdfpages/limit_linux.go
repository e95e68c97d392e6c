package pdfpages

import "golang.org/x/sys/unix"

// limitMemory bounds the memory that the process can write to, and keeps what is in it from debuggers and core dumps. A
// system that refuses one of these leaves the others and the limit of the runtime.
func limitMemory(bytes uint64) {
	_ = unix.Setrlimit(unix.RLIMIT_DATA, &unix.Rlimit{Cur: bytes, Max: bytes})
	_ = unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{})
	_ = unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0)
}
