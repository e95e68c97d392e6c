package vault

import "testing"

func TestExpiryEndsOneConsent(t *testing.T) {
	w := newWorld(t).open()
	renewed := w.marie.in(ConsentGiven, ConsentBody{Consent: NewConsentID(w.marie.id), Team: w.team, Until: "2030-01-01"})
	var expired []*Record
	for _, d := range []*device{w.batch, w.boss, w.eve} { // none has seen the renewal
		expired = append(expired, d.in(ConsentExpired, EndBody{w.given, w.team}, at(day("2027-07-01"))))
	}
	w.accepts(append(expired, renewed)...)
	st := w.state()
	if st.Consent(w.given).Active() || len(st.ActiveTeams()) != 1 {
		t.Errorf("consents: %+v", st.Consents)
	}
}

// TestExpiryTakesClocks lets a consent end once three devices say that its last day has passed, or all where there are
// fewer: a device whose clock is years ahead ends nothing.
func TestExpiryTakesClocks(t *testing.T) {
	w := newWorld(t).open()
	end := func(d *device, when string) {
		w.accepts(d.in(ConsentExpired, EndBody{w.given, w.team}, at(day(when))))
	}
	active := func(want bool) {
		t.Helper()
		if got := w.state().Consent(w.given).Active(); got != want {
			t.Errorf("active: %v", got)
		}
	}
	end(w.batch, "2037-01-01")
	end(w.batch, "2037-01-02")
	again := w.device("batch again")
	again.id, again.writer, again.agent, again.past = w.batch.id, NewWriterID(w.batch.id), w.batch.agent, w.batch.past.Clone()
	end(again, "2037-01-03") // one device, whatever its writers
	end(w.boss, "2037-01-01")
	active(true)
	w.refuses(w.eve.in(ConsentExpired, EndBody{w.given, w.team}))
	active(true)
	end(w.eve, "2027-07-01")
	active(false)
	w.sync()
	w.refuses(w.paul.in(VaultEdited, nil))
}

func TestExpiryOfFewDevices(t *testing.T) {
	w := newWorld(t).open()
	for _, d := range []*device{w.eve, w.batch, w.boss} {
		w.marie.do(DeviceRevoked, "", w.marie.cutHere(d))
	}
	w.sync()
	w.accepts(w.paul.in(ConsentExpired, EndBody{w.given, w.team}, at(day("2027-07-01"))))
	if !w.state().Consent(w.given).Active() {
		t.Error("one of two devices ended a consent")
	}
	w.accepts(w.marie.in(ConsentExpired, EndBody{w.given, w.team}, at(day("2027-07-01"))))
	if w.state().Consent(w.given).Active() {
		t.Error("all devices that are left do not end it")
	}
}
