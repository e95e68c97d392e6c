package engine

import (
	"context"
	"iter"
	"slices"
	"sync"
	"time"

	"vaultctl/internal/vault"
)

// A note is one object for each vault and segment: who joins a large organization, or is let into a team of it, lacks tens of
// thousands. What lists and searches need comes first, at once: the notes that say who the people are. The others follow in
// the background, and those of a vault that somebody looks at before the rest.

const (
	noteBatch   = 256       // notes that are fetched and applied together
	noteWorkers = 24        // notes that are fetched at the same time: most of the time each waits for the storage
	noteAgain   = time.Hour // until a note that was bad or missing is asked for again
	// notesAtOnce is for how many vaults a pull brings the notes that name nobody: no busy day of an office touches more. Where it is
	// more they are left to the background.
	notesAtOnce = 1024
	// restBudget is how long one round of background work fetches notes before it looks at what else there is.
	restBudget = 20 * time.Second
	// notesPatience is how long somebody who looks at a vault waits for its notes.
	notesPatience = 20 * time.Second
)

// fetching brings notes from one remote.
type fetching struct {
	e    *Engine
	m    *mount
	p    *puller
	read map[string]bool // those that were asked for
	// record keeps what is fetched, and leaves the vaults that it is about to foldUnfolded.
	record bool

	naming sync.Mutex // held by who fetches for foldMarked, which works on several vaults at once
	mute   bool       // the storage gives nothing; guarded by naming
	mu     sync.Mutex // guards failed
	failed error      // a note could not be read; others were
}

// pullNotes fetches notes that this device may read and does not have: all of the organization's, all that say who people
// are, and the rest unless it is much. One that is bad becomes a finding; it is asked for again after a while, or by a pull of all.
func (e *Engine) pullNotes(ctx context.Context, m *mount, p *puller, all bool) error {
	if all {
		m.mu.Lock()
		m.badNotes = nil
		m.mu.Unlock()
	}
	f := &fetching{e: e, m: m, p: p, read: map[string]bool{}}
	ov, err := f.view()
	if err != nil {
		return err
	}
	org, err := ov.wantedOrg()
	if err != nil {
		return err
	}
	if n, err := e.toFetch(); err == nil && n > noteBatch {
		defer roomy()()
	}
	for _, batches := range []iter.Seq[[]*wantedNote]{slices.Chunk(f.due(org), noteBatch), f.batches(true, time.Time{})} {
		if err := f.each(ctx, batches); err != nil {
			return err
		}
	}
	n, err := e.toFetch()
	if err == nil && n <= e.notesAtOnce {
		err = f.each(ctx, f.batches(false, time.Time{}))
	}
	if err != nil {
		return err
	}
	if f.failed != nil {
		p.trouble = f.failed
	}
	return nil
}

// fetchRest goes on with the notes that pulls left to the background, until the budget is spent; it reports whether any are
// left that are worth asking for.
func (e *Engine) fetchRest(ctx context.Context) (left bool, err error) {
	keys, org := e.view()
	if keys == nil {
		return false, nil
	}
	ids, err := newOverlay(e.Store, org, keys).wantedVaults()
	if err != nil || len(ids) == 0 {
		return false, err
	}
	until := time.Now().Add(restBudget)
	for _, m := range e.mounted() {
		f, ferr := e.newFetching(m)
		if ferr != nil {
			return false, ferr
		}
		if err = f.each(ctx, f.batches(false, until)); err == nil {
			err = e.addFindings(ctx, f.p.findings)
		}
		if time.Now().After(until) {
			return err == nil, err
		}
	}
	return false, err
}

func (e *Engine) newFetching(m *mount) (*fetching, error) {
	p, err := e.newPull(m.remote.Get, m.name)
	return &fetching{e: e, m: m, p: p, read: map[string]bool{}}, err
}

// view returns what is in the index now, and lets the puller have the keys of now.
func (f *fetching) view() (*overlay, error) {
	keys, org := f.e.view()
	if keys == nil {
		return nil, vault.Errorf(vault.CodeLocked, "the vaults are locked")
	}
	f.p.keys = keys
	return newOverlay(f.e.Store, org, keys), nil
}

// due leaves out what was asked for already, and what was bad a short while ago.
func (f *fetching) due(want []*wantedNote) []*wantedNote {
	now := f.e.Now()
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	return slices.DeleteFunc(want, func(n *wantedNote) bool {
		path := n.body.Object.Path
		return f.read[path] || f.m.badNotes[path].After(now)
	})
}

// batches yields the wanted notes of vaults, of each vault together: those that say who the person is, or all; none after a
// time unless that is zero. Each vault is looked at once.
func (f *fetching) batches(naming bool, until time.Time) iter.Seq[[]*wantedNote] {
	return func(yield func([]*wantedNote) bool) {
		ov, err := f.view()
		if err != nil {
			return
		}
		ids, err := ov.wantedVaults()
		if err != nil {
			f.fail(err)
			return
		}
		var batch []*wantedNote
		for i, id := range ids {
			if i%noteBatch == 0 { // what is decoded is not kept
				if ov, err = f.view(); err != nil {
					return
				}
			}
			notes, err := ov.wantedOf(id, naming)
			if err != nil {
				f.fail(err)
				return
			}
			if batch = append(batch, f.due(notes)...); len(batch) < noteBatch {
				continue
			}
			if !yield(batch) || !until.IsZero() && time.Now().After(until) {
				return
			}
			batch = nil
		}
		if len(batch) > 0 {
			yield(batch)
		}
	}
}

// each fetches and keeps the notes, batch after batch: while one is put into the index the next is on its way.
func (f *fetching) each(ctx context.Context, batches iter.Seq[[]*wantedNote]) error {
	var fetched chan error
	var before []*wantedNote
	settle := func() error {
		if fetched == nil {
			return nil
		}
		err := <-fetched
		fetched = nil
		return err
	}
	var failed error
	for batch := range batches {
		if failed = settle(); failed != nil {
			break
		}
		for _, n := range batch {
			f.read[n.body.Object.Path] = true
		}
		done := make(chan error, 1)
		keys := f.p.keys
		go func() { done <- f.fetch(ctx, keys, batch) }()
		if failed = f.keep(ctx, before); failed != nil {
			<-done
			break
		}
		fetched, before = done, batch
	}
	if failed != nil {
		return failed
	}
	if err := settle(); err != nil {
		return err
	}
	return f.keep(ctx, before)
}

// keep puts what was fetched into the index.
func (f *fetching) keep(ctx context.Context, notes []*wantedNote) error {
	if len(notes) == 0 {
		return nil
	}
	return f.e.exclusive(ctx, func() error {
		keys, org := f.e.view()
		if keys == nil {
			return vault.Errorf(vault.CodeLocked, "the vaults are locked")
		}
		ov := newOverlay(f.e.Store, org, keys)
		take := ov.keepNotes
		if f.record {
			take = ov.recordNotes
		}
		if err := take(notes); err != nil {
			return err
		}
		return f.e.writePulled(ov, nil)
	})
}

// fetch reads the notes side by side. What is bad, missing, or does not bring what it should is not asked for again for a
// while.
func (f *fetching) fetch(ctx context.Context, keys *keyring, want []*wantedNote) error {
	codes, errs := make([]string, len(want)), make([]error, len(want))
	next := make(chan int)
	var wg sync.WaitGroup
	for range min(noteWorkers, len(want)) { // not one for each note: the calls go deep, and a new stack grows with each
		wg.Go(func() {
			for i := range next {
				want[i].lines, codes[i], errs[i] = f.p.note(ctx, keys, want[i].body)
			}
		})
	}
	for i := range want {
		next <- i
	}
	close(next)
	wg.Wait()
	var last error
	failed := 0
	for i, n := range want {
		path := n.body.Object.Path
		switch {
		case errs[i] != nil:
			last = errs[i]
			failed++
		case codes[i] != "" && (codes[i] != foundMissing || !f.e.isQueued(path)):
			f.p.find(severeError, codes[i], path)
		}
		if n.lines == nil {
			f.m.putOff(path, f.e.Now().Add(jitter(noteAgain)))
		}
	}
	if failed == len(want) {
		return last
	}
	f.fail(last)
	return nil
}

// fail keeps an error that does not stop the others.
func (f *fetching) fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err != nil {
		f.failed = err
	}
}

// putOff notes until when a note is not asked for again.
func (m *mount) putOff(path string, until time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.badNotes == nil {
		m.badNotes = map[string]time.Time{}
	}
	m.badNotes[path] = until
}

// whole is load for somebody who looks at one vault: notes of it that the background has not come to yet are fetched first.
// Where no remote gives them, the vault is as far as it is known.
func (e *Engine) whole(id vault.BeneficiaryID) (*vault.State, *keyring, *vault.Org, error) {
	wanted, err := e.Store.Get(bucketMeta, metaWantVault+string(id))
	if err != nil {
		return nil, nil, nil, err
	}
	if wanted != nil {
		e.fetchVault(id)
	}
	return e.load(id)
}

// fetchVault brings the notes of a vault that are not at hand.
func (e *Engine) fetchVault(id vault.BeneficiaryID) {
	ctx, cancel := context.WithTimeout(e.background, notesPatience)
	defer cancel()
	for _, m := range e.mounted() {
		if !m.gaveNotes(e.Now()) {
			continue
		}
		f, err := e.newFetching(m)
		if err != nil {
			return
		}
		ov, err := f.view()
		if err != nil {
			return
		}
		notes, err := ov.wantedOf(id, false)
		if err == nil {
			err = f.each(ctx, slices.Chunk(f.due(notes), noteBatch))
		}
		if err == nil {
			err = e.addFindings(ctx, f.p.findings)
		}
		if err != nil {
			m.mu.Lock()
			m.notesRetry = e.Now().Add(time.Minute)
			m.mu.Unlock()
			e.log.Warn("fetch notes", "code", vault.CodeOf(err))
		}
	}
}

// gaveNotes reports whether nobody waited for notes in vain a short while ago.
func (m *mount) gaveNotes(now time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return !m.notesRetry.After(now)
}

// toFetch counts the vaults of which notes that this device may read are not at hand.
func (e *Engine) toFetch() (int, error) {
	n := 0
	err := e.Store.Scan(bucketMeta, metaWantVault, func(string, []byte) error { n++; return nil })
	return n, err
}

// lost reports whether a note of the vault was asked for in vain on every remote. Those that nobody asked for yet are on their
// way.
func (e *Engine) lost(ov *overlay, st *vault.State) bool {
	for path, n := range st.Notes {
		if ov.keys.lacks(ov, st.ID, n) && !slices.ContainsFunc(e.mounted(), func(m *mount) bool { return !m.isPutOff(path) }) {
			return true
		}
	}
	return false
}

func (m *mount) isPutOff(path string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return !m.badNotes[path].IsZero()
}
