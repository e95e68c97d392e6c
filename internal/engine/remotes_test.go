package engine_test

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// MustMirror adds a second remote and waits until it holds everything.
func MustMirror(tb testing.TB, r *rig) string {
	tb.Helper()
	dir := filepath.Join(tb.TempDir(), "mirror")
	if _, err := r.RemoteAdd(ctxb, api.RemoteAddRequest{Name: "mirror", Remote: dir}); err != nil {
		tb.Fatal(err)
	}
	MustSync(tb, r)
	return dir
}

func sameObjects(tb testing.TB, a, b string) {
	tb.Helper()
	one, two := (&rig{Remote: a}).RemoteFiles(tb), (&rig{Remote: b}).RemoteFiles(tb)
	slices.Sort(one)
	slices.Sort(two)
	if !slices.Equal(one, two) {
		tb.Errorf("%d and %d objects:\n%s\n\n%s", len(one), len(two), strings.Join(one, "\n"), strings.Join(two, "\n"))
	}
}

// TestSyncWaitsForWhatWasThere: work that comes while the last of it is sent is queued, and not what somebody waited for.
func TestSyncWaitsForWhatWasThere(t *testing.T) {
	k := MustFill(t, MustFound(t))
	away, meanwhile := k.Remote+"-away", false
	res, err := k.Sync(ctxb, api.SyncRequest{Wait: "60s"}, func(p api.Progress) {
		if p.Stage != "push" || p.Done != p.Total || meanwhile {
			return
		}
		meanwhile = true // all of it is there, and the storage goes away before more is to be sent
		if err := os.Rename(k.Remote, away); err != nil {
			t.Error(err)
		}
		MustDeposit(t, k.rig, k.two.ID, "entre-temps", false)
	})
	if err != nil || !meanwhile || res.Queued == 0 || res.Late != 0 {
		t.Errorf("after the wait: %+v, %v", res, err)
	}
	if res, _ := k.Sync(ctxb, api.SyncRequest{}, nil); res.Queued == 0 || res.Late != res.Queued {
		t.Errorf("without a wait: %+v", res)
	}
}

func TestSecondRemoteGetsEverything(t *testing.T) {
	k := MustFill(t, MustFound(t))
	mirror := MustMirror(t, k.rig)
	sameObjects(t, k.Remote, mirror)
	MustDeposit(t, k.rig, k.two.ID, "sur les deux", false)
	MustSync(t, k.rig)
	sameObjects(t, k.Remote, mirror)
	if f, err := found(t, k.rig, true); err != nil || len(f) > 0 {
		t.Errorf("verify: %v, %v", f, err)
	}
	var names []string
	if err := k.RemoteList(ctxb, api.Empty{}, func(r api.Remote) error { names = append(names, r.Name); return nil }); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(names, []string{"main", "mirror"}) {
		t.Errorf("remotes %v", names)
	}
	if _, err := k.RemoteRemove(ctxb, api.RemoteRequest{Name: "main"}); err != nil {
		t.Fatal(err)
	}
	_, err := k.RemoteRemove(ctxb, api.RemoteRequest{Name: "mirror"})
	wantCode(t, "removing the last remote", err, vault.CodePolicy)
	k.Reopen(t)
	MustDeposit(t, k.rig, k.two.ID, "sur le second", false)
	MustSync(t, k.rig)
	if f, err := found(t, k.rig, true); err != nil || len(f) > 0 {
		t.Errorf("verify on the second alone: %v, %v", f, err)
	}
}

func TestMirrorIsFilledFromTheFirstRemote(t *testing.T) {
	k := MustFill(t, MustFound(t))
	k.stop()
	if err := os.RemoveAll(filepath.Join(k.Home, "cache", "v1")); err != nil { // nothing is left here to copy from
		t.Fatal(err)
	}
	k.Reopen(t)
	sameObjects(t, k.Remote, MustMirror(t, k.rig))
}

func TestLostOnOneRemoteIsCopiedFromTheOther(t *testing.T) {
	k := MustFill(t, MustFound(t))
	mirror := MustMirror(t, k.rig)
	k.stop()
	if err := os.RemoveAll(filepath.Join(k.Home, "cache", "v1")); err != nil {
		t.Fatal(err)
	}
	for _, f := range k.RemoteFiles(t) {
		if strings.Contains(f, "/d/") {
			if err := os.Remove(filepath.Join(k.Remote, f)); err != nil {
				t.Fatal(err)
			}
		}
	}
	k.Reopen(t)
	_, err := found(t, k.rig, false)
	wantCode(t, "documents gone from one remote", err, vault.CodeIntegrity)
	if _, err := k.Sync(ctxb, api.SyncRequest{Wait: "30s"}, nil); vault.CodeOf(err) != vault.CodeIntegrity {
		t.Fatal(err)
	}
	sameObjects(t, k.Remote, mirror)
	if f, err := found(t, k.rig, true); err != nil || len(f) > 0 {
		t.Errorf("verify: %v, %v", f, err)
	}
}

func TestForeignRemote(t *testing.T) {
	r, other := MustFound(t), MustFound(t)
	_, err := r.RemoteAdd(ctxb, api.RemoteAddRequest{Name: "other", Remote: other.Remote})
	wantCode(t, "another organization's remote", err, vault.CodeForeign)
	r.stop()
	note, err := os.ReadFile(filepath.Join(other.Remote, vault.OrgNotePath))
	if err != nil {
		t.Fatal(err)
	}
	MustChange(t, filepath.Join(r.Remote, vault.OrgNotePath), func([]byte) []byte { return note })
	r.Reopen(t)
	_, err = r.Sync(ctxb, api.SyncRequest{}, nil)
	wantCode(t, "a remote that became another organization's", err, vault.CodeForeign)
	f, err := found(t, r, false)
	wantCode(t, "verify", err, vault.CodeIntegrity)
	if !slices.Contains(f, "foreign main:v1/org.note") {
		t.Errorf("findings %v", f)
	}
	_, err = r.RemoteTest(ctxb, api.RemoteRequest{Name: "main"})
	wantCode(t, "remote test", err, vault.CodeForeign)
}

func TestRemoteThatIsAwayReadOnlyOrUnknown(t *testing.T) {
	k := MustFill(t, MustFound(t))
	_, err := k.RemoteTest(ctxb, api.RemoteRequest{Name: "nothing"})
	wantCode(t, "an unknown remote", err, vault.CodeNotFound)
	if rep, err := k.RemoteTest(ctxb, api.RemoteRequest{Name: "main"}); err != nil || !rep.OK || rep.Features["backend"] != "local" {
		t.Errorf("%+v, %v", rep, err)
	}
	away := k.Remote + ".away"
	if err := os.Rename(k.Remote, away); err != nil {
		t.Fatal(err)
	}
	MustDeposit(t, k.rig, k.two.ID, "pendant la panne", false)
	_, err = k.Sync(ctxb, api.SyncRequest{Wait: "1s"}, nil)
	wantCode(t, "waiting for a remote that is away", err, vault.CodeUnreachable)
	if res, err := k.Sync(ctxb, api.SyncRequest{}, nil); err != nil || res.Queued == 0 {
		t.Errorf("a sync that does not wait: %+v, %v", res, err)
	}
	s, err := k.Status(ctxb)
	if err != nil || s.Queued == 0 || !slices.ContainsFunc(s.Attention, func(f api.Finding) bool { return f.Code == string(vault.CodeUnreachable) }) {
		t.Errorf("status %+v, %v", s, err)
	}
	if err := os.Rename(away, k.Remote); err != nil {
		t.Fatal(err)
	}
	MustSync(t, k.rig)
	if s, err := k.Status(ctxb); err != nil || s.Queued != 0 || len(s.Attention) != 0 {
		t.Errorf("status %+v, %v", s, err)
	}
	if runtime.GOOS == "windows" || os.Getuid() == 0 {
		return // root writes everywhere
	}
	chmodAll(t, k.Remote, 0o500)
	MustDeposit(t, k.rig, k.two.ID, "en lecture seule", false)
	_, err = k.Sync(ctxb, api.SyncRequest{Wait: "10s"}, nil)
	wantCode(t, "a read-only remote", err, vault.CodeReadOnly)
	chmodAll(t, k.Remote, 0o700)
	MustSync(t, k.rig)
}

func chmodAll(tb testing.TB, dir string, mode os.FileMode) {
	tb.Helper()
	var dirs []string
	err := filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			dirs = append(dirs, p)
		}
		return err
	})
	for _, d := range dirs {
		if cerr := os.Chmod(d, mode); err == nil {
			err = cerr
		}
	}
	if err != nil {
		tb.Fatal(err)
	}
}

func TestStatusFromEmptyToLocked(t *testing.T) {
	e, _ := MustOpen(t, t.TempDir(), nil)
	if s, err := e.Status(ctxb); err != nil || s.State != "uninitialized" {
		t.Errorf("%+v, %v", s, err)
	}
	_, err := e.Sync(ctxb, api.SyncRequest{}, nil)
	wantCode(t, "sync before init", err, vault.CodeNotFound)
	k := MustFill(t, MustFound(t, func(q *api.InitRequest) { q.Protect = api.Protection{Method: "passphrase", Passphrase: testPassphrase} }))
	s, err := k.Status(ctxb)
	if err != nil || s.State != "ready" || s.Vaults != 2 || s.Documents != 4 || s.Name != "CCAS de Rennes" || s.Protect != "passphrase" ||
		!slices.Equal(s.Roles, []string{"admin", "agent"}) || s.LastSync == "" || s.Agent != "Marie Durand" {
		t.Errorf("%+v, %v", s, err)
	}
	MustDeposit(t, k.rig, k.two.ID, "avant de verrouiller", false)
	if err := k.Lock(ctxb); err != nil {
		t.Fatal(err)
	}
	if s, err = k.Status(ctxb); err != nil || s.State != "locked" || s.Unsealed != 0 || s.Fingerprint != k.Result.Fingerprint || s.Vaults != 0 {
		t.Errorf("%+v, %v", s, err)
	}
	MustSync(t, k.rig) // a locked daemon pushes what is queued
	if s, err = k.Status(ctxb); err != nil || s.Queued != 0 {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestTeams(t *testing.T) {
	r := MustFound(t)
	if _, err := r.TeamAdd(ctxb, api.TeamAddRequest{Name: "Antenne Nord"}); err != nil {
		t.Fatal(err)
	}
	_, err := r.TeamAdd(ctxb, api.TeamAddRequest{Name: "antenne nord "})
	wantCode(t, "a team of the same name", err, vault.CodeConflict)
	_, err = r.TeamAdd(ctxb, api.TeamAddRequest{Name: " "})
	wantCode(t, "a team without a name", err, vault.CodeInvalid)
	b := MustAdd(t, r, "Awa", "Diallo", "1990", func(q *api.BeneficiaryAddRequest) { q.Consent = verbal("team:Antenne Nord") })
	if got, _, err := r.get(MustDeposit(t, r, b.ID, "pour le nord", false).ID, ""); err != nil || got != "pour le nord" {
		t.Errorf("%q, %v", got, err)
	}
	var teams []api.Team
	var agents []api.Agent
	if err := r.TeamList(ctxb, api.Empty{}, func(v api.Team) error { teams = append(teams, v); return nil }); err != nil {
		t.Fatal(err)
	}
	if err := r.AgentList(ctxb, api.Empty{}, func(v api.Agent) error { agents = append(agents, v); return nil }); err != nil {
		t.Fatal(err)
	}
	if len(teams) != 2 || teams[0].Name != "Accueil" || !slices.Equal(teams[1].Members, []string{"Marie Durand"}) ||
		len(agents) != 1 || !slices.Equal(agents[0].Teams, []string{"Accueil", "Antenne Nord"}) || len(agents[0].Devices) != 1 {
		t.Errorf("%+v %+v", teams, agents)
	}
}

func TestDoctor(t *testing.T) {
	k := MustFill(t, MustFound(t))
	codes := func() []string {
		var out []string
		if err := k.Doctor(ctxb, api.Empty{}, func(f api.Finding) error { out = append(out, f.Code); return nil }); err != nil {
			t.Fatal(err)
		}
		return out
	}
	if err := os.Chmod(k.Home, 0o700); err != nil {
		t.Fatal(err)
	}
	if got := codes(); !slices.Equal(slices.DeleteFunc(got, func(c string) bool { return c == "disk_space" }), []string{"key_beside_store"}) {
		t.Errorf("a sound home: %v", got)
	}
	MustAdd(t, k.rig, "Sans", "Retour", "1971", func(q *api.BeneficiaryAddRequest) { q.NoRecovery = true })
	MustSync(t, k.rig)
	k.SetNow(func() time.Time { return time.Now().Add(-2 * time.Hour) })
	if err := os.Chmod(k.Home, 0o755); err != nil {
		t.Fatal(err)
	}
	got := codes()
	for _, want := range []string{"clock", "no_way_back"} {
		if !slices.Contains(got, want) {
			t.Errorf("no %s among %v", want, got)
		}
	}
	if runtime.GOOS != "windows" && !slices.Contains(got, "home_permissions") {
		t.Errorf("no home_permissions among %v", got)
	}
}
