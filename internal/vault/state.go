package vault

import (
	"encoding/json"
	"fmt"
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
	Batch      BatchID                  `json:"batch,omitempty"` // the import that opened it
	Closed     *Closing                 `json:"closed,omitempty"`
	Erased     *Ending                  `json:"erased,omitempty"`
	ReadOnly   bool                     `json:"read_only,omitempty"` // an unknown critical event: upgrade
	Cards      []Card                   `json:"cards,omitempty"`
	Fallen     []FallenCard             `json:"fallen,omitempty"`
	Consents   []*Consent               `json:"consents,omitempty"`
	Ended      []Ending                 `json:"ended,omitempty"` // withdrawals and expiries
	Shares     []*Share                 `json:"shares,omitempty"`
	Documents  map[DocumentID]*Document `json:"documents,omitempty"`
	Notes      map[string]*NoteBody     `json:"notes,omitempty"` // live note objects of this vault alone
	Manifests  []Object                 `json:"manifests,omitempty"`
	Dead       map[string]bool          `json:"dead,omitempty"` // objects replaced or removed: to be tombstoned
	Tombs      map[string]bool          `json:"tombs,omitempty"`
	Waits      map[string][]Act         `json:"waits,omitempty"` // on what it hangs that objects are not used again: see Unsettled
	Person     Person                   `json:"person"`
	LastSeen   Clock                    `json:"last_seen"` // last event other than upkeep
	Quarantine []Quarantined            `json:"quarantine,omitempty"`
	Signed     []string                 `json:"signed,omitempty"` // cosigned events, by device and id: each counts once
	Last       *Front                   `json:"last,omitempty"`   // where the fold is; see Record.Follows
	Beside     bool                     `json:"beside,omitempty"` // something in it depends on who saw what, be it in the organization
	Unread     []Hash                   `json:"unread,omitempty"` // entries about the person that were not at hand

	claims claims // of the running fold
	ahead  *ahead // what the running fold knows of what comes later; nil where there is nothing to know
	places places // of the running fold

	applying bool // a record is being applied: what the State tells may be noted in it
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
	Issued Pos   `json:"issued"`
	At     Clock `json:"at"`
	// Vouched is whether the card before it signed for it, or there was none. Otherwise a reader attests that the person
	// lost it.
	Vouched   bool     `json:"vouched,omitempty"`
	Basis     []TeamID `json:"basis,omitempty"` // as in Consent
	Recipient string   `json:"recipient,omitempty"`
	Locator   string   `json:"locator,omitempty"`
}

// FallenCard is a card that fell with a withdrawal which its issuer had not seen.
type FallenCard struct {
	SignKey string `json:"sign_key"`
	Issued  Pos    `json:"issued"`
	By      Pos    `json:"by"`
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
	Undone  bool      `json:"undone,omitempty"` // of a document: with its batch
}

// Consent is one consent with what became of it.
type Consent struct {
	ConsentBody
	Given  Pos            `json:"given"`
	At     Clock          `json:"at"`
	By     AgentID        `json:"by"`
	Ended  *Ending        `json:"ended,omitempty"`
	Ends   []Pos          `json:"ends,omitempty"`   // every end, Ended among them
	Passed []DeviceID     `json:"passed,omitempty"` // devices whose clocks passed the last day
	Basis  []TeamID       `json:"basis,omitempty"`  // teams as whose member the reader recorded it; empty for opener, card, root
	Record *ConsentRecord `json:"record,omitempty"` // nil where it is not readable
}

// Document is a document through its versions. Described is false where this device cannot read what it is.
type Document struct {
	ID          DocumentID `json:"id"`
	Space       Space      `json:"space"`
	Object      Object     `json:"object"`
	From        string     `json:"from,omitempty"` // the object that Object resealed
	Versions    int        `json:"versions"`
	FromReaders []Reader   `json:"from_readers,omitempty"` // of From
	ByReader    bool       `json:"by_reader,omitempty"`    // who resealed From was a reader then, or the card
	Reseal      []Act      `json:"reseal,omitempty"`       // on what that hangs
	Version     []Act      `json:"version,omitempty"`      // on what it hangs that the object is this document's and no other's
	Deposited   Clock      `json:"deposited"`
	Changed     Clock      `json:"changed"`
	By          AgentID    `json:"by"`
	Batch       BatchID    `json:"batch,omitempty"`
	Evidence    ConsentID  `json:"evidence,omitempty"`
	Removed     *Ending    `json:"removed,omitempty"`
	Described   bool       `json:"described,omitempty"`

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
	PageCount    int    `json:"page_count,omitempty"`
	Width        int    `json:"width,omitempty"`
	Height       int    `json:"height,omitempty"`
	Size         int64  `json:"size,omitempty"`
	Digest       Hash   `json:"digest,omitempty"`
}

// NewState returns the state of a vault before any event.
func NewState(id BeneficiaryID) *State {
	return &State{ID: id, Documents: map[DocumentID]*Document{}, Notes: map[string]*NoteBody{}, Dead: map[string]bool{}, Tombs: map[string]bool{}}
}

// Fold computes a vault from all its records, in any order.
func Fold(id BeneficiaryID, org *Org, records []*Record, entries EntryLookup) *State {
	ordered := Order(records)
	return fold(id, org, ordered, entries, look(id, org, ordered, entries))
}

func fold(id BeneficiaryID, org *Org, ordered []*Record, entries EntryLookup, a *ahead) *State {
	s := NewState(id)
	s.Beside = a != nil
	s.claims.rivals, s.ahead, s.places = &rivals{records: ordered, org: org}, a, places{}
	for _, r := range ordered {
		s.Apply(org, r, entries)
	}
	s.claims, s.ahead, s.places = claims{}, nil, nil
	return s
}

// Apply takes the next record in fold order. What is not valid is quarantined. If the record does not follow Last, or the
// organization has changed since, the caller folds anew instead.
func (s *State) Apply(org *Org, r *Record, entries EntryLookup) {
	s.applying = true
	err := s.apply(org, r, entries)
	s.applying = false
	if err != nil {
		s.Quarantine = append(s.Quarantine, Quarantined{r.Pos, r.Type, err.Error(), r.At})
	}
	s.advance(r)
	if err != nil {
		return
	}
	switch r.Type {
	case NoteSealed, Resealed, Tombstoned, ManifestWritten, ConsentExpired, ShareExpired, AccessRefused:
	default:
		s.LastSeen = r.At
	}
}

// advance moves Last to the record, with all that the fold holds as its past. What a running fold has put together belongs
// to it alone.
func (s *State) advance(r *Record) {
	past, claimed := Past{}, Past{}
	switch {
	case s.Last != nil && s.places != nil:
		past, claimed = s.Last.Past, s.Last.Claimed
	case s.Last != nil:
		past.Merge(s.Last.Past)
		claimed.Merge(s.Last.Claimed)
	}
	past[r.Pos.Writer] = max(past[r.Pos.Writer], r.Pos.Seq+1)
	claimed.Merge(r.Past)
	s.Last = &Front{Record{Event: Event{ID: r.ID, Type: r.Type, At: r.At}, Pos: r.Pos, Past: past}, claimed}
}

func (s *State) apply(org *Org, r *Record, entries EntryLookup) error {
	if err := org.Enrolled(r); err != nil {
		return err
	}
	if org.Late(r.Pos) && r.Pos.Writer.Device() != org.Here && !s.adoptable(org, r) {
		return fmt.Errorf("written by a revoked device beyond the cut-off, and not to be taken in")
	}
	if s.Erased != nil && r.Type != Tombstoned {
		s.orphan(r)
		return fmt.Errorf("the vault was erased")
	}
	if s.OpenedBy == "" && s.Erased == nil && r.Type != VaultOpened {
		return fmt.Errorf("the vault was never opened")
	}
	if len(r.Cosigned) > 0 {
		ok, instead := s.introduces("event/"+r.written(), r)
		if !ok || !instead && slices.Contains(s.Signed, r.written()) {
			return fmt.Errorf("a cosigned event written once more")
		}
		if !instead {
			s.Signed = append(s.Signed, r.written())
		}
	}
	switch r.Type {
	case VaultOpened:
		return s.open(org, r, entries)
	case VaultEdited, VaultClosed, VaultReopened, VaultErased, CardIssued:
		return s.change(org, r, entries)
	case ConsentGiven:
		return s.consent(org, r, entries)
	case ConsentWithdrawn, ConsentExpired:
		return s.endConsent(org, r)
	case ShareAdded, ShareRevoked, ShareExpired:
		return s.share(org, r, entries)
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

// introduces reports whether the record may introduce the identifier, and whether it does so instead of another record.
func (s *State) introduces(key string, r *Record) (ok, instead bool) {
	s.Beside = s.Beside || s.claims.contested(key, r)
	ok, old := s.claims.take(key, r)
	if old != nil {
		s.Quarantine = append(s.Quarantine, supplanted(old))
	}
	return ok, old != nil
}

func (s *State) open(org *Org, r *Record, entries EntryLookup) error {
	if !org.HasRole(r, RoleAgent) || r.Agent == "" {
		return fmt.Errorf("opened by a device that is no agent's")
	}
	var b VaultBody
	if err := r.Decode(&b); err != nil {
		return err
	}
	if err := mayIntroduce(r, 'b', string(s.ID)); err != nil {
		return err
	}
	switch ok, instead := s.introduces("vault", r); {
	case instead: // all that belongs to the true opening has seen it and comes after it
		old := s.Quarantine
		last, c, a, at := s.Last, s.claims, s.ahead, s.places
		*s = *NewState(s.ID)
		s.Beside, s.applying = true, true
		s.Quarantine, s.Last, s.ahead, s.places, s.claims = old, last, a, at, claims{rivals: c.rivals, by: map[string]*Record{"vault": r}}
	case !ok || s.OpenedBy != "":
		return fmt.Errorf("the vault is open already")
	}
	s.Opened, s.OpenedBy, s.OpenedAt, s.NoRecovery, s.Batch = r.At, r.Agent, r.Pos, b.NoRecovery, b.Batch
	s.learnPerson(r, entries)
	return nil
}

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
