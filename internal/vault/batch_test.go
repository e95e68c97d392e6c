package vault

import "testing"

func TestBatchIsKnownOfVaultAndConsent(t *testing.T) {
	w := newWorld(t)
	batch, consent := NewBatchID(), NewConsentID(w.paul.id)
	w.paul.in(VaultOpened, VaultBody{Batch: batch})
	w.paul.in(ConsentGiven, ConsentBody{Consent: consent, Team: w.team, Purpose: "safekeeping", Batch: batch})
	w.sync()
	st := w.state()
	if st.Batch != batch {
		t.Errorf("the vault was opened by %q, want %s", st.Batch, batch)
	}
	if c := st.Consent(consent); c == nil || c.Batch != batch {
		t.Errorf("consent %+v does not name the batch", c)
	}
}

// A batch server undoes what it deposited, and nothing else.
func TestDepositDeviceUndoesItsOwnDeposit(t *testing.T) {
	w := newWorld(t).open()
	_, own := w.batch.deposit()
	_, other := w.paul.deposit()
	w.sync()
	w.accepts(w.batch.in(DocumentRemoved, DocumentBody{Document: own.Document}))
	w.refuses(w.batch.in(DocumentRemoved, DocumentBody{Document: other.Document}),
		w.batch.in(VaultClosed, CloseBody{Reason: "request"}))
	w.sync()
	w.accepts(w.batch.in(ConsentWithdrawn, EndBody{Consent: w.given}))
	w.accepts(w.batch.in(Tombstoned, TombstoneBody{Paths: []string{own.Object.Path}}))
	st := w.state()
	if st.Documents[own.Document].Removed == nil || st.Documents[other.Document].Removed != nil || !st.Tombs[own.Object.Path] {
		t.Error("the undo did not remove exactly the device's own deposit")
	}
}
