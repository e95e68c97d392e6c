package vault

import (
	"maps"
	"slices"
)

// What is superseded is deleted, and a withdrawal that arrives afterwards may undo what superseded it: see beside.go. So a
// fold notes on which acts it hangs that an object is gone for good, and the object is kept until those acts are settled.
//
// An act is settled once a record of a device of another agent that had seen it is known, with all that this record says to
// have seen: a withdrawal that is not known by then is none that the record had seen, so that the record witnesses the act
// against it. Where nobody else has a device, there is no witness and none is needed: an agent's further devices write a
// withdrawal beside the act only until they have heard of it.

// Act is what stands at a place, as far as something hangs on whether it stands.
type Act struct {
	Pos Pos `json:"pos"`
	// All says that no witness settles it, and that every device has to have seen it: what was granted beside a withdrawal falls
	// whoever saw it, and what a withdrawal has undone may still find a witness.
	All bool `json:"all,omitempty"`
}

// Evidence is by what a device judges which acts are settled.
type Evidence struct {
	Org     *Org
	Records []*Record // of the vault
	// Heard returns what a device says to have seen, as far as is known here.
	Heard func(DeviceID) Past
	// Whole reports whether all of a past is known here. It is not where a segment is there and damaged.
	Whole func(Past) bool
	// By is whose device is about to bury what it finds settled, "" for nobody's: it witnesses what others did by that.
	By AgentID
}

// Settled reports whether nothing that is not known yet undoes the act, or brings it back.
func (v *Evidence) Settled(a Act) bool {
	d := v.Org.Devices[a.Pos.Writer.Device()]
	switch {
	case d == nil:
		return false
	case a.All:
		return v.seenByAll(d, a.Pos)
	case v.By != "" && v.By != d.Agent:
		return true
	}
	seen := func(x *Record) bool { return v.Org.witness(x, a.Pos) && v.Whole(x.Past) }
	return slices.ContainsFunc(v.Records, seen) || slices.ContainsFunc(v.Org.records, seen) || v.alone(d) && v.seenByAll(d, a.Pos)
}

// alone reports whether no other agent has a device.
func (v *Evidence) alone(d *Device) bool {
	for _, o := range v.Org.Devices {
		if o.Agent != d.Agent && o.Active() {
			return false
		}
	}
	return true
}

// seenByAll reports whether each other device has written something after it saw what stands at p.
func (v *Evidence) seenByAll(d *Device, p Pos) bool {
	for id, o := range v.Org.Devices {
		if id != d.Device && o.Active() && v.Heard(id)[p.Writer] <= p.Seq {
			return false
		}
	}
	return true
}

// Unsettled returns the superseded objects that are not to be deleted yet, with what they wait for.
func (s *State) Unsettled(v *Evidence) map[string][]Act {
	known := map[Act]bool{}
	out := map[string][]Act{}
	for path, acts := range s.Waits {
		if !s.Dead[path] && !s.Tombs[path] {
			continue
		}
		for _, a := range acts {
			if _, ok := known[a]; !ok {
				known[a] = v.Settled(a)
			}
			if !known[a] {
				out[path] = append(out[path], a)
			}
		}
	}
	return out
}

// Buriable returns the objects to be tombstoned now, sorted: those of DeadPaths that wait for nothing more.
func (s *State) Buriable(v *Evidence) []string {
	unsettled := s.Unsettled(v)
	return slices.DeleteFunc(s.DeadPaths(), func(p string) bool { return unsettled[p] != nil })
}

// supersede ends an object, which is kept until the acts are settled.
func (s *State) supersede(path string, acts ...Act) {
	s.Dead[path] = true
	s.wait(path, acts)
}

func (s *State) wait(path string, acts []Act) {
	if len(acts) == 0 {
		return
	}
	if s.Waits == nil {
		s.Waits = map[string][]Act{}
	}
	all := slices.Clone(s.Waits[path])
	for _, a := range acts {
		if !slices.Contains(all, a) {
			all = append(all, a)
		}
	}
	s.Waits[path] = all
}

// end supersedes the object of a document. What is resealed later from what that object was sealed from, by a device that
// has not heard, waits for the same.
func (s *State) end(d *Document, acts []Act) {
	acts = slices.Concat(d.Version, acts)
	s.supersede(d.Object.Path, acts...)
	if d.From != "" {
		s.wait(d.From, acts)
	}
}

// hinges returns on what it hangs that the record's device may change the vault: nothing for who opens it, and for the
// person's own card.
func (s *State) hinges(org *Org, r *Record) []Act {
	switch {
	case s.opening(org, r) || s.byCard(org, r) && len(s.cardHinges(org, r)) == 0:
		return nil
	case s.ReaderAt(org, r):
		return []Act{{Pos: r.Pos}}
	}
	return s.cardHinges(org, r)
}

// cardHinges returns the cards that cosigned the record and may fall with a withdrawal: a reader attested that the person
// lost the one before. It returns nothing if one did that does not fall.
func (s *State) cardHinges(org *Org, r *Record) []Act {
	var out []Act
	lost := false
	for _, c := range s.Cards {
		lost = lost || !c.Vouched
		if !r.Saw(c.Issued) || !r.CosignedBy(org.ID, c.SignKey) {
			continue
		}
		if !lost {
			return nil
		}
		out = append(out, Act{c.Issued, true})
	}
	return out
}

// sealHinges returns on what it hangs that an object for these readers counts, beyond who wrote it: where cards alone read
// it, on a card that may fall.
func (s *State) sealHinges(r *Record, readers []Reader) []Act {
	if slices.ContainsFunc(readers, func(d Reader) bool { return !d.IsCard() }) {
		return nil
	}
	c := s.cardAt(r)
	if c == nil || !slices.ContainsFunc(s.Cards, func(o Card) bool { return !o.Vouched && o.N <= c.N }) {
		return nil
	}
	return []Act{{c.Issued, true}}
}

// enders returns the withdrawals and leavings beside the record that end what its device read by.
func (s *State) enders(org *Org, r *Record) []Act {
	at := map[Pos]bool{}
	for _, c := range s.Consents {
		if !r.Saw(c.Given) || slices.ContainsFunc(c.Ends, r.Saw) {
			continue
		}
		for _, p := range org.besideLeaving(r, c.Team) {
			at[p] = true
		}
		if s.ahead != nil {
			for _, w := range s.ahead.ends[c.Consent] {
				at[w.Pos] = true
			}
		}
	}
	var out []Act
	for _, p := range slices.SortedFunc(maps.Keys(at), Pos.order) {
		out = append(out, Act{p, true})
	}
	return out
}

// sealing is a reseal with what decides whether it stands beside another one of the same object.
type sealing struct {
	by   bool // of a reader, or the card
	path string
	acts []Act // that may turn by
}

// sealingOf judges the reseal of a record.
func (s *State) sealingOf(org *Org, r *Record, path string) sealing {
	n := sealing{path: path}
	switch {
	case s.ReaderAt(org, r) && s.stands(org, r):
		n.by, n.acts = true, s.hinges(org, r)
	case s.byCard(org, r):
		n.by, n.acts = true, s.cardHinges(org, r)
	case s.couldRead(org, r):
		n.acts = s.enders(org, r)
	}
	return n
}

// before reports whether n stands rather than m.
func (n *sealing) before(m *sealing) bool {
	if n.by != m.by {
		return n.by
	}
	return n.path < m.path
}

// lostTo returns on what it hangs that n stays behind m.
func (n *sealing) lostTo(m *sealing) []Act {
	var out []Act
	if m.by && (n.by || n.path < m.path || len(n.acts) > 0) {
		out = append(out, m.acts...)
	}
	if !n.by && (!m.by || n.path < m.path) {
		out = append(out, n.acts...)
	}
	return out
}
