package vault

import (
	"slices"
	"testing"
)

// partner records a partner whom everybody knows.
func (w *world) partner() PartnerID {
	w.tb.Helper()
	id := NewPartnerID(w.boss.id)
	w.accepts(w.boss.do(PartnerAdded, "", PartnerBody{Partner: id}))
	w.sync()
	return id
}

// share makes a share of documents for a partner by the device.
func (d *device) share(to PartnerID, docs ...DocumentID) ShareBody {
	b := ShareBody{Share: NewShareID(d.id), Partner: to, Purpose: "housing", Until: "2027-01-31"}
	b.Cover = d.copyFor(b.Share, PartnerReader(to))
	for _, doc := range docs {
		b.Documents = append(b.Documents, ShareCopy{doc, d.copyFor(b.Share, PartnerReader(to))})
	}
	return b
}

func (d *device) copyFor(id ShareID, r Reader) Object {
	oid := NewObjectName()
	return Object{Path: SharePath(d.writer, id, oid), Size: 900, Hash: ObjectHash(HashOf([]byte(oid))), Readers: []Reader{r}}
}

// allDead reports whether every object of a share has to go, and none is left.
func (w *world) allDead(b *ShareBody) bool {
	st := w.state()
	return !slices.ContainsFunc(b.Objects(), func(o Object) bool {
		return !st.Dead[o.Path] || slices.ContainsFunc(st.LiveObjects(), func(l Object) bool { return l.Path == o.Path })
	})
}

func TestReaderSharesAndEnds(t *testing.T) {
	w := newWorld(t).open()
	to := w.partner()
	_, one := w.paul.deposit()
	_, two := w.paul.deposit()
	w.sync()
	b := w.marie.share(to, one.Document, two.Document)
	w.accepts(w.marie.in(ShareAdded, b))
	st := w.state()
	if len(st.ActiveShares()) != 1 || len(st.LiveObjects()) != 5 || len(st.Dead) != 0 || !slices.Equal(st.Shares[0].Basis, []TeamID{w.team}) {
		t.Fatalf("shares %+v, %d objects, dead %v", st.ActiveShares(), len(st.LiveObjects()), st.Dead)
	}
	if docs, notes := st.Misread(w.org()); len(docs)+len(notes) != 0 {
		t.Error("a copy for a partner is taken for a document of other readers")
	}
	w.sync()
	w.accepts(w.paul.in(DocumentRemoved, DocumentBody{Document: one.Document}))
	st = w.state()
	if sh := st.Share(b.Share); len(sh.Copies()) != 1 || !st.Dead[b.Documents[0].Object.Path] || st.Dead[b.Cover.Path] {
		t.Errorf("after the removal of one document: %+v", sh)
	}
	w.sync()
	w.refuses(w.eve.in(ShareRevoked, ShareEndBody{b.Share}), w.batch.in(ShareRevoked, ShareEndBody{b.Share}))
	w.accepts(w.boss.in(ShareRevoked, ShareEndBody{b.Share}))
	if !w.allDead(&b) || w.state().Shares[0].Cause != ShareRevoked {
		t.Errorf("after its end: %+v", w.state().Shares[0])
	}
}

func TestWhoMayNotShare(t *testing.T) {
	w := newWorld(t).open()
	to := w.partner()
	_, doc := w.paul.deposit()
	w.sync()
	for name, d := range map[string]*device{"an agent without consent": w.eve, "an admin": w.boss, "a batch server": w.batch} {
		b := d.share(to, doc.Document)
		r := d.in(ShareAdded, b)
		w.refuses(r)
		if w.state().Share(b.Share) != nil || !w.allDead(&b) {
			t.Errorf("%s: the copies stay", name)
		}
	}
	good := w.marie.share(to, doc.Document)
	stolen := w.marie.in(ShareAdded, good)
	w.refuses(w.paul.in(ShareAdded, good)) // copied, with the paths of another
	again := good
	again.Share = NewShareID(w.paul.id)
	w.refuses(w.paul.in(ShareAdded, again))
	w.accepts(stolen)
}

func TestSharesThatSayWhatIsNotSo(t *testing.T) {
	w := newWorld(t).open()
	to := w.partner()
	_, doc := w.paul.deposit()
	w.sync()
	for name, change := range map[string]func(*ShareBody){
		"another reader": func(b *ShareBody) {
			b.Documents[0].Object.Readers = []Reader{EpochReader(w.org().Current(EpochTeam, w.eve.solo).Epoch)}
		},
		"two readers":            func(b *ShareBody) { b.Documents[0].Object.Readers = []Reader{PartnerReader(to), PassphraseReader} },
		"readers of two kinds":   func(b *ShareBody) { b.Cover.Readers = []Reader{PassphraseReader} },
		"a document of others":   func(b *ShareBody) { b.Documents[0].Document = NewDocumentID(w.paul.id) },
		"an unknown partner":     func(b *ShareBody) { b.Partner = NewPartnerID(w.boss.id) },
		"a partner and a team":   func(b *ShareBody) { b.Team = w.team },
		"nobody":                 func(b *ShareBody) { b.Partner = "" },
		"no last day":            func(b *ShareBody) { b.Until = "" },
		"no day":                 func(b *ShareBody) { b.Until = "2027-02-30" },
		"no purpose":             func(b *ShareBody) { b.Purpose = "" },
		"nothing":                func(b *ShareBody) { b.Documents = nil },
		"a document twice":       func(b *ShareBody) { b.Documents = append(b.Documents, b.Documents[0]) },
		"the folder of another":  func(b *ShareBody) { b.Share = NewShareID(w.marie.id) },
		"an object of the vault": func(b *ShareBody) { b.Cover.Path = doc.Object.Path },
		"an id of another":       func(b *ShareBody) { b.Share = NewShareID(w.paul.id) },
	} {
		b := w.marie.share(to, doc.Document)
		change(&b)
		if r := w.marie.in(ShareAdded, b); w.reason(r) == "" {
			t.Errorf("%s: the share was applied", name)
		}
	}
	if st := w.state(); len(st.Shares) != 0 || st.Dead[doc.Object.Path] {
		t.Errorf("shares %+v, dead %v", st.Shares, st.Dead)
	}
}

func TestPrivateDocumentIsSharedWithTheCard(t *testing.T) {
	w := newWorld(t).open()
	to := w.partner()
	secret := DepositBody{Document: NewDocumentID(w.paul.id), Space: Private, Object: w.paul.object(documentFolder, CardReader(w.person, 1))}
	w.accepts(w.paul.in(DocumentDeposited, secret))
	w.sync()
	b := w.marie.share(to, secret.Document)
	w.marie.in(ShareAdded, b)
	if !w.allDead(&b) {
		t.Error("a private document was shared without the card")
	}
	b = w.eve.share(to, secret.Document)
	w.accepts(w.eve.in(ShareAdded, b, w.byCard))
	if sh := w.state().Share(b.Share); sh == nil || len(sh.Copies()) != 1 || len(sh.Basis) != 0 {
		t.Errorf("shared with the card: %+v", sh)
	}
}

func TestDocumentMadePrivateLeavesShares(t *testing.T) {
	w := newWorld(t).open()
	to := w.partner()
	_, doc := w.paul.deposit()
	w.sync()
	b := w.marie.share(to, doc.Document)
	w.accepts(w.marie.in(ShareAdded, b))
	w.sync()
	w.accepts(w.paul.in(DocumentEdited, DocumentBody{Document: doc.Document, Space: Private}))
	if !w.allDead(&b) {
		t.Error("the share goes on")
	}
}

// A withdrawal ends what is shared beside it by those whom it concerns, in whatever order the two are met; what it had seen
// goes on, since the person agreed to it on its own.
func TestWithdrawalBeatsShareBesideIt(t *testing.T) {
	for _, late := range []int64{0, 1000} {
		w := newWorld(t).open()
		to := w.partner()
		_, doc := w.paul.deposit()
		w.sync()
		before := w.marie.share(to, doc.Document)
		w.accepts(w.marie.in(ShareAdded, before))
		w.sync()
		b := w.paul.share(to, doc.Document)
		w.paul.in(ShareAdded, b, at(w.clock+late))
		w.accepts(w.marie.in(ConsentWithdrawn, EndBody{w.given, w.team}))
		st := w.state()
		if sh := st.Share(b.Share); sh == nil || sh.Active() || !w.allDead(&b) {
			t.Errorf("%d ms: the share beside the withdrawal: %+v", late, sh)
		}
		if sh := st.Share(before.Share); sh == nil || !sh.Active() {
			t.Errorf("%d ms: the share before the withdrawal: %+v", late, sh)
		}
		w.sync()
		after := w.paul.share(to, doc.Document)
		w.refuses(w.paul.in(ShareAdded, after))
		w.accepts(w.marie.in(ShareRevoked, ShareEndBody{before.Share}))
	}
}

func TestShareEndsWithItsDayVaultAndErasure(t *testing.T) {
	w := newWorld(t).open()
	to := w.partner()
	_, doc := w.paul.deposit()
	w.sync()
	b := w.marie.share(to, doc.Document)
	w.accepts(w.marie.in(ShareAdded, b))
	w.sync()
	w.refuses(w.marie.in(ShareExpired, ShareEndBody{b.Share}, at(day("2027-01-31"))),
		w.eve.in(ShareExpired, ShareEndBody{b.Share}, at(day("2027-02-03"))))
	seen := w.state().LastSeen
	w.accepts(w.paul.in(ShareExpired, ShareEndBody{b.Share}, at(day("2027-02-02"))))
	if sh := w.state().Share(b.Share); sh.Active() || !sh.Ended.Expired || !w.allDead(&b) || w.state().LastSeen != seen {
		t.Errorf("after its last day: %+v", sh)
	}
	for _, end := range []func() *Record{
		func() *Record { return w.paul.in(VaultClosed, CloseBody{Reason: "request"}) },
		func() *Record { return w.paul.in(VaultErased, nil) },
	} {
		w = newWorld(t).open()
		to = w.partner()
		_, doc = w.paul.deposit()
		w.sync()
		b = w.marie.share(to, doc.Document)
		beside := w.marie.in(ShareAdded, b)
		w.accepts(beside)
		r := end() // which paul records without having heard of the share
		w.accepts(r)
		w.sync()
		if !w.allDead(&b) {
			t.Errorf("after %s: the copies stay", r.Type)
		}
	}
}

func TestShareForATeam(t *testing.T) {
	w := newWorld(t).open()
	_, doc := w.paul.deposit()
	w.sync()
	e := EpochReader(w.org().Current(EpochTeam, w.eve.solo).Epoch)
	b := w.marie.share("", doc.Document)
	b.Partner, b.Team, b.Cover.Readers, b.Documents[0].Object.Readers = "", w.eve.solo, []Reader{e}, []Reader{e}
	w.accepts(w.marie.in(ShareAdded, b))
	w.sync()
	if readers := w.state().Readers(w.org(), Shared); slices.Contains(readers, e) {
		t.Error("a share made a reader")
	}
	w.refuses(w.eve.in(VaultEdited, nil), w.eve.in(ShareRevoked, ShareEndBody{b.Share}))
	if len(w.state().ExposedShares(w.org())) != 0 {
		t.Error("a share is exposed that is not")
	}
	w.accepts(w.marie.do(DeviceRevoked, "", RevokeBody{Device: w.eve.id, Compromised: true, Cut: map[WriterID]uint64{w.eve.writer: w.eve.seq}}))
	if got := w.state().ExposedShares(w.org()); len(got) != 1 || got[0].Share != b.Share {
		t.Errorf("exposed shares: %v", got)
	}
}

func TestPartnersAreAddedAndRemoved(t *testing.T) {
	w := newWorld(t).open()
	id := NewPartnerID(w.eve.id)
	w.refuses(w.batch.do(PartnerAdded, "", PartnerBody{Partner: NewPartnerID(w.batch.id)}), w.marie.do(PartnerAdded, "", PartnerBody{Partner: id}))
	w.accepts(w.eve.do(PartnerAdded, "", PartnerBody{Partner: id}))
	w.refuses(w.eve.do(PartnerAdded, "", PartnerBody{Partner: id}), w.eve.do(PartnerRemoved, "", PartnerBody{Partner: NewPartnerID(w.eve.id)}))
	_, doc := w.paul.deposit()
	w.sync()
	w.accepts(w.boss.do(PartnerRemoved, "", PartnerBody{Partner: id}))
	beside := w.marie.share(id, doc.Document)
	w.accepts(w.marie.in(ShareAdded, beside))
	w.sync()
	w.refuses(w.marie.in(ShareAdded, w.marie.share(id, doc.Document)))
	if p := w.org().Partners[id]; p == nil || p.Active() || w.org().PartnerName(id) != string(id) {
		t.Errorf("partner: %+v", p)
	}
}

// Who is taken out of the team shares nothing beside that, whoever has seen the share: its copies went at once, and a witness of
// whom nobody had heard does not bring it back without them. What the leaving had seen goes on.
func TestLeavingBeatsShareBesideIt(t *testing.T) {
	for _, late := range []int64{0, 1000} {
		w := newWorld(t).open()
		to := w.partner()
		_, doc := w.paul.deposit()
		w.sync()
		before := w.paul.share(to, doc.Document)
		w.accepts(w.paul.in(ShareAdded, before))
		w.sync()
		b := w.paul.share(to, doc.Document)
		shared := w.paul.in(ShareAdded, b, at(w.clock+late))
		w.accepts(w.marie.do(TeamMember, "", MemberBody{Team: w.team, Agent: w.paul.agent, Left: true}))
		w.refuses(shared)
		if !w.allDead(&b) {
			t.Errorf("%d ms: the copies stay", late)
		}
		w.batch.sees(w.paul)
		w.batch.in(AccessRefused, nil)
		w.refuses(shared)
		if w.state().Share(b.Share) != nil || !w.allDead(&b) {
			t.Errorf("%d ms: a witness brought the share back", late)
		}
		if sh := w.state().Share(before.Share); sh == nil || !sh.Active() {
			t.Errorf("%d ms: the share before: %+v", late, sh)
		}
	}
}

// A tombstone ends what is shared by the copies that it names, if its device may end the share: the copies are gone. It counts
// for what has ended, so that nobody names it again.
func TestTombstoneTakesCopiesBack(t *testing.T) {
	w := newWorld(t).open()
	to := w.partner()
	_, one := w.paul.deposit()
	_, two := w.paul.deposit()
	w.sync()
	b := w.marie.share(to, one.Document, two.Document)
	w.accepts(w.marie.in(ShareAdded, b))
	w.sync()
	first, second := b.Documents[0].Object.Path, b.Documents[1].Object.Path
	for _, d := range []*device{w.eve, w.batch} {
		d.in(Tombstoned, TombstoneBody{[]string{first, second, b.Cover.Path}})
	}
	if st := w.state(); len(st.Share(b.Share).Copies()) != 2 || len(st.Tombs)+len(st.Dead) != 0 {
		t.Errorf("who may not end it: tombs %v, dead %v", st.Tombs, st.Dead)
	}
	w.boss.in(Tombstoned, TombstoneBody{[]string{first}})
	if st := w.state(); len(st.Share(b.Share).Copies()) != 1 || !st.Tombs[first] || len(st.Dead) != 0 {
		t.Errorf("one copy: tombs %v, dead %v", st.Tombs, st.Dead)
	}
	w.paul.in(Tombstoned, TombstoneBody{[]string{b.Cover.Path}})
	st := w.state()
	if sh := st.Share(b.Share); sh.Active() || sh.Cause != ShareRevoked || !st.Tombs[b.Cover.Path] || !slices.Equal(st.DeadPaths(), []string{second}) {
		t.Errorf("the cover: %+v, tombs %v, dead %v", sh, st.Tombs, st.Dead)
	}
	w.sync()
	w.marie.in(Tombstoned, TombstoneBody{[]string{second}})
	if st := w.state(); !st.Tombs[second] || len(st.Dead) != 0 {
		t.Errorf("tombs %v, dead %v", st.Tombs, st.Dead)
	}
}

// A withdrawal ends a share beside it, and its device turns out to be revoked: the share does not come back once its copies were
// tombstoned.
func TestWhatEndedAShareIsVoid(t *testing.T) {
	for _, buried := range []bool{false, true} {
		w := newWorld(t).open()
		to := w.partner()
		_, doc := w.paul.deposit()
		w.sync()
		b := w.paul.share(to, doc.Document)
		w.accepts(w.paul.in(ShareAdded, b))
		w.eve.in(ConsentWithdrawn, EndBody{w.given, w.team})
		if !w.allDead(&b) {
			t.Fatal("the share goes on")
		}
		w.marie.sees(w.paul, w.eve)
		if buried {
			w.marie.in(Tombstoned, TombstoneBody{w.state().DeadPaths()})
		}
		w.accepts(w.boss.do(DeviceRevoked, "", RevokeBody{Device: w.eve.id, Cut: map[WriterID]uint64{}}))
		if sh := w.state().Share(b.Share); sh == nil || sh.Active() == buried {
			t.Errorf("tombstoned %v: %+v", buried, sh)
		}
	}
}
