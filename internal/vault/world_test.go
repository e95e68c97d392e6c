package vault

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"testing"
	"time"
)

// world is an organization of several devices with one vault, all of whose events are at hand.
type world struct {
	tb      testing.TB
	id      OrgID
	root    ed25519.PrivateKey
	clock   int64
	records []*Record // of the organization
	vault   []*Record
	devs    []*device

	// marie founded the organization (admin and agent), paul is with her in team; boss only administrates; eve is an agent
	// whom nobody consents to; batch only deposits.
	marie, paul, boss, eve, batch *device
	team                          TeamID
	person                        BeneficiaryID
	card                          ed25519.PrivateKey
	given                         ConsentID

	writing  DeviceID // whose event is being made
	folded   *Org
	foldedOf int // records
}

type device struct {
	w      *world
	key    ed25519.PrivateKey
	id     DeviceID
	writer WriterID
	agent  AgentID
	solo   TeamID
	seq    uint64
	epochs int
	past   Past
}

func seeded(name string) ed25519.PrivateKey {
	sum := sha256.Sum256([]byte(name))
	return ed25519.NewKeyFromSeed(sum[:])
}

func b64(k ed25519.PrivateKey) string {
	return base64.StdEncoding.EncodeToString(k.Public().(ed25519.PublicKey))
}

func (w *world) device(name string) *device {
	key := seeded(name)
	admin := deviceOf(b64(seeded("marie"))) // who adds the agents
	d := &device{w: w, key: key, id: deviceOf(b64(key)), agent: NewAgentID(admin), solo: NewTeamID(admin), past: Past{}}
	d.writer = NewWriterID(d.id)
	w.devs = append(w.devs, d)
	return d
}

// do records an event of the device in a segment of its own.
func (d *device) do(t EventType, v BeneficiaryID, body any, change ...func(*Event)) *Record {
	w := d.w
	w.clock++
	w.writing = d.id
	e := NewEvent(t, v, d.agent, Clock{Ms: w.clock}, body)
	for _, f := range change {
		f(&e)
	}
	r := &Record{Event: e, Pos: Pos{Writer: d.writer, Seq: d.seq}, Past: d.past.Clone()}
	d.seq++
	if v == "" {
		w.records = append(w.records, r)
	} else {
		w.vault = append(w.vault, r)
	}
	return r
}

// in is do for the vault.
func (d *device) in(t EventType, body any, change ...func(*Event)) *Record {
	return d.do(t, d.w.person, body, change...)
}

// sees lets the device know all that the others have written so far.
func (d *device) sees(others ...*device) {
	for _, o := range others {
		d.past.Merge(Past{o.writer: o.seq})
		d.past.Merge(o.past)
	}
	delete(d.past, d.writer)
}

func (w *world) sync() {
	for _, d := range w.devs {
		d.sees(w.devs...)
	}
}

func (w *world) byRoot(e *Event) { e.Cosign(w.id, w.writing, w.root) }
func (w *world) byCard(e *Event) { e.Cosign(w.id, w.writing, w.card) }

// at dates an event.
func at(ms int64) func(*Event) { return func(e *Event) { e.At = Clock{Ms: ms} } }

func (d *device) certificate(role Role, also ...Role) DeviceBody {
	return DeviceBody{Device: d.id, Key: b64(d.key), Recipient: "age1" + string(d.id), Role: role, Also: also, Agent: d.agent}
}

func (d *device) epoch(kind EpochKind, team TeamID, devs ...*device) *Record {
	d.epochs++
	b := EpochBody{Epoch: EpochID(fmt.Sprintf("%s/%d", d.writer, d.epochs)), Kind: kind, Team: team, Recipient: "age1epoch"}
	for _, o := range devs {
		b.Devices = append(b.Devices, o.id)
	}
	return d.do(EpochOpened, "", b)
}

func newWorld(tb testing.TB) *world {
	w := &world{tb: tb, id: NewOrgID(), root: seeded("root"), clock: 1_790_000_000_000, card: seeded("card")}
	w.marie, w.paul, w.boss, w.eve, w.batch = w.device("marie"), w.device("paul"), w.device("boss"), w.device("eve"), w.device("batch")
	m := w.marie
	w.team, w.person, w.given = NewTeamID(m.id), NewBeneficiaryID(w.paul.id), NewConsentID(w.paul.id)
	m.do(OrgCreated, "", OrgBody{Name: "Mairie & CCAS"}, w.byRoot)
	m.do(RecoverySet, "", RecoveryBody{N: 1, Recipient: "age1recovery", Need: 2, Of: 3}, w.byRoot)
	m.do(DeviceCertified, "", m.certificate(RoleAdmin, RoleAgent), w.byRoot)
	m.do(AgentAdded, "", AgentBody{Agent: m.agent, Solo: m.solo}, w.byRoot)
	m.do(TeamAdded, "", TeamBody{Team: w.team, Name: "Accueil"})
	m.epoch(EpochOrg, "", m)
	m.epoch(EpochTeam, w.team, m)
	m.epoch(EpochTeam, m.solo, m)
	for i, d := range []*device{w.paul, w.boss, w.eve, w.batch} {
		m.do(DeviceCertified, "", d.certificate([]Role{RoleAgent, RoleAdmin, RoleAgent, RoleDeposit}[i]))
		m.do(AgentAdded, "", AgentBody{Agent: d.agent, Solo: d.solo})
	}
	m.do(TeamMember, "", MemberBody{Team: w.team, Agent: w.paul.agent})
	m.epoch(EpochTeam, w.team, m, w.paul)
	w.sync()
	w.eve.epoch(EpochTeam, w.eve.solo, w.eve)
	w.paul.epoch(EpochTeam, w.paul.solo, w.paul)
	w.sync()
	return w
}

// open has paul open the vault with a consent to the team and a card.
func (w *world) open() *world {
	w.paul.in(VaultOpened, VaultBody{})
	w.paul.in(ConsentGiven, ConsentBody{Consent: w.given, Team: w.team, Purpose: "safekeeping", Until: "2027-06-30"})
	w.paul.in(CardIssued, CardBody{N: 1, SignKey: b64(w.card)})
	w.sync()
	return w
}

// foldOrg computes an organization from its records alone.
func foldOrg(id OrgID, root string, records []*Record, entries EntryLookup) *Org {
	return NewOrg(id, root).Refold(records, entries)
}

func (w *world) org() *Org {
	if w.folded == nil || w.foldedOf != len(w.records) {
		w.folded, w.foldedOf = foldOrg(w.id, b64(w.root), w.records, func(Hash) *Entry { return nil }), len(w.records)
	}
	return w.folded
}

func (w *world) state() *State { return w.stateOf(w.vault) }

func (w *world) stateOf(rs []*Record) *State {
	return Fold(w.person, w.org(), rs, func(Hash) *Entry { return nil })
}

// reason returns why a record was not applied, or "".
func (w *world) reason(r *Record) string {
	all := slices.Concat(w.org().Quarantine, w.state().Quarantine)
	for _, q := range all {
		if q.Pos == r.Pos {
			return q.Reason
		}
	}
	return ""
}

func (w *world) accepts(rs ...*Record) {
	w.tb.Helper()
	for _, r := range rs {
		if why := w.reason(r); why != "" {
			w.tb.Errorf("%s by %s: %s", r.Type, r.Pos.Writer, why)
		}
	}
}

func (w *world) refuses(rs ...*Record) {
	w.tb.Helper()
	for _, r := range rs {
		if w.reason(r) == "" {
			w.tb.Errorf("%s by %s was applied", r.Type, r.Pos.Writer)
		}
	}
}

// object makes an object of the device for the readers, by default those that the vault wants now.
func (d *device) object(folder string, readers ...Reader) Object {
	oid := NewObjectName()
	path := DocumentPath(d.writer, oid)
	switch folder {
	case noteFolder:
		path = NotePath(d.writer, oid)
	case manifestFolder:
		path = ManifestPath(d.writer, oid, d.seq)
	}
	if readers == nil {
		readers = d.w.state().Readers(d.w.org(), Shared)
	}
	return Object{Path: path, Size: 1000, Hash: ObjectHash(HashOf([]byte(oid))), Readers: readers}
}

// deposit deposits a new document for the vault's readers.
func (d *device) deposit() (*Record, DepositBody) {
	b := DepositBody{Document: NewDocumentID(d.id), Space: Shared, Object: d.object(documentFolder)}
	return d.in(DocumentDeposited, b), b
}

func day(s string) int64 {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return t.UnixMilli()
}
