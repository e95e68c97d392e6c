package api

// Routes of the root.
const (
	RouteRootNew    = "root/new"    // RootNewRequest → RootKey
	RouteRootRotate = "root/rotate" // Stream RootRotateRequest → RootChange
)

// RootNewRequest makes the words of a next root. RootWords are those of the root so far.
type RootNewRequest struct {
	RootWords string `json:"root_words"`
	Language  string `json:"language"` // of words and page: fr, en
}

// RootKey is a root that is not the organization's yet. It is shown once; the daemon does not keep it.
type RootKey struct {
	Head
	N           int      `json:"n"` // how many there will have been
	Fingerprint string   `json:"fingerprint"`
	RootWords   []string `json:"root_words,omitempty"` // 24 BIP-39 words
	Sheets      []byte   `json:"sheets,omitempty"`     // PDF of the words
}

// RootRotateRequest puts the root of the new words in the place of the one so far.
type RootRotateRequest struct {
	RootWords string `json:"root_words"`
	NewWords  string `json:"new_words,omitempty"` // "" with DryRun alone
	DryRun    bool   `json:"dry_run,omitempty"`
}

// RootChange is a new root in the place of another.
type RootChange struct {
	Head
	N           int    `json:"n"`
	Fingerprint string `json:"fingerprint,omitempty"`
	Before      string `json:"before"`           // fingerprint of the root so far
	Queued      bool   `json:"queued,omitempty"` // the remote does not hold it yet
	DryRun      bool   `json:"dry_run,omitempty"`
}
