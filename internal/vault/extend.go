package vault

import (
	"crypto/sha256"
	"fmt"
	"slices"
)

// Extension is an epoch given to further devices after it was opened.
type Extension struct {
	ExtendBody
	By Pos
}

// Holders returns the devices that the epoch was given to, by its opening or later, in that order.
func (e *Epoch) Holders() []DeviceID {
	out := slices.Clone(e.Devices)
	for _, x := range e.Extended {
		for _, d := range x.Devices {
			if !slices.Contains(out, d) {
				out = append(out, d)
			}
		}
	}
	return out
}

// AllParcels returns the parcels of the epoch, those for later devices included.
func (e *Epoch) AllParcels() []Object {
	out := slices.Clone(e.Parcels)
	for _, x := range e.Extended {
		out = append(out, x.Parcels...)
	}
	return out
}

// ParcelsFor returns the parcels that may open for a device: those of the opening, and its own of later.
func (e *Epoch) ParcelsFor(d DeviceID) []Object {
	out := slices.Clone(e.Parcels)
	for _, x := range e.Extended {
		if i := slices.Index(x.Devices, d); i >= 0 {
			out = append(out, x.Parcels[i])
		}
	}
	return out
}

// extendedAt reports whether an extension that the record had seen gave the epoch to the device.
func (e *Epoch) extendedAt(r *Record, d DeviceID) bool {
	return slices.ContainsFunc(e.Extended, func(x Extension) bool { return r.Saw(x.By) && slices.Contains(x.Devices, d) })
}

// Held reports whether a device was given any key of the team.
func (o *Org) Held(team TeamID, d DeviceID) bool {
	return slices.ContainsFunc(o.epochs[epochKey{EpochTeam, team}], func(e *Epoch) bool { return slices.Contains(e.Holders(), d) })
}

// extendEpoch gives an epoch to further devices. Who may open an epoch of the kind may extend one; but only devices whose
// role holds the kind get it, and a team's only those of its members.
func (o *Org) extendEpoch(r *Record) error {
	var b ExtendBody
	if err := r.Decode(&b); err != nil {
		return err
	}
	e := o.Epochs[b.Epoch]
	if e == nil || !r.Saw(e.Opened) {
		return fmt.Errorf("an unknown epoch given to devices")
	}
	byRoot := o.SignedByRoot(r)
	switch {
	case byRoot:
	case e.Kind == EpochTeam && !o.MemberAt(r, e.Team):
		return fmt.Errorf("a team epoch not given by a member")
	case e.Kind != EpochTeam && !o.HasRole(r, RoleAdmin):
		return fmt.Errorf("an epoch of the organization not given by an admin")
	}
	if err := b.check(o, r, e); err != nil {
		return err
	}
	e.Extended = append(e.Extended, Extension{b, r.Pos})
	return nil
}

// check returns an error unless each device may hold the epoch, and has its parcel where it is looked for.
func (b *ExtendBody) check(o *Org, r *Record, e *Epoch) error {
	if len(b.Devices) == 0 || len(b.Parcels) != len(b.Devices) {
		return fmt.Errorf("an epoch given without a parcel for each device")
	}
	for i, id := range b.Devices {
		d := o.Devices[id]
		switch {
		case d == nil || !r.Saw(d.Certified):
			return fmt.Errorf("an epoch given to a device that is not enrolled")
		case !d.Holds(e.Kind):
			return fmt.Errorf("an epoch given to a device whose role does not hold it")
		case e.Kind == EpochTeam && !o.inTeam(r, e.Team, d.Agent, func(p Pos) bool { return o.leftBy(r, p, nil) }):
			return fmt.Errorf("a team epoch given to a device of somebody else")
		case b.Parcels[i].Path != ExtensionPath(r.Pos.Writer, b.Epoch, id):
			return fmt.Errorf("a parcel that is not where its device looks")
		}
	}
	return nil
}

// Holds reports whether the device's role holds epochs of a kind.
func (d *DeviceBody) Holds(kind EpochKind) bool {
	has := func(role Role) bool { return d.Role == role || slices.Contains(d.Also, role) }
	switch kind {
	case EpochOrg:
		return true
	case EpochIntake:
		return has(RoleAdmin) || has(RoleAgent) || has(RoleDeposit)
	case EpochStaff:
		return has(RoleAdmin) || has(RoleAgent)
	}
	return has(RoleAgent)
}

// inTeam reports whether the agent was in the team in the record's causal past. Left says which leavings count.
func (o *Org) inTeam(r *Record, team TeamID, agent AgentID, left func(Pos) bool) bool {
	t := o.Teams[team]
	return t != nil && slices.ContainsFunc(t.Members, func(m Membership) bool {
		return m.Agent == agent && r.Saw(m.Joined) && !slices.ContainsFunc(m.Left, left)
	})
}

// ExtensionPath returns the path of the parcel by which a writer gives an epoch to a device. It follows from the three, so
// that the device finds it even where it cannot read who gave it the epoch.
func ExtensionPath(w WriterID, e EpochID, d DeviceID) string {
	sum := sha256.Sum256([]byte(string(e) + "\n" + string(d)))
	return WriterPrefix(w) + "/k/" + lowerBase32.EncodeToString(sum[:])[:26] + ".age"
}
