//go:build !linux

package pdfpages

// limitMemory does nothing: these systems have no limit that a process can set itself and that holds. The size of the
// file, the limits of the reader and that of the runtime remain.
func limitMemory(uint64) {}
