package vault

import (
	"cmp"
	"fmt"
	"slices"
)

// What ends a device or a membership holds from the start of the fold, so that nobody escapes it by looking away or by
// dating back. Which of several that contradict one another holds is decided by who certified whom, and in what order: by
// what neither of them chose.

// revocation is a valid revocation with what decides between several.
type revocation struct {
	Revocation
	record *Record
	byRoot bool
	issuer *Device // nil where only the root is known to have signed
}

// revoke proposes the revocation: Refold lets it hold from the start.
func (o *Org) revoke(r *Record) error {
	var b RevokeBody
	if err := r.Decode(&b); err != nil {
		return err
	}
	if !o.byAdminOrRoot(r) {
		return fmt.Errorf("revoked neither by an admin nor by the root")
	}
	if o.Devices[b.Device] == nil {
		return fmt.Errorf("no such device")
	}
	o.proposed = append(o.proposed, revocation{Revocation: Revocation{b, r.Pos, r.At}, record: r, byRoot: o.SignedByRoot(r),
		issuer: o.Devices[r.Pos.Writer.Device()]})
	return nil
}

// senior orders devices by what a device does not choose itself: certificates between the root and it, then, where its
// line and the other's part, the order in which who certified both did so.
func (d *Device) senior(e *Device) int {
	if d == nil || e == nil || d.depth != e.depth {
		return cmp.Compare(d.level(), e.level())
	}
	for d.by != e.by {
		d, e = d.by, e.by
	}
	return cmp.Compare(d.certificate.rank, e.certificate.rank)
}

func (d *Device) level() int {
	if d == nil {
		return 0
	}
	return d.depth
}

// before orders revocations: the root's, then those of the senior device, each device's as it wrote them.
func (v *revocation) before(u *revocation) int {
	switch {
	case v.byRoot && u.byRoot:
		return 0
	case v.byRoot:
		return -1
	case u.byRoot:
		return 1
	}
	return v.issuer.senior(u.issuer)
}

// nextRevocations returns the valid revocations that do not hold yet and come first: those of the root, or of the senior
// device. Open are all that do not hold yet.
func (o *Org) nextRevocations() (next, open []revocation) {
	open = slices.DeleteFunc(slices.Clone(o.proposed), func(v revocation) bool {
		return slices.ContainsFunc(o.accepted, func(a revocation) bool { return a.Pos == v.Pos })
	})
	slices.SortStableFunc(open, func(a, b revocation) int { return a.before(&b) })
	for _, v := range open {
		if len(next) > 0 && v.before(&next[0]) != 0 {
			break
		}
		if v.byRoot || !o.endsLastAdmin(&v, open, slices.Concat(o.accepted, next)) {
			next = append(next, v)
		}
	}
	return next, open
}

// endsLastAdmin reports whether the revocation would leave no admin among those whom its writer had seen: later ones do
// not count, since without the device nobody could have enrolled them.
func (o *Org) endsLastAdmin(v *revocation, open, held []revocation) bool {
	ends := func(id DeviceID) func(revocation) bool {
		return func(u revocation) bool { return u.Device == id }
	}
	target := o.Devices[v.Device]
	if target == nil || !target.Has(RoleAdmin) {
		return false
	}
	for id, d := range o.Devices {
		if id == v.Device || !d.Has(RoleAdmin) || !v.record.Saw(d.Certified) || slices.ContainsFunc(held, ends(id)) {
			continue
		}
		if !slices.ContainsFunc(open, func(u revocation) bool { return u.Device == id && v.record.Saw(u.Pos) }) {
			return false
		}
	}
	return true
}

// refuseLast sets the revocations aside that cannot hold.
func (o *Org) refuseLast(open []revocation) {
	for _, v := range open {
		o.Quarantine = append(o.Quarantine, Quarantined{v.Pos, DeviceRevoked, "the last admin's device is revoked by the root alone", v.At})
	}
}

// cuts reports whether the revocation's cut-off excludes p. A writer that the revoker had not heard of is cut whole.
func (v *Revocation) cuts(p Pos) bool {
	return p.Seq >= v.Cut[p.Writer]
}

// leaving is the end of an agent's stay in a team.
type leaving struct {
	team   TeamID
	agent  AgentID
	record *Record
	byRoot bool
	admin  bool
	place  int // of the member who recorded it among the members
	issuer *Device
}

// leave proposes the end of a membership: Refold lets it hold from the start.
func (o *Org) leave(r *Record, t *Team, agent AgentID, byRoot bool) error {
	l := leaving{team: t.Team, agent: agent, record: r, byRoot: byRoot, issuer: o.Devices[r.Pos.Writer.Device()]}
	l.admin = o.HasRole(r, RoleAdmin)
	if !byRoot && !l.admin && !o.MemberAt(r, t.Team) {
		return fmt.Errorf("neither a member nor an admin ends a membership")
	}
	if l.issuer != nil {
		l.place = slices.IndexFunc(t.Members, func(m Membership) bool { return m.Agent == l.issuer.Agent })
	}
	o.leaving = append(o.leaving, l)
	return nil
}

// join adds a membership with its ends: leaving beats an admission that had not seen it.
func (o *Org) join(t *Team, m Membership, r *Record) {
	m.Since = r.At
	for _, l := range o.parted {
		if l.team == t.Team && l.agent == m.Agent && !r.Saw(l.record.Pos) {
			if len(m.Left) == 0 || l.record.At.Compare(m.Until) < 0 {
				m.Until = l.record.At
			}
			m.Left = append(m.Left, l.record.Pos)
		}
	}
	t.Members = append(t.Members, m)
}

// leftBy reports whether the leaving at p, which ends the stay of the record's agent, came before the record or beats it.
// More are records that may witness besides those of the organization.
func (o *Org) leftBy(r *Record, p Pos, more []*Record) bool {
	if p == r.Pos { // one's own leaving
		return false
	}
	i := slices.IndexFunc(o.parted, func(l leaving) bool { return l.record.Pos == p })
	if i < 0 || !o.beats(o.parted[i].record, r) {
		return i < 0
	}
	return r.Saw(p) || !o.witnessed(r, o.parted[i].record, more)
}

// beats reports whether the end of something counts for an act that was done on the strength of it: where the end came
// first, or where neither had seen the other and nobody else had seen the act by then. Who looks away after the end finds no
// such witness; and an end that is dated back, as if nothing had been seen, does not undo what others have seen long ago.
func (o *Org) beats(end, act *Record) bool {
	if act.Saw(end.Pos) {
		return true
	}
	return !end.Saw(act.Pos) && !o.witnessed(act, end, o.records)
}

func (o *Org) witnessed(act, end *Record, by []*Record) bool {
	return slices.ContainsFunc(by, func(x *Record) bool { return x != end && !x.Saw(end.Pos) && o.witness(x, act.Pos) })
}

// witness reports whether the record shows that a device of another agent had seen what stands at p.
func (o *Org) witness(x *Record, p Pos) bool {
	d, w := o.Devices[p.Writer.Device()], o.Devices[x.Pos.Writer.Device()]
	return d != nil && w != nil && w.Agent != d.Agent && x.Saw(p) && o.Enrolled(x) == nil
}

// besideLeaving returns the leavings that end a stay in the team of the agent whose device wrote the record, and that it had
// not seen.
func (o *Org) besideLeaving(r *Record, team TeamID) []Pos {
	var out []Pos
	d := o.Devices[r.Pos.Writer.Device()]
	for _, l := range o.parted {
		if d != nil && l.team == team && l.agent == d.Agent && !r.Saw(l.record.Pos) {
			out = append(out, l.record.Pos)
		}
	}
	return out
}

// sawLeavings reports whether a record can be no witness against the end of a membership.
func (o *Org) sawLeavings(r *Record) bool {
	return !slices.ContainsFunc(o.parted, func(l leaving) bool { return !r.Saw(l.record.Pos) })
}

// before orders leavings: the root's, then admins' by seniority, then members' by their place in the team.
func (l *leaving) before(m *leaving) int {
	rank := func(l *leaving) int {
		switch {
		case l.byRoot:
			return 0
		case l.admin:
			return 1
		}
		return 2
	}
	if c := cmp.Compare(rank(l), rank(m)); c != 0 || l.byRoot {
		return c
	}
	if l.admin {
		return l.issuer.senior(m.issuer)
	}
	return cmp.Or(cmp.Compare(l.place, m.place), cmp.Compare(l.team, m.team))
}

// nextLeaving returns the valid leavings that do not hold yet and come first.
func (o *Org) nextLeaving() []leaving {
	open := slices.DeleteFunc(slices.Clone(o.leaving), func(l leaving) bool {
		return slices.ContainsFunc(o.parted, func(p leaving) bool { return p.record.Pos == l.record.Pos })
	})
	if len(open) == 0 {
		return nil
	}
	first := slices.MinFunc(open, func(a, b leaving) int { return a.before(&b) })
	return slices.DeleteFunc(open, func(l leaving) bool { return l.before(&first) != 0 })
}
