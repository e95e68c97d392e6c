package engine

import (
	"context"
	"slices"
	"time"

	"vaultctl/internal/vault"
)

// turn says when this device is to put the objects of a vault right.
type turn struct {
	able  bool          // this device opens some of them
	since time.Time     // when what made them wrong was recorded
	wait  time.Duration // how long this device leaves it to others
}

// turnOf decides whose turn it is: the device that withdrew, granted or revoked begins at once; others take over after an
// hour. Where that device cannot open the objects, those who can follow one another, a little apart.
func turnOf(st *vault.State, org *vault.Org, keys *keyring, docs []*vault.Document, notes []*vault.NoteBody) turn {
	var readers []vault.Reader
	for _, d := range docs {
		readers = append(readers, d.Object.Readers...)
	}
	for _, n := range notes {
		readers = append(readers, n.Object.Readers...)
	}
	dead, _ := splitDead(st)
	t := turn{able: dead > 0 || keys.reads(readers) || len(notes) > 0 && tells(st)}
	at, by := cause(st, org, docs)
	t.since = at.Time()
	able := holdersOf(org, readers)
	begins := org.Devices[by]
	switch {
	case by == org.Here:
	case slices.Contains(able, by), len(docs)+len(notes) == 0 && begins != nil && begins.Active():
		t.wait = takeOver
	default:
		t.wait = time.Duration(placeAmong(able, org.Here, string(st.ID))) * renewTurn
	}
	return t
}

// holdersOf returns the active devices that open an object with these readers.
func holdersOf(org *vault.Org, readers []vault.Reader) []vault.DeviceID {
	var out []vault.DeviceID
	for i, r := range readers {
		e := org.Epochs[r.Epoch()]
		if e == nil || slices.Contains(readers[:i], r) {
			continue
		}
		for _, id := range e.Holders() {
			if d := org.Devices[id]; d != nil && d.Active() && !slices.Contains(out, id) {
				out = append(out, id)
			}
		}
	}
	return out
}

// cause returns the last thing that decided who reads the vault, or that brought an object for others than those, and the
// device that recorded it.
func cause(st *vault.State, org *vault.Org, docs []*vault.Document) (vault.Clock, vault.DeviceID) {
	var last vault.Clock
	var by vault.DeviceID
	later := func(at vault.Clock, device vault.DeviceID) {
		if at.Compare(last) > 0 {
			last, by = at, device
		}
	}
	if st.Last != nil && len(docs) == 0 {
		later(st.Last.At, st.Last.Pos.Writer.Device())
	}
	for _, c := range st.Consents {
		later(c.At, c.Given.Writer.Device())
		if c.Ended != nil {
			later(c.Ended.At, c.Ended.Pos.Writer.Device())
		}
		if e := org.Current(vault.EpochTeam, c.Team); e != nil {
			later(e.Since, e.Opened.Writer.Device())
		}
	}
	for _, c := range st.Cards {
		later(c.At, c.Issued.Writer.Device())
	}
	if r := org.CurrentRecovery(); r != nil {
		later(r.Since, r.Set.Writer.Device())
	}
	for _, d := range docs {
		later(d.Changed, vault.PathWriter(d.Object.Path).Device())
	}
	return last, by
}

// due reports whether it is this device's turn.
func (e *Engine) due(id vault.BeneficiaryID, t turn) bool {
	return t.able && (t.wait == 0 || e.Now().Sub(e.firstSeen("vault/"+string(id), t.since)) >= t.wait)
}

// toReseal counts the vaults of which something is sealed to others than it should be.
func (e *Engine) toReseal() int {
	e.mu.RLock()
	defer e.mu.RUnlock()
	n := 0
	for _, s := range e.people {
		if s.misread {
			n++
		}
	}
	return n
}

// resealBudget is how long one round of background work seals vaults anew before it looks at what else there is.
const resealBudget = time.Minute

// resealDue seals the vaults anew whose turn it is, until the budget is spent; it reports whether any are left.
func (e *Engine) resealDue(ctx context.Context, ids []vault.BeneficiaryID) (left bool) {
	until := time.Now().Add(resealBudget)
	for i, id := range ids {
		if i > 0 && time.Now().After(until) {
			return true
		}
		if _, _, err := e.resealVault(ctx, id, nil, nil); err != nil && ctx.Err() == nil {
			e.log.Warn("reseal", "code", vault.CodeOf(err))
		}
	}
	return false
}

// resumeSoon has the tender begin its next round at once.
func (e *Engine) resumeSoon() {
	select {
	case e.resume <- struct{}{}:
	default:
	}
}
