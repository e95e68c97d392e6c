package api

// Routes of documents.
const (
	RouteDocumentAdd     = "document/add"     // Upload DocumentAddRequest (+ content) → Document
	RouteDocumentPages   = "document/pages"   // Upload DocumentPagesRequest (+ content) → DocumentPages
	RouteDocumentReplace = "document/replace" // Upload DocumentReplaceRequest (+ content) → Document
	RouteDocumentList    = "document/list"    // List DocumentListRequest → Document
	RouteDocumentShow    = "document/show"    // DocumentRequest → Document
	RouteDocumentGet     = "document/get"     // Download GetRequest → Document
	RouteDocumentEdit    = "document/edit"    // DocumentEditRequest → Document
	RouteDocumentMove    = "document/move"    // Stream MoveRequest → Document
	RouteDocumentRemove  = "document/remove"  // DocumentRequest → Document
)

// DocumentFields describe a document. In requests nil leaves a field as it is and "" clears it.
type DocumentFields struct {
	Type         *string `json:"type,omitempty"` // code or alias
	Title        *string `json:"title,omitempty"`
	Holder       *string `json:"holder,omitempty"`
	IssuedOn     *string `json:"issued_on,omitempty"`  // YYYY-MM-DD
	ExpiresOn    *string `json:"expires_on,omitempty"` // YYYY-MM-DD
	Period       *string `json:"period,omitempty"`     // YYYY or YYYY-MM
	Pages        *string `json:"pages,omitempty"`
	Note         *string `json:"note,omitempty"`
	OriginalSeen *bool   `json:"original_seen,omitempty"`
	SourceID     *string `json:"source_id,omitempty"`
	ReceivedOn   *string `json:"received_on,omitempty"` // YYYY-MM-DD; today if absent in add
	PageCount    *int    `json:"page_count,omitempty"`  // of the content, as far as the client can tell; 0 is unknown
	Width        *int    `json:"width,omitempty"`       // pixels, as the picture is shown
	Height       *int    `json:"height,omitempty"`
}

// Measured fills in what the headers of the content say; 0 is unknown.
func (f *DocumentFields) Measured(pages, width, height int) {
	for to, n := range map[**int]int{&f.PageCount: pages, &f.Width: width, &f.Height: height} {
		if n > 0 {
			*to = &n
		}
	}
}

// DocumentAddRequest deposits a document; its bytes are the content part.
type DocumentAddRequest struct {
	Beneficiary string         `json:"beneficiary"`
	Fields      DocumentFields `json:"fields"`
	Private     bool           `json:"private,omitempty"`
	FileName    string         `json:"file_name,omitempty"` // base name, for show
	Size        int64          `json:"size,omitempty"`      // plaintext bytes if known, -1 else; checked when ≥ 0
	Batch       string         `json:"batch,omitempty"`
	Split       string         `json:"split,omitempty"` // pages to take out of the content, a PDF: "1-2,5"; Size is of the whole
	DryRun      bool           `json:"dry_run,omitempty"`
}

// DocumentPagesRequest asks how many pages a PDF has; its bytes are the content part.
type DocumentPagesRequest struct {
	Size int64 `json:"size,omitempty"` // bytes if known, -1 else; checked when ≥ 0
}

// DocumentPages is what is known of the pages of a PDF.
type DocumentPages struct {
	Head
	Pages int `json:"pages"`
}

// DocumentReplaceRequest deposits a new version.
type DocumentReplaceRequest struct {
	Document string         `json:"document"`
	Fields   DocumentFields `json:"fields"`
	FileName string         `json:"file_name,omitempty"`
	Size     int64          `json:"size,omitempty"`
	DryRun   bool           `json:"dry_run,omitempty"` // read the content, and say what would happen
}

// Seen is one who had a document in the clear, and how.
type Seen struct {
	Agent string `json:"agent"`
	Act   string `json:"act"` // get, print, share, export, recover
	At    string `json:"at"`  // RFC 3339, of the last time
}

// DocumentListRequest selects documents: of one beneficiary, or of every vault that this device reads.
type DocumentListRequest struct {
	Beneficiary    string `json:"beneficiary,omitempty"`
	ExpiringWithin string `json:"expiring_within,omitempty"` // 30d; expired ones are included
	Type           string `json:"type,omitempty"`
	All            bool   `json:"all,omitempty"` // consent evidence and removed documents too
}

// DocumentRequest names a document.
type DocumentRequest struct {
	Document string `json:"document"`
}

// GetRequest opens a document. Card is needed for private ones: words or identity, never logged.
type GetRequest struct {
	Document string `json:"document"`
	How      string `json:"how"` // get, print
	Card     string `json:"card,omitempty"`
}

// DocumentEditRequest changes what is said of a document, or its space. Making a private document shared needs the card.
type DocumentEditRequest struct {
	Document string         `json:"document"`
	Fields   DocumentFields `json:"fields"`
	Space    string         `json:"space,omitempty"` // shared, private
	Card     string         `json:"card,omitempty"`
}

// MoveRequest moves a document to another beneficiary.
type MoveRequest struct {
	Document string `json:"document"`
	To       string `json:"to"`
	DryRun   bool   `json:"dry_run,omitempty"`
}

// Document is a document as lists and show give it. A private document has no description without the card.
type Document struct {
	Head
	ID           string   `json:"id"`
	Beneficiary  string   `json:"beneficiary"`
	Name         string   `json:"name,omitempty"` // the beneficiary's, in lists across vaults
	DocumentType string   `json:"document_type,omitempty"`
	Title        string   `json:"title,omitempty"`
	Space        string   `json:"space"`
	State        string   `json:"state"` // valid, soon, expired, undated; removed
	IssuedOn     string   `json:"issued_on,omitempty"`
	ExpiresOn    string   `json:"expires_on,omitempty"`
	Period       string   `json:"period,omitempty"`
	Holder       string   `json:"holder,omitempty"`
	Pages        string   `json:"pages,omitempty"`
	Note         string   `json:"note,omitempty"`
	OriginalSeen bool     `json:"original_seen"`
	SourceID     string   `json:"source_id,omitempty"`
	Batch        string   `json:"batch,omitempty"`
	ReceivedOn   string   `json:"received_on,omitempty"`
	DepositedBy  string   `json:"deposited_by,omitempty"`
	Deposited    string   `json:"deposited"` // RFC 3339
	FileName     string   `json:"file_name,omitempty"`
	MediaType    string   `json:"media_type,omitempty"`
	PageCount    int      `json:"page_count,omitempty"`
	Width        int      `json:"width,omitempty"` // pixels, as the picture is shown
	Height       int      `json:"height,omitempty"`
	Size         int64    `json:"size"`
	Digest       string   `json:"digest,omitempty"` // SHA-256 of the plaintext
	Versions     int      `json:"versions"`
	Evidence     string   `json:"evidence,omitempty"` // consent that it proves
	Status       string   `json:"status,omitempty"`   // in add: deposited, exists
	OnRemote     bool     `json:"on_remote"`          // verified on every remote
	Differs      []string `json:"differs,omitempty"`  // in add: fields that were said otherwise of what exists; nothing changed
	Merged       bool     `json:"merged,omitempty"`   // in move: the target held the bytes already, as this document
	Opened       []string `json:"opened,omitempty"`   // in move: who opened it meanwhile
	Seen         []Seen   `json:"seen,omitempty"`     // in move and replace: who had it in the clear, and how
	Waiting      int      `json:"waiting,omitempty"`  // in remove, replace and move: objects no longer in use that are kept until another agent's workstation has seen why
	DryRun       bool     `json:"dry_run,omitempty"`
}
