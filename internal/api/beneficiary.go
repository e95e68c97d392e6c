package api

// Routes of beneficiaries, cards and consents. B is an id or "ref:SYSTEM:ID"; names are for resolve alone.
const (
	RouteBeneficiaryAdd     = "beneficiary/add"     // Upload BeneficiaryAddRequest (+ evidence, mandate) → Beneficiary
	RouteBeneficiaryEdit    = "beneficiary/edit"    // BeneficiaryEditRequest → Beneficiary
	RouteBeneficiaryList    = "beneficiary/list"    // List BeneficiaryListRequest → Beneficiary
	RouteBeneficiaryResolve = "beneficiary/resolve" // List ResolveRequest → Beneficiary
	RouteBeneficiaryShow    = "beneficiary/show"    // BeneficiaryRequest → Beneficiary
	RouteBeneficiaryClose   = "beneficiary/close"   // CloseRequest → Beneficiary
	RouteBeneficiaryReopen  = "beneficiary/reopen"  // BeneficiaryRequest → Beneficiary
	RouteBeneficiaryErase   = "beneficiary/erase"   // Stream EraseRequest → Receipt
	RouteBeneficiaryAccess  = "beneficiary/access"  // AccessRequest → Access
	RouteCardIssue          = "card/issue"          // CardRequest → Card
	RouteConsentGive        = "consent/give"        // Upload ConsentGiveRequest (+ evidence, mandate) → Consent
	RouteConsentWithdraw    = "consent/withdraw"    // Stream WithdrawRequest → Receipt
	RouteConsentList        = "consent/list"        // List BeneficiaryRequest → Consent
	RouteConsentShow        = "consent/show"        // ConsentRequest → Consent
	RouteConsentNotice      = "consent/notice"      // NoticeRequest → Notice
)

// Parts of uploads.
const (
	PartEvidence = "evidence"
	PartMandate  = "mandate"
)

// Person holds the attributes of a beneficiary. In requests nil leaves an attribute as it is and "" clears it.
type Person struct {
	FamilyName *string   `json:"family_name,omitempty"`
	GivenName  *string   `json:"given_name,omitempty"`
	UsageName  *string   `json:"usage_name,omitempty"`
	Aliases    *[]string `json:"aliases,omitempty"`
	Born       *string   `json:"born,omitempty"` // 1985-03-14, 1985-03, 1985, 1985~, unknown
	BirthPlace *string   `json:"birth_place,omitempty"`
	Language   *string   `json:"language,omitempty"`
	Phone      *string   `json:"phone,omitempty"`
	Email      *string   `json:"email,omitempty"`
	Refs       *[]string `json:"refs,omitempty"` // SYSTEM:ID
}

// BeneficiaryAddRequest opens a vault with its first consent.
type BeneficiaryAddRequest struct {
	Person     Person       `json:"person"`
	Consent    ConsentTerms `json:"consent"`
	NoRecovery bool         `json:"no_recovery,omitempty"`
	Duplicate  bool         `json:"duplicate,omitempty"` // go on although somebody similar has a vault
	Batch      string       `json:"batch,omitempty"`
}

// ConsentTerms is what a consent says. To is "team:NAME", "agent:NAME" or an id.
type ConsentTerms struct {
	To             string `json:"to"`
	Purpose        string `json:"purpose"`
	Until          string `json:"until,omitempty"` // YYYY-MM-DD, "" until withdrawn
	On             string `json:"on,omitempty"`    // YYYY-MM-DD, "" today
	Verbal         bool   `json:"verbal,omitempty"`
	EvidenceName   string `json:"evidence_name,omitempty"` // file name of the evidence part
	GivenBy        string `json:"given_by,omitempty"`      // person, assisted, representative
	Representative string `json:"representative,omitempty"`
	MandateName    string `json:"mandate_name,omitempty"`
	Interpreter    string `json:"interpreter,omitempty"`
	ReadAloud      bool   `json:"read_aloud,omitempty"`
	Language       string `json:"language,omitempty"`     // of the notice that was read: fr, en
	CollectedBy    string `json:"collected_by,omitempty"` // who heard it, "" the agent of this workstation
}

// BeneficiaryEditRequest changes attributes.
type BeneficiaryEditRequest struct {
	Beneficiary string `json:"beneficiary"`
	Person      Person `json:"person"`
}

// BeneficiaryListRequest selects beneficiaries. Search matches names, aliases, references and ids, accents and case aside.
type BeneficiaryListRequest struct {
	Search      string `json:"search,omitempty"`
	InactiveFor string `json:"inactive_for,omitempty"` // 2y
	State       string `json:"state,omitempty"`        // open, closed, erased; "" is open and closed
}

// ResolveRequest turns what a person typed (id, ref:SYSTEM:ID or name) into candidates, the homonyms of other sites that
// the blind index finds included.
type ResolveRequest struct {
	Text string `json:"text"`
}

// BeneficiaryRequest names a beneficiary by id or ref:SYSTEM:ID.
type BeneficiaryRequest struct {
	Beneficiary string `json:"beneficiary"`
}

// CloseRequest closes a vault.
type CloseRequest struct {
	Beneficiary string `json:"beneficiary"`
	Reason      string `json:"reason"` // moved, deceased, inactive, request
}

// EraseRequest erases a vault here and on every remote. Confirm repeats the id. Card is needed where no consent lets this
// device write to the vault.
type EraseRequest struct {
	Beneficiary string `json:"beneficiary"`
	Confirm     string `json:"confirm"`
	DryRun      bool   `json:"dry_run,omitempty"`
	Wait        string `json:"wait,omitempty"` // duration to wait for the remotes, "" = 30s
	Card        string `json:"card,omitempty"` // words or identity, never logged
	Language    string `json:"language,omitempty"`
}

// Beneficiary is a person with their vault. A vault that this device cannot read has Readable false and no name.
type Beneficiary struct {
	Head
	ID         string    `json:"id"`
	Unchanged  bool      `json:"unchanged,omitempty"` // in edit: all that was said was known
	Readable   bool      `json:"readable"`
	Name       string    `json:"name,omitempty"` // to show
	FamilyName string    `json:"family_name,omitempty"`
	GivenName  string    `json:"given_name,omitempty"`
	UsageName  string    `json:"usage_name,omitempty"`
	Aliases    []string  `json:"aliases,omitempty"`
	Born       string    `json:"born,omitempty"`
	BirthPlace string    `json:"birth_place,omitempty"`
	Language   string    `json:"language,omitempty"`
	Phone      string    `json:"phone,omitempty"`
	Email      string    `json:"email,omitempty"`
	Refs       []string  `json:"refs,omitempty"`
	State      string    `json:"state"` // open, closed, erased, unconsented
	Reason     string    `json:"reason,omitempty"`
	Opened     string    `json:"opened"`
	LastSeen   string    `json:"last_seen,omitempty"`
	Card       int       `json:"card"` // number of the current card, 0 before one was issued
	NoRecovery bool      `json:"no_recovery,omitempty"`
	Consents   []Consent `json:"consents,omitempty"` // in show and add
	Documents  int       `json:"documents"`
	Expired    int       `json:"expired"`
	Soon       int       `json:"soon"`
	Shares     []Share   `json:"shares,omitempty"`              // that go on, in show
	Possible   []string  `json:"possible_duplicates,omitempty"` // ids, in add
}

// AccessRequest asks who can open a vault.
type AccessRequest struct {
	Beneficiary string `json:"beneficiary"`
	Objects     bool   `json:"objects,omitempty"`
}

// Access says who can open a vault, and per object if asked.
type Access struct {
	Head
	ID      string         `json:"id"`
	Shared  []string       `json:"shared"`           // readers of shared documents, in words
	Private []string       `json:"private"`          // readers of private documents
	Agents  []string       `json:"agents"`           // who that is today
	Shares  []Share        `json:"shares,omitempty"` // that go on
	Objects []ObjectAccess `json:"objects,omitempty"`
}

// ObjectAccess is one object's declared readers, and the stanzas counted in its header.
type ObjectAccess struct {
	Path     string   `json:"path"`
	Kind     string   `json:"kind"` // document, note, manifest, share
	Document string   `json:"document,omitempty"`
	Readers  []string `json:"readers"`
	Stanzas  int      `json:"stanzas"` // -1 where the object is not at hand
	Match    bool     `json:"match"`   // as many stanzas as readers, and the readers that the vault wants now
}

// CardRequest issues the person's card: a new key, to which everything is sealed from then on. Private documents stay
// with the card before, unless Old opens them.
type CardRequest struct {
	Beneficiary string `json:"beneficiary"`
	Old         string `json:"old,omitempty"`      // words or identity of the card before, never logged
	Language    string `json:"language,omitempty"` // of the words; "" is the person's
	Screen      string `json:"screen,omitempty"`   // of the explanations: fr, en
}

// Card is shown or printed once; the daemon keeps no secret of it.
type Card struct {
	Head
	ID       string   `json:"id"`
	Name     string   `json:"name,omitempty"`
	N        int      `json:"n"`
	Words    []string `json:"words,omitempty"`
	WordLang string   `json:"word_language"`
	Identity string   `json:"identity,omitempty"` // AGE-SECRET-KEY-PQ-1…, also in the QR
	PDF      []byte   `json:"pdf,omitempty"`
	Resealed int      `json:"resealed"`
	Left     int      `json:"left,omitempty"` // private documents that the card before alone opens
}

// ConsentGiveRequest records a further consent. With the card it counts as the person's own, and a vault that nobody else
// may open any more can be opened to a team again.
type ConsentGiveRequest struct {
	Beneficiary string       `json:"beneficiary"`
	Terms       ConsentTerms `json:"terms"`
	Card        string       `json:"card,omitempty"` // words or identity, never logged
	Batch       string       `json:"batch,omitempty"`
}

// ConsentRequest names a consent.
type ConsentRequest struct {
	Consent string `json:"consent"`
}

// WithdrawRequest withdraws a consent, or every consent of a beneficiary to one team, or all.
type WithdrawRequest struct {
	Beneficiary string `json:"beneficiary"`
	Consent     string `json:"consent,omitempty"` // one consent
	To          string `json:"to,omitempty"`      // team:NAME or agent:NAME
	DryRun      bool   `json:"dry_run,omitempty"`
	Wait        string `json:"wait,omitempty"`
	Language    string `json:"language,omitempty"`
}

// Consent is a consent record and what became of it.
type Consent struct {
	Head
	ID          string `json:"id"`
	Beneficiary string `json:"beneficiary"`
	To          string `json:"to"` // team:NAME or agent:NAME
	Purpose     string `json:"purpose"`
	State       string `json:"state"` // given, withdrawn, expired
	Given       string `json:"given"` // day
	Until       string `json:"until,omitempty"`
	Ended       string `json:"ended,omitempty"`
	Evidence    string `json:"evidence,omitempty"` // document id, "verbal"
	CollectedBy string `json:"collected_by"`
	Record      any    `json:"record,omitempty"` // ISO/IEC TS 27560 fields, in show
}

// NoticeRequest asks for the notice in a language.
type NoticeRequest struct {
	Language string `json:"language"`
	PDF      bool   `json:"pdf,omitempty"`
}

// Notice is the privacy notice whose hash enters consents.
type Notice struct {
	Head
	Language string `json:"language"`
	Version  string `json:"version"`
	Hash     string `json:"hash"` // SHA-256 of Text
	Text     string `json:"text"`
	PDF      []byte `json:"pdf,omitempty"`
}

// Receipt says what ended or is gone, and what cannot be recalled or remains. Sentences are in the caller's language.
type Receipt struct {
	Head
	ID          string          `json:"id"`
	At          string          `json:"at"` // RFC 3339
	DryRun      bool            `json:"dry_run,omitempty"`
	Ended       []string        `json:"ended,omitempty"`   // consents
	Readers     []string        `json:"readers,omitempty"` // who reads from now on
	Resealed    int             `json:"resealed"`
	ToReseal    int             `json:"to_reseal"`
	Gone        []string        `json:"gone,omitempty"`
	NotRecalled []string        `json:"not_recalled,omitempty"`
	GoesOn      []string        `json:"goes_on,omitempty"` // shares that outlast a withdrawal
	Waiting     []string        `json:"waiting,omitempty"` // teams a workstation of which has to reseal what this one cannot open
	Unseen      int             `json:"unseen,omitempty"`  // objects no longer in use that are kept until another agent's workstation has seen why
	Remotes     []RemoteReceipt `json:"remotes,omitempty"`
	Complete    bool            `json:"complete"`
}

// RemoteReceipt is what one remote confirmed.
type RemoteReceipt struct {
	Name    string `json:"name"`
	Deleted int    `json:"deleted"`
	Waiting int    `json:"waiting"`
	Kept    int    `json:"kept,omitempty"` // it does not let this workstation delete them: they wait for their owner or a custodian
	Note    string `json:"note,omitempty"` // old versions, trash, unreachable
}
