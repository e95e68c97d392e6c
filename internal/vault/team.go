package vault

import (
	"fmt"
	"slices"
	"strings"
)

func (o *Org) addTeam(r *Record) error {
	var b TeamBody
	if err := r.Decode(&b); err != nil {
		return err
	}
	agent := o.HasRole(r, RoleAgent)
	switch {
	case !agent && !o.HasRole(r, RoleAdmin):
		return fmt.Errorf("added by neither an admin nor an agent")
	case b.Solo != "":
		return fmt.Errorf("a team of one")
	case mayIntroduce(r, 't', string(b.Team)) != nil:
		return mayIntroduce(r, 't', string(b.Team))
	case !o.introduces("team/"+string(b.Team), r):
		return fmt.Errorf("the team exists already")
	}
	// An agent who creates a team is its first member; an admin who is none creates it for others and reads nothing.
	t := &Team{TeamBody: b, Created: r.Pos}
	o.Teams[b.Team] = t
	if agent {
		o.join(t, Membership{Agent: o.Devices[r.Pos.Writer.Device()].Agent, Joined: r.Pos}, r)
	}
	return nil
}

func (o *Org) member(r *Record) error {
	var b MemberBody
	if err := r.Decode(&b); err != nil {
		return err
	}
	t := o.Teams[b.Team]
	if t == nil {
		return fmt.Errorf("no such team")
	}
	byRoot := o.SignedByRoot(r)
	if b.Left {
		return o.leave(r, t, b.Agent, byRoot)
	}
	founding := len(t.Members) == 0 && o.HasRole(r, RoleAdmin)
	if !byRoot && !founding && !o.MemberAt(r, b.Team) {
		return fmt.Errorf("only a member admits to a team")
	}
	o.join(t, Membership{Agent: b.Agent, Joined: r.Pos}, r)
	return nil
}

// MemberAt reports whether the record's device spoke for the team in its causal past: its agent was a member, and once
// the team has a key, a member gave it to this device. An admin enrols devices for any agent; that alone brings none of
// them into a team. Who left without looking speaks for it no more: leaving beats what is concurrent with it.
func (o *Org) MemberAt(r *Record, team TeamID) bool { return o.memberAmong(r, team, nil) }

// memberAmong is MemberAt where further records may witness, besides those of the organization.
func (o *Org) memberAmong(r *Record, team TeamID, more []*Record) bool {
	return o.speaksFor(r, team, func(p Pos) bool { return o.leftBy(r, p, more) })
}

// speaksFor is MemberAt as if only some leavings counted.
func (o *Org) speaksFor(r *Record, team TeamID, left func(Pos) bool) bool {
	t, d := o.Teams[team], o.Devices[r.Pos.Writer.Device()]
	if t == nil || d == nil || !d.Has(RoleAgent) || o.Enrolled(r) != nil {
		return false
	}
	return o.inTeam(r, team, d.Agent, left) && o.holdsKey(r, team, d.Device)
}

// wasGiven reports whether the record's device was given one of the team's keys that it had seen, whatever became of its
// agent since.
func (o *Org) wasGiven(r *Record, team TeamID) bool {
	d := o.Devices[r.Pos.Writer.Device()]
	return d != nil && d.Has(RoleAgent) && o.Enrolled(r) == nil && slices.ContainsFunc(o.epochs[epochKey{EpochTeam, team}], func(e *Epoch) bool {
		return r.Saw(e.Opened) && (slices.Contains(e.Devices, d.Device) || e.extendedAt(r, d.Device))
	})
}

// holdsKey reports whether one of the team's epochs that the record had seen went to the device, by its opening or later, or
// there was none.
func (o *Org) holdsKey(r *Record, team TeamID, d DeviceID) bool {
	none := true
	for _, e := range o.epochs[epochKey{EpochTeam, team}] {
		if !r.Saw(e.Opened) {
			continue
		}
		if slices.Contains(e.Devices, d) || e.extendedAt(r, d) {
			return true
		}
		none = false
	}
	return none
}

// MembersNow returns the agents who are in the team now.
func (t *Team) MembersNow() []AgentID {
	var out []AgentID
	for _, m := range t.Members {
		if len(m.Left) == 0 && !slices.Contains(out, m.Agent) {
			out = append(out, m.Agent)
		}
	}
	return out
}

func (o *Org) openEpoch(r *Record) error {
	var b EpochBody
	if err := r.Decode(&b); err != nil {
		return err
	}
	if err := b.check(r, o); err != nil {
		return err
	}
	byRoot := o.SignedByRoot(r)
	switch {
	case byRoot:
	case b.Kind == EpochTeam && !o.MemberAt(r, b.Team):
		return fmt.Errorf("a team epoch not opened by a member")
	case b.Kind != EpochTeam && !o.HasRole(r, RoleAdmin):
		return fmt.Errorf("an epoch of the organization not opened by an admin")
	}
	e := &Epoch{EpochBody: b, Opened: r.Pos, Since: r.At}
	o.Epochs[b.Epoch] = e
	k := epochKey{b.Kind, b.Team}
	o.epochs[k] = append(o.epochs[k], e)
	return nil
}

// check returns an error unless the epoch is new, of a known kind, and with its parcels in the writer's own prefix.
func (b *EpochBody) check(r *Record, o *Org) error {
	w, n, ok := strings.Cut(string(b.Epoch), "/")
	if !ok || WriterID(w) != r.Pos.Writer || !isNumber(n) {
		return fmt.Errorf("an epoch outside its writer's prefix")
	}
	if o.Epochs[b.Epoch] != nil {
		return fmt.Errorf("the epoch exists already")
	}
	for i, p := range b.Parcels {
		if p.Path != ParcelPath(b.Epoch, i) {
			return fmt.Errorf("a parcel that is not where its epoch says")
		}
	}
	switch b.Kind {
	case EpochTeam:
		if o.Teams[b.Team] == nil {
			return fmt.Errorf("an epoch of an unknown team")
		}
	case EpochOrg, EpochStaff, EpochIntake:
		if b.Team != "" {
			return fmt.Errorf("an epoch of the organization for a team")
		}
	default:
		return fmt.Errorf("an epoch of an unknown kind")
	}
	if b.Recipient == "" {
		return fmt.Errorf("an epoch without a key")
	}
	return nil
}

// epochAt returns the team's last epoch that the record had seen, or nil.
func (o *Org) epochAt(r *Record, team TeamID) *Epoch {
	all := o.epochs[epochKey{EpochTeam, team}]
	for i := len(all) - 1; i >= 0; i-- {
		if r.Saw(all[i].Opened) {
			return all[i]
		}
	}
	return nil
}

// setRecovery takes a recovery key, in place of an earlier one of the same number.
func (o *Org) setRecovery(k Recovery) {
	o.Recovery = append(slices.DeleteFunc(o.Recovery, func(old Recovery) bool { return old.N == k.N }), k)
}

// recoveryAt returns the last recovery key that the record had seen, or nil.
func (o *Org) recoveryAt(r *Record) *Recovery {
	for i := len(o.Recovery) - 1; i >= 0; i-- {
		if r.Saw(o.Recovery[i].Set) {
			return &o.Recovery[i]
		}
	}
	return nil
}
