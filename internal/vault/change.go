package vault

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"reflect"
	"slices"
)

// Change is what became different between two folds of one organization, as far as the fold of a vault asks for it. Most
// of what is decided for an organization (a device enrolled, an agent let into a team, a new key) comes after all that
// vaults hold and changes nothing about them; so vaults need not be folded anew for it.
type Change struct {
	all     bool  // anything may be different
	some    bool  // something is
	readers bool  // among it who reads what, or for whom copies are
	places  []Pos // of what came to be: records that saw one of these may count otherwise
	// from are devices of which some records may count otherwise: of each writer those from a segment on, of writers that
	// are not named all.
	from map[DeviceID]Past
}

// Since compares the organization with an earlier fold of it in the same device's view.
func (o *Org) Since(before *Org) *Change {
	c := &Change{from: map[DeviceID]Past{}, some: len(o.records) != len(before.records)}
	c.all = o.First != before.First || !slices.EqualFunc(o.roots, before.roots, sameRoot)
	c.devices(before, o)
	c.teams(before, o)
	c.epochs(before, o)
	c.partners(before, o)
	added := grown(before.Recovery, o.Recovery, func(a, b Recovery) bool { return a.N == b.N && a.Set == b.Set && a.Recipient == b.Recipient })
	c.all = c.all || added == nil
	for _, k := range added {
		c.add(k.Set, true)
	}
	for _, a := range grown(before.adopted, o.adopted, func(a, b adoption) bool { return a.pos == b.pos }) {
		c.since(a.Device, nil)
	}
	c.all = c.all || len(o.adopted) < len(before.adopted)
	return c
}

// Mark is the same for two folds of one organization in the same device's view if they are of the same records, those apart that
// decide nothing. It is 44 characters of base64.
func (o *Org) Mark() string {
	h := sha256.New() // which writes without errors
	for _, r := range o.records {
		_, _ = fmt.Fprintf(h, "%s/%d/%d %s\n", r.Pos.Writer, r.Pos.Seq, r.Pos.Index, r.ID)
	}
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// Readers reports whether it may be different who reads a vault, or by which keys, or who gets copies.
func (c *Change) Readers() bool { return c.all || c.readers }

// Concerns reports whether a vault may fold to something else than before. It is sure where it says no. It reads of the
// state what FrontOf keeps.
func (c *Change) Concerns(s *State) bool {
	if c.all || s.Last == nil || c.some && s.Beside {
		return true
	}
	for w, n := range s.Last.Past {
		if from, ok := c.from[w.Device()]; ok && n > from[w] {
			return true
		}
	}
	return slices.ContainsFunc(c.places, func(p Pos) bool { return s.Last.Claimed[p.Writer] > p.Seq || s.Last.Past[p.Writer] > p.Seq })
}

func (c *Change) add(p Pos, readers bool) {
	c.some, c.readers = true, c.readers || readers
	c.places = append(c.places, p)
}

// since notes that what a device wrote from there on may count otherwise.
func (c *Change) since(d DeviceID, from Past) {
	c.some, c.readers = true, true
	old, known := c.from[d]
	if !known {
		c.from[d] = from.Clone()
		return
	}
	both := Past{}
	for w, n := range old {
		if m, ok := from[w]; ok {
			both[w] = min(n, m)
		}
	}
	c.from[d] = both
}

func (c *Change) devices(before, now *Org) {
	for id, old := range before.Devices {
		d := now.Devices[id]
		if d == nil || d.Certified != old.Certified || !reflect.DeepEqual(d.DeviceBody, old.DeviceBody) {
			c.all = true
			return
		}
	}
	for id, d := range now.Devices {
		old := before.Devices[id]
		if old == nil {
			c.add(d.Certified, false)
			c.since(id, nil)
			old = &Device{}
		}
		added := grown(old.Revoked, d.Revoked, func(a, b Revocation) bool { return a.Pos == b.Pos })
		if added == nil {
			c.all = true
			return
		}
		for _, v := range added {
			c.add(v.Pos, true)
			c.since(id, v.Cut)
		}
	}
}

func (c *Change) teams(before, now *Org) {
	for id, old := range before.Teams {
		if t := now.Teams[id]; t == nil || t.Created != old.Created {
			c.all = true
			return
		}
	}
	for id, t := range now.Teams {
		old := before.Teams[id]
		if old == nil {
			c.add(t.Created, false)
			old = &Team{}
		}
		stays := grown(old.Members, t.Members, func(a, b Membership) bool { return a.Agent == b.Agent && a.Joined == b.Joined })
		if stays == nil {
			c.all = true
			return
		}
		for _, m := range stays {
			c.add(m.Joined, true)
		}
		c.ends(old, t, now)
	}
}

// ends looks at the ends of stays in a team. One that came to be concerns what the agent wrote without having seen it.
func (c *Change) ends(old, t *Team, now *Org) {
	for _, m := range t.Members {
		var had []Pos
		if i := slices.IndexFunc(old.Members, func(o Membership) bool { return o.Agent == m.Agent && o.Joined == m.Joined }); i >= 0 {
			had = old.Members[i].Left
		}
		left := grown(had, m.Left, func(a, b Pos) bool { return a == b })
		if left == nil {
			c.all = true
			return
		}
		for _, p := range left {
			c.add(p, true)
			for id, d := range now.Devices {
				if d.Agent == m.Agent {
					c.since(id, nil)
				}
			}
		}
	}
}

func (c *Change) epochs(before, now *Org) {
	for k, old := range before.epochs {
		if len(old) > len(now.epochs[k]) {
			c.all = true
			return
		}
	}
	for k, all := range now.epochs {
		team := k.kind == EpochTeam
		opened := grown(before.epochs[k], all, func(a, b *Epoch) bool {
			return a.Epoch == b.Epoch && a.Opened == b.Opened && slices.Equal(a.Devices, b.Devices)
		})
		if opened == nil {
			c.all = true
			return
		}
		for _, e := range opened {
			c.add(e.Opened, team)
		}
		for _, e := range all {
			var had []Extension
			if b := before.Epochs[e.Epoch]; b != nil {
				had = b.Extended
			}
			extended := grown(had, e.Extended, func(a, b Extension) bool { return a.By == b.By && slices.Equal(a.Devices, b.Devices) })
			if extended == nil {
				c.all = true
				return
			}
			for _, x := range extended {
				c.add(x.By, team)
			}
		}
	}
}

func (c *Change) partners(before, now *Org) {
	for id, old := range before.Partners {
		if p := now.Partners[id]; p == nil || p.Added != old.Added {
			c.all = true
			return
		}
	}
	for id, p := range now.Partners {
		old := before.Partners[id]
		if old == nil {
			c.add(p.Added, true)
			old = &Partner{}
		}
		removed := grown(old.Removed, p.Removed, func(a, b Pos) bool { return a == b })
		if removed == nil {
			c.all = true
			return
		}
		for _, pos := range removed {
			c.add(pos, true)
		}
	}
}

func sameRoot(a, b Root) bool {
	return a.Key == b.Key && slices.EqualFunc(a.told, b.told, func(a, b *Record) bool { return a.Pos == b.Pos })
}

// grown returns what now has beyond before, which it must contain in the same order; nil says that it does not.
func grown[T any](before, now []T, same func(a, b T) bool) []T {
	added := []T{}
	i := 0
	for _, x := range now {
		if i < len(before) && same(before[i], x) {
			i++
		} else {
			added = append(added, x)
		}
	}
	if i < len(before) {
		return nil
	}
	return added
}

// besideEnd reports whether the end of the stay of the record's agent in the team and the record have not seen one
// another: whether it counts depends on what others saw.
func (o *Org) besideEnd(r *Record, team TeamID) bool {
	d := o.Devices[r.Pos.Writer.Device()]
	return d != nil && slices.ContainsFunc(o.parted, func(l leaving) bool {
		return l.team == team && l.agent == d.Agent && !r.Saw(l.record.Pos) && !l.record.Saw(r.Pos)
	})
}
