package engine_test

import (
	"testing"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// TestAdoption takes in what an honest workstation wrote before it heard that it was revoked: its deposits count, everywhere;
// what it changed does not.
func TestAdoption(t *testing.T) {
	marie, paul, person := pair(t)
	boss := MustJoin(t, marie, "Chef", vault.RoleAdmin)
	device := paul.device(t)
	_, err := marie.DeviceAdopt(ctxb, api.AdoptRequest{Device: device}, nil)
	wantCode(t, "not revoked", err, vault.CodeConflict)
	if _, err := marie.DeviceRevoke(ctxb, api.RevokeRequest{Device: device}, nil); err != nil {
		t.Fatal(err)
	}
	_, err = marie.DeviceAdopt(ctxb, api.AdoptRequest{Device: device}, nil)
	wantCode(t, "nothing written", err, vault.CodeConflict)
	back := paul.Unmount()
	work := paul.MustAdd(t, deposit(person, "payslip"), "sans savoir").ID
	if _, err := paul.BeneficiaryEdit(ctxb, api.BeneficiaryEditRequest{Beneficiary: person, Person: api.Person{Phone: val("0600000000")}}); err != nil {
		t.Fatal(err)
	}
	back()
	if err := paul.Flush(ctxb); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "what it sends by itself before it hears of anything", func() bool {
		s, err := paul.Status(ctxb)
		return err == nil && s.Queued+s.Unsealed == 0
	})
	MustSync(t, marie)
	_, err = marie.DocumentShow(ctxb, api.DocumentRequest{Document: work})
	wantCode(t, "before", err, vault.CodeNotFound)
	dry, err := marie.DeviceAdopt(ctxb, api.AdoptRequest{Device: device, DryRun: true}, nil)
	if err != nil || !dry.DryRun || len(dry.Items) != 2 || dry.Taken != 0 || dry.Agent != "Paul Martin" || dry.Items[0].Beneficiary != person {
		t.Fatalf("%+v, %v", dry, err)
	}
	MustSync(t, boss)
	_, err = boss.DeviceAdopt(ctxb, api.AdoptRequest{Device: device}, nil)
	wantCode(t, "by somebody junior", err, vault.CodeNoConsent)
	_, err = marie.DocumentShow(ctxb, api.DocumentRequest{Document: work})
	wantCode(t, "after the dry run", err, vault.CodeNotFound)
	res, err := marie.DeviceAdopt(ctxb, api.AdoptRequest{Device: device}, nil)
	if err != nil || res.Taken != 1 || !res.Items[0].Taken || res.Items[1].Taken {
		t.Fatalf("%+v, %v", res, err)
	}
	if got, _, err := marie.get(work, ""); err != nil || got != "sans savoir" {
		t.Errorf("get: %q, %v", got, err)
	}
	if b := marie.MustShow(t, person); b.Phone != "" {
		t.Errorf("phone: %s", b.Phone)
	}
	MustSync(t, marie)
	MustSync(t, boss)
	if b := boss.MustShow(t, person); b.Documents != 1 {
		t.Errorf("%d documents at another workstation", b.Documents)
	}
	marie.Reopen(t)
	wantWhole(t, marie)
	if again := marie.MustAdd(t, deposit(person, "payslip"), "sans savoir"); again.Status != "exists" {
		t.Errorf("deposited again: %+v", again)
	}
}
