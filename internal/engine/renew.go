package engine

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"slices"
	"time"

	"vaultctl/internal/vault"
)

const (
	renewTurn = 2 * time.Minute // how long a device leaves the new key of a team to each of those before it
	takeOver  = time.Hour       // after which others take up what the device that began it left undone
)

// dueKey is a key that is to be followed by another: a device holds it that should not, or nobody made the first one.
type dueKey struct {
	kind vault.EpochKind
	team vault.TeamID
}

// renewKeys makes new keys in the place of those that a revoked device or a former member holds, as far as this device may:
// the organization's as an admin, a team's as a member who holds it. What was pending is closed into a segment first, so that
// the device which loses the key can read that it does. With now, other devices are left no time to do it first.
func (e *Engine) renewKeys(ctx context.Context, now bool) error {
	due := e.dueKeys(now)
	if len(due) == 0 {
		return nil
	}
	if err := e.exclusive(ctx, e.sealSegment); err != nil {
		return err
	}
	keys, _ := e.view()
	if keys == nil {
		return vault.Errorf(vault.CodeLocked, "the vaults are locked")
	}
	var epochs []*newEpoch
	for i, k := range due {
		ep, err := e.makeEpoch(k.kind, k.team, i)
		if err != nil {
			return err
		}
		switch k.kind {
		case vault.EpochStaff:
			ep.namesKey = bytes.Clone(keys.namesKey)
		case vault.EpochIntake:
			ep.refsKey = bytes.Clone(keys.refsKey)
		}
		epochs = append(epochs, ep)
	}
	err := e.commit(ctx, func(t *tx) error {
		for _, ep := range epochs {
			cur := t.org().Current(ep.kind, ep.team)
			if cur != nil && !outdated(t.org(), cur) { // done meanwhile
				continue
			}
			var rec *vault.RecoveryBody
			if r := t.org().CurrentRecovery(); r != nil {
				rec = &r.RecoveryBody
			}
			if err := t.openEpochs([]*newEpoch{ep}, holdersFor(t.org(), ep.kind, ep.team), rec, nil); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return e.summarizeAgain(ctx)
}

// holdersFor returns the devices that are to hold the next key of a kind, sorted: of the organization those whose role holds
// it; of a team those that a member let in, and that are still in it.
func holdersFor(org *vault.Org, kind vault.EpochKind, team vault.TeamID) []vault.DeviceBody {
	var in []vault.DeviceID
	cur := org.Current(kind, team)
	switch {
	case kind != vault.EpochTeam:
		for id := range org.Devices {
			in = append(in, id)
		}
	case cur != nil:
		in = org.Serving(cur)
	default: // the first one; a member lets others in
		in = []vault.DeviceID{org.Here}
	}
	var out []vault.DeviceBody
	for _, id := range in {
		if d := org.Devices[id]; d.Active() && d.Holds(kind) {
			out = append(out, d.DeviceBody)
		}
	}
	slices.SortFunc(out, func(a, b vault.DeviceBody) int { return cmp.Compare(a.Device, b.Device) })
	return out
}

// dueKeys returns the keys that this device is to renew, in a stable order.
func (e *Engine) dueKeys(now bool) []dueKey {
	keys, org := e.view()
	ident := e.self()
	if keys == nil || org.Devices[ident.Device] == nil || ident.Joining || ident.Asking {
		return nil
	}
	self := org.Devices[ident.Device]
	var out []dueKey
	for _, kind := range []vault.EpochKind{vault.EpochOrg, vault.EpochStaff, vault.EpochIntake} {
		cur := org.Current(kind, "")
		if self.Has(vault.RoleAdmin) && cur != nil && keys.epochs[cur.Epoch] != "" && outdated(org, cur) && (now || e.turnToRenew(org, cur)) {
			out = append(out, dueKey{kind, ""})
		}
	}
	for id, t := range org.Teams {
		cur := org.Current(vault.EpochTeam, id)
		switch {
		case !self.Has(vault.RoleAgent) || !slices.Contains(t.MembersNow(), ident.Agent):
		case cur == nil && (t.Solo == "" || t.Solo == ident.Agent), // nobody has made the first one
			cur != nil && slices.Contains(cur.Holders(), ident.Device) && org.Outdated(cur) && (now || e.turnToRenew(org, cur)):
			out = append(out, dueKey{vault.EpochTeam, id})
		}
	}
	slices.SortFunc(out, func(a, b dueKey) int { return cmp.Compare(a.team, b.team) })
	return out
}

// outdated reports whether a key is to be followed by another: somebody holds it who should not, or recovery does not.
func outdated(org *vault.Org, cur *vault.Epoch) bool {
	rec := org.CurrentRecovery()
	return org.Outdated(cur) || cur.Kind != vault.EpochTeam && rec != nil && cur.Recovery != rec.N
}

// turnToRenew reports whether this device is the one to renew a key: the one that ended the holder at once, for the
// organization's keys the others an hour later; for a team's its members one after another, since not each is there.
func (e *Engine) turnToRenew(org *vault.Org, cur *vault.Epoch) bool {
	self := e.self().Device
	since, by := endedHolder(org, cur)
	if by == self {
		return true
	}
	wait := takeOver
	if cur.Kind == vault.EpochTeam {
		wait = time.Duration(placeAmong(org.Serving(cur), self, string(cur.Epoch))) * renewTurn
	}
	return e.Now().Sub(e.firstSeen("key/"+string(cur.Epoch), since)) >= wait
}

// endedHolder returns when the last holder of a key who should not hold it was revoked, and by which device. Who left a team
// is given as of its key.
func endedHolder(org *vault.Org, cur *vault.Epoch) (since time.Time, by vault.DeviceID) {
	since, by = cur.Since.Time(), cur.Opened.Writer.Device()
	for _, id := range cur.Holders() {
		d := org.Devices[id]
		if d == nil {
			continue
		}
		for _, v := range d.Revoked {
			if v.At.Time().After(since) {
				since, by = v.At.Time(), v.Pos.Writer.Device()
			}
		}
	}
	return since, by
}

// placeAmong returns how many of the devices come before one, in an order that differs from subject to subject.
func placeAmong(ids []vault.DeviceID, self vault.DeviceID, subject string) int {
	place := func(id vault.DeviceID) []byte {
		sum := sha256.Sum256([]byte(subject + string(id)))
		return sum[:]
	}
	n, mine := 0, place(self)
	for _, id := range ids {
		if id != self && bytes.Compare(place(id), mine) < 0 {
			n++
		}
	}
	return n
}

// firstSeen returns when this process first met something that others may be at work on, or the time given where that is
// earlier: clocks of others are not trusted to put it off.
func (e *Engine) firstSeen(what string, at time.Time) time.Time {
	now := e.Now()
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.met == nil {
		e.met = map[string]time.Time{}
	}
	if _, ok := e.met[what]; !ok {
		e.met[what] = now
	}
	if met := e.met[what]; at.After(met) {
		return met
	}
	return at
}
