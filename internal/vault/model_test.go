package vault

import (
	"encoding/json"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"testing/cryptotest"
	"time"

	"pgregory.net/rapid"
)

// model is an organization whose devices each know what has reached them: acts, lies, partitions and late deliveries in
// random order. It holds what no device does: all records, and what the storage keeps.
type model struct {
	*world
	t        *rapid.T
	replicas []*replica
	nina     *device
	teams    []TeamID
	consents []ConsentID
	cards    int

	stored   map[string]bool        // objects on the storage; false for those that were deleted
	accepted map[DocumentID]*Record // deposits of honest devices
	honest   map[*device]bool       // devices that do what the program does
	lies     []*Record              // what the others wrote
	steps    int

	st    *State // what all have come to in the end
	final *Org
}

// replica is what one device knows: its own records and those that were delivered, each writer's in order. An honest one
// says so in what it writes; a dishonest one pretends to know less.
type replica struct {
	*device
	m     *model
	got   Past // what was delivered
	cut   map[WriterID]bool
	have  map[*Record]bool
	vault []*Record // in the order of arrival
	orgs  []*Record
	org   *Org
	st    *State
}

func newModel(t *rapid.T, tb testing.TB) *model {
	w := newWorld(tb)
	m := &model{world: w, t: t, cards: 1, stored: map[string]bool{}, accepted: map[DocumentID]*Record{}}
	m.nina = w.device("nina")
	w.marie.do(DeviceCertified, "", m.nina.certificate(RoleAgent))
	w.marie.do(AgentAdded, "", AgentBody{Agent: m.nina.agent, Solo: m.nina.solo})
	w.sync()
	m.nina.epoch(EpochTeam, m.nina.solo, m.nina)
	w.sync()
	w.open()
	m.teams, m.consents = []TeamID{w.team, w.eve.solo, w.paul.solo, m.nina.solo}, []ConsentID{w.given}
	m.honest = map[*device]bool{w.marie: true, w.paul: true, m.nina: true, w.batch: true}
	for _, d := range w.devs {
		r := &replica{device: d, m: m, got: d.past.Clone(), cut: map[WriterID]bool{}, have: map[*Record]bool{}}
		m.replicas = append(m.replicas, r)
		r.foldAnew()
	}
	return m
}

// knows reports whether a record has reached the replica.
func (r *replica) knows(rec *Record) bool {
	return rec.Pos.Writer == r.writer || rec.Pos.Seq < r.got[rec.Pos.Writer]
}

// arrived takes in what has reached the device since: whether there was anything of the organization, and the new records
// of the vault.
func (r *replica) arrived() (orgs bool, fresh []*Record) {
	for _, rec := range r.m.records {
		if !r.have[rec] && r.knows(rec) {
			r.orgs, r.have[rec], orgs = append(r.orgs, rec), true, true
		}
	}
	for _, rec := range r.m.vault {
		if !r.have[rec] && r.knows(rec) {
			fresh, r.have[rec] = append(fresh, rec), true
		}
	}
	return orgs, fresh
}

func noEntries(Hash) *Entry { return nil }

// foldAnew computes what the replica knows from all its records.
func (r *replica) foldAnew() {
	orgs, fresh := r.arrived()
	r.vault = append(r.vault, fresh...)
	if orgs || r.org == nil {
		r.org = foldOrg(r.m.id, b64(r.m.root), r.orgs, noEntries)
	}
	r.st = Fold(r.m.person, r.org, r.vault, noEntries)
}

// goOn takes in what is new as an index does: record after record, folding anew only where one does not follow.
func (r *replica) goOn() {
	orgs, fresh := r.arrived()
	if orgs {
		before, unchanged := r.org, r.vault
		r.org = foldOrg(r.m.id, b64(r.m.root), r.orgs, noEntries)
		if len(fresh) == 0 && !r.org.Since(before).Concerns(r.st) {
			unconcerned.Add(1)
			if anew := Fold(r.m.person, r.org, unchanged, noEntries); told(anew) != told(r.st) {
				r.m.fail("%s was not concerned and is\n%s\ninstead of\n%s", r.id, told(r.st), told(anew))
			}
			return
		}
		r.vault = append(r.vault, fresh...)
		r.st = Fold(r.m.person, r.org, r.vault, noEntries)
		return
	}
	for _, rec := range fresh {
		r.vault = append(r.vault, rec)
		if r.st.MayGoOn(r.org, rec) {
			r.st.Apply(r.org, rec, noEntries)
		} else {
			r.st = Fold(r.m.person, r.org, r.vault, noEntries)
		}
	}
}

// restart keeps the state and reads it back, as a program that starts again does.
func (r *replica) restart() {
	raw, err := json.Marshal(r.st)
	if err != nil {
		r.m.t.Fatal(err)
	}
	r.st = NewState(r.m.person)
	if err := json.Unmarshal(raw, r.st); err != nil {
		r.m.t.Fatal(err)
	}
	r.st.Init()
}

// receive delivers up to n segments of each of some writers, unless the way between them is cut.
func (r *replica) receive(n uint64, from ...*device) {
	for _, o := range from {
		if o != r.device && !r.cut[o.writer] {
			r.got[o.writer] = min(o.seq, r.got[o.writer]+n)
		}
	}
	if r.m.honest[r.device] {
		r.past = r.got.Clone()
	}
	r.goOn()
}

// write records an act in the vault, with what the replica knows as its past.
func (r *replica) write(t EventType, body any, change ...func(*Event)) *Record {
	rec := r.in(t, body, append([]func(*Event){r.m.clockOf()}, change...)...)
	for _, o := range declaredBy(rec) {
		if _, ok := r.m.stored[o.Path]; !ok && ownPath(rec, o.Path) {
			r.m.stored[o.Path] = true
		}
	}
	r.goOn()
	return rec
}

// writeOrg records an act in the organization.
func (r *replica) writeOrg(t EventType, body any) *Record {
	rec := r.do(t, "", body, r.m.clockOf())
	r.goOn()
	return rec
}

func (r *replica) epochID() EpochID { return EpochID(fmt.Sprintf("%s/%d", r.writer, r.epochs)) }

// clockOf dates an event by a clock that is a little off.
func (m *model) clockOf() func(*Event) {
	return at(m.clock - 5 + rapid.Int64Range(0, 10).Draw(m.t, "clock"))
}

// reads reports whether the device reads the vault as far as it knows.
func (r *replica) reads() bool {
	return slices.ContainsFunc(r.st.Readers(r.org, Shared), r.opens)
}

// opens reports whether the device holds the key of a declared reader, as a member of its team: that of the epoch, or of a
// later one, which comes with the keys before it.
func (r *replica) opens(d Reader) bool {
	e := r.org.Epochs[d.Epoch()]
	if e == nil || e.Kind != EpochTeam || !r.member(e.Team) {
		return false
	}
	for _, later := range r.org.Epochs {
		if later.Team == e.Team && slices.Contains(later.Devices, r.id) && (later == e || r.m.recordAt(later.Opened).Saw(e.Opened)) {
			return true
		}
	}
	return false
}

func (r *replica) member(team TeamID) bool {
	t, d := r.org.Teams[team], r.org.Devices[r.id]
	return t != nil && d != nil && slices.Contains(t.MembersNow(), d.Agent)
}

func (r *replica) takes() bool {
	return r.st.OpenedBy != "" && r.st.Erased == nil && r.st.Closed == nil && len(r.st.ActiveTeams()) > 0
}

// sealed is an object of the device for the readers.
func (r *replica) sealed(folder string, readers []Reader) Object {
	oid := NewObjectName()
	o := Object{Path: DocumentPath(r.writer, oid), Size: 1000, Hash: ObjectHash(HashOf([]byte(oid))), Readers: readers}
	if folder == noteFolder {
		o.Path = NotePath(r.writer, oid)
	}
	return o
}

// draw chooses one of several, and has rapid print which.
func draw[T any](m *model, from []T, what string) T {
	return from[rapid.IntRange(0, len(from)-1).Draw(m.t, what)]
}

var modelOps, deletedOps, waitingOps, unconcerned atomic.Int64 // unconcerned are changes of the organization that did not concern the vault

// TestModelOfManyDevices plays random histories on many devices, some of them dishonest, and compares what they come to
// with what every honest one was promised.
func TestModelOfManyDevices(t *testing.T) {
	began := time.Now()
	modelOps.Store(0)
	unconcerned.Store(0)
	rapid.Check(t, func(rt *rapid.T) {
		cryptotest.SetGlobalRandom(t, rapid.Uint64().Draw(rt, "ids"))
		m := newModel(rt, t)
		for range rapid.IntRange(minSteps, maxSteps).Draw(rt, "steps") {
			m.step()
		}
		m.settle()
	})
	n, took := modelOps.Load(), time.Since(began)
	t.Logf("%d operations, %.0f a second; %d objects deleted, %d times one waited; %d changes of the organization did not concern the vault", n, float64(n)/took.Seconds(), deletedOps.Load(), waitingOps.Load(), unconcerned.Load())
	if deletedOps.Load() == 0 || waitingOps.Load() == 0 || unconcerned.Load() == 0 {
		t.Error("nothing was deleted, nothing waited, or all was folded anew")
	}
}

// minSteps and maxSteps are how many acts a history has: rapid's hundred histories make 20,000 of them at least.
const minSteps, maxSteps = 200, 320

// step is one act of somebody.
func (m *model) step() {
	m.steps++
	modelOps.Add(1)
	r := draw(m, m.replicas, "device")
	switch k := rapid.IntRange(0, 99).Draw(m.t, "what"); {
	case k < 35:
		r.receive(rapid.Uint64Range(1, 6).Draw(m.t, "segments"), draw(m, m.devs, "from"))
	case k < 40:
		r.receive(1000, m.devs...)
	case k < 43:
		o := draw(m, m.devs, "cut")
		r.cut[o.writer] = !r.cut[o.writer]
	case k < 45:
		r.restart()
	case k < 47:
		r.administer()
	case m.honest[r.device]:
		r.act()
	default:
		r.lie()
	}
	r.check()
}

// act does something that the program does when it is asked to.
func (r *replica) act() {
	m := r.m
	docs := r.known()
	pick := func() DocumentID { return draw(m, docs, "document") }
	k := rapid.IntRange(0, 31).Draw(m.t, "act")
	switch {
	case k < 9:
		if r.takes() {
			b := DepositBody{Document: NewDocumentID(r.id), Space: Shared, Object: r.sealed(documentFolder, r.st.Readers(r.org, Shared))}
			m.accepted[b.Document] = r.write(DocumentDeposited, b)
		}
	case k < 12:
		r.writeOrg(Heartbeat, nil)
		r.bury()
		r.renew(false)
	case !r.reads():
		if k == 31 {
			r.withdraw()
		}
	case k < 15 && len(docs) > 0 && r.takes():
		id := pick()
		space := r.st.Documents[id].Space
		if readers := r.st.Readers(r.org, space); len(readers) > 0 {
			r.write(DocumentReplaced, DepositBody{Document: id, Space: space, Object: r.sealed(documentFolder, readers)})
			r.bury()
		}
	case k < 16 && len(docs) > 0:
		r.write(DocumentRemoved, DocumentBody{Document: pick()})
		r.bury()
	case k < 18 && len(docs) > 0 && r.st.Card() != nil:
		r.write(DocumentEdited, DocumentBody{Document: pick(), Space: rapid.SampledFrom([]Space{"", Private}).Draw(m.t, "space")})
	case k < 23:
		r.reseal()
		r.bury()
	case k < 25:
		n := NoteBody{Object: r.sealed(noteFolder, r.st.Readers(r.org, Shared)), Entries: []Hash{HashOf([]byte(NewObjectName()))}}
		r.write(NoteSealed, n)
	case k < 28:
		m.consents = append(m.consents, NewConsentID(r.id))
		r.write(ConsentGiven, ConsentBody{Consent: m.consents[len(m.consents)-1], Team: draw(m, m.teams, "team")})
	case k < 29:
		m.cards++
		r.write(CardIssued, CardBody{N: m.cards, SignKey: b64(seeded(fmt.Sprint(m.cards)))})
	case k < 30:
		r.write(rapid.SampledFrom([]EventType{VaultClosed, VaultReopened, VaultReopened, VaultEdited}).Draw(m.t, "type"), nil)
	case k < 31:
		if rapid.IntRange(0, 9).Draw(m.t, "erase") == 0 {
			r.write(VaultErased, nil)
			r.bury()
		}
	default:
		r.withdraw()
	}
}

// known returns the documents that are there, in a stable order.
func (r *replica) known() []DocumentID {
	var out []DocumentID
	for id, d := range r.st.Documents {
		if d.Removed == nil {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}

func (r *replica) withdraw() {
	for _, c := range r.st.Consents {
		if c.Active() && rapid.Bool().Draw(r.m.t, "withdraw") {
			r.write(ConsentWithdrawn, EndBody{c.Consent, c.Team})
			return
		}
	}
}

// reseal seals what the device can open, and others should read, anew.
func (r *replica) reseal() {
	docs, notes := r.st.Misread(r.org)
	for _, d := range docs {
		want := r.st.Readers(r.org, d.Space)
		if len(want) > 0 && slices.ContainsFunc(d.Object.Readers, r.opens) {
			r.write(Resealed, ResealBody{d.Object.Path, r.sealed(documentFolder, want)})
		}
	}
	for _, n := range notes {
		want := r.st.Readers(r.org, Shared)
		if len(want) > 0 && slices.ContainsFunc(n.Object.Readers, r.opens) {
			r.write(NoteSealed, NoteBody{Object: r.sealed(noteFolder, want), Entries: n.Entries, From: []string{n.Object.Path}})
		}
	}
}

// bury tombstones what the vault no longer uses, and deletes from the storage what is tombstoned, as the program does.
func (r *replica) bury() {
	v := r.evidence()
	v.By = r.agent
	if dead := r.st.Buriable(v); len(dead) > 0 {
		r.write(Tombstoned, TombstoneBody{dead})
	}
	unsettled := r.st.Unsettled(r.evidence())
	for p := range r.st.Tombs {
		if r.m.stored[p] && unsettled[p] == nil {
			r.m.stored[p] = false
			deletedOps.Add(1)
		}
	}
	waitingOps.Add(int64(len(unsettled)))
}

// evidence is what the replica judges by.
func (r *replica) evidence() *Evidence {
	return &Evidence{Org: r.org, Records: r.vault, Heard: r.heard, Whole: func(p Past) bool {
		for w, n := range p {
			if w != r.writer && n > r.got[w] {
				return false
			}
		}
		return true
	}}
}

// heard returns what a device says to have seen.
func (r *replica) heard(id DeviceID) Past {
	if id == r.id {
		return r.got
	}
	p := Past{}
	for _, rec := range slices.Concat(r.orgs, r.vault) {
		if rec.Pos.Writer.Device() == id {
			p.Merge(rec.Past)
		}
	}
	return p
}

// administer changes who is in the team.
func (r *replica) administer() {
	m := r.m
	if !m.honest[r.device] || !r.member(m.team) {
		return
	}
	members := r.org.Teams[m.team].MembersNow()
	o := draw(m, []*device{m.marie, m.paul, m.nina}, "member")
	in := slices.Contains(members, o.agent)
	if in && len(members) < 2 {
		return
	}
	r.writeOrg(TeamMember, MemberBody{Team: m.team, Agent: o.agent, Left: in})
	r.renew(!in)
}

// renew gives the team a new key once somebody left or came whom the last one does not suit.
func (r *replica) renew(always bool) {
	m := r.m
	e := r.org.Current(EpochTeam, m.team)
	if !r.member(m.team) || e == nil {
		return
	}
	var devs []DeviceID
	for _, d := range m.devs {
		if slices.Contains(r.org.Teams[m.team].MembersNow(), d.agent) {
			devs = append(devs, d.id)
		}
	}
	if always || slices.ContainsFunc(e.Devices, func(d DeviceID) bool { return !slices.Contains(devs, d) }) {
		r.epochs++
		r.writeOrg(EpochOpened, EpochBody{Epoch: r.epochID(), Kind: EpochTeam, Team: m.team, Recipient: "age1epoch", Devices: devs})
	}
}
