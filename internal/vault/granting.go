package vault

import (
	"fmt"
	"slices"
	"time"
)

func (s *State) change(org *Org, r *Record, entries EntryLookup) error {
	if r.Type == VaultErased && !s.mayErase(org, r) || r.Type != VaultErased && !s.MayWrite(org, r) {
		if r.Type == VaultClosed && s.couldRead(org, r) { // copies that went do not come back
			s.finishAll(r)
		}
		return fmt.Errorf("%s by a device without consent", r.Type)
	}
	switch r.Type {
	case VaultEdited:
		s.learnPerson(r, entries)
	case VaultClosed:
		var b CloseBody
		if err := r.Decode(&b); err != nil {
			return err
		}
		s.Closed = &Closing{ending(r), b.Reason}
		s.finishAll(r)
	case VaultReopened:
		s.Closed = nil
	case VaultErased:
		if s.ahead == nil || !s.ahead.looking {
			s.erase(r)
		}
	case CardIssued:
		return s.issueCard(org, r, entries)
	}
	return nil
}

// mayErase is MayWrite judged in the causal past alone: erasure beats all that is beside it, since what it deletes does not
// come back.
func (s *State) mayErase(org *Org, r *Record) bool {
	return s.opening(org, r) || s.byCard(org, r) || s.couldRead(org, r) || slices.ContainsFunc(s.Fallen, func(c FallenCard) bool {
		return r.Saw(c.Issued) && !r.Saw(c.By) && r.CosignedBy(org.ID, c.SignKey)
	})
}

// issueCard takes a further card. One that the card before did not sign for is kept apart, see KeptByCard, and falls with a
// withdrawal that its issuer had not seen.
func (s *State) issueCard(org *Org, r *Record, entries EntryLookup) error {
	var b CardBody
	if err := r.Decode(&b); err != nil {
		return err
	}
	if b.N < 1 || !validKey(b.SignKey) {
		return fmt.Errorf("a card without number or key")
	}
	ok, instead := s.introduces(fmt.Sprintf("card/%d", b.N), r)
	known := slices.IndexFunc(s.Cards, func(c Card) bool { return c.N == b.N })
	if instead && known >= 0 {
		s.Cards = slices.Delete(s.Cards, known, known+1)
	} else if !ok || known >= 0 {
		return fmt.Errorf("a card of this number exists already")
	}
	before := s.cardAt(r)
	c := Card{CardBody: b, Issued: r.Pos, At: r.At, Vouched: before == nil || r.CosignedBy(org.ID, before.SignKey)}
	if !c.Vouched {
		c.Basis = s.basis(org, r)
		if end := s.beaten(r, &c.Basis); end != nil {
			s.Fallen = append(s.Fallen, FallenCard{c.SignKey, c.Issued, end.Pos})
			return fmt.Errorf("a card issued as the consent was withdrawn")
		}
	}
	for _, h := range r.Notes {
		var d RecipientData
		if e := entries(h); e != nil && e.Kind == EntryRecipient && e.Event == r.ID && decodeEntry(e, &d) == nil && d.N == b.N {
			c.Recipient, c.Locator = d.Recipient, d.Locator
		}
	}
	s.Cards = append(s.Cards, c)
	return nil
}

func (s *State) consent(org *Org, r *Record, entries EntryLookup) error {
	var b ConsentBody
	if err := r.Decode(&b); err != nil {
		return err
	}
	if !s.MayGrant(org, r) {
		return fmt.Errorf("a consent recorded by a device without consent")
	}
	if org.Teams[b.Team] == nil {
		s.Beside = true // the team may come yet
		return fmt.Errorf("a consent to an unknown team")
	}
	if err := mayIntroduce(r, 'c', string(b.Consent)); err != nil {
		return err
	}
	switch ok, instead := s.introduces("consent/"+string(b.Consent), r); {
	case instead:
		s.Consents = slices.DeleteFunc(s.Consents, func(c *Consent) bool { return c.Consent == b.Consent })
	case !ok || s.Consent(b.Consent) != nil:
		return fmt.Errorf("the consent exists already")
	}
	c := &Consent{ConsentBody: b, Given: r.Pos, At: r.At, By: r.Agent, Basis: s.basis(org, r)}
	for _, h := range r.Notes {
		var rec ConsentRecord
		if e := entries(h); e != nil && e.Kind == EntryConsent && e.Event == r.ID && decodeEntry(e, &rec) == nil {
			c.Record = &rec
		}
	}
	for i := range s.Ended { // withdrawal beats a concurrent grant
		if end := &s.Ended[i]; end.ends(&b) && !r.Saw(end.Pos) {
			c.end(end)
		}
	}
	if end := s.beaten(r, &c.Basis); end != nil {
		c.end(end)
	}
	s.Consents = append(s.Consents, c)
	return nil
}

// basis returns the teams as whose member the record's device adds a reader, nil where it needs no consent for that.
func (s *State) basis(org *Org, r *Record) []TeamID {
	if s.opening(org, r) || s.byCard(org, r) || s.byRootReopening(org, r) {
		return nil
	}
	return s.readerTeams(org, r)
}

// beaten takes out of the basis the teams that were withdrawn without the record seeing it, and returns the end that left
// nothing: a withdrawal beats what those whom it concerns grant, to anybody, as long as they have not seen it. Nobody
// holds on to access by looking away.
func (s *State) beaten(r *Record, basis *[]TeamID) *Ending {
	if len(*basis) == 0 {
		return nil
	}
	var last *Ending
	for i := range s.Ended {
		end := &s.Ended[i]
		if !end.Expired && !r.Saw(end.Pos) && slices.Contains(*basis, end.Team) {
			*basis = slices.DeleteFunc(slices.Clone(*basis), func(t TeamID) bool { return t == end.Team })
			last = end
		}
	}
	if len(*basis) > 0 {
		return nil
	}
	return last
}

// ends reports whether the ending is of the consent, if that had not seen it.
func (e *Ending) ends(c *ConsentBody) bool {
	return e.Consent == c.Consent || !e.Expired && e.Team == c.Team
}

func (c *Consent) end(e *Ending) {
	if c.Ended == nil {
		c.Ended = e
	}
	c.Ends = append(c.Ends, e.Pos)
}

// aheadOfUTC is how much earlier than in UTC a day ends where it ends first.
const aheadOfUTC = 14 * time.Hour

func (s *State) endConsent(org *Org, r *Record) error {
	var b EndBody
	if err := r.Decode(&b); err != nil {
		return err
	}
	end := ending(r)
	end.Team, end.Consent, end.Expired = b.Team, b.Consent, r.Type == ConsentExpired
	if end.Expired {
		c := s.Consent(b.Consent)
		if c == nil {
			return fmt.Errorf("an unknown consent ended by its last day")
		}
		if c.Until == "" || DateOf(r.At.Time().Add(aheadOfUTC)) <= c.Until {
			return fmt.Errorf("a consent ended before its last day")
		}
		end.Team = c.Team
		if d := r.Pos.Writer.Device(); !slices.Contains(c.Passed, d) {
			c.Passed = append(c.Passed, d)
		}
		if len(c.Passed) < org.clocks(r) {
			return nil
		}
	}
	s.Ended = append(s.Ended, end)
	for _, c := range s.Consents {
		if end.ends(&c.ConsentBody) {
			c.end(&end)
		}
	}
	if !end.Expired {
		s.undo(r, &end, end.Team)
	}
	return nil
}

// enoughClocks is how many devices have to say that a day has passed: one whose clock is wrong ends nothing.
const enoughClocks = 3

// clocks returns how many devices have to say so, of those that the record had seen enrolled and not revoked.
func (o *Org) clocks(r *Record) int {
	n := 0
	for _, d := range o.Devices {
		if r.Saw(d.Certified) && !slices.ContainsFunc(d.Revoked, func(v Revocation) bool { return r.Saw(v.Pos) }) {
			n++
		}
	}
	return min(n, enoughClocks)
}

// undo ends what members of the withdrawn team granted on that ground alone without the withdrawal having seen it, and
// what was granted on the ground of that.
func (s *State) undo(r *Record, end *Ending, team TeamID) {
	drop := func(basis []TeamID) []TeamID {
		return slices.DeleteFunc(slices.Clone(basis), func(t TeamID) bool { return t == team })
	}
	s.Cards = slices.DeleteFunc(s.Cards, func(c Card) bool {
		falls := slices.Contains(c.Basis, team) && !r.Saw(c.Issued) && len(drop(c.Basis)) == 0
		if falls {
			s.Fallen = append(s.Fallen, FallenCard{c.SignKey, c.Issued, r.Pos})
		}
		return falls
	})
	for i := range s.Cards {
		if c := &s.Cards[i]; !r.Saw(c.Issued) {
			c.Basis = drop(c.Basis)
		}
	}
	s.undoShares(r, end, team)
	for _, c := range s.Consents {
		if !slices.Contains(c.Basis, team) || r.Saw(c.Given) {
			continue
		}
		if c.Basis = drop(c.Basis); len(c.Basis) > 0 {
			continue
		}
		c.end(end)
		if !slices.ContainsFunc(s.Consents, func(o *Consent) bool { return o != c && o.Team == c.Team && o.Active() }) {
			s.undo(r, end, c.Team)
		}
	}
}
