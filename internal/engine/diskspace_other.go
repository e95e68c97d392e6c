//go:build !linux && !darwin

package engine

// diskFree is not known on this system.
func diskFree(string) (free uint64, ok bool) { return 0, false }
