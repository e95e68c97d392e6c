package engine_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// joinFiles returns what the storage holds of joinings.
func joinFiles(tb testing.TB, r *rig) []string {
	tb.Helper()
	return slices.DeleteFunc(r.RemoteFiles(tb), func(p string) bool { return !strings.HasPrefix(p, vault.JoinFolder+"/") })
}

// TestJoiningLeavesNothing has a workstation take its request and welcome off the storage once it is in; an agent lets it into
// their teams by its code all the same, and by no other words than those that it showed.
func TestJoiningLeavesNothing(t *testing.T) {
	marie := MustFound(t)
	paul := MustJoin(t, marie, "Paul Martin", vault.RoleAgent)
	second, q := MustAsk(t, marie)
	if got := joinFiles(t, marie); len(got) != 1 || got[0] != vault.JoinRequestPath(vault.DeviceID(q.Device)) {
		t.Errorf("beside the request there is %q", got)
	}
	req := api.ApproveRequest{Code: q.Code, Agent: "Paul Martin", Roles: []string{"agent"}, Words: strings.Join(q.Words, " ")}
	if _, err := marie.DeviceApprove(ctxb, req, nil); err != nil {
		t.Fatal(err)
	}
	if got := joinFiles(t, marie); len(got) != 2 {
		t.Errorf("approved: %q", got)
	}
	if _, err := second.JoinFinish(ctxb, api.JoinFinishRequest{Wait: "30s"}, nil); err != nil {
		t.Fatal(err)
	}
	MustSync(t, second)
	if got := joinFiles(t, marie); len(got) != 0 {
		t.Errorf("joined: %q", got)
	}
	MustSync(t, paul)
	if seen := asking(t, paul, q.Code); !seen.Approved || !slices.Equal(seen.Words, q.Words) || seen.Device != q.Device {
		t.Errorf("%+v, asked was %+v", seen, q)
	}
	wrong := req
	wrong.Words = strings.Join(append(slices.Clone(q.Words[1:]), q.Words[0]), " ")
	_, err := paul.DeviceApprove(ctxb, wrong, nil)
	wantCode(t, "other words", err, vault.CodePolicy)
	if a, err := paul.DeviceApprove(ctxb, req, nil); err != nil || a.Enrolled || len(a.Teams) == 0 {
		t.Errorf("let in: %+v, %v", a, err)
	}
	_, err = paul.DeviceApprove(ctxb, req, nil)
	wantCode(t, "once more", err, vault.CodeConflict)
	for _, r := range []*rig{marie, paul, second} {
		MustSync(t, r)
		MustVerify(t, r)
	}
	if got := joinFiles(t, marie); len(got) != 0 {
		t.Errorf("in the end: %q", got)
	}
}

// TestCleanTakesUsedJoins leaves requests and welcomes on the storage, as workstations do that may not delete: an
// administrator deletes those of workstations that have joined or were revoked, and what nobody approved in a month.
func TestCleanTakesUsedJoins(t *testing.T) {
	marie := MustFound(t)
	paul := MustJoin(t, marie, "Paul Martin", vault.RoleAgent)
	gone := MustJoin(t, marie, "Awa Sow", vault.RoleAgent)
	late, q := MustAsk(t, marie)
	if err := approve(marie, &q, q.Words, vault.RoleAgent); err != nil {
		t.Fatal(err)
	}
	_, pending := MustAsk(t, marie)
	of := func(device string) []string {
		return []string{vault.JoinRequestPath(vault.DeviceID(device)), vault.WelcomePath(vault.DeviceID(device))}
	}
	for _, r := range []*rig{paul, gone} {
		for _, p := range of(r.device(t)) {
			marie.putOnDisk(t, p, []byte("as it was"))
		}
	}
	if _, err := marie.DeviceRevoke(ctxb, api.RevokeRequest{Device: gone.device(t)}, nil); err != nil {
		t.Fatal(err)
	}
	junk := vault.JoinFolder + "/junk/junk"
	marie.putOnDisk(t, junk, []byte("junk"))
	if c := MustClean(t, paul, false); c.Joins != 2 {
		t.Errorf("who is no administrator takes away their own: %+v", c)
	}
	if c := MustClean(t, marie, true); c.Joins != 2 || len(joinFiles(t, marie)) != 6 {
		t.Errorf("foretold: %+v, there are %q", c, joinFiles(t, marie))
	}
	if c := MustClean(t, marie, false); c.Joins != 2 || c.Refused != 0 || c.Bytes == 0 {
		t.Errorf("cleaned: %+v", c)
	}
	want := slices.Sorted(slices.Values(append(of(q.Device), of(pending.Device)[0], junk)))
	if got := joinFiles(t, marie); !slices.Equal(got, want) {
		t.Errorf("there is %q, want %q", got, want)
	}
	if _, err := late.JoinFinish(ctxb, api.JoinFinishRequest{Wait: "30s"}, nil); err != nil {
		t.Errorf("who was approved and had not begun: %v", err)
	}
	MustSync(t, late)
	marie.SetNow(func() time.Time { return time.Now().Add(31 * 24 * time.Hour) })
	if c := MustClean(t, marie, false); c.Joins != 2 || c.Waiting != 0 {
		t.Errorf("a month later: %+v", c)
	}
	if got := joinFiles(t, marie); len(got) != 0 {
		t.Errorf("there is %q", got)
	}
}

// TestRestoredWhileAsking puts a home back to how it was before it had joined: the same command on both sides lets it in.
func TestRestoredWhileAsking(t *testing.T) {
	marie := MustFound(t)
	paul, q := MustAsk(t, marie)
	before := filepath.Join(t.TempDir(), "home")
	paul.stop()
	copyTree(t, paul.Home, before)
	paul.Reopen(t)
	if err := approve(marie, &q, q.Words, vault.RoleAgent); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := paul.JoinFinish(ctxb, api.JoinFinishRequest{Wait: "30s"}, nil); err != nil {
			t.Fatal(err)
		}
		MustSync(t, paul)
		if got := joinFiles(t, marie); len(got) != 0 {
			t.Fatalf("joined: %q", got)
		}
		MustSync(t, marie)
		if paul.Home == before {
			break
		}
		wantCode(t, "approve once more", approve(marie, &q, q.Words, vault.RoleAgent), vault.CodeConflict)
		paul.stop()
		paul.Home = before
		paul.Reopen(t)
		again, err := paul.JoinAsk(ctxb, api.JoinAskRequest{Protect: api.Protection{Method: "keyfile"}})
		if err != nil || again.Code != q.Code || !slices.Equal(again.Words, q.Words) {
			t.Fatalf("%+v, %v, asked was %+v", again, err, q)
		}
		if err := approve(marie, &again, again.Words, vault.RoleAgent); err != nil {
			t.Fatal(err)
		}
	}
	MustVerify(t, marie)
	MustVerify(t, paul)
}
