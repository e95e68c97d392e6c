package engine_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/engine"
	"vaultctl/internal/vault"
)

// full are remotes that take nothing more while on is set, and let everything be deleted.
type full struct {
	engine.Remotes
	on *atomic.Bool
}

func (f full) Open(ctx context.Context, spec string) (engine.Remote, error) {
	r, err := f.Remotes.Open(ctx, spec)
	return fullRemote{r, f.on}, err
}

type fullRemote struct {
	engine.Remote
	on *atomic.Bool
}

func (r fullRemote) Put(ctx context.Context, u engine.Upload) error {
	if r.on.Load() {
		return vault.Errorf(vault.CodeUnreachable, "remote put: no space left")
	}
	return r.Remote.Put(ctx, u)
}

// TestCleanWaitsForWhatReplaces replaces a document on a storage that is full: what was there is all that the storage has of
// it, until the new version is there too, whatever was recorded here.
func TestCleanWaitsForWhatReplaces(t *testing.T) {
	r := MustFound(t, single)
	on := &atomic.Bool{}
	r.Reopen(t, func(e *engine.Engine) { e.Remotes = full{e.Remotes, on} })
	b := MustAdd(t, r, "Awa", "Diallo", "1990")
	d := MustDeposit(t, r, b.ID, "the only copy", false)
	MustSync(t, r)
	old := r.VaultState(t, b.ID).Documents[vault.DocumentID(d.ID)].Object.Path
	on.Store(true)
	if _, err := r.DocumentReplace(ctxb, api.DocumentReplaceRequest{Document: d.ID, Size: -1}, strings.NewReader("a better scan")); err != nil {
		t.Fatal(err)
	}
	if !r.VaultState(t, b.ID).Tombs[old] {
		t.Fatal("the old version is not tombstoned: nothing is shown here")
	}
	if c := MustClean(t, r, false); c.Tombstoned != 0 || !slices.Contains(r.RemoteFiles(t), old) {
		t.Errorf("what is not replaced on the storage was deleted there: %+v", c)
	}
	on.Store(false)
	if _, err := r.RemoteTest(ctxb, api.RemoteRequest{Name: "main"}); err != nil {
		t.Fatal(err)
	}
	MustSync(t, r)
	waitFor(t, "the deletion", func() bool { return !slices.Contains(r.RemoteFiles(t), old) })
	MustVerify(t, r)
}

// TestCleanLeavesTheCloneAlone has a copy of this home, gone on as a writer of its own, push a document and not yet the
// segment that tells of it.
func TestCleanLeavesTheCloneAlone(t *testing.T) {
	r := MustFound(t, single)
	MustSync(t, r)
	file := filepath.Join(r.Remote, "v1", "w", r.device(t)+"-aaaaaaaa", "d", "aa", "aaaaaaaaaaaaaaaaaaaaaaaaaa.age")
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("about to be told of"), 0o600); err != nil {
		t.Fatal(err)
	}
	there := func() bool { _, err := os.Stat(file); return err == nil }
	if c := MustClean(t, r, false); c.Orphaned != 0 || c.Waiting != 1 || !there() {
		t.Errorf("cleaned: %+v", c)
	}
	r.SetNow(func() time.Time { return time.Now().Add(31 * 24 * time.Hour) })
	if c := MustClean(t, r, false); c.Orphaned != 1 || there() {
		t.Errorf("a month later: %+v", c)
	}
}

// TestCleanKeepsWhatANewerVersionTellsOf revokes a workstation that ran a newer version: what only its events name stays.
func TestCleanKeepsWhatANewerVersionTellsOf(t *testing.T) {
	k, a, _, _, _ := trio(t)
	b := MustAdd(t, k.rig, "Awa", "Diallo", "1990")
	MustSync(t, k.rig)
	own := vault.DocumentPath(a.Writer, "aaaaaaaaaaaaaaaaaaaaaaaaaa")
	shard := vault.WriterPrefix(a.Writer) + "/z/1.age"
	for _, p := range []string{own, shard} {
		a.Put(p, []byte("of a later version"))
	}
	a.Write(k.seenBy(t, a), a.Event("future.thing", vault.BeneficiaryID(b.ID), map[string]any{"object": map[string]any{"path": own}}))
	MustSync(t, k.rig)
	k.MustRevoke(t, a.Writer.Device())
	MustSync(t, k.rig)
	for _, days := range []int{0, 31, 62} {
		k.SetNow(func() time.Time { return time.Now().Add(time.Duration(days) * 24 * time.Hour) })
		if c := MustClean(t, k.rig, false); c.Orphaned != 0 || !slices.Contains(k.RemoteFiles(t), own) || !slices.Contains(k.RemoteFiles(t), shard) {
			t.Fatalf("after %d days: %+v", days, c)
		}
	}
}
