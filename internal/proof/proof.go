// Package proof makes and checks proofs of deposit: what a workstation of an organization attests of a document, with the
// certificates that lead from it to the organization's root. A proof is checked with nothing but the file, the proof and the
// fingerprint of the root: no store, no network, no age.
//
// docs/proof.md says what a proof shows and what it does not, and holds the format; test vectors are in testdata/vectors.
package proof

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"io"
	"time"

	"vaultctl/internal/vault"
)

const (
	version = 1
	kind    = "document_proof"
	// MaxSize bounds a proof, in bytes.
	MaxSize = 1 << 20
	// maxChain bounds the certificates between the root and a workstation.
	maxChain = 64
)

// Proof is a proof as it is written to a file.
type Proof struct {
	V            int           `json:"v"`
	Type         string        `json:"type"`
	Statement    string        `json:"statement"`       // what is attested, see Statement
	Key          string        `json:"key"`             // of the workstation that attests it, base64
	Sig          string        `json:"sig"`             // by that key over the statement, base64
	Certificates []Certificate `json:"certificates"`    // from the root to that workstation
	Root         string        `json:"root"`            // the organization's first root key, base64
	Roots        []string      `json:"roots,omitempty"` // the notes of its successors, see docs/format.md, the second root's first
}

// Certificate is the event that enrolled a workstation, as far as a signature of its own goes: by the root, which the
// workstation wrote itself, or by the administrator's workstation that wrote it.
type Certificate struct {
	By        string `json:"by"`        // public key of who signed, base64
	Statement string `json:"statement"` // of the event, see docs/format.md
	Body      string `json:"body"`      // of the event, in its canonical form
	Sig       string `json:"sig"`       // base64
}

// Statement is what a proof attests. Names are as the organization writes them; days and times are those of the workstations'
// clocks.
type Statement struct {
	Org          vault.OrgID
	Organization string
	Document     vault.DocumentID
	Version      int
	Event        string // id of the event that deposited this version
	Writer       vault.WriterID
	Seq          uint64
	Commitment   vault.Hash // to the description in that event; "" where it is not known
	Digest       vault.Hash // SHA-256 of the plaintext
	Size         int64      // bytes of the plaintext
	Deposited    time.Time
	Agent        vault.AgentID // who deposited it; "" for a workstation without an agent
	AgentName    string
	Device       vault.DeviceID // on which
	OriginalSeen bool           // the agent noted that they saw the original
	Issued       time.Time
	Issuer       vault.AgentID // who had the proof made
	IssuerName   string
	By           vault.DeviceID // on which
}

// Sign returns the proof of a statement. The certificates lead from a root to the device of key; root is the public key of the
// organization's first, and roots are the notes of its successors.
func Sign(s *Statement, key ed25519.PrivateKey, certificates []Certificate, root string, roots []string) *Proof {
	text := s.text()
	return &Proof{V: version, Type: kind, Statement: string(text), Key: encode(key.Public().(ed25519.PublicKey)), Sig: encode(ed25519.Sign(key, text)),
		Certificates: certificates, Root: root, Roots: roots}
}

// Certified returns the certificate that an event is, written by a device and cosigned by a key; false where that key did not
// sign it.
func Certified(ev *vault.Event, org vault.OrgID, by vault.DeviceID, key string) (Certificate, bool) {
	body, err := json.Marshal(ev.Body) // the form that the statement has the hash of
	if err != nil {
		return Certificate{}, false
	}
	for _, c := range ev.Cosigned {
		one := *ev
		one.Cosigned = []vault.Cosignature{c}
		if one.CosignedBy(org, by, key) {
			return Certificate{By: key, Statement: string(ev.Statement(org, by)), Body: string(body), Sig: c.Sig}, true
		}
	}
	return Certificate{}, false
}

// Bytes returns the proof as a file.
func (p *Proof) Bytes() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(p); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// Parse reads a proof without checking it. Errors have vault.CodeInvalid for what is no proof, vault.CodeUpgrade for a later
// version.
func Parse(r io.Reader) (*Proof, error) {
	raw, err := io.ReadAll(io.LimitReader(r, MaxSize+1))
	if err != nil {
		return nil, err
	}
	var head struct {
		V    int    `json:"v"`
		Type string `json:"type"`
	}
	if len(raw) > MaxSize || json.Unmarshal(raw, &head) != nil || head.Type != kind || head.V < 1 {
		return nil, vault.Errorf(vault.CodeInvalid, "this is no proof of vaultctl")
	}
	if head.V > version {
		return nil, vault.Errorf(vault.CodeUpgrade, "the proof was made by a newer version: upgrade")
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	var p Proof
	if err := d.Decode(&p); err != nil {
		return nil, errAltered(vault.Errorf(vault.CodeIntegrity, "its members are not those of a proof"))
	}
	return &p, nil
}

func encode(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

// decode undoes encode, and takes nothing else.
func decode(s string, size int) ([]byte, bool) {
	raw, err := base64.StdEncoding.DecodeString(s)
	return raw, err == nil && len(raw) == size && encode(raw) == s
}

func errAltered(what error) error {
	return vault.Errorf(vault.CodeIntegrity, "the proof was altered: %w", what)
}
