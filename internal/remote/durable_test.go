package remote

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"vaultctl/internal/atomicfile"
)

// TestDurableGroups makes many uploads wait at the same time: all are answered, one by one or together, and the file
// system is let go of afterwards.
func TestDurableGroups(t *testing.T) {
	dir := t.TempDir()
	volume, err := atomicfile.OpenVolume(dir)
	if err != nil {
		t.Fatal(err)
	}
	var d durable
	for _, n := range []int{1, 50} {
		var alone atomic.Int64
		var wg sync.WaitGroup
		hold := make(chan struct{})
		begin := func() {
			if err := d.begin(dir); err != nil {
				t.Error(err)
			}
		}
		begin()
		for range n {
			begin()
			wg.Go(func() {
				defer d.end()
				err := d.sync(func() error {
					alone.Add(1)
					<-hold // the others gather meanwhile
					return os.WriteFile(filepath.Join(dir, "file"), nil, 0o600)
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		close(hold)
		wg.Wait()
		d.end()
		if volume == nil && alone.Load() != int64(n) || n < shared && alone.Load() != int64(n) {
			t.Errorf("%d uploads: %d were synchronised alone", n, alone.Load())
		}
		if d.volume != nil || d.uploads != 0 {
			t.Errorf("the file system is still held after %d uploads", n)
		}
	}
}

// TestDurableFails gives each upload its own error.
func TestDurableFails(t *testing.T) {
	var d durable
	if err := d.begin(t.TempDir()); err != nil {
		t.Fatal(err)
	}
	defer d.end()
	broken := errors.New("input/output error")
	if err := d.sync(func() error { return broken }); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}
