package vault

import (
	"fmt"
	"slices"
)

// Active reports whether the consent holds.
func (c *Consent) Active() bool { return c.Ended == nil }

// ReaderAt reports whether the record's device could read the vault in its causal past: a consent that it had seen, to a
// team of which its agent was a member, with no end that it had seen.
func (s *State) ReaderAt(org *Org, r *Record) bool {
	for _, c := range s.Consents {
		if r.Saw(c.Given) && org.MemberAt(r, c.Team) && !s.endedAt(c, r) {
			return true
		}
	}
	return false
}

// EverReader reports whether the record's device was a reader at some time in its causal past, ended or not: it may still
// reseal for those who remain.
func (s *State) EverReader(org *Org, r *Record) bool {
	return s.byCard(org, r) || slices.ContainsFunc(s.Consents, func(c *Consent) bool {
		return r.Saw(c.Given) && org.MemberAt(r, c.Team)
	})
}

// endedAt reports whether the record saw an end of the consent.
func (s *State) endedAt(c *Consent, r *Record) bool {
	for _, e := range s.Ended {
		if r.Saw(e.Pos) && (e.Consent == c.Consent || !e.Expired && e.Team == c.Team && !after(c.Given, e.Pos)) {
			return true
		}
	}
	return false
}

// after reports whether a stands after b in the same writer's chain; across writers it is not known and false.
func after(a, b Pos) bool {
	return a.Writer == b.Writer && (a.Seq > b.Seq || a.Seq == b.Seq && a.Index > b.Index)
}

// byCard reports whether a card that the record had seen cosigned it.
func (s *State) byCard(org *Org, r *Record) bool {
	for _, c := range s.Cards {
		if r.Saw(c.Issued) && r.CosignedBy(org.ID, c.SignKey) {
			return true
		}
	}
	return false
}

// opening reports whether the record belongs to the opening of the vault: the same agent, before any consent.
func (s *State) opening(org *Org, r *Record) bool {
	if s.OpenedBy == "" || s.OpenedAt.Writer != r.Pos.Writer || !r.Saw(s.OpenedAt) || !org.HasRole(r, RoleAgent) {
		return false
	}
	return !slices.ContainsFunc(s.Consents, func(c *Consent) bool { return r.Saw(c.Given) })
}

// MayGrant reports whether the record's device may record a consent: the card, a reader, or who opens the vault.
func (s *State) MayGrant(org *Org, r *Record) bool {
	return s.opening(org, r) || s.ReaderAt(org, r) || s.byCard(org, r) || s.byRootReopening(org, r)
}

// MayWrite reports whether the record's device may change the vault: the card, or a reader.
func (s *State) MayWrite(org *Org, r *Record) bool {
	return s.ReaderAt(org, r) || s.opening(org, r) || s.byCard(org, r)
}

// byRootReopening reports whether the root cosigned: rebuilding an organization after the loss of its devices.
func (s *State) byRootReopening(org *Org, r *Record) bool { return r.CosignedBy(org.ID, org.Root) }

// justified returns an error if a declared reader is not one that consent, card or recovery gives the vault: nobody
// becomes a reader by being written into an object.
func (s *State) justified(org *Org, readers []Reader, space Space) error {
	for _, r := range readers {
		if !s.justifiedReader(org, r, space) {
			return fmt.Errorf("an object declares a reader that no consent names")
		}
	}
	return nil
}

func (s *State) justifiedReader(org *Org, r Reader, space Space) bool {
	switch {
	case r.IsCard():
		return slices.ContainsFunc(s.Cards, func(c Card) bool { return CardReader(s.ID, c.N) == r })
	case space == Private:
		return false
	case r.IsRecovery():
		return !s.NoRecovery
	}
	e := org.Epochs[r.Epoch()]
	if e == nil || e.Kind != EpochTeam {
		return false
	}
	return slices.ContainsFunc(s.Consents, func(c *Consent) bool { return c.Team == e.Team })
}

// Readers returns who the objects of a space are to be sealed to now: the current card, the current epoch of every team
// with an active consent, and recovery unless declined. The order is stable.
func (s *State) Readers(org *Org, space Space) []Reader {
	var out []Reader
	if c := s.Card(); c != nil {
		out = append(out, CardReader(s.ID, c.N))
	}
	if space == Private {
		return out
	}
	for _, t := range s.ActiveTeams() {
		if e := org.Current(EpochTeam, t); e != nil {
			out = append(out, EpochReader(e.Epoch))
		}
	}
	if rec := org.CurrentRecovery(); rec != nil && !s.NoRecovery {
		out = append(out, RecoveryReader(rec.N))
	}
	return out
}

// ActiveTeams returns the teams that the person consents to now, sorted.
func (s *State) ActiveTeams() []TeamID {
	var out []TeamID
	for _, c := range s.Consents {
		if c.Active() && !slices.Contains(out, c.Team) {
			out = append(out, c.Team)
		}
	}
	slices.Sort(out)
	return out
}

// Card returns the current card, or nil before one was issued.
func (s *State) Card() *Card {
	if len(s.Cards) == 0 {
		return nil
	}
	return &s.Cards[len(s.Cards)-1]
}

// Consent returns the consent with the id, or nil.
func (s *State) Consent(id ConsentID) *Consent {
	for _, c := range s.Consents {
		if c.Consent == id {
			return c
		}
	}
	return nil
}

// SameReaders reports whether two declared sets are equal, whatever their order.
func SameReaders(a, b []Reader) bool {
	if len(a) != len(b) {
		return false
	}
	for _, r := range a {
		if !slices.Contains(b, r) {
			return false
		}
	}
	return true
}

// Misread returns the live objects whose declared readers are not those that the vault wants now, with the wanted
// readers. Manifests are the card's own and not among them.
func (s *State) Misread(org *Org) (docs []*Document, notes []*NoteBody) {
	for _, d := range s.Documents {
		if d.Removed == nil && !SameReaders(d.Object.Readers, s.Readers(org, d.Space)) {
			docs = append(docs, d)
		}
	}
	want := s.Readers(org, Shared)
	for _, n := range s.Notes {
		if s.noteSpace(n) == Shared && !SameReaders(n.Object.Readers, want) {
			notes = append(notes, n)
		}
	}
	slices.SortFunc(docs, func(a, b *Document) int { return cmpString(string(a.ID), string(b.ID)) })
	slices.SortFunc(notes, func(a, b *NoteBody) int { return cmpString(a.Object.Path, b.Object.Path) })
	return docs, notes
}

// noteSpace tells a note of private entries, which only cards read, from a shared one.
func (s *State) noteSpace(n *NoteBody) Space {
	for _, r := range n.Object.Readers {
		if !r.IsCard() {
			return Shared
		}
	}
	return Private
}
