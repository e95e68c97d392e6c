package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	"vaultctl/internal/vault"
)

const metaRevoked = "revoked" // revokedMark, while this device is revoked as far as it knows

// revokedMark is what stays readable of this device's revocation while locked: ids and a time.
type revokedMark struct {
	At vault.Clock   `json:"at"`
	By vault.AgentID `json:"by,omitempty"`
}

// markRevoked keeps beside the organization whether this device is revoked in it.
func (o *overlay) markRevoked() error {
	if rev, by := o.org.RevokedBy(o.org.Here); rev != nil {
		o.putJSON(bucketMeta, metaRevoked, revokedMark{rev.At, by})
		return nil
	}
	raw, err := o.get(bucketMeta, metaRevoked)
	if raw != nil {
		o.delete(bucketMeta, metaRevoked)
	}
	return err
}

// refuseRevoked returns CodePolicy if this device is revoked, else nil. Nobody would apply what it writes, so it writes
// nothing any more and sends nothing; what it holds stays where it is and can be read. It works while locked.
func (e *Engine) refuseRevoked() error {
	raw, err := e.Store.Get(bucketMeta, metaRevoked)
	if err != nil || raw == nil {
		return err
	}
	var m revokedMark
	if err := json.Unmarshal(raw, &m); err != nil {
		return vault.Errorf(vault.CodeIntegrity, "read index: %w", err)
	}
	by := string(m.By)
	if _, org := e.view(); org != nil {
		by = org.AgentName(m.By)
	}
	day := string(vault.DateOf(m.At.Time().In(e.Now().Location())))
	return api.WithHint(vault.Errorf(vault.CodePolicy, "this workstation was revoked on %s by %s", day, cmp.Or(by, "?")),
		"what it holds stays readable here: copy out with `vaultctl document get` what was not sent, and ask whoever revoked it how to go on")
}

// isRevoked reports whether this device knows that it is revoked.
func (e *Engine) isRevoked() bool { return vault.CodeOf(e.refuseRevoked()) == vault.CodePolicy }

// witness journals that something was opened. A revoked device has nobody left to tell: what it holds is opened without.
func (e *Engine) witness(ctx context.Context, build func(*tx) error) error {
	if e.isRevoked() {
		return nil
	}
	return e.commit(ctx, build)
}

// revokedFinding returns the finding that this device is revoked, if it is.
func (e *Engine) revokedFinding() []api.Finding {
	err := e.refuseRevoked()
	if vault.CodeOf(err) != vault.CodePolicy {
		return nil
	}
	return []api.Finding{finding(severeError, "revoked", "", err.Error(), api.HintOf(err))}
}

// lateFresh is how long what a revoked device wrote counts in a check of the status. The doctor goes on counting it.
const lateFresh = 7 * 24 * time.Hour

// lateWork is what a device wrote beyond the cut-off of its revocation.
type lateWork struct {
	events int
	last   vault.Clock
}

func (l lateWork) with(m lateWork) lateWork {
	if m.last.Compare(l.last) > 0 {
		l.last = m.last
	}
	l.events += m.events
	return l
}

// lateIn counts what revoked devices wrote too late among events that were not applied. Upkeep does not count: nothing is
// lost with it.
func lateIn(org *vault.Org, quarantine []vault.Quarantined) map[vault.DeviceID]lateWork {
	var out map[vault.DeviceID]lateWork
	for _, q := range quarantine {
		if !org.Late(q.Pos) || hidden[q.Type] {
			continue
		}
		if out == nil {
			out = map[vault.DeviceID]lateWork{}
		}
		id := q.Pos.Writer.Device()
		out[id] = out[id].with(lateWork{1, q.At})
	}
	return out
}

// lateFindings says, once per revoked device, how much of what it wrote is not applied. With all of it told as a
// warning, else only what is new enough.
func (e *Engine) lateFindings(all bool) []api.Finding {
	_, org := e.view()
	if org == nil {
		return nil
	}
	sum := map[vault.DeviceID]lateWork{}
	maps.Copy(sum, lateIn(org, org.Quarantine))
	e.mu.RLock()
	for _, p := range e.people {
		for id, l := range p.late {
			sum[id] = sum[id].with(l)
		}
	}
	e.mu.RUnlock()
	var out []api.Finding
	for _, id := range slices.Sorted(maps.Keys(sum)) {
		l, who := sum[id], org.AgentName(org.Devices[id].Agent)
		message := vault.Errorf(vault.CodeAttention, "%d events of %s's workstation, written after its revocation, are not applied", l.events, who)
		if l.events == 1 {
			message = vault.Errorf(vault.CodeAttention, "1 event of %s's workstation, written after its revocation, is not applied", who)
		}
		severity := severeWarning
		if !all && e.Now().Sub(l.last.Time()) > lateFresh {
			severity = severeInfo
		}
		out = append(out, finding(severity, "revoked_writer", string(id), message.Error(),
			lang.Key("`vaultctl journal list` shows them; documents among them are readable on that workstation alone: deposit them again here")))
	}
	return out
}

// declaredObjects adds to known every object that an event of a vault or of the organization declares, one that was not
// applied too: it is where it was put and not used, as far as this device knows now.
func (o *overlay) declaredObjects(scope string, known map[string]bool) error {
	recs, err := o.records(scope)
	for _, r := range recs {
		for _, obj := range declared(&r.Event) {
			known[obj.Path] = true
		}
	}
	return err
}
