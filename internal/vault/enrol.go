package vault

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"slices"
)

// introduces reports whether the record may introduce the identifier. What another record introduced in vain before it
// is replaced.
func (o *Org) introduces(key string, r *Record) bool {
	old := o.claims.by[key]
	if old != nil && !r.Saw(old.Pos) {
		o.contested = true
	}
	ok, instead := o.claims.take(key, r)
	if instead != nil {
		o.Quarantine = append(o.Quarantine, supplanted(instead))
	}
	return ok
}

func (o *Org) byAdminOrRoot(r *Record) bool {
	return r.CosignedBy(o.ID, o.Root) || o.HasRole(r, RoleAdmin)
}

func (o *Org) certify(r *Record) error {
	var b DeviceBody
	if err := r.Decode(&b); err != nil {
		return err
	}
	byRoot := r.CosignedBy(o.ID, o.Root)
	issuer := o.Devices[r.Pos.Writer.Device()]
	switch {
	case byRoot && r.Pos.Writer.Device() != b.Device:
		return fmt.Errorf("a certificate by the root in the chain of another device")
	case !byRoot && !o.HasRole(r, RoleAdmin):
		return fmt.Errorf("certified neither by an admin nor by the root")
	case !validKey(b.Key) || deviceOf(b.Key) != b.Device:
		return fmt.Errorf("a device that does not belong to its key")
	case !o.introduces("device/"+string(b.Device), r):
		return fmt.Errorf("the device is certified already")
	}
	d := &Device{DeviceBody: b, Certified: r.Pos, Since: r.At, depth: 1, certificate: &certificate{Record: r, rank: len(o.Devices)}}
	if !byRoot {
		d.depth += issuer.depth
	}
	for _, v := range o.accepted {
		if v.Device == b.Device {
			d.Revoked = append(d.Revoked, v.Revocation)
		}
	}
	o.Devices[b.Device] = d
	return nil
}

// validKey reports whether s is the base64 of an ed25519 public key.
func validKey(s string) bool {
	raw, err := base64.StdEncoding.DecodeString(s)
	return err == nil && len(raw) == 32 && base64.StdEncoding.EncodeToString(raw) == s
}

func deviceOf(key string) DeviceID {
	raw, _ := base64.StdEncoding.DecodeString(key)
	return DeviceIDOf(raw)
}

// revocation is a valid revocation with what decides between several.
type revocation struct {
	Revocation
	byRoot bool
	issuer DeviceID
	depth  int
}

// revoke proposes the revocation: FoldOrg lets it hold from the start.
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
	v := revocation{Revocation: Revocation{b, r.Pos, r.At}, byRoot: r.CosignedBy(o.ID, o.Root), issuer: r.Pos.Writer.Device()}
	if d := o.Devices[v.issuer]; d != nil {
		v.depth = d.depth
	}
	o.proposed = append(o.proposed, v)
	return nil
}

// nextRevocations returns the valid revocations that do not hold yet and outrank the others: those of the root, or of the
// device nearest to it.
func (o *Org) nextRevocations() []revocation {
	open := slices.DeleteFunc(slices.Clone(o.proposed), func(v revocation) bool {
		return slices.ContainsFunc(o.accepted, func(a revocation) bool { return a.Pos == v.Pos })
	})
	if len(open) == 0 {
		return nil
	}
	rank := func(v revocation) int {
		if v.byRoot {
			return 0
		}
		return v.depth
	}
	best := slices.MinFunc(open, func(a, b revocation) int { return cmp.Compare(rank(a), rank(b)) })
	return slices.DeleteFunc(open, func(v revocation) bool {
		return v.byRoot != best.byRoot || !v.byRoot && v.issuer != best.issuer
	})
}

// cuts reports whether the revocation's cut-off excludes p. A writer that the revoker had not heard of is cut whole.
func (v *Revocation) cuts(p Pos) bool {
	return p.Seq >= v.Cut[p.Writer]
}

func (o *Org) addAgent(r *Record, entries EntryLookup) error {
	var b AgentBody
	if err := r.Decode(&b); err != nil {
		return err
	}
	switch {
	case !o.byAdminOrRoot(r):
		return fmt.Errorf("added neither by an admin nor by the root")
	case !LooksLikeID('a', string(b.Agent)) || !LooksLikeID('t', string(b.Solo)):
		return fmt.Errorf("an agent without id or team")
	case !o.introduces("agent/"+string(b.Agent), r) || !o.introduces("team/"+string(b.Solo), r):
		return fmt.Errorf("the agent or the team exists already")
	}
	a := &Agent{AgentBody: b}
	for _, h := range r.Notes {
		var d AgentData
		if e := entries(h); e != nil && e.Kind == EntryAgent && e.Event == r.ID && decodeEntry(e, &d) == nil {
			a.Name = d.Name
		}
	}
	o.Agents[b.Agent] = a
	o.Teams[b.Solo] = &Team{TeamBody: TeamBody{Team: b.Solo, Solo: b.Agent}, Created: r.Pos,
		Members: []Membership{{Agent: b.Agent, Joined: r.Pos}}}
	return nil
}
