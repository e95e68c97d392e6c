//go:build !linux

package e2e

import "testing"

// mountReadOnly skips the test: a folder can be mounted read-only on Linux only.
func mountReadOnly(tb testing.TB, _ string) (repair func()) {
	tb.Helper()
	tb.Skip("a folder can be mounted read-only on Linux only")
	return nil
}
