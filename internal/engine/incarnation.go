package engine

import (
	"context"
	"encoding/json"

	"vaultctl/internal/objecthash"
	"vaultctl/internal/vault"
)

// checkOwn looks whether the remote knows segments of this device that this home does not: then the home was restored
// from an older copy, or cloned, and going on would fork the chain.
func (e *Engine) checkOwn(ctx context.Context, m *mount) error {
	id, next, err := e.ownNext(ctx)
	if err != nil {
		return err
	}
	fork, found, err := e.ownFork(ctx, m, id, next)
	if err != nil || !found {
		return err
	}
	now, seq, err := e.ownNext(ctx)
	if err != nil || now != id || fork == next && seq > next { // built and pushed meanwhile
		return err
	}
	return e.reincarnate(ctx, fork)
}

// ownNext returns this device's writer and the segment that it builds next.
func (e *Engine) ownNext(ctx context.Context) (id vault.WriterID, next uint64, err error) {
	err = e.exclusive(ctx, func() error {
		id, next = e.writer.id, e.writer.seq
		return nil
	})
	return id, next, err
}

// ownFork returns the first of this device's segments that the remote holds with other bytes than this home: the next
// one, which this home has not built, or one that still waits to be pushed.
func (e *Engine) ownFork(ctx context.Context, m *mount, id vault.WriterID, next uint64) (fork uint64, found bool, err error) {
	var waiting []queueItem
	err = e.Store.Scan(bucketQueue, "", func(_ string, raw []byte) error {
		var it queueItem
		if err := decodeHeld(raw, &it); err != nil {
			return err
		}
		if it.Segment && !it.Done[m.name] && vault.PathWriter(it.Path) == id {
			waiting = append(waiting, it)
		}
		return nil
	})
	if err != nil {
		return 0, false, err
	}
	for _, it := range waiting {
		raw, err := readSource(ctx, m.remote.Get, it.Path, vault.MaxSegment+8<<10)
		if vault.CodeOf(err) == vault.CodeNotFound {
			break // what comes after it is not there either
		}
		if err != nil {
			return 0, false, err
		}
		if objecthash.Of(raw) == it.Hash {
			continue
		}
		h, _, err := splitSegment(raw)
		if err != nil || h.Writer != id {
			return 0, false, nil //nolint:nilerr // not ours: an altered object, which the push reports
		}
		return h.Seq, true, nil
	}
	raw, err := readSource(ctx, m.remote.Get, vault.SegmentPath(id, next), vault.MaxSegment+8<<10)
	if vault.CodeOf(err) == vault.CodeNotFound {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, err
	}
	h, _, err := splitSegment(raw)
	return next, err == nil && h.Writer == id && h.Seq == next, nil
}

// reissue says that a log record carries on what a writer had written from segment From on, under a new writer.
type reissue struct {
	Writer vault.WriterID `json:"writer"`
	From   uint64         `json:"from"`
}

const metaWriter = "writer" // this device's writer, where it is not the one of the identity file

// reincarnate goes on under a new writer. What the old one wrote from segment from on exists elsewhere with other bytes:
// that is pulled as another writer's, and what this home has of its own is issued again.
func (e *Engine) reincarnate(ctx context.Context, from uint64) error {
	return e.exclusive(ctx, func() error {
		keys, org := e.view()
		if keys == nil {
			return vault.Errorf(vault.CodeLocked, "the vaults are locked")
		}
		old := e.writer
		ov := newOverlay(e.Store, org, keys)
		rec, err := reissued(ov, &old, from)
		if err != nil {
			return err
		}
		rec.Writer = vault.NewWriterID(old.id.Device())
		raw, err := json.Marshal(rec)
		if err != nil {
			return err
		}
		_, last, err := e.Log.Append([][]byte{raw})
		if err != nil {
			return err
		}
		e.writer.broken = true // until the index has it; loading replays the log
		e.log.Warn("this home was restored or cloned: it goes on as a new writer", "events", len(rec.Events), "log", last)
		return e.loadState(keys)
	})
}

// reissued collects the events of a writer from a segment on, with the entries of those that no segment holds.
func reissued(ov *overlay, w *writerState, from uint64) (*logRecord, error) {
	rec := &logRecord{Reissue: &reissue{w.id, from}}
	recs, err := ov.ofWriter(w.id, from)
	if err != nil {
		return nil, err
	}
	for _, r := range recs {
		if r.Type != vault.EpochOpened && r.Type != vault.EpochExtended { // their parcels are below the old writer's prefix
			rec.Events = append(rec.Events, r.Event)
		}
	}
	for i := range w.pending {
		rec.Entries = append(rec.Entries, w.pending[i].Entries...)
	}
	heads := vault.Past{}
	raw, err := ov.get(bucketMeta, metaHeads)
	if err != nil {
		return nil, err
	}
	if raw != nil {
		if err := decodeHeld(raw, &heads); err != nil {
			return nil, err
		}
	}
	heads[w.id] = from
	rec.Past = heads
	return rec, nil
}

// ofWriter returns the records of a writer from a segment on, in order.
func (o *overlay) ofWriter(w vault.WriterID, from uint64) ([]*vault.Record, error) {
	var out []*vault.Record
	err := o.scan(bucketEvents, "", func(_ string, raw []byte) error {
		r := &vault.Record{}
		if err := decodeHeld(raw, r); err != nil {
			return err
		}
		if r.Pos.Writer == w && r.Pos.Seq >= from {
			out = append(out, r)
		}
		return nil
	})
	return vault.Order(out), err
}

// takeReissue makes the index forget what a writer had written from a segment on, and begins the new writer's chain. What
// is in rec is applied afterwards like any other change.
func (o *overlay) takeReissue(w *writerState, rec *logRecord) error {
	old, from := rec.Reissue.Writer, rec.Reissue.From
	gone, err := o.ofWriter(old, from)
	if err != nil {
		return err
	}
	for _, r := range gone {
		o.delete(bucketEvents, eventKey(scopeOf(r.Vault), r.Pos))
	}
	err = o.scan(bucketQueue, "", func(key string, raw []byte) error {
		var it queueItem
		if err := decodeHeld(raw, &it); err != nil {
			return err
		}
		for seq := from; seq < w.seq && it.Segment; seq++ {
			if it.Path == vault.SegmentPath(old, seq) {
				o.delete(bucketQueue, key)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	err = o.scan(bucketDoomed, "", func(key string, raw []byte) error {
		var d doomed
		if err := decodeHeld(raw, &d); err != nil {
			return err
		}
		d.Seq = 0 // the new writer counts from the beginning
		o.putJSON(bucketDoomed, key, &d)
		return nil
	})
	if err != nil {
		return err
	}
	for seq := from; seq < w.seq; seq++ {
		o.delete(bucketSegments, segmentKey(old, seq))
	}
	o.put(bucketMeta, metaBuilt, []byte("0"))
	o.put(bucketMeta, metaPrev, nil)
	o.put(bucketMeta, metaSent, nil)
	o.put(bucketMeta, metaWriter, []byte(rec.Writer))
	o.putJSON(bucketMeta, metaHeads, rec.Past)
	w.id, w.seq, w.index, w.prev, w.sent, w.pending, w.bytes = rec.Writer, 0, 0, "", nil, nil, 0
	return o.refoldAfter(gone)
}

// refoldAfter folds anew what events were taken out of.
func (o *overlay) refoldAfter(gone []*vault.Record) error {
	seen := map[vault.BeneficiaryID]bool{}
	for _, r := range gone {
		if r.Vault == "" || seen[r.Vault] {
			continue
		}
		seen[r.Vault] = true
		if _, err := o.refold(r.Vault); err != nil {
			return err
		}
	}
	return o.renameOrg()
}

// saveIdentityOnce writes the identity file if it names another writer.
func (e *Engine) saveIdentityOnce(ident identityFile) error {
	old, err := e.loadIdentity()
	if err != nil || old.Writer == ident.Writer {
		return err
	}
	return e.saveIdentity(ident)
}
