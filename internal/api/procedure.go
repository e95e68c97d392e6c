package api

// RouteProcedureCheck compares what a vault holds with what a procedure asks for.
const RouteProcedureCheck = "procedure/check" // ProcedureCheckRequest → ProcedureCheck

// ProcedureCheckRequest asks which papers of a procedure a person has.
type ProcedureCheckRequest struct {
	Beneficiary string `json:"beneficiary"`
	Procedure   string `json:"procedure"`        // code, name or alias
	Within      string `json:"within,omitempty"` // what will do no more within 30d is said to be expiring; "" as configured
	Card        string `json:"card,omitempty"`   // words or identity, never logged: private documents are looked at too
}

// ProcedureCheck says whether a file is complete.
type ProcedureCheck struct {
	Head
	Beneficiary string           `json:"beneficiary"`
	Procedure   string           `json:"procedure"` // code
	French      string           `json:"fr"`
	English     string           `json:"en"`
	On          string           `json:"on"` // YYYY-MM-DD, the day of the check
	Complete    bool             `json:"complete"`
	Pieces      []ProcedurePiece `json:"pieces"`    // in the procedure's order
	Documents   []string         `json:"documents"` // exactly those to hand in, in that order, none twice
	Unseen      int              `json:"unseen"`    // private documents that nobody looked at
}

// ProcedurePiece is what there is of one piece.
type ProcedurePiece struct {
	Code      string              `json:"code"`
	French    string              `json:"fr"`
	English   string              `json:"en"`
	IfFrench  string              `json:"if_fr,omitempty"` // what it depends on, which nobody but a person knows
	IfEnglish string              `json:"if_en,omitempty"`
	Required  bool                `json:"required"` // false where it depends on something
	State     string              `json:"state"`    // present, expiring, incomplete, missing, too_old, expired, too_recent, undated, future, no_period, other_name
	Needed    int                 `json:"needed"`   // documents, or months of a series
	Documents []ProcedureDocument `json:"documents"`
	Others    []string            `json:"others,omitempty"` // documents that would do as well
	Until     string              `json:"until,omitempty"`  // last day on which they will do
	AnyOf     []string            `json:"any_of"`           // types of which one will do
	MaxAges   map[string]string   `json:"max_ages,omitempty"`
	MinAge    string              `json:"min_age,omitempty"`
	Unfit     []ProcedureUnfit    `json:"unfit,omitempty"`
	Months    []string            `json:"months,omitempty"` // of a series, YYYY-MM
	Absent    []string            `json:"absent,omitempty"` // those of them that no document covers
	NoteFR    string              `json:"note_fr,omitempty"`
	NoteEN    string              `json:"note_en,omitempty"`
}

// ProcedureDocument is a document that will do.
type ProcedureDocument struct {
	ID           string `json:"id"`
	DocumentType string `json:"document_type"`
	Title        string `json:"title,omitempty"`
	IssuedOn     string `json:"issued_on,omitempty"`
	ExpiresOn    string `json:"expires_on,omitempty"`
	Period       string `json:"period,omitempty"`
	Digest       string `json:"digest,omitempty"` // SHA-256 of the plaintext
}

// ProcedureUnfit is a document of a right type that will not do.
type ProcedureUnfit struct {
	ID           string `json:"id"`
	DocumentType string `json:"document_type"`
	Why          string `json:"why"`             // too_old, expired, too_recent, undated, future, no_period, other_name
	Since        string `json:"since,omitempty"` // first day on which it would not do; of too_recent the first on which it will
	Limit        string `json:"limit,omitempty"` // the age that counts: 3mo
}
