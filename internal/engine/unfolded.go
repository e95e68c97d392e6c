package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"vaultctl/internal/vault"
)

// Who joins reads the journal of years, in which each vault turns up again and again. There the records are put into the index
// first, and every vault is folded once when all are there; until then it is marked. Nobody looks at a vault before: the home
// is not part of the organization yet. Whatever loads the index folds what is marked, so that a crash loses nothing.

const (
	metaUnfolded = "unfolded/" // + vault whose records are in the index, and whose state is not what they fold to
	foldTogether = 512         // vaults that are folded and written together
	// foldingAtOnce is how many times that many are worked on at the same time: some wait for the storage, some for the disk.
	foldingAtOnce = 3
)

// recordSegments is takeSegments that leaves the vaults to foldUnfolded.
func (o *overlay) recordSegments(e *Engine, segs []*pulledSegment) error {
	t := o.record(segs)
	if err := o.takeOrg(e, t); err != nil {
		return err
	}
	for id := range t.vaults {
		o.put(bucketMeta, metaUnfolded+string(id), []byte{1})
	}
	return nil
}

// recordNotes is keepNotes that leaves the vaults to foldUnfolded.
func (o *overlay) recordNotes(notes []*wantedNote) error {
	k, err := o.keepLines(notes)
	if err != nil {
		return err
	}
	for _, ids := range []map[vault.BeneficiaryID]bool{k.fold, k.index} {
		for id := range ids {
			o.put(bucketMeta, metaUnfolded+string(id), []byte{1})
		}
	}
	return nil
}

// recordOrgNotes brings the organization's notes to a home that joins: what they hold for the blind indexes is put there when
// the vaults are folded.
func (e *Engine) recordOrgNotes(ctx context.Context, m *mount, p *puller) error {
	f := &fetching{e: e, m: m, p: p, read: map[string]bool{}, record: true}
	ov, err := f.view()
	if err != nil {
		return err
	}
	org, err := ov.wantedOrg()
	if err != nil {
		return err
	}
	return f.each(ctx, slices.Chunk(f.due(org), noteBatch))
}

// foldRecorded folds what a pull of a home that joins has recorded, with the notes that say who the people are, as far as the
// storage gives them: pullNotes asks again for those that it does not. Some vaults are folded and their notes fetched while
// others are written. Should it fail, the index is loaded again, which folds the rest, before anything is built on it. Without ask
// the storage is left alone.
func (e *Engine) foldRecorded(ctx context.Context, m *mount, p *puller, ask bool) error {
	err := e.foldMarked(ctx, &fetching{e: e, m: m, p: p, read: map[string]bool{}, mute: !ask})
	if err == nil {
		return nil
	}
	return errors.Join(err, e.exclusive(e.background, func() error { e.writer.broken = true; return nil }))
}

// foldMarked folds the vaults that are marked, outside the committer. The first error ends it.
func (e *Engine) foldMarked(outer context.Context, f *fetching) error {
	ids, err := e.unfolded()
	if err != nil {
		return err
	}
	if _, err := f.view(); err != nil {
		return err
	}
	ctx, stop := context.WithCancelCause(outer)
	defer stop(nil)
	chunks := make(chan []vault.BeneficiaryID)
	var wg sync.WaitGroup
	for range foldingAtOnce {
		wg.Go(func() {
			for chunk := range chunks {
				if ctx.Err() != nil {
					continue
				}
				if err := f.foldChunk(ctx, chunk); err != nil {
					stop(err)
				}
			}
		})
	}
	for chunk := range slices.Chunk(ids, e.foldTogether) {
		chunks <- chunk
	}
	close(chunks)
	wg.Wait()
	if err := outer.Err(); err != nil {
		return vault.Errorf(vault.CodeInterrupted, "interrupted: %w", err)
	}
	return context.Cause(ctx)
}

// foldChunk folds vaults, fetches the notes that name their people, folds those again, and writes all.
func (f *fetching) foldChunk(ctx context.Context, ids []vault.BeneficiaryID) error {
	keys, org := f.e.view()
	if keys == nil {
		return vault.Errorf(vault.CodeLocked, "the vaults are locked")
	}
	ov := newOverlay(f.e.Store, org, keys)
	folded, err := ov.foldEach(ids)
	if err != nil {
		return err
	}
	notes, err := f.name(ctx, ov, folded)
	if err != nil {
		return err
	}
	return f.e.exclusive(ctx, func() error {
		keysNow, orgNow := f.e.view()
		if keysNow == nil {
			return vault.Errorf(vault.CodeLocked, "the vaults are locked")
		}
		folded, notes, err := newOverlay(f.e.Store, orgNow, keysNow).ofNow(folded, notes, keysNow != keys || orgNow != org)
		if err != nil {
			return err
		}
		return f.e.writeFolded(orgNow, keysNow, folded, notes)
	})
}

// ofNow returns what vaults come to that were folded a while ago, outside the committer. Those that somebody else folded since are
// left out. One that was written since is folded again, as all are where the organization or the keys changed; what notes told of it
// stays wanted.
func (o *overlay) ofNow(folded []*refolded, notes []*wantedNote, changed bool) ([]*refolded, []*wantedNote, error) {
	var out []*refolded
	late := map[vault.BeneficiaryID]bool{}
	for _, r := range folded {
		id := r.state.ID
		mark, err := o.get(bucketMeta, metaUnfolded+string(id))
		if err != nil {
			return nil, nil, err
		}
		raw, err := o.get(bucketVaults, string(id))
		if err != nil {
			return nil, nil, err
		}
		if late[id] = mark == nil || changed || !bytes.Equal(raw, r.before); late[id] && mark != nil {
			if r, err = o.foldWhole(id); err != nil {
				return nil, nil, err
			}
		}
		if mark != nil {
			out = append(out, r)
		}
	}
	return out, slices.DeleteFunc(notes, func(n *wantedNote) bool { return late[n.vault] }), nil
}

// name fetches the notes that say who the people of folded vaults are, and folds those vaults again. What cannot be fetched
// stays wanted.
func (f *fetching) name(ctx context.Context, ov *overlay, folded []*refolded) ([]*wantedNote, error) {
	var want []*wantedNote
	for _, r := range folded {
		if r.state.Erased == nil {
			want = append(want, ov.wantedIn(r.state, true)...)
		}
	}
	want = f.due(want)
	f.askNames(ctx, ov.keys, want)
	brought := map[vault.BeneficiaryID][]*wantedNote{}
	for _, n := range want {
		if n.lines != nil {
			brought[n.vault] = append(brought[n.vault], n)
		}
	}
	return want, parallel(len(folded), func(i int) error {
		if notes := brought[folded[i].state.ID]; notes != nil {
			return folded[i].foldAgain(ov, notes)
		}
		return nil
	})
}

// askNames fetches notes until the storage gives none of a batch: it is not asked for those of other vaults either, each of which
// would be waited for in vain.
func (f *fetching) askNames(ctx context.Context, keys *keyring, want []*wantedNote) {
	f.naming.Lock()
	defer f.naming.Unlock()
	for chunk := range slices.Chunk(want, noteBatch) {
		if f.mute {
			return
		}
		if err := f.fetch(ctx, keys, chunk); err != nil {
			f.e.log.Warn("fetch names", "code", vault.CodeOf(err))
			f.mute = true
		}
	}
}

// unfolded returns the vaults that are marked, sorted.
func (e *Engine) unfolded() (ids []vault.BeneficiaryID, err error) {
	err = e.Store.Scan(bucketMeta, metaUnfolded, func(key string, _ []byte) error {
		ids = append(ids, vault.BeneficiaryID(key[len(metaUnfolded):]))
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read index: %w", err)
	}
	return ids, nil
}

// foldUnfolded folds the vaults that are marked. It runs in the committer.
func (e *Engine) foldUnfolded(ctx context.Context, org *vault.Org, keys *keyring) error {
	ids, err := e.unfolded()
	if err != nil {
		return err
	}
	for chunk := range slices.Chunk(ids, e.foldTogether) {
		if err := ctx.Err(); err != nil {
			return vault.Errorf(vault.CodeInterrupted, "interrupted: %w", err)
		}
		folded, err := newOverlay(e.Store, org, keys).foldEach(chunk)
		if err != nil {
			return err
		}
		if err := e.writeFolded(org, keys, folded, nil); err != nil {
			return err
		}
	}
	return nil
}

// refolded is a vault that was folded from all its records.
type refolded struct {
	state     *vault.State
	raw       []byte // state as the index is to have it
	before    []byte // as it had it
	wasErased bool
	fresh     bool                        // the index had nothing of it
	told      map[vault.Hash]*vault.Entry // entries that are at hand
	entries   []*vault.Entry              // those that the records declare, in their order
	records   []*vault.Record
	summary   *summary
}

// foldEach folds vaults on every core. The overlay is not written.
func (o *overlay) foldEach(ids []vault.BeneficiaryID) ([]*refolded, error) {
	folded := make([]*refolded, len(ids))
	err := parallel(len(ids), func(i int) (err error) {
		folded[i], err = newOverlay(o.store, o.org, o.keys).foldWhole(ids[i])
		return err
	})
	return folded, err
}

// writeFolded writes and shows what vaults came to, with the notes that were fetched for them. It runs in the committer.
func (e *Engine) writeFolded(org *vault.Org, keys *keyring, folded []*refolded, notes []*wantedNote) error {
	ov := newOverlay(e.Store, org, keys)
	people := map[vault.BeneficiaryID]*summary{}
	for _, f := range folded {
		id := f.state.ID
		ov.put(bucketVaults, string(id), f.raw)
		ov.put(bucketPeople, string(id), encodeSummary(f.summary))
		ov.setState(id, f.state)
		people[id] = f.summary
	}
	if _, err := ov.keepLines(notes); err != nil {
		return err
	}
	for _, f := range folded {
		id := f.state.ID
		ov.indexEntries(id, f.entries, f.fresh)
		if err := ov.takeFolded(f.state, f.wasErased, f.records); err != nil {
			return err
		}
		for path := range f.state.Tombs {
			ov.delete(bucketHeld, path)
		}
		ov.delete(bucketMeta, metaUnfolded+string(id))
	}
	if err := e.Store.Write(ov.ops()); err != nil {
		return fmt.Errorf("write index: %w", err)
	}
	e.step(StepFolded)
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.people != nil {
		maps.Copy(e.people, people)
	}
	return nil
}

// foldWhole folds one vault. The overlay is not written.
func (o *overlay) foldWhole(id vault.BeneficiaryID) (*refolded, error) {
	raw, err := o.get(bucketVaults, string(id)) // first: what is written from here on is seen by that
	if err != nil {
		return nil, fmt.Errorf("read vault: %w", err)
	}
	before, err := decodeState(id, raw)
	if err != nil {
		return nil, err
	}
	f := &refolded{before: raw, wasErased: before.Erased != nil, fresh: before.Last == nil}
	if f.records, err = o.records(string(id)); err != nil {
		return nil, err
	}
	if f.told, err = o.entriesOf(id); err != nil {
		return nil, err
	}
	return f, f.fold(o, id)
}

// fold makes of records and entries what follows from them.
func (f *refolded) fold(o *overlay, id vault.BeneficiaryID) (err error) {
	lookup := func(h vault.Hash) *vault.Entry { return f.told[h] }
	f.entries = told(f.records, lookup)
	f.state = vault.Fold(id, o.org, f.records, lookup)
	f.summary = summarize(f.state, o.org, o.keys)
	f.raw, err = json.Marshal(f.state)
	return err
}

// foldAgain is fold with what notes of the vault told besides.
func (f *refolded) foldAgain(o *overlay, notes []*wantedNote) error {
	for _, n := range notes {
		for h, line := range n.lines {
			if en := n.entry(line); en != nil {
				f.told[h] = en
			}
		}
	}
	return f.fold(o, f.state.ID)
}

// entriesOf returns the entries of a vault that are at hand, by their commitments.
func (o *overlay) entriesOf(id vault.BeneficiaryID) (map[vault.Hash]*vault.Entry, error) {
	prefix := string(id) + "/"
	all := map[vault.Hash]*vault.Entry{}
	err := o.scan(bucketEntries, prefix, func(key string, raw []byte) error {
		var en vault.Entry
		if json.Unmarshal(raw, &en) == nil {
			all[vault.Hash(key[len(prefix):])] = &en
		}
		return nil
	})
	return all, err
}
