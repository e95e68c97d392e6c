package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync/atomic"

	"vaultctl/internal/objecthash"
	"vaultctl/internal/vault"
)

// rebuilder makes a new index from what this disk and the remotes hold: the journal, the log, the spool.
type rebuilder struct {
	e       *Engine
	p       *puller
	remotes []Remote
	there   map[string]bool // on a remote that could be listed
	offline atomic.Bool     // a remote could not be read
	objects map[string]vault.Object
	tombs   map[string]bool
	own     vault.WriterID
	org     *vault.Org
	keys    *keyring
	clock   vault.Clock
}

// rebuildIfNew builds the index if it holds nothing of an organization that this home belongs to. It runs in the
// committer, before anything is loaded. Cut short, it begins again the next time. Errors have CodeUnreachable where
// neither journal nor log tell how far this device had come and the remote cannot be asked.
func (e *Engine) rebuildIfNew(ctx context.Context, k *keyring) error {
	applied, err := e.Store.Get(bucketMeta, metaApplied)
	if err != nil || applied != nil || e.self().Joining {
		return err
	}
	if err := e.Store.Write([]Op{{bucketMeta, metaForm, []byte(indexForm)}}); err != nil {
		return fmt.Errorf("write index: %w", err)
	}
	e.log.Warn("the index is new: building it from journal, log and remotes")
	ident := e.self()
	b := &rebuilder{e: e, there: map[string]bool{}, objects: map[string]vault.Object{}, tombs: map[string]bool{}, own: ident.Writer,
		org: ident.newOrg(), keys: k}
	b.open(ctx)
	b.p = newPuller(e.Sealer, b.get, "journal", b.org, k, nil)
	b.p.trusting = true
	if err := b.writers(ctx); err != nil {
		return err
	}
	if err := b.welcome(ctx); err != nil {
		return err
	}
	if err := b.parcels(ctx); err != nil {
		return err
	}
	if err := b.segments(ctx); err != nil {
		return err
	}
	if err := b.notes(ctx); err != nil {
		return err
	}
	return b.finish(ctx)
}

// open opens the remotes that can be opened now.
func (b *rebuilder) open(ctx context.Context) {
	f, err := b.e.loadRemotes(b.keys)
	if err == nil {
		err = b.e.Remotes.SetConfig(f.Conf, func([]byte) error { return nil })
	}
	if err != nil {
		b.offline.Store(true)
		return
	}
	for _, r := range f.Remotes {
		remote, err := b.e.Remotes.Open(ctx, r.Spec)
		if err != nil {
			b.e.log.Warn("open remote", "remote", r.Name, "code", vault.CodeOf(err))
			b.offline.Store(true)
			continue
		}
		b.remotes = append(b.remotes, remote)
	}
}

// get reads from this disk, else from the remotes. A remote that cannot be read counts as one that has nothing: what it
// has is pulled later.
func (b *rebuilder) get(ctx context.Context, path string) (io.ReadCloser, error) {
	if b.e.Spool.Has(path) {
		if f, err := b.e.Spool.Open(path); err == nil {
			return f, nil
		}
	}
	for _, r := range b.remotes {
		rc, err := r.Get(ctx, path)
		if err == nil {
			return rc, nil
		}
		if vault.CodeOf(err) != vault.CodeNotFound {
			b.offline.Store(true)
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, vault.Errorf(vault.CodeInterrupted, "interrupted: %w", err)
	}
	return nil, vault.Errorf(vault.CodeNotFound, "the object is not at hand")
}

// writers finds out whose segments there are.
func (b *rebuilder) writers(ctx context.Context) error {
	b.p.know(b.own)
	names, err := b.e.Spool.Names("v1/w/")
	if err != nil {
		return err
	}
	for _, n := range names {
		if strings.HasSuffix(n, "/j/0/0.seg") {
			b.p.know(vault.PathWriter(n))
		}
	}
	for _, r := range b.remotes {
		err := r.List(ctx, "v1", func(o ObjectInfo) error {
			b.there[o.Path] = true
			if strings.HasSuffix(o.Path, "/j/0/0.seg") {
				b.p.know(vault.PathWriter(o.Path))
			}
			return nil
		})
		if err != nil {
			b.offline.Store(true)
		}
	}
	if raw, err := readSource(ctx, b.get, vault.OrgNotePath, 8<<10); err == nil {
		if n, err := vault.ParseOrgNote(raw); err == nil && n.Org == b.org.ID && rootText(n) == b.org.Root {
			b.p.first = n.First
			b.objects[vault.OrgNotePath] = vault.Object{Path: vault.OrgNotePath, Size: int64(len(raw)), Hash: objecthash.Of(raw)}
		}
	}
	if b.p.first == "" { // the founder's own chain begins with the certificate of its device
		b.p.first = b.own
	}
	return nil
}

// welcome opens the parcels of the welcome by which this device joined, if it did.
func (b *rebuilder) welcome(ctx context.Context) error {
	raw, err := readSource(ctx, b.get, vault.WelcomePath(b.own.Device()), vault.MaxWelcome)
	if err != nil {
		return ctx.Err()
	}
	w, _, err := b.e.openWelcome(b.keys, raw)
	if err != nil { // the storage gives what is not ours: the journal tells what this device holds
		b.e.log.Warn("read the welcome again", "code", vault.CodeOf(err))
		return nil
	}
	for _, p := range w.Parcels {
		raw, err := readSource(ctx, b.get, p.Path, maxParcel)
		if err == nil && objecthash.Of(raw) == p.Hash {
			b.p.open(p.Epoch, raw)
		} else if ctx.Err() != nil {
			return err
		}
	}
	return nil
}

// parcels opens the parcels of this device's own epochs: a device that rebuilt its organization sealed its first segment to
// an earlier key, which comes only with those that it made afterwards.
func (b *rebuilder) parcels(ctx context.Context) error {
	names, err := b.e.Spool.Names("v1/w/")
	if err != nil {
		return err
	}
	for path := range b.there {
		names = append(names, path)
	}
	slices.Sort(names)
	for _, path := range slices.Compact(names) {
		epoch := vault.ParcelEpoch(path)
		if epoch == "" || vault.PathWriter(path).Device() != b.own.Device() {
			continue
		}
		raw, err := readSource(ctx, b.get, path, 1<<20)
		if err == nil {
			b.p.open(epoch, raw)
		} else if ctx.Err() != nil {
			return err
		}
	}
	return nil
}

// segments applies every segment that is at hand, its own among them.
func (b *rebuilder) segments(ctx context.Context) error {
	for {
		segs, err := b.p.round(ctx, wholeBatch)
		if err != nil {
			return err
		}
		if len(segs) == 0 {
			return b.e.foldUnfolded(ctx, b.org, b.keys)
		}
		ov := newOverlay(b.e.Store, b.org, b.keys)
		if err := ov.recordSegments(b.e, segs); err != nil {
			return err
		}
		if err := b.e.Store.Write(ov.ops()); err != nil {
			return fmt.Errorf("write index: %w", err)
		}
		b.org, b.keys, b.p.org = ov.org, ov.keys, ov.org
		b.p.again()
		for _, seg := range segs {
			path := vault.SegmentPath(seg.writer, seg.seq)
			b.objects[path] = vault.Object{Path: path, Size: seg.info.Size, Hash: seg.info.Hash}
			for i := range seg.body.Events {
				for _, o := range declared(&seg.body.Events[i]) {
					b.objects[o.Path] = o
				}
			}
			if seg.info.At.Compare(b.clock) > 0 && (seg.writer == b.own || seg.info.At.Time().Sub(b.e.Now()) <= vault.MaxAhead) {
				b.clock = seg.info.At
			}
			if !b.e.Spool.Has(path) {
				if err := b.e.stageSegment(path, seg.raw); err != nil {
					return err
				}
			}
		}
	}
}

// notes reads the notes that are at hand; the others are asked for by the next pull.
func (b *rebuilder) notes(ctx context.Context) error {
	ov := newOverlay(b.e.Store, b.org, b.keys)
	b.p.keys = b.keys
	want, err := ov.wantedNotes()
	if err != nil {
		return err
	}
	for _, n := range want {
		lines, code, err := b.p.note(ctx, b.keys, n.body)
		if err != nil {
			return err
		}
		if code != "" && code != foundMissing {
			b.p.find(severeError, code, n.body.Object.Path)
		}
		n.lines = lines
	}
	if err := ov.keepNotes(want); err != nil {
		return err
	}
	b.org = ov.org
	return b.e.Store.Write(ov.ops())
}

// finish restores what the index knew of this device's own work: where its chain stands, what still has to be pushed or
// deleted, and how much of the log the segments hold.
func (b *rebuilder) finish(ctx context.Context) error {
	ov := newOverlay(b.e.Store, b.org, b.keys)
	built := b.p.heads[b.own]
	applied, err := b.covered(ov, built)
	if err != nil {
		return err
	}
	queue, err := b.queue(ctx, ov, built)
	if err != nil {
		return err
	}
	for i := range queue {
		ov.putJSON(bucketQueue, orderKey(uint64(i)), &queue[i])
		delete(b.objects, queue[i].Path)
	}
	for path, o := range b.objects {
		if !b.tombs[path] {
			ov.putJSON(bucketHeld, path, heldObject{o.Size, o.Hash})
		}
	}
	heard := map[vault.DeviceID]bool{}
	for w := range b.p.heads {
		heard[w.Device()] = true
	}
	for id := range b.org.Devices { // a second welcome would be another one under the same path, or of no use
		if b.there[vault.WelcomePath(id)] || heard[id] {
			ov.put(bucketMeta, metaWelcomed+string(id), []byte{1})
		}
	}
	heads := b.p.heads.Clone()
	delete(heads, b.own)
	last := b.p.last[b.own]
	ov.put(bucketMeta, metaBuilt, fmt.Appendf(nil, "%d", built))
	ov.put(bucketMeta, metaPrev, []byte(last.Header))
	ov.putJSON(bucketMeta, metaSent, last.Past)
	ov.putJSON(bucketMeta, metaClock, b.clock)
	ov.put(bucketMeta, metaOrder, fmt.Appendf(nil, "%d", len(queue)))
	ov.putJSON(bucketMeta, metaHeads, heads)
	ov.putJSON(bucketMeta, metaWriters, slices.Sorted(maps.Keys(heads)))
	if b.p.first != b.own {
		ov.put(bucketMeta, metaFirst, []byte(b.p.first))
	}
	for i := range b.p.findings {
		ov.putJSON(bucketMeta, findingKey(&b.p.findings[i]), &b.p.findings[i])
	}
	ov.put(bucketMeta, metaApplied, fmt.Appendf(nil, "%d", applied)) // in the same write: its presence says that all is here
	if err := b.e.Store.Write(ov.ops()); err != nil {
		return fmt.Errorf("write index: %w", err)
	}
	return nil
}

// covered returns the last log record that segments hold, and keeps the entries of those records: their notes may not be
// at hand.
func (b *rebuilder) covered(ov *overlay, built uint64) (uint64, error) {
	var applied uint64
	first, whole := true, false
	err := b.e.Log.Replay(0, func(seq uint64, raw []byte) error {
		var rec logRecord
		if err := json.Unmarshal(raw, &rec); err != nil {
			return vault.Errorf(vault.CodeIntegrity, "log record %d: %w", seq, err)
		}
		if first {
			first, whole = false, rec.Writer == b.own && rec.Seq <= built && (rec.Index == 0 || rec.Seq < built)
		}
		if rec.Writer == b.own && rec.Seq >= built {
			return nil
		}
		applied = seq
		for _, c := range rec.Entries {
			st, err := ov.state(c.Entry.Vault)
			if err != nil {
				return err
			}
			if ov.mayKeep(c, c.Entry.Vault) && st.Erased == nil {
				ov.put(bucketEntries, scopeOf(c.Entry.Vault)+"/"+string(c.Entry.Commitment()), c.Entry.Line())
			}
		}
		return nil
	})
	if err == nil && built == 0 && !whole && b.offline.Load() {
		err = vault.Errorf(vault.CodeUnreachable, "the index of this home is gone and so is its journal: the remote is needed to build it again")
	}
	return applied, err
}

// queue returns what has to be pushed: everything in the spool that events declare, then the own segments that a remote
// may lack. It dooms what tombstones name and the remotes still hold.
func (b *rebuilder) queue(ctx context.Context, ov *overlay, built uint64) ([]queueItem, error) {
	err := ov.scan(bucketVaults, "", func(key string, _ []byte) error {
		id := vault.BeneficiaryID(key)
		st, err := ov.state(id)
		if err != nil {
			return err
		}
		for p := range st.Tombs {
			if len(st.Waits[p]) == 0 {
				b.tombs[p] = true
			} else if built > 0 && (b.there[p] || b.offline.Load()) {
				ov.putJSON(bucketDoomed, p, doomed{Seq: built - 1, Vault: id})
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for p := range b.tombs {
		if built > 0 && (b.there[p] || b.offline.Load()) {
			ov.putJSON(bucketDoomed, p, doomed{Seq: built - 1})
		}
	}
	names, err := b.e.Spool.Names("v1/")
	if err != nil {
		return nil, err
	}
	var out []queueItem
	for _, n := range names {
		o, ok := b.objects[n]
		if ok && !strings.HasSuffix(n, ".seg") && !b.tombs[n] && !b.everywhere(ctx, n) {
			out = append(out, queueItem{Path: n, Size: o.Size, Hash: o.Hash})
		}
	}
	var segments []queueItem
	for seq := built; seq > 0; seq-- {
		path := vault.SegmentPath(b.own, seq-1)
		if b.everywhere(ctx, path) { // those before it went out before it
			break
		}
		o := b.objects[path]
		segments = append(segments, queueItem{Path: path, Size: o.Size, Hash: o.Hash, Segment: true})
	}
	slices.Reverse(segments)
	return append(out, segments...), nil
}

// everywhere reports whether every remote is known to hold an object.
func (b *rebuilder) everywhere(ctx context.Context, path string) bool {
	if b.offline.Load() || len(b.remotes) == 0 {
		return false
	}
	for _, r := range b.remotes {
		if _, err := r.Stat(ctx, path); err != nil {
			return false
		}
	}
	return true
}
