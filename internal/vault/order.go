package vault

import (
	"cmp"
	"maps"
	"slices"
)

// Pos is where an event stands: it is the index-th of a writer's segment.
type Pos struct {
	Writer WriterID `json:"w"`
	Seq    uint64   `json:"s"`
	Index  int      `json:"i"`
}

// Past is a version vector: for each writer, the first segment not seen. A missing writer was not seen at all.
type Past map[WriterID]uint64

// Merge raises p to what q saw.
func (p Past) Merge(q Past) {
	for w, n := range q {
		p[w] = max(p[w], n)
	}
}

// Clone returns an independent copy.
func (p Past) Clone() Past { return maps.Clone(p) }

// Record is an event with its place and what its writer had seen when it was recorded.
type Record struct {
	Event
	Pos  Pos  `json:"pos"`
	Past Past `json:"past,omitempty"`
}

// CosignedBy reports whether the event bears a valid signature by the public key (base64), made for the record's device.
func (r *Record) CosignedBy(org OrgID, key string) bool {
	return r.Event.CosignedBy(org, r.Pos.Writer.Device(), key)
}

// written names the event as its device's: a copy in the chain of another is another event.
func (r *Record) written() string { return string(r.Pos.Writer.Device()) + "/" + r.ID }

// Saw reports whether the event at p is in the causal past of r.
func (r *Record) Saw(p Pos) bool {
	if p.Writer == r.Pos.Writer {
		return p.Seq < r.Pos.Seq || p.Seq == r.Pos.Seq && p.Index < r.Pos.Index
	}
	return r.Past[p.Writer] > p.Seq
}

// before is the order among concurrent events: clock, then writer.
func (r *Record) before(s *Record) bool {
	if c := r.At.Compare(s.At); c != 0 {
		return c < 0
	}
	if r.Pos.Writer != s.Pos.Writer {
		return r.Pos.Writer < s.Pos.Writer
	}
	if c := r.Pos.compare(s.Pos); c != 0 {
		return c < 0
	}
	return r.ID < s.ID
}

// order orders places.
func (p Pos) order(q Pos) int { return cmp.Or(cmp.Compare(p.Writer, q.Writer), p.compare(q)) }

// compare orders places of one writer.
func (p Pos) compare(q Pos) int {
	return cmp.Or(cmp.Compare(p.Seq, q.Seq), cmp.Compare(p.Index, q.Index))
}

// Front is where a fold stands: the last record, with all that the fold holds as its past.
type Front struct {
	Record
	Claimed Past `json:"claimed,omitempty"` // what the records of the fold say that they saw
}

// Follows reports whether a fold that has come to s, the Last of a State, may go on with r: r saw all that is in it, and
// nothing in it pretends to have seen r. Anything less would do for the order, but not for what a record decides about
// others that it has not seen.
func (r *Record) Follows(s *Front) bool {
	if !r.Saw(s.Pos) || s.Claimed[r.Pos.Writer] > r.Pos.Seq {
		return false
	}
	for w, n := range s.Past {
		switch {
		case w != r.Pos.Writer:
			if r.Past[w] < n {
				return false
			}
		case n > r.Pos.Seq && s.Pos.Writer != w: // places within the segment are not told: fold anew
			return false
		}
	}
	return true
}

// MayGoOn reports whether a fold that has come to s may go on with r. What did not stand beside the end of a membership may
// stand with a record that had not seen that end.
func (s *State) MayGoOn(org *Org, r *Record) bool {
	return s.Last == nil || r.Follows(s.Last) && org.sawLeavings(r)
}

// Order returns the records in the order of the fold: causality before clock before writer. The result depends on the
// set of records alone, not on the order in which they are given. A cycle, which only a forged past can make, is cut at
// its earliest clock; what is in none comes after all that it saw.
func Order(records []*Record) []*Record {
	byWriter := map[WriterID]*queue{}
	queues := make([]*queue, 0, 8)
	for _, r := range records {
		q := byWriter[r.Pos.Writer]
		if q == nil {
			q = &queue{}
			byWriter[r.Pos.Writer] = q
			queues = append(queues, q)
		}
		q.records = append(q.records, r)
	}
	for _, q := range queues {
		slices.SortFunc(q.records, func(a, b *Record) int {
			return cmp.Or(a.Pos.compare(b.Pos), cmp.Compare(a.ID, b.ID))
		})
	}
	// Within one writer the place decides; across writers a record waits until all that it saw is out.
	out := make([]*Record, 0, len(records))
	for len(out) < len(records) {
		var next *queue
		for _, q := range queues {
			if len(q.records) == 0 {
				continue
			}
			if (next == nil || q.records[0].before(next.records[0])) && !q.blocked(queues) {
				next = q
			}
		}
		if next == nil {
			next = cut(queues)
		}
		out = append(out, next.records[0])
		next.records, next.waits = next.records[1:], nil
	}
	return out
}

// cut returns the queue to go on with where each first record waits for another: the earliest of those in cycles that wait
// for nothing outside.
func cut(queues []*queue) *queue {
	reached := map[*queue]map[*queue]bool{}
	for _, q := range queues {
		if len(q.records) > 0 {
			reached[q] = q.reaches(queues)
		}
	}
	var next *queue
	for q, to := range reached {
		closed := true
		for o := range to {
			closed = closed && reached[o][q]
		}
		if closed && (next == nil || q.records[0].before(next.records[0])) {
			next = q
		}
	}
	return next
}

// reaches returns the queues that the first record waits for, with those that they wait for, and so on.
func (q *queue) reaches(queues []*queue) map[*queue]bool {
	seen := map[*queue]bool{}
	for todo := []*queue{q}; len(todo) > 0; {
		at := todo[0]
		todo = todo[1:]
		for _, o := range queues {
			if o != at && len(o.records) > 0 && !seen[o] && at.records[0].Saw(o.records[0].Pos) {
				seen[o] = true
				todo = append(todo, o)
			}
		}
	}
	return seen
}

// queue holds the records of one writer that are not out yet, by place.
type queue struct {
	records []*Record
	waits   *queue // a queue that the first record was found to wait for
}

// blocked reports whether the first record waits for another queue. What it was found to wait for is looked at first, so
// that many writers do not cost their square.
func (q *queue) blocked(queues []*queue) bool {
	r := q.records[0]
	if q.waits != nil && len(q.waits.records) > 0 && r.Saw(q.waits.records[0].Pos) {
		return true
	}
	for _, o := range queues {
		if o != q && len(o.records) > 0 && r.Saw(o.records[0].Pos) {
			q.waits = o
			return true
		}
	}
	q.waits = nil
	return false
}
