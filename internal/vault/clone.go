package vault

import (
	"maps"
	"slices"
)

// Clone returns a copy that may be changed without the original noticing. What a fold replaces and never changes in
// place, such as endings, records and reader sets, is shared.
func (s *State) Clone() *State {
	c := *s
	c.claims, c.ahead, c.places = claims{}, nil, nil
	c.Cards = slices.Clone(s.Cards)
	for i := range c.Cards {
		c.Cards[i].Basis = slices.Clone(c.Cards[i].Basis)
	}
	c.Consents = slices.Clone(s.Consents)
	for i, old := range c.Consents {
		n := *old
		n.Ends, n.Basis, n.Passed = slices.Clone(old.Ends), slices.Clone(old.Basis), slices.Clone(old.Passed)
		c.Consents[i] = &n
	}
	c.Shares = slices.Clone(s.Shares)
	for i, old := range c.Shares {
		n := *old
		n.Basis, n.Withheld = slices.Clone(old.Basis), slices.Clone(old.Withheld)
		c.Shares[i] = &n
	}
	c.Documents = maps.Clone(s.Documents)
	for id, old := range s.Documents {
		d := *old
		c.Documents[id] = &d
	}
	c.Ended, c.Manifests = slices.Clone(s.Ended), slices.Clone(s.Manifests)
	c.Notes, c.Dead, c.Tombs, c.Waits = maps.Clone(s.Notes), maps.Clone(s.Dead), maps.Clone(s.Tombs), maps.Clone(s.Waits)
	c.Fallen = slices.Clone(s.Fallen)
	c.Person.Aliases, c.Person.Refs = slices.Clone(s.Person.Aliases), slices.Clone(s.Person.Refs)
	c.Quarantine, c.Signed = slices.Clone(s.Quarantine), slices.Clone(s.Signed)
	return &c
}
