package engine_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// TestWhatIsUsedAgainIsNotDeleted has a workstation replace a document while it is away, and somebody who does not read the
// vault record that its agent's consent ended. The version is kept apart, and what it did not replace is still there.
func TestWhatIsUsedAgainIsNotDeleted(t *testing.T) {
	marie := MustFound(t)
	paul := MustJoin(t, marie, "Paul Martin", vault.RoleAgent)
	eve := MustJoin(t, marie, "Eve Petit", vault.RoleAgent)
	person := marie.MustVault(t, "Diallo", func(r *api.BeneficiaryAddRequest) { r.Consent.To = "agent:Marie Durand" })
	if _, err := marie.ConsentGive(ctxb, api.ConsentGiveRequest{Beneficiary: person, Terms: verbal("agent:Paul Martin")}, nil); err != nil {
		t.Fatal(err)
	}
	d := marie.MustAdd(t, deposit(person, "cv"), "un")
	w := newWeather(1)
	paul.Reopen(t, w.over)
	for _, r := range []*rig{marie, paul, eve} {
		MustSync(t, r)
	}
	w.set(0, true)
	if _, err := paul.DocumentReplace(ctxb, api.DocumentReplaceRequest{Document: d.ID, Size: -1}, strings.NewReader("deux")); err != nil {
		t.Fatal(err)
	}
	if _, err := eve.ConsentWithdraw(ctxb, api.WithdrawRequest{Beneficiary: person, To: "agent:Paul Martin", Wait: "0s"}, nil); err != nil {
		t.Fatal(err)
	}
	MustSync(t, eve)
	w.set(0, false)
	object := filepath.Join(marie.Remote, marie.ObjectOf(t, person, d.ID))
	MustSync(t, paul)
	if _, err := os.Stat(object); err != nil {
		t.Errorf("what is used again: %v", err)
	}
	if got, _, err := paul.get(d.ID, ""); err == nil {
		t.Errorf("Paul reads %q after the withdrawal", got)
	}
}
