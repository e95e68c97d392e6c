package vault

import (
	"slices"
	"strings"
	"testing"
)

// TestAuthority goes through the acts of the trust model: who may, who may not.
func TestAuthority(t *testing.T) {
	type row struct {
		name string
		act  func(w *world) *Record
		ok   bool
	}
	rows := []row{
		{"admin certifies", func(w *world) *Record { return w.boss.do(DeviceCertified, "", w.device("x").certificate(RoleAgent)) }, true},
		{"root certifies the device that says so", func(w *world) *Record {
			x := w.device("x")
			return x.do(DeviceCertified, "", x.certificate(RoleAgent), w.byRoot)
		}, true},
		{"agent certifies", func(w *world) *Record { return w.eve.do(DeviceCertified, "", w.device("x").certificate(RoleAgent)) }, false},
		{"batch certifies", func(w *world) *Record { return w.batch.do(DeviceCertified, "", w.device("x").certificate(RoleDeposit)) }, false},
		{"admin certifies a device with a foreign key", func(w *world) *Record {
			b := w.device("x").certificate(RoleAgent)
			b.Key = b64(seeded("y"))
			return w.boss.do(DeviceCertified, "", b)
		}, false},
		{"certified twice", func(w *world) *Record { return w.boss.do(DeviceCertified, "", w.eve.certificate(RoleAdmin)) }, false},
		{"admin revokes", func(w *world) *Record { return w.boss.do(DeviceRevoked, "", RevokeBody{Device: w.eve.id}) }, true},
		{"root revokes", func(w *world) *Record { return w.eve.do(DeviceRevoked, "", RevokeBody{Device: w.boss.id}, w.byRoot) }, true},
		{"agent revokes", func(w *world) *Record { return w.eve.do(DeviceRevoked, "", RevokeBody{Device: w.boss.id}) }, false},
		{"revoke nobody", func(w *world) *Record { return w.boss.do(DeviceRevoked, "", RevokeBody{Device: "x"}) }, false},
		{"admin adds an agent", func(w *world) *Record {
			return w.boss.do(AgentAdded, "", AgentBody{NewAgentID(w.boss.id), NewTeamID(w.boss.id)})
		}, true},
		{"agent adds an agent", func(w *world) *Record {
			return w.eve.do(AgentAdded, "", AgentBody{NewAgentID(w.eve.id), NewTeamID(w.eve.id)})
		}, false},
		{"admin adds an agent in the place of a team", func(w *world) *Record { return w.boss.do(AgentAdded, "", AgentBody{NewAgentID(w.boss.id), w.team}) }, false},
		{"admin adds an agent again", func(w *world) *Record {
			return w.boss.do(AgentAdded, "", AgentBody{w.paul.agent, NewTeamID(w.boss.id)})
		}, false},
		{"admin opens an org epoch", func(w *world) *Record { return w.boss.epoch(EpochOrg, "", w.boss) }, true},
		{"admin opens a staff epoch", func(w *world) *Record { return w.boss.epoch(EpochStaff, "", w.boss) }, true},
		{"agent opens an org epoch", func(w *world) *Record { return w.eve.epoch(EpochOrg, "", w.eve) }, false},
		{"admin opens an epoch of no kind", func(w *world) *Record { return w.boss.epoch("x", "", w.boss) }, false},
		{"member opens a team epoch", func(w *world) *Record { return w.paul.epoch(EpochTeam, w.team, w.paul) }, true},
		{"admin opens a team epoch", func(w *world) *Record { return w.boss.epoch(EpochTeam, w.team, w.boss) }, false},
		{"stranger opens a team epoch", func(w *world) *Record { return w.eve.epoch(EpochTeam, w.team, w.eve) }, false},
		{"epoch under a number in use", func(w *world) *Record { w.paul.epochs = 0; return w.paul.epoch(EpochTeam, w.team, w.paul) }, false},
		{"epoch below another prefix", func(w *world) *Record {
			return w.paul.do(EpochOpened, "", EpochBody{Epoch: EpochID(w.marie.writer + "/99"), Kind: EpochTeam, Team: w.team, Recipient: "age1"})
		}, false},
		{"epoch that leaves its folder", func(w *world) *Record {
			return w.paul.do(EpochOpened, "", EpochBody{Epoch: EpochID(w.paul.writer + "/../x"), Kind: EpochTeam, Team: w.team, Recipient: "age1"})
		}, false},
		{"parcel elsewhere", func(w *world) *Record {
			return w.paul.do(EpochOpened, "", EpochBody{Epoch: EpochID(w.paul.writer + "/77"), Kind: EpochTeam, Team: w.team, Recipient: "age1",
				Parcels: []Object{{Path: SegmentPath(w.marie.writer, 1)}}})
		}, false},
		{"recovery by an admin", func(w *world) *Record { return w.boss.do(RecoverySet, "", RecoveryBody{N: 2}) }, false},
		{"recovery by the root", func(w *world) *Record { return w.boss.do(RecoverySet, "", RecoveryBody{N: 2}, w.byRoot) }, true},
		{"member admits", func(w *world) *Record { return w.paul.do(TeamMember, "", MemberBody{Team: w.team, Agent: w.eve.agent}) }, true},
		{"admin admits", func(w *world) *Record {
			return w.boss.do(TeamMember, "", MemberBody{Team: w.team, Agent: w.boss.agent})
		}, false},
		{"stranger admits", func(w *world) *Record { return w.eve.do(TeamMember, "", MemberBody{Team: w.team, Agent: w.eve.agent}) }, false},
		{"root admits", func(w *world) *Record {
			return w.eve.do(TeamMember, "", MemberBody{Team: w.team, Agent: w.eve.agent}, w.byRoot)
		}, true},
		{"admin ends a membership", func(w *world) *Record {
			return w.boss.do(TeamMember, "", MemberBody{Team: w.team, Agent: w.paul.agent, Left: true})
		}, true},
		{"stranger ends a membership", func(w *world) *Record {
			return w.eve.do(TeamMember, "", MemberBody{Team: w.team, Agent: w.paul.agent, Left: true})
		}, false},
		{"team in the place of a team", func(w *world) *Record { return w.eve.do(TeamAdded, "", TeamBody{Team: w.team, Name: "Accueil"}) }, false},
		{"in the name of another agent", func(w *world) *Record {
			return w.eve.do(TeamAdded, "", TeamBody{Team: NewTeamID(w.eve.id)}, func(e *Event) { e.Agent = w.paul.agent })
		}, false},

		{"batch opens a vault", func(w *world) *Record {
			w.person = NewBeneficiaryID(w.batch.id)
			w.vault = nil
			return w.batch.in(VaultOpened, VaultBody{})
		}, false},
		{"pure admin opens a vault", func(w *world) *Record {
			w.person = NewBeneficiaryID(w.boss.id)
			w.vault = nil
			return w.boss.in(VaultOpened, VaultBody{})
		}, false},
		{"agent opens a vault", func(w *world) *Record {
			w.person = NewBeneficiaryID(w.eve.id)
			w.vault = nil
			return w.eve.in(VaultOpened, VaultBody{})
		}, true},
		{"opened twice", func(w *world) *Record { return w.eve.in(VaultOpened, VaultBody{}) }, false},
		{"reader grants", func(w *world) *Record {
			return w.marie.in(ConsentGiven, ConsentBody{Consent: NewConsentID(w.marie.id), Team: w.eve.solo})
		}, true},
		{"card grants", func(w *world) *Record {
			return w.eve.in(ConsentGiven, ConsentBody{Consent: NewConsentID(w.eve.id), Team: w.eve.solo}, w.byCard)
		}, true},
		{"another card grants", func(w *world) *Record {
			return w.eve.in(ConsentGiven, ConsentBody{Consent: NewConsentID(w.eve.id), Team: w.eve.solo}, func(e *Event) { e.Cosign(w.id, w.eve.id, seeded("other")) })
		}, false},
		{"stranger grants", func(w *world) *Record {
			return w.eve.in(ConsentGiven, ConsentBody{Consent: NewConsentID(w.eve.id), Team: w.eve.solo})
		}, false},
		{"admin grants", func(w *world) *Record {
			return w.boss.in(ConsentGiven, ConsentBody{Consent: NewConsentID(w.boss.id), Team: w.boss.solo})
		}, false},
		{"batch grants", func(w *world) *Record {
			return w.batch.in(ConsentGiven, ConsentBody{Consent: NewConsentID(w.batch.id), Team: w.batch.solo})
		}, false},
		{"grant to no team", func(w *world) *Record {
			return w.marie.in(ConsentGiven, ConsentBody{Consent: NewConsentID(w.marie.id), Team: "t"})
		}, false},
		{"grant under an id in use", func(w *world) *Record { return w.marie.in(ConsentGiven, ConsentBody{Consent: w.given, Team: w.team}) }, false},
		{"stranger edits", func(w *world) *Record { return w.eve.in(VaultEdited, nil) }, false},
		{"reader edits", func(w *world) *Record { return w.marie.in(VaultEdited, nil) }, true},
		{"stranger closes", func(w *world) *Record { return w.eve.in(VaultClosed, CloseBody{"moved"}) }, false},
		{"reader erases", func(w *world) *Record { return w.marie.in(VaultErased, nil) }, true},
		{"card erases", func(w *world) *Record { return w.eve.in(VaultErased, nil, w.byCard) }, true},
		{"stranger erases", func(w *world) *Record { return w.eve.in(VaultErased, nil) }, false},
		{"admin erases", func(w *world) *Record { return w.boss.in(VaultErased, nil) }, false},
		{"reader issues a card", func(w *world) *Record { return w.marie.in(CardIssued, CardBody{N: 2, SignKey: b64(seeded("c2"))}) }, true},
		{"stranger issues a card", func(w *world) *Record { return w.eve.in(CardIssued, CardBody{N: 2, SignKey: b64(seeded("c2"))}) }, false},
		{"card of a number in use", func(w *world) *Record { return w.marie.in(CardIssued, CardBody{N: 1, SignKey: b64(seeded("c2"))}) }, false},
		{"anybody enrolled withdraws", func(w *world) *Record { return w.batch.in(ConsentWithdrawn, EndBody{w.given, w.team}) }, true},
		{"not enrolled withdraws", func(w *world) *Record { return w.device("x").in(ConsentWithdrawn, EndBody{w.given, w.team}) }, false},
		{"expired before its last day", func(w *world) *Record {
			return w.marie.in(ConsentExpired, EndBody{w.given, w.team}, at(day("2027-06-30")-1))
		}, false},
		{"expired on its last day, everywhere", func(w *world) *Record {
			return w.marie.in(ConsentExpired, EndBody{w.given, w.team}, at(day("2027-06-30")+9*3600_000))
		}, false},
		{"expired after its last day", func(w *world) *Record {
			return w.batch.in(ConsentExpired, EndBody{w.given, w.team}, at(day("2027-07-01")))
		}, true},
		{"expired without a consent", func(w *world) *Record {
			return w.batch.in(ConsentExpired, EndBody{NewConsentID(w.batch.id), w.team}, at(day("2027-07-01")))
		}, false},
		{"batch deposits", func(w *world) *Record { r, _ := w.batch.deposit(); return r }, true},
		{"deposit by an auditor's reader list", func(w *world) *Record {
			return w.batch.in(DocumentDeposited, DepositBody{Document: NewDocumentID(w.batch.id), Space: Shared,
				Object: w.batch.object(documentFolder, EpochReader(EpochID(w.eve.writer+"/1")))})
		}, false},
		{"deposit for the organization", func(w *world) *Record {
			return w.batch.in(DocumentDeposited, DepositBody{Document: NewDocumentID(w.batch.id), Space: Shared,
				Object: w.batch.object(documentFolder, EpochReader(w.org().Current(EpochOrg, "").Epoch))})
		}, false},
		{"deposit declared for nobody", func(w *world) *Record {
			o := w.batch.object(documentFolder)
			o.Readers = nil
			return w.batch.in(DocumentDeposited, DepositBody{Document: NewDocumentID(w.batch.id), Space: Shared, Object: o})
		}, false},
		{"private deposit for a team", func(w *world) *Record {
			return w.batch.in(DocumentDeposited, DepositBody{Document: NewDocumentID(w.batch.id), Space: Private, Object: w.batch.object(documentFolder)})
		}, false},
		{"private deposit for the card", func(w *world) *Record {
			return w.batch.in(DocumentDeposited, DepositBody{Document: NewDocumentID(w.batch.id), Space: Private, Object: w.batch.object(documentFolder, CardReader(w.person, 1))})
		}, true},
		{"deposit of another's object", func(w *world) *Record {
			_, b := w.paul.deposit()
			w.sync()
			return w.batch.in(DocumentDeposited, DepositBody{Document: NewDocumentID(w.batch.id), Space: Shared, Object: b.Object})
		}, false},
		{"deposit under an id in use", func(w *world) *Record {
			_, b := w.paul.deposit()
			w.sync()
			return w.batch.in(DocumentDeposited, DepositBody{Document: b.Document, Space: Shared, Object: w.batch.object(documentFolder)})
		}, false},
		{"manifest by a batch server", func(w *world) *Record {
			return w.batch.in(ManifestWritten, ManifestBody{w.batch.object(manifestFolder, CardReader(w.person, 1))})
		}, false},
		{"manifest by a reader", func(w *world) *Record {
			return w.marie.in(ManifestWritten, ManifestBody{w.marie.object(manifestFolder, CardReader(w.person, 1))})
		}, true},
		{"manifest for a team", func(w *world) *Record {
			return w.marie.in(ManifestWritten, ManifestBody{w.marie.object(manifestFolder)})
		}, false},
		{"note by a batch server", func(w *world) *Record { return w.batch.in(NoteSealed, NoteBody{Object: w.batch.object(noteFolder)}) }, true},
		{"unknown critical event", func(w *world) *Record {
			return w.batch.in("vault.future", nil, func(e *Event) { e.Critical = true })
		}, false},
		{"unknown event", func(w *world) *Record { return w.batch.in("vault.future", nil) }, true},
	}
	for _, c := range rows {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t).open()
			if r := c.act(w); c.ok {
				w.accepts(r)
			} else {
				w.refuses(r)
			}
		})
	}
}

// TestDocumentAuthority has rows that need a document of somebody: who may replace, edit, remove and reseal it.
func TestDocumentAuthority(t *testing.T) {
	type doc struct {
		*world
		DepositBody
	}
	for _, c := range []struct {
		name string
		by   func(*world) *device // who deposits
		act  func(d doc) *Record
		ok   bool
	}{
		{"batch replaces its own", (*world).batchDev, func(d doc) *Record { return d.replace(d.batch, d.Document, Shared) }, true},
		{"batch replaces another's", (*world).paulDev, func(d doc) *Record { return d.replace(d.batch, d.Document, Shared) }, false},
		{"reader replaces another's", (*world).batchDev, func(d doc) *Record { return d.replace(d.marie, d.Document, Shared) }, true},
		{"replaced in another space", (*world).paulDev, func(d doc) *Record { return d.replace(d.paul, d.Document, Private) }, false},
		{"batch removes its own", (*world).batchDev, func(d doc) *Record { return d.batch.in(DocumentRemoved, DocumentBody{Document: d.Document}) }, true},
		{"batch removes another's", (*world).paulDev, func(d doc) *Record { return d.batch.in(DocumentRemoved, DocumentBody{Document: d.Document}) }, false},
		{"batch removes another's in their name", (*world).paulDev, func(d doc) *Record {
			return d.batch.in(DocumentRemoved, DocumentBody{Document: d.Document}, func(e *Event) { e.Agent = d.paul.agent })
		}, false},
		{"batch removes another's in nobody's name", (*world).paulDev, func(d doc) *Record {
			return d.batch.in(DocumentRemoved, DocumentBody{Document: d.Document}, func(e *Event) { e.Agent = "" })
		}, false},
		{"reader removes", (*world).batchDev, func(d doc) *Record { return d.marie.in(DocumentRemoved, DocumentBody{Document: d.Document}) }, true},
		{"card removes", (*world).batchDev, func(d doc) *Record {
			return d.eve.in(DocumentRemoved, DocumentBody{Document: d.Document}, d.byCard)
		}, true},
		{"stranger edits", (*world).paulDev, func(d doc) *Record { return d.eve.in(DocumentEdited, DocumentBody{Document: d.Document}) }, false},
		{"reader edits", (*world).batchDev, func(d doc) *Record { return d.marie.in(DocumentEdited, DocumentBody{Document: d.Document}) }, true},
		{"reader makes private", (*world).paulDev, func(d doc) *Record {
			return d.marie.in(DocumentEdited, DocumentBody{Document: d.Document, Space: Private})
		}, true},
		{"reader shares what is private", (*world).paulDev, func(d doc) *Record {
			d.marie.in(DocumentEdited, DocumentBody{Document: d.Document, Space: Private})
			return d.marie.in(DocumentEdited, DocumentBody{Document: d.Document, Space: Shared})
		}, false},
		{"card shares what is private", (*world).paulDev, func(d doc) *Record {
			d.marie.in(DocumentEdited, DocumentBody{Document: d.Document, Space: Private})
			return d.marie.in(DocumentEdited, DocumentBody{Document: d.Document, Space: Shared}, d.byCard)
		}, true},
		{"reader reseals", (*world).batchDev, func(d doc) *Record { return d.reseal(d.marie, d.Object) }, true},
		{"batch reseals", (*world).batchDev, func(d doc) *Record { return d.reseal(d.batch, d.Object) }, false},
		{"admin reseals", (*world).batchDev, func(d doc) *Record { return d.reseal(d.boss, d.Object) }, false},
		{"reseal for a stranger", (*world).paulDev, func(d doc) *Record {
			return d.marie.in(Resealed, ResealBody{d.Object.Path, d.marie.object(documentFolder, EpochReader(EpochID(d.eve.writer+"/1")))})
		}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t).open()
			r, b := c.by(w).deposit()
			w.sync()
			w.accepts(r)
			if r := c.act(doc{w, b}); c.ok {
				w.accepts(r)
			} else {
				w.refuses(r)
			}
		})
	}
}

func (w *world) batchDev() *device { return w.batch }
func (w *world) paulDev() *device  { return w.paul }

func (w *world) replace(d *device, doc DocumentID, space Space) *Record {
	readers := w.state().Readers(w.org(), space)
	return d.in(DocumentReplaced, DepositBody{Document: doc, Space: space, Object: d.object(documentFolder, readers...)})
}

func (w *world) reseal(d *device, from Object) *Record {
	return d.in(Resealed, ResealBody{from.Path, d.object(documentFolder)})
}

func TestWithdrawalEndsAuthority(t *testing.T) {
	w := newWorld(t).open()
	_, b := w.batch.deposit()
	w.sync()
	w.accepts(w.batch.in(ConsentWithdrawn, EndBody{w.given, w.team}))
	if got := w.state().ActiveTeams(); len(got) != 0 {
		t.Fatalf("active teams: %v", got)
	}
	w.sync()
	w.refuses(w.paul.in(VaultEdited, nil), w.paul.in(ConsentGiven, ConsentBody{Consent: NewConsentID(w.paul.id), Team: w.paul.solo}))
	team := EpochReader(w.org().Current(EpochTeam, w.team).Epoch)
	w.refuses(w.batch.in(DocumentDeposited, DepositBody{Document: NewDocumentID(w.batch.id), Space: Shared, Object: w.batch.object(documentFolder, team)}))
	reseal := w.reseal(w.paul, b.Object) // who could open it still seals it for those who remain
	w.accepts(reseal)
	w.sync()
	_, later := w.batch.deposit()
	w.sync()
	w.refuses(w.reseal(w.paul, later.Object)) // and never what came afterwards
	w.accepts(w.eve.in(ConsentGiven, ConsentBody{Consent: NewConsentID(w.eve.id), Team: w.team}, w.byCard))
	w.sync()
	w.accepts(w.paul.in(VaultEdited, nil)) // granted anew, by another device
}

func TestWithdrawalBeatsConcurrentGrant(t *testing.T) {
	for name, late := range map[string]bool{"grant first": false, "withdrawal first": true} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t).open()
			early := w.clock + 1
			w.clock += 10
			grant, end := w.clock+1, w.clock+2
			if late {
				grant, end = end, grant
			}
			w.accepts(w.marie.in(ConsentGiven, ConsentBody{Consent: NewConsentID(w.marie.id), Team: w.team}, at(grant)))
			w.accepts(w.batch.in(ConsentWithdrawn, EndBody{w.given, w.team}, at(end)))
			if got := w.state().ActiveTeams(); len(got) != 0 {
				t.Errorf("active teams: %v", got)
			}
			// A member of the withdrawn team who looks away gives nobody access either, whatever the clock says.
			w.paul.in(ConsentGiven, ConsentBody{Consent: NewConsentID(w.paul.id), Team: w.paul.solo}, at(early))
			w.paul.in(CardIssued, CardBody{N: 2, SignKey: b64(seeded("thief"))}, at(early+1))
			st := w.state()
			if got := st.ActiveTeams(); len(got) != 0 {
				t.Errorf("active teams after a grant that looks away: %v", got)
			}
			if len(st.Cards) != 1 {
				t.Errorf("cards: %v", st.Cards)
			}
		})
	}
}

func TestWithdrawalSparesWhatOthersGranted(t *testing.T) {
	w := newWorld(t).open()
	w.accepts(w.marie.in(ConsentGiven, ConsentBody{Consent: NewConsentID(w.marie.id), Team: w.eve.solo}))
	w.sync()
	w.accepts(w.batch.in(ConsentWithdrawn, EndBody{w.given, w.team}))
	if got := w.state().ActiveTeams(); !slices.Equal(got, []TeamID{w.eve.solo}) {
		t.Errorf("active teams: %v", got)
	}
}

func TestErasureBeatsAll(t *testing.T) {
	w := newWorld(t).open()
	_, before := w.batch.deposit()
	w.sync()
	w.marie.in(VaultErased, nil)
	late, after := w.batch.deposit() // has not seen it
	note := w.batch.in(NoteSealed, NoteBody{Object: Object{Path: NotePath(w.batch.writer, NewObjectName()), Size: 1, Hash: ObjectHash(HashOf(nil)), Readers: after.Object.Readers}})
	w.refuses(late, note)
	st := w.state()
	if st.Erased == nil || len(st.LiveObjects()) != 0 || len(st.Consents) != 0 {
		t.Fatalf("erased: %+v", st)
	}
	for _, o := range []Object{before.Object, declaredBy(late)[0], declaredBy(note)[0]} {
		if !st.Dead[o.Path] {
			t.Errorf("%s stays on the remote", o.Path)
		}
	}
	w.sync()
	w.accepts(w.marie.in(Tombstoned, TombstoneBody{st.DeadPaths()}))
	if left := w.state().DeadPaths(); len(left) != 0 {
		t.Errorf("not buried: %v", left)
	}
	if err := w.state().Erased; err == nil || len(w.state().Tombs) != 3 {
		t.Errorf("tombs: %v", w.state().Tombs)
	}
}

func TestTombstones(t *testing.T) {
	w := newWorld(t).open()
	_, a := w.paul.deposit()
	_, b := w.paul.deposit()
	w.sync()
	w.paul.in(DocumentRemoved, DocumentBody{Document: b.Document})
	w.sync()
	foreign := []string{SegmentPath(w.paul.writer, 5), OrgNotePath, DocumentPath(w.marie.writer, NewObjectName()), "v1/w/../x"}
	w.accepts(w.batch.in(Tombstoned, TombstoneBody{append([]string{a.Object.Path, b.Object.Path}, foreign...)}))
	st := w.state()
	if st.Tombs[a.Object.Path] || !st.Tombs[b.Object.Path] || len(st.Tombs) != 1 {
		t.Errorf("tombs: %v", st.Tombs)
	}
	own := NotePath(w.batch.writer, NewObjectName()) // a note of the organization that the device wrote
	w.batch.in(Tombstoned, TombstoneBody{[]string{own}})
	if !w.state().Tombs[own] {
		t.Error("a device cannot bury its own object")
	}
}

func TestNotesAreReplacedByThoseWhoReadThem(t *testing.T) {
	w := newWorld(t).open()
	h := []Hash{HashOf([]byte("a")), HashOf([]byte("b"))}
	first := NoteBody{Object: w.paul.object(noteFolder), Entries: h}
	w.accepts(w.paul.in(NoteSealed, first))
	w.sync()
	from := []string{first.Object.Path}
	w.refuses(w.batch.in(NoteSealed, NoteBody{Object: w.batch.object(noteFolder), Entries: h, From: from}))
	w.refuses(w.boss.in(NoteSealed, NoteBody{Object: w.boss.object(noteFolder), From: from}))
	if st := w.state(); st.Notes[first.Object.Path] == nil {
		t.Fatal("the note is gone")
	}
	w.batch.in(NoteSealed, NoteBody{Object: w.batch.object(noteFolder), From: []string{DocumentPath(w.marie.writer, NewObjectName()), OrgNotePath}})
	if dead := w.state().DeadPaths(); len(dead) != 0 {
		t.Fatalf("doomed: %v", dead)
	}
	w.batch.in(ConsentWithdrawn, EndBody{w.given, w.team})
	w.sync()
	w.refuses(w.paul.in(NoteSealed, NoteBody{Object: w.paul.object(noteFolder), Entries: h[:1], From: from}))
	w.accepts(w.paul.in(NoteSealed, NoteBody{Object: w.paul.object(noteFolder), Entries: h, From: from}))
}

func TestResealTieBreak(t *testing.T) {
	w := newWorld(t).open()
	_, b := w.batch.deposit()
	w.sync()
	r1, r2 := w.reseal(w.marie, b.Object), w.reseal(w.paul, b.Object)
	w.accepts(r1, r2)
	p1, p2 := declaredBy(r1)[0].Path, declaredBy(r2)[0].Path
	st := w.state()
	if got := st.Documents[b.Document].Object.Path; got != min(p1, p2) {
		t.Errorf("stands %s, want %s", got, min(p1, p2))
	}
	if !st.Dead[max(p1, p2)] || !st.Dead[b.Object.Path] || st.Dead[min(p1, p2)] {
		t.Errorf("dead: %v", st.DeadPaths())
	}
}

func TestCardsVouchForOneAnother(t *testing.T) {
	w := newWorld(t).open()
	doc := DepositBody{Document: NewDocumentID(w.paul.id), Space: Private, Object: w.paul.object(documentFolder, CardReader(w.person, 1))}
	w.accepts(w.paul.in(DocumentDeposited, doc))
	w.sync()
	w.accepts(w.marie.in(CardIssued, CardBody{N: 2, SignKey: b64(seeded("c2"))}))
	st := w.state()
	if st.Card().Vouched || !st.KeptByCard(doc.Object.Readers) {
		t.Errorf("card 2: %+v", st.Card())
	}
	w.vault = w.vault[:len(w.vault)-1]
	w.accepts(w.marie.in(CardIssued, CardBody{N: 2, SignKey: b64(seeded("c2"))}, w.byCard))
	if st := w.state(); !st.Card().Vouched || st.KeptByCard(doc.Object.Readers) {
		t.Errorf("card 2 with the signature of card 1: %+v", st.Card())
	}
	w.sync()
	old := w.batch.object(documentFolder, CardReader(w.person, 1))
	w.refuses(w.batch.in(DocumentDeposited, DepositBody{Document: NewDocumentID(w.batch.id), Space: Private, Object: old}))
}

func TestSuperseededEpochsGetNothingNew(t *testing.T) {
	w := newWorld(t).open()
	before := w.state().Readers(w.org(), Shared)
	w.marie.do(TeamMember, "", MemberBody{Team: w.team, Agent: w.paul.agent, Left: true})
	w.marie.epoch(EpochTeam, w.team, w.marie)
	// One that has not seen it is accepted, and resealed.
	stale := w.batch.in(DocumentDeposited, DepositBody{Document: NewDocumentID(w.batch.id), Space: Shared, Object: w.batch.object(documentFolder, before...)})
	w.accepts(stale)
	w.sync()
	w.refuses(w.batch.in(DocumentDeposited, DepositBody{Document: NewDocumentID(w.batch.id), Space: Shared, Object: w.batch.object(documentFolder, before...)}))
	fresh, _ := w.batch.deposit()
	w.accepts(fresh)
	w.refuses(w.paul.in(VaultEdited, nil))
}

func TestCosignedEventsCountOnce(t *testing.T) {
	w := newWorld(t).open()
	grant := w.eve.in(ConsentGiven, ConsentBody{Consent: NewConsentID(w.eve.id), Team: w.eve.solo}, w.byCard)
	w.sync()
	w.batch.in(ConsentWithdrawn, EndBody{NewConsentID(w.batch.id), w.eve.solo})
	w.sync()
	replay := &Record{Event: grant.Event, Pos: Pos{Writer: w.eve.writer, Seq: w.eve.seq}, Past: w.eve.past.Clone()}
	w.vault = append(w.vault, replay)
	w.refuses(replay)
	if slices.Contains(w.state().ActiveTeams(), w.eve.solo) {
		t.Error("a grant written once more undid the withdrawal")
	}
	if why := w.reason(replay); !strings.Contains(why, "once more") {
		t.Error(why)
	}
}
