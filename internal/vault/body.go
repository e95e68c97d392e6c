package vault

import "encoding/json"

// Space says who reads a document: the person alone, or the person and those they consented to.
type Space string

// The two spaces of a vault.
const (
	Shared  Space = "shared"
	Private Space = "private"
)

// Role is what a device may do.
type Role string

// The roles of design.md: an admin manages and reads no vault by that; an agent opens vaults that consent gave it; a
// deposit device writes and reads nothing; an auditor sees opaque ids.
const (
	RoleAdmin   Role = "admin"
	RoleAgent   Role = "agent"
	RoleDeposit Role = "deposit"
	RoleAuditor Role = "auditor"
)

// EpochKind says whom an epoch reaches.
type EpochKind string

// The kinds of epoch. Intake reaches every device but auditors: it carries the reference-index key.
const (
	EpochOrg    EpochKind = "org"
	EpochStaff  EpochKind = "staff"
	EpochIntake EpochKind = "intake"
	EpochTeam   EpochKind = "team"
)

// Bodies of events, one type each. Fields are only ever added.
type (
	// OrgBody is OrgCreated.
	OrgBody struct {
		Name string `json:"name"`
	}
	// RecoveryBody is RecoverySet: the n-th recovery key. Holders is what the notice says of who keeps it.
	RecoveryBody struct {
		N         int    `json:"n"`
		Recipient string `json:"recipient"`
		Need      int    `json:"need"` // shares needed
		Of        int    `json:"of"`   // shares printed
		Holders   string `json:"holders,omitempty"`
	}
	// DeviceBody is DeviceCertified: signed by an admin's segment or cosigned by the root.
	DeviceBody struct {
		Device    DeviceID `json:"device"`
		Key       string   `json:"key"`       // ed25519 public key, base64
		Recipient string   `json:"recipient"` // age recipient
		Role      Role     `json:"role"`
		Agent     AgentID  `json:"agent"`
		Also      []Role   `json:"also,omitempty"` // further roles: the first admin is an agent too
	}
	// RevokeBody is DeviceRevoked. Events of the device beyond Cut are quarantined.
	RevokeBody struct {
		Device      DeviceID            `json:"device"`
		Cut         map[WriterID]uint64 `json:"cut,omitempty"` // first seq not accepted
		Compromised bool                `json:"compromised,omitempty"`
	}
	// AgentBody is AgentAdded; the name is in a note entry. Solo is the agent's team of one.
	AgentBody struct {
		Agent AgentID `json:"agent"`
		Solo  TeamID  `json:"solo"`
	}
	// TeamBody is TeamAdded.
	TeamBody struct {
		Team TeamID  `json:"team"`
		Name string  `json:"name"`
		Solo AgentID `json:"solo,omitempty"`
	}
	// MemberBody is TeamMember.
	MemberBody struct {
		Team  TeamID  `json:"team"`
		Agent AgentID `json:"agent"`
		Left  bool    `json:"left,omitempty"`
	}
	// EpochBody is EpochOpened: a new key for a set of devices. Parcels are the sealed identity files.
	EpochBody struct {
		Epoch     EpochID    `json:"epoch"`
		Kind      EpochKind  `json:"kind"`
		Team      TeamID     `json:"team,omitempty"`
		Recipient string     `json:"recipient"`
		Devices   []DeviceID `json:"devices"`
		Recovery  int        `json:"recovery,omitempty"` // recovery key that reads the parcel too
		Parcels   []Object   `json:"parcels"`
	}
	// AdoptBody is DeviceAdopted: what the device wrote beyond the cut-off of its revocation and before Upto counts after
	// all, as far as it takes no authority over what is there.
	AdoptBody struct {
		Device DeviceID            `json:"device"`
		Upto   map[WriterID]uint64 `json:"upto"` // first seq not accepted
	}
	// ExtendBody is EpochExtended: an epoch given to further devices. Parcels[i] is for Devices[i] alone, and holds what the
	// parcels of the epoch hold.
	ExtendBody struct {
		Epoch   EpochID    `json:"epoch"`
		Devices []DeviceID `json:"devices"`
		Parcels []Object   `json:"parcels"`
	}
	// VaultBody is VaultOpened.
	VaultBody struct { //nolint:revive // named like the bodies of all other events
		NoRecovery bool    `json:"no_recovery,omitempty"`
		Batch      BatchID `json:"batch,omitempty"` // the import that opened it
	}
	// CloseBody is VaultClosed.
	CloseBody struct {
		Reason string `json:"reason"` // moved, deceased, inactive, request; mistake, duplicate
	}
	// CardBody is CardIssued: the n-th card; its recipient is in an intake note entry.
	CardBody struct {
		N       int    `json:"n"`
		SignKey string `json:"sign_key"` // ed25519 public key derived from the seed, base64
	}
	// ConsentBody is ConsentGiven: what authority and auditors need. The whole record is in a note entry.
	ConsentBody struct {
		Consent     ConsentID  `json:"consent"`
		Team        TeamID     `json:"team"`
		Purpose     string     `json:"purpose"`
		Until       Date       `json:"until,omitempty"` // last day
		Evidence    bool       `json:"evidence,omitempty"`
		EvidenceDoc DocumentID `json:"evidence_document,omitempty"`
		Batch       BatchID    `json:"batch,omitempty"` // the import that recorded it
	}
	// EndBody is ConsentWithdrawn and ConsentExpired. Team is repeated: a withdrawal ends every consent to that team
	// which had not seen it.
	EndBody struct {
		Consent ConsentID `json:"consent"`
		Team    TeamID    `json:"team"`
	}
	// DepositBody is DocumentDeposited and DocumentReplaced.
	DepositBody struct {
		Document DocumentID `json:"document"`
		Space    Space      `json:"space"`
		Object   Object     `json:"object"`
		Batch    BatchID    `json:"batch,omitempty"`
		Evidence ConsentID  `json:"evidence,omitempty"` // the consent it proves
	}
	// DocumentBody is DocumentEdited and DocumentRemoved. Space, if set, is the new space. Undone says that the document was
	// removed with the batch that brought it, and not on its own account: an import may bring it again.
	DocumentBody struct {
		Document DocumentID `json:"document"`
		Space    Space      `json:"space,omitempty"`
		Undone   bool       `json:"undone,omitempty"`
	}
	// ResealBody is Resealed: the same plaintext in a new object for other readers.
	ResealBody struct {
		From string `json:"from"`
		To   Object `json:"to"`
	}
	// TombstoneBody is Tombstoned: objects that are to be deleted and never pushed again.
	TombstoneBody struct {
		Paths []string `json:"paths"`
	}
	// NoteBody is NoteSealed: an object of note entries. From lists note objects that it replaces.
	NoteBody struct {
		Object  Object   `json:"object"`
		Entries []Hash   `json:"entries"`
		From    []string `json:"from,omitempty"`
	}
	// ManifestBody is ManifestWritten: the person's manifest, readable by their card alone.
	ManifestBody struct {
		Object Object `json:"object"`
	}
	// AccessBody is AccessOpened and AccessRefused.
	AccessBody struct {
		Document DocumentID `json:"document,omitempty"`
		How      string     `json:"how"` // get, print, export, package, recover, show, list, deposit, edit, remove, move
		Code     Code       `json:"code,omitempty"`
	}
)

// EntryKind names what a note entry tells.
type EntryKind string

// The kinds of note entry, and who reads each: S the vault's shared readers, P the card alone (private documents),
// O the organization, T staff, I intake.
const (
	EntryPerson    EntryKind = "person"    // S: attributes of the beneficiary
	EntryConsent   EntryKind = "consent"   // S: the ISO/IEC TS 27560 record
	EntryDocument  EntryKind = "document"  // S or P: what a document is
	EntryAgent     EntryKind = "agent"     // O: an agent's name
	EntryNames     EntryKind = "names"     // T: blind index of names
	EntryRefs      EntryKind = "refs"      // I: blind index of references
	EntryDigest    EntryKind = "digest"    // I: keyed digest of a document
	EntryRecipient EntryKind = "recipient" // I: recipient and locator of a card
)

// Entry is one note entry. Its commitment is the hash of its exact JSON line; Salt keeps that from being guessed.
type Entry struct {
	Salt  string          `json:"salt"` // 128 random bits
	Kind  EntryKind       `json:"kind"`
	Event string          `json:"event"` // the event it belongs to
	Vault BeneficiaryID   `json:"vault,omitempty"`
	Data  json.RawMessage `json:"data"`
}

// Data of entries.
type (
	// PersonData holds the attributes that an event sets; absent ones stay as they were.
	PersonData struct {
		FamilyName *string   `json:"family_name,omitempty"` // at birth
		GivenName  *string   `json:"given_name,omitempty"`
		UsageName  *string   `json:"usage_name,omitempty"` // in use
		Aliases    *[]string `json:"aliases,omitempty"`
		Born       *string   `json:"born,omitempty"` // BirthDate
		BirthPlace *string   `json:"birth_place,omitempty"`
		Language   *string   `json:"language,omitempty"`
		Phone      *string   `json:"phone,omitempty"`
		Email      *string   `json:"email,omitempty"`
		Refs       *[]string `json:"refs,omitempty"` // SYSTEM:ID
	}
	// DocumentData describes a version of a document. Absent attributes of an edit stay as they were.
	DocumentData struct {
		Document     DocumentID `json:"document"`
		Type         *string    `json:"type,omitempty"`
		Title        *string    `json:"title,omitempty"`
		Holder       *string    `json:"holder,omitempty"`
		IssuedOn     *Date      `json:"issued_on,omitempty"`
		ExpiresOn    *Date      `json:"expires_on,omitempty"`
		Period       *string    `json:"period,omitempty"`
		Pages        *string    `json:"pages,omitempty"`
		Note         *string    `json:"note,omitempty"`
		OriginalSeen *bool      `json:"original_seen,omitempty"`
		SourceID     *string    `json:"source_id,omitempty"`
		ReceivedOn   *Date      `json:"received_on,omitempty"`
		FileName     *string    `json:"file_name,omitempty"`
		MediaType    *string    `json:"media_type,omitempty"`
		PageCount    *int       `json:"page_count,omitempty"` // 0 where it is not known, as the next two
		Width        *int       `json:"width,omitempty"`      // pixels, as the picture is shown
		Height       *int       `json:"height,omitempty"`
		Size         *int64     `json:"size,omitempty"`   // plaintext bytes
		Digest       *Hash      `json:"digest,omitempty"` // SHA-256 of the plaintext
	}
	// AgentData names an agent.
	AgentData struct {
		Name string `json:"name"`
	}
	// IndexData holds blind index values; see docs/format.md for what each is computed from.
	IndexData struct {
		Values []string `json:"values"`
	}
	// DigestData is the keyed digest of a document's plaintext.
	DigestData struct {
		Document DocumentID `json:"document"`
		Value    string     `json:"value"`
		SourceID string     `json:"source_id,omitempty"` // keyed digest of the source id
	}
	// RecipientData lets any depositor seal to a person.
	RecipientData struct {
		N         int    `json:"n"`
		Recipient string `json:"recipient"`
		Locator   string `json:"locator"`
	}
)

// NewEntry returns an entry for the event with a fresh salt.
func NewEntry(kind EntryKind, e *Event, data any) Entry {
	raw, err := json.Marshal(data)
	if err != nil {
		panic("marshal note entry: " + err.Error())
	}
	return Entry{Salt: NewObjectName(), Kind: kind, Event: e.ID, Vault: e.Vault, Data: raw}
}

// Line returns the exact bytes to which events commit, without a newline.
func (n *Entry) Line() []byte {
	raw, err := json.Marshal(n)
	if err != nil {
		panic("marshal note entry: " + err.Error())
	}
	return raw
}

// Commitment returns the hash of Line.
func (n *Entry) Commitment() Hash { return HashOf(n.Line()) }
