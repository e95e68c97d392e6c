package remote

import (
	"sync"

	"vaultctl/internal/atomicfile"
)

// shared is how many uploads at least must wait for the disk together before the whole file system is synchronised
// instead of each file and folder.
const shared = 4

// durable makes what uploads to a folder wrote durable, for many uploads at once: while one group is synchronised, the
// next one gathers. The zero value is ready, and safe for concurrent use.
type durable struct {
	mu      sync.Mutex
	uploads int
	volume  *atomicfile.Volume // nil where everything is synchronised one by one, and while there are no uploads
	busy    bool
	waiting []pending
}

// pending is an upload that waits; one makes it durable alone.
type pending struct {
	one  func() error
	done chan error
}

// begin must be called before an upload to dir, and end after it. In between the file system is kept open, so that a
// write that fails is reported, and never longer, so that a disk can be taken out.
func (d *durable) begin(dir string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.uploads == 0 {
		var err error
		if d.volume, err = atomicfile.OpenVolume(dir); err != nil {
			return err
		}
	}
	d.uploads++
	return nil
}

func (d *durable) end() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.uploads--; d.uploads == 0 && d.volume != nil {
		_ = d.volume.Close() // nothing was written through it
		d.volume = nil
	}
}

// sync returns when what the upload wrote before is durable. Where few wait, that is left to each one's own way.
func (d *durable) sync(one func() error) error {
	d.mu.Lock()
	if d.volume == nil {
		d.mu.Unlock()
		return one()
	}
	done := make(chan error, 1)
	d.waiting = append(d.waiting, pending{one, done})
	if !d.busy {
		d.busy = true
		go d.run()
	}
	d.mu.Unlock()
	return <-done
}

// run serves groups until nobody waits. Those who wait keep the volume open.
func (d *durable) run() {
	for {
		d.mu.Lock()
		group, volume := d.waiting, d.volume
		d.waiting = nil
		d.busy = len(group) > 0
		d.mu.Unlock()
		switch {
		case len(group) == 0:
			return
		case len(group) < shared:
			var wg sync.WaitGroup
			for _, p := range group {
				wg.Go(func() { p.done <- p.one() })
			}
			wg.Wait()
		default:
			err := volume.Sync()
			for _, p := range group {
				p.done <- err
			}
		}
	}
}
