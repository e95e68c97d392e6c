package engine

import (
	"context"
	"maps"
	"slices"

	"vaultctl/internal/vault"
)

// teamsFor returns the teams of the device's agent whose key is at hand and that the device does not hold, sorted.
func teamsFor(org *vault.Org, keys *keyring, dev *vault.Device) []vault.TeamID {
	var out []vault.TeamID
	if keys == nil || !dev.Has(vault.RoleAgent) {
		return nil
	}
	for id, t := range org.Teams {
		cur := org.Current(vault.EpochTeam, id)
		if cur != nil && keys.epochs[cur.Epoch] != "" && slices.Contains(t.MembersNow(), dev.Agent) && !slices.Contains(cur.Holders(), dev.Device) {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}

// extendEpoch gives an epoch to a device: its identity, those before it, and the index keys of its kind.
func (t *tx) extendEpoch(ep *vault.Epoch, dev *vault.Device) error {
	if slices.Contains(ep.Holders(), dev.Device) {
		return nil
	}
	identity, ok := t.ov.keys.epochs[ep.Epoch]
	if !ok {
		return vault.Errorf(vault.CodePolicy, "this workstation does not hold the key that the new one needs")
	}
	of := &newEpoch{kind: ep.Kind, team: ep.Team}
	var refs, names []byte
	switch ep.Kind {
	case vault.EpochIntake:
		refs = t.ov.keys.refsKey
	case vault.EpochStaff:
		names = t.ov.keys.namesKey
	}
	before := slices.DeleteFunc(t.predecessors(of), func(old string) bool { return old == identity })
	text := parcelText(ep.Epoch, ep.Kind, identity, before, refs, names)
	path := vault.ExtensionPath(t.rec.Writer, ep.Epoch, dev.Device)
	if err := t.e.Spool.Withdraw(path); err != nil { // of an attempt that came to nothing
		return err
	}
	o, raw, err := t.e.sealParcelAt(path, text, []string{dev.Recipient})
	if err != nil {
		return err
	}
	t.parcel(o, raw)
	return t.emit(vault.EpochExtended, "", vault.ExtendBody{Epoch: ep.Epoch, Devices: []vault.DeviceID{dev.Device}, Parcels: []vault.Object{o}})
}

// extendMissing gives keys to devices that should hold them and do not: one that was enrolled, or let into a team, while
// somebody else who had not heard of it made the next key. An admin's device does it for the organization's keys, one of a
// member for those of the team.
func (e *Engine) extendMissing(ctx context.Context) error {
	keys, org := e.view()
	if keys == nil || len(missingHolders(org, keys)) == 0 {
		return nil
	}
	return e.commit(ctx, func(t *tx) error {
		for _, m := range missingHolders(t.org(), t.ov.keys) {
			if err := t.extendEpoch(m.epoch, m.device); err != nil {
				return err
			}
		}
		return nil
	})
}

// missingHolder is a device that lacks a key.
type missingHolder struct {
	epoch  *vault.Epoch
	device *vault.Device
}

// missingHolders returns who lacks which key that this device may give, in a stable order. A key that is about to be
// renewed is left to its renewal.
func missingHolders(org *vault.Org, keys *keyring) []missingHolder {
	self := org.Devices[org.Here]
	if self == nil || !self.Active() {
		return nil
	}
	var out []missingHolder
	add := func(cur *vault.Epoch, wanted func(*vault.Device) bool) {
		if cur == nil || keys.epochs[cur.Epoch] == "" || org.Outdated(cur) {
			return
		}
		holders := cur.Holders()
		for _, id := range slices.Sorted(maps.Keys(org.Devices)) {
			if d := org.Devices[id]; d.Active() && d.Holds(cur.Kind) && !slices.Contains(holders, id) && wanted(d) {
				out = append(out, missingHolder{cur, d})
			}
		}
	}
	if self.Has(vault.RoleAdmin) {
		for _, kind := range []vault.EpochKind{vault.EpochOrg, vault.EpochIntake, vault.EpochStaff} {
			add(org.Current(kind, ""), func(*vault.Device) bool { return true })
		}
	}
	for _, id := range slices.Sorted(maps.Keys(org.Teams)) {
		members, cur := org.Teams[id].MembersNow(), org.Current(vault.EpochTeam, id)
		if cur == nil || !slices.Contains(cur.Holders(), org.Here) || !slices.Contains(members, self.Agent) {
			continue
		}
		// Only who held an earlier key of the team: an admin enrols devices for any agent, and a member lets them in.
		add(cur, func(d *vault.Device) bool { return slices.Contains(members, d.Agent) && org.Held(id, d.Device) })
	}
	return out
}
