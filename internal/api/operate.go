package api

// Routes of operation.
const (
	RouteSync          = "sync/run"       // Stream SyncRequest → SyncResult
	RouteVerify        = "verify/run"     // Stream VerifyRequest → VerifyResult; findings as items
	RouteDoctor        = "doctor/run"     // List Empty → Finding
	RouteJournalList   = "journal/list"   // List JournalRequest → JournalEntry
	RouteJournalVerify = "journal/verify" // Empty → VerifyResult
	RouteJournalExport = "journal/export" // Download JournalExportRequest → Empty
	RouteExport        = "export/run"     // Download ExportRequest → ExportMeta
	RouteRecover       = "recover/run"    // Download RecoverRequest → Empty; body is a tar stream
)

// SyncRequest pushes what is queued, and pulls. Wait bounds how long the call waits for the remotes; "" does not wait.
type SyncRequest struct {
	Wait string `json:"wait,omitempty"` // duration, or "forever"
}

// SyncResult says what is where after a sync.
type SyncResult struct {
	Head
	Pushed  int            `json:"pushed"`
	Pulled  int            `json:"pulled"` // segments of other writers
	Queued  int            `json:"queued"`
	Late    int            `json:"late"`              // of those queued, what was there when the call was made; none where it waited to the end
	Waiting int            `json:"waiting,omitempty"` // objects no longer in use that are kept until another agent's workstation has seen why
	Remotes []RemoteStatus `json:"remotes"`
}

// VerifyRequest checks chains, signatures and objects. Deep downloads and opens everything that this device reads.
type VerifyRequest struct {
	Deep bool `json:"deep,omitempty"`
}

// VerifyResult counts what was checked.
type VerifyResult struct {
	Head
	Segments int       `json:"segments"`
	Events   int       `json:"events"`
	Objects  int       `json:"objects"`
	Missing  int       `json:"missing"`
	Altered  int       `json:"altered"`
	Findings []Finding `json:"findings,omitempty"`
}

// JournalRequest selects journal entries of a beneficiary, or of all vaults.
type JournalRequest struct {
	Beneficiary string `json:"beneficiary,omitempty"`
	Agent       string `json:"agent,omitempty"`
	Since       string `json:"since,omitempty"` // YYYY-MM-DD
	Language    string `json:"language,omitempty"`
}

// JournalEntry is one operation. Text is a plain sentence in the caller's language.
type JournalEntry struct {
	Head
	At          string `json:"at"` // RFC 3339
	Event       string `json:"event"`
	EventType   string `json:"event_type"`
	Agent       string `json:"agent,omitempty"`
	Device      string `json:"device"`
	Beneficiary string `json:"beneficiary,omitempty"`
	Document    string `json:"document,omitempty"`
	Consent     string `json:"consent,omitempty"`
	Share       string `json:"share,omitempty"`
	Text        string `json:"text"`
	Writer      string `json:"writer"`
	Seq         uint64 `json:"seq"`
	Quarantined string `json:"quarantined,omitempty"` // reason why it was not applied
}

// JournalExportRequest asks for the journal as a file: csv, jsonl, txt or pdf. With ReadersOn it is who could read the vault on that
// day instead.
type JournalExportRequest struct {
	JournalRequest
	Format    string `json:"format"`
	ReadersOn string `json:"readers_on,omitempty"` // YYYY-MM-DD
}

// VaultReader is somebody who could read the shared documents of a vault, and through what.
type VaultReader struct {
	Head
	Who         string `json:"who"`               // agent, card, recovery, share
	Agent       string `json:"agent,omitempty"`   // name
	Team        string `json:"team,omitempty"`    // name
	Consent     string `json:"consent,omitempty"` // id
	Purpose     string `json:"purpose,omitempty"` // code
	Beneficiary string `json:"beneficiary"`
	From        string `json:"from"`            // RFC 3339
	Until       string `json:"until,omitempty"` // RFC 3339; "" while it lasts
	Text        string `json:"text"`
}

// ExportRequest takes everything of one person away. Card adds private documents.
type ExportRequest struct {
	Beneficiary string `json:"beneficiary"`
	Card        string `json:"card,omitempty"`
	SealTo      string `json:"seal_to,omitempty"`    // "", card, passphrase
	Passphrase  string `json:"passphrase,omitempty"` // for SealTo passphrase
	Language    string `json:"language,omitempty"`
}

// ExportMeta is known before the bytes flow.
type ExportMeta struct {
	Head
	ID        string `json:"id"`
	FileName  string `json:"file_name"`
	Documents int    `json:"documents"`
	Skipped   int    `json:"skipped"` // private ones, without the card
}

// RecoverRequest reads a remote with nothing but a secret: the recovery shares or identity, or one person's card.
type RecoverRequest struct {
	Remote  string   `json:"remote"`
	Conf    string   `json:"conf,omitempty"`
	Secrets []string `json:"secrets"`
}
