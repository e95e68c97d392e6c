package vault

import (
	"math"
	"testing"
	"time"
)

func TestClockIncreases(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	s := NewClockSource(func() time.Time { return now }, Clock{})
	last := Clock{}
	next := func(what string) {
		t.Helper()
		c := s.Next()
		if c.Compare(last) <= 0 || last.Compare(c) >= 0 {
			t.Errorf("%s: %v after %v", what, c, last)
		}
		last = c
	}
	if (Clock{Ms: 1, N: 2}).Compare(Clock{Ms: 1, N: 2}) != 0 {
		t.Error("a clock differs from itself")
	}
	next("first")
	if !last.Time().Equal(now) {
		t.Errorf("first: %v, want %v", last.Time(), now)
	}
	next("same millisecond")
	now = now.Add(-48 * time.Hour)
	next("set back")
	next("set back, again")
	now = now.Add(72 * time.Hour)
	next("set right")
	if !last.Time().Equal(now) {
		t.Errorf("set right: %v, want %v", last.Time(), now)
	}
}

func TestClockAdoptsWhatIsPlausible(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	ms := now.UnixMilli()
	for _, c := range []struct {
		name    string
		other   Clock
		adopted bool
		after   bool // the next clock follows it
	}{
		{"past", Clock{Ms: ms - 1000}, true, true},
		{"before 1970", Clock{Ms: math.MinInt64}, true, true},
		{"five minutes ahead", Clock{Ms: ms + 300_000, N: 7}, true, true},
		{"more than five minutes ahead", Clock{Ms: ms + 300_001}, false, false},
		{"the end of time", Clock{Ms: math.MaxInt64}, false, false},
		{"counter at its end", Clock{Ms: ms + 1000, N: math.MaxUint32}, true, true},
	} {
		s := NewClockSource(func() time.Time { return now }, Clock{Ms: ms, N: 3})
		if got := s.Adopt(c.other); got != c.adopted {
			t.Errorf("%s: adopted %v", c.name, got)
		}
		next := s.Next()
		if got := next.Compare(c.other) > 0; got != c.after {
			t.Errorf("%s: the next clock is %v", c.name, next)
		}
		if next.Compare(Clock{Ms: ms, N: 3}) <= 0 {
			t.Errorf("%s: the clock went back to %v", c.name, next)
		}
	}
}
