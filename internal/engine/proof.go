package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	attest "vaultctl/internal/proof"
	"vaultctl/internal/vault"
)

// ProofPage is what the page of a proof of deposit says.
type ProofPage struct {
	attest.Statement
	Fingerprint string // of the root
}

// DocumentProof attests, signed by this device and with the certificates that lead from the root to it, which bytes were
// deposited as a document, by whom and when. It is in the person's journal. Errors: CodeNoConsent where this device is no reader,
// CodeNoIdentity for a private document without its card, CodePolicy where a certificate cannot be shown by itself.
func (e *Engine) DocumentProof(ctx context.Context, req api.DocumentProofRequest) (api.DocumentProof, error) {
	var none api.DocumentProof
	f, err := e.findDocument(req.Document)
	if err != nil {
		return none, err
	}
	card, err := e.mayOpen(ctx, &f, req.Card, "proof")
	if err != nil {
		return none, err
	}
	if !readsVault(f.keys, f.st, f.org) {
		e.refused(ctx, f.st.ID, f.doc.ID, "proof", vault.CodeNoConsent)
		return none, errNoConsent()
	}
	if f.doc.Space == vault.Private {
		st, err := e.withPrivate(ctx, f.st.ID, card)
		if err != nil {
			return none, err
		}
		f.st, f.doc = st, st.Documents[f.doc.ID]
	}
	if !f.doc.Described || !f.doc.Digest.Valid() {
		return none, api.WithHint(vault.Errorf(vault.CodeNoIdentity, "what was deposited cannot be read here"),
			"a private document opens with the card that it was sealed to: try the earlier card")
	}
	if err := e.refuseRevoked(); err != nil {
		return none, err
	}
	chain, err := e.certificates(f.org)
	if err != nil {
		return none, err
	}
	s, err := e.attested(&f)
	if err != nil {
		return none, err
	}
	err = e.commit(ctx, func(t *tx) error {
		return t.emit(vault.AccessOpened, f.st.ID, vault.AccessBody{Document: f.doc.ID, How: "proof"})
	})
	if err != nil {
		return none, err
	}
	return e.proofResult(&f, s, chain, &req)
}

func (e *Engine) proofResult(f *foundDocument, s *attest.Statement, chain []attest.Certificate, req *api.DocumentProofRequest) (api.DocumentProof, error) {
	var notes []string
	roots := f.org.Roots()
	for _, r := range roots[1:] {
		notes = append(notes, string(r.RootNote()))
	}
	p := attest.Sign(s, f.keys.sign, chain, roots[0].Key, notes)
	// A proof that does not hold is not handed out.
	fingerprint := vault.Fingerprint(keyOf(roots[len(roots)-1].Key))
	if _, err := p.Verify(fingerprint); err != nil {
		return api.DocumentProof{}, err
	}
	raw, err := json.Marshal(p)
	if err != nil {
		return api.DocumentProof{}, err
	}
	out := api.DocumentProof{Head: api.H("proof"), Document: string(f.doc.ID), Digest: string(s.Digest), Fingerprint: fingerprint, Proof: raw}
	if req.PDF {
		l, _ := lang.Parse(req.Language)
		var page bytes.Buffer
		if err := e.Paper.Proof(&page, l, ProofPage{Statement: *s, Fingerprint: fingerprint}); err != nil {
			return out, err
		}
		out.PDF = page.Bytes()
	}
	return out, nil
}

// attested returns what this device attests of a document: the event that deposited its current version, as the journal has it.
func (e *Engine) attested(f *foundDocument) (*attest.Statement, error) {
	r, commitment, err := e.depositOf(f)
	if err != nil {
		return nil, err
	}
	self := e.self()
	s := &attest.Statement{Org: f.org.ID, Organization: f.org.Name, Document: f.doc.ID, Version: f.doc.Versions, Event: r.ID, Writer: r.Pos.Writer, Seq: r.Pos.Seq,
		Commitment: commitment, Digest: f.doc.Digest, Size: f.doc.Size, Deposited: r.At.Time(), Agent: r.Agent, Device: r.Pos.Writer.Device(),
		OriginalSeen: f.doc.OriginalSeen, Issued: e.Now(), Issuer: self.Agent, By: self.Device}
	if r.Agent != "" {
		s.AgentName = f.org.AgentName(r.Agent)
	}
	if self.Agent != "" {
		s.IssuerName = f.org.AgentName(self.Agent)
	}
	return s, nil
}

// depositOf returns the event that deposited the current version of a document, and the commitment in it to the description, ""
// where that is not kept here.
func (e *Engine) depositOf(f *foundDocument) (*vault.Record, vault.Hash, error) {
	var recs []*vault.Record
	scope := scopeOf(f.st.ID)
	err := e.Store.Scan(bucketEvents, scope+"/", func(_ string, raw []byte) error {
		r := &vault.Record{}
		if err := json.Unmarshal(raw, r); err != nil {
			return vault.Errorf(vault.CodeIntegrity, "read event: %w", err)
		}
		var b vault.DocumentBody
		if (r.Type == vault.DocumentDeposited || r.Type == vault.DocumentReplaced) && r.Decode(&b) == nil && b.Document == f.doc.ID &&
			!slices.ContainsFunc(f.st.Quarantine, func(q vault.Quarantined) bool { return q.Pos == r.Pos }) {
			recs = append(recs, r)
		}
		return nil
	})
	if err != nil {
		return nil, "", err
	}
	recs = vault.Order(recs)
	for _, r := range slices.Backward(recs) {
		if h, ok := e.tells(scope, r, f.doc.Digest); ok {
			return r, h, nil
		}
	}
	if len(recs) == 0 || f.doc.Space != vault.Private {
		return nil, "", vault.Errorf(vault.CodeIntegrity, "the journal here does not hold the deposit of the document")
	}
	return recs[len(recs)-1], "", nil // what is private is not kept in the clear
}

// tells returns the commitment of an event to a description with the digest.
func (e *Engine) tells(scope string, r *vault.Record, digest vault.Hash) (vault.Hash, bool) {
	for _, h := range r.Notes {
		raw, err := e.Store.Get(bucketEntries, scope+"/"+string(h))
		if err != nil || raw == nil {
			continue
		}
		var entry vault.Entry
		var data vault.DocumentData
		if json.Unmarshal(raw, &entry) == nil && entry.Kind == vault.EntryDocument && json.Unmarshal(entry.Data, &data) == nil &&
			data.Digest != nil && *data.Digest == digest {
			return h, true
		}
	}
	return "", false
}

// certificates returns those that lead from the root to this device.
func (e *Engine) certificates(org *vault.Org) ([]attest.Certificate, error) {
	var chain []attest.Certificate
	for d := org.Devices[e.self().Device]; d != nil && len(chain) <= len(org.Devices); {
		var r vault.Record
		if err := getJSON(e.Store, bucketEvents, eventKey("org", d.Certified), &r); err != nil {
			return nil, err
		}
		for _, root := range org.Roots() {
			if c, ok := attest.Certified(&r.Event, org.ID, d.Device, root.Key); ok {
				chain = append(chain, c)
				slices.Reverse(chain)
				return chain, nil
			}
		}
		by := org.Devices[r.Pos.Writer.Device()]
		if by == nil {
			break
		}
		c, ok := attest.Certified(&r.Event, org.ID, by.Device, by.Key)
		if !ok {
			break
		}
		chain = append(chain, c)
		d = by
	}
	return nil, api.WithHint(vault.Errorf(vault.CodePolicy, "the certificate of this workstation cannot be shown by itself: an older version made it"),
		"make the proof on the workstation that founded the organization")
}
