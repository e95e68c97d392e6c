package engine_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/engine"
	"vaultctl/internal/vault"
)

// keepers are remotes that let nobody delete, as append-only credentials do.
type keepers struct{ engine.Remotes }

func (k keepers) Open(ctx context.Context, spec string) (engine.Remote, error) {
	r, err := k.Remotes.Open(ctx, spec)
	return keeper{r}, err
}

type keeper struct{ engine.Remote }

func (keeper) Delete(context.Context, string) (string, error) {
	return "", vault.Errorf(vault.CodeReadOnly, "remote delete: the storage does not allow writing")
}

// MustKeep takes the right to delete from a workstation.
func MustKeep(tb testing.TB, r *rig) {
	tb.Helper()
	r.Reopen(tb, func(e *engine.Engine) { e.Remotes = keepers{e.Remotes} })
	if err := r.Unlock(ctxb, ""); err != nil {
		tb.Fatal(err)
	}
}

// MustClean cleans the one remote.
func MustClean(tb testing.TB, r *rig, dryRun bool) api.Cleaned {
	tb.Helper()
	var out []api.Cleaned
	err := r.RemoteClean(ctxb, api.RemoteCleanRequest{DryRun: dryRun}, func(c api.Cleaned) error { out = append(out, c); return nil })
	if err != nil || len(out) != 1 {
		tb.Fatalf("clean: %+v, %v", out, err)
	}
	return out[0]
}

// objectsOf returns the sealed documents and notes that the remote holds below a workstation's prefix.
func objectsOf(tb testing.TB, r *rig) []string {
	tb.Helper()
	return slices.DeleteFunc(r.RemoteFiles(tb), func(p string) bool {
		return !strings.HasPrefix(p, "v1/w/"+r.device(tb)) || !strings.Contains(p, "/d/") && !strings.Contains(p, "/n/")
	})
}

// TestCustodianDeletesWhatOthersMayNot erases on a workstation that has no right to delete: the receipt says what stays,
// nothing waits for ever, an admin's cleaning deletes it and nothing else, and the workstation learns that it is gone.
func TestCustodianDeletesWhatOthersMayNot(t *testing.T) {
	admin := MustFound(t, single)
	stays := MustAdd(t, admin, "Jean", "Petit", "1970")
	MustDeposit(t, admin, stays.ID, "stays", false)
	agent := MustJoin(t, admin, "Léa Morel", vault.RoleAgent)
	MustKeep(t, agent)
	b := MustAdd(t, agent, "Awa", "Diallo", "1990", func(q *api.BeneficiaryAddRequest) { q.Consent = verbal("agent:Léa Morel") })
	MustDeposit(t, agent, b.ID, "goes", false)
	MustSync(t, agent)
	before := objectsOf(t, agent)
	rec, err := agent.BeneficiaryErase(ctxb, api.EraseRequest{Beneficiary: b.ID, Confirm: b.ID, Wait: "30s", Language: "en"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if rec.Complete || len(rec.Remotes) != 1 || rec.Remotes[0].Kept == 0 || rec.Remotes[0].Waiting != 0 || !strings.Contains(rec.Remotes[0].Note, "may not delete") {
		t.Errorf("the receipt does not say what stays: %+v", rec.Remotes)
	}
	MustSync(t, agent) // does not wait for what it may not do
	if kept := objectsOf(t, agent); len(kept) < len(before) {
		t.Fatalf("%d of %d objects are there", len(kept), len(before))
	}

	dry := MustClean(t, admin, true)
	if dry.Tombstoned < rec.Remotes[0].Kept || dry.Unknown != 0 || !dry.DryRun {
		t.Errorf("dry run: %+v, the receipt had %+v", dry, rec.Remotes[0])
	}
	if now := objectsOf(t, agent); len(now) < len(before) {
		t.Error("a dry run deleted")
	}
	if done := MustClean(t, admin, false); done.Tombstoned != dry.Tombstoned || done.Refused != 0 || done.Bytes == 0 {
		t.Errorf("cleaned: %+v, foretold %+v", done, dry)
	}
	if again := MustClean(t, admin, false); again.Tombstoned != 0 {
		t.Errorf("again: %+v", again)
	}
	for _, p := range objectsOf(t, agent) {
		if strings.Contains(p, "/d/") {
			t.Errorf("%s is still there", p)
		}
	}
	MustVerify(t, admin)

	agent.SetNow(func() time.Time { return time.Now().Add(25 * time.Hour) })
	agent.Reopen(t) // with the right to delete, or without: what is gone is gone
	if err := agent.Unlock(ctxb, ""); err != nil {
		t.Fatal(err)
	}
	MustSync(t, agent)
	rec, err = agent.BeneficiaryErase(ctxb, api.EraseRequest{Beneficiary: b.ID, Confirm: b.ID, Wait: "30s", Language: "en"}, nil)
	if err != nil || !rec.Complete || rec.Remotes[0].Kept != 0 {
		t.Errorf("a day later: %+v, %v", rec.Remotes, err)
	}
}

// TestCustodianTakesEndedShares ends a share on a workstation that may not delete: an administrator's cleaning takes the copies.
func TestCustodianTakesEndedShares(t *testing.T) {
	admin := MustFound(t, single)
	agent := MustJoin(t, admin, "Léa Morel", vault.RoleAgent)
	MustKeep(t, agent)
	b := MustAdd(t, agent, "Awa", "Diallo", "1990", func(q *api.BeneficiaryAddRequest) { q.Consent = verbal("agent:Léa Morel") })
	doc := MustDeposit(t, agent, b.ID, "stays", false)
	partner := MustPartner(t, agent, "Bailleur", "")
	share := MustShare(t, agent, shareOf(b.ID, "partner:"+partner.ID, doc.ID))
	MustSync(t, agent)
	copies := func() int {
		return len(slices.DeleteFunc(admin.RemoteFiles(t), func(p string) bool { return !strings.Contains(p, "/s/") }))
	}
	there := copies()
	if _, err := agent.ShareRevoke(ctxb, api.ShareRevokeRequest{Share: share.ID}, nil); err != nil {
		t.Fatal(err)
	}
	MustSync(t, agent)
	if n := copies(); there != 2 || n != there {
		t.Fatalf("%d copies, then %d on a storage where it may not delete", there, n)
	}
	if st := agent.VaultState(t, b.ID); len(st.Dead) > 0 {
		t.Errorf("named again with each tombstone: %v", st.DeadPaths())
	}
	if c := MustClean(t, admin, false); c.Tombstoned != there || copies() != 0 {
		t.Errorf("cleaned: %+v, %d copies", c, copies())
	}
	MustVerify(t, admin)
}

// MustVerify fails on any finding that is an error.
func MustVerify(tb testing.TB, r *rig) {
	tb.Helper()
	if res, err := r.Verify(ctxb, api.VerifyRequest{Deep: true}, nil, nil); err != nil {
		tb.Fatalf("verify: %v, %+v", err, res.Findings)
	}
}

// TestOwnerDeletesWhatOthersRemoved has a document removed by a workstation that may not delete: its owner does.
func TestOwnerDeletesWhatOthersRemoved(t *testing.T) {
	admin := MustFound(t, single)
	agent := MustJoin(t, admin, "Marie Durand", vault.RoleAgent)
	b := MustAdd(t, admin, "Awa", "Diallo", "1990")
	d := MustDeposit(t, admin, b.ID, "goes", false)
	MustSync(t, admin)
	MustSync(t, agent)
	MustKeep(t, agent)
	documents := func() int {
		return len(slices.DeleteFunc(objectsOf(t, admin), func(p string) bool { return !strings.Contains(p, "/d/") }))
	}
	if _, err := agent.DocumentRemove(ctxb, api.DocumentRequest{Document: d.ID}); err != nil {
		t.Fatal(err)
	}
	MustSync(t, agent)
	if documents() != 1 {
		t.Fatal("a workstation without the right deleted")
	}
	MustSync(t, admin)
	MustSync(t, admin) // the deletion follows the pull
	if documents() != 0 {
		t.Error("the owner did not delete what was removed")
	}
	MustVerify(t, admin)
}

// TestCleanTakesOrphansOnly puts objects that no event tells of below several prefixes: those of this workstation go,
// those of a revoked one after 30 days; what another active one may be about to tell of, segments, and what strangers put
// there stay.
func TestCleanTakesOrphansOnly(t *testing.T) {
	admin := MustFound(t, single)
	b := MustAdd(t, admin, "Awa", "Diallo", "1990")
	MustDeposit(t, admin, b.ID, "stays", false)
	agent := MustJoin(t, admin, "Léa Morel", vault.RoleAgent)
	gone := MustJoin(t, admin, "Paul Roux", vault.RoleAgent)
	put := func(w string, path string) string {
		t.Helper()
		file := filepath.Join(admin.Remote, filepath.FromSlash("v1/w/"+w+"/"+path))
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte("nobody tells of it"), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	writer := func(r *rig) string {
		t.Helper()
		for _, p := range r.RemoteFiles(t) {
			if rest, ok := strings.CutPrefix(p, "v1/w/"); ok && strings.HasPrefix(rest, r.device(t)) {
				w, _, _ := strings.Cut(rest, "/")
				return w
			}
		}
		t.Fatal("no writer")
		return ""
	}
	MustDeposit(t, agent, b.ID, "of the agent", false)
	MustDeposit(t, gone, b.ID, "of who leaves", false)
	MustSync(t, agent)
	MustSync(t, gone)
	MustSync(t, admin)
	const orphan = "d/aa/aaaaaaaaaaaaaaaaaaaaaaaaaa.age"
	own, others, revoked := put(writer(admin), orphan), put(writer(agent), orphan), put(writer(gone), orphan)
	stranger := put("aaaaaaaaaaaaaaaaaaaaaaaaaa-aaaaaaaa", orphan)
	if _, err := admin.DeviceRevoke(ctxb, api.RevokeRequest{Device: gone.device(t)}, nil); err != nil {
		t.Fatal(err)
	}
	there := func(file string) bool { _, err := os.Stat(file); return err == nil }

	c := MustClean(t, admin, false)
	if c.Orphaned != 1 || c.Waiting != 1 || c.Unknown != 2 || there(own) || !there(others) || !there(revoked) || !there(stranger) {
		t.Errorf("cleaned: %+v", c)
	}
	if c := MustClean(t, agent, false); c.Orphaned != 1 || there(others) || !there(revoked) {
		t.Errorf("the agent cleaned: %+v", c)
	}
	admin.SetNow(func() time.Time { return time.Now().Add(31 * 24 * time.Hour) })
	if c := MustClean(t, admin, false); c.Orphaned != 1 || there(revoked) || !there(stranger) {
		t.Errorf("a month later: %+v", c)
	}
	if err := os.Remove(stranger); err != nil {
		t.Fatal(err)
	}
	MustVerify(t, admin)
}

// TestCustodianFillsTheMirror has a workstation write that does not know the mirror: the custodian brings it there.
func TestCustodianFillsTheMirror(t *testing.T) {
	admin := MustFound(t, single)
	b := MustAdd(t, admin, "Awa", "Diallo", "1990")
	mirror := MustMirror(t, admin)
	agent := MustJoin(t, admin, "Léa Morel", vault.RoleAgent)
	MustDeposit(t, agent, b.ID, "on the first storage alone", false)
	MustSync(t, agent)
	MustSync(t, admin)
	clean := func() api.Cleaned {
		t.Helper()
		var out api.Cleaned
		if err := admin.RemoteClean(ctxb, api.RemoteCleanRequest{Name: "mirror"}, func(c api.Cleaned) error { out = c; return nil }); err != nil {
			t.Fatal(err)
		}
		MustSync(t, admin)
		return out
	}
	if c := clean(); c.Missing == 0 || c.Unknown+c.Orphaned+c.Tombstoned != 0 {
		t.Errorf("cleaned: %+v", c)
	}
	if c := clean(); c.Missing != 0 {
		t.Errorf("again: %+v", c)
	}
	inUse := func(dir string) []string {
		all := (&rig{Remote: dir}).RemoteFiles(t)
		return slices.DeleteFunc(all, func(p string) bool { return !strings.HasPrefix(p, "v1/w/") })
	}
	if one, two := inUse(admin.Remote), inUse(mirror); !slices.Equal(one, two) {
		t.Errorf("%d and %d objects", len(one), len(two))
	}
	MustVerify(t, admin)
}
