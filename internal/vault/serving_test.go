package vault

import (
	"slices"
	"testing"
)

// What was sealed under a team's earlier key stays as it is when a member leaves, and is sealed anew when a device was
// compromised that could read it, through a later key too.
func TestMisreadOfEarlierEpochs(t *testing.T) {
	for _, compromised := range []bool{false, true} {
		w := newWorld(t).open()
		_, b := w.batch.deposit()
		w.sync()
		w.marie.epoch(EpochTeam, w.team, w.marie, w.paul)
		w.sync()
		if docs, _ := w.state().Misread(w.org()); len(docs) != 0 {
			t.Errorf("misread after a new key: %v", docs)
		}
		cut := w.marie.cutHere(w.paul)
		cut.Compromised = compromised
		w.accepts(w.marie.do(DeviceRevoked, "", cut))
		if e := w.org().Current(EpochTeam, w.team); !w.org().Outdated(e) || !slices.Equal(w.org().Serving(e), []DeviceID{w.marie.id}) {
			t.Errorf("outdated %v, serving %v", w.org().Outdated(e), w.org().Serving(e))
		}
		w.marie.epoch(EpochTeam, w.team, w.marie)
		docs, _ := w.state().Misread(w.org())
		if got := len(docs) == 1 && docs[0].ID == b.Document; got != compromised {
			t.Errorf("compromised %v: misread %v", compromised, docs)
		}
		if e := w.org().Current(EpochTeam, w.team); w.org().Outdated(e) {
			t.Error("the new key is outdated")
		}
	}
}

// A team of which nobody is left that holds the key reads nothing new: its consents stay, its key gets nothing.
func TestKeyThatNobodyHoldsGetsNothing(t *testing.T) {
	w := newWorld(t).open()
	w.paul.in(ConsentGiven, ConsentBody{Consent: NewConsentID(w.paul.id), Team: w.eve.solo})
	w.sync()
	if got := len(w.state().Readers(w.org(), Shared)); got != 4 { // card, team, eve, recovery
		t.Fatalf("%d readers", got)
	}
	w.marie.do(DeviceRevoked, "", w.marie.cutHere(w.eve))
	if got := w.state().Readers(w.org(), Shared); len(got) != 3 || slices.Contains(got, EpochReader(EpochID(w.eve.writer+"/1"))) {
		t.Errorf("readers: %v", got)
	}
	w.marie.do(TeamMember, "", MemberBody{Team: w.team, Agent: w.marie.agent, Left: true})
	w.boss.do(TeamMember, "", MemberBody{Team: w.team, Agent: w.paul.agent, Left: true})
	if got := w.state().Readers(w.org(), Shared); len(got) != 2 {
		t.Errorf("readers of a team that everybody left: %v", got)
	}
}
