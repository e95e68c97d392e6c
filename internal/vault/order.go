package vault

import (
	"container/heap"
	"maps"
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
	if r.Pos.Seq != s.Pos.Seq {
		return r.Pos.Seq < s.Pos.Seq
	}
	return r.Pos.Index < s.Pos.Index
}

// Follows reports whether r comes after s in the fold order whatever other events there are: r saw s.
func (r *Record) Follows(s *Record) bool { return r.Saw(s.Pos) }

// Order returns the records in the order of the fold: causality before clock before writer. The result depends on the
// set of records alone, not on the order in which they are given.
func Order(records []*Record) []*Record {
	byWriter := map[WriterID][]*Record{}
	for _, r := range records {
		byWriter[r.Pos.Writer] = append(byWriter[r.Pos.Writer], r)
	}
	// Within one writer the place decides; across writers a record waits until all that it saw is out.
	heads := make([]*queue, 0, len(byWriter))
	for _, rs := range byWriter {
		q := &queue{records: rs}
		heap.Init(q)
		heads = append(heads, q)
	}
	out := make([]*Record, 0, len(records))
	for len(out) < len(records) {
		var next *queue
		for _, q := range heads {
			if q.Len() == 0 || blocked(q.records[0], heads) {
				continue
			}
			if next == nil || q.records[0].before(next.records[0]) {
				next = q
			}
		}
		if next == nil { // a cycle: only a forged past can make one; fall back to the clock
			next = earliest(heads)
		}
		out = append(out, heap.Pop(next).(*Record))
	}
	return out
}

func blocked(r *Record, heads []*queue) bool {
	for _, q := range heads {
		if q.Len() > 0 && q.records[0] != r && r.Saw(q.records[0].Pos) {
			return true
		}
	}
	return false
}

func earliest(heads []*queue) *queue {
	var first *queue
	for _, q := range heads {
		if q.Len() > 0 && (first == nil || q.records[0].before(first.records[0])) {
			first = q
		}
	}
	return first
}

// queue is a heap of one writer's records by place.
type queue struct{ records []*Record }

func (q *queue) Len() int { return len(q.records) }
func (q *queue) Less(i, j int) bool {
	a, b := q.records[i].Pos, q.records[j].Pos
	return a.Seq < b.Seq || a.Seq == b.Seq && a.Index < b.Index
}
func (q *queue) Swap(i, j int) { q.records[i], q.records[j] = q.records[j], q.records[i] }
func (q *queue) Push(x any)    { q.records = append(q.records, x.(*Record)) }
func (q *queue) Pop() any {
	r := q.records[len(q.records)-1]
	q.records = q.records[:len(q.records)-1]
	return r
}
