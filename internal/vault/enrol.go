package vault

import (
	"encoding/base64"
	"fmt"
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
	return o.SignedByRoot(r) || o.HasRole(r, RoleAdmin)
}

func (o *Org) certify(r *Record) error {
	var b DeviceBody
	if err := r.Decode(&b); err != nil {
		return err
	}
	byRoot := o.SignedByRoot(r)
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
		d.depth, d.by = issuer.depth+1, issuer
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

func (o *Org) addAgent(r *Record, entries EntryLookup) error {
	var b AgentBody
	if err := r.Decode(&b); err != nil {
		return err
	}
	switch {
	case !o.byAdminOrRoot(r):
		return fmt.Errorf("added neither by an admin nor by the root")
	case mayIntroduce(r, 'a', string(b.Agent)) != nil || mayIntroduce(r, 't', string(b.Solo)) != nil:
		return fmt.Errorf("an agent without id or team, or under those of another device")
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
	t := &Team{TeamBody: TeamBody{Team: b.Solo, Solo: b.Agent}, Created: r.Pos}
	o.Teams[b.Solo] = t
	o.join(t, Membership{Agent: b.Agent, Joined: r.Pos}, r)
	return nil
}
