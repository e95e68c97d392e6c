package engine

import (
	"encoding/json"
	"strings"
	"testing"

	"vaultctl/internal/vault"
)

// MustEncodeState returns a vault as the index keeps it.
func MustEncodeState(tb testing.TB, st *vault.State) []byte {
	tb.Helper()
	raw, err := json.Marshal(st)
	if err != nil {
		tb.Fatal(err)
	}
	return raw
}

func TestStateCache(t *testing.T) {
	id := vault.NewBeneficiaryID("x")
	raw := MustEncodeState(t, vault.NewState(id))
	base := newOverlay(memoryStore{}, nil, &keyring{states: &stateCache{}})
	base.put(bucketVaults, string(id), raw)
	read := func(get func(vault.BeneficiaryID) (*vault.State, error)) *vault.State {
		st, err := get(id)
		if err != nil {
			t.Fatal(err)
		}
		return st
	}
	one, two := base.child(), base.child()
	shared := read(one.state)
	if read(two.state) != shared {
		t.Error("the same bytes were decoded twice")
	}
	own := read(two.own)
	if own == shared {
		t.Fatal("what is about to be modified is shared")
	}
	own.ReadOnly = true
	if shared.ReadOnly || read(two.state) != own || read(two.own) != own {
		t.Error("a change is not seen where it was made, or seen elsewhere")
	}
	base.put(bucketVaults, string(id), MustEncodeState(t, own))
	if three := base.child(); !read(three.state).ReadOnly {
		t.Error("an old state was returned for new bytes")
	}
}

func TestStateCacheBounded(t *testing.T) {
	var c stateCache
	big := []byte(strings.Repeat("x", stateBudget/2+1))
	a, b := vault.NewBeneficiaryID("x"), vault.NewBeneficiaryID("x")
	for range 2 { // the second replaces the first
		if !c.put(a, big, vault.NewState(a)) || c.get(a, big) == nil {
			t.Error("a state within the budget is not kept")
		}
	}
	if !c.put(b, big, vault.NewState(b)) || c.get(b, big) == nil || c.get(a, big) != nil || c.bytes != len(big) {
		t.Errorf("two states over the budget: %d bytes are kept", c.bytes)
	}
	if c.put(a, make([]byte, stateBudget+1), vault.NewState(a)) {
		t.Error("a state over the budget is kept")
	}
}
