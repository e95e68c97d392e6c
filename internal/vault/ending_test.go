package vault

import (
	"slices"
	"testing"
)

// cutHere is the revocation of a device with all that the revoker has seen of it.
func (d *device) cutHere(other *device) RevokeBody {
	return RevokeBody{Device: other.id, Cut: map[WriterID]uint64{other.writer: d.past[other.writer]}}
}

// enrol has an admin certify a further admin's device.
func (w *world) enrol(by *device, name string) *device {
	x := w.device(name)
	by.do(DeviceCertified, "", x.certificate(RoleAdmin))
	w.sync()
	return x
}

func (w *world) activeAdmins() []string {
	var out []string
	for name, d := range map[string]*device{"marie": w.marie, "boss": w.boss} {
		if w.org().Devices[d.id].Active() {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// Of two admins whom the same device enrolled, and who revoke one another, the one enrolled first stands, whatever their
// clocks and their ids say.
func TestSiblingAdminsRevokeOneAnother(t *testing.T) {
	for _, clocks := range [][2]int64{{1, 2}, {2, 1}, {5, 5}} {
		w := newWorld(t)
		twin := w.enrol(w.marie, "twin")
		a := w.boss.do(DeviceRevoked, "", w.boss.cutHere(twin), at(w.clock+clocks[0]))
		b := twin.do(DeviceRevoked, "", twin.cutHere(w.boss), at(w.clock+clocks[1]))
		late := twin.do(DeviceCertified, "", w.device("puppet").certificate(RoleAdmin), at(1))
		w.accepts(a)
		w.refuses(b, late)
		if org := w.org(); !org.Devices[w.boss.id].Active() || org.Devices[twin.id].Active() {
			t.Errorf("clocks %v: the junior device stands", clocks)
		}
	}
}

// A device does not become senior by enrolling another that acts for it.
func TestSeniorityIsOfTheLine(t *testing.T) {
	w := newWorld(t)
	twin := w.enrol(w.marie, "twin")
	niece := w.enrol(w.boss, "niece")
	cousin := w.enrol(twin, "cousin")
	a := niece.do(DeviceRevoked, "", niece.cutHere(cousin), at(w.clock+9))
	b := cousin.do(DeviceRevoked, "", cousin.cutHere(niece), at(1))
	c := cousin.do(DeviceRevoked, "", cousin.cutHere(w.boss), at(1))
	d := w.boss.do(DeviceRevoked, "", w.boss.cutHere(cousin), at(w.clock+9))
	w.accepts(a, d)
	w.refuses(b, c)
}

func TestLastAdminIsRevokedByTheRootAlone(t *testing.T) {
	w := newWorld(t)
	w.accepts(w.marie.do(DeviceRevoked, "", w.marie.cutHere(w.boss)))
	self := w.marie.do(DeviceRevoked, "", RevokeBody{Device: w.marie.id})
	w.refuses(self)
	again := w.enrol(w.marie, "successor")
	w.refuses(self) // not even now that there is another: nobody would have enrolled it
	w.accepts(again.do(DeviceRevoked, "", again.cutHere(w.marie)))
	if w.org().Devices[w.marie.id].Active() || !w.org().Devices[again.id].Active() {
		t.Error("the successor does not take over")
	}
	w.sync()
	w.refuses(again.do(DeviceRevoked, "", RevokeBody{Device: again.id}))
	w.accepts(w.paul.do(DeviceRevoked, "", RevokeBody{Device: again.id}, w.byRoot))
}

// Two admins retire without knowing of one another: one of them stays.
func TestAdminsWhoRetireAtOnce(t *testing.T) {
	for _, first := range []int64{1, 2} {
		w := newWorld(t)
		a := w.marie.do(DeviceRevoked, "", RevokeBody{Device: w.marie.id, Cut: map[WriterID]uint64{w.marie.writer: w.marie.seq + 1}}, at(w.clock+first))
		b := w.boss.do(DeviceRevoked, "", RevokeBody{Device: w.boss.id, Cut: map[WriterID]uint64{w.boss.writer: w.boss.seq + 1}}, at(w.clock+3-first))
		w.accepts(a)
		w.refuses(b)
		if got := w.activeAdmins(); !slices.Equal(got, []string{"boss"}) {
			t.Errorf("left: %v", got)
		}
	}
}

// An admin's device that was revoked long ago does not count as one that is left, nor does one whose end the writer knows.
func TestRetiringInTurn(t *testing.T) {
	w := newWorld(t)
	w.accepts(w.boss.do(DeviceRevoked, "", RevokeBody{Device: w.boss.id, Cut: map[WriterID]uint64{w.boss.writer: w.boss.seq + 1}}))
	w.sync()
	w.refuses(w.marie.do(DeviceRevoked, "", RevokeBody{Device: w.marie.id}))
	if got := w.activeAdmins(); !slices.Equal(got, []string{"marie"}) {
		t.Errorf("left: %v", got)
	}
}

// Who was taken out of a team and looks away neither admits to it nor makes keys for it.
func TestRemovedMemberWhoLooksAway(t *testing.T) {
	w := newWorld(t).open()
	before := w.state().Readers(w.org(), Shared)
	removed := w.marie.do(TeamMember, "", MemberBody{Team: w.team, Agent: w.paul.agent, Left: true})
	key := w.marie.epoch(EpochTeam, w.team, w.marie)
	admits := w.paul.do(TeamMember, "", MemberBody{Team: w.team, Agent: w.eve.agent}, at(1))
	opens := w.paul.epoch(EpochTeam, w.team, w.paul, w.eve)
	edits := w.paul.in(VaultEdited, nil, at(1))
	own := w.paul.in(DocumentDeposited, DepositBody{Document: NewDocumentID(w.paul.id), Space: Shared, Object: w.paul.object(documentFolder, before...)})
	w.accepts(removed, key, own)
	w.refuses(admits, opens, edits)
	if e := w.org().Current(EpochTeam, w.team); !slices.Equal(e.Devices, []DeviceID{w.marie.id}) {
		t.Errorf("the current key is held by %v", e.Devices)
	}
	if got := w.org().Teams[w.team].MembersNow(); !slices.Equal(got, []AgentID{w.marie.agent}) {
		t.Errorf("members: %v", got)
	}
}

func TestMembersWhoRemoveOneAnother(t *testing.T) {
	for _, late := range []int64{1, 9} {
		w := newWorld(t)
		a := w.marie.do(TeamMember, "", MemberBody{Team: w.team, Agent: w.paul.agent, Left: true}, at(w.clock+late))
		b := w.paul.do(TeamMember, "", MemberBody{Team: w.team, Agent: w.marie.agent, Left: true}, at(w.clock+5))
		w.accepts(a)
		w.refuses(b)
		if got := w.org().Teams[w.team].MembersNow(); !slices.Equal(got, []AgentID{w.marie.agent}) {
			t.Errorf("members: %v", got)
		}
	}
	w := newWorld(t)
	w.accepts(w.paul.do(TeamMember, "", MemberBody{Team: w.team, Agent: w.paul.agent, Left: true})) // by oneself
	if got := w.org().Teams[w.team].MembersNow(); !slices.Equal(got, []AgentID{w.marie.agent}) {
		t.Errorf("members: %v", got)
	}
}
