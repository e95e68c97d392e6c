package vault

import "testing"

// late is a vault in which paul goes on after marie revoked his device.
func late(t *testing.T) (w *world, upto map[WriterID]uint64, deposit, edit, grant *Record) {
	w = newWorld(t).open()
	w.accepts(w.marie.do(DeviceRevoked, "", w.marie.cutHere(w.paul)))
	before := w.paul.object(documentFolder).Readers
	deposit = w.paul.in(DocumentDeposited, DepositBody{Document: NewDocumentID(w.paul.id), Space: Shared, Object: w.paul.object(documentFolder, before...)})
	edit = w.paul.in(VaultEdited, nil)
	grant = w.paul.in(ConsentGiven, ConsentBody{Consent: NewConsentID(w.paul.id), Team: w.paul.solo})
	w.refuses(deposit, edit, grant)
	w.marie.sees(w.paul)
	return w, map[WriterID]uint64{w.paul.writer: w.paul.seq}, deposit, edit, grant
}

func TestAdoptionTakesInDepositsAlone(t *testing.T) {
	w, upto, deposit, edit, grant := late(t)
	w.accepts(w.marie.do(DeviceAdopted, "", AdoptBody{w.paul.id, upto}))
	after := w.paul.in(DocumentDeposited, DepositBody{Document: NewDocumentID(w.paul.id), Space: Shared, Object: w.paul.object(documentFolder, declaredBy(deposit)[0].Readers...)})
	w.accepts(deposit)
	w.refuses(edit, grant, after)
	if w.org().Devices[w.paul.id].Active() {
		t.Error("the device is active again")
	}
}

func TestAdoptionOfAVaultOpenedTooLate(t *testing.T) {
	w := newWorld(t)
	w.marie.do(DeviceRevoked, "", w.marie.cutHere(w.paul))
	w.paul.in(VaultOpened, VaultBody{})
	w.paul.in(ConsentGiven, ConsentBody{Consent: w.given, Team: w.team, Purpose: "safekeeping"})
	more := w.paul.in(ConsentGiven, ConsentBody{Consent: NewConsentID(w.paul.id), Team: w.paul.solo, Purpose: "safekeeping"})
	w.refuses(w.vault...)
	w.marie.sees(w.paul)
	w.accepts(w.marie.do(DeviceAdopted, "", AdoptBody{w.paul.id, map[WriterID]uint64{w.paul.writer: w.paul.seq}}))
	w.accepts(w.vault[:2]...)
	w.refuses(more) // as a reader, which a revoked device is not
}

func TestWhoMayAdopt(t *testing.T) {
	w, upto, deposit, _, _ := late(t)
	junior := w.enrol(w.boss, "junior")
	w.refuses(w.eve.do(DeviceAdopted, "", AdoptBody{w.paul.id, upto}), w.batch.do(DeviceAdopted, "", AdoptBody{w.paul.id, upto}),
		junior.do(DeviceAdopted, "", AdoptBody{w.paul.id, upto}), w.marie.do(DeviceAdopted, "", AdoptBody{w.eve.id, upto}), deposit)
	w.accepts(w.eve.do(DeviceAdopted, "", AdoptBody{w.paul.id, upto}, w.byRoot), deposit)
}
