package engine

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strconv"

	"vaultctl/internal/objecthash"
	"vaultctl/internal/vault"
)

// loadState reads the index, brings it up to date with the log, and publishes both. It runs in the committer, at unlock
// and after a failed write of the index.
func (e *Engine) loadState(k *keyring) error {
	w := writerState{id: e.ident.Writer, agent: e.ident.Agent}
	ov := newOverlay(e.Store, e.ident.newOrg(), k)
	if err := e.loadMeta(ov, &w); err != nil {
		return err
	}
	recs, err := ov.records("org")
	if err != nil {
		return err
	}
	ov.org = ov.org.Refold(recs, ov.lookup("org"))
	if ov.keys, err = e.openParcels(k, ov.org, func(p string) ([]byte, error) { return ov.get(bucketParcels, p) }); err != nil {
		return err
	}
	if err := e.replay(ov, &w); err != nil {
		return err
	}
	if err := ov.markRevoked(); err != nil {
		return err
	}
	if err := e.Store.Write(ov.ops()); err != nil {
		return fmt.Errorf("write index: %w", err)
	}
	if err := e.foldUnfolded(e.background, ov.org, ov.keys); err != nil {
		return err
	}
	heads := vault.Past{}
	if err := getJSON(e.Store, bucketMeta, metaHeads, &heads); err != nil {
		return err
	}
	e.writer = w
	people, err := e.loadPeople(ov.org, ov.keys)
	if err != nil {
		return err
	}
	e.mu.Lock()
	e.org, e.keys, e.people, e.heads = ov.org, ov.keys, people, heads
	ident := e.ident
	ident.Writer = w.id
	e.ident = ident
	e.mu.Unlock()
	if err := e.saveIdentityOnce(ident); err != nil {
		return err
	}
	if err := e.resumeSegment(); err != nil {
		return err
	}
	if err := e.tidySpool(); err != nil { // tried again next time; nothing depends on it
		e.log.Warn("tidy spool", "code", vault.CodeOf(err))
	}
	return nil
}

func (e *Engine) loadMeta(ov *overlay, w *writerState) error {
	for _, m := range []struct {
		key string
		dst *uint64
	}{{metaBuilt, &w.seq}, {metaOrder, &w.order}, {metaApplied, &w.walSeq}} {
		raw, err := ov.get(bucketMeta, m.key)
		if err != nil {
			return fmt.Errorf("read index: %w", err)
		}
		if raw == nil {
			continue
		}
		if *m.dst, err = strconv.ParseUint(string(raw), 10, 64); err != nil {
			return vault.Errorf(vault.CodeIntegrity, "index: %s: %w", m.key, err)
		}
	}
	prev, err := ov.get(bucketMeta, metaPrev)
	if err != nil {
		return err
	}
	w.prev = vault.Hash(prev)
	var last vault.Clock
	if err := getJSON(e.Store, bucketMeta, metaClock, &last); err != nil {
		return err
	}
	w.clock = vault.NewClockSource(e.Now, last)
	if raw, err := ov.get(bucketMeta, metaWriter); err != nil {
		return err
	} else if raw != nil {
		w.id = vault.WriterID(raw)
	}
	return getJSON(e.Store, bucketMeta, metaSent, &w.sent)
}

// replay applies what the log holds beyond the index, and collects what no segment holds yet.
func (e *Engine) replay(ov *overlay, w *writerState) error {
	applied := w.walSeq
	return e.Log.Replay(0, func(seq uint64, raw []byte) error {
		var rec logRecord
		if err := json.Unmarshal(raw, &rec); err != nil {
			return vault.Errorf(vault.CodeIntegrity, "log record %d: %w", seq, err)
		}
		w.doomed = append(w.doomed, rec.Doomed...)
		for i := range rec.Events {
			w.clock.Adopt(rec.Events[i].At)
		}
		if seq > applied {
			if err := e.reapply(ov, w, &rec); err != nil {
				return err
			}
			w.walSeq = seq
			ov.put(bucketMeta, metaApplied, fmt.Appendf(nil, "%d", seq))
			ov.put(bucketMeta, metaOrder, fmt.Appendf(nil, "%d", w.order))
		}
		if rec.Writer == w.id && rec.Seq >= w.seq {
			w.pending = append(w.pending, rec)
			w.index = rec.Index + len(rec.Events)
			w.bytes += len(raw)
		}
		return nil
	})
}

// reapply does to the index what the change did when it was acknowledged.
func (e *Engine) reapply(ov *overlay, w *writerState, rec *logRecord) error {
	if rec.Reissue != nil {
		if err := ov.takeReissue(w, rec); err != nil {
			return err
		}
	}
	for _, p := range rec.Parcels {
		ov.put(bucketParcels, p.Path, p.Bytes)
	}
	for _, c := range rec.Entries {
		if ov.mayKeep(c, c.Entry.Vault) {
			ov.put(bucketEntries, scopeOf(c.Entry.Vault)+"/"+string(c.Entry.Commitment()), c.Entry.Line())
		}
		ov.indexEntry(&c.Entry)
	}
	for i, ev := range rec.Events {
		r := &vault.Record{Event: ev, Pos: vault.Pos{Writer: rec.Writer, Seq: rec.Seq, Index: rec.Index + i}, Past: rec.Past}
		if _, err := ov.apply(r); err != nil {
			return err
		}
		if ev.Type == vault.EpochOpened || ev.Type == vault.EpochExtended {
			keys, err := e.openParcels(ov.keys, ov.org, func(p string) ([]byte, error) { return ov.get(bucketParcels, p) })
			if err != nil {
				return err
			}
			ov.keys = keys
		}
		if ev.Type == vault.Tombstoned {
			var b vault.TombstoneBody
			if err := ev.Decode(&b); err != nil {
				return err
			}
			if err := ov.unqueue(b.Paths); err != nil {
				return err
			}
		}
		if ev.Type == vault.VaultErased {
			if err := ov.purge(ev.Vault, ev.ID); err != nil {
				return err
			}
		}
	}
	ov.enqueue(w, rec)
	return nil
}

// resumeSegment finishes a segment whose bytes were made durable before a crash: those bytes may be on a remote
// already, so they are taken as they are and never built a second time.
func (e *Engine) resumeSegment() error {
	w := &e.writer
	path := vault.SegmentPath(w.id, w.seq)
	if len(w.pending) == 0 || !e.Spool.Has(path) {
		return nil
	}
	f, err := e.Spool.Open(path)
	if err != nil {
		return fmt.Errorf("open segment: %w", err)
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, vault.MaxSegment+8<<10))
	if err != nil {
		return fmt.Errorf("read segment: %w", err)
	}
	keys, org := e.view()
	h, body, err := e.openSegment(keys, raw)
	if e.ident.Joining && vault.CodeOf(err) == vault.CodeNoIdentity {
		return e.sealSegmentAgain(path)
	}
	if err != nil {
		return err
	}
	kept := *w
	count := 0
	for i, rec := range w.pending {
		if rec.Index >= len(body.Events) || body.Events[rec.Index].ID != rec.Events[0].ID {
			break
		}
		count = i + 1
	}
	if count != len(w.pending) {
		return vault.Errorf(vault.CodeIntegrity, "segment %d does not hold what the log holds", w.seq)
	}
	e.writer = kept
	info := segmentInfo{Header: h.Hash(), Prev: h.Prev, Size: int64(len(raw)), Hash: objecthash.Of(raw), At: body.Context.At}
	return e.segmentBuilt(newOverlay(e.Store, org, keys), body, info, len(raw))
}

// sealSegmentAgain builds the first segment of a home that rebuilds an organization anew. It is sealed to a key that only
// recovery opens here. It was not queued yet, so that no remote has seen its bytes.
func (e *Engine) sealSegmentAgain(path string) error {
	if err := e.Spool.Withdraw(path); err != nil {
		return fmt.Errorf("withdraw segment: %w", err)
	}
	return e.sealSegment()
}

// openSegment verifies and decrypts the exact bytes of a segment.
func (e *Engine) openSegment(keys *keyring, raw []byte) (*vault.Header, *vault.Body, error) {
	br := bufio.NewReader(bytes.NewReader(raw))
	h, err := vault.ParseHeader(br)
	if err != nil {
		return nil, nil, err
	}
	sealed, err := io.ReadAll(br)
	if err != nil {
		return nil, nil, fmt.Errorf("read segment: %w", err)
	}
	if int64(len(sealed)) != h.Size || vault.HashOf(sealed) != h.Body {
		return nil, nil, vault.Errorf(vault.CodeIntegrity, "segment: altered or cut short")
	}
	identity, ok := keys.epochs[h.Epoch]
	if !ok {
		return h, nil, vault.Errorf(vault.CodeNoIdentity, "segment: sealed to an epoch that this device does not hold")
	}
	r, err := e.Sealer.Open(bytes.NewReader(sealed), []string{identity})
	if err != nil {
		return h, nil, fmt.Errorf("open segment: %w", err)
	}
	body, err := vault.ParseBody(h, r)
	return h, body, err
}

// flush closes the open segment and wakes the pusher.
func (e *Engine) flush(ctx context.Context) error {
	err := e.exclusive(ctx, e.sealSegment)
	e.kick()
	return err
}

func getJSON(s Store, bucket, key string, out any) error {
	raw, err := s.Get(bucket, key)
	if err != nil {
		return fmt.Errorf("read %s: %w", bucket, err)
	}
	if raw == nil {
		return nil
	}
	if err := json.Unmarshal(raw, out); err != nil {
		return vault.Errorf(vault.CodeIntegrity, "read %s: %w", bucket, err)
	}
	return nil
}
