package vault

import (
	"slices"
	"testing"
)

// Paul has not heard of the withdrawal when he issues a card and deposits for it. The card does not count; what he deposited
// is there, for those who read it rightly, and is to be sealed anew.
func TestDepositForACardThatFellIsKept(t *testing.T) {
	w := newWorld(t).open()
	w.accepts(w.marie.in(ConsentWithdrawn, EndBody{w.given, w.team}))
	w.paul.in(CardIssued, CardBody{N: 2, SignKey: b64(seeded("2"))})
	card := CardReader(w.person, 2)
	readers := []Reader{card, EpochReader(w.org().Current(EpochTeam, w.team).Epoch), RecoveryReader(1)}
	shared := DepositBody{Document: NewDocumentID(w.paul.id), Space: Shared, Object: w.paul.object(documentFolder, readers...)}
	private := DepositBody{Document: NewDocumentID(w.paul.id), Space: Private, Object: w.paul.object(documentFolder, card)}
	note := NoteBody{Object: w.paul.object(noteFolder, card), Entries: []Hash{HashOf([]byte("what it is"))}}
	w.refuses(w.paul.in(DocumentDeposited, shared), w.paul.in(DocumentDeposited, private), w.paul.in(NoteSealed, note)) // and reported
	w.sync()
	st := w.state()
	if st.Card().N != 1 {
		t.Errorf("card %d counts", st.Card().N)
	}
	docs, notes := st.Misread(w.org())
	for _, b := range []DepositBody{shared, private} {
		d := st.Documents[b.Document]
		if d == nil || slices.Contains(d.Object.Readers, card) || !slices.Contains(docs, d) {
			t.Errorf("%s: %+v", b.Space, d)
		}
	}
	if st.Notes[note.Object.Path] == nil || len(notes) != 0 || !st.KeptByCard(st.Notes[note.Object.Path].Object.Readers) {
		t.Errorf("a note for the card is kept as %+v, to be sealed anew: %v", st.Notes[note.Object.Path], notes)
	}
	nobody := DepositBody{Document: NewDocumentID(w.eve.id), Space: Shared, Object: w.eve.object(documentFolder, EpochReader(w.org().Current(EpochTeam, w.eve.solo).Epoch))}
	w.refuses(w.eve.in(DocumentDeposited, nobody))
	if w.state().Documents[nobody.Document] != nil {
		t.Error("a document that nobody reads rightly was taken in")
	}
}

// Marie and Paul remove one another, and Marie, who has not heard, seals for the key that she then made. Her reseal is
// what is left: what it replaced she may have deleted.
func TestWhoLeftUnheardResealedForThoseWhoRemain(t *testing.T) {
	w := newWorld(t).open()
	_, b := w.paul.deposit()
	w.sync()
	w.accepts(w.marie.do(TeamMember, "", MemberBody{Team: w.team, Agent: w.paul.agent, Left: true}))
	w.paul.do(TeamMember, "", MemberBody{Team: w.team, Agent: w.marie.agent, Left: true})
	hers, his := w.marie.epoch(EpochTeam, w.team, w.marie), w.paul.epoch(EpochTeam, w.team, w.paul)
	late := w.marie
	if w.reason(hers) == "" {
		late = w.paul
	} else if w.reason(his) != "" {
		t.Fatal("neither key counts")
	}
	readers := []Reader{CardReader(w.person, 1), EpochReader(EpochID(string(late.writer) + "/" + map[bool]string{true: "5", false: "2"}[late == w.marie])), RecoveryReader(1)}
	to := late.object(documentFolder, readers...)
	late.in(Resealed, ResealBody{b.Object.Path, to})
	w.sync()
	st := w.state()
	if d := st.Documents[b.Document]; d.Object.Path != to.Path || slices.Contains(d.Object.Readers, readers[1]) {
		t.Errorf("the document is %+v", d.Object)
	}
}

// A reseal that comes before the deposit of what it resealed is not dead: it may be all that there is.
func TestResealOfWhatIsNotKnownYetDoomsNothing(t *testing.T) {
	w := newWorld(t).open()
	w.sync()
	dep, b := w.marie.deposit()
	w.paul.sees(w.marie)
	to := w.paul.object(documentFolder)
	w.paul.in(Resealed, ResealBody{b.Object.Path, to})
	without := slices.DeleteFunc(slices.Clone(w.vault), func(r *Record) bool { return r == dep })
	if st := w.stateOf(without); len(st.DeadPaths()) != 0 {
		t.Errorf("doomed: %v", st.DeadPaths())
	}
	if d := w.state().Documents[b.Document]; d.Object.Path != to.Path {
		t.Errorf("the document is %s", d.Object.Path)
	}
}
