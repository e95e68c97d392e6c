package engine

import (
	"context"
	"errors"
	"io"
	"maps"
	"slices"
	"strconv"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/objecthash"
	"vaultctl/internal/vault"
)

const (
	pullBatch  = 64      // segments that are applied together
	wholeBatch = 192     // segments that are recorded together where a journal is read whole: each time costs a part of the index
	maxOrgNote = 8 << 10 // bytes
)

const (
	metaWriters = "writers" // JSON list of the other writers that are known
	metaSynced  = "synced"  // time of the last pull, RFC 3339
)

// pull brings in what other writers have pushed, from every remote, and returns how many segments that were. Every
// writer is asked. A bad segment becomes a finding and stops its writer alone. Errors are those of the last remote that
// could not be read, when none could.
func (e *Engine) pull(ctx context.Context) (int, error) {
	n, _, err := e.pullFrom(ctx, true)
	return n, err
}

// pullFrom pulls from every remote: from all writers, or from those whose turn it is. It returns what it found besides.
func (e *Engine) pullFrom(ctx context.Context, all bool) (total int, found []api.Finding, err error) {
	e.pulling.Lock()
	defer e.pulling.Unlock()
	reached := false
	var last error
	for _, m := range e.mounted() {
		n, f, err := e.pullRemote(ctx, m, all)
		total += n
		found = append(found, f...)
		if err != nil {
			last = err
			if vault.CodeOf(err) == vault.CodeUnreachable && ctx.Err() == nil {
				m.unreached(err)
			}
			e.log.Warn("pull", "remote", m.name, "code", vault.CodeOf(err))
			continue
		}
		m.answered(e.Now())
		reached = true
	}
	if !reached {
		return total, found, last
	}
	err = e.exclusive(ctx, func() error {
		return e.Store.Write([]Op{{bucketMeta, metaSynced, []byte(e.Now().UTC().Format(time.RFC3339))}})
	})
	return total, found, err
}

// pullRemote pulls from one remote. A writer that cannot be asked does not stop the others, and neither does an organization
// note that is altered, since each segment is signed; its error comes last.
func (e *Engine) pullRemote(ctx context.Context, m *mount, all bool) (int, []api.Finding, error) {
	altered := e.checkOrigin(ctx, m)
	if altered != nil && vault.CodeOf(altered) != vault.CodeIntegrity {
		return 0, nil, altered
	}
	p, err := e.newPull(m.remote.Get, m.name)
	if err != nil {
		return 0, nil, err
	}
	if p, err = e.preparePull(ctx, m, p, all); err != nil {
		return 0, nil, err
	}
	total, err := e.pullRounds(ctx, p)
	if e.self().Joining {
		if err == nil {
			err = e.recordOrgNotes(ctx, m, p)
		}
		err = errOr(err, e.foldRecorded(ctx, m, p, err == nil))
	}
	if err != nil {
		return total, nil, err
	}
	if err := e.checkTails(ctx, m, p); err != nil {
		return total, nil, err
	}
	if err := e.pullNotes(ctx, m, p, all); err != nil {
		return total, nil, err
	}
	m.polls.settle(p, e.Settings.SyncInterval(), e.Now())
	if err := e.markHeld(ctx, p); err != nil {
		return total, nil, err
	}
	if err := e.addFindings(ctx, p.findings); err != nil {
		return total, nil, err
	}
	return total, p.findings, errOr(altered, p.failure())
}

// preparePull decides whom to ask, and looks first whether this device's own chain went on elsewhere.
func (e *Engine) preparePull(ctx context.Context, m *mount, p *puller, all bool) (*puller, error) {
	now, every := e.Now(), e.Settings.SyncInterval()
	listed, err := e.hint(ctx, m, p)
	if err != nil {
		return nil, err
	}
	if all || !listed && m.polls.due(p.skip, now) {
		if err := e.checkOwn(ctx, m); err != nil {
			return nil, err
		}
		m.polls.asked(p.skip, false, every, now)
		if id, _, err := e.ownNext(ctx); err != nil || id != p.skip { // what it was is another writer now
			known := p
			if p, err = e.newPull(m.remote.Get, m.name); err != nil {
				return nil, err
			}
			p.know(slices.Collect(maps.Keys(known.heads))...)
		}
	}
	m.polls.choose(p, all, now)
	return p, nil
}

// pullRounds takes segments until there are no more for now.
func (e *Engine) pullRounds(ctx context.Context, p *puller) (int, error) {
	total, batch := 0, pullBatch
	if e.self().Joining {
		batch = wholeBatch
	}
	for {
		segs, err := p.round(ctx, batch)
		if err != nil || len(segs) == 0 {
			return total, err
		}
		if err := e.applyPulled(ctx, p, segs); err != nil {
			return total, err
		}
		p.again()
		total += len(segs)
	}
}

// newPull returns a puller that goes on where this device is.
func (e *Engine) newPull(get source, name string) (*puller, error) {
	keys, org := e.view()
	if keys == nil {
		return nil, vault.Errorf(vault.CodeLocked, "the vaults are locked")
	}
	p := newPuller(e.Sealer, get, name, org, keys, e.pastNow())
	p.trusting = keys.recovery != ""
	p.infoOf = func(w vault.WriterID, seq uint64) (segmentInfo, bool) {
		var info segmentInfo
		err := getJSON(e.Store, bucketSegments, segmentKey(w, seq), &info)
		return info, err == nil && info.Header != ""
	}
	p.skip = e.self().Writer
	built, err := e.Store.Get(bucketMeta, metaBuilt)
	if err != nil {
		return nil, err
	}
	if built != nil {
		if p.own, err = strconv.ParseUint(string(built), 10, 64); err != nil {
			return nil, vault.Errorf(vault.CodeIntegrity, "index: %s: %w", metaBuilt, err)
		}
	}
	var known []vault.WriterID
	if err := getJSON(e.Store, bucketMeta, metaWriters, &known); err != nil {
		return nil, err
	}
	p.know(known...)
	first, err := e.Store.Get(bucketMeta, metaFirst)
	if err != nil {
		return nil, err
	}
	p.first = vault.WriterID(first)
	for w, next := range p.heads {
		if next == 0 {
			continue
		}
		var info segmentInfo
		if err := getJSON(e.Store, bucketSegments, segmentKey(w, next-1), &info); err != nil {
			return nil, err
		}
		p.last[w] = info
	}
	return p, nil
}

func (e *Engine) self() identityFile {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return e.ident
}

// advance records how far each writer and the remote are now, what is no longer unreadable, and whose clock is ahead. It runs
// in the committer.
func (e *Engine) advance(ov *overlay, p *puller, segs []*pulledSegment) vault.Past {
	heads := e.pastNow().Clone()
	if heads == nil {
		heads = vault.Past{}
	}
	for _, seg := range segs {
		unreadable := findingOf("", foundUnreadable, onRemote(p.name, vault.SegmentPath(seg.writer, seg.seq)))
		ov.delete(bucketMeta, findingKey(&unreadable))
		heads[seg.writer] = seg.seq + 1
		f := findingOf(severeWarning, foundClock, string(seg.writer))
		if e.writer.clock.Adopt(seg.body.Context.At) {
			ov.delete(bucketMeta, findingKey(&f))
		} else {
			p.findings = append(p.findings, f)
		}
		op := tailOp(p.name, seg.writer, seg.seq+1)
		ov.put(op.Bucket, op.Key, op.Value)
	}
	ov.putJSON(bucketMeta, metaHeads, heads)
	ov.putJSON(bucketMeta, metaWriters, p.writers())
	return heads
}

// applyPulled records verified segments. The own open segment is closed first, so that what it holds does not claim to
// have seen them.
func (e *Engine) applyPulled(ctx context.Context, p *puller, segs []*pulledSegment) error {
	if err := e.keepSegments(segs); err != nil {
		return err
	}
	err := e.exclusive(ctx, func() error {
		keys, _ := e.view()
		if keys == nil {
			return vault.Errorf(vault.CodeLocked, "the vaults are locked")
		}
		if e.writer.broken {
			if err := e.loadState(keys); err != nil {
				return err
			}
		}
		if err := e.sealSegment(); err != nil {
			return err
		}
		keys, org := e.view()
		ov := newOverlay(e.Store, org, keys)
		take := ov.takeSegments
		if e.ident.Joining {
			take = ov.recordSegments
		}
		if err := take(e, segs); err != nil {
			return err
		}
		ov.hold(e.writer.id, segs)
		ov.hear(segs, e.Now())
		err := e.writePulled(ov, e.advance(ov, p, segs))
		p.org = ov.org // not what there is afterwards: it may be locked by then
		return err
	})
	if err != nil {
		return err
	}
	for _, seg := range segs {
		e.dropTombs(seg)
	}
	return nil
}

// keepSegments puts the exact bytes of segments into the journal, with the parcels that they brought, for a rebuild without a
// remote.
func (e *Engine) keepSegments(segs []*pulledSegment) error {
	var files []Staged
	add := func(path string, raw []byte) error {
		f, err := e.writeSegment(raw)
		if err == nil {
			files = append(files, Staged{f, path})
		}
		return err
	}
	var err error
	for _, seg := range segs {
		err = errOr(err, e.makeWay(seg))
		if path := vault.SegmentPath(seg.writer, seg.seq); err == nil && !e.Spool.Has(path) {
			err = add(path, seg.raw)
		}
		for path, raw := range seg.parcels {
			staged := slices.ContainsFunc(files, func(s Staged) bool { return s.Name == path })
			if err == nil && !staged && !e.Spool.Has(path) {
				err = add(path, raw)
			}
		}
	}
	if err != nil {
		for _, s := range files {
			_ = s.File.Discard()
		}
		return err
	}
	if len(files) == 0 {
		return nil
	}
	return e.Spool.Stage(files)
}

// makeWay takes other bytes than a segment's from its place in the journal: those of an abandoned end of this device's own
// chain, or of a crash.
func (e *Engine) makeWay(seg *pulledSegment) error {
	path := vault.SegmentPath(seg.writer, seg.seq)
	if !e.Spool.Has(path) {
		return nil
	}
	here := func(_ context.Context, path string) (io.ReadCloser, error) { return e.Spool.Open(path) }
	raw, err := readSource(context.Background(), here, path, vault.MaxSegment+8<<10)
	if err != nil || objecthash.Of(raw) == seg.info.Hash {
		return err
	}
	return e.Spool.Withdraw(path)
}

// writePulled writes an overlay that a pull made and shows it. It runs in the committer.
func (e *Engine) writePulled(ov *overlay, heads vault.Past) error {
	if err := ov.markRevoked(); err != nil {
		return err
	}
	if err := e.Store.Write(ov.ops()); err != nil {
		e.writer.broken = true
		return err
	}
	e.publish(ov)
	e.mu.Lock()
	defer e.mu.Unlock()
	if heads != nil {
		e.heads = heads
	}
	return nil
}

// writers returns those that are worth asking again: of whom segments tell, or whose device is enrolled.
func (p *puller) writers() []vault.WriterID {
	out := make([]vault.WriterID, 0, len(p.heads))
	for w := range p.heads {
		if p.named[w] || p.enrolled(w) {
			out = append(out, w)
		}
	}
	slices.Sort(out)
	return out
}

// dropTombs removes the local copies of what a segment tombstones.
func (e *Engine) dropTombs(seg *pulledSegment) {
	for i := range seg.body.Events {
		var b vault.TombstoneBody
		ev := &seg.body.Events[i]
		if ev.Type != vault.Tombstoned || ev.Decode(&b) != nil {
			continue
		}
		st, keys, org, err := e.load(ev.Vault)
		if err != nil {
			continue
		}
		gone, err := e.settledTombs(newOverlay(e.Store, org, keys), st)
		for _, path := range b.Paths {
			if err == nil && slices.Contains(gone, path) {
				if err := e.Spool.Remove(path); err != nil {
					e.log.Warn("remove local object", "code", vault.CodeOf(err))
				}
			}
		}
	}
}

// isQueued reports whether an object waits to be pushed.
func (e *Engine) isQueued(path string) bool {
	found := false
	_ = e.Store.Scan(bucketQueue, "", func(_ string, raw []byte) error {
		if queuedPath(raw) == path {
			found = true
			return io.EOF
		}
		return nil
	})
	return found
}

// checkOrigin makes sure, once until distrusted, that a remote holds this organization. A remote without any gets it with the first push.
func (e *Engine) checkOrigin(ctx context.Context, m *mount) error {
	m.mu.Lock()
	checked := m.checked
	m.mu.Unlock()
	if checked {
		return nil
	}
	switch _, err := e.readOrgNote(ctx, m.remote.Get); vault.CodeOf(err) {
	case "":
	case vault.CodeNotFound:
		return nil
	case vault.CodeForeign:
		return errors.Join(err, e.addFindings(ctx, []api.Finding{findingOf(severeError, foundForeign, onRemote(m.name, vault.OrgNotePath))}))
	case vault.CodeIntegrity:
		return errors.Join(err, e.addFindings(ctx, []api.Finding{findingOf(severeError, foundAltered, onRemote(m.name, vault.OrgNotePath))}))
	case vault.CodeUpgrade:
		return errors.Join(err, e.addFindings(ctx, []api.Finding{findingOf(severeWarning, foundUnreadable, onRemote(m.name, vault.OrgNotePath))}))
	default:
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.checked = true
	return nil
}

// readOrgNote reads the organization note of a source and compares it with this organization. Errors have CodeForeign
// for another organization.
func (e *Engine) readOrgNote(ctx context.Context, get source) (*vault.OrgNote, error) {
	raw, err := readSource(ctx, get, vault.OrgNotePath, maxOrgNote)
	if err != nil {
		return nil, err
	}
	return e.ownOrgNote(raw)
}

// ownOrgNote reads an organization note and compares it with this organization.
func (e *Engine) ownOrgNote(raw []byte) (*vault.OrgNote, error) {
	n, err := vault.ParseOrgNote(raw)
	if err != nil {
		return nil, err
	}
	self := e.self()
	if n.Org != self.Org || vault.Fingerprint(n.Root) != self.Fingerprint {
		return nil, vault.Errorf(vault.CodeForeign, "the remote holds another organization")
	}
	return n, nil
}
