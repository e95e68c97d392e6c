package remote_test

import (
	"testing"

	"vaultctl/internal/remote"
	"vaultctl/internal/remote/remotetest"
	"vaultctl/internal/remote/s3test"
)

// mustOpen opens spec and closes it when the test ends.
func mustOpen(tb testing.TB, spec string, opts remote.Options) *remote.Remote {
	tb.Helper()
	r, err := remote.Open(tb.Context(), spec, opts)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := r.Close(tb.Context()); err != nil && tb.Context().Err() == nil {
			tb.Errorf("close: %v", err)
		}
	})
	return r
}

func TestLocalFolder(t *testing.T) {
	remotetest.Run(t, func(tb testing.TB) *remote.Remote {
		return mustOpen(tb, tb.TempDir(), remote.Options{})
	})
}

func TestS3(t *testing.T) {
	remotetest.Run(t, func(tb testing.TB) *remote.Remote {
		spec, _ := s3test.Start(tb)
		return mustOpen(tb, spec, remote.Options{CallsPerSecond: 1000})
	})
}
