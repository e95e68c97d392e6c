package engine

import (
	"math/rand/v2"
	"slices"
	"time"

	"vaultctl/internal/vault"
)

const (
	// restFactor is how many times the configured interval lies between two looks, at most: of an idle device at a remote,
	// and of a poll at an idle writer.
	restFactor = 8
	tailEvery  = time.Hour // between looks at whether a remote still has a writer's last segment
)

// poll is when a writer is asked next.
type poll struct {
	wait time.Duration // between two questions; longer while there is nothing new
	due  time.Time
	tail time.Time // when its last segment was last looked for
}

// polls says which writers of a remote a poll asks: each once at most, those who have had nothing new for a while more and
// more rarely. What another writer's segment tells of them, they are asked at once. It is used by one goroutine at a time.
type polls struct {
	writers map[vault.WriterID]*poll
	listed  time.Time // when a listing is due that may tell of writers of whom no segment tells
	listing time.Duration
	tailOf  []vault.WriterID // whose last segment this pull looks for
	// absent says until when the parcels of an epoch are not looked for again.
	absent map[vault.EpochID]time.Time
}

func (s *polls) of(w vault.WriterID) *poll {
	if s.writers == nil {
		s.writers = map[vault.WriterID]*poll{}
	}
	if s.writers[w] == nil {
		s.writers[w] = &poll{}
	}
	return s.writers[w]
}

// due reports whether it is a writer's turn.
func (s *polls) due(w vault.WriterID, now time.Time) bool {
	due := s.of(w).due
	return !due.After(now) || due.Sub(now) > 24*time.Hour // the clock was set back
}

// asked notes the answer of a writer.
func (s *polls) asked(w vault.WriterID, news bool, every time.Duration, now time.Time) {
	p := s.of(w)
	p.wait = rested(p.wait, every, news)
	if news {
		p.due = now
	} else {
		p.due = now.Add(p.wait - every/2) // what is due half an interval later is asked with the others
	}
}

// rested returns the wait that follows one that ended with news, or without.
func rested(wait, every time.Duration, news bool) time.Duration {
	if news || wait < every {
		return every
	}
	return min(2*wait, restFactor*every)
}

// jitter returns a wait between 7/8 and 9/8 of d, so that devices that were started together do not ask together.
func jitter(d time.Duration) time.Duration {
	if d <= 0 {
		return d
	}
	return d - d/8 + rand.N(d/4+1)
}

// choose bars the writers whose turn it is not. One writer, or in a pull of all everyone for whom it is time, has its last
// segment looked for; in a poll that is instead of the question for the next one.
func (s *polls) choose(p *puller, all bool, now time.Time) {
	s.tailOf = nil
	for id, until := range s.absent {
		if all || !until.After(now) {
			delete(s.absent, id)
			continue
		}
		p.absent[id] = true
	}
	for w, next := range p.heads {
		q := s.of(w)
		if next > 0 && now.Sub(q.tail).Abs() > tailEvery {
			s.tailOf = append(s.tailOf, w)
		}
		if !all && !s.due(w, now) {
			p.barred[w] = true
		}
	}
	if all {
		return
	}
	slices.SortFunc(s.tailOf, func(a, b vault.WriterID) int { return s.of(a).tail.Compare(s.of(b).tail) })
	if len(s.tailOf) > 1 {
		s.tailOf = s.tailOf[:1]
	}
	for _, w := range s.tailOf {
		p.barred[w] = true
	}
}

// settle takes over what a pull found out about the writers that it asked.
func (s *polls) settle(p *puller, every time.Duration, now time.Time) {
	for w, a := range p.asking {
		if a.news || a.seg != nil {
			s.asked(w, true, every, now)
		} else if a.ended || a.later || p.stuck[w] {
			s.asked(w, false, jitter(every), now)
		}
	}
	for id := range p.absent {
		if s.absent == nil {
			s.absent = map[vault.EpochID]time.Time{}
		}
		if _, known := s.absent[id]; !known {
			s.absent[id] = now.Add(jitter(noteAgain))
		}
	}
	for w := range s.writers {
		if _, known := p.heads[w]; !known && w != p.skip {
			delete(s.writers, w)
		}
	}
}

// pace is how often an idle device polls. The tender alone uses it.
type pace struct {
	wait   time.Duration
	use    time.Time // the last use by a person that was seen
	rested bool      // it had slowed down
	failed time.Time // until when a poll that came to nothing is not repeated
}

// next returns how long after the last poll the next one is due, and whether everybody is to be asked in it: somebody uses
// the device again.
func (p *pace) next(every time.Duration, use time.Time) (wait time.Duration, all bool) {
	if use.After(p.use) {
		p.use = use
		if p.wait > 2*every {
			p.rested = true
		}
		p.wait = every
	}
	return max(every, p.wait), p.rested
}

// polled notes that a poll brought news, or that somebody used the device not long ago; otherwise the next one waits longer.
func (p *pace) polled(every time.Duration, active bool) {
	p.wait, p.rested = jitter(rested(p.wait, every, active)), false
	p.wait = min(p.wait, restFactor*every)
}
