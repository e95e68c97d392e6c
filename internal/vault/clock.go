package vault

import (
	"math"
	"sync"
	"time"
)

// MaxAhead is how far another writer's clock may be ahead of ours before it is no longer adopted.
const MaxAhead = 5 * time.Minute

// Clock is a hybrid logical time: milliseconds since 1970 and a counter that orders events of the same millisecond.
type Clock struct {
	Ms int64  `json:"ms"`
	N  uint32 `json:"n,omitempty"`
}

// Compare orders clocks; it returns -1, 0 or +1.
func (c Clock) Compare(d Clock) int {
	switch {
	case c.Ms != d.Ms:
		if c.Ms < d.Ms {
			return -1
		}
		return 1
	case c.N != d.N:
		if c.N < d.N {
			return -1
		}
		return 1
	}
	return 0
}

// Time returns the wall-clock part in UTC.
func (c Clock) Time() time.Time { return time.UnixMilli(c.Ms).UTC() }

// ClockSource issues strictly increasing clocks. It is safe for concurrent use.
type ClockSource struct {
	now func() time.Time

	mu   sync.Mutex
	last Clock // never decreases, so a wall clock that is set back does not reorder events
}

// NewClockSource returns a source that follows now and continues after last.
func NewClockSource(now func() time.Time, last Clock) *ClockSource {
	return &ClockSource{now: now, last: last}
}

// Next returns a clock greater than all that were issued or adopted.
func (s *ClockSource) Next() Clock {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch ms := s.now().UnixMilli(); {
	case ms > s.last.Ms:
		s.last = Clock{Ms: ms}
	case s.last.N == math.MaxUint32: // adopted from a writer that chose it
		s.last = Clock{Ms: s.last.Ms + 1}
	default:
		s.last.N++
	}
	return s.last
}

// Adopt makes later clocks follow c, unless c is more than MaxAhead in the future. It reports whether it did.
func (s *ClockSource) Adopt(c Clock) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.Time().Sub(s.now()) > MaxAhead {
		return false
	}
	if c.Compare(s.last) > 0 {
		s.last = c
	}
	return true
}
