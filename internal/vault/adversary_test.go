package vault

import (
	"slices"
	"testing"
)

// backdated makes the event look older than everything, by a device that pretends to have seen nothing but its enrolment.
func (d *device) backdated(t EventType, v BeneficiaryID, body any, past Past) *Record {
	d.past = past.Clone()
	return d.do(t, v, body, at(1))
}

func TestVaultIsNotOpenedInTheNameOfAnother(t *testing.T) {
	w := newWorld(t)
	enrolled := w.eve.past.Clone()
	w.open()
	w.paul.deposit()
	w.sync()
	theft := w.eve.backdated(VaultOpened, w.person, VaultBody{}, enrolled)
	grant := w.eve.in(ConsentGiven, ConsentBody{Consent: NewConsentID(w.eve.id), Team: w.eve.solo}, at(2))
	w.refuses(theft)
	st := w.state()
	if st.OpenedBy != w.paul.agent || slices.Contains(st.ActiveTeams(), w.eve.solo) || len(st.Documents) != 1 {
		t.Errorf("opened by %s for %v, %d documents", st.OpenedBy, st.ActiveTeams(), len(st.Documents))
	}
	if w.reason(grant) == "" && slices.Contains(st.ActiveTeams(), w.eve.solo) {
		t.Error("a grant by the thief stands")
	}
}

// idOfBoth searches an identifier that bears the tag of two devices, as one in a million does.
func idOfBoth(kind byte, a, b *device) string {
	for n := uint64(0); ; n++ {
		seed := make([]byte, idRandomLen)
		for i := range seed {
			seed[i] = byte(n >> (5 * i) & 31)
		}
		id := boundID(kind, a.id, seed)
		if id != "" && id[1+idRandomLen:idLen-1] == idTag(id[:1+idRandomLen], b.id) {
			return id
		}
	}
}

// Where the tag of an id happens to be a thief's as well, and the thief was enrolled before the victim, they are found out by
// those who saw the vault meanwhile, whatever they wrote.
func TestWhoSawTheVaultWitnessesItsOpening(t *testing.T) {
	w := newWorld(t)
	w.paul, w.eve = w.eve, w.paul
	w.person, w.given = BeneficiaryID(idOfBoth('b', w.paul, w.eve)), NewConsentID(w.paul.id)
	enrolled := w.eve.past.Clone()
	w.open()
	w.boss.do(AccessRefused, "", nil)
	w.refuses(w.eve.backdated(VaultOpened, w.person, VaultBody{}, enrolled))
	w.eve.in(ConsentGiven, ConsentBody{Consent: NewConsentID(w.eve.id), Team: w.eve.solo}, at(2))
	if st := w.state(); st.OpenedBy != w.paul.agent || slices.Contains(st.ActiveTeams(), w.eve.solo) {
		t.Errorf("opened by %s for %v", st.OpenedBy, st.ActiveTeams())
	}
}

func TestDocumentIsNotReplacedByABackdatedDeposit(t *testing.T) {
	w := newWorld(t).open()
	before := w.batch.past.Clone()
	r, b := w.paul.deposit()
	w.sync()
	w.marie.in(AccessOpened, AccessBody{Document: b.Document, How: "get"})
	forged := DepositBody{Document: b.Document, Space: Shared, Object: w.batch.object(documentFolder)}
	theft := w.batch.backdated(DocumentDeposited, w.person, forged, before)
	w.accepts(r)
	st := w.state()
	if got := st.Documents[b.Document].Object.Path; got != b.Object.Path || st.Dead[b.Object.Path] {
		t.Errorf("the document is now %s (%s)", got, w.reason(theft))
	}
}

func TestTeamIsNotTakenByABackdatedOne(t *testing.T) {
	w := newWorld(t)
	enrolled := w.eve.past.Clone()
	w.marie.sees(w.eve)
	team := NewTeamID(w.marie.id)
	w.marie.do(TeamAdded, "", TeamBody{Team: team, Name: "Domiciliation"})
	w.marie.epoch(EpochTeam, team, w.marie)
	w.paul.sees(w.marie)
	w.paul.do(AccessOpened, "", nil)
	w.eve.backdated(TeamAdded, "", TeamBody{Team: team, Name: "Domiciliation"}, enrolled)
	w.eve.epoch(EpochTeam, team, w.eve)
	org := w.org()
	if got := org.Teams[team].MembersNow(); !slices.Equal(got, []AgentID{w.marie.agent}) {
		t.Errorf("members: %v", got)
	}
	if e := org.Current(EpochTeam, team); e == nil || !slices.Equal(e.Devices, []DeviceID{w.marie.id}) {
		t.Errorf("epoch: %+v", e)
	}
}

func TestAdminSpeaksForNobodyElse(t *testing.T) {
	w := newWorld(t).open()
	x := w.device("impostor")
	x.agent = w.paul.agent
	w.accepts(w.boss.do(DeviceCertified, "", x.certificate(RoleAgent)))
	w.sync()
	w.refuses(x.in(VaultEdited, nil), x.epoch(EpochTeam, w.team, x),
		x.in(ConsentGiven, ConsentBody{Consent: NewConsentID(x.id), Team: w.boss.solo}))
	w.accepts(w.paul.epoch(EpochTeam, w.team, w.marie, w.paul, x)) // admitted by hand
	w.sync()
	w.accepts(x.in(VaultEdited, nil))
}

func TestAdminWhoIsNoAgentCreatesTeamsForOthers(t *testing.T) {
	w := newWorld(t)
	team := NewTeamID(w.boss.id)
	w.accepts(w.boss.do(TeamAdded, "", TeamBody{Team: team, Name: "Santé"}))
	w.refuses(w.boss.epoch(EpochTeam, team, w.boss))
	w.accepts(w.boss.do(TeamMember, "", MemberBody{Team: team, Agent: w.eve.agent}))
	w.refuses(w.boss.do(TeamMember, "", MemberBody{Team: team, Agent: w.boss.agent}))
	w.sync()
	w.accepts(w.eve.epoch(EpochTeam, team, w.eve))
	if got := w.org().Teams[team].MembersNow(); !slices.Equal(got, []AgentID{w.eve.agent}) {
		t.Errorf("members: %v", got)
	}
}

func TestRemovedMemberReturnsOnlyByHand(t *testing.T) {
	w := newWorld(t)
	w.accepts(w.marie.do(TeamMember, "", MemberBody{Team: w.team, Agent: w.paul.agent, Left: true}))
	again := w.paul.do(TeamMember, "", MemberBody{Team: w.team, Agent: w.paul.agent}) // concurrent: he has not heard
	w.refuses(again)
	if got := w.org().Teams[w.team].MembersNow(); slices.Contains(got, w.paul.agent) {
		t.Errorf("members: %v", got)
	}
	w.sync()
	w.refuses(w.paul.do(TeamMember, "", MemberBody{Team: w.team, Agent: w.paul.agent}))
	w.accepts(w.marie.do(TeamMember, "", MemberBody{Team: w.team, Agent: w.paul.agent}))
	if got := w.org().Teams[w.team].MembersNow(); !slices.Contains(got, w.paul.agent) {
		t.Errorf("members: %v", got)
	}
}

func TestRevocationHoldsWhateverTheClocksSay(t *testing.T) {
	w := newWorld(t)
	early := w.boss.past.Clone()
	x := w.device("puppet")
	kept := w.boss.do(DeviceCertified, "", w.device("kept").certificate(RoleAgent))
	w.marie.sees(w.boss)
	cut := map[WriterID]uint64{w.boss.writer: w.boss.seq}
	w.accepts(w.marie.do(DeviceRevoked, "", RevokeBody{Device: w.boss.id, Cut: cut}))
	puppet := w.boss.backdated(DeviceCertified, "", x.certificate(RoleAdmin), early)
	revenge := w.boss.backdated(DeviceRevoked, "", RevokeBody{Device: w.marie.id}, early)
	again := w.device("boss again")
	again.writer, again.key, again.id, again.agent = NewWriterID(w.boss.id), w.boss.key, w.boss.id, w.boss.agent
	other := again.backdated(DeviceRevoked, "", RevokeBody{Device: w.paul.id}, early)
	w.accepts(kept)
	w.refuses(puppet, revenge, other)
	org := w.org()
	if !org.Devices[w.marie.id].Active() || !org.Devices[w.paul.id].Active() || org.Devices[w.boss.id].Active() {
		t.Error("the wrong device is revoked")
	}
}

func TestRootOutranksAdmins(t *testing.T) {
	w := newWorld(t)
	w.boss.do(DeviceRevoked, "", RevokeBody{Device: w.eve.id})
	saved := w.eve.do(DeviceRevoked, "", RevokeBody{Device: w.boss.id}, w.byRoot)
	w.accepts(saved)
	if org := w.org(); org.Devices[w.boss.id].Active() || !org.Devices[w.eve.id].Active() {
		t.Error("an admin undid what the root signed")
	}
}

func TestRevokedDeviceWritesNothingIntoVaults(t *testing.T) {
	w := newWorld(t).open()
	before, _ := w.batch.deposit()
	w.marie.sees(w.batch)
	w.marie.do(DeviceRevoked, "", RevokeBody{Device: w.batch.id, Cut: map[WriterID]uint64{w.batch.writer: w.batch.seq}})
	after, _ := w.batch.deposit()
	w.accepts(before)
	w.refuses(after)
}

func TestFoundingCannotBeReplayed(t *testing.T) {
	w := newWorld(t).open()
	for _, r := range slices.Clone(w.records) {
		if len(r.Cosigned) == 0 {
			continue
		}
		w.eve.past = Past{}
		copied := &Record{Event: r.Event, Pos: Pos{Writer: w.eve.writer, Seq: w.eve.seq}, Past: Past{}}
		w.eve.seq++
		w.records = append(w.records, copied)
	}
	org := w.org()
	if org.Name != "Mairie & CCAS" || org.Devices[w.marie.id].Certified.Writer != w.marie.writer || org.Recovery[0].Set.Writer != w.marie.writer {
		t.Errorf("founded by %s, recovery by %s", org.Devices[w.marie.id].Certified.Writer, org.Recovery[0].Set.Writer)
	}
	r, _ := w.paul.deposit()
	w.accepts(r)
}

func TestOldRecoveryKeyDoesNotReturn(t *testing.T) {
	w := newWorld(t)
	old := w.records[1]
	w.marie.do(RecoverySet, "", RecoveryBody{N: 2, Recipient: "age1new"}, w.byRoot)
	w.sync()
	w.records = append(w.records, &Record{Event: old.Event, Pos: Pos{Writer: w.eve.writer, Seq: w.eve.seq}, Past: w.eve.past.Clone()})
	if got := w.org().CurrentRecovery().N; got != 2 {
		t.Errorf("recovery key %d is current", got)
	}
}

func TestCardSignedOnceForOneOrganization(t *testing.T) {
	w := newWorld(t).open()
	w.refuses(w.eve.in(ConsentGiven, ConsentBody{Consent: NewConsentID(w.eve.id), Team: w.eve.solo}, func(e *Event) { e.Cosign(NewOrgID(), w.eve.id, w.card) }))
}

// What the root or a card signed for one device says nothing in the chain of another, even of one enrolled earlier.
func TestCosignedEventStaysWithItsDevice(t *testing.T) {
	w := newWorld(t).open()
	key := w.paul.do(RecoverySet, "", RecoveryBody{N: 2, Recipient: "age1new"}, w.byRoot)
	grant := w.eve.in(ConsentGiven, ConsentBody{Consent: NewConsentID(w.eve.id), Team: w.eve.solo}, w.byCard, func(e *Event) { e.Agent = "" })
	again := w.eve.in(ConsentGiven, ConsentBody{Consent: NewConsentID(w.eve.id), Team: w.eve.solo}, func(e *Event) { e.Agent = ""; w.byCard(e) })
	copies := func(r *Record, by *device) *Record {
		by.seq++
		return &Record{Event: r.Event, Pos: Pos{Writer: by.writer, Seq: by.seq - 1}, Past: by.past.Clone()}
	}
	k, g := copies(key, w.marie), copies(again, w.boss)
	w.records, w.vault = append(w.records, k), append(w.vault, g)
	w.refuses(k, g, grant) // the last was changed after the card signed it
	w.accepts(key, again)
	st := w.state()
	if got := w.org().CurrentRecovery(); got.Set != key.Pos {
		t.Errorf("the recovery key is of %v, not of %v", got.Set, key.Pos)
	}
	if i := slices.IndexFunc(st.Consents, func(c *Consent) bool { return c.Team == w.eve.solo }); i < 0 || st.Consents[i].Given != again.Pos || len(st.Consents) != 2 {
		t.Errorf("consents: %+v", st.Consents)
	}
}

// A device that goes on as another writer issues again what it had not sent: it counts, and once.
func TestCosignedEventIsReissuedByItsDevice(t *testing.T) {
	w := newWorld(t).open()
	grant := w.eve.in(ConsentGiven, ConsentBody{Consent: NewConsentID(w.eve.id), Team: w.eve.solo}, w.byCard)
	w.vault = w.vault[:len(w.vault)-1]
	again := &Record{Event: grant.Event, Pos: Pos{Writer: NewWriterID(w.eve.id)}, Past: w.eve.past.Clone()}
	again.Past[w.eve.writer] = w.eve.seq - 1
	w.vault = append(w.vault, again)
	w.accepts(again)
	third := &Record{Event: grant.Event, Pos: Pos{Writer: again.Pos.Writer, Seq: 1}, Past: again.Past}
	w.vault = append(w.vault, third)
	w.refuses(third)
}

// A device that was enrolled first and writes before anybody else has seen what it copies wins no id all the same: an id is
// of the device that introduces it.
func TestIDsAreOfTheirDevice(t *testing.T) {
	w := newWorld(t)
	w.paul.in(VaultOpened, VaultBody{})
	w.refuses(w.marie.in(VaultOpened, VaultBody{}, at(1)))
	w = newWorld(t).open()
	_, b := w.paul.deposit()
	grant := ConsentBody{Consent: NewConsentID(w.paul.id), Team: w.paul.solo, Purpose: "safekeeping"}
	team, agent := NewTeamID(w.boss.id), AgentBody{NewAgentID(w.boss.id), NewTeamID(w.boss.id)}
	own := []*Record{w.paul.in(ConsentGiven, grant), w.boss.do(TeamAdded, "", TeamBody{Team: team, Name: "Santé"}), w.boss.do(AgentAdded, "", agent)}
	w.refuses(w.marie.in(DocumentDeposited, DepositBody{Document: b.Document, Space: Shared, Object: w.marie.object(documentFolder)}, at(1)),
		w.marie.in(ConsentGiven, ConsentBody{Consent: grant.Consent, Team: w.marie.solo}, at(1)),
		w.marie.do(TeamAdded, "", TeamBody{Team: team, Name: "Santé"}, at(1)), w.marie.do(AgentAdded, "", agent, at(1)))
	w.accepts(own...)
	if st := w.state(); st.Documents[b.Document].Object.Path != b.Object.Path || slices.Contains(st.ActiveTeams(), w.marie.solo) {
		t.Errorf("the document is %s, teams %v", st.Documents[b.Document].Object.Path, st.ActiveTeams())
	}
}

// A past that claims what was not written yet makes a cycle. It is cut among those who are in it: nobody else comes before
// what they saw.
func TestForgedPastsReorderNobodyElse(t *testing.T) {
	w := newWorld(t).open()
	later := w.batch.past.Clone()
	later[w.batch.writer] = w.batch.seq + 1
	w.eve.past = later
	w.eve.in(AccessOpened, AccessBody{How: "get"}, at(w.clock+50))
	w.batch.sees(w.eve)
	w.batch.in(AccessOpened, AccessBody{How: "get"}, at(w.clock+60))
	for _, d := range []*device{w.eve, w.batch} {
		delete(d.past, d.writer)
	}
	granted := NewConsentID(w.marie.id)
	w.marie.sees(w.paul)
	w.marie.in(ConsentGiven, ConsentBody{Consent: granted, Team: w.paul.solo}, at(w.clock+100))
	w.paul.sees(w.marie)
	last := w.paul.in(ConsentWithdrawn, EndBody{granted, w.paul.solo}, at(w.clock-100))
	order := Order(w.vault)
	for i, r := range order {
		for _, s := range order[i+1:] {
			if r.Saw(s.Pos) && !s.Saw(r.Pos) {
				t.Errorf("%s by %s comes before %s by %s, which it saw", r.Type, r.Pos.Writer, s.Type, s.Pos.Writer)
			}
		}
	}
	w.accepts(last)
	if c := w.state().Consent(granted); c == nil || c.Active() {
		t.Errorf("the consent: %+v", c)
	}
}
