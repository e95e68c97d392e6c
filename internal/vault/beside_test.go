package vault

import (
	"testing"
)

// beside is a vault with a document of batch's and one of marie's, whose consent batch withdraws without paul having seen it.
func beside(t *testing.T) (w *world, theirs DepositBody, end *Record) {
	w = newWorld(t).open()
	_, theirs = w.batch.deposit()
	w.sync()
	return w, theirs, w.batch.in(ConsentWithdrawn, EndBody{w.given, w.team})
}

// A reader who does not look, or has not heard yet, changes nothing after the withdrawal, whatever the clocks say.
func TestWithdrawalBeatsConcurrentActs(t *testing.T) {
	for name, act := range map[string]func(w *world, doc DepositBody) *Record{
		"edit":  func(w *world, _ DepositBody) *Record { return w.paul.in(VaultEdited, nil, at(1)) },
		"close": func(w *world, _ DepositBody) *Record { return w.paul.in(VaultClosed, CloseBody{"moved"}, at(1)) },
		"late":  func(w *world, _ DepositBody) *Record { return w.paul.in(VaultEdited, nil, at(w.clock+9)) },
		"remove": func(w *world, d DepositBody) *Record {
			return w.paul.in(DocumentRemoved, DocumentBody{Document: d.Document}, at(1))
		},
		"hide": func(w *world, d DepositBody) *Record {
			return w.paul.in(DocumentEdited, DocumentBody{Document: d.Document, Space: Private}, at(1))
		},
		"rewrite": func(w *world, _ DepositBody) *Record {
			return w.paul.in(ManifestWritten, ManifestBody{w.paul.object(manifestFolder, CardReader(w.person, 1))})
		},
	} {
		t.Run(name, func(t *testing.T) {
			w, doc, end := beside(t)
			r := act(w, doc)
			w.accepts(end)
			w.refuses(r)
			st := w.state()
			if st.Erased != nil || st.Closed != nil || st.Documents[doc.Document].Removed != nil || len(st.DeadPaths()) != 0 {
				t.Errorf("erased %v, closed %v, dead %v", st.Erased, st.Closed, st.DeadPaths())
			}
			if len(st.ActiveTeams()) != 0 {
				t.Errorf("active: %v", st.ActiveTeams())
			}
		})
	}
}

func TestEntriesAreNotLeftOutBesideAWithdrawal(t *testing.T) {
	w := newWorld(t).open()
	h := []Hash{HashOf([]byte("a")), HashOf([]byte("b"))}
	first := NoteBody{Object: w.paul.object(noteFolder), Entries: h}
	w.paul.in(NoteSealed, first)
	w.sync()
	w.batch.in(ConsentWithdrawn, EndBody{w.given, w.team})
	from := []string{first.Object.Path}
	readers := first.Object.Readers
	w.refuses(w.paul.in(NoteSealed, NoteBody{Object: w.paul.object(noteFolder, readers...), Entries: h[:1], From: from}))
	w.accepts(w.paul.in(NoteSealed, NoteBody{Object: w.paul.object(noteFolder, readers...), Entries: h, From: from}))
}

// Deposits are kept, also as a further version: then as a document of its own, and what it was to replace stays.
func TestDepositsBesideAWithdrawalAreKept(t *testing.T) {
	w, doc, _ := beside(t)
	readers := doc.Object.Readers
	fresh := DepositBody{Document: NewDocumentID(w.paul.id), Space: Shared, Object: w.paul.object(documentFolder, readers...)}
	version := DepositBody{Document: doc.Document, Space: Shared, Object: w.paul.object(documentFolder, readers...)}
	r := w.paul.in(DocumentReplaced, version)
	w.accepts(w.paul.in(DocumentDeposited, fresh), r)
	st := w.state()
	apart := st.Apart(r)
	if len(st.Documents) != 3 || st.Documents[doc.Document].Object.Path != doc.Object.Path || apart == nil || apart.Object.Path != version.Object.Path ||
		apart.ID == doc.Document || apart.By != w.paul.agent || len(st.DeadPaths()) != 0 {
		t.Errorf("documents %+v, dead %v", st.Documents, st.DeadPaths())
	}
	w.sync()
	w.accepts(w.paul.in(DocumentRemoved, DocumentBody{Document: apart.ID})) // it is paul's own
}

// What another device saw before it saw the withdrawal stands, so that a withdrawal which is dated back, as if nothing had
// been seen, does not undo the history of a vault.
func TestWithdrawalThatLooksAwayUndoesNothing(t *testing.T) {
	w := newWorld(t)
	early := w.batch.past.Clone()
	w.open()
	_, doc := w.paul.deposit()
	edit := w.paul.in(VaultEdited, nil)
	removal := w.paul.in(DocumentRemoved, DocumentBody{Document: doc.Document})
	w.sync()
	w.eve.in(AccessRefused, nil) // whatever it is
	early[w.paul.writer] = w.vault[1].Pos.Seq + 1
	w.batch.past = early
	end := w.batch.in(ConsentWithdrawn, EndBody{w.given, w.team}, at(1))
	w.accepts(end, edit, removal)
	if st := w.state(); len(st.ActiveTeams()) != 0 || st.Documents[doc.Document].Removed == nil {
		t.Errorf("active %v, removed %v", st.ActiveTeams(), st.Documents[doc.Document].Removed)
	}
}

// Who reads by another consent, and the person with their card, go on beside the withdrawal; so does what was granted on the
// strength of a consent that the withdrawal does not concern.
func TestWithdrawalSparesOtherReaders(t *testing.T) {
	w := newWorld(t).open()
	w.paul.in(ConsentGiven, ConsentBody{Consent: NewConsentID(w.paul.id), Team: w.paul.solo, Purpose: "safekeeping"}, w.byCard)
	w.sync()
	w.batch.in(ConsentWithdrawn, EndBody{w.given, w.team})
	w.accepts(w.paul.in(VaultEdited, nil))
	w.refuses(w.marie.in(VaultClosed, CloseBody{"moved"}))
	w.accepts(w.marie.in(VaultClosed, CloseBody{"moved"}, w.byCard))
	if w.state().Closed == nil {
		t.Error("the person's own order does not count")
	}
}

// What was granted on the strength of the withdrawn consent, beside the withdrawal, gives whom it names no more either.
func TestWithdrawalBeatsActsOfThoseGrantedBesideIt(t *testing.T) {
	w := newWorld(t).open()
	w.paul.in(ConsentGiven, ConsentBody{Consent: NewConsentID(w.paul.id), Team: w.eve.solo})
	w.eve.sees(w.paul)
	edit := w.eve.in(VaultEdited, nil)
	w.accepts(w.batch.in(ConsentWithdrawn, EndBody{w.given, w.team}))
	w.refuses(edit)
}

// Whose consent has ended reseals what it could open for those who remain, but not in the place of what a reader resealed:
// otherwise it would put anything there, at any time, under a path as low as it likes.
func TestResealByAReaderStands(t *testing.T) {
	w := newWorld(t).open()
	w.accepts(w.paul.in(ConsentGiven, ConsentBody{Consent: NewConsentID(w.paul.id), Team: w.eve.solo}))
	w.sync()
	_, b := w.batch.deposit()
	w.sync()
	w.accepts(w.batch.in(ConsentWithdrawn, EndBody{w.given, w.team}))
	w.eve.sees(w.batch)
	theirs := w.reseal(w.eve, b.Object)
	low := w.paul.object(documentFolder)
	low.Path = DocumentPath(w.paul.writer, "aaaaaaaaaaaaaaaaaaaaaaaaaa")
	looksAway := w.paul.in(Resealed, ResealBody{b.Object.Path, low})
	low = w.marie.object(documentFolder)
	low.Path = DocumentPath(w.marie.writer, "aaaaaaaaaaaaaaaaaaaaaaaaaa")
	w.marie.sees(w.batch)
	knows := w.marie.in(Resealed, ResealBody{b.Object.Path, low})
	want := declaredBy(theirs)[0].Path
	st := w.state()
	if got := st.Documents[b.Document].Object.Path; got != want || st.Dead[want] {
		t.Errorf("stands %s, want %s", got, want)
	}
	for _, r := range []*Record{looksAway, knows} {
		if p := declaredBy(r)[0].Path; !st.Dead[p] {
			t.Errorf("%s stays", p)
		}
	}
}
