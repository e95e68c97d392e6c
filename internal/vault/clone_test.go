package vault

import (
	"encoding/json"
	"slices"
	"testing"
)

// TestCloneIsItsOwn changes a clone in each way that events can, and finds the original as it was.
func TestCloneIsItsOwn(t *testing.T) {
	w := newWorld(t).open()
	_, first := w.paul.deposit()
	_, second := w.marie.deposit()
	w.sync()
	text := func(st *State) string {
		raw, err := json.Marshal(st)
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	known := len(w.vault)
	st := w.stateOf(w.vault)
	before := text(st)
	if c := text(st.Clone()); c != before {
		t.Fatalf("a clone differs:\n%s\n%s", c, before)
	}
	w.paul.in(DocumentRemoved, DocumentBody{Document: first.Document})
	w.marie.in(DocumentEdited, DocumentBody{Document: second.Document, Space: Private})
	w.paul.deposit()
	w.paul.in(ConsentGiven, ConsentBody{Consent: NewConsentID(w.paul.id), Team: w.paul.solo, Purpose: "safekeeping"})
	w.paul.in(ConsentWithdrawn, EndBody{Consent: w.given, Team: w.team})
	w.paul.in(VaultClosed, CloseBody{Reason: "moved"})
	w.eve.in(VaultReopened, nil)
	w.sync()
	clone := st.Clone()
	for _, r := range Order(slices.Clone(w.vault[known:])) {
		clone.Apply(w.org(), r, func(Hash) *Entry { return nil })
	}
	if text(clone) == before {
		t.Error("the events changed nothing")
	}
	if after := text(st); after != before {
		t.Errorf("the original changed:\n%s\n%s", after, before)
	}
}
