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
	metaLie   = "lie/"   // + path of a segment that says less than its writer must have seen → when it was taken
	metaNewer = "newer/" // + writer whose next segment is a newer version's
	metaHeld  = "held/"  // + remote:path of a segment that another one says to have seen → heldMark, until it arrives
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

// markHeld keeps since when segments wait for others, and forgets those that wait no more. It also keeps which segments say
// too little, and whose are of a newer version.
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
	for _, path := range p.lies {
		ops = append(ops, jsonOp(bucketMeta, metaLie+path, e.Now().UTC()))
	}
	for _, w := range p.newer {
		ops = append(ops, Op{bucketMeta, metaNewer + string(w), []byte{1}})
	}
	for w, a := range p.asking {
		if a.news {
			ops = append(ops, Op{bucketMeta, metaNewer + string(w), nil})
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

// lieNew is how long a segment that says too little counts in a check; afterwards it is only mentioned.
const lieNew = 30 * 24 * time.Hour

// lieFindings names the segments that say less than their writers must have seen, unless the device is revoked.
func (e *Engine) lieFindings() ([]api.Finding, error) {
	_, org := e.view()
	var out []api.Finding
	err := e.Store.Scan(bucketMeta, metaLie, func(key string, raw []byte) error {
		path := strings.TrimPrefix(key, metaLie)
		var since time.Time
		if err := json.Unmarshal(raw, &since); err != nil {
			return vault.Errorf(vault.CodeIntegrity, "read index: %w", err)
		}
		if org != nil {
			if d := org.Devices[vault.PathWriter(path).Device()]; d != nil && !d.Active() {
				return nil
			}
		}
		severity := severeWarning
		if e.Now().Sub(since) > lieNew {
			severity = severeInfo
		}
		out = append(out, findingOf(severity, foundPast, path))
		return nil
	})
	return out, err
}

// refuseNewer returns CodeUpgrade if something here was written by a newer version in a way that this one must not go on
// from: then this workstation reads and writes nothing but ends of consents and accesses, and damages nothing.
func (e *Engine) refuseNewer(org *vault.Org) error {
	newer := org.ReadOnly
	err := e.Store.Scan(bucketMeta, metaNewer, func(key string, _ []byte) error {
		if d := org.Devices[vault.WriterID(strings.TrimPrefix(key, metaNewer)).Device()]; d != nil && d.Active() {
			newer = true
		}
		return nil
	})
	if err != nil || !newer {
		return err
	}
	return api.WithHint(vault.Errorf(vault.CodeUpgrade, "another workstation works with a newer version: here everything is read-only"),
		"upgrade vaultctl on this computer; nothing is lost meanwhile")
}

// harmless reports whether an event of the type may be written where a newer version has written what this one does not
// understand: it takes access away, or tells that there was some.
func harmless(t vault.EventType) bool {
	switch t {
	case vault.ConsentWithdrawn, vault.ConsentExpired, vault.ShareRevoked, vault.ShareExpired, vault.AccessOpened, vault.AccessRefused, vault.Heartbeat:
		return true
	}
	return false
}

// newerFinding says that this workstation only reads until it is upgraded, if that is so.
func (e *Engine) newerFinding() []api.Finding {
	_, org := e.view()
	if org == nil {
		return nil
	}
	err := e.refuseNewer(org)
	if vault.CodeOf(err) != vault.CodeUpgrade {
		return nil
	}
	return []api.Finding{finding(severeWarning, string(vault.CodeUpgrade), "", err.Error(), api.HintOf(err))}
}
