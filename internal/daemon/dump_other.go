//go:build !linux && !windows

package daemon

// undumpable has nothing to add where the limit on core dumps is all there is.
func undumpable() error { return nil }
