package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"

	"vaultctl/internal/vault"
)

// class says who reads a note entry.
type class string

const (
	classShared  class = "shared"  // the vault's shared readers
	classPrivate class = "private" // the person alone
	classOrg     class = "org"
	classStaff   class = "staff"
	classIntake  class = "intake"
)

// classed is a note entry with its readers.
type classed struct {
	Class class       `json:"class"`
	Entry vault.Entry `json:"entry"`
}

// logRecord is one acknowledged change as the write-ahead log keeps it: everything that is needed to apply it to an
// empty index and to build its part of a segment.
type logRecord struct {
	Writer  vault.WriterID `json:"writer"`
	Seq     uint64         `json:"seq"`   // the segment that it goes into
	Index   int            `json:"index"` // of the first event
	Past    vault.Past     `json:"past,omitempty"`
	Events  []vault.Event  `json:"events"`
	Entries []classed      `json:"entries,omitempty"`
	Objects []vault.Object `json:"objects,omitempty"` // in the spool, to be pushed
	Parcels []parcel       `json:"parcels,omitempty"`
	Doomed  []string       `json:"doomed,omitempty"` // objects to be deleted from the remotes
	Reissue *reissue       `json:"reissue,omitempty"`
}

type parcel struct {
	Path  string `json:"path"`
	Bytes []byte `json:"bytes"`
}

// change is one unit of work for the committer: either build, which makes events, or run, which has the committer's
// state to itself.
type change struct {
	build func(*tx) error
	run   func() error
	done  chan error
}

// writerState is what the committer knows of this device's chain.
type writerState struct {
	id      vault.WriterID
	agent   vault.AgentID
	clock   *vault.ClockSource
	seq     uint64      // of the open segment
	index   int         // of the next event in it
	prev    vault.Hash  // of the last header
	sent    vault.Past  // heads that the last segment told
	pending []logRecord // acknowledged, not yet in a segment
	bytes   int         // of pending events, roughly
	walSeq  uint64      // of the last record in pending
	order   uint64      // of the next queue item
	doomed  []string    // named by the log when it was replayed: their files may still be here
	broken  bool        // the log is ahead of the index: replay before anything else
}

// tx collects one change. It is used by build functions in the committer, and only there: what it reads is what the
// change will be applied to.
type tx struct {
	e   *Engine
	ov  *overlay
	rec logRecord
	// newer is why nothing but what is harmless is written, if a newer version was at work.
	newer error
}

// commit runs build in the committer and returns when the change is durable. An error of build discards the change.
// Build must not do I/O; the context cancels the wait for a turn, not a change that has begun.
func (e *Engine) commit(ctx context.Context, build func(*tx) error) error {
	return e.submit(ctx, &change{build: build, done: make(chan error, 1)})
}

// exclusive runs f alone in the committer.
func (e *Engine) exclusive(ctx context.Context, f func() error) error {
	return e.submit(ctx, &change{run: f, done: make(chan error, 1)})
}

func (e *Engine) submit(ctx context.Context, c *change) error {
	select {
	case e.commits <- c:
	case <-ctx.Done():
		return vault.Errorf(vault.CodeInterrupted, "interrupted: %w", ctx.Err())
	case <-e.done:
		return errStopping()
	}
	select {
	case err := <-c.done:
		return err
	case <-e.done: // the committer may have ended with the change still in the channel, or just after answering it
		select {
		case err := <-c.done:
			return err
		default:
			return errStopping()
		}
	}
}

func errStopping() error { return vault.Errorf(vault.CodeNoDaemon, "vaultd is stopping") }

const maxBatch = 256

// commitLoop is the committer. It takes what has come in together, so that one fsync serves many.
func (e *Engine) commitLoop(ctx context.Context) {
	defer close(e.done)
	for {
		select {
		case <-ctx.Done():
			e.refuseRest()
			return
		case c := <-e.commits:
			batch := []*change{c}
			for len(batch) < maxBatch && batch[len(batch)-1].run == nil {
				select {
				case c := <-e.commits:
					batch = append(batch, c)
					continue
				default:
				}
				break
			}
			e.runBatch(batch)
		}
	}
}

func (e *Engine) refuseRest() {
	for {
		select {
		case c := <-e.commits:
			c.done <- vault.Errorf(vault.CodeNoDaemon, "vaultd is stopping")
		default:
			return
		}
	}
}

func (e *Engine) runBatch(batch []*change) {
	var last *change
	if c := batch[len(batch)-1]; c.run != nil {
		last, batch = c, batch[:len(batch)-1]
	}
	e.runBuilds(batch)
	if last != nil {
		last.done <- last.run()
	}
}

func (e *Engine) runBuilds(batch []*change) {
	if len(batch) == 0 {
		return
	}
	answer := func(cs []*change, err error) {
		for _, c := range cs {
			c.done <- err
		}
	}
	keys, org, err := e.buildOn()
	if err != nil {
		answer(batch, err)
		return
	}
	newer := e.refuseNewer(org)
	all := newOverlay(e.Store, org, keys)
	w := e.writer
	var recs []logRecord
	var accepted []*change
	for _, c := range batch {
		t := &tx{e: e, ov: all.child(), newer: newer, rec: logRecord{Writer: w.id, Seq: w.seq, Index: w.index, Past: e.pastNow()}}
		if err := c.build(t); err != nil {
			c.done <- err
			continue
		}
		if len(t.rec.Events) > 0 || len(t.rec.Objects) > 0 || len(t.rec.Doomed) > 0 {
			t.ov.enqueue(&w, &t.rec)
			recs = append(recs, t.rec)
			w.index += len(t.rec.Events)
		}
		t.ov.merge()
		accepted = append(accepted, c)
	}
	if len(recs) == 0 {
		answer(accepted, nil)
		return
	}
	if err := e.persist(all, &w, recs); err != nil {
		answer(accepted, err)
		return
	}
	answer(accepted, nil)
	e.step(StepAnswered)
	if w.bytes > vault.MaxEvents*9/10 {
		if err := e.sealSegment(); err != nil {
			e.log.Error("close segment", "code", vault.CodeOf(err))
		}
	}
	e.kick()
}

// buildOn returns what a change is applied to, or why this device writes nothing now. It replays the log where that is ahead.
func (e *Engine) buildOn() (*keyring, *vault.Org, error) {
	keys, org := e.view()
	if keys == nil {
		return nil, nil, vault.Errorf(vault.CodeLocked, "the vaults are locked")
	}
	if e.writer.broken {
		if err := e.loadState(keys); err != nil {
			return nil, nil, err
		}
		_, org = e.view()
	}
	return keys, org, e.refuseRevoked()
}

// persist makes records durable: log first, then index. When the index fails the log is ahead, and is replayed later.
func (e *Engine) persist(ov *overlay, w *writerState, recs []logRecord) error {
	lines := make([][]byte, len(recs))
	for i := range recs {
		raw, err := json.Marshal(&recs[i])
		if err != nil {
			return fmt.Errorf("marshal change: %w", err)
		}
		lines[i] = raw
		w.bytes += len(raw)
	}
	_, last, err := e.Log.Append(lines)
	if err != nil {
		return fmt.Errorf("write log: %w", err)
	}
	e.step(StepLogged)
	w.walSeq = last
	w.pending = append(w.pending, recs...)
	ov.put(bucketMeta, metaApplied, fmt.Appendf(nil, "%d", last))
	ov.put(bucketMeta, metaOrder, fmt.Appendf(nil, "%d", w.order))
	if err := e.Store.Write(ov.ops()); err != nil {
		e.writer.broken = true
		return &loggedError{fmt.Errorf("write index: %w", err)}
	}
	e.writer = *w
	e.publish(ov)
	e.step(StepIndexed)
	return nil
}

// loggedError is a failure after the change was written to the log: it will be applied all the same.
type loggedError struct{ err error }

func (l *loggedError) Error() string { return l.err.Error() }
func (l *loggedError) Unwrap() error { return l.err }

// publish shows the new organization and summaries to readers. The overlay is written, and not used any more.
func (e *Engine) publish(ov *overlay) {
	var all map[vault.BeneficiaryID]*summary
	if ov.resummarize {
		var err error
		if all, err = e.summarizeFor(ov); err != nil { // those that changed are shown all the same
			e.log.Error("summarize vaults", "code", vault.CodeOf(err))
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.keys == nil {
		return
	}
	e.org, e.keys = ov.org, ov.keys
	if all != nil {
		e.people = all
	}
	for id := range ov.touched {
		if st, err := ov.state(id); err == nil {
			if s := ov.summaries[id]; s != nil {
				e.people[id] = s
			}
			ov.cache().put(id, ov.writes[bucketVaults][string(id)], st)
		}
	}
}

// summarizeFor makes the summaries of all vaults for an overlay that is written, and keeps them.
func (e *Engine) summarizeFor(ov *overlay) (all map[vault.BeneficiaryID]*summary, err error) {
	if all = ov.people; all == nil {
		if all, err = e.summarizeAll(ov.org, ov.keys); err != nil {
			return nil, err
		}
	}
	maps.Copy(all, ov.summaries)
	return all, e.keepPeople(all, peopleMark(ov.org, ov.keys))
}

// pastNow returns what this device has seen of others.
func (e *Engine) pastNow() vault.Past {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return e.heads
}

// unsealed counts the acknowledged changes that no segment holds yet.
func (e *Engine) unsealed() int {
	n := 0
	_ = e.exclusive(context.Background(), func() error { n = len(e.writer.pending); return nil })
	return n
}

// state returns the vault as the change finds it, and follows what the change emits. The caller must not modify it.
func (t *tx) state(id vault.BeneficiaryID) (*vault.State, error) { return t.ov.own(id) }

// org returns the organization as the change finds it.
func (t *tx) org() *vault.Org { return t.ov.org }

// emit adds an event with its note entries and applies it, so that later reads of the same change see it. An event
// that authority does not allow is refused here, in the same way as every other device would refuse it.
func (t *tx) emit(typ vault.EventType, v vault.BeneficiaryID, body any, entries ...func(*vault.Event) classed) error {
	return t.emitCosigned(typ, v, body, nil, entries...)
}

// emitCosigned is emit with a cosigner that is handed the finished event.
func (t *tx) emitCosigned(typ vault.EventType, v vault.BeneficiaryID, body any, cosign func(*vault.Event), entries ...func(*vault.Event) classed) error {
	if err := t.refuseNewer(typ, v); err != nil {
		return err
	}
	w := &t.e.writer
	ev := vault.NewEvent(typ, v, w.agent, w.clock.Next(), body)
	scope := scopeOf(v)
	for _, f := range entries {
		c := f(&ev)
		h := c.Entry.Commitment()
		ev.Notes = append(ev.Notes, h)
		t.rec.Entries = append(t.rec.Entries, c)
		if t.ov.mayKeep(c, v) {
			t.ov.put(bucketEntries, scope+"/"+string(h), c.Entry.Line())
		}
		t.ov.indexEntry(&c.Entry)
	}
	if cosign != nil {
		cosign(&ev)
	}
	r := &vault.Record{Event: ev, Pos: vault.Pos{Writer: t.rec.Writer, Seq: t.rec.Seq, Index: t.rec.Index + len(t.rec.Events)}, Past: t.rec.Past}
	t.rec.Events = append(t.rec.Events, ev)
	if reason, err := t.ov.apply(r); err != nil {
		return err
	} else if reason != "" {
		return vault.Errorf(vault.CodeNoConsent, "not allowed: %s", reason)
	}
	return nil
}

// refuseNewer returns CodeUpgrade for an event that must not be written after what a newer version wrote.
func (t *tx) refuseNewer(typ vault.EventType, v vault.BeneficiaryID) error {
	if harmless(typ) {
		return nil
	}
	if t.newer != nil || v == "" {
		return t.newer
	}
	st, err := t.ov.state(v)
	if err == nil && st.ReadOnly {
		err = vault.Errorf(vault.CodeUpgrade, "the vault was changed by a newer version: upgrade")
	}
	return err
}

// enqueue hands objects in the spool over to be pushed with this change.
func (t *tx) enqueue(objects ...vault.Object) { t.rec.Objects = append(t.rec.Objects, objects...) }

// doom marks objects for deletion from every remote once this change is there.
func (t *tx) doom(paths ...string) { t.rec.Doomed = append(t.rec.Doomed, paths...) }

// parcel keeps the bytes of an epoch's parcel at hand and queues it.
func (t *tx) parcel(o vault.Object, raw []byte) {
	t.rec.Parcels = append(t.rec.Parcels, parcel{o.Path, raw})
	t.ov.put(bucketParcels, o.Path, raw)
	t.enqueue(o)
}

func scopeOf(v vault.BeneficiaryID) string {
	if v == "" {
		return "org"
	}
	return string(v)
}

// entry returns a constructor for emit.
func entry(c class, kind vault.EntryKind, data any) func(*vault.Event) classed {
	return func(ev *vault.Event) classed { return classed{c, vault.NewEntry(kind, ev, data)} }
}

// eventKey orders the events of a scope by writer, segment and place.
func eventKey(scope string, p vault.Pos) string {
	return fmt.Sprintf("%s/%s/%012x/%06x", scope, p.Writer, p.Seq, p.Index)
}

func orderKey(n uint64) string { return fmt.Sprintf("%016x", n) }

const (
	metaApplied = "applied" // last log record that the index holds
	metaBuilt   = "built"   // next own segment to be built
	metaPrev    = "prev"    // hash of the last own header
	metaOrder   = "order"   // next queue item
	metaClock   = "clock"
	metaHeads   = "heads"
	metaSent    = "sent"
	metaHome    = "home/"    // + commitment → path of the organization note that holds the entry
	metaScrub   = "scrub/"   // + path of an organization note that holds entries of erased vaults → which
	metaErasing = "erasing/" // + vault whose traces on this machine are still to be removed
)
