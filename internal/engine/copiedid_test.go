package engine_test

import (
	"testing"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// TestACopiedIDTakesNothingOver lets a device file something under the id of a document in another vault, and under none:
// what is meant for the document goes to its own vault, and nothing else stands still.
func TestACopiedIDTakesNothingOver(t *testing.T) {
	r := MustFound(t)
	theirs, mine := r.MustVault(t, "A"), r.MustVault(t, "B")
	d := r.MustAdd(t, deposit(theirs, "cv"), "theirs")
	batch := vault.NewBatchID()
	for _, id := range []string{d.ID, "", "../" + d.ID} {
		err := r.CopyID(ctxb, vault.BeneficiaryID(mine), vault.DocumentID(id), batch)
		if id == d.ID && err != nil {
			t.Fatal(err)
		}
		if id != d.ID && vault.CodeOf(err) == vault.CodeFailed {
			t.Errorf("%q stops what is written: %v", id, err)
		}
	}
	if v, err := r.DocumentShow(ctxb, api.DocumentRequest{Document: d.ID}); err != nil || v.Beneficiary != theirs {
		t.Errorf("the document is looked for in %s, %v; want %s", v.Beneficiary, err, theirs)
	}
	if text, _, err := r.get(d.ID, ""); err != nil || text != "theirs" {
		t.Errorf("get: %q, %v", text, err)
	}
	if _, err := r.BeneficiaryErase(ctxb, api.EraseRequest{Beneficiary: mine, Confirm: mine}, nil); err != nil {
		t.Fatal(err)
	}
	if err := r.BatchShow(ctxb, api.BatchRequest{Batch: string(batch)}, func(api.BatchItem) error { return nil }); err != nil {
		t.Error(err)
	}
}
