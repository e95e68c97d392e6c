package vault

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// State is one vault: the fold of the events that name it, joined with the note entries that this device can read. It
// marshals to JSON for the local store. It is not safe for concurrent use.
type State struct {
	ID         BeneficiaryID            `json:"id"`
	Opened     Clock                    `json:"opened"`
	OpenedBy   AgentID                  `json:"opened_by"`
	OpenedAt   Pos                      `json:"opened_at"`
	NoRecovery bool                     `json:"no_recovery,omitempty"`
	Closed     *Closing                 `json:"closed,omitempty"`
	Erased     *Ending                  `json:"erased,omitempty"`
	ReadOnly   bool                     `json:"read_only,omitempty"` // an unknown critical event: upgrade
	Cards      []Card                   `json:"cards,omitempty"`
	Consents   []*Consent               `json:"consents,omitempty"`
	Ended      []Ending                 `json:"ended,omitempty"` // withdrawals and expiries
	Documents  map[DocumentID]*Document `json:"documents,omitempty"`
	Notes      map[string]*NoteBody     `json:"notes,omitempty"` // live note objects of this vault alone
	Manifests  []Object                 `json:"manifests,omitempty"`
	Dead       map[string]bool          `json:"dead,omitempty"` // objects replaced or removed: to be tombstoned
	Tombs      map[string]bool          `json:"tombs,omitempty"`
	Person     Person                   `json:"person"`
	LastSeen   Clock                    `json:"last_seen"` // last event other than upkeep
	Quarantine []Quarantined            `json:"quarantine,omitempty"`
	Last       *Record                  `json:"last,omitempty"` // last applied, so that a fold can go on from here
}

// Person is what is known of the beneficiary. All fields may be empty.
type Person struct {
	FamilyName string    `json:"family_name,omitempty"`
	GivenName  string    `json:"given_name,omitempty"`
	UsageName  string    `json:"usage_name,omitempty"`
	Aliases    []string  `json:"aliases,omitempty"`
	Born       BirthDate `json:"born,omitempty"`
	BirthPlace string    `json:"birth_place,omitempty"`
	Language   string    `json:"language,omitempty"`
	Phone      string    `json:"phone,omitempty"`
	Email      string    `json:"email,omitempty"`
	Refs       []string  `json:"refs,omitempty"` // SYSTEM:ID
}

// Card is one card of the person. Recipient and Locator come from a note entry and are empty for those who may not
// seal to the person.
type Card struct {
	CardBody
	Issued    Pos    `json:"issued"`
	At        Clock  `json:"at"`
	Recipient string `json:"recipient,omitempty"`
	Locator   string `json:"locator,omitempty"`
}

// Closing is the end of active work on a vault. Its documents stay until erased.
type Closing struct {
	Ending
	Reason string `json:"reason"`
}

// Ending is where and when something ended, and by whom.
type Ending struct {
	Pos     Pos       `json:"pos"`
	At      Clock     `json:"at"`
	By      AgentID   `json:"by,omitempty"`
	Team    TeamID    `json:"team,omitempty"`
	Consent ConsentID `json:"consent,omitempty"`
	Expired bool      `json:"expired,omitempty"`
}

// Consent is one consent with what became of it.
type Consent struct {
	ConsentBody
	Given  Pos            `json:"given"`
	At     Clock          `json:"at"`
	By     AgentID        `json:"by"`
	Ended  *Ending        `json:"ended,omitempty"`
	Record *ConsentRecord `json:"record,omitempty"` // nil where it is not readable
}

// Document is a document through its versions. Described is false where this device cannot read what it is.
type Document struct {
	ID        DocumentID `json:"id"`
	Space     Space      `json:"space"`
	Object    Object     `json:"object"`
	From      string     `json:"from,omitempty"` // the object that Object resealed
	Versions  int        `json:"versions"`
	Deposited Clock      `json:"deposited"`
	Changed   Clock      `json:"changed"`
	By        AgentID    `json:"by"`
	Batch     BatchID    `json:"batch,omitempty"`
	Evidence  ConsentID  `json:"evidence,omitempty"`
	Removed   *Ending    `json:"removed,omitempty"`
	Described bool       `json:"described,omitempty"`

	Type         string `json:"type,omitempty"`
	Title        string `json:"title,omitempty"`
	Holder       string `json:"holder,omitempty"`
	IssuedOn     Date   `json:"issued_on,omitempty"`
	ExpiresOn    Date   `json:"expires_on,omitempty"`
	Period       string `json:"period,omitempty"`
	Pages        string `json:"pages,omitempty"`
	Note         string `json:"note,omitempty"`
	OriginalSeen bool   `json:"original_seen,omitempty"`
	SourceID     string `json:"source_id,omitempty"`
	ReceivedOn   Date   `json:"received_on,omitempty"`
	FileName     string `json:"file_name,omitempty"`
	MediaType    string `json:"media_type,omitempty"`
	Size         int64  `json:"size,omitempty"`
	Digest       Hash   `json:"digest,omitempty"`
}

// NewState returns the state of a vault before any event.
func NewState(id BeneficiaryID) *State {
	return &State{ID: id, Documents: map[DocumentID]*Document{}, Notes: map[string]*NoteBody{}, Dead: map[string]bool{}, Tombs: map[string]bool{}}
}

// Fold computes a vault from all its records, in any order.
func Fold(id BeneficiaryID, org *Org, records []*Record, entries EntryLookup) *State {
	s := NewState(id)
	for _, r := range Order(records) {
		s.Apply(org, r, entries)
	}
	return s
}

// Apply takes the next record in fold order. What is not valid is quarantined. If the record does not follow Last in
// every order, the caller folds anew instead.
func (s *State) Apply(org *Org, r *Record, entries EntryLookup) {
	if err := s.apply(org, r, entries); err != nil {
		s.Quarantine = append(s.Quarantine, Quarantined{r.Pos, r.Type, err.Error()})
		return
	}
	s.Last = &Record{Event: Event{ID: r.ID, Type: r.Type, At: r.At}, Pos: r.Pos, Past: r.Past}
	switch r.Type {
	case NoteSealed, Resealed, Tombstoned, ManifestWritten, ConsentExpired, AccessRefused:
	default:
		s.LastSeen = r.At
	}
}

func (s *State) apply(org *Org, r *Record, entries EntryLookup) error {
	if err := org.Enrolled(r); err != nil {
		return err
	}
	if s.Erased != nil && r.Type != Tombstoned {
		return fmt.Errorf("the vault was erased")
	}
	switch r.Type {
	case VaultOpened:
		return s.open(org, r, entries)
	case VaultEdited, VaultClosed, VaultReopened, VaultErased, CardIssued:
		return s.change(org, r, entries)
	case ConsentGiven:
		return s.consent(org, r, entries)
	case ConsentWithdrawn, ConsentExpired:
		return s.endConsent(r)
	case DocumentDeposited, DocumentReplaced:
		return s.deposit(org, r, entries)
	case DocumentEdited, DocumentRemoved:
		return s.editDocument(org, r, entries)
	case Resealed, NoteSealed, ManifestWritten, Tombstoned:
		return s.upkeep(org, r)
	case AccessOpened, AccessRefused:
		return nil
	}
	if r.Critical {
		s.ReadOnly = true
		return fmt.Errorf("written by a newer version: upgrade")
	}
	return nil
}

func (s *State) open(org *Org, r *Record, entries EntryLookup) error {
	if s.OpenedBy != "" {
		return fmt.Errorf("the vault is open already")
	}
	if !org.HasRole(r, RoleAgent) {
		return fmt.Errorf("opened by a device that is no agent's")
	}
	var b VaultBody
	if err := r.Decode(&b); err != nil {
		return err
	}
	s.Opened, s.OpenedBy, s.OpenedAt, s.NoRecovery = r.At, r.Agent, r.Pos, b.NoRecovery
	s.learnPerson(r, entries)
	return nil
}

func (s *State) change(org *Org, r *Record, entries EntryLookup) error {
	if !s.MayWrite(org, r) {
		return fmt.Errorf("%s by a device without consent", r.Type)
	}
	switch r.Type {
	case VaultEdited:
		s.learnPerson(r, entries)
	case VaultClosed:
		var b CloseBody
		if err := r.Decode(&b); err != nil {
			return err
		}
		s.Closed = &Closing{ending(r), b.Reason}
	case VaultReopened:
		s.Closed = nil
	case VaultErased:
		s.erase(r)
	case CardIssued:
		return s.issueCard(r, entries)
	}
	return nil
}

// erase keeps of the vault that it was erased, and which objects have to go.
func (s *State) erase(r *Record) {
	e := ending(r)
	dead := s.Dead
	for _, o := range s.LiveObjects() {
		dead[o.Path] = true
	}
	*s = *NewState(s.ID)
	s.Opened, s.OpenedBy, s.Erased, s.Dead = r.At, r.Agent, &e, dead
}

func (s *State) issueCard(r *Record, entries EntryLookup) error {
	var b CardBody
	if err := r.Decode(&b); err != nil {
		return err
	}
	c := Card{CardBody: b, Issued: r.Pos, At: r.At}
	for _, h := range r.Notes {
		var d RecipientData
		if e := entries(h); e != nil && e.Kind == EntryRecipient && e.Event == r.ID && decodeEntry(e, &d) == nil && d.N == b.N {
			c.Recipient, c.Locator = d.Recipient, d.Locator
		}
	}
	s.Cards = append(s.Cards, c)
	return nil
}

func (s *State) consent(org *Org, r *Record, entries EntryLookup) error {
	var b ConsentBody
	if err := r.Decode(&b); err != nil {
		return err
	}
	if !s.MayGrant(org, r) {
		return fmt.Errorf("a consent recorded by a device without consent")
	}
	if org.Teams[b.Team] == nil {
		return fmt.Errorf("a consent to an unknown team")
	}
	c := &Consent{ConsentBody: b, Given: r.Pos, At: r.At, By: r.Agent}
	for _, h := range r.Notes {
		var rec ConsentRecord
		if e := entries(h); e != nil && e.Kind == EntryConsent && e.Event == r.ID && decodeEntry(e, &rec) == nil {
			c.Record = &rec
		}
	}
	for i, end := range s.Ended {
		if end.Team == b.Team && !r.Saw(end.Pos) { // withdrawal beats a concurrent grant
			c.Ended = &s.Ended[i]
		}
	}
	s.Consents = append(s.Consents, c)
	return nil
}

func (s *State) endConsent(r *Record) error {
	var b EndBody
	if err := r.Decode(&b); err != nil {
		return err
	}
	end := ending(r)
	end.Team, end.Consent, end.Expired = b.Team, b.Consent, r.Type == ConsentExpired
	for _, c := range s.Consents {
		if end.Expired && c.Consent == b.Consent && (c.Until == "" || DateOf(r.At.Time()) <= c.Until) {
			return fmt.Errorf("a consent ended before its last day")
		}
	}
	s.Ended = append(s.Ended, end)
	for _, c := range s.Consents {
		if c.Ended == nil && (c.Consent == b.Consent || !end.Expired && c.Team == b.Team) {
			c.Ended = &end
		}
	}
	return nil
}

func (s *State) deposit(org *Org, r *Record, entries EntryLookup) error {
	var b DepositBody
	if err := r.Decode(&b); err != nil {
		return err
	}
	if err := s.justified(org, b.Object.Readers, b.Space); err != nil {
		return err
	}
	d := s.Documents[b.Document]
	switch {
	case r.Type == DocumentReplaced && d == nil:
		return fmt.Errorf("a version of an unknown document")
	case r.Type == DocumentReplaced:
		s.Dead[d.Object.Path] = true
	case d != nil:
		return fmt.Errorf("the document exists already")
	default:
		d = &Document{ID: b.Document, Deposited: r.At, By: r.Agent, Batch: b.Batch, Evidence: b.Evidence}
		s.Documents[b.Document] = d
	}
	d.Space, d.Object, d.From, d.Changed = b.Space, b.Object, "", r.At
	d.Versions++
	s.learnDocument(d, r, entries)
	return nil
}

func (s *State) editDocument(org *Org, r *Record, entries EntryLookup) error {
	var b DocumentBody
	if err := r.Decode(&b); err != nil {
		return err
	}
	d := s.Documents[b.Document]
	if d == nil {
		return fmt.Errorf("no such document")
	}
	own := r.Type == DocumentRemoved && d.By == r.Agent // undo of one's own deposit
	if !own && !s.MayWrite(org, r) {
		return fmt.Errorf("%s by a device without consent", r.Type)
	}
	if r.Type == DocumentRemoved {
		e := ending(r)
		d.Removed = &e
		s.Dead[d.Object.Path] = true
		return nil
	}
	if b.Space == Private && d.Space != Private {
		d.forget()
	}
	if b.Space != "" {
		d.Space = b.Space
	}
	d.Changed = r.At
	s.learnDocument(d, r, entries)
	return nil
}

func (s *State) upkeep(org *Org, r *Record) error {
	switch r.Type {
	case Resealed:
		var b ResealBody
		if err := r.Decode(&b); err != nil {
			return err
		}
		return s.reseal(org, r, b)
	case NoteSealed:
		var b NoteBody
		if err := r.Decode(&b); err != nil {
			return err
		}
		if err := s.justified(org, b.Object.Readers, Shared); err != nil {
			return err
		}
		for _, p := range b.From {
			delete(s.Notes, p)
			s.Dead[p] = true
		}
		s.Notes[b.Object.Path] = &b
	case ManifestWritten:
		var b ManifestBody
		if err := r.Decode(&b); err != nil {
			return err
		}
		for _, m := range s.Manifests {
			s.Dead[m.Path] = true
		}
		s.Manifests = []Object{b.Object}
	case Tombstoned:
		var b TombstoneBody
		if err := r.Decode(&b); err != nil {
			return err
		}
		live := s.live()
		for _, p := range b.Paths {
			if !live[p] { // what is reachable is never cleaned
				delete(s.Dead, p)
				s.Tombs[p] = true
			}
		}
	}
	return nil
}

// reseal replaces an object. Of two valid reseals of the same object the lower path wins; the other is dead.
func (s *State) reseal(org *Org, r *Record, b ResealBody) error {
	if !s.EverReader(org, r) {
		return fmt.Errorf("resealed by a device that never was a reader")
	}
	for _, d := range s.Documents {
		if d.Removed != nil || d.Object.Path != b.From && d.From != b.From {
			continue
		}
		if err := s.justified(org, b.To.Readers, d.Space); err != nil {
			return err
		}
		if d.From == b.From && d.Object.Path < b.To.Path {
			s.Dead[b.To.Path] = true
			return nil
		}
		s.Dead[d.Object.Path] = true
		s.Dead[b.From] = true
		d.Object, d.From = b.To, b.From
		return nil
	}
	s.Dead[b.To.Path] = true
	return nil
}

func (s *State) live() map[string]bool {
	m := map[string]bool{}
	for _, o := range s.LiveObjects() {
		m[o.Path] = true
	}
	return m
}

// LiveObjects returns every object that the vault consists of, sorted by path.
func (s *State) LiveObjects() []Object {
	var out []Object
	for _, d := range s.Documents {
		if d.Removed == nil {
			out = append(out, d.Object)
		}
	}
	for _, n := range s.Notes {
		out = append(out, n.Object)
	}
	out = append(out, s.Manifests...)
	slices.SortFunc(out, func(a, b Object) int { return cmpString(a.Path, b.Path) })
	return out
}

// DeadPaths returns the objects that wait for a tombstone, sorted.
func (s *State) DeadPaths() []string { return slices.Sorted(maps.Keys(s.Dead)) }

func ending(r *Record) Ending { return Ending{Pos: r.Pos, At: r.At, By: r.Agent} }

func decodeEntry(e *Entry, out any) error { return json.Unmarshal(e.Data, out) }

func cmpString(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// Init makes the maps that JSON leaves out.
func (s *State) Init() {
	if s.Documents == nil {
		s.Documents = map[DocumentID]*Document{}
	}
	if s.Notes == nil {
		s.Notes = map[string]*NoteBody{}
	}
	if s.Dead == nil {
		s.Dead = map[string]bool{}
	}
	if s.Tombs == nil {
		s.Tombs = map[string]bool{}
	}
}
