package engine

import (
	"context"
	"slices"
	"sync"
	"time"

	"vaultctl/internal/vault"
)

const (
	noteBatch = 256       // notes that are fetched and applied together
	noteAgain = time.Hour // until a note that was bad or missing is asked for again
)

// pullNotes fetches the notes that this device may read and does not have. One that is bad becomes a finding; it is asked
// for again after a while, or by a pull of all.
func (e *Engine) pullNotes(ctx context.Context, m *mount, p *puller, all bool) error {
	now := e.Now()
	if all {
		m.badNotes = nil
	}
	read := map[string]bool{}
	for {
		keys, org := e.view()
		if keys == nil {
			return vault.Errorf(vault.CodeLocked, "the vaults are locked")
		}
		p.keys = keys
		want, err := newOverlay(e.Store, org, keys).wantedNotes()
		if err != nil {
			return err
		}
		want = slices.DeleteFunc(want, func(n *wantedNote) bool {
			path := n.body.Object.Path
			return read[path] || m.badNotes[path].After(now)
		})
		want = want[:min(len(want), noteBatch)]
		if len(want) == 0 {
			return nil
		}
		if err := e.fetchNotes(ctx, m, p, want); err != nil {
			return err
		}
		for _, n := range want {
			read[n.body.Object.Path] = true
		}
		err = e.exclusive(ctx, func() error {
			keys, org := e.view()
			if keys == nil {
				return vault.Errorf(vault.CodeLocked, "the vaults are locked")
			}
			ov := newOverlay(e.Store, org, keys)
			if err := ov.keepNotes(want); err != nil {
				return err
			}
			return e.writePulled(ov, nil)
		})
		if err != nil {
			return err
		}
	}
}

// fetchNotes reads the notes side by side. What is bad, missing, or does not bring what it should is not asked for again
// for a while.
func (e *Engine) fetchNotes(ctx context.Context, m *mount, p *puller, want []*wantedNote) error {
	codes, errs := make([]string, len(want)), make([]error, len(want))
	sem := make(chan struct{}, fetchWorkers)
	var wg sync.WaitGroup
	for i, n := range want {
		sem <- struct{}{}
		wg.Go(func() {
			defer func() { <-sem }()
			n.lines, codes[i], errs[i] = p.note(ctx, n.body)
		})
	}
	wg.Wait()
	if m.badNotes == nil {
		m.badNotes = map[string]time.Time{}
	}
	var last error
	failed := 0
	for i, n := range want {
		path := n.body.Object.Path
		switch {
		case errs[i] != nil:
			last = errs[i]
			failed++
		case codes[i] != "" && (codes[i] != foundMissing || !e.isQueued(path)):
			p.find(severeError, codes[i], path)
		}
		if n.lines == nil {
			m.badNotes[path] = e.Now().Add(jitter(noteAgain))
		}
	}
	if failed == len(want) {
		return last
	}
	if last != nil {
		p.trouble = last
	}
	return nil
}
