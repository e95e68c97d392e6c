package engine_test

import (
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

// doctorSays returns the findings of the doctor with a code.
func doctorSays(tb testing.TB, r *rig, code string) []api.Finding {
	tb.Helper()
	var out []api.Finding
	err := r.Doctor(ctxb, api.Empty{}, func(f api.Finding) error {
		if f.Code == code {
			out = append(out, f)
		}
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	return out
}

// attentionOf returns what the status says needs attention.
func attentionOf(tb testing.TB, r *rig) []api.Finding {
	tb.Helper()
	s, err := r.Status(ctxb)
	if err != nil {
		tb.Fatal(err)
	}
	return s.Attention
}

// TestRevokedWorkstation lets a workstation live on after its organization was rebuilt elsewhere: what it writes before it
// knows is set aside by the new one, and once it knows it writes nothing and loses nothing.
func TestRevokedWorkstation(t *testing.T) {
	k := MustFill(t, MustFound(t))
	kept := MustDeposit(t, k.rig, k.two.ID, "déposé avant", false).ID
	MustSync(t, k.rig)
	n, _, err := join(t, k, t.TempDir(), k.Result.Recovery[:2]...)
	if err != nil {
		t.Fatal(err)
	}
	late := MustDeposit(t, k.rig, k.one.ID, "sans savoir", false).ID
	waitFor(t, "what the old workstation sends by itself", func() bool {
		s, err := k.Status(ctxb)
		return err == nil && s.Queued+s.Unsealed == 0
	})
	t.Run("the new home sets aside", func(t *testing.T) { setsAside(t, n, k.one.ID, late) })
	away := k.Remote + ".away"
	if err := os.Rename(k.Remote, away); err != nil {
		t.Fatal(err)
	}
	unsent := MustDeposit(t, k.rig, k.two.ID, "jamais parti", false).ID
	if err := os.Rename(away, k.Remote); err != nil {
		t.Fatal(err)
	}
	t.Run("the old one learns", func(t *testing.T) { learns(t, k, late) })
	files := len(k.RemoteFiles(t))
	k.Reopen(t)
	t.Run("and still knows after a restart", func(t *testing.T) {
		_, err := k.ConsentWithdraw(ctxb, api.WithdrawRequest{Beneficiary: k.one.ID, To: "team:Accueil"}, nil)
		wantRevoked(t, "withdraw", err)
		for id, text := range map[string]string{late: "sans savoir", kept: "déposé avant", unsent: "jamais parti"} {
			if got, _, err := k.get(id, ""); err != nil || got != text {
				t.Errorf("what it holds: %q, %v", got, err)
			}
		}
	})
	if got := len(k.RemoteFiles(t)); got != files {
		t.Errorf("%d objects on the remote, %d before: a revoked workstation sends nothing", got, files)
	}
}

func setsAside(t *testing.T, n *rig, person, late string) {
	MustSync(t, n)
	if l := n.MustList(t, api.DocumentListRequest{Beneficiary: person}); len(l) != 2 {
		t.Errorf("%d documents of the person: the late one is applied", len(l))
	}
	wantWhole(t, n)
	told := doctorSays(t, n, "revoked_writer")
	if len(told) != 1 || told[0].Message != "1 event of Marie Durand's workstation, written after its revocation, is not applied" ||
		told[0].Severity != "warning" {
		t.Errorf("doctor: %+v", told)
	}
	if q := doctorSays(t, n, "quarantined"); len(q) != 0 {
		t.Errorf("told one by one as well: %+v", q)
	}
	if a := attentionOf(t, n); len(a) != 1 || a[0].Code != "revoked_writer" || a[0].Severity != "warning" {
		t.Errorf("status: %+v", a)
	}
	n.SetNow(func() time.Time { return time.Now().Add(8 * 24 * time.Hour) })
	defer n.SetNow(time.Now)
	if a := attentionOf(t, n); len(a) != 1 || a[0].Severity != "info" {
		t.Errorf("status a week later: %+v", a)
	}
	if d := doctorSays(t, n, "revoked_writer"); len(d) != 1 || d[0].Severity != "warning" {
		t.Errorf("doctor a week later: %+v", d)
	}
}

// wantRevoked checks that a write was refused, and by whom this workstation was revoked.
func wantRevoked(tb testing.TB, what string, err error) {
	tb.Helper()
	wantCode(tb, what, err, vault.CodePolicy)
	if err != nil && (!strings.HasPrefix(err.Error(), "this workstation was revoked on 20") || !strings.HasSuffix(err.Error(), " by Paul Martin")) {
		tb.Errorf("%s: %v", what, err)
	}
}

func learns(t *testing.T, k *kept, late string) {
	_, err := k.Sync(ctxb, api.SyncRequest{Wait: "30s"}, nil)
	wantRevoked(t, "sync", err)
	_, err = k.DocumentAdd(ctxb, api.DocumentAddRequest{Beneficiary: k.one.ID, Size: -1, FileName: "a.pdf",
		Fields: api.DocumentFields{Type: ptr("cv")}}, strings.NewReader("encore"))
	wantRevoked(t, "deposit", err)
	_, err = k.DocumentEdit(ctxb, api.DocumentEditRequest{Document: late, Fields: api.DocumentFields{Title: ptr("autre")}})
	wantRevoked(t, "edit", err)
	_, err = k.CardIssue(ctxb, api.CardRequest{Beneficiary: k.two.ID})
	wantRevoked(t, "card", err)
	_, err = k.TeamAdd(ctxb, api.TeamAddRequest{Name: "Autre"})
	wantRevoked(t, "team", err)
	if got, _, err := k.get(late, ""); err != nil || got != "sans savoir" {
		t.Errorf("what it holds: %q, %v", got, err)
	}
	s, err := k.Status(ctxb)
	if err != nil || !s.Revoked || len(s.Attention) == 0 || s.Attention[0].Code != "revoked" {
		t.Errorf("status: %+v, %v", s, err)
	}
	var first *api.Finding
	if err := k.Doctor(ctxb, api.Empty{}, func(f api.Finding) error {
		if first == nil {
			first = &f
		}
		return nil
	}); err != nil || first == nil || first.Code != "revoked" {
		t.Errorf("doctor begins with %+v, %v", first, err)
	}
	if k.Busy() {
		t.Error("a revoked workstation waits for a remote that it sends nothing to")
	}
}

// TestJoinRecoverSurvivesACrash goes on from home and remote as they were when the segment that ends the other devices was
// being closed. It is sealed to a key that the new device opens with the recovery secret alone.
func TestJoinRecoverSurvivesACrash(t *testing.T) {
	for _, step := range []string{engine.StepLogged, engine.StepSegment, engine.StepClosed} {
		t.Run(step, func(t *testing.T) {
			k := MustFill(t, MustFound(t))
			k.stop()
			var once atomic.Bool
			home, crashed, remote := t.TempDir(), filepath.Join(t.TempDir(), "home"), filepath.Join(t.TempDir(), "remote")
			n := &rig{Home: home, Remote: k.Remote}
			n.Engine, n.stop = MustOpen(t, home, nil, func(e *engine.Engine) {
				e.Step = func(s string) {
					if s == step && once.CompareAndSwap(false, true) {
						copyTree(t, home, crashed)
						copyTree(t, k.Remote, remote)
					}
				}
			})
			req := api.JoinRecoverRequest{Remote: k.Remote, RootWords: strings.Join(k.Result.RootWords, " "), Recovery: k.Result.Recovery[:2],
				Agent: "Paul Martin", Protect: api.Protection{Method: "keyfile"}}
			if _, err := n.JoinRecover(ctxb, req, nil); err != nil {
				t.Fatal(err)
			}
			n.stop()
			if err := os.RemoveAll(k.Remote); err != nil {
				t.Fatal(err)
			}
			if err := os.Rename(remote, k.Remote); err != nil {
				t.Fatal(err)
			}
			n.Home = crashed
			n.Reopen(t)
			if s, err := n.Status(ctxb); err != nil || s.State != "ready" {
				t.Fatalf("status after the crash: %+v, %v", s, err)
			}
			if res, err := n.JoinRecover(ctxb, req, nil); err != nil || res.Restored.Vaults != 2 || res.Restored.Failed != 0 {
				t.Fatalf("%+v, %v", res, err)
			}
			MustSync(t, n)
			wantWhole(t, n)
			wantOwnChain(t, n)
			old := &kept{rig: &rig{Home: k.Home, Remote: k.Remote}}
			old.Engine, old.stop = MustOpen(t, k.Home, nil)
			_, err := old.Sync(ctxb, api.SyncRequest{}, nil)
			wantRevoked(t, "sync", err)
		})
	}
}

// wantOwnChain checks that the home opens its whole chain without the recovery secret, also when its index has to be built
// again.
func wantOwnChain(t *testing.T, n *rig) {
	t.Helper()
	for _, rebuilt := range []bool{false, true} {
		n.stop()
		if rebuilt {
			if err := os.Remove(filepath.Join(n.Home, "index.db")); err != nil {
				t.Fatal(err)
			}
		}
		n.Reopen(t)
		if v, err := n.JournalVerify(ctxb); err != nil || len(v.Findings) != 0 || v.Segments < 2 {
			t.Errorf("rebuilt %v: journal %+v, %v", rebuilt, v, err)
		}
		if s, err := n.Status(ctxb); err != nil || s.Name != "CCAS de Rennes" || s.Vaults != 2 || len(s.Attention) != 0 {
			t.Errorf("rebuilt %v: status %+v, %v", rebuilt, s, err)
		}
	}
}
