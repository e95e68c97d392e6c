package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"vaultctl/internal/vault"
)

// Who joins reads the journal of years, in which each vault turns up again and again. There the records are put into the index
// first, and every vault is folded once when all are there; until then it is marked. Nobody looks at a vault before: the home
// is not part of the organization yet. Whatever loads the index folds what is marked, so that a crash loses nothing.

const (
	metaUnfolded = "unfolded/" // + vault whose records are in the index, and whose state is not what they fold to
	foldTogether = 512         // vaults that are folded and written together
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

// foldRecorded folds what a pull of a home that joins has recorded. Should it fail, the index is loaded again, which does it,
// before anything is built on it.
func (e *Engine) foldRecorded(ctx context.Context) error {
	return e.exclusive(ctx, func() error {
		keys, org := e.view()
		if keys == nil {
			return vault.Errorf(vault.CodeLocked, "the vaults are locked")
		}
		err := e.foldUnfolded(ctx, org, keys)
		e.writer.broken = e.writer.broken || err != nil
		return err
	})
}

// foldUnfolded folds the vaults that are marked. It runs in the committer.
func (e *Engine) foldUnfolded(ctx context.Context, org *vault.Org, keys *keyring) error {
	var ids []vault.BeneficiaryID
	err := e.Store.Scan(bucketMeta, metaUnfolded, func(key string, _ []byte) error {
		ids = append(ids, vault.BeneficiaryID(key[len(metaUnfolded):]))
		return nil
	})
	if err != nil {
		return fmt.Errorf("read index: %w", err)
	}
	for chunk := range slices.Chunk(ids, e.foldTogether) {
		if err := ctx.Err(); err != nil {
			return vault.Errorf(vault.CodeInterrupted, "interrupted: %w", err)
		}
		if err := e.foldSome(org, keys, chunk); err != nil {
			return err
		}
	}
	return nil
}

// refolded is a vault that was folded from all its records.
type refolded struct {
	state     *vault.State
	raw       []byte // state as the index has it
	wasErased bool
	fresh     bool           // the index had nothing of it
	entries   []*vault.Entry // that are at hand, in the order of the records
	records   []*vault.Record
	summary   *summary
}

// foldSome folds vaults on every core, and writes and shows what they came to.
func (e *Engine) foldSome(org *vault.Org, keys *keyring, ids []vault.BeneficiaryID) error {
	folded := make([]*refolded, len(ids))
	err := parallel(len(ids), func(i int) (err error) {
		folded[i], err = newOverlay(e.Store, org, keys).foldWhole(ids[i])
		return err
	})
	if err != nil {
		return err
	}
	ov := newOverlay(e.Store, org, keys)
	people := map[vault.BeneficiaryID]*summary{}
	for i, f := range folded {
		ov.put(bucketVaults, string(ids[i]), f.raw)
		ov.put(bucketPeople, string(ids[i]), encodeSummary(f.summary))
		ov.setState(ids[i], f.state)
		people[ids[i]] = f.summary
	}
	for i, f := range folded {
		ov.indexEntries(ids[i], f.entries, f.fresh)
		if err := ov.takeFolded(f.state, f.wasErased, f.records); err != nil {
			return err
		}
		for path := range f.state.Tombs {
			ov.delete(bucketHeld, path)
		}
		ov.delete(bucketMeta, metaUnfolded+string(ids[i]))
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
	before, err := o.state(id)
	if err != nil {
		return nil, err
	}
	f := &refolded{wasErased: before.Erased != nil, fresh: before.Last == nil}
	if f.records, err = o.records(string(id)); err != nil {
		return nil, err
	}
	lookup, err := o.lookupAll(id)
	if err != nil {
		return nil, err
	}
	f.entries = told(f.records, lookup)
	f.state = vault.Fold(id, o.org, f.records, lookup)
	f.summary = summarize(f.state, o.org, o.keys)
	f.raw, err = json.Marshal(f.state)
	return f, err
}

// lookupAll is lookup for who asks for all that is there.
func (o *overlay) lookupAll(id vault.BeneficiaryID) (vault.EntryLookup, error) {
	prefix := string(id) + "/"
	all := map[vault.Hash]*vault.Entry{}
	err := o.scan(bucketEntries, prefix, func(key string, raw []byte) error {
		var en vault.Entry
		if json.Unmarshal(raw, &en) == nil {
			all[vault.Hash(key[len(prefix):])] = &en
		}
		return nil
	})
	return func(h vault.Hash) *vault.Entry { return all[h] }, err
}
