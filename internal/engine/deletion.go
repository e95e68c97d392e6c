package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"vaultctl/internal/vault"
)

// doomed is an object to be deleted from each remote, once the segment Seq of this device is there: until then what the
// remote holds still refers to it.
type doomed struct {
	Seq     uint64               `json:"seq"`
	Done    map[string]bool      `json:"done,omitempty"`
	Refused map[string]time.Time `json:"refused,omitempty"` // remotes that did not let this device delete it, and when
	// Vault is that of an object which others tombstoned and which may have to be kept; "" where that was judged before.
	Vault vault.BeneficiaryID `json:"vault,omitempty"`
	path  string
}

// refusedAgain is how long a deletion that a remote did not allow is left alone: a device without the right to delete
// leaves it to the owner of the object, or to a custodian, and looks now and then whether it is gone.
const refusedAgain = 24 * time.Hour

// waits reports whether the object is still to be deleted from a remote, by this device, now.
func (d *doomed) waits(remote string, now time.Time) bool {
	at, refused := d.Refused[remote]
	return !d.Done[remote] && (!refused || now.Sub(at).Abs() >= refusedAgain)
}

// deleteDoomed deletes what is doomed and due on a remote.
func (e *Engine) deleteDoomed(ctx context.Context, m *mount) error {
	there, err := e.segmentsOn(m.name)
	if err != nil {
		return err
	}
	var due []doomed
	err = e.Store.Scan(bucketDoomed, "", func(object string, raw []byte) error {
		var d doomed
		if err := json.Unmarshal(raw, &d); err != nil {
			return vault.Errorf(vault.CodeIntegrity, "read doomed: %w", err)
		}
		if !d.waits(m.name, e.Now()) || d.Seq >= there {
			return nil
		}
		d.path = object
		due = append(due, d)
		return nil
	})
	if err != nil {
		return err
	}
	k := &keeper{e: e}
	due = slices.DeleteFunc(due, func(d doomed) bool {
		kept, kerr := k.keeps(d.path, &d)
		err = errors.Join(err, kerr)
		return kept
	})
	if err != nil || len(due) == 0 {
		return err
	}
	paths := make([]string, len(due))
	for i := range due {
		paths[i] = due[i].path
	}
	results := e.deleteAll(ctx, m, paths)
	if errors.Join(results...) == nil {
		m.reached(e.Now())
	}
	return e.markDeleted(ctx, m, due, results)
}

// deleteAll deletes objects, several at once, and returns what became of each.
func (e *Engine) deleteAll(ctx context.Context, m *mount, paths []string) []error {
	results := make([]error, len(paths))
	sem := make(chan struct{}, pushWorkers)
	var wg sync.WaitGroup
	for i, path := range paths {
		sem <- struct{}{}
		wg.Go(func() {
			defer func() { <-sem }()
			kept, err := m.remote.Delete(ctx, path)
			if results[i] = err; err == nil {
				m.noteKept(kept)
				e.step(StepDeleted)
			}
		})
	}
	wg.Wait()
	return results
}

// markDeleted records what became of deletions. That a remote did not allow one is no error: see refusedAgain.
func (e *Engine) markDeleted(ctx context.Context, m *mount, due []doomed, results []error) error {
	var first error
	err := e.exclusive(context.WithoutCancel(ctx), func() error {
		var ops []Op
		for i, d := range due {
			raw, err := e.Store.Get(bucketDoomed, d.path)
			if err != nil || raw == nil {
				continue
			}
			var now doomed
			if err := json.Unmarshal(raw, &now); err != nil {
				return vault.Errorf(vault.CodeIntegrity, "read doomed: %w", err)
			}
			switch {
			case results[i] == nil:
				now.done(m.name)
				gone := findingOf(severeError, foundMissing, onRemote(m.name, d.path)) // as it should be now
				ops = append(ops, Op{bucketMeta, findingKey(&gone), nil})
			case vault.CodeOf(results[i]) == vault.CodeReadOnly:
				now.refused(m.name, e.Now())
			case first == nil:
				first = results[i]
			}
			if e.onAll(now.Done) {
				ops = append(ops, Op{bucketDoomed, d.path, nil}, Op{bucketHeld, d.path, nil})
			} else {
				ops = append(ops, jsonOp(bucketDoomed, d.path, &now))
			}
		}
		return e.Store.Write(ops)
	})
	if err == nil {
		err = first
	}
	return err
}

func (d *doomed) done(remote string) {
	if d.Done == nil {
		d.Done = map[string]bool{}
	}
	d.Done[remote] = true
	delete(d.Refused, remote)
}

func (d *doomed) refused(remote string, at time.Time) {
	if d.Refused == nil {
		d.Refused = map[string]time.Time{}
	}
	d.Refused[remote] = at
}

// doomedAt counts what was doomed at a mark and this device is still to delete from a remote, or from any for "".
func (e *Engine) doomedAt(m queueMark, remote string) (int, error) {
	n := 0
	mounts := e.mounted()
	var due []doomed
	err := e.Store.Scan(bucketDoomed, "", func(object string, raw []byte) error {
		d := doomed{path: object}
		if err := json.Unmarshal(raw, &d); err != nil {
			return vault.Errorf(vault.CodeIntegrity, "read doomed: %w", err)
		}
		if d.Seq >= m.segment {
			return nil
		}
		for _, mount := range mounts {
			if (remote == "" || mount.name == remote) && d.waits(mount.name, e.Now()) {
				due = append(due, d)
				break
			}
		}
		return nil
	})
	k := &keeper{e: e}
	for i := range due { // what is kept for a witness is not this device's to delete
		kept, kerr := k.keeps(due[i].path, &due[i])
		if err = errors.Join(err, kerr); !kept {
			n++
		}
	}
	if err != nil {
		return 0, fmt.Errorf("count deletions: %w", err)
	}
	return n, nil
}

// doomOwn dooms objects of this device that another one has tombstoned: it may have no right to delete them.
func (o *overlay) doomOwn(st *vault.State, paths []string) error {
	for _, p := range paths {
		if vault.PathWriter(p).Device() != o.org.Here || o.org.Here == "" {
			continue
		}
		known, err := o.get(bucketDoomed, p)
		if err != nil {
			return err
		}
		if known == nil {
			d := doomed{}
			if len(st.Waits[p]) > 0 {
				d.Vault = st.ID
			}
			o.putJSON(bucketDoomed, p, d)
		}
	}
	return nil
}

// spare keeps what this device was about to delete and the vault uses again, since news of others undid what replaced it.
func (o *overlay) spare(st *vault.State) error {
	for _, obj := range st.LiveObjects() {
		raw, err := o.get(bucketDoomed, obj.Path)
		if err != nil {
			return err
		}
		if raw != nil {
			o.delete(bucketDoomed, obj.Path)
		}
	}
	return nil
}
