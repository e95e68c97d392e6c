package engine

import (
	"context"
	"errors"
	"io"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/objecthash"
	"vaultctl/internal/vault"
)

const (
	pullBatch = 64               // segments that are applied together
	hintEvery = 10 * time.Minute // between listings that may reveal writers of which no segment tells
)

const (
	metaWriters = "writers" // JSON list of the other writers that are known
	metaSynced  = "synced"  // time of the last pull, RFC 3339
)

// pull brings in what other writers have pushed, from every remote, and returns how many segments that were. A bad
// segment becomes a finding and stops its writer alone. Errors are those of the last remote that could not be read, when
// none could.
func (e *Engine) pull(ctx context.Context) (int, error) {
	e.pulling.Lock()
	defer e.pulling.Unlock()
	total, reached := 0, false
	var last error
	for _, m := range e.mounted() {
		n, err := e.pullFrom(ctx, m)
		total += n
		if err != nil {
			last = err
			if vault.CodeOf(err) == vault.CodeUnreachable && ctx.Err() == nil {
				m.unreached(err)
			}
			e.log.Warn("pull", "remote", m.name, "code", vault.CodeOf(err))
			continue
		}
		reached = true
	}
	if !reached {
		return total, last
	}
	err := e.exclusive(ctx, func() error {
		return e.Store.Write([]Op{{bucketMeta, metaSynced, []byte(e.Now().UTC().Format(time.RFC3339))}})
	})
	return total, err
}

// pullIfDue pulls where the last pull is longer ago than the settings want.
func (e *Engine) pullIfDue(ctx context.Context) error {
	every := e.Settings.SyncInterval()
	raw, err := e.Store.Get(bucketMeta, metaSynced)
	if err != nil || every <= 0 || len(e.mounted()) == 0 {
		return err
	}
	if last, err := time.Parse(time.RFC3339, string(raw)); err == nil && e.Now().Sub(last).Abs() < every {
		return nil
	}
	_, err = e.pull(ctx)
	return err
}

// pullFrom pulls from one remote.
func (e *Engine) pullFrom(ctx context.Context, m *mount) (int, error) {
	if err := e.checkOrigin(ctx, m); err != nil {
		return 0, err
	}
	if err := e.checkOwn(ctx, m); err != nil {
		return 0, err
	}
	p, err := e.newPull(m.remote.Get, m.name)
	if err != nil {
		return 0, err
	}
	if err := e.hint(ctx, m, p); err != nil {
		return 0, err
	}
	total := 0
	for {
		segs, err := p.round(ctx, pullBatch)
		if err != nil {
			return total, err
		}
		if len(segs) == 0 {
			break
		}
		if err := e.applyPulled(ctx, p, segs); err != nil {
			return total, err
		}
		total += len(segs)
	}
	if err := e.checkHeads(ctx, m, p); err != nil {
		return total, err
	}
	if err := e.pullNotes(ctx, p); err != nil {
		return total, err
	}
	return total, e.addFindings(ctx, p.findings)
}

// newPull returns a puller that goes on where this device is.
func (e *Engine) newPull(get source, name string) (*puller, error) {
	keys, org := e.view()
	if keys == nil {
		return nil, vault.Errorf(vault.CodeLocked, "the vaults are locked")
	}
	p := newPuller(e.Sealer, get, name, org, keys, e.pastNow())
	p.skip = e.self().Writer
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

// hint lists the remote now and then for writers that no segment has told of.
func (e *Engine) hint(ctx context.Context, m *mount, p *puller) error {
	m.mu.Lock()
	due := m.hinted.IsZero() || e.Now().Sub(m.hinted) > hintEvery
	m.mu.Unlock()
	if !due {
		return nil
	}
	names, err := m.remote.Folders(ctx, "v1/w")
	if err != nil {
		return err
	}
	for _, n := range names {
		p.know(vault.WriterID(n))
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.hinted = e.Now()
	return nil
}

// forgetHint makes the next pull look for writers.
func (m *mount) forgetHint() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.hinted = time.Time{}
}

// applyPulled records verified segments. The own open segment is closed first, so that what it holds does not claim to
// have seen them.
func (e *Engine) applyPulled(ctx context.Context, p *puller, segs []*pulledSegment) error {
	for _, seg := range segs { // exact bytes, for a rebuild without a remote
		if err := e.keepSegment(seg); err != nil {
			return err
		}
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
		if err := ov.takeSegments(e, segs); err != nil {
			return err
		}
		ov.hold(e.writer.id, segs)
		heads := e.pastNow().Clone()
		if heads == nil {
			heads = vault.Past{}
		}
		for _, seg := range segs {
			heads[seg.writer] = seg.seq + 1
			if !e.writer.clock.Adopt(seg.body.Context.At) {
				p.findings = append(p.findings, findingOf(severeWarning, foundClock, string(seg.writer)))
			}
		}
		ov.putJSON(bucketMeta, metaHeads, heads)
		ov.putJSON(bucketMeta, metaWriters, p.writers())
		return e.writePulled(ov, heads)
	})
	if err != nil {
		return err
	}
	_, p.org = e.view()
	for _, seg := range segs {
		e.dropTombs(seg)
	}
	return nil
}

// keepSegment puts a segment's bytes into the journal. Bytes of an abandoned end of this device's own chain make way.
func (e *Engine) keepSegment(seg *pulledSegment) error {
	path := vault.SegmentPath(seg.writer, seg.seq)
	if e.Spool.Has(path) {
		here := func(_ context.Context, path string) (io.ReadCloser, error) { return e.Spool.Open(path) }
		raw, err := readSource(context.Background(), here, path, vault.MaxSegment+8<<10)
		if err != nil || objecthash.Of(raw) == seg.info.Hash {
			return err
		}
		if err := e.Spool.Withdraw(path); err != nil {
			return err
		}
	}
	return e.stageSegment(path, seg.raw)
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

func (p *puller) writers() []vault.WriterID {
	out := make([]vault.WriterID, 0, len(p.heads))
	for w := range p.heads {
		out = append(out, w)
	}
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
		st, _, _, err := e.load(ev.Vault)
		for _, path := range b.Paths {
			if err == nil && st.Tombs[path] {
				if err := e.Spool.Remove(path); err != nil {
					e.log.Warn("remove local object", "code", vault.CodeOf(err))
				}
			}
		}
	}
}

// pullNotes fetches the notes that this device may read and does not have. One that is bad becomes a finding, and is
// asked for again by the next pull.
func (e *Engine) pullNotes(ctx context.Context, p *puller) error {
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
		got := 0
		for _, n := range want {
			lines, code, err := p.note(ctx, n.body)
			if err != nil {
				return err
			}
			if code != "" {
				if code == foundMissing && e.isQueued(n.body.Object.Path) {
					continue
				}
				p.find(severeError, code, n.body.Object.Path)
				continue
			}
			n.lines = lines
			got++
		}
		if got == 0 {
			return nil
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
		if err != nil || got < len(want) {
			return err
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
	raw, err := readSource(ctx, get, vault.OrgNotePath, 8<<10)
	if err != nil {
		return nil, err
	}
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

// checkHeads looks whether the remote still has the last segment of each writer: one that is gone was rolled back.
func (e *Engine) checkHeads(ctx context.Context, m *mount, p *puller) error {
	for w, next := range p.heads {
		if next == 0 || p.stuck[w] {
			continue
		}
		path := vault.SegmentPath(w, next-1)
		if _, err := m.remote.Stat(ctx, path); vault.CodeOf(err) == vault.CodeNotFound && !e.isQueued(path) {
			p.find(severeError, foundRolledBack, path)
		} else if err != nil && vault.CodeOf(err) != vault.CodeNotFound {
			return err
		}
	}
	return nil
}
