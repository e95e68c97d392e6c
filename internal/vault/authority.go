package vault

import (
	"fmt"
	"slices"
)

// Active reports whether the consent holds.
func (c *Consent) Active() bool { return c.Ended == nil }

// ReaderAt reports whether the record's device could read the vault in its causal past: a consent that it had seen, to a
// team of which its agent was a member, with no end that it had seen.
func (s *State) ReaderAt(org *Org, r *Record) bool { return len(s.readerTeams(org, r)) > 0 }

// readerTeams returns the teams by which the record's device could read the vault in its causal past.
func (s *State) readerTeams(org *Org, r *Record) []TeamID {
	var out []TeamID
	for _, c := range s.Consents {
		if !slices.Contains(out, c.Team) && s.reads(org, r, c) {
			out = append(out, c.Team)
		}
	}
	return out
}

// reads reports whether the record's device could read the vault by the consent in its causal past.
func (s *State) reads(org *Org, r *Record, c *Consent) bool {
	if !r.Saw(c.Given) || slices.ContainsFunc(c.Ends, r.Saw) {
		return false
	}
	if s.applying && !s.Beside {
		s.Beside = org.besideEnd(r, c.Team)
	}
	return org.memberAmong(r, c.Team, s.records())
}

// records are those of the running fold, nil where it takes in one after another.
func (s *State) records() []*Record {
	if s.claims.rivals == nil {
		return nil
	}
	return s.claims.rivals.records
}

// couldRead is ReaderAt judged in the causal past alone, whatever happened beside the record.
func (s *State) couldRead(org *Org, r *Record) bool {
	return slices.ContainsFunc(s.Consents, func(c *Consent) bool {
		return r.Saw(c.Given) && !slices.ContainsFunc(c.Ends, r.Saw) && org.speaksFor(r, c.Team, r.Saw)
	})
}

// opens reports whether the record's device can open an object with these declared readers: it was given the key of a team
// among them, or it is the card. Who lost consent, or left, may still reseal what it could open, for those who remain, and
// nothing else: it may have deleted what it resealed before it heard.
func (s *State) opens(org *Org, r *Record, readers []Reader) bool {
	return s.byCard(org, r) || s.byKey(org, r, readers)
}

// byKey is opens without the card.
func (s *State) byKey(org *Org, r *Record, readers []Reader) bool {
	return slices.ContainsFunc(readers, func(d Reader) bool {
		e := org.Epochs[d.Epoch()]
		return e != nil && e.Kind == EpochTeam && org.wasGiven(r, e.Team)
	})
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

// MayWrite reports whether the record's device may change the vault: the card, or a reader whose consent no withdrawal
// ended beside the record.
func (s *State) MayWrite(org *Org, r *Record) bool {
	return s.opening(org, r) || s.byCard(org, r) || s.ReaderAt(org, r) && s.stands(org, r)
}

// byRootReopening reports whether the root cosigned: rebuilding an organization after the loss of its devices.
func (s *State) byRootReopening(org *Org, r *Record) bool {
	if s.applying && len(org.roots) > 1 && len(r.Cosigned) > 0 { // whether an earlier root still ruled
		s.Beside = true
	}
	return org.SignedByRoot(r)
}

// declared returns the readers of an object that a device has written already, with those that no consent names marked as
// lapsed: what such an object holds is not lost with them, and it is sealed anew for the readers that the vault has. A
// device may not have heard of what ended them. Had is as in justified. It returns an error where nobody is left, and
// quarantines what it marks.
func (s *State) declared(org *Org, r *Record, readers []Reader, space Space, had []Reader) ([]Reader, error) {
	err := s.justified(org, r, readers, space, had)
	if err == nil {
		return readers, nil
	}
	out, holds := slices.Clone(readers), false
	for i, d := range readers {
		switch {
		case s.justified(org, r, readers[i:i+1], space, had) == nil:
			holds = true
		case space == Private && !d.IsCard():
			return nil, err
		default:
			out[i] = lapsed + d
			holds = holds || space == Private
		}
	}
	if !holds {
		return nil, err
	}
	s.Quarantine = append(s.Quarantine, Quarantined{r.Pos, r.Type, err.Error(), r.At})
	return out, nil
}

// lapsed marks a declared reader that no consent names.
const lapsed Reader = "lapsed:"

// justified returns an error if a declared reader is not one that consent, card or recovery gave the vault in the causal
// past of the record: nobody becomes a reader by being written into an object, and nobody stays one by it. Had are the
// readers of what the object replaces: to seal once more for those who can open it already takes nothing away.
func (s *State) justified(org *Org, r *Record, readers []Reader, space Space, had []Reader) error {
	for _, d := range readers {
		if !s.justifiedReader(org, r, d, space) && (space == Private && !d.IsCard() || !slices.Contains(had, d)) {
			return fmt.Errorf("an object declares a reader that no consent names")
		}
	}
	return nil
}

func (s *State) justifiedReader(org *Org, r *Record, d Reader, space Space) bool {
	switch {
	case d.IsCard():
		c := s.cardAt(r)
		return c != nil && CardReader(s.ID, c.N) == d
	case space == Private:
		return false
	case d.IsRecovery():
		rec := org.recoveryAt(r)
		return !s.NoRecovery && rec != nil && RecoveryReader(rec.N) == d
	}
	e := org.Epochs[d.Epoch()]
	if e == nil || e.Kind != EpochTeam || org.epochAt(r, e.Team) != e {
		return false
	}
	return slices.ContainsFunc(s.Consents, func(c *Consent) bool {
		return c.Team == e.Team && r.Saw(c.Given) && !slices.ContainsFunc(c.Ends, r.Saw)
	})
}

// cardAt returns the last card that the record had seen, or nil.
func (s *State) cardAt(r *Record) *Card {
	for i := len(s.Cards) - 1; i >= 0; i-- {
		if r.Saw(s.Cards[i].Issued) {
			return &s.Cards[i]
		}
	}
	return nil
}

// Readers returns who the objects of a space are to be sealed to now: the current card, the current epoch of every team
// with an active consent that somebody in the team still holds, and recovery unless declined. The order is stable.
func (s *State) Readers(org *Org, space Space) []Reader {
	var out []Reader
	if c := s.Card(); c != nil {
		out = append(out, CardReader(s.ID, c.N))
	}
	if space == Private {
		return out
	}
	for _, t := range s.ActiveTeams() {
		if e := org.Current(EpochTeam, t); e != nil && org.serves(e) {
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
	covers := func(a, b []Reader) bool {
		return !slices.ContainsFunc(b, func(r Reader) bool { return !slices.Contains(a, r) })
	}
	return len(a) == len(b) && covers(a, b) && covers(b, a)
}

// Misread returns the live objects whose declared readers are not those that the vault wants now. An earlier epoch of a team
// will do for its current one if who holds that holds both, unless a compromised device could read with it. Manifests are the card's own and not among
// them.
func (s *State) Misread(org *Org) (docs []*Document, notes []*NoteBody) {
	want, private := s.Readers(org, Shared), s.Readers(org, Private)
	for _, d := range s.Documents {
		wanted := want
		if d.Space == Private {
			wanted = private
		}
		if d.Removed == nil && !org.suffices(d.Object.Readers, wanted) {
			docs = append(docs, d)
		}
	}
	for _, n := range s.Notes {
		if s.noteSpace(n) == Shared && !org.suffices(n.Object.Readers, want) {
			notes = append(notes, n)
		}
	}
	slices.SortFunc(docs, func(a, b *Document) int { return cmpString(string(a.ID), string(b.ID)) })
	slices.SortFunc(notes, func(a, b *NoteBody) int { return cmpString(a.Object.Path, b.Object.Path) })
	return docs, notes
}

// KeptByCard reports whether the readers are one card from which no chain of vouched cards leads to the current one. What
// it reads is not resealed to the current card, even where the person presents their own: otherwise whoever issues a card
// in their name would get what is private.
func (s *State) KeptByCard(readers []Reader) bool {
	if len(readers) != 1 || !readers[0].IsCard() {
		return false
	}
	for i := len(s.Cards) - 1; i >= 0; i-- {
		if CardReader(s.ID, s.Cards[i].N) == readers[0] {
			return false
		}
		if !s.Cards[i].Vouched {
			return true
		}
	}
	return true
}

// noteSpace tells a note of private entries, which only cards read, from a shared one.
func (s *State) noteSpace(n *NoteBody) Space { return spaceOf(n.Object.Readers) }

func spaceOf(readers []Reader) Space {
	for _, r := range readers {
		if !r.IsCard() {
			return Shared
		}
	}
	return Private
}
