package engine_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// wantAll checks that everything of k is there and usable.
func wantAll(tb testing.TB, k *kept) {
	tb.Helper()
	for id, text := range k.texts {
		got, _, err := k.get(id, map[bool]string{true: k.card.Identity}[text == "lettre privée"])
		if err != nil || sha(got) != sha(text) {
			tb.Errorf("get %s: %v", id, err)
		}
	}
	if got := resolve(tb, k.rig, "Diallo"); len(got) != 1 || got[0].Name != "Aïssatou Diallo" {
		tb.Errorf("resolve: %+v", got)
	}
	k.texts[MustDeposit(tb, k.rig, k.one.ID, "après", false).ID] = "après"
	MustSync(tb, k.rig)
	if f, err := found(tb, k.rig, true); err != nil || len(f) > 0 {
		tb.Errorf("verify: %v, %v", f, err)
	}
	if res, err := k.JournalVerify(ctxb); err != nil || len(res.Findings) > 0 || res.Segments == 0 {
		tb.Errorf("journal: %+v, %v", res, err)
	}
}

func TestIndexIsRebuilt(t *testing.T) {
	index := func(k *kept) string { return filepath.Join(k.Home, "index.db") }
	remove := func(tb testing.TB, files ...string) {
		tb.Helper()
		for _, f := range files {
			if err := os.RemoveAll(f); err != nil {
				tb.Fatal(err)
			}
		}
	}
	for name, damage := range map[string]func(*testing.T, *kept){
		"gone":    func(t *testing.T, k *kept) { remove(t, index(k)) },
		"damaged": func(t *testing.T, k *kept) { MustChange(t, index(k), func(b []byte) []byte { return b[:len(b)/3] }) },
		"garbage": func(t *testing.T, k *kept) {
			MustChange(t, index(k), func(b []byte) []byte { return []byte(strings.Repeat("x", len(b))) })
		},
		"gone with the journal": func(t *testing.T, k *kept) { remove(t, index(k), filepath.Join(k.Home, "journal")) },
		"gone with journal, cache and log": func(t *testing.T, k *kept) {
			remove(t, index(k), filepath.Join(k.Home, "journal"), filepath.Join(k.Home, "cache"), filepath.Join(k.Home, "log"))
		},
		"gone with the log":                   func(t *testing.T, k *kept) { remove(t, index(k), filepath.Join(k.Home, "log")) },
		"gone, with the remote away at start": func(t *testing.T, k *kept) { remove(t, index(k)) },
	} {
		t.Run(name, func(t *testing.T) {
			k := MustFill(t, MustFound(t))
			k.stop()
			damage(t, k)
			away := strings.Contains(name, "away")
			if away {
				if err := os.Rename(k.Remote, k.Remote+".away"); err != nil {
					t.Fatal(err)
				}
			}
			k.Reopen(t)
			if away {
				if s, err := k.Status(ctxb); err != nil || s.State != "ready" || s.Vaults != 2 || s.Documents != 4 {
					t.Errorf("status %+v, %v", s, err)
				}
				if err := os.Rename(k.Remote+".away", k.Remote); err != nil {
					t.Fatal(err)
				}
			}
			wantAll(t, k)
			k.Reopen(t)
			wantAll(t, k)
		})
	}
}

func TestUnpushedWorkSurvivesALostIndex(t *testing.T) {
	k := MustFill(t, MustFound(t))
	if err := os.Rename(k.Remote, k.Remote+".away"); err != nil {
		t.Fatal(err)
	}
	k.texts[MustDeposit(t, k.rig, k.two.ID, "pas encore parti", false).ID] = "pas encore parti"
	k.stop()
	if err := os.Remove(filepath.Join(k.Home, "index.db")); err != nil {
		t.Fatal(err)
	}
	k.Reopen(t)
	if s, err := k.Status(ctxb); err != nil || s.Queued == 0 || s.Documents != 5 {
		t.Errorf("status %+v, %v", s, err)
	}
	if err := os.Rename(k.Remote+".away", k.Remote); err != nil {
		t.Fatal(err)
	}
	wantAll(t, k)
	files, err := recoverFrom(t, k.Remote, k.Result.Recovery[:2]...)
	if err != nil || !slices.ContainsFunc(keysOf(files), func(n string) bool { return files[n] == "pas encore parti" }) {
		t.Errorf("the deposit did not reach the remote: %v, %v", keysOf(files), err)
	}
}

// copyTree copies a home or a storage as a backup would, while the engine is at work: without what vanishes meanwhile.
func copyTree(tb testing.TB, from, to string) {
	tb.Helper()
	err := filepath.WalkDir(from, func(p string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || !d.IsDir() && !d.Type().IsRegular() {
			return err
		}
		rel, _ := filepath.Rel(from, p)
		if d.IsDir() {
			return os.MkdirAll(filepath.Join(to, rel), 0o700)
		}
		raw, err := os.ReadFile(p)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, rel), raw, 0o600)
	})
	if err != nil {
		tb.Fatal(err)
	}
}

func TestRestoredHomeTakesANewIncarnation(t *testing.T) {
	for name, offline := range map[string]bool{"at once": false, "after work offline": true} {
		t.Run(name, func(t *testing.T) {
			k := MustFill(t, MustFound(t))
			k.stop()
			backup := filepath.Join(t.TempDir(), "backup")
			copyTree(t, k.Home, backup)
			k.Reopen(t)
			k.texts[MustDeposit(t, k.rig, k.two.ID, "après la sauvegarde", false).ID] = "après la sauvegarde"
			MustSync(t, k.rig)
			k.stop()
			if err := os.RemoveAll(k.Home); err != nil {
				t.Fatal(err)
			}
			copyTree(t, backup, k.Home)
			if offline {
				if err := os.Rename(k.Remote, k.Remote+".away"); err != nil {
					t.Fatal(err)
				}
			}
			k.Reopen(t)
			k.texts[MustDeposit(t, k.rig, k.one.ID, "après la restauration", false).ID] = "après la restauration"
			if offline {
				_, err := k.Sync(ctxb, api.SyncRequest{Wait: "100ms"}, nil)
				wantCode(t, "sync while away", err, vault.CodeUnreachable)
				k.texts[MustDeposit(t, k.rig, k.one.ID, "encore une", false).ID] = "encore une"
				if err := os.Rename(k.Remote+".away", k.Remote); err != nil {
					t.Fatal(err)
				}
			}
			MustSync(t, k.rig)
			wantAll(t, k)
			k.Reopen(t)
			wantAll(t, k)
			writers := map[vault.WriterID]bool{}
			for _, f := range k.RemoteFiles(t) {
				if strings.HasSuffix(f, ".seg") {
					writers[vault.PathWriter(f)] = true
				}
			}
			if len(writers) != 2 {
				t.Errorf("%d writers, want 2", len(writers))
			}
			files, err := recoverFrom(t, k.Remote, k.Result.Recovery[:2]...)
			delete(k.texts, privateOf(k))
			wantFiles(t, files, k.texts)
			if err != nil {
				t.Error(err)
			}
		})
	}
}

func privateOf(k *kept) string {
	for id, text := range k.texts {
		if text == "lettre privée" {
			return id
		}
	}
	return ""
}

func TestClockSetBackAndAhead(t *testing.T) {
	k := MustFill(t, MustFound(t))
	for _, shift := range []time.Duration{-48 * time.Hour, 72 * time.Hour, 0} {
		k.stop() // nobody reads the clock while it is set
		k.SetNow(func() time.Time { return time.Now().Add(shift) })
		k.Reopen(t)
		id := MustDeposit(t, k.rig, k.one.ID, "décalage "+shift.String(), false).ID
		k.texts[id] = "décalage " + shift.String()
		MustSync(t, k.rig)
		k.Reopen(t)
	}
	wantAll(t, k)
	d, err := k.DocumentShow(ctxb, api.DocumentRequest{Document: privateOf(k)})
	if err != nil || d.Space != "private" {
		t.Errorf("%+v, %v", d, err)
	}
}

// TestTwoWritersAtOnce lets a home and its clone, which goes on as a writer of its own, work on one vault.
func TestTwoWritersAtOnce(t *testing.T) {
	k := MustFill(t, MustFound(t))
	k.stop()
	clone := &rig{Home: filepath.Join(t.TempDir(), "clone"), Remote: k.Remote, Result: k.Result}
	copyTree(t, k.Home, clone.Home)
	k.Reopen(t)
	MustDeposit(t, k.rig, k.one.ID, "du premier", false)
	MustSync(t, k.rig)
	clone.Engine, clone.stop = MustOpen(t, clone.Home, nil)
	texts := map[string]string{}
	for i := range 3 {
		a, b := "premier "+strconv.Itoa(i), "second "+strconv.Itoa(i)
		texts[MustDeposit(t, k.rig, k.one.ID, a, false).ID] = a
		texts[MustDeposit(t, clone, k.one.ID, b, false).ID] = b
		MustSync(t, k.rig)
		MustSync(t, clone)
	}
	for _, r := range []*rig{k.rig, clone} { // a verification finds writers of which no segment tells; a sync does within the hour
		wantWhole(t, r)
	}
	for name, r := range map[string]*rig{"home": k.rig, "clone": clone} {
		for id, text := range texts {
			got, d, err := r.get(id, "")
			if err != nil || got != text || d.Title != "titre de "+text {
				t.Errorf("%s: %q, %+v, %v", name, got, d, err)
			}
		}
		wantWhole(t, r)
	}
	// What one removes, the other loses; and a withdrawal at one desk ends the reading at the other.
	for id := range texts {
		if _, err := clone.DocumentRemove(ctxb, api.DocumentRequest{Document: id}); err != nil {
			t.Fatal(err)
		}
		MustSync(t, clone)
		MustSync(t, k.rig)
		if _, _, err := k.get(id, ""); err == nil {
			t.Error("a document that the other removed still opens")
		}
		break
	}
	if _, err := k.ConsentWithdraw(ctxb, api.WithdrawRequest{Beneficiary: k.one.ID, To: "team:Accueil"}, nil); err != nil {
		t.Fatal(err)
	}
	MustSync(t, k.rig)
	MustSync(t, clone)
	b, err := clone.BeneficiaryShow(ctxb, api.BeneficiaryRequest{Beneficiary: k.one.ID})
	if err != nil || b.State != "unconsented" || b.Readable {
		t.Errorf("%+v, %v", b, err)
	}
}
