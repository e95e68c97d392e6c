package engine_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"vaultctl/internal/api"
	"vaultctl/internal/proof"
	"vaultctl/internal/vault"
)

// MustProve makes a proof of a document and checks that it holds for the bytes.
func MustProve(tb testing.TB, r *rig, document, content, fingerprint string) *proof.Verified {
	tb.Helper()
	res, err := r.DocumentProof(context.Background(), api.DocumentProofRequest{Document: document, PDF: true, Language: "fr"})
	if err != nil {
		tb.Fatal(err)
	}
	if !bytes.HasPrefix(res.PDF, []byte("%PDF-")) {
		tb.Error("no page")
	}
	p, err := proof.Parse(bytes.NewReader(res.Proof))
	if err != nil {
		tb.Fatal(err)
	}
	v, err := p.Verify(fingerprint)
	if err != nil {
		tb.Fatal(err)
	}
	if err := v.CheckFile(strings.NewReader(content)); err != nil {
		tb.Error(err)
	}
	return v
}

// TestProofThroughAdmins: an agent's workstation that an admin's enrolled, itself enrolled by the first, attests what another
// one deposited, and the proof leads to the root over all of them.
func TestProofThroughAdmins(t *testing.T) {
	first := MustFound(t)
	admin := MustJoin(t, first, "Yann Le Goff", vault.RoleAdmin, func(q *api.ApproveRequest) { q.Roles = []string{"admin", "agent"} })
	agent := MustJoin(t, admin, "Awa Diop", vault.RoleAgent)
	MustSync(t, first)
	MustSync(t, agent)
	b := MustAdd(t, agent, "Kofi", "Mensah", "1985", func(q *api.BeneficiaryAddRequest) { q.Consent.To = "agent:Awa Diop" })
	doc := MustDeposit(t, agent, b.ID, "the bytes", false).ID
	MustSync(t, agent)
	MustSync(t, first)
	v := MustProve(t, agent, doc, "the bytes", first.Result.Fingerprint)
	if len(v.Chain) != 3 || v.AgentName != "Awa Diop" || v.IssuerName != "Awa Diop" || v.Device != v.By || v.Chain[2] != v.By {
		t.Errorf("%+v", v)
	}
	if _, err := first.DocumentProof(context.Background(), api.DocumentProofRequest{Document: doc}); vault.CodeOf(err) != vault.CodeNoConsent {
		t.Errorf("without consent: %v", err)
	}
}
