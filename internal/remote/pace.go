package remote

import (
	"context"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	slowest = 20 // calls per second that every storage bears
	// paceRest is how long the pace stays as it is after a change.
	paceRest = 10 * time.Second
)

// pace is the token bucket of a remote. It halves its rate when the storage says that it is asked too much, down to slowest,
// and doubles it again while nothing of that kind is heard. It is safe for concurrent use.
type pace struct {
	limiter *rate.Limiter
	full    rate.Limit

	mu      sync.Mutex
	changed time.Time
}

func newPace(perSecond float64, concurrency int) *pace {
	burst := 1
	if rate.Limit(perSecond) != rate.Inf {
		burst = max(2*concurrency, int(perSecond))
	}
	return &pace{limiter: rate.NewLimiter(rate.Limit(perSecond), burst), full: rate.Limit(perSecond)}
}

func (p *pace) wait(ctx context.Context) error { return p.limiter.Wait(ctx) }

// slower halves the rate. Answers to what was asked before the last change do not count.
func (p *pace) slower(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.full <= slowest || p.full == rate.Inf || now.Sub(p.changed) < time.Second {
		return
	}
	p.set(max(p.limiter.Limit()/2, slowest), now)
}

// faster doubles the rate where the last change is a while ago.
func (p *pace) faster(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if at := p.limiter.Limit(); at < p.full && now.Sub(p.changed) >= paceRest {
		p.set(min(2*at, p.full), now)
	}
}

func (p *pace) set(to rate.Limit, now time.Time) {
	p.limiter.SetLimitAt(now, to)
	p.changed = now
}

// tooMuch reports whether the storage says that it is asked too often.
func tooMuch(f *failure) bool {
	status, code := httpStatus(f.err), strings.ToLower(errorCode(f.err))
	return f.retry && (status == 429 || status == 503 || containsAny(code, "slowdown", "toomany", "throttl", "ratelimit"))
}
