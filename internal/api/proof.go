package api

import "encoding/json"

// RouteDocumentProof makes a proof of deposit.
const RouteDocumentProof = "document/proof" // DocumentProofRequest → DocumentProof

// DocumentProofRequest asks for a proof that a document was deposited. A private one needs the card.
type DocumentProofRequest struct {
	Document string `json:"document"`
	Card     string `json:"card,omitempty"` // words or identity, never logged
	PDF      bool   `json:"pdf,omitempty"`
	Language string `json:"language,omitempty"` // of the page: fr, en
}

// DocumentProof is a proof of deposit.
type DocumentProof struct {
	Head
	Document    string          `json:"document"`
	Digest      string          `json:"digest"`      // SHA-256 of the document
	Fingerprint string          `json:"fingerprint"` // of the root that the proof leads to
	Proof       json.RawMessage `json:"proof"`       // docs/proof.md
	PDF         []byte          `json:"pdf,omitempty"`
}

// ProofCheck is a proof that holds, as verify shows it. Times are RFC 3339.
type ProofCheck struct {
	Head
	Document     string   `json:"document"`
	Version      int      `json:"version"`
	Digest       string   `json:"digest"`
	Size         int64    `json:"size"`
	OrgID        string   `json:"org"`
	Organization string   `json:"organization"`
	Fingerprint  string   `json:"fingerprint"`
	Deposited    string   `json:"deposited"`
	DepositedBy  string   `json:"deposited_by,omitempty"`
	Device       string   `json:"device"`
	OriginalSeen bool     `json:"original_seen"`
	Issued       string   `json:"issued"`
	IssuedBy     string   `json:"issued_by,omitempty"`
	Chain        []string `json:"chain"` // workstations from the one that the root certified to the one that attests
}
