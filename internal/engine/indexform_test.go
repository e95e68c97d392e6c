package engine_test

import (
	"slices"
	"testing"

	"vaultctl/internal/api"
	"vaultctl/internal/engine"
	"vaultctl/internal/vault"
)

// TestIndexOfAnotherFormIsMadeAnew takes out of the index of a home what earlier versions did not put there, and what follows from
// events, and finds everything again after the next start: without the remote.
func TestIndexOfAnotherFormIsMadeAnew(t *testing.T) {
	marie := MustFound(t)
	people := []string{marie.MustVault(t, "Diallo", func(r *api.BeneficiaryAddRequest) { r.Person.Refs = &[]string{"SI:1"} }), marie.MustVault(t, "Ngo")}
	for _, id := range people {
		marie.MustAdd(t, deposit(id, "cv"), "le cv de "+id)
	}
	MustSync(t, marie)
	late := marie.MustAdd(t, deposit(people[0], "payslip"), "que nul segment ne tient encore")
	for _, form := range []string{"", "0", "another"} {
		before := listed(t, marie)
		if err := marie.AgeIndex(form); err != nil {
			t.Fatal(err)
		}
		if got := listed(t, marie); len(got) == len(before) {
			t.Fatalf("form %q: the index was not spoilt: %q", form, got)
		}
		marie.Reopen(t, func(e *engine.Engine) { e.SetFoldTogether(1) })
		if got := listed(t, marie); !slices.Equal(got, before) {
			t.Errorf("form %q: %q instead of %q", form, got, before)
		}
		if left, err := marie.Unfolded(); left != 0 || err != nil {
			t.Errorf("form %q: %d vaults are not folded, %v", form, left, err)
		}
		for _, id := range people {
			if _, wrong, err := marie.StateTexts(vault.BeneficiaryID(id)); wrong != "" || err != nil {
				t.Errorf("form %q: %v %s", form, err, wrong)
			}
		}
		if text, _, err := marie.get(late.ID, ""); err != nil || text != "que nul segment ne tient encore" {
			t.Errorf("form %q: %q, %v", form, text, err)
		}
		if b, err := marie.BeneficiaryShow(ctxb, api.BeneficiaryRequest{Beneficiary: "ref:SI:1"}); err != nil || b.ID != people[0] {
			t.Errorf("form %q: by reference %q, %v", form, b.ID, err)
		}
		folded := false
		marie.Reopen(t, func(e *engine.Engine) { e.Step = func(s string) { folded = folded || s == engine.StepFolded } })
		if folded {
			t.Errorf("form %q: the index is made anew once more", form)
		}
	}
}
