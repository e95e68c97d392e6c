package engine

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

const (
	metaHeld = "held/" // + remote:path of a segment that another one says to have seen → heldMark, until it arrives
	// heldLong is how long a storage may take to show what it took, and a mirror to catch up, before that is worth a word.
	heldLong = time.Hour
)

// heldMark is a segment of which there is only what others say of it.
type heldMark struct {
	Writer vault.WriterID   `json:"writer"`
	Seq    uint64           `json:"seq"`
	By     []vault.WriterID `json:"by"` // whose next segments wait for it
	Since  time.Time        `json:"since"`
}

// markHeld keeps since when segments wait for others, and forgets those that wait no more.
func (e *Engine) markHeld(ctx context.Context, p *puller) error {
	old, err := e.heldMarks()
	if err != nil {
		return err
	}
	var ops []Op
	now := p.held()
	for key, h := range old {
		if !strings.HasPrefix(key, metaHeld+p.name+":") {
			continue
		}
		_, still := now[segmentName{h.Writer, h.Seq}]
		unasked := slices.ContainsFunc(h.By, func(w vault.WriterID) bool { return p.barred[w] })
		if !still && (!unasked || p.heads[h.Writer] > h.Seq) {
			ops = append(ops, Op{bucketMeta, key, nil})
		}
	}
	for s, by := range now {
		key := metaHeld + onRemote(p.name, vault.SegmentPath(s.writer, s.seq))
		if _, known := old[key]; !known {
			ops = append(ops, jsonOp(bucketMeta, key, heldMark{s.writer, s.seq, by, e.Now().UTC()}))
		}
	}
	if len(ops) == 0 {
		return nil
	}
	return e.exclusive(ctx, func() error { return e.Store.Write(ops) })
}

// heldMarks returns what is waited for, by key.
func (e *Engine) heldMarks() (map[string]heldMark, error) {
	out := map[string]heldMark{}
	err := e.Store.Scan(bucketMeta, metaHeld, func(key string, raw []byte) error {
		var h heldMark
		if err := json.Unmarshal(raw, &h); err != nil {
			return vault.Errorf(vault.CodeIntegrity, "read index: %w", err)
		}
		out[key] = h
		return nil
	})
	return out, err
}

// heldFindings names the segments that have been waited for too long. They work while locked.
func (e *Engine) heldFindings() ([]api.Finding, error) {
	marks, err := e.heldMarks()
	var out []api.Finding
	for key, h := range marks {
		if e.Now().Sub(h.Since) >= heldLong {
			out = append(out, findingOf(severeError, foundWithheld, strings.TrimPrefix(key, metaHeld)))
		}
	}
	slices.SortFunc(out, func(a, b api.Finding) int { return strings.Compare(a.Subject, b.Subject) })
	return out, err
}
