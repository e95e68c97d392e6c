package engine_test

import (
	"slices"
	"strings"
	"testing"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// TestReferenceOfSeveralVaults gives one reference to two vaults, as devices do that have not heard of one another: nobody is
// meant by it until a person says who.
func TestReferenceOfSeveralVaults(t *testing.T) {
	r := MustFound(t)
	withRef := func(q *api.BeneficiaryAddRequest) { q.Person.Refs = &[]string{"CAF:123"} }
	one, two := MustAdd(t, r, "Anna", "Petrova", "1990", withRef).ID, MustAdd(t, r, "Anne", "Petit", "1991").ID
	if err := r.IndexRef("CAF:123", vault.BeneficiaryID(two)); err != nil {
		t.Fatal(err)
	}
	ids := []string{one, two}
	slices.Sort(ids)
	ambiguous := func(what string, err error) {
		t.Helper()
		wantCode(t, what, err, vault.CodeAmbiguous)
		if err != nil && !strings.HasSuffix(err.Error(), strings.Join(ids, ", ")) {
			t.Errorf("%s: %v", what, err)
		}
	}
	_, err := r.BeneficiaryShow(ctxb, api.BeneficiaryRequest{Beneficiary: "ref:CAF:123"})
	ambiguous("show", err)
	ambiguous("resolve", r.BeneficiaryResolve(ctxb, api.ResolveRequest{Text: "ref:caf:123"}, func(api.Beneficiary) error { return nil }))
	_, err = r.DocumentAdd(ctxb, api.DocumentAddRequest{Beneficiary: "ref:CAF:123", Size: -1, FileName: "a.pdf",
		Fields: api.DocumentFields{Type: ptr("cv")}}, strings.NewReader("x"))
	ambiguous("deposit", err)
	if _, err := r.BeneficiaryErase(ctxb, api.EraseRequest{Beneficiary: two, Confirm: two}, nil); err != nil {
		t.Fatal(err)
	}
	if b, err := r.BeneficiaryShow(ctxb, api.BeneficiaryRequest{Beneficiary: "ref:CAF:123"}); err != nil || b.ID != one {
		t.Errorf("one of them was erased: %s, %v", b.ID, err)
	}
}
