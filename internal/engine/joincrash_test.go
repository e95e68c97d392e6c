package engine_test

import (
	"bytes"
	"crypto/ed25519"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/engine"
	"vaultctl/internal/vault"
)

// TestJoinVector holds code and words of fixed keys: other versions have to show the same.
func TestJoinVector(t *testing.T) {
	marie := MustFound(t)
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))
	raw := vault.JoinRequest{Org: "o0000000000x", Recipient: "age1pq1vector", At: time.UnixMilli(1_790_000_000_000)}.Sign(key)
	q, err := vault.ParseJoinRequest(raw)
	if err != nil {
		t.Fatal(err)
	}
	got := marie.Shown(q, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")
	want := [3]string{"72as-yext", "réaliser messager écureuil éviter voyelle skier", "aliéner acquérir cadeau épicerie cohésion usure"}
	if have := [3]string{got.Code, strings.Join(got.RootWords, " "), strings.Join(got.Words, " ")}; have != want {
		t.Errorf("%q, want %q", have, want)
	}
	if text := string(raw); !strings.HasPrefix(text, "vaultctl join v1\norg o0000000000x\nkey 6kpsY+Kc") || !strings.Contains(text, "\nat 2026-09-21T14:13:20Z\nsig ") {
		t.Errorf("%q", text)
	}
}

// TestApprovalSurvivesACrash goes on from the homes as they were when the approval was acknowledged and its welcome not yet
// made, and when a workstation that joins had read half of the journal.
func TestApprovalSurvivesACrash(t *testing.T) {
	for _, step := range []string{engine.StepIndexed, engine.StepSegment, engine.StepClosed} {
		t.Run(step, func(t *testing.T) {
			marie := MustFound(t)
			MustSync(t, marie)
			paul, q := MustAsk(t, marie)
			crashed := filepath.Join(t.TempDir(), "home")
			var once, armed atomic.Bool
			marie.Reopen(t, func(e *engine.Engine) {
				e.Step = func(s string) {
					if s == step && armed.Load() && once.CompareAndSwap(false, true) {
						copyTree(t, marie.Home, crashed)
					}
				}
			})
			before := copyOfRemote(t, marie)
			armed.Store(true)
			if err := approve(marie, &q, q.Words, vault.RoleAgent); err != nil {
				t.Fatal(err)
			}
			marie.stop()
			if err := os.RemoveAll(marie.Remote); err != nil {
				t.Fatal(err)
			}
			if err := os.Rename(before, marie.Remote); err != nil {
				t.Fatal(err)
			}
			marie.Home = crashed
			marie.Reopen(t)
			marie.Tend(ctxb)
			MustSync(t, marie)
			if _, err := paul.JoinFinish(ctxb, api.JoinFinishRequest{Wait: "20s"}, nil); err != nil {
				t.Fatal(err)
			}
			MustSync(t, paul)
			MustSync(t, marie)
			for _, r := range []*rig{marie, paul} {
				wantWhole(t, r)
			}
		})
	}
}

// TestRebuiltAdminWelcomesNobodyTwice loses index and journal of an admin's workstation: what it put there before it does
// not put there again with other bytes, which would hold up all that comes after.
func TestRebuiltAdminWelcomesNobodyTwice(t *testing.T) {
	marie := MustFound(t)
	MustJoin(t, marie, "Paul Martin", vault.RoleAgent)
	_, q := MustAsk(t, marie)
	if err := approve(marie, &q, q.Words, vault.RoleDeposit); err != nil {
		t.Fatal(err)
	}
	MustSync(t, marie)
	marie.stop()
	for _, gone := range []string{"index.db", filepath.Join("journal", "v1", "join")} {
		if _, err := os.Stat(filepath.Join(marie.Home, gone)); err != nil {
			t.Fatal(err)
		}
		if err := os.RemoveAll(filepath.Join(marie.Home, gone)); err != nil {
			t.Fatal(err)
		}
	}
	marie.Reopen(t)
	marie.Tend(ctxb)
	MustSync(t, marie)
	marie.MustVault(t, "Diallo")
	MustSync(t, marie)
}
