package engine_test

import (
	"slices"
	"testing"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// TestSummariesAreKept compares what lists show before and after a start, after changes of the organization too, and when the
// summaries in the index are of another organization.
func TestSummariesAreKept(t *testing.T) {
	marie := MustFound(t)
	first := marie.MustVault(t, "Diallo")
	marie.MustAdd(t, deposit(first, "cv"), "un")
	paul := MustJoin(t, marie, "Paul Petit", vault.RoleAgent)
	marie.MustVault(t, "Ngo", func(r *api.BeneficiaryAddRequest) { r.Consent.To = "agent:Paul Petit" })
	MustSync(t, marie)
	MustSync(t, paul)
	same := func(what string, r *rig, want int) {
		t.Helper()
		if current, err := r.PeopleKept(); err != nil || !current {
			t.Errorf("%s: summaries are kept: %v, %v", what, current, err)
		}
		before := listed(t, r)
		if len(before) != want {
			t.Errorf("%s: %d of %d are named: %q", what, len(before), want, before)
		}
		r.Reopen(t)
		if after := listed(t, r); !slices.Equal(before, after) {
			t.Errorf("%s: %q before and %q after", what, before, after)
		}
	}
	same("the founder", marie, 1)
	paul.Tend(ctxb) // its first word opened a key
	same("who joined", paul, 1)
	marie.MustAdmit(t, "Paul Petit")
	MustSync(t, marie)
	MustSync(t, paul)
	same("who was let into the team", paul, 2)
	marie.Tend(ctxb)
	same("who let somebody in", marie, 1)
	if err := paul.SpoilPeople(); err != nil {
		t.Fatal(err)
	}
	paul.Reopen(t)
	same("of another organization", paul, 2)
}

// listed returns who is named in the list, with how many documents.
func listed(tb testing.TB, r *rig) []string {
	tb.Helper()
	var out []string
	err := r.BeneficiaryList(ctxb, api.BeneficiaryListRequest{}, func(b api.Beneficiary) error {
		if b.Readable {
			out = append(out, b.Name+string(rune('0'+b.Documents))+b.LastSeen)
		}
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	slices.Sort(out)
	return out
}
