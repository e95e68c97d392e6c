package engine_test

import (
	"strings"
	"testing"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// TestDue: what ends soon is told by the day, of vaults that are open and read here, and what has ended is not.
func TestDue(t *testing.T) {
	r := MustFound(t)
	r.HoldClock()
	day := func(n int) *string { return val(string(vault.DateOf(r.Now()).AddDate(0, 0, n))) }
	until := func(n int) func(*api.BeneficiaryAddRequest) {
		return func(q *api.BeneficiaryAddRequest) { q.Consent.Until = *day(n) }
	}
	a, b, closed := r.MustVault(t, "Amal", until(20)), r.MustVault(t, "Binta", until(40)), r.MustVault(t, "Chloe", until(3))
	for _, d := range []struct {
		vault string
		days  int
	}{{a, 10}, {a, -1}, {b, 0}, {b, 31}, {closed, 2}} {
		r.MustAdd(t, deposit(d.vault, "id-card", func(q *api.DocumentAddRequest) { q.Fields.ExpiresOn = day(d.days) }), *day(d.days)+d.vault)
	}
	if _, err := r.BeneficiaryClose(ctxb, api.CloseRequest{Beneficiary: closed, Reason: "moved"}); err != nil {
		t.Fatal(err)
	}
	due := func(within string) (string, error) {
		var out []string
		err := r.DueList(ctxb, api.DueRequest{Within: within}, func(d api.Due) error {
			if d.Name == "" {
				t.Errorf("%s has no name", d.Beneficiary)
			}
			out = append(out, map[string]string{a: "A", b: "B"}[d.Beneficiary]+" "+d.What+" "+d.On)
			return nil
		})
		return strings.Join(out, ", "), err
	}
	soon := "B document " + *day(0) + ", A document " + *day(10) + ", A consent " + *day(20)
	for within, want := range map[string]string{
		"": soon, "30d": soon, "10d": "B document " + *day(0) + ", A document " + *day(10),
		"40d": soon + ", B document " + *day(31) + ", B consent " + *day(40),
	} {
		if got, err := due(within); err != nil || got != want {
			t.Errorf("within %q: %s, %v, want %s", within, got, err, want)
		}
	}
	if _, err := due("soon"); vault.CodeOf(err) != vault.CodeInvalid {
		t.Errorf("a span that is none: %v", err)
	}
	if _, err := r.BeneficiaryErase(ctxb, api.EraseRequest{Beneficiary: a, Confirm: a}, nil); err != nil {
		t.Fatal(err)
	}
	if got, err := due(""); err != nil || got != "B document "+*day(0) {
		t.Errorf("after an erasure: %s, %v", got, err)
	}
}
