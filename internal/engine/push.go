package engine

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"

	"vaultctl/internal/vault"
)

// queueItem is an object that is not yet on every remote. Items go out in order, a segment only when everything before
// it is there and was read back.
type queueItem struct {
	Path    string           `json:"path"`
	Size    int64            `json:"size"`
	Hash    vault.ObjectHash `json:"blake3"`
	Segment bool             `json:"segment,omitempty"`
	Done    map[string]bool  `json:"done,omitempty"` // remotes that have it
	order   string
}

// heldObject is an object that every remote held when it was last looked at.
type heldObject struct {
	Size int64            `json:"size"`
	Hash vault.ObjectHash `json:"blake3"`
}

// mount is an open remote with how it is doing.
type mount struct {
	name, spec string

	// mu guards what follows.
	mu      sync.Mutex
	remote  Remote
	lastOK  time.Time
	pushErr error // of the last push, nil where it is not known that one would fail
	pullErr error // that it did not answer the last pull
	retry   time.Time
	fails   int
	running bool
	checked bool   // it holds this organization
	relist  bool   // the next pull lists its writers
	kept    string // what the storage keeps of deleted objects: none, versions, trash, unknown

	badNotes   map[string]time.Time // until when a note is not asked for again
	notesRetry time.Time            // until when nobody waits for notes

	polls polls // belongs to whoever holds Engine.pulling
}

func (m *mount) noteKept(kept string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.kept = kept
}

// unreached notes that the remote does not answer.
func (m *mount) unreached(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.pullErr = err
}

// answered notes that the remote gave what it was asked for; whether it takes anything is not known.
func (m *mount) answered(at time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lastOK, m.pullErr = at, nil
}

// reached notes that the remote took what it was given, while more may be to do there.
func (m *mount) reached(at time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lastOK, m.pushErr, m.pullErr = at, nil, nil
}

// trouble returns why the remote does not take or give what it should, nil where it does.
func (m *mount) trouble() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return cmp.Or(m.pushErr, m.pullErr)
}

// forgetHint makes the next pull look for writers.
func (m *mount) forgetHint() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.relist = true
}

// distrust makes the next use look again whose remote it is.
func (m *mount) distrust() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.checked = false
}

const (
	pushWorkers  = 32 // at most: a remote bounds its calls itself
	pushBatch    = 256
	minBackoff   = 500 * time.Millisecond
	maxBackoff   = 5 * time.Minute
	quietBefore  = 150 * time.Millisecond // lets changes gather into one segment
	pollInterval = 30 * time.Second
)

// pushLoop seals what is acknowledged and brings the queue to every remote, each at its own pace.
func (e *Engine) pushLoop(ctx context.Context) {
	defer e.wg.Done()
	timer := time.NewTimer(0)
	defer timer.Stop()
	var soon bool // the timer is set to quietBefore: further changes do not put it off
	for {
		select {
		case <-ctx.Done():
			return
		case <-e.wake:
			if !soon {
				soon = true
				timer.Reset(quietBefore)
			}
			continue
		case <-timer.C:
			soon = false
		}
		if keys, _ := e.view(); keys != nil {
			if err := e.exclusive(ctx, e.sealSegment); err != nil && ctx.Err() == nil {
				e.log.Error("close segment", "code", vault.CodeOf(err))
			}
		}
		timer.Reset(e.startPushes())
	}
}

// startPushes starts a push for every remote that is due and returns when to look again.
func (e *Engine) startPushes() time.Duration {
	next := pollInterval
	if e.isRevoked() { // what is queued stays here
		return next
	}
	for _, m := range e.mounted() {
		m.mu.Lock()
		wait := m.retry.Sub(e.Now())
		due := !m.running && wait <= 0
		if due {
			m.running = true
		}
		m.mu.Unlock()
		if !due {
			if wait > 0 {
				next = min(next, wait)
			}
			continue
		}
		e.wg.Add(1)
		go func() {
			defer e.wg.Done()
			e.pushTo(e.background, m)
		}()
	}
	return max(next, minBackoff)
}

func (e *Engine) mounted() []*mount {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return e.mounts
}

// pushTo empties the queue of one remote, then deletes what is doomed there.
func (e *Engine) pushTo(ctx context.Context, m *mount) {
	err := e.pushAll(ctx, m)
	if err == nil {
		err = e.deleteDoomed(ctx, m)
	}
	m.mu.Lock()
	m.running = false
	if err == nil {
		m.pushErr, m.fails, m.retry = nil, 0, time.Time{}
	} else if ctx.Err() == nil {
		m.pushErr = err
		back := min(maxBackoff, minBackoff<<min(m.fails, 16))
		m.fails++
		m.retry = e.Now().Add(back/2 + rand.N(back))
		e.log.Warn("push", "remote", m.name, "code", vault.CodeOf(err))
	}
	m.mu.Unlock()
	e.report.changed()
	if err == nil {
		if q, qerr := e.queueSize(m.name); qerr == nil && q.Objects > 0 {
			e.kick()
		}
	}
}

func (e *Engine) pushAll(ctx context.Context, m *mount) error {
	for first := true; ; first = false {
		batch, err := e.nextItems(m.name)
		if err != nil || len(batch) == 0 {
			return err
		}
		if first { // another medium may lie in the drive by now, and nothing of ours goes to strangers
			m.distrust()
			if err := e.checkOrigin(ctx, m); err != nil {
				return err
			}
		}
		done, perr := e.pushItems(ctx, m, batch)
		if perr == nil { // before who waits for these hears of them
			m.reached(e.Now())
		}
		if err := e.markPushed(ctx, m.name, done); err != nil {
			return err
		}
		e.report.changed()
		if perr != nil {
			return perr
		}
		if batch[0].Segment { // a long queue does not keep what is doomed alive
			if err := e.deleteDoomed(ctx, m); err != nil {
				return err
			}
		}
	}
}

// nextItems returns the next objects for a remote, or a single segment when it is its turn.
func (e *Engine) nextItems(remote string) ([]queueItem, error) {
	if e.isRevoked() {
		return nil, nil
	}
	var batch []queueItem
	errEnough := errors.New("enough")
	err := e.Store.Scan(bucketQueue, "", func(key string, raw []byte) error {
		var it queueItem
		if err := json.Unmarshal(raw, &it); err != nil {
			return vault.Errorf(vault.CodeIntegrity, "read queue: %w", err)
		}
		if it.Done[remote] {
			return nil
		}
		it.order = key
		if it.Segment {
			if len(batch) == 0 {
				batch = append(batch, it)
			}
			return errEnough
		}
		batch = append(batch, it)
		if len(batch) == pushBatch {
			return errEnough
		}
		return nil
	})
	if err != nil && !errors.Is(err, errEnough) {
		return nil, err
	}
	return batch, nil
}

// pushItems puts the items, several at once, and returns those that are there.
func (e *Engine) pushItems(ctx context.Context, m *mount, batch []queueItem) ([]queueItem, error) {
	var mu sync.Mutex
	var done []queueItem
	var first error
	sem := make(chan struct{}, pushWorkers)
	var wg sync.WaitGroup
	for _, it := range batch {
		mu.Lock()
		failed := first != nil
		mu.Unlock()
		if failed || ctx.Err() != nil {
			break
		}
		sem <- struct{}{}
		wg.Add(1)
		go func() {
			defer func() { <-sem; wg.Done() }()
			err := e.pushItem(ctx, m, it)
			if err == nil {
				e.step(StepPushed)
			}
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				done = append(done, it)
			} else if first == nil {
				first = err
			}
		}()
	}
	wg.Wait()
	if first == nil {
		first = ctx.Err()
	}
	return done, first
}

func (e *Engine) pushItem(ctx context.Context, m *mount, it queueItem) error {
	// Removed from queue and spool since the batch was read: it was tombstoned before it went out.
	gone := func() bool {
		raw, err := e.Store.Get(bucketQueue, it.order)
		return err == nil && raw == nil
	}
	if e.Spool.Has(it.Path) {
		if err := e.putSpooled(ctx, m, it); err != nil && !gone() {
			return err
		}
		return nil
	}
	if gone() {
		return nil
	}
	return e.pushCopy(ctx, m, it)
}

// markPushed records what a remote holds; what all hold leaves the queue.
func (e *Engine) markPushed(ctx context.Context, remote string, done []queueItem) error {
	if len(done) == 0 {
		return nil
	}
	var free []string
	err := e.exclusive(context.WithoutCancel(ctx), func() error {
		var ops []Op
		for _, it := range done {
			raw, err := e.Store.Get(bucketQueue, it.order)
			if err != nil {
				return err
			}
			if raw == nil {
				continue
			}
			var now queueItem
			if err := json.Unmarshal(raw, &now); err != nil {
				return vault.Errorf(vault.CodeIntegrity, "read queue: %w", err)
			}
			if now.Done == nil {
				now.Done = map[string]bool{}
			}
			now.Done[remote] = true
			if w, seq, ok := segmentOf(it.Path); ok && w != e.self().Writer {
				ops = append(ops, tailOp(remote, w, seq+1))
			}
			if !e.onAll(now.Done) {
				ops = append(ops, jsonOp(bucketQueue, it.order, &now))
				continue
			}
			ops = append(ops, Op{bucketQueue, it.order, nil}, jsonOp(bucketHeld, it.Path, heldObject{it.Size, it.Hash}))
			if !it.Segment {
				free = append(free, it.Path)
			}
		}
		return e.Store.Write(ops)
	})
	if err == nil {
		e.step(StepMarked)
	}
	for _, p := range free {
		if cerr := e.Spool.ToCache(p); cerr != nil && err == nil {
			err = fmt.Errorf("move to cache: %w", cerr)
		}
	}
	return err
}

// onAll reports whether every remote is done.
func (e *Engine) onAll(done map[string]bool) bool {
	for _, m := range e.mounted() {
		if !done[m.name] {
			return false
		}
	}
	return true
}

// segmentsOn returns the first of this device's segments that a remote does not hold.
func (e *Engine) segmentsOn(remote string) (uint64, error) {
	var there uint64
	raw, err := e.Store.Get(bucketMeta, metaBuilt)
	if err != nil || raw == nil {
		return 0, err
	}
	if there, err = strconv.ParseUint(string(raw), 10, 64); err != nil {
		return 0, vault.Errorf(vault.CodeIntegrity, "index: %s: %w", metaBuilt, err)
	}
	err = e.Store.Scan(bucketQueue, "", func(_ string, raw []byte) error {
		var it queueItem
		if !bytes.Contains(raw, []byte(`"segment":true`)) { // thousands of others may wait
			return nil
		}
		if err := json.Unmarshal(raw, &it); err != nil {
			return vault.Errorf(vault.CodeIntegrity, "read queue: %w", err)
		}
		if !it.Segment || it.Done[remote] {
			return nil
		}
		seq, err := strconv.ParseUint(strings.TrimSuffix(path.Base(it.Path), ".seg"), 10, 64)
		there = min(there, seq)
		return err
	})
	return there, err
}

func jsonOp(bucket, key string, v any) Op {
	raw, err := json.Marshal(v)
	if err != nil {
		panic("marshal " + bucket + ": " + err.Error())
	}
	return Op{bucket, key, raw}
}
