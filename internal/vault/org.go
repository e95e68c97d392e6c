package vault

import (
	"fmt"
	"slices"
	"strings"
)

// Org is the state of an organization: the fold of the events that name no vault. It is not safe for concurrent use;
// readers share one that nobody changes any more.
type Org struct {
	ID   OrgID
	Root string // of the organization note: ed25519 public key, base64; see CurrentRoot
	// First is the device that began the organization, as its note says; "" where that is not known.
	First DeviceID
	// Here is the device whose view this is, "" for nobody's. What it wrote stays in its own view after its revocation, so
	// that it can still open what it had not sent; no other device applies it.
	Here     DeviceID
	Name     string
	Devices  map[DeviceID]*Device
	Agents   map[AgentID]*Agent
	Teams    map[TeamID]*Team
	Epochs   map[EpochID]*Epoch
	Partners map[PartnerID]*Partner
	Recovery []Recovery // by number, the last is current

	Quarantine []Quarantined
	ReadOnly   bool // an unknown critical event: upgrade

	epochs    map[epochKey][]*Epoch // in the order of the fold: the last is current
	accepted  []revocation          // those that hold from the start of this fold
	proposed  []revocation          // those that this fold found valid
	parted    []leaving             // those that hold from the start of this fold
	leaving   []leaving             // those that this fold found valid
	adopted   []adoption            // those that hold from the start of this fold
	adopting  []adoption            // those that this fold found valid
	roots     []Root                // the line of roots
	disputed  []*Record             // successions that are being compared
	claims    claims
	contested bool
	records   []*Record // those that tell more than upkeep: by what they saw, witnesses of what was there when
}

type epochKey struct {
	kind EpochKind
	team TeamID
}

// Device is an enrolled machine.
type Device struct {
	DeviceBody
	Certified Pos
	Since     Clock
	Revoked   []Revocation

	depth       int     // certificates between the root and this device
	by          *Device // who certified it, nil for the root
	certificate *certificate
}

// Revocation is one revocation of a device.
type Revocation struct {
	RevokeBody
	Pos Pos
	At  Clock
}

// Agent is a person who works for the organization. Name is empty where the note entry is not readable.
type Agent struct {
	AgentBody
	Name string
}

// Team is a group of agents that a person can consent to.
type Team struct {
	TeamBody
	Created Pos
	Members []Membership
}

// Membership is one stay of an agent in a team.
type Membership struct {
	Agent  AgentID
	Joined Pos
	Left   []Pos
	Since  Clock // of Joined
	Until  Clock // of the earliest of Left
}

// Epoch is a key that a set of devices holds.
type Epoch struct {
	EpochBody
	Opened   Pos
	Since    Clock
	Extended []Extension
}

// Recovery is a recovery key.
type Recovery struct {
	RecoveryBody
	Since Clock
	Set   Pos
}

// Quarantined is an event that was not applied, with the reason. It stays in the history.
type Quarantined struct {
	Pos    Pos
	Type   EventType
	Reason string
	At     Clock `json:"At,omitzero"`
}

// NewOrg returns the state before any event. Root is the base64 key of the organization note.
func NewOrg(id OrgID, root string) *Org {
	return &Org{
		ID: id, Root: root, roots: []Root{{N: 1, Key: root}}, Devices: map[DeviceID]*Device{}, Agents: map[AgentID]*Agent{}, Teams: map[TeamID]*Team{},
		Epochs: map[EpochID]*Epoch{}, Partners: map[PartnerID]*Partner{}, epochs: map[epochKey][]*Epoch{},
	}
}

// EntryLookup returns the note entry with a commitment, or nil where this device cannot read it.
type EntryLookup func(Hash) *Entry

// Refold computes the state of the same organization, in the same device's view, from all org records, in any order. A
// revocation holds from the start of the fold, wherever the clocks put it: what its device wrote beyond the cut-off has no
// effect, be it dated before. Between devices that revoke one another the senior stands, see Device.senior. Leaving a team
// holds in the same way.
func (o *Org) Refold(records []*Record, entries EntryLookup) *Org {
	ordered := Order(records)
	return o.settle(ordered, entries, o.line(ordered, entries), nil)
}

// settle folds ordered records under a line of roots, while successions are disputed if there are any.
func (o *Org) settle(ordered []*Record, entries EntryLookup, line []Root, disputed []*Record) *Org {
	id, root, here, began := o.ID, o.Root, o.Here, o.First
	telling := slices.DeleteFunc(slices.Clone(ordered), func(r *Record) bool { return r.Type == NoteSealed || r.Type == Tombstoned })
	var accepted []revocation
	var parted []leaving
	var adopted []adoption
	var before *Org
	for {
		o := NewOrg(id, root)
		o.Here, o.First, o.roots, o.disputed = here, began, line, disputed
		o.accepted, o.parted, o.adopted, o.records = accepted, parted, adopted, telling
		o.claims.rivals = &rivals{records: ordered, org: o}
		if before != nil {
			o.claims.rivals.org = before
		}
		for _, r := range ordered {
			o.take(r, entries)
		}
		ended, open := o.nextRevocations()
		accepted = slices.Concat(accepted, ended)
		var left []leaving
		if len(ended) == 0 {
			left = o.nextLeaving()
			parted = slices.Concat(parted, left)
		}
		grown := len(ended)+len(left) == 0 && len(o.adopting) > len(adopted)
		if grown {
			adopted = o.adopting
		}
		if len(ended)+len(left) == 0 && !grown && (before != nil || !o.contested) {
			o.refuseLast(open)
			o.claims = claims{}
			return o
		}
		before = o
	}
}

// take applies the next record in fold order. What is not valid is quarantined.
func (o *Org) take(r *Record, entries EntryLookup) {
	if err := o.apply(r, entries); err != nil {
		o.Quarantine = append(o.Quarantine, Quarantined{r.Pos, r.Type, err.Error(), r.At})
	}
}

func (o *Org) apply(r *Record, entries EntryLookup) error {
	if len(r.Cosigned) > 0 && !o.introduces("event/"+r.written(), r) {
		return fmt.Errorf("a cosigned event written once more")
	}
	switch r.Type {
	case OrgCreated:
		var b OrgBody
		if err := o.byRoot(r, &b); err != nil {
			return err
		}
		o.Name = b.Name
	case RootSucceeded:
		return o.succession(r)
	case RecoverySet:
		var b RecoveryBody
		if err := o.byRoot(r, &b); err != nil {
			return err
		}
		o.setRecovery(Recovery{b, r.At, r.Pos})
	case DeviceCertified:
		return o.certify(r)
	case DeviceRevoked:
		return o.revoke(r)
	case DeviceAdopted:
		return o.adopt(r)
	case AgentAdded:
		return o.addAgent(r, entries)
	case TeamAdded:
		return o.addTeam(r)
	case TeamMember:
		return o.member(r)
	case EpochOpened:
		return o.openEpoch(r)
	case EpochExtended:
		return o.extendEpoch(r)
	case PartnerAdded, PartnerRemoved:
		return o.partner(r, entries)
	case NoteSealed:
		return o.MaySealNote(r)
	case Tombstoned:
		return o.MayBury(r)
	case Heartbeat, AccessOpened, AccessRefused:
		return o.Enrolled(r)
	default:
		if err := o.Enrolled(r); err != nil {
			return err
		}
		if r.Critical {
			o.ReadOnly = true
			return fmt.Errorf("written by a newer version: upgrade")
		}
	}
	return nil
}

// byRoot decodes a body that only the root may sign.
func (o *Org) byRoot(r *Record, body any) error {
	if !o.SignedByRoot(r) {
		return fmt.Errorf("not signed by the root")
	}
	return r.Decode(body)
}

// Enrolled returns an error unless the record's writer was an enrolled device that no revocation cuts off.
func (o *Org) Enrolled(r *Record) error {
	d := o.Devices[r.Pos.Writer.Device()]
	if d == nil {
		return fmt.Errorf("not an enrolled device")
	}
	if r.Agent != "" && r.Agent != d.Agent {
		return fmt.Errorf("written in the name of another agent")
	}
	if d.Certified != r.Pos && !r.Saw(d.Certified) && d.Certified.Writer != r.Pos.Writer {
		return fmt.Errorf("written before the device was enrolled")
	}
	for _, rev := range d.Revoked {
		if d.Device != o.Here && (r.Saw(rev.Pos) || rev.cuts(r.Pos) && !o.takenIn(r.Pos)) {
			return fmt.Errorf("written by a revoked device beyond the cut-off")
		}
	}
	return nil
}

// Late reports whether what stands at p was written by a device beyond the cut-off of its revocation.
func (o *Org) Late(p Pos) bool {
	d := o.Devices[p.Writer.Device()]
	return d != nil && slices.ContainsFunc(d.Revoked, func(v Revocation) bool { return v.cuts(p) })
}

// RevokedBy returns the revocation of a device and the agent whose device recorded it, or nil.
func (o *Org) RevokedBy(id DeviceID) (*Revocation, AgentID) {
	d := o.Devices[id]
	if d == nil || d.Active() {
		return nil, ""
	}
	rev := &d.Revoked[0]
	if by := o.Devices[rev.Pos.Writer.Device()]; by != nil {
		return rev, by.Agent
	}
	return rev, ""
}

// HasRole reports whether the record's device is enrolled, held the role, and speaks for its own agent.
func (o *Org) HasRole(r *Record, role Role) bool {
	d := o.Devices[r.Pos.Writer.Device()]
	return d != nil && o.Enrolled(r) == nil && d.Has(role)
}

// Has reports whether the device was certified for the role.
func (d *Device) Has(role Role) bool { return d.Role == role || slices.Contains(d.Also, role) }

// Active reports whether no revocation is known.
func (d *Device) Active() bool { return len(d.Revoked) == 0 }

// Current returns the epoch in use for a kind (and team), or nil.
func (o *Org) Current(kind EpochKind, team TeamID) *Epoch {
	all := o.epochs[epochKey{kind, team}]
	if len(all) == 0 {
		return nil
	}
	return all[len(all)-1]
}

// CurrentRecovery returns the recovery key in use, or nil.
func (o *Org) CurrentRecovery() *Recovery {
	if len(o.Recovery) == 0 {
		return nil
	}
	return &o.Recovery[len(o.Recovery)-1]
}

// TeamName returns what to call a team: its name, or its only agent's.
func (o *Org) TeamName(id TeamID) string {
	t := o.Teams[id]
	switch {
	case t == nil:
		return string(id)
	case t.Solo != "":
		return o.AgentName(t.Solo)
	}
	return t.Name
}

// AgentName returns an agent's name, or the id where the name is not readable.
func (o *Org) AgentName(id AgentID) string {
	if a := o.Agents[id]; a != nil && a.Name != "" {
		return a.Name
	}
	return string(id)
}

// ReaderName says in plain words who a declared reader is.
func (o *Org) ReaderName(r Reader) string {
	e := o.Epochs[r.Epoch()]
	id, partner := strings.CutPrefix(string(r), "partner:")
	switch {
	case partner:
		return "partner:" + o.PartnerName(PartnerID(id))
	case r.IsCard():
		return "card"
	case r.IsRecovery():
		return "recovery"
	case e == nil:
		return string(r)
	case e.Kind == EpochTeam && o.Teams[e.Team] != nil && o.Teams[e.Team].Solo != "":
		return "agent:" + o.TeamName(e.Team)
	case e.Kind == EpochTeam:
		return "team:" + o.TeamName(e.Team)
	}
	return string(e.Kind)
}
