package vault

import "slices"

// Serving returns the devices by which the epoch is of use: those that hold it, are not revoked, and whose agent is in the
// team where it is a team's. The order is that of the holders.
func (o *Org) Serving(e *Epoch) []DeviceID {
	return slices.DeleteFunc(e.Holders(), func(id DeviceID) bool { return !o.mayHold(e, id) })
}

func (o *Org) serves(e *Epoch) bool {
	may := func(id DeviceID) bool { return o.mayHold(e, id) }
	if slices.ContainsFunc(e.Devices, may) {
		return true
	}
	return slices.ContainsFunc(e.Extended, func(x Extension) bool { return slices.ContainsFunc(x.Devices, may) })
}

// Outdated reports whether the epoch is to be followed by another: somebody holds it who should not, a revoked device or one
// of an agent who left the team.
func (o *Org) Outdated(e *Epoch) bool {
	return slices.ContainsFunc(e.Holders(), func(id DeviceID) bool { return !o.mayHold(e, id) })
}

func (o *Org) mayHold(e *Epoch, id DeviceID) bool {
	d := o.Devices[id]
	if d == nil || !d.Active() && id != o.Here || !d.Holds(e.Kind) {
		return false
	}
	t := o.Teams[e.Team]
	return e.Kind != EpochTeam || t != nil && slices.Contains(t.MembersNow(), d.Agent)
}

// continued reports whether whoever holds the last epoch of a kind and team holds this one as well: each that followed was
// opened by a device that held the one before, whose parcel names it as a predecessor.
func (o *Org) continued(e *Epoch) bool {
	all := o.epochs[epochKey{e.Kind, e.Team}]
	at := slices.Index(all, e)
	for i := at + 1; at >= 0 && i < len(all); i++ {
		if !slices.Contains(all[i-1].Holders(), all[i].Opened.Writer.Device()) {
			return false
		}
	}
	return at >= 0
}

// Exposed reports whether a device that was revoked as compromised could read with the epoch: it held it, or a later one of
// the same team, which comes with those before.
func (o *Org) Exposed(e *Epoch) bool {
	all := o.epochs[epochKey{e.Kind, e.Team}]
	at := slices.Index(all, e)
	return at >= 0 && slices.ContainsFunc(all[at:], func(e *Epoch) bool {
		return slices.ContainsFunc(e.Holders(), func(id DeviceID) bool {
			d := o.Devices[id]
			return d != nil && slices.ContainsFunc(d.Revoked, func(v Revocation) bool { return v.Compromised })
		})
	})
}

// suffices reports whether declared readers are the wanted ones, where an epoch that is not exposed stands for the current
// one of its team.
func (o *Org) suffices(declared, want []Reader) bool {
	if SameReaders(declared, want) {
		return true
	}
	var now []Reader
	for _, r := range declared {
		if e := o.Epochs[r.Epoch()]; e != nil && e.Kind == EpochTeam && o.continued(e) && !o.Exposed(e) {
			r = EpochReader(o.Current(EpochTeam, e.Team).Epoch)
		}
		if !slices.Contains(now, r) {
			now = append(now, r)
		}
	}
	return SameReaders(now, want)
}
