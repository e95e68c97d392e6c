package api

// Routes of shares.
const (
	RouteShareAdd    = "share/add"    // Upload ShareAddRequest (+ evidence, mandate) → Share
	RouteShareList   = "share/list"   // List ShareListRequest → Share
	RouteShareShow   = "share/show"   // ShareRequest → Share
	RouteShareRevoke = "share/revoke" // Stream ShareRevokeRequest → Receipt
	RouteShareGet    = "share/get"    // Download ShareGetRequest → ShareFile
	RouteShareLink   = "share/link"   // List ShareLinkRequest → ShareLink
)

// ShareCover is the Document of a ShareGetRequest that means what goes along with the copies: what they are and what for.
const ShareCover = "cover"

// ShareAddRequest shares documents of one beneficiary. Terms.To is partner:NAME, team:NAME, agent:NAME or an id, and
// Terms.Until is needed. Terms says how the person agreed. Private documents need the card.
type ShareAddRequest struct {
	Beneficiary string       `json:"beneficiary"`
	Documents   []string     `json:"documents"`
	Terms       ConsentTerms `json:"terms"`
	Card        string       `json:"card,omitempty"`      // words or identity, never logged
	Package     bool         `json:"package,omitempty"`   // a package is wanted: refuse what share/package would refuse
	Link        bool         `json:"link,omitempty"`      // public links are wanted: refuse where no storage makes them
	Procedure   string       `json:"procedure,omitempty"` // code of what it is for
	DryRun      bool         `json:"dry_run,omitempty"`
	Language    string       `json:"language,omitempty"` // of sentences: fr, en
}

// ShareLinkRequest asks for public links to the sealed copies of a share, once they are on the storage. Wait bounds how long that may
// take.
type ShareLinkRequest struct {
	Share string `json:"share"`
	Wait  string `json:"wait,omitempty"`
}

// ShareLink is a link under which everybody reads one sealed copy until the share ends, or the service's own limit.
type ShareLink struct {
	Head
	Share    string `json:"share"`
	Document string `json:"document"`
	FileName string `json:"file_name"`
	URL      string `json:"url"`
	Until    string `json:"until"` // RFC 3339
}

// ShareListRequest selects shares: of one beneficiary, or of every vault. Received selects instead those that were sealed to
// a team of this device's agent.
type ShareListRequest struct {
	Beneficiary string `json:"beneficiary,omitempty"`
	Received    bool   `json:"received,omitempty"`
	All         bool   `json:"all,omitempty"` // those that have ended too
}

// ShareRequest names a share.
type ShareRequest struct {
	Share    string `json:"share"`
	Language string `json:"language,omitempty"` // of sentences: fr, en
}

// ShareRevokeRequest ends a share. With the card the person does it themselves.
type ShareRevokeRequest struct {
	Share    string `json:"share"`
	Card     string `json:"card,omitempty"`
	DryRun   bool   `json:"dry_run,omitempty"`
	Wait     string `json:"wait,omitempty"`
	Language string `json:"language,omitempty"`
}

// ShareGetRequest takes one copy of a share: opened, where it was sealed to a team of this device's agent, or Sealed as it
// is on the remote. Document is an id, or ShareCover.
type ShareGetRequest struct {
	Share    string `json:"share"`
	Document string `json:"document"`
	Sealed   bool   `json:"sealed,omitempty"`
}

// ShareFile is known of a copy before its bytes flow.
type ShareFile struct {
	Head
	Share     string `json:"share"`
	Document  string `json:"document"`
	FileName  string `json:"file_name"` // <share>-<n>.<ext>, with .age where it is sealed
	MediaType string `json:"media_type,omitempty"`
	Size      int64  `json:"size"` // bytes that follow
	Sealed    bool   `json:"sealed"`
}

// Share is a share with what became of it. What it is about is told to readers of the vault, and to those who received it.
type Share struct {
	Head
	ID          string       `json:"id"`
	Beneficiary string       `json:"beneficiary"`
	Name        string       `json:"name,omitempty"` // the beneficiary's
	To          string       `json:"to"`             // partner:NAME, team:NAME or agent:NAME
	Key         string       `json:"key"`            // hybrid, classic, passphrase, team
	Purpose     string       `json:"purpose"`
	State       string       `json:"state"` // active, expired, revoked, ended
	Shared      string       `json:"shared"`
	SharedBy    string       `json:"shared_by"`
	Until       string       `json:"until"` // last day
	Ended       string       `json:"ended,omitempty"`
	EndedBy     string       `json:"ended_by,omitempty"`
	Evidence    string       `json:"evidence"` // document id, "verbal"
	Documents   []SharedFile `json:"documents"`
	Received    bool         `json:"received,omitempty"` // it was sealed to a team of this device's agent
	OnRemote    bool         `json:"on_remote"`          // every copy was verified on every remote
	Record      any          `json:"record,omitempty"`   // what the person agreed to, in ISO/IEC TS 27560 fields; in show
	DryRun      bool         `json:"dry_run,omitempty"`
	// Summary says in one sentence who is able to see what until when; in add and show.
	Summary string `json:"summary,omitempty"`
	// Passphrase is in the answer to add and nowhere else: the daemon does not keep it.
	Passphrase string          `json:"passphrase,omitempty"`
	Copies     []string        `json:"copies,omitempty"`  // in add and show: what becomes of the copies, in sentences
	Remotes    []RemoteReceipt `json:"remotes,omitempty"` // in show of a share that has ended
	Complete   bool            `json:"complete,omitempty"`
}

// SharedFile is one document of a share. Of a private one it is not said what it is.
type SharedFile struct {
	Document     string `json:"document"`
	DocumentType string `json:"document_type,omitempty"`
	Title        string `json:"title,omitempty"`
	Holder       string `json:"holder,omitempty"`
	IssuedOn     string `json:"issued_on,omitempty"`
	Period       string `json:"period,omitempty"`
	MediaType    string `json:"media_type,omitempty"`
	FileName     string `json:"file_name,omitempty"` // of the sealed copy
	Size         int64  `json:"size,omitempty"`      // bytes of the document
	Digest       string `json:"digest,omitempty"`    // SHA-256 of the document
	Path         string `json:"path"`                // of the sealed copy on the remotes
	Sealed       int64  `json:"sealed"`              // bytes of the sealed copy
	Withheld     bool   `json:"withheld,omitempty"`  // it was removed or made private since: its copy is gone
}
