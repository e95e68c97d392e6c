package engine

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"

	"vaultctl/internal/vault"
)

// lockTable hands out one lock per vault. The zero value is ready.
type lockTable struct {
	mu    sync.Mutex
	locks map[vault.BeneficiaryID]*heldLock
}

type heldLock struct {
	mu    sync.Mutex
	users int
}

// lock waits for the vault's turn and returns what ends it.
func (t *lockTable) lock(id vault.BeneficiaryID) (unlock func()) {
	t.mu.Lock()
	if t.locks == nil {
		t.locks = map[vault.BeneficiaryID]*heldLock{}
	}
	l := t.locks[id]
	if l == nil {
		l = &heldLock{}
		t.locks[id] = l
	}
	l.users++
	t.mu.Unlock()
	l.mu.Lock()
	return func() {
		l.mu.Unlock()
		t.mu.Lock()
		defer t.mu.Unlock()
		if l.users--; l.users == 0 {
			delete(t.locks, id)
		}
	}
}

// mustForget reports whether the index tells of a vault what this device may no longer read, and does not need it any
// more to reseal. Where nobody is left to read, what is here stays: it may be all there is.
func mustForget(st *vault.State, org *vault.Org, keys *keyring, docs []*vault.Document, notes []*vault.NoteBody) bool {
	readers := st.Readers(org, vault.Shared)
	if st.Erased != nil || len(readers) == 0 || keys.reads(readers) || len(notes) > 0 || !tells(st) {
		return false
	}
	return !slices.ContainsFunc(docs, func(d *vault.Document) bool { return keys.reads(d.Object.Readers) })
}

// tells reports whether a state holds anything from note entries.
func tells(st *vault.State) bool {
	p := &st.Person
	if p.FamilyName+p.GivenName+p.UsageName != "" || len(p.Aliases) > 0 || len(p.Refs) > 0 {
		return true
	}
	for _, c := range st.Consents {
		if c.Record != nil {
			return true
		}
	}
	for _, sh := range st.Shares {
		if sh.Data != nil {
			return true
		}
	}
	for _, d := range st.Documents {
		if d.Described {
			return true
		}
	}
	return false
}

func (e *Engine) needForgetting() []vault.BeneficiaryID {
	e.mu.RLock()
	defer e.mu.RUnlock()
	var out []vault.BeneficiaryID
	for id, s := range e.people {
		if s.forget {
			out = append(out, id)
		}
	}
	return out
}

// forgetVault removes from this machine what a withdrawn consent let it know: note entries, what was derived from them,
// cached objects and what the log still holds. Blind index values and times stay, as for every other vault.
func (e *Engine) forgetVault(ctx context.Context, id vault.BeneficiaryID) error {
	if !slices.Contains(e.needForgetting(), id) {
		return nil
	}
	var cached []string
	err := e.exclusive(ctx, func() error {
		if err := e.dropLog(); err != nil {
			return err
		}
		keys, org := e.view()
		if keys == nil {
			return vault.Errorf(vault.CodeLocked, "the vaults are locked")
		}
		ov := newOverlay(e.Store, org, keys)
		st, err := ov.state(id)
		if err != nil {
			return err
		}
		docs, notes := st.Misread(org)
		if !mustForget(st, org, keys, docs, notes) {
			return nil
		}
		if err := ov.dropShared(id); err != nil {
			return err
		}
		if st, err = ov.refold(id); err != nil {
			return err
		}
		for _, o := range st.LiveObjects() {
			if raw, err := e.Store.Get(bucketHeld, o.Path); err == nil && raw != nil {
				cached = append(cached, o.Path)
			}
		}
		if err := e.Store.Write(ov.ops()); err != nil {
			return err
		}
		e.publish(ov)
		e.step(StepForgotten)
		return nil
	})
	if rerr := e.Spool.Remove(cached...); err == nil {
		err = rerr
	}
	return err
}

// dropLog closes the open segment and lets go of every log record, since segments and index hold them now. It runs in
// the committer.
func (e *Engine) dropLog() error {
	if err := e.sealSegment(); err != nil {
		return err
	}
	if len(e.writer.pending) > 0 {
		return nil
	}
	if err := e.Log.Rotate(); err != nil {
		return err
	}
	return e.Log.Trim(e.writer.walSeq)
}

// dropShared deletes the entries of a vault that only its readers may know.
func (o *overlay) dropShared(id vault.BeneficiaryID) error {
	return o.scan(bucketEntries, string(id)+"/", func(key string, raw []byte) error {
		var n vault.Entry
		if err := json.Unmarshal(raw, &n); err != nil {
			return vault.Errorf(vault.CodeIntegrity, "read note entry: %w", err)
		}
		switch n.Kind {
		case vault.EntryPerson, vault.EntryConsent, vault.EntryDocument, vault.EntryShare:
			o.delete(bucketEntries, key)
		}
		return nil
	})
}

// scrubbing says which entries an organization note has to lose, by vault.
type scrubbing map[vault.BeneficiaryID][]vault.Hash

// purge forgets everything of an erased vault but the blind references, which the erasing event repeats, and marks the
// organization notes that hold entries of it.
func (o *overlay) purge(id vault.BeneficiaryID, erasing string) error {
	prefix := string(id) + "/"
	err := o.scan(bucketEntries, prefix, func(key string, raw []byte) error {
		var n vault.Entry
		if err := json.Unmarshal(raw, &n); err != nil {
			return vault.Errorf(vault.CodeIntegrity, "read note entry: %w", err)
		}
		if n.Event == erasing {
			return nil
		}
		o.delete(bucketEntries, key)
		o.dropIndexed(&n)
		return o.markScrub(id, vault.Hash(strings.TrimPrefix(key, prefix)))
	})
	o.put(bucketMeta, metaErasing+string(id), []byte{1})
	return err
}

// dropIndexed takes an entry's values out of the indexes, references excepted.
func (o *overlay) dropIndexed(n *vault.Entry) {
	switch n.Kind {
	case vault.EntryNames:
		var d vault.IndexData
		if json.Unmarshal(n.Data, &d) == nil {
			for _, v := range d.Values {
				o.delete(bucketIndex, string(n.Kind)+"/"+v+"/"+string(n.Vault))
			}
		}
	case vault.EntryDigest:
		var d vault.DigestData
		if json.Unmarshal(n.Data, &d) == nil {
			o.delete(bucketDigests, "digest/"+d.Value)
			o.delete(bucketDigests, "source/"+d.SourceID)
			o.delete(bucketDigests, "current/"+string(d.Document))
		}
	}
}

// markScrub notes that the organization note with the entry is to be written anew without it.
func (o *overlay) markScrub(id vault.BeneficiaryID, h vault.Hash) error {
	home, err := o.get(bucketMeta, metaHome+string(h))
	if err != nil || home == nil {
		return err
	}
	o.delete(bucketMeta, metaHome+string(h))
	key := metaScrub + string(home)
	todo := scrubbing{}
	raw, err := o.get(bucketMeta, key)
	if err != nil {
		return err
	}
	if raw != nil {
		if err := json.Unmarshal(raw, &todo); err != nil {
			return vault.Errorf(vault.CodeIntegrity, "read erasure: %w", err)
		}
	}
	todo[id] = append(todo[id], h)
	o.putJSON(bucketMeta, key, todo)
	return nil
}

// recallVault reads into the index what the notes of a vault tell this device, once a consent lets it in again.
func (e *Engine) recallVault(ctx context.Context, id vault.BeneficiaryID) error {
	if err := e.flush(ctx); err != nil { // what is in no note yet would be missed
		return err
	}
	keys, org := e.view()
	if keys == nil {
		return vault.Errorf(vault.CodeLocked, "the vaults are locked")
	}
	st, err := newOverlay(e.Store, org, keys).state(id)
	if err != nil || !keys.reads(st.Readers(org, vault.Shared)) {
		return err
	}
	found := map[vault.Hash][]byte{}
	for _, n := range st.Notes {
		if !keys.reads(n.Object.Readers) || e.holdsEntries(id, n) {
			continue
		}
		lines, err := e.openNote(ctx, keys, nil, n)
		if err != nil {
			return err
		}
		for _, h := range n.Entries {
			found[h] = lines[h]
		}
	}
	if len(found) == 0 {
		return nil
	}
	return e.exclusive(ctx, func() error {
		keys, org := e.view()
		if keys == nil {
			return vault.Errorf(vault.CodeLocked, "the vaults are locked")
		}
		ov := newOverlay(e.Store, org, keys)
		st, err := ov.state(id)
		if err != nil || !keys.reads(st.Readers(org, vault.Shared)) {
			return err
		}
		for h, line := range found {
			if line != nil {
				ov.put(bucketEntries, string(id)+"/"+string(h), line)
			}
		}
		if _, err := ov.refold(id); err != nil {
			return err
		}
		if err := e.Store.Write(ov.ops()); err != nil {
			return err
		}
		e.publish(ov)
		return nil
	})
}
