package vault

import (
	"fmt"
	"slices"
)

// Org is the state of an organization: the fold of the events that name no vault. It is not safe for concurrent use;
// readers share one that nobody changes any more.
type Org struct {
	ID       OrgID
	Root     string // ed25519 public key, base64
	Name     string
	Devices  map[DeviceID]*Device
	Agents   map[AgentID]*Agent
	Teams    map[TeamID]*Team
	Epochs   map[EpochID]*Epoch
	Recovery []Recovery // by number, the last is current

	Quarantine []Quarantined
	current    map[string]EpochID // kind + team → epoch
}

// Device is an enrolled machine.
type Device struct {
	DeviceBody
	Certified Pos
	Since     Clock
	Revoked   []Revocation
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
}

// Epoch is a key that a set of devices holds.
type Epoch struct {
	EpochBody
	Opened Pos
	Since  Clock
}

// Recovery is a recovery key.
type Recovery struct {
	RecoveryBody
	Since Clock
}

// Quarantined is an event that was not applied, with the reason. It stays in the history.
type Quarantined struct {
	Pos    Pos
	Type   EventType
	Reason string
}

// NewOrg returns the state before any event. Root is the base64 key of the organization note.
func NewOrg(id OrgID, root string) *Org {
	return &Org{
		ID: id, Root: root, Devices: map[DeviceID]*Device{}, Agents: map[AgentID]*Agent{}, Teams: map[TeamID]*Team{},
		Epochs: map[EpochID]*Epoch{}, current: map[string]EpochID{},
	}
}

// EntryLookup returns the note entry with a commitment, or nil where this device cannot read it.
type EntryLookup func(Hash) *Entry

// FoldOrg computes the state from all org records, in any order.
func FoldOrg(id OrgID, root string, records []*Record, entries EntryLookup) *Org {
	o := NewOrg(id, root)
	for _, r := range Order(records) {
		o.Apply(r, entries)
	}
	return o
}

// Apply takes the next record in fold order. What is not valid is quarantined.
func (o *Org) Apply(r *Record, entries EntryLookup) {
	if err := o.apply(r, entries); err != nil {
		o.Quarantine = append(o.Quarantine, Quarantined{r.Pos, r.Type, err.Error()})
	}
}

func (o *Org) apply(r *Record, entries EntryLookup) error {
	switch r.Type {
	case OrgCreated:
		var b OrgBody
		if err := o.byRoot(r, &b); err != nil {
			return err
		}
		o.Name = b.Name
	case RecoverySet:
		var b RecoveryBody
		if err := o.byRoot(r, &b); err != nil {
			return err
		}
		o.Recovery = append(o.Recovery, Recovery{b, r.At})
	case DeviceCertified:
		return o.certify(r)
	case DeviceRevoked:
		return o.revoke(r)
	case AgentAdded:
		return o.addAgent(r, entries)
	case TeamAdded:
		return o.addTeam(r)
	case TeamMember:
		return o.member(r)
	case EpochOpened:
		return o.openEpoch(r)
	case NoteSealed, Resealed, Tombstoned, Heartbeat, AccessOpened, AccessRefused:
		return o.Enrolled(r)
	default:
		if r.Critical {
			return fmt.Errorf("written by a newer version: upgrade")
		}
	}
	return nil
}

// byRoot decodes a body that only the root may sign.
func (o *Org) byRoot(r *Record, body any) error {
	if !r.CosignedBy(o.ID, o.Root) {
		return fmt.Errorf("not signed by the root")
	}
	return r.Decode(body)
}

func (o *Org) certify(r *Record) error {
	var b DeviceBody
	if err := r.Decode(&b); err != nil {
		return err
	}
	if !r.CosignedBy(o.ID, o.Root) && !o.HasRole(r, RoleAdmin) {
		return fmt.Errorf("certified neither by an admin nor by the root")
	}
	if o.Devices[b.Device] != nil {
		return fmt.Errorf("the device is certified already")
	}
	o.Devices[b.Device] = &Device{DeviceBody: b, Certified: r.Pos, Since: r.At}
	return nil
}

func (o *Org) revoke(r *Record) error {
	var b RevokeBody
	if err := r.Decode(&b); err != nil {
		return err
	}
	if !r.CosignedBy(o.ID, o.Root) && !o.HasRole(r, RoleAdmin) {
		return fmt.Errorf("revoked neither by an admin nor by the root")
	}
	d := o.Devices[b.Device]
	if d == nil {
		return fmt.Errorf("no such device")
	}
	d.Revoked = append(d.Revoked, Revocation{b, r.Pos, r.At})
	return nil
}

func (o *Org) addAgent(r *Record, entries EntryLookup) error {
	var b AgentBody
	if err := r.Decode(&b); err != nil {
		return err
	}
	if !r.CosignedBy(o.ID, o.Root) && !o.HasRole(r, RoleAdmin) {
		return fmt.Errorf("added neither by an admin nor by the root")
	}
	a := &Agent{AgentBody: b}
	for _, h := range r.Notes {
		var d AgentData
		if e := entries(h); e != nil && e.Kind == EntryAgent && decodeEntry(e, &d) == nil {
			a.Name = d.Name
		}
	}
	o.Agents[b.Agent] = a
	o.Teams[b.Solo] = &Team{TeamBody: TeamBody{Team: b.Solo, Solo: b.Agent}, Created: r.Pos,
		Members: []Membership{{Agent: b.Agent, Joined: r.Pos}}}
	return nil
}

func (o *Org) addTeam(r *Record) error {
	var b TeamBody
	if err := r.Decode(&b); err != nil {
		return err
	}
	if !o.HasRole(r, RoleAdmin) && !o.HasRole(r, RoleAgent) {
		return fmt.Errorf("added by neither an admin nor an agent")
	}
	if o.Teams[b.Team] != nil {
		return fmt.Errorf("the team exists already")
	}
	// Who creates a team is its first member; an admin who is no agent creates it for others and reads nothing.
	o.Teams[b.Team] = &Team{TeamBody: b, Created: r.Pos, Members: []Membership{{Agent: r.Agent, Joined: r.Pos}}}
	return nil
}

func (o *Org) member(r *Record) error {
	var b MemberBody
	if err := r.Decode(&b); err != nil {
		return err
	}
	t := o.Teams[b.Team]
	if t == nil {
		return fmt.Errorf("no such team")
	}
	byRoot := r.CosignedBy(o.ID, o.Root)
	if b.Left {
		if !byRoot && !o.HasRole(r, RoleAdmin) && !o.MemberAt(r, b.Team) {
			return fmt.Errorf("neither a member nor an admin ends a membership")
		}
		for i := range t.Members {
			if t.Members[i].Agent == b.Agent {
				t.Members[i].Left = append(t.Members[i].Left, r.Pos)
			}
		}
		return nil
	}
	if !byRoot && !o.MemberAt(r, b.Team) {
		return fmt.Errorf("only a member admits to a team")
	}
	t.Members = append(t.Members, Membership{Agent: b.Agent, Joined: r.Pos})
	return nil
}

func (o *Org) openEpoch(r *Record) error {
	var b EpochBody
	if err := r.Decode(&b); err != nil {
		return err
	}
	byRoot := r.CosignedBy(o.ID, o.Root)
	switch {
	case byRoot:
	case b.Kind == EpochTeam && !o.MemberAt(r, b.Team):
		return fmt.Errorf("a team epoch not opened by a member")
	case b.Kind != EpochTeam && !o.HasRole(r, RoleAdmin):
		return fmt.Errorf("an epoch of the organization not opened by an admin")
	}
	if PathWriter(ParcelPath(b.Epoch, 0)) != r.Pos.Writer {
		return fmt.Errorf("an epoch outside its writer's prefix")
	}
	o.Epochs[b.Epoch] = &Epoch{EpochBody: b, Opened: r.Pos, Since: r.At}
	o.current[string(b.Kind)+string(b.Team)] = b.Epoch
	return nil
}

// Enrolled returns an error unless the record's writer was an enrolled device that no revocation cuts off.
func (o *Org) Enrolled(r *Record) error {
	d := o.Devices[r.Pos.Writer.Device()]
	if d == nil {
		return fmt.Errorf("not an enrolled device")
	}
	if d.Certified != r.Pos && !r.Saw(d.Certified) && d.Certified.Writer != r.Pos.Writer {
		return fmt.Errorf("written before the device was enrolled")
	}
	for _, rev := range d.Revoked {
		if r.Saw(rev.Pos) || rev.cuts(r.Pos) {
			return fmt.Errorf("written by a revoked device beyond the cut-off")
		}
	}
	return nil
}

// cuts reports whether the revocation's cut-off excludes p. A writer that the revoker had not heard of is cut whole.
func (v *Revocation) cuts(p Pos) bool {
	return p.Seq >= v.Cut[p.Writer]
}

// HasRole reports whether the record's device is enrolled, held the role, and speaks for its own agent.
func (o *Org) HasRole(r *Record, role Role) bool {
	d := o.Devices[r.Pos.Writer.Device()]
	return d != nil && o.Enrolled(r) == nil && d.Has(role) && (r.Agent == "" || r.Agent == d.Agent)
}

// Has reports whether the device was certified for the role.
func (d *Device) Has(role Role) bool { return d.Role == role || slices.Contains(d.Also, role) }

// Active reports whether no revocation is known.
func (d *Device) Active() bool { return len(d.Revoked) == 0 }

// MemberAt reports whether the record's agent was a member of the team in its causal past.
func (o *Org) MemberAt(r *Record, team TeamID) bool {
	t, d := o.Teams[team], o.Devices[r.Pos.Writer.Device()]
	if t == nil || d == nil || !(d.Has(RoleAgent) || d.Has(RoleAdmin)) || o.Enrolled(r) != nil {
		return false
	}
	for _, m := range t.Members {
		if m.Agent == d.Agent && r.Saw(m.Joined) && !slices.ContainsFunc(m.Left, r.Saw) {
			return true
		}
	}
	return false
}

// Members returns the agents who are in the team now.
func (t *Team) MembersNow() []AgentID {
	var out []AgentID
	for _, m := range t.Members {
		if len(m.Left) == 0 && !slices.Contains(out, m.Agent) {
			out = append(out, m.Agent)
		}
	}
	return out
}

// Current returns the epoch in use for a kind (and team), or nil.
func (o *Org) Current(kind EpochKind, team TeamID) *Epoch {
	return o.Epochs[o.current[string(kind)+string(team)]]
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
	switch {
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
