package engine_test

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// TestWrittenWhileFolding deposits a document in a vault that was folded outside the committer and is not written yet, on its own and
// after the index was loaded, which folds the vault too. Neither the document nor what the person is called is lost.
func TestWrittenWhileFolding(t *testing.T) {
	for name, loaded := range map[string]bool{"written": false, "folded and written": true} {
		t.Run(name, func(t *testing.T) {
			n := MustNewcomer(t, 1)
			MustSync(t, n.rig)
			id := n.people[0]
			var once atomic.Bool
			n.storage.set(func(path string, _ []byte) ([]byte, error) {
				if !strings.Contains(path, "/n/") || !once.CompareAndSwap(false, true) {
					return nil, nil
				}
				var err error
				if loaded {
					err = n.LoadAgain(ctxb)
				}
				_, derr := n.DocumentAdd(ctxb, deposit(id, "cv"), strings.NewReader("trois"))
				return nil, errors.Join(err, derr)
			}, nil)
			if err := n.FoldAnew(ctxb, vault.BeneficiaryID(id)); err != nil || !once.Load() {
				t.Fatalf("fold: %v, names were asked for: %v", err, once.Load())
			}
			n.storage.set(nil, nil)
			if st := n.VaultState(t, id); len(st.Documents) != 3 {
				t.Errorf("the vault has %d documents", len(st.Documents))
			}
			if left, err := n.Unfolded(); left != 0 || err != nil {
				t.Errorf("%d vaults wait to be folded, %v", left, err)
			}
			MustSync(t, n.rig)
			if got := n.names(t, ""); !slices.Equal(got, []string{"Diallo0"}) {
				t.Errorf("the newcomer lists %q", got)
			}
		})
	}
}

// TestJoinWhereTheStorageStops joins where the storage stops answering: where it gives no names it is not asked for those of every vault,
// and for none where it gave no notes of the organization before. What was read is kept, and joining again goes on.
func TestJoinWhereTheStorageStops(t *testing.T) {
	for _, c := range []struct {
		name  string
		asked int // requests for names, at most: of one vault while folding, of all by the pull
	}{{"names", 1 + 5}, {"notes", 0}} {
		t.Run(c.name, func(t *testing.T) { joinWhereItStops(t, c.name == "notes", c.asked) })
	}
}

func joinWhereItStops(t *testing.T, all bool, most int) {
	n, naming := mustAwait(t, 5)
	n.SetFoldTogether(1)
	n.storage.set(func(path string, _ []byte) ([]byte, error) {
		if naming[path] || all && strings.Contains(path, "/n/") {
			return nil, errAway()
		}
		return nil, nil
	}, nil)
	n.storage.took()
	if _, err := n.JoinFinish(ctxb, api.JoinFinishRequest{}, nil); vault.CodeOf(err) != vault.CodeUnreachable {
		t.Fatalf("joined: %v", err)
	}
	asked := 0
	for _, call := range n.storage.took() {
		if naming[strings.TrimPrefix(call, "get ")] {
			asked++
		}
	}
	if asked > most {
		t.Errorf("a storage that does not answer was asked for names %d times", asked)
	}
	n.storage.set(nil, nil)
	if _, err := n.JoinFinish(ctxb, api.JoinFinishRequest{Wait: "30s"}, nil); err != nil {
		t.Fatal(err)
	}
	MustSync(t, n.rig)
	if got := n.names(t, ""); len(got) != len(n.people) || slices.Contains(got, "") {
		t.Errorf("the newcomer lists %q", got)
	}
}

// TestErasedVaultIsNotWaitedFor erases a vault whose notes were left to the background: nothing of it is still to come.
func TestErasedVaultIsNotWaitedFor(t *testing.T) {
	n := MustNewcomer(t, 3)
	MustSync(t, n.rig)
	before := n.toFetch(t)
	if before != len(n.people) {
		t.Fatalf("%d vaults are left to the background", before)
	}
	id := n.people[0]
	if _, err := n.admin.BeneficiaryErase(ctxb, api.EraseRequest{Beneficiary: id, Confirm: id}, nil); err != nil {
		t.Fatal(err)
	}
	MustSync(t, n.admin)
	MustSync(t, n.rig)
	if got := n.toFetch(t); got != before-1 {
		t.Errorf("the notes of %d vaults are still to come", got)
	}
}

// TestLockedWhilePulling locks the home right after the first of what was pulled is in the index, with more to come: the pull ends,
// and goes on once the home is unlocked.
func TestLockedWhilePulling(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // what waits for the committer is done before the pull goes on
	n := MustNewcomer(t, 1)
	MustSync(t, n.rig)
	id := n.people[0]
	const more = 70 // segments: they are not all taken together
	for i := range more {
		MustDeposit(t, n.admin, id, fmt.Sprint("encore ", i), false)
		if err := n.admin.Flush(ctxb); err != nil {
			t.Fatal(err)
		}
	}
	MustSync(t, n.admin)
	var once atomic.Bool
	locked := make(chan error, 1)
	n.storage.set(func(path string, raw []byte) ([]byte, error) {
		if raw == nil || !strings.HasSuffix(path, ".seg") || !once.CompareAndSwap(false, true) {
			return nil, nil
		}
		release := n.HoldCommitter()
		go func() {
			defer release()
			n.AwaitCommitter(1)
			waiting := n.Waiting()
			go func() { locked <- n.Lock(ctxb) }()
			n.AwaitCommitter(waiting + 1)
		}()
		return nil, nil
	}, nil)
	if _, err := n.Sync(ctxb, api.SyncRequest{}, nil); err != nil && vault.CodeOf(err) != vault.CodeLocked {
		t.Errorf("sync: %v", err)
	}
	if err := <-locked; err != nil {
		t.Fatal(err)
	}
	n.storage.set(nil, nil)
	if err := n.Unlock(ctxb, ""); err != nil {
		t.Fatal(err)
	}
	MustSync(t, n.rig)
	if st := n.VaultState(t, id); len(st.Documents) != 2+more {
		t.Errorf("the vault has %d documents", len(st.Documents))
	}
}
