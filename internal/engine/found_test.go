package engine_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

func TestInitReachesTheRemoteAndSurvivesRestart(t *testing.T) {
	r := MustFound(t)
	files := r.RemoteFiles(t)
	if !slices.Contains(files, vault.OrgNotePath) {
		t.Errorf("no organization note among %v", files)
	}
	if !slices.ContainsFunc(files, func(f string) bool { return strings.HasSuffix(f, "/j/0/0.seg") }) {
		t.Errorf("no first segment among %v", files)
	}
	if len(r.Result.RootWords) != 24 || len(r.Result.Recovery) != 3 || len(r.Result.Sheets) < 1000 {
		t.Errorf("secrets to show: %d words, %d shares, %d bytes of pages", len(r.Result.RootWords), len(r.Result.Recovery), len(r.Result.Sheets))
	}
	r.Reopen(t)
	_, err := r.Init(context.Background(), api.InitRequest{}, nil)
	if vault.CodeOf(err) != vault.CodeConflict {
		t.Errorf("second init: %v", err)
	}
}

func TestInitRefusesARemoteWithAnOrganization(t *testing.T) {
	first := MustFound(t)
	home := t.TempDir()
	e, _ := MustOpen(t, home, nil)
	_, err := e.Init(context.Background(), api.InitRequest{Org: "A", Agent: "B", Team: "C", Remote: first.Remote,
		Protect: api.Protection{Method: "keyfile"}, Language: "en"}, nil)
	if vault.CodeOf(err) != vault.CodeForeign {
		t.Errorf("init on another organization's remote: %v", err)
	}
}

func TestLockAndUnlock(t *testing.T) {
	ctx := context.Background()
	r := MustFound(t, func(q *api.InitRequest) { q.Protect = api.Protection{Method: "passphrase", Passphrase: testPassphrase} })
	if err := r.Lock(ctx); err != nil {
		t.Fatal(err)
	}
	if err := r.Unlock(ctx, "wrong"); vault.CodeOf(err) != vault.CodeNoIdentity {
		t.Errorf("wrong passphrase: %v", err)
	}
	if err := r.Unlock(ctx, testPassphrase); err != nil {
		t.Fatal(err)
	}
	r.Reopen(t)
	if err := r.Unlock(ctx, testPassphrase); err != nil {
		t.Fatal(err)
	}
}
