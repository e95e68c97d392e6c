package engine_test

import (
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"vaultctl/internal/api"
	"vaultctl/internal/engine"
	"vaultctl/internal/vault"
)

// TestJoinCutShortWhileFolding goes on from the home as it was when a workstation that joins had read the journal and folded
// some of the vaults. Both it and the one that was not cut short come to what the administrator has, be the agent let into the
// team before the journal was read or not at all.
func TestJoinCutShortWhileFolding(t *testing.T) {
	for _, admitted := range []bool{false, true} {
		t.Run(fmt.Sprintf("admitted=%v", admitted), func(t *testing.T) { cutShortWhileFolding(t, admitted) })
	}
}

func cutShortWhileFolding(t *testing.T, admitted bool) {
	marie := MustFound(t)
	var people []string
	for i := range 5 {
		id := marie.MustVault(t, fmt.Sprintf("Diallo%d", i))
		marie.MustAdd(t, deposit(id, "cv"), "avant "+id)
		MustSync(t, marie)
		marie.MustAdd(t, deposit(id, "payslip"), "après "+id)
		people = append(people, id)
	}
	if _, err := marie.ConsentWithdraw(ctxb, api.WithdrawRequest{Beneficiary: people[1], To: "team:Accueil"}, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := marie.BeneficiaryErase(ctxb, api.EraseRequest{Beneficiary: people[2], Confirm: people[2], Wait: "30s"}, nil); err != nil {
		t.Fatal(err)
	}
	MustSync(t, marie)
	paul, q := MustAsk(t, marie)
	if err := approve(marie, &q, q.Words, vault.RoleAgent); err != nil {
		t.Fatal(err)
	}
	if admitted {
		marie.MustAdmit(t, "Paul Martin")
	}
	MustSync(t, marie)
	before := copyOfRemote(t, marie)
	crashed := filepath.Join(t.TempDir(), "home")
	var once atomic.Bool
	paul.Reopen(t, func(e *engine.Engine) {
		e.SetFoldTogether(2)
		e.Step = func(s string) {
			if s == engine.StepFolded && once.CompareAndSwap(false, true) {
				if left, err := e.Unfolded(); left == 0 || left >= len(people) || err != nil {
					t.Errorf("%d vaults wait to be folded, %v", left, err)
				}
				copyTree(t, paul.Home, crashed)
			}
		}
	})
	mustArrive(t, paul, marie, people)
	if !once.Load() {
		t.Fatal("nothing was folded at the end of the journal")
	}
	paul.stop()
	if err := os.RemoveAll(marie.Remote); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(before, marie.Remote); err != nil {
		t.Fatal(err)
	}
	paul.Home = crashed
	paul.Reopen(t)
	if left, err := paul.Unfolded(); left != 0 || err != nil {
		t.Errorf("%d vaults are not folded when the home was opened again, %v", left, err)
	}
	mustArrive(t, paul, marie, people)
}

// mustArrive finishes joining and compares every vault.
func mustArrive(tb testing.TB, paul, marie *rig, people []string) {
	tb.Helper()
	if _, err := paul.JoinFinish(ctxb, api.JoinFinishRequest{Wait: "20s"}, nil); err != nil {
		tb.Fatal(err)
	}
	for _, id := range people {
		want, _, err := marie.StateTexts(vault.BeneficiaryID(id))
		if err != nil {
			tb.Fatal(err)
		}
		got, wrong, err := paul.StateTexts(vault.BeneficiaryID(id))
		if err != nil || wrong != "" || got != want {
			tb.Errorf("%v: %s\nis\n%s\ninstead of\n%s", err, wrong, got, want)
		}
	}
	if s, err := paul.Status(ctxb); err != nil || s.Vaults != len(people)-1 {
		tb.Errorf("status: %+v, %v", s, err)
	}
	wantWhole(tb, paul)
}
