package engine

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync"

	"vaultctl/internal/objecthash"
	"vaultctl/internal/vault"
)

// segmentInfo is what stays at hand of a segment: enough to continue and to verify the chain.
type segmentInfo struct {
	Header vault.Hash       `json:"header"`
	Prev   vault.Hash       `json:"prev,omitempty"`
	Size   int64            `json:"size"`
	Hash   vault.ObjectHash `json:"blake3"` // of the whole segment
	At     vault.Clock      `json:"at"`
	Past   vault.Past       `json:"past,omitempty"`
}

// notePlan is one note object to be written.
type notePlan struct {
	vault   vault.BeneficiaryID // "" for notes of the organization
	readers []vault.Reader
	entries []*vault.Entry
	object  vault.Object
	file    Staged
}

// sealSegment closes the open segment: it seals the note entries, one object per reader set, then the events, makes
// both durable, and queues them. It runs in the committer. With nothing pending it does nothing.
func (e *Engine) sealSegment() error {
	keys, org := e.view()
	w := e.writer
	if keys == nil || len(w.pending) == 0 {
		return nil
	}
	ov := newOverlay(e.Store, org, keys)
	plans, err := e.planNotes(ov, w.pending)
	if err != nil {
		return err
	}
	if err := e.writeNotes(ov, w.id, plans); err != nil {
		return err
	}
	body := vault.Body{Context: vault.Context{Org: org.ID, Writer: w.id, Seq: w.seq, Prev: w.prev, Heads: newHeads(w.pending, w.sent)}}
	for i := range w.pending {
		body.Events = append(body.Events, w.pending[i].Events...)
	}
	for _, p := range plans {
		nb := vault.NoteBody{Object: p.object}
		for _, n := range p.entries {
			nb.Entries = append(nb.Entries, n.Commitment())
		}
		body.Events = append(body.Events, vault.NewEvent(vault.NoteSealed, p.vault, w.agent, w.clock.Next(), nb))
	}
	body.Context.At = w.clock.Next()
	raw, info, err := e.sealBody(keys, org, &body)
	if err != nil {
		return err
	}
	staged := make([]Staged, 0, len(plans)+1)
	for _, p := range plans {
		staged = append(staged, p.file)
	}
	// Notes first: a segment that survives a crash never refers to a note that did not.
	if err := e.Spool.Stage(staged); err != nil {
		return fmt.Errorf("stage notes: %w", err)
	}
	e.step(StepNotes)
	if err := e.stageSegment(vault.SegmentPath(w.id, w.seq), raw); err != nil {
		return fmt.Errorf("stage segment: %w", err)
	}
	e.step(StepSegment)
	return e.segmentBuilt(ov, &body, info, len(raw))
}

// newHeads returns the heads that changed since the last segment told them.
func newHeads(pending []logRecord, sent vault.Past) map[vault.WriterID]uint64 {
	var out map[vault.WriterID]uint64
	for w, n := range pending[0].Past {
		if sent[w] != n {
			if out == nil {
				out = map[vault.WriterID]uint64{}
			}
			out[w] = n
		}
	}
	return out
}

// sealBody returns the exact bytes of a segment.
func (e *Engine) sealBody(keys *keyring, org *vault.Org, body *vault.Body) ([]byte, segmentInfo, error) {
	epoch := org.Current(vault.EpochOrg, "")
	if epoch == nil {
		return nil, segmentInfo{}, vault.Errorf(vault.CodeIntegrity, "the organization has no epoch")
	}
	var sealed bytes.Buffer
	wc, err := e.Sealer.Seal(&sealed, []string{epoch.Recipient})
	if err != nil {
		return nil, segmentInfo{}, fmt.Errorf("seal segment: %w", err)
	}
	if _, err := wc.Write(body.Marshal()); err != nil {
		return nil, segmentInfo{}, fmt.Errorf("seal segment: %w", err)
	}
	if err := wc.Close(); err != nil {
		return nil, segmentInfo{}, fmt.Errorf("seal segment: %w", err)
	}
	c := body.Context
	head := vault.SignHeader(vault.Header{Org: c.Org, Writer: c.Writer, Seq: c.Seq, Prev: c.Prev, Epoch: epoch.Epoch,
		Body: vault.HashOf(sealed.Bytes()), Size: int64(sealed.Len())}, keys.sign)
	raw := slices.Concat(head, sealed.Bytes())
	return raw, segmentInfo{Header: vault.HashOf(head), Prev: c.Prev, Size: int64(len(raw)), Hash: objecthash.Of(raw), At: c.At}, nil
}

// segmentBuilt applies what sealing added and queues it: notes first, the segment last.
func (e *Engine) segmentBuilt(ov *overlay, body *vault.Body, info segmentInfo, size int) error {
	w := e.writer
	for i, ev := range body.Events {
		if i < w.index { // applied when it was acknowledged
			continue
		}
		r := &vault.Record{Event: ev, Pos: vault.Pos{Writer: w.id, Seq: w.seq, Index: i}, Past: w.pending[0].Past}
		if reason, err := ov.apply(r); err != nil {
			return err
		} else if reason != "" {
			e.log.Error("own note refused", "reason", reason)
		}
		var nb vault.NoteBody
		if err := ev.Decode(&nb); err != nil {
			return err
		}
		ov.putJSON(bucketQueue, orderKey(w.order), queueItem{Path: nb.Object.Path, Size: nb.Object.Size, Hash: nb.Object.Hash})
		w.order++
	}
	path := vault.SegmentPath(w.id, w.seq)
	ov.putJSON(bucketQueue, orderKey(w.order), queueItem{Path: path, Size: int64(size), Hash: info.Hash, Segment: true})
	w.order++
	info.Past = w.pending[0].Past
	ov.putJSON(bucketSegments, segmentKey(w.id, w.seq), info)
	last := w.walSeq
	w.sent = w.pending[0].Past
	w.seq, w.index, w.prev, w.pending, w.bytes = w.seq+1, 0, info.Header, nil, 0
	ov.put(bucketMeta, metaBuilt, fmt.Appendf(nil, "%d", w.seq))
	ov.put(bucketMeta, metaPrev, []byte(w.prev))
	ov.put(bucketMeta, metaOrder, fmt.Appendf(nil, "%d", w.order))
	ov.putJSON(bucketMeta, metaClock, body.Context.At)
	ov.putJSON(bucketMeta, metaSent, w.sent)
	if err := e.Store.Write(ov.ops()); err != nil {
		e.writer.broken = true
		return fmt.Errorf("write index: %w", err)
	}
	e.writer = w
	e.publish(ov)
	e.step(StepClosed)
	if err := e.Log.Trim(last); err != nil {
		return fmt.Errorf("trim log: %w", err)
	}
	e.kick()
	return nil
}

// planNotes groups the pending entries by reader set. Entries of an erased vault are left out: nobody gets them.
func (e *Engine) planNotes(ov *overlay, pending []logRecord) ([]*notePlan, error) {
	plans := map[string]*notePlan{}
	var order []string
	for i := range pending {
		for j := range pending[i].Entries {
			c := &pending[i].Entries[j]
			readers, scope, err := ov.classReaders(c)
			if err != nil {
				return nil, err
			}
			if len(readers) == 0 {
				continue
			}
			key := scopeOf(scope) + "/" + string(c.Class)
			p := plans[key]
			if p == nil {
				p = &notePlan{vault: scope, readers: readers}
				plans[key] = p
				order = append(order, key)
			}
			p.entries = append(p.entries, &c.Entry)
		}
	}
	out := make([]*notePlan, len(order))
	for i, k := range order {
		out[i] = plans[k]
	}
	return out, nil
}

// classReaders returns who an entry is sealed to now, and the vault whose note it goes into ("" for organization notes).
func (o *overlay) classReaders(c *classed) ([]vault.Reader, vault.BeneficiaryID, error) {
	if c.Entry.Vault != "" {
		st, err := o.state(c.Entry.Vault)
		if err != nil {
			return nil, "", err
		}
		// Of an erased vault only the blind references stay, so that they answer "erased" everywhere.
		if st.Erased != nil && c.Entry.Kind != vault.EntryRefs {
			return nil, "", nil
		}
		switch c.Class {
		case classShared:
			return st.Readers(o.org, vault.Shared), c.Entry.Vault, nil
		case classPrivate:
			return st.Readers(o.org, vault.Private), c.Entry.Vault, nil
		}
	}
	kind := map[class]vault.EpochKind{classOrg: vault.EpochOrg, classStaff: vault.EpochStaff, classIntake: vault.EpochIntake}[c.Class]
	ep := o.org.Current(kind, "")
	if ep == nil {
		return nil, "", vault.Errorf(vault.CodeIntegrity, "the organization has no %s epoch", kind)
	}
	return []vault.Reader{vault.EpochReader(ep.Epoch)}, "", nil
}

// writeNotes seals the planned notes, on every core.
func (e *Engine) writeNotes(ov *overlay, writer vault.WriterID, plans []*notePlan) error {
	rcps := make([][]string, len(plans))
	for i, p := range plans {
		var st *vault.State
		if p.vault != "" {
			var err error
			if st, err = ov.state(p.vault); err != nil {
				return err
			}
		}
		var err error
		if rcps[i], err = recipients(ov.org, st, p.readers); err != nil {
			return err
		}
	}
	return parallel(len(plans), func(i int) error {
		p := plans[i]
		var text bytes.Buffer
		for _, n := range p.entries {
			text.Write(n.Line())
			text.WriteByte('\n')
		}
		path := vault.NotePath(writer, vault.NewObjectName())
		f, err := e.sealFile(&text, rcps[i])
		if err != nil {
			return err
		}
		p.file = Staged{f, path}
		p.object = vault.Object{Path: path, Size: f.Size(), Hash: f.Sum(), Readers: p.readers}
		return nil
	})
}

// sealFile seals src to the recipients into a new spool file, which the caller stages or discards.
func (e *Engine) sealFile(src io.Reader, rcps []string) (SpoolFile, error) {
	f, err := e.Spool.Create()
	if err != nil {
		return nil, err
	}
	wc, err := e.Sealer.Seal(f, rcps)
	if err == nil {
		_, err = io.Copy(wc, src)
	}
	if err == nil {
		err = wc.Close()
	}
	if err != nil {
		_ = f.Discard()
		return nil, err
	}
	return f, nil
}

// stageBytes makes bytes durable in the spool as they are.
func (e *Engine) stageBytes(path string, raw []byte) error {
	return e.stageInto(e.Spool.Create, path, raw)
}

// stageSegment makes the bytes of a segment durable, for good.
func (e *Engine) stageSegment(path string, raw []byte) error {
	return e.stageInto(e.Spool.CreateSegment, path, raw)
}

func (e *Engine) stageInto(create func() (SpoolFile, error), path string, raw []byte) error {
	f, err := written(create, raw)
	if err != nil {
		return err
	}
	return e.Spool.Stage([]Staged{{f, path}})
}

// writeSegment returns a file for the journal that is written and has no name yet.
func (e *Engine) writeSegment(raw []byte) (SpoolFile, error) {
	return written(e.Spool.CreateSegment, raw)
}

func written(create func() (SpoolFile, error), raw []byte) (SpoolFile, error) {
	f, err := create()
	if err != nil {
		return nil, err
	}
	if _, err := f.Write(raw); err != nil {
		_ = f.Discard()
		return nil, err
	}
	return f, nil
}

func segmentKey(w vault.WriterID, seq uint64) string { return fmt.Sprintf("%s/%012x", w, seq) }

// parallel calls f for 0…n-1 on every core and returns the first error.
func parallel(n int, f func(i int) error) error {
	var wg sync.WaitGroup
	var mu sync.Mutex
	var first error
	next := make(chan int)
	for range min(n, runtime.GOMAXPROCS(0)) {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range next {
				if err := f(i); err != nil {
					mu.Lock()
					if first == nil {
						first = err
					}
					mu.Unlock()
				}
			}
		}()
	}
	for i := range n {
		next <- i
	}
	close(next)
	wg.Wait()
	return first
}

// parseNote reads the lines of a decrypted note object. Errors have CodeIntegrity.
func parseNote(r io.Reader) (map[vault.Hash][]byte, error) {
	raw, err := io.ReadAll(io.LimitReader(r, vault.MaxSegment+1))
	if err != nil {
		return nil, err
	}
	if len(raw) > vault.MaxSegment {
		return nil, vault.Errorf(vault.CodeIntegrity, "note: too large")
	}
	out := map[vault.Hash][]byte{}
	for line := range strings.SplitSeq(string(raw), "\n") {
		if line == "" {
			continue
		}
		var n vault.Entry
		if err := json.Unmarshal([]byte(line), &n); err != nil {
			return nil, vault.Errorf(vault.CodeIntegrity, "note: %w", err)
		}
		out[vault.HashOf([]byte(line))] = []byte(line)
	}
	return out, nil
}
