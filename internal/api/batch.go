package api

// Routes of imports and of what corrects them.
const (
	RouteImportCheck      = "import/check"      // List ImportCheckRequest → RowResult, in the order of the rows
	RouteImportDeposit    = "import/deposit"    // Exchange ImportRequest (+ row, content, row, content…) → RowResult, ImportEnd
	RouteImportPeople     = "import/people"     // Exchange ImportRequest (+ person, evidence?, mandate?, person…) → RowResult, ImportEnd
	RouteBatchList        = "batch/list"        // List BatchListRequest → Batch
	RouteBatchShow        = "batch/show"        // List BatchRequest → BatchItem
	RouteBatchUndo        = "batch/undo"        // Rows BatchUndoRequest → BatchItem, BatchUndone
	RouteBeneficiaryMerge = "beneficiary/merge" // Stream MergeRequest → Merge
)

// Parts of the uploads of imports. A content, evidence or mandate part belongs to the row part before it.
const (
	PartRow    = "row"    // ImportRow, JSON
	PartPerson = "person" // PersonRow, JSON
)

// Statuses of a row.
const (
	RowDeposited = "deposited" // a new document, or a new person
	RowExists    = "exists"    // nothing to do
	RowUpdated   = "updated"   // a new version, or other metadata or attributes
	RowRejected  = "rejected"
	RowWanted    = "wanted" // in check: send the content, which decides
)

// MaxCheck is how many rows one check may hold.
const MaxCheck = 500

// ImportRow is one document of an import. Size is the number of plaintext bytes, -1 if unknown. In a check that is a dry
// run, Beneficiary "" is somebody whose vault the import would open.
type ImportRow struct {
	Row         int64          `json:"row"` // of the manifest; comes back in the result
	Beneficiary string         `json:"beneficiary"`
	Fields      DocumentFields `json:"fields"`
	Private     bool           `json:"private,omitempty"`
	FileName    string         `json:"file_name,omitempty"` // base name, for show
	Size        int64          `json:"size"`
	File        *FileMark      `json:"file,omitempty"`   // nil where the content is not a file of its own
	Digest      string         `json:"digest,omitempty"` // SHA-256 in hex, in checks alone: makes them exact
	Split       string         `json:"split,omitempty"`  // pages to take out of the content, a PDF: "1-2,5"
	Named       string         `json:"named,omitempty"`  // path as the manifest gives it, in checks alone
	Gone        bool           `json:"gone,omitempty"`   // no file of that name is there, in checks alone
}

// FileMark is how a file looked before it was read. While it looks the same it need not be read again.
type FileMark struct {
	Path    string `json:"path"` // absolute; the daemon keeps a keyed digest of it
	Size    int64  `json:"size"`
	ModTime int64  `json:"mod_time"`         // ns since 1970
	Change  int64  `json:"change,omitempty"` // ns since 1970, of the inode; 0 where the system has none
	Inode   uint64 `json:"inode,omitempty"`  // 0 where the system has none
}

// PersonRow is one person of an import, with the consent that they gave. Person.Refs must hold at least one reference;
// the first identifies.
type PersonRow struct {
	Row        int64         `json:"row"`
	Person     Person        `json:"person"`
	Consent    *ConsentTerms `json:"consent,omitempty"` // nil where the row says nothing of a consent
	NoRecovery bool          `json:"no_recovery,omitempty"`
}

// ImportRequest begins one lane of an import; an import may have several with the same batch.
type ImportRequest struct {
	Batch  string `json:"batch"`
	Update bool   `json:"update,omitempty"`  // change metadata or attributes that differ
	DryRun bool   `json:"dry_run,omitempty"` // people alone: say what would happen
}

// ImportCheckRequest asks what would become of rows without their content. With Update and without DryRun, metadata of
// documents that are there is changed at once. With Clearing, the rows whose documents are verified on every remote are
// remembered as ones whose files went since they were imported: asked about again, by the same manifest and saying the
// same, they are known although the file is gone.
type ImportCheckRequest struct {
	Batch    string      `json:"batch,omitempty"`
	Update   bool        `json:"update,omitempty"`
	DryRun   bool        `json:"dry_run,omitempty"`
	Clearing bool        `json:"clearing,omitempty"`
	Manifest string      `json:"manifest,omitempty"` // names it for this account; "" where the files themselves are the manifest
	Rows     []ImportRow `json:"rows"`
}

// RowResult is what became of a row.
type RowResult struct {
	Head
	Row         int64    `json:"row"`
	Status      string   `json:"status"`
	Document    string   `json:"document,omitempty"`
	Beneficiary string   `json:"beneficiary,omitempty"`
	Consent     string   `json:"consent,omitempty"`
	Code        string   `json:"code,omitempty"` // of a rejection: an error code, superseded or removed; of exists: differs
	Message     string   `json:"message,omitempty"`
	Hint        string   `json:"hint,omitempty"`
	Differs     []string `json:"differs,omitempty"`  // names of what the row says otherwise
	Possible    []string `json:"possible,omitempty"` // ids of persons who may be the same
	OnRemote    bool     `json:"on_remote,omitempty"`
	DryRun      bool     `json:"dry_run,omitempty"`
}

// ImportEnd closes a lane.
type ImportEnd struct {
	Rows int64 `json:"rows"`
}

// BatchListRequest selects batches, newest first. Since is a day or "30d"; "" is all.
type BatchListRequest struct {
	Since string `json:"since,omitempty"`
	Agent string `json:"agent,omitempty"`
}

// BatchRequest names a batch.
type BatchRequest struct {
	Batch string `json:"batch"`
}

// Batch is one run of an import, as the journals of the vaults tell it.
type Batch struct {
	Head
	ID        string `json:"id"`
	Begun     string `json:"begun"` // RFC 3339, of its first event
	Ended     string `json:"ended"` // of its last
	Agent     string `json:"agent"`
	Documents int    `json:"documents"` // deposited
	Versions  int    `json:"versions"`  // new versions of documents
	People    int    `json:"people"`    // vaults opened
	Consents  int    `json:"consents"`  // consents recorded
	Removed   int    `json:"removed"`   // of the documents, since
}

// States of what a batch did.
const (
	ItemThere     = "there"     // as the batch left it
	ItemChanged   = "changed"   // replaced or edited since
	ItemRemoved   = "removed"   // of documents
	ItemClosed    = "closed"    // of vaults
	ItemWithdrawn = "withdrawn" // of consents
	ItemExpired   = "expired"   // of consents
	ItemErased    = "erased"    // with its vault
	ItemUndone    = "undone"    // in undo; with DryRun: would be
	ItemLeft      = "left"      // in undo
)

// BatchItem is one thing that a batch did, or what became of it in an undo.
type BatchItem struct {
	Head
	Batch        string `json:"batch"`
	What         string `json:"what"` // document, version, vault, consent
	ID           string `json:"id"`
	Beneficiary  string `json:"beneficiary"`
	Name         string `json:"name,omitempty"`
	DocumentType string `json:"document_type,omitempty"`
	Title        string `json:"title,omitempty"`
	State        string `json:"state"`          // see below; in undo: undone, left
	Seen         []Seen `json:"seen,omitempty"` // who had it in the clear since
	Code         string `json:"code,omitempty"` // why it was left
	Message      string `json:"message,omitempty"`
	DryRun       bool   `json:"dry_run,omitempty"`
}

// BatchUndoRequest undoes a batch: the documents that it deposited are removed, the consents that it recorded withdrawn,
// and the vaults that it opened closed where nothing else has come into them.
type BatchUndoRequest struct {
	Batch  string `json:"batch"`
	DryRun bool   `json:"dry_run,omitempty"`
}

// BatchUndone sums an undo up.
type BatchUndone struct {
	Head
	ID     string `json:"id"`
	Undone int    `json:"undone"` // with DryRun: would be
	Left   int    `json:"left"`
	Before int    `json:"before"` // undone, removed or ended already
	// Waiting is how many objects no longer in use that are kept until another agent's workstation has seen why.
	Waiting int  `json:"waiting,omitempty"`
	DryRun  bool `json:"dry_run,omitempty"`
}

// MergeRequest moves everything of Duplicate into Into, and closes Duplicate.
type MergeRequest struct {
	Duplicate string `json:"duplicate"`
	Into      string `json:"into"`
	DryRun    bool   `json:"dry_run,omitempty"`
}

// Merge is the outcome of a merge.
type Merge struct {
	Head
	Duplicate string         `json:"duplicate"`
	Into      string         `json:"into"`
	Documents int            `json:"documents"`       // moved
	Same      int            `json:"same"`            // that the other vault held already
	Consents  int            `json:"consents"`        // of the duplicate, to those who read the other vault too
	Lacks     []string       `json:"lacks,omitempty"` // whom the duplicate consented to and the other vault does not
	Gains     []string       `json:"gains,omitempty"` // who reads the other vault, and now these documents as well
	Refs      []string       `json:"refs,omitempty"`
	Names     []string       `json:"names,omitempty"`   // kept as aliases
	Differs   []string       `json:"differs,omitempty"` // what contradicts: born
	Left      []LeftDocument `json:"left,omitempty"`
	Closed    bool           `json:"closed"`            // false where something was left
	Seen      []Seen         `json:"seen,omitempty"`    // who had the documents in the clear meanwhile
	Waiting   int            `json:"waiting,omitempty"` // objects no longer in use that are kept until another agent's workstation has seen why
	DryRun    bool           `json:"dry_run,omitempty"`
}

// LeftDocument is a document that could not be moved, and why.
type LeftDocument struct {
	Document string `json:"document"`
	Code     string `json:"code"`
	Message  string `json:"message"`
}
