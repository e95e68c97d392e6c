package vault

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"pgregory.net/rapid"
)

// lie writes what no program would: in the place of others, for readers whom nobody let in, under a past that suits.
func (r *replica) lie() {
	m := r.m
	for _, o := range m.devs { // it admits to know only so much; what it once admitted it cannot take back
		if o != r.device && rapid.IntRange(0, 3).Draw(m.t, "admits") == 0 {
			r.past[o.writer] = max(r.past[o.writer], r.got[o.writer])
		}
	}
	if rapid.IntRange(0, 60).Draw(m.t, "boasts") == 0 {
		r.past[draw(m, m.devs, "of").writer] += 3
	}
	delete(r.past, r.writer)
	m.lies = append(m.lies, r.falsehood())
}

func (r *replica) falsehood() *Record {
	m := r.m
	doc := DocumentID("")
	if docs := r.known(); len(docs) > 0 {
		doc = draw(m, docs, "document")
	}
	team := rapid.SampledFrom([]TeamID{r.solo, r.solo, m.team}).Draw(m.t, "team")
	sealed := func(folder string) Object {
		readers := r.st.Readers(r.org, Shared)
		if e := r.org.Current(EpochTeam, r.solo); e != nil && rapid.Bool().Draw(m.t, "for itself") {
			readers = append(readers, EpochReader(e.Epoch))
		}
		return r.sealed(folder, readers)
	}
	path := func() string {
		paths := r.st.DeadPaths()
		for _, o := range r.st.LiveObjects() {
			paths = append(paths, o.Path)
		}
		return rapid.SampledFrom(append(paths, "v1/w/x")).Draw(m.t, "path")
	}
	switch rapid.IntRange(0, 15).Draw(m.t, "lie") {
	case 0:
		return r.write(DocumentDeposited, DepositBody{Document: NewDocumentID(r.id), Space: Shared, Object: sealed(documentFolder)})
	case 1:
		return r.write(DocumentDeposited, DepositBody{Document: doc, Space: Shared, Object: sealed(documentFolder)})
	case 2:
		return r.write(DocumentReplaced, DepositBody{Document: doc, Space: Shared, Object: sealed(documentFolder)})
	case 3:
		return r.write(DocumentRemoved, DocumentBody{Document: doc})
	case 4:
		return r.write(DocumentEdited, DocumentBody{Document: doc, Space: Private})
	case 5:
		return r.write(Resealed, ResealBody{path(), sealed(documentFolder)})
	case 6:
		return r.write(NoteSealed, NoteBody{Object: sealed(noteFolder), From: []string{path()}})
	case 7:
		return r.write(Tombstoned, TombstoneBody{[]string{path()}})
	case 8:
		return r.write(ConsentGiven, ConsentBody{Consent: NewConsentID(r.id), Team: team})
	case 9:
		return r.write(ConsentGiven, ConsentBody{Consent: draw(m, m.consents, "consent"), Team: team})
	case 10:
		return r.write(VaultOpened, VaultBody{})
	case 11:
		return r.write(CardIssued, CardBody{N: 1 + rapid.IntRange(0, m.cards).Draw(m.t, "card"), SignKey: b64(seeded("theirs"))})
	case 12:
		return r.write(rapid.SampledFrom([]EventType{VaultEdited, VaultClosed, VaultReopened, VaultErased}).Draw(m.t, "type"), nil)
	case 13:
		return r.writeOrg(TeamMember, MemberBody{Team: m.team, Agent: r.agent})
	case 14:
		return r.writeOrg(TeamAdded, TeamBody{Team: m.team, Name: "mine"})
	default:
		r.epochs++
		return r.writeOrg(EpochOpened, EpochBody{Epoch: r.epochID(), Kind: EpochTeam, Team: m.team, Recipient: "age1epoch", Devices: []DeviceID{r.id}})
	}
}

// check holds at every moment on every device.
func (r *replica) check() {
	m := r.m
	for _, o := range r.st.LiveObjects() {
		if r.st.Tombs[o.Path] || r.st.Dead[o.Path] {
			m.fail("%s is live and doomed", o.Path)
		}
	}
	if m.steps%8 == 0 {
		if anew := Fold(m.person, r.org, r.vault, noEntries); told(anew) != told(r.st) {
			m.fail("%s went on to\n%s\nand folds to\n%s", r.id, told(r.st), told(anew))
		}
	}
}

// settle ends all partitions, lets the honest devices do what is left to do, and compares.
func (m *model) settle() {
	for _, r := range m.replicas {
		clear(r.cut)
	}
	for range 4 {
		m.meet()
		for _, r := range m.replicas {
			if m.honest[r.device] {
				r.renew(false)
			}
		}
		m.meet()
		for _, r := range m.replicas {
			if m.honest[r.device] && r.st.Erased == nil {
				r.reseal()
			}
			if m.honest[r.device] {
				r.writeOrg(Heartbeat, nil)
				r.bury()
			}
		}
	}
	m.meet()
	m.converged()
	writers := m.writers()
	m.nobodyAdded(writers)
	m.withdrawalsHold()
	m.nothingLost(writers)
	m.everyLieShows(writers)
}

// meet delivers everything to everybody.
func (m *model) meet() {
	for _, r := range m.replicas {
		r.receive(1000, m.devs...)
	}
}

// converged compares all replicas, and one that hears of everything in another order.
func (m *model) converged() {
	first := m.replicas[0]
	for _, r := range m.replicas[1:] {
		if a, b := told(first.st), told(r.st); a != b {
			m.fail("%s and %s differ:\n%s\n%s", first.id, r.id, a, b)
		}
		if !SameQuarantine(first.org, r.org) {
			m.fail("%s and %s differ about the organization:\n%v\n%v", first.id, r.id, first.org.Quarantine, r.org.Quarantine)
		}
	}
	other := Fold(m.person, first.org, m.shuffled(), noEntries)
	if a, b := told(first.st), told(other); a != b {
		m.fail("in another order:\n%s\n%s", a, b)
	}
	m.st, m.final = first.st, first.org
}

// shuffled returns all records of the vault in another order.
func (m *model) shuffled() []*Record {
	out := slices.Clone(m.vault)
	rand.New(rand.NewPCG(rapid.Uint64().Draw(m.t, "order"), 0)).Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

// fail ends the history, and tells it.
func (m *model) fail(format string, args ...any) {
	names := []string{}
	for i, d := range m.devs {
		name := []string{"marie", "paul", "boss", "eve", "batch", "nina"}[i]
		names = append(names, string(d.writer), name, string(d.agent), name, string(d.solo), name+"'s", string(d.id), name)
	}
	plain := strings.NewReplacer(append(names, string(m.team), "the team")...)
	var text strings.Builder
	for _, r := range slices.Concat(m.records, m.vault) {
		fmt.Fprintf(&text, "%s %d at %d: %s %s, saw %v; %s\n", r.Pos.Writer, r.Pos.Seq, r.At.Ms%100000, r.Type, r.Body, r.Past, m.reason(r))
	}
	m.t.Fatal(plain.Replace(text.String() + fmt.Sprintf(format, args...)))
}

// SameQuarantine reports whether two folds set aside the same events.
func SameQuarantine(a, b *Org) bool { return slices.Equal(a.Quarantine, b.Quarantine) }

func (m *model) recordAt(p Pos) *Record {
	for _, r := range slices.Concat(m.vault, m.records) {
		if r.Pos == p {
			return r
		}
	}
	m.fail("no record at %v", p)
	return nil
}

// writers returns the agents who may ever have been let into the vault: who opened it, and members, at any time, of a team
// to which one of them, the card or the root recorded a consent. It is worked out without regard to time, so that it is
// more than the truth and never less.
func (m *model) writers() map[AgentID]bool {
	in := map[AgentID]bool{m.paul.agent: true}
	for grown := true; grown; {
		grown = false
		for _, r := range m.vault {
			var b ConsentBody
			if r.Type != ConsentGiven || r.Decode(&b) != nil || !in[r.Agent] && len(r.Cosigned) == 0 || m.final.Teams[b.Team] == nil {
				continue
			}
			for _, s := range m.final.Teams[b.Team].Members {
				grown = grown || !in[s.Agent]
				in[s.Agent] = true
			}
		}
	}
	return in
}

// teamsOf returns the teams to which one of the writers recorded a consent.
func (m *model) teamsOf(writers map[AgentID]bool) map[TeamID]bool {
	out := map[TeamID]bool{}
	for _, r := range m.vault {
		var b ConsentBody
		if r.Type == ConsentGiven && r.Decode(&b) == nil && writers[r.Agent] {
			out[b.Team] = true
		}
	}
	return out
}

// nobodyAdded fails if somebody reads or has read the vault whom none of its readers let in.
func (m *model) nobodyAdded(writers map[AgentID]bool) {
	teams := m.teamsOf(writers)
	for _, c := range m.st.Consents {
		if !writers[m.recordAt(c.Given).Agent] {
			m.fail("a consent to %s was recorded by %s", c.Team, c.By)
		}
	}
	for _, o := range m.st.LiveObjects() {
		for _, d := range o.Readers {
			if e := m.final.Epochs[d.Epoch()]; e != nil && !teams[e.Team] {
				m.fail("%s is sealed for %s", o.Path, e.Team)
			}
		}
	}
	want := m.st.Readers(m.final, Shared)
	docs, notes := m.st.Misread(m.final)
	for _, d := range docs {
		m.sealedByNow(d.Object, want)
	}
	for _, n := range notes {
		m.sealedByNow(n.Object, want)
	}
}

// sealedByNow fails for an object that an honest reader could have resealed.
func (m *model) sealedByNow(o Object, want []Reader) {
	for _, r := range m.replicas {
		if m.honest[r.device] && len(want) > 0 && slices.ContainsFunc(o.Readers, r.opens) {
			m.fail("%s, sealed for %v, was left by %s", o.Path, o.Readers, r.id)
		}
	}
}

// withdrawalsHold fails if a team reads after its withdrawal without a consent that had seen it.
func (m *model) withdrawalsHold() {
	for _, w := range m.vault {
		var b EndBody
		if w.Type != ConsentWithdrawn || w.Decode(&b) != nil || m.final.Enrolled(w) != nil {
			continue
		}
		for _, c := range m.st.Consents {
			if c.Active() && c.Team == b.Team && !m.recordAt(c.Given).Saw(w.Pos) {
				m.fail("consent %s to %s stands after a withdrawal that it had not seen", c.Consent, c.Team)
			}
		}
	}
}

// nothingLost fails if what an honest device deposited is neither there nor was taken away by somebody who may, and if
// what is there was deleted.
func (m *model) nothingLost(writers map[AgentID]bool) {
	if m.st.Erased != nil {
		if !writers[m.st.Erased.By] {
			m.fail("erased by %s", m.st.Erased.By)
		}
		return
	}
	for id, r := range m.accepted {
		switch d := m.st.Documents[id]; {
		case d == nil:
			m.fail("what %s deposited is not there: %s", r.Pos.Writer, m.reason(r))
		case d.Removed != nil && !writers[d.Removed.By] && d.Removed.By != r.Agent:
			m.fail("what %s deposited was removed by %s", r.Pos.Writer, d.Removed.By)
		}
	}
	for _, o := range m.st.LiveObjects() {
		if !m.stored[o.Path] {
			m.fail("%s is reachable and was deleted", o.Path)
		}
	}
}

// everyLieShows fails if a device without consent wrote something that was neither applied rightly nor set aside.
func (m *model) everyLieShows(writers map[AgentID]bool) {
	if m.st.Erased != nil {
		return
	}
	aside := map[Pos]bool{}
	for _, q := range slices.Concat(m.st.Quarantine, m.final.Quarantine) {
		aside[q.Pos] = true
	}
	for _, r := range m.lies {
		if writers[r.Agent] || aside[r.Pos] {
			continue
		}
		switch r.Type {
		case DocumentReplaced, DocumentRemoved, DocumentEdited:
			var b DocumentBody
			if r.Decode(&b) == nil && m.st.Documents[b.Document] != nil && m.st.Documents[b.Document].By == r.Agent {
				continue
			}
		case ConsentGiven, CardIssued, VaultOpened, VaultEdited, VaultClosed, VaultReopened, VaultErased, TeamMember, TeamAdded, EpochOpened:
		default:
			continue
		}
		m.fail("%s by %s was applied", r.Type, r.Pos.Writer)
	}
}
