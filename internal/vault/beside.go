package vault

import "slices"

// A withdrawal beats what is concurrent with it: who lost consent and looks away, or has not heard yet, changes and removes
// nothing any more. Erasure alone is beaten by nothing, since its objects go at once, and copies for partners that went do not
// come back. What was deposited is kept, a new version as a document of its own, so that nobody's work is lost by it; what only
// told something is in the journal. Nothing that others saw before they saw the withdrawal is undone.

// ahead is what a fold knows of the records that come after the one that it is at.
type ahead struct {
	looking bool // the fold that finds this out: nothing is erased in it, so that later withdrawals are found
	records []*Record
	ends    map[ConsentID][]*Record // the withdrawals that end each consent
	seen    map[*Record]map[AgentID]Past
}

// beats is Org.beats for one of the withdrawals, with the records of the vault as witnesses too. What all devices of an agent
// saw without the withdrawal is put together once for each, since every act of a reader asks.
func (a *ahead) beats(org *Org, end, act *Record) bool {
	if act.Saw(end.Pos) {
		return true
	}
	d := org.Devices[act.Pos.Writer.Device()]
	if d == nil || end.Saw(act.Pos) {
		return !end.Saw(act.Pos)
	}
	if a.seen[end] == nil {
		a.witness(org, end)
	}
	for agent, past := range a.seen[end] {
		if agent != d.Agent && past[act.Pos.Writer] > act.Pos.Seq {
			return false
		}
	}
	return true
}

func (a *ahead) witness(org *Org, end *Record) {
	seen := map[AgentID]Past{}
	for _, records := range [][]*Record{org.records, a.records} {
		for _, x := range records {
			w := org.Devices[x.Pos.Writer.Device()]
			if w == nil || x == end || x.Saw(end.Pos) || org.Enrolled(x) != nil {
				continue
			}
			if seen[w.Agent] == nil {
				seen[w.Agent] = Past{}
			}
			seen[w.Agent].Merge(x.Past)
		}
	}
	if a.seen == nil {
		a.seen = map[*Record]map[AgentID]Past{}
	}
	a.seen[end] = seen
}

// look finds out what withdrawals end, if there is anything beside them that they may beat.
func look(id BeneficiaryID, org *Org, ordered []*Record, entries EntryLookup) *ahead {
	withdrawn := map[Pos]*Record{}
	for _, r := range ordered {
		if r.Type == ConsentWithdrawn {
			withdrawn[r.Pos] = r
		}
	}
	beside := slices.ContainsFunc(ordered, func(r *Record) bool {
		for _, w := range withdrawn {
			if r != w && !r.Saw(w.Pos) && !w.Saw(r.Pos) {
				return true
			}
		}
		return false
	})
	if !beside {
		return nil
	}
	a := &ahead{records: ordered, ends: map[ConsentID][]*Record{}}
	for _, c := range fold(id, org, ordered, entries, &ahead{looking: true}).Consents {
		for _, p := range c.Ends {
			if w := withdrawn[p]; w != nil {
				a.ends[c.Consent] = append(a.ends[c.Consent], w)
			}
		}
	}
	return a
}

// stands reports whether the record's device reads the vault by a consent that no withdrawal beside the record ended.
func (s *State) stands(org *Org, r *Record) bool {
	if s.ahead == nil || s.ahead.looking {
		return true
	}
	return slices.ContainsFunc(s.Consents, func(c *Consent) bool {
		return s.reads(org, r, c) && !slices.ContainsFunc(s.ahead.ends[c.Consent], func(w *Record) bool {
			return s.ahead.beats(org, w, r)
		})
	})
}
