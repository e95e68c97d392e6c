package engine

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"vaultctl/internal/vault"
)

const (
	hintEvery  = time.Hour // between listings that may reveal writers of which no segment tells
	strangers  = 16        // writers of unknown devices that one pull asks
	manyForged = 1000      // folders of unknown devices that are worth a word
)

// hint lists the remote now and then for writers of whom no segment has told, and reports whether it did. It only hints:
// what the listing leaves out is known from elsewhere, and what it makes up is asked once and forgotten.
func (e *Engine) hint(ctx context.Context, m *mount, p *puller) (bool, error) {
	now := e.Now()
	m.mu.Lock()
	due := m.relist
	m.relist = false
	m.mu.Unlock()
	s := &m.polls
	if !due && s.listed.After(now) && s.listed.Sub(now) <= hintEvery {
		return false, nil
	}
	names, err := m.remote.Folders(ctx, "v1/w")
	switch vault.CodeOf(err) {
	case "":
	case vault.CodeUnreachable, vault.CodeInterrupted:
		m.forgetHint()
		return false, err
	default: // nothing depends on it
		p.trouble = fmt.Errorf("list writers: %w", err)
		s.listed = now.Add(jitter(hintEvery) * 8 / 9)
		return true, nil
	}
	there := p.meet(names)
	if err := e.checkListed(ctx, m, p, there); err != nil {
		return true, err
	}
	s.listing = min(hintEvery, max(2*s.listing, e.Settings.SyncInterval()))
	if !p.awaits() {
		s.listing = hintEvery
	}
	s.listed = now.Add(jitter(s.listing) * 8 / 9)
	return true, nil
}

// meet takes in the writers that a listing names, and few of those that nobody enrolled.
func (p *puller) meet(names []string) (there map[vault.WriterID]bool) {
	there = make(map[vault.WriterID]bool, len(names))
	var unknown []vault.WriterID
	for _, n := range names {
		w := vault.WriterID(n)
		there[w] = true
		switch _, known := p.heads[w]; {
		case known || !w.Valid() || w == p.skip:
		case p.org.Devices[w.Device()] != nil:
			p.know(w)
		default:
			unknown = append(unknown, w)
		}
	}
	rand.Shuffle(len(unknown), func(i, j int) { unknown[i], unknown[j] = unknown[j], unknown[i] })
	p.know(unknown[:min(len(unknown), strangers)]...)
	if len(names)-len(p.heads) > manyForged {
		p.find(severeWarning, foundJunk, "v1/w")
	}
	return there
}

// awaits reports whether a device is enrolled of which no writer is known: its first segment is yet to be found.
func (p *puller) awaits() bool {
	writes := map[vault.DeviceID]bool{p.skip.Device(): true}
	for w := range p.heads {
		writes[w.Device()] = true
	}
	for id, d := range p.org.Devices {
		if d.Active() && !writes[id] {
			return true
		}
	}
	return false
}

// checkListed names writers that the listing leaves out although the remote has their segments. Those that it does not have
// are named by checkTails.
func (e *Engine) checkListed(ctx context.Context, m *mount, p *puller, there map[vault.WriterID]bool) error {
	for w, next := range p.heads {
		if next == 0 || there[w] {
			continue
		}
		path := vault.SegmentPath(w, next-1)
		if e.isQueued(path) {
			continue
		}
		m.polls.of(w).tail = time.Time{}
		switch _, err := m.remote.Stat(ctx, path); vault.CodeOf(err) {
		case "":
			p.find(severeError, foundStale, vault.WriterPrefix(w))
		case vault.CodeNotFound:
		default:
			return err
		}
	}
	return nil
}

// metaTail and remote/writer is up to which segment of a writer, exclusive, a remote was seen to hold. A mirror that not every
// workstation knows lacks what these write until somebody brings it there: that is no rollback.
const metaTail = "tail/"

func tailOp(remote string, w vault.WriterID, next uint64) Op {
	return Op{bucketMeta, metaTail + remote + "/" + string(w), fmt.Appendf(nil, "%d", next)}
}

// hadSegment reports whether the remote was seen to hold a writer's segment.
func (e *Engine) hadSegment(remote string, w vault.WriterID, seq uint64) (bool, error) {
	raw, err := e.Store.Get(bucketMeta, metaTail+remote+"/"+string(w))
	if err != nil || raw == nil {
		return false, err
	}
	next, err := strconv.ParseUint(string(raw), 10, 64)
	if err != nil {
		return false, vault.Errorf(vault.CodeIntegrity, "read index: %w", err)
	}
	return seq < next, nil
}

// checkTails looks whether the remote still has the last segment of writers: one that it had and that is gone was rolled
// back.
func (e *Engine) checkTails(ctx context.Context, m *mount, p *puller) error {
	var tails []Op
	for _, w := range m.polls.tailOf {
		if next := p.heads[w]; p.of(w).news || p.stuck[w] || next == 0 {
			continue
		}
		path := vault.SegmentPath(w, p.heads[w]-1)
		had, err := e.hadSegment(m.name, w, p.heads[w]-1)
		if err != nil {
			return err
		}
		switch _, err := m.remote.Stat(ctx, path); {
		case vault.CodeOf(err) == vault.CodeNotFound:
			if had && !e.isQueued(path) {
				p.find(severeError, foundRolledBack, path)
			}
		case err != nil:
			return err
		case !had:
			tails = append(tails, tailOp(m.name, w, p.heads[w]))
		}
		m.polls.of(w).tail = e.Now()
	}
	m.polls.tailOf = nil
	if len(tails) == 0 {
		return nil
	}
	return e.exclusive(ctx, func() error { return e.Store.Write(tails) })
}
