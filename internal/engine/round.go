package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"vaultctl/internal/vault"
)

const (
	fetchWorkers = 16       // segments that are fetched at the same time
	fetchAhead   = 16       // segments of one writer that are fetched before the first of them was looked at
	maxNamed     = 10_000   // writers in one segment: more than that are no organization's
	fetchBytes   = 32 << 20 // of segments that wait to be looked at, about
	roundBytes   = 64 << 20 // of segments that are taken together, about
)

// asking is where a pull stands with one writer.
type asking struct {
	raw    map[uint64]*fetched // not yet taken
	ahead  int                 // segments to fetch at once: more as long as there are more
	ended  bool                // the source has no further one, as of now
	failed error               // the last answer was no answer
	news   bool                // segments were taken
	seg    *pulledSegment      // the next one, whole and signed, that waits for what it says to have seen
	later  bool                // the next one is of a device or an epoch that is not known yet
}

// of returns where the pull stands with a writer.
func (p *puller) of(w vault.WriterID) *asking {
	a := p.asking[w]
	if a == nil {
		a = &asking{raw: map[uint64]*fetched{}, ahead: 1}
		p.asking[w] = a
	}
	return a
}

// round returns about limit further segments, each writer's in order, and each after those that it says to have seen.
// None and no error means that there is nothing more for now. Writers are asked side by side, and each only until it has
// nothing more. Errors are those of the source where it answered for nobody.
func (p *puller) round(ctx context.Context, limit int) ([]*pulledSegment, error) {
	var out []*pulledSegment
	for !full(out, limit) {
		asked, err := p.fetch(ctx)
		if err != nil {
			return nil, err
		}
		before := len(out)
		if out = p.takeAll(ctx, out, limit); asked == 0 && len(out) == before {
			break
		}
	}
	return out, nil
}

// full reports whether so many segments, or so large ones, are taken in this round that they are to be applied first.
func full(segs []*pulledSegment, limit int) bool {
	size := 0
	for _, seg := range segs {
		size += len(seg.raw)
	}
	return len(segs) >= limit || size >= roundBytes
}

// fetch asks every writer whose turn it is for the segments that come next, and returns how many it asked for.
func (p *puller) fetch(ctx context.Context) (int, error) {
	var want []segmentName
	var held int64
	for _, w := range slices.Sorted(maps.Keys(p.heads)) {
		a := p.of(w)
		for _, f := range a.raw {
			held += int64(len(f.raw))
		}
		if p.stuck[w] || a.ended || a.failed != nil || a.seg != nil || a.later || len(a.raw) > 0 || p.barred[w] {
			continue
		}
		n := a.ahead
		if known := p.claimed[w]; known > p.heads[w] {
			n = max(n, int(min(fetchAhead, known-p.heads[w])))
		}
		for i := range uint64(n) {
			want = append(want, segmentName{w, p.heads[w] + i})
		}
		a.ahead = min(fetchAhead, 2*a.ahead)
	}
	if held > 0 && len(want) > fetchWorkers {
		want = want[:fetchWorkers]
	}
	got, errs := p.fetchSome(ctx, want)
	if err := ctx.Err(); err != nil {
		return 0, vault.Errorf(vault.CodeInterrupted, "interrupted: %w", err)
	}
	return len(want), p.file(want, got, errs)
}

// fetchSome reads the segments side by side until they are many bytes; those that were left out have neither bytes nor an
// error.
func (p *puller) fetchSome(ctx context.Context, want []segmentName) (got []*fetched, errs []error) {
	got, errs = make([]*fetched, len(want)), make([]error, len(want))
	var mu sync.Mutex
	var sum int
	sem := make(chan struct{}, fetchWorkers)
	var wg sync.WaitGroup
	for i, s := range want {
		sem <- struct{}{}
		mu.Lock()
		full := sum > fetchBytes
		mu.Unlock()
		if full || ctx.Err() != nil {
			<-sem
			break
		}
		wg.Go(func() {
			defer func() { <-sem }()
			f, err := p.fetchSegment(ctx, s.writer, s.seq)
			mu.Lock()
			defer mu.Unlock()
			got[i], errs[i] = f, err
			if f != nil {
				sum += len(f.raw)
			}
		})
	}
	wg.Wait()
	return got, errs
}

// file puts what was fetched where takeAll finds it. A gap ends a writer's segments: what is behind it is not looked at.
func (p *puller) file(want []segmentName, got []*fetched, errs []error) error {
	answers := 0
	var last error
	for i, s := range want {
		a := p.of(s.writer)
		switch {
		case vault.CodeOf(errs[i]) == vault.CodeNotFound:
			answers++
			a.ended = true
		case errs[i] != nil:
			last = fmt.Errorf("read segment: %w", errs[i])
			a.failed = last
		case got[i] != nil && !a.ended && a.failed == nil:
			answers++
			a.raw[s.seq] = got[i]
		}
	}
	if answers == 0 && last != nil {
		return last
	}
	return nil
}

// failure returns why a writer could not be asked, if that happened: the others were.
func (p *puller) failure() error {
	for _, w := range slices.Sorted(maps.Keys(p.asking)) {
		if err := p.asking[w].failed; err != nil {
			return err
		}
	}
	return p.trouble
}

// takeAll verifies what was fetched and adds what can be taken now to out.
func (p *puller) takeAll(ctx context.Context, out []*pulledSegment, limit int) []*pulledSegment {
	for progress := true; progress && !full(out, limit); {
		progress = false
		for _, w := range slices.Sorted(maps.Keys(p.heads)) {
			for !p.stuck[w] && !full(out, limit) {
				seg := p.next(ctx, w)
				if seg == nil {
					break
				}
				out = append(out, seg)
				progress = true
			}
		}
	}
	return out
}

// next returns a writer's next segment if it is at hand, sound, and may be taken now.
func (p *puller) next(ctx context.Context, w vault.WriterID) *pulledSegment {
	a, seq := p.of(w), p.heads[w]
	if a.seg == nil {
		got := a.raw[seq]
		if got == nil || a.later || a.failed != nil {
			return nil
		}
		seg, err := p.look(ctx, w, seq, got)
		switch {
		case vault.CodeOf(err) == vault.CodeNotFound: // gone again: it was a stale answer
			a.ended = true
			delete(a.raw, seq)
		case err != nil:
			a.failed = err
		case seg == nil:
			a.later = !p.stuck[w]
		default:
			p.learn(seg)
			a.seg = seg
		}
	}
	seg := a.seg
	if seg == nil || !p.trusting && len(p.unseen(seg)) > 0 {
		return nil
	}
	p.checkPast(seg)
	for o := range seg.body.Context.Heads {
		p.named[o] = true
	}
	a.seg, a.news = nil, true
	delete(a.raw, seq)
	p.heads[w], p.last[w] = seq+1, seg.info
	p.infos[segmentName{w, seq}] = seg.info
	return seg
}

// look verifies a segment, reading it once more where it seems altered: perhaps it was read badly. Nothing means that it
// is bad, which stops its writer, or that what is needed to verify it is not known yet.
func (p *puller) look(ctx context.Context, w vault.WriterID, seq uint64, got *fetched) (*pulledSegment, error) {
	path := vault.SegmentPath(w, seq)
	seg, code, err := p.verify(ctx, w, seq, got)
	if err != nil {
		return nil, err
	}
	if code == foundAltered || code == foundTruncated {
		if got, err = p.fetchSegment(ctx, w, seq); err != nil {
			return nil, fmt.Errorf("read segment: %w", err)
		}
		if seg, code, err = p.verify(ctx, w, seq, got); err != nil {
			return nil, err
		}
	}
	if code == "" {
		return seg, nil
	}
	p.stuck[w] = true
	severity := severeError
	switch {
	case !p.enrolled(w):
		code = foundInjected
	case code == foundUnreadable:
		severity = severeWarning
		p.newer = append(p.newer, w)
	}
	p.find(severity, code, path)
	return nil, nil
}

// learn takes in what a segment says about others: who there is, and how far they have come. Those are asked again, be it
// that they had nothing a moment ago.
func (p *puller) learn(seg *pulledSegment) {
	if len(seg.body.Context.Heads) > maxNamed {
		return
	}
	for w, n := range seg.body.Context.Heads {
		if !w.Valid() || w == p.skip || w == seg.writer {
			continue
		}
		p.know(w)
		if n > p.claimed[w] {
			p.claimed[w] = n
			if n > p.heads[w] {
				delete(p.barred, w)
				p.of(w).ended = false
			}
		}
	}
}

// again looks anew at what was of an unknown device or epoch: segments that were taken since may have told of it.
func (p *puller) again() {
	for _, a := range p.asking {
		a.later = false
	}
}
