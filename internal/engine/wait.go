package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// queueCount is how much of the queue is left.
type queueCount struct {
	Objects int
	Bytes   int64
	Doomed  int
}

// queueSize counts what a remote does not hold yet, or what any remote does not for "".
func (e *Engine) queueSize(remote string) (queueCount, error) {
	return e.behindMark(queueMark{order: ^uint64(0), segment: ^uint64(0)}, remote)
}

// queueMark is a moment in the life of the queue: items and segments before it were made before it.
type queueMark struct{ order, segment uint64 }

// mark closes the open segment and returns the moment after it.
func (e *Engine) mark(ctx context.Context) (queueMark, error) {
	var m queueMark
	err := e.exclusive(ctx, func() error {
		err := e.sealSegment()
		m = queueMark{order: e.writer.order, segment: e.writer.seq}
		return err
	})
	e.kick()
	return m, err
}

// behindMark is queueSize for what was there at a mark.
func (e *Engine) behindMark(m queueMark, remote string) (queueCount, error) {
	var c queueCount
	err := e.Store.Scan(bucketQueue, "", func(key string, raw []byte) error {
		if order, err := strconv.ParseUint(key, 16, 64); err != nil || order >= m.order {
			return err
		}
		var it queueItem
		if err := json.Unmarshal(raw, &it); err != nil {
			return err
		}
		if !it.Done[remote] {
			c.Objects++
			c.Bytes += it.Size
		}
		return nil
	})
	if err != nil {
		return c, fmt.Errorf("read queue: %w", err)
	}
	c.Doomed, err = e.doomedAt(m, remote)
	return c, err
}

// left counts what was there at a mark and is not on every remote: what is on all of them leaves the queue.
func (e *Engine) left(m queueMark) (int64, error) {
	var n int64
	errAfter := errors.New("after the mark")
	err := e.Store.Scan(bucketQueue, "", func(key string, _ []byte) error {
		if order, err := strconv.ParseUint(key, 16, 64); err != nil {
			return err
		} else if order >= m.order {
			return errAfter
		}
		n++
		return nil
	})
	if err != nil && !errors.Is(err, errAfter) {
		return 0, fmt.Errorf("read queue: %w", err)
	}
	d, err := e.doomedAt(m, "")
	return n + int64(d), err
}

// waitPushed waits until every remote holds what is queued now and has deleted what is doomed now. When the time is up
// it returns the error of a remote that is behind, or CodeUnreachable.
func (e *Engine) waitPushed(ctx context.Context, limit time.Duration, tell func(api.Progress)) error {
	m, err := e.mark(ctx)
	if err != nil {
		return err
	}
	return e.waitMark(ctx, m, limit, tell)
}

// waitMark is waitPushed for what was there at a mark.
func (e *Engine) waitMark(ctx context.Context, mark queueMark, limit time.Duration, tell func(api.Progress)) error {
	e.hurry(0) // somebody waits: no reason to sit out a backoff
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	e.startPushes()
	for total := int64(0); ; {
		if err := e.refuseRevoked(); err != nil {
			return err
		}
		changed := e.report.wait()
		left, err := e.left(mark)
		if err != nil {
			return err
		}
		total = max(total, left)
		if tell != nil {
			tell(api.Progress{Stage: "push", Done: total - left, Total: total, Unit: "objects"})
		}
		if left == 0 {
			return nil
		}
		e.hurry(maxWaitedBackoff)
		select {
		case <-changed:
			e.startPushes()
		case <-time.After(minBackoff):
			e.startPushes()
		case <-ctx.Done():
			return e.behind()
		}
	}
}

// maxWaitedBackoff is how long a remote that failed is left alone while somebody waits for it.
const maxWaitedBackoff = 2 * time.Second

// hurry makes every remote due within a time.
func (e *Engine) hurry(within time.Duration) {
	latest := e.Now().Add(within)
	for _, m := range e.mounted() {
		m.mu.Lock()
		if m.retry.After(latest) {
			m.retry = latest
		}
		m.mu.Unlock()
	}
}

// errBehind is what is known of a remote that is behind and has told no error.
var errBehind = vault.Errorf(vault.CodeUnreachable, "the remote does not hold everything yet")

// behind returns why a remote does not hold everything.
func (e *Engine) behind() error {
	for _, m := range e.mounted() {
		if err := m.trouble(); err != nil {
			return err
		}
	}
	if len(e.mounted()) == 0 {
		return vault.Errorf(vault.CodeUnreachable, "no remote is open")
	}
	return errBehind
}
