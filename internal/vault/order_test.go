package vault

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// history is what rapid draws: a vault of the world with acts of all its devices, each seeing some of the others.
func drawHistory(t *rapid.T, tb testing.TB) *world {
	w := newWorld(tb).open()
	docs := []DocumentID{}
	consents := []ConsentID{w.given}
	teams := []TeamID{w.team, w.eve.solo, w.paul.solo}
	cards := 1
	for range rapid.IntRange(5, 25).Draw(t, "events") {
		d := rapid.SampledFrom(w.devs).Draw(t, "device")
		for _, o := range w.devs {
			if o != d && rapid.IntRange(0, 3).Draw(t, "sees") == 0 {
				d.sees(o)
			}
		}
		clock := at(w.clock - 5 + rapid.Int64Range(0, 10).Draw(t, "clock"))
		doc := NewDocumentID(d.id)
		if len(docs) > 0 && rapid.Bool().Draw(t, "known") {
			doc = rapid.SampledFrom(docs).Draw(t, "document")
		}
		team := rapid.SampledFrom(teams).Draw(t, "team")
		sign := func(e *Event) {
			clock(e)
			if rapid.IntRange(0, 4).Draw(t, "card") == 0 {
				e.Cosign(w.id, d.id, w.card)
			}
		}
		obj := func(folder string) Object { return d.object(folder) }
		path := func() string {
			st := w.state()
			paths := append(st.DeadPaths(), "v1/w/x")
			for _, o := range st.LiveObjects() {
				paths = append(paths, o.Path)
			}
			return rapid.SampledFrom(paths).Draw(t, "path")
		}
		switch rapid.IntRange(0, 13).Draw(t, "act") {
		case 0, 1, 2:
			docs = append(docs, doc)
			d.in(DocumentDeposited, DepositBody{Document: doc, Space: Shared, Object: obj(documentFolder)}, sign)
		case 3:
			d.in(DocumentReplaced, DepositBody{Document: doc, Space: Shared, Object: obj(documentFolder)}, sign)
		case 4:
			d.in(DocumentRemoved, DocumentBody{Document: doc}, sign)
		case 5:
			d.in(DocumentEdited, DocumentBody{Document: doc, Space: rapid.SampledFrom([]Space{"", Shared, Private}).Draw(t, "space")}, sign)
		case 6:
			d.in(Resealed, ResealBody{path(), obj(documentFolder)}, sign)
		case 7:
			d.in(NoteSealed, NoteBody{Object: obj(noteFolder), From: []string{path()}}, sign)
		case 8:
			d.in(Tombstoned, TombstoneBody{[]string{path()}}, sign)
		case 9, 10:
			consents = append(consents, NewConsentID(d.id))
			d.in(ConsentGiven, ConsentBody{Consent: consents[len(consents)-1], Team: team}, sign)
		case 11:
			d.in(ConsentWithdrawn, EndBody{rapid.SampledFrom(consents).Draw(t, "consent"), team}, sign)
		case 12:
			if cards++; rapid.IntRange(0, 9).Draw(t, "erase") == 0 {
				d.in(VaultErased, nil, sign)
			} else {
				d.in(CardIssued, CardBody{N: cards, SignKey: b64(seeded(fmt.Sprint(cards)))}, sign)
			}
		case 13:
			d.in(rapid.SampledFrom([]EventType{VaultEdited, VaultClosed, VaultReopened, AccessOpened, "vault.future"}).Draw(t, "type"), nil, sign)
		}
	}
	return w
}

// told is a state as it is kept, without the place where the fold stands.
func told(s *State) string {
	c := *s
	c.Last = nil
	raw, err := json.Marshal(&c)
	if err != nil {
		panic(err)
	}
	return string(raw)
}

// MustShuffle returns the records in another order.
func MustShuffle(t *rapid.T, rs []*Record) []*Record {
	return rapid.Permutation(rs).Draw(t, "order")
}

func TestOrderIsOfTheSet(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := drawHistory(rt, t)
		want := Order(w.vault)
		for i, r := range want {
			for _, s := range want[i+1:] {
				if r.Saw(s.Pos) {
					rt.Fatalf("%v comes before %v, which it saw", r.Pos, s.Pos)
				}
			}
		}
		if got := Order(MustShuffle(rt, w.vault)); !slices.Equal(got, want) {
			rt.Fatal("the order depends on the arrival")
		}
	})
}

func TestOrderOfForgedPasts(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := drawHistory(rt, t)
		for _, r := range w.vault { // claims of what was never written, and cycles
			if rapid.IntRange(0, 3).Draw(rt, "forge") == 0 {
				r.Past = Past{rapid.SampledFrom(w.devs).Draw(rt, "of").writer: rapid.Uint64().Draw(rt, "seq")}
			}
		}
		want, got := Order(w.vault), Order(MustShuffle(rt, w.vault))
		if len(want) != len(w.vault) || !slices.Equal(got, want) {
			rt.Fatal("the order depends on the arrival")
		}
		if a, b := told(w.stateOf(w.vault)), told(w.stateOf(got)); a != b {
			rt.Fatalf("states differ:\n%s\n%s", a, b)
		}
	})
}

// TestGoingOnEqualsFoldingAnew applies records one by one, in any order of arrival that keeps each writer's own, as an
// index does: going on where a record follows, folding anew where it does not.
func TestGoingOnEqualsFoldingAnew(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := drawHistory(rt, t)
		org := w.org()
		entries := func(Hash) *Entry { return nil }
		left := map[WriterID][]*Record{}
		var writers []WriterID
		for _, r := range w.vault {
			if left[r.Pos.Writer] == nil {
				writers = append(writers, r.Pos.Writer)
			}
			left[r.Pos.Writer] = append(left[r.Pos.Writer], r)
		}
		st := NewState(w.person)
		var arrived []*Record
		wentOn := 0
		for len(arrived) < len(w.vault) {
			writer := rapid.SampledFrom(writers).Draw(rt, "next")
			if len(left[writer]) == 0 {
				continue
			}
			r := left[writer][0]
			left[writer] = left[writer][1:]
			arrived = append(arrived, r)
			if st.Last == nil || r.Follows(st.Last) {
				st.Apply(org, r, entries)
				wentOn++
			} else {
				st = Fold(w.person, org, arrived, entries)
			}
			raw, err := json.Marshal(st) // as through the local store
			if err != nil {
				rt.Fatal(err)
			}
			st = NewState(w.person)
			if err := json.Unmarshal(raw, st); err != nil {
				rt.Fatal(err)
			}
			st.Init()
			if want := Fold(w.person, org, arrived, entries); told(want) != told(st) {
				rt.Fatalf("after %d records:\n%s\nfolded:\n%s", len(arrived), told(st), told(want))
			}
		}
		if wentOn == 0 {
			rt.Fatal("nothing was ever applied without folding anew")
		}
	})
}

func TestOrgIsOfTheSet(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t)
		for range rapid.IntRange(1, 12).Draw(rt, "events") {
			d := rapid.SampledFrom(w.devs[:5]).Draw(rt, "device")
			o := rapid.SampledFrom(w.devs[:5]).Draw(rt, "other")
			if o != d && rapid.Bool().Draw(rt, "sees") {
				d.sees(o)
			}
			clock := at(w.clock - 5 + rapid.Int64Range(0, 10).Draw(rt, "clock"))
			switch rapid.IntRange(0, 4).Draw(rt, "act") {
			case 0:
				d.do(DeviceRevoked, "", RevokeBody{Device: o.id, Cut: map[WriterID]uint64{o.writer: d.past[o.writer]}}, clock)
			case 1:
				d.do(TeamMember, "", MemberBody{Team: w.team, Agent: o.agent, Left: rapid.Bool().Draw(rt, "left")}, clock)
			case 2:
				d.epoch(EpochTeam, w.team, d, o)
			case 3:
				d.do(TeamAdded, "", TeamBody{Team: w.team, Name: "x"}, clock)
			case 4:
				d.do(DeviceCertified, "", w.device(fmt.Sprint(len(w.devs))).certificate(RoleAdmin), clock)
			}
		}
		a := w.org()
		w.records, w.folded = MustShuffle(rt, w.records), nil
		b := w.org()
		if !reflect.DeepEqual(a.Quarantine, b.Quarantine) || !reflect.DeepEqual(a.Teams, b.Teams) || len(a.Devices) != len(b.Devices) {
			rt.Fatal("the organization depends on the arrival")
		}
	})
}
