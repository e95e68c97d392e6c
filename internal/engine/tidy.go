package engine

import (
	"strings"

	"vaultctl/internal/vault"
)

// tidySpool settles what a crash has left between the files on this disk and the index: files that were tombstoned but
// not removed, that were pushed but not moved to the cache, and that were made durable for a change which was never
// recorded. It runs in the committer after the index was loaded; what this process has staged itself is not touched, for
// its change may be on the way.
func (e *Engine) tidySpool() error {
	for _, p := range e.writer.doomed {
		if err := e.Spool.Remove(p); err != nil {
			return err
		}
	}
	e.writer.doomed = nil
	loose, err := e.looseFiles()
	if err != nil || len(loose) == 0 {
		return err
	}
	for p := range loose {
		held, err := e.Store.Get(bucketHeld, p)
		if err != nil {
			return err
		}
		if held != nil {
			delete(loose, p)
			if err := e.Spool.ToCache(p); err != nil {
				return err
			}
			continue
		}
		parcel, err := e.Store.Get(bucketParcels, p)
		if err != nil {
			return err
		}
		if parcel != nil {
			delete(loose, p)
		}
	}
	if len(loose) == 0 { // most of the time: all vaults need not be read
		return nil
	}
	live, err := e.liveObjects()
	if err != nil {
		return err
	}
	for p := range loose {
		if !live[p] {
			if err := e.Spool.Remove(p); err != nil {
				return err
			}
		}
	}
	return nil
}

// looseFiles returns the objects in the spool that an earlier process staged and that no queue item is about.
func (e *Engine) looseFiles() (map[string]bool, error) {
	names, err := e.Spool.Names("v1/w/")
	if err != nil {
		return nil, err
	}
	loose := map[string]bool{}
	for _, n := range names {
		if !strings.HasSuffix(n, ".seg") && !e.Spool.Fresh(n) {
			loose[n] = true
		}
	}
	if len(loose) == 0 {
		return nil, nil
	}
	return loose, e.Store.Scan(bucketQueue, "", func(_ string, raw []byte) error {
		delete(loose, queuedPath(raw))
		return nil
	})
}

// liveObjects returns the paths of everything that the index refers to.
func (e *Engine) liveObjects() (map[string]bool, error) {
	live := map[string]bool{}
	add := func(path string, _ []byte) error { live[path] = true; return nil }
	for _, bucket := range []string{bucketNotes, bucketParcels} {
		if err := e.Store.Scan(bucket, "", add); err != nil {
			return nil, err
		}
	}
	err := e.Store.Scan(bucketVaults, "", func(key string, raw []byte) error {
		st := vault.NewState(vault.BeneficiaryID(key))
		if err := decodeHeld(raw, st); err != nil {
			return err
		}
		for _, o := range st.LiveObjects() {
			live[o.Path] = true
		}
		for p := range st.Waits { // a withdrawal that arrives may bring it back
			live[p] = live[p] || st.Dead[p]
		}
		return nil
	})
	return live, err
}
