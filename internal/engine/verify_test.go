package engine_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// found runs Verify and returns its findings as "code subject".
func found(tb testing.TB, r *rig, deep bool) ([]string, error) {
	tb.Helper()
	var out []string
	_, err := r.Verify(ctxb, api.VerifyRequest{Deep: deep}, nil, func(f api.Finding) error {
		if f.Message == "" || f.Severity == "" {
			tb.Errorf("a finding that says nothing: %+v", f)
		}
		out = append(out, f.Code+" "+f.Subject)
		return nil
	})
	return out, err
}

// wantWhole reads everything that is stored, and wants nothing found. That another workstation is writing at that moment, as it
// does by itself after what the test asked for, may be found for a while.
func wantWhole(tb testing.TB, r *rig) {
	tb.Helper()
	var v api.VerifyResult
	var err error
	waitFor(tb, "that nobody writes", func() bool {
		v, err = r.Verify(ctxb, api.VerifyRequest{Deep: true}, nil, nil)
		lasts := func(f api.Finding) bool { return f.Severity != "info" }
		return len(v.Findings) == 0 || slices.ContainsFunc(v.Findings, lasts)
	})
	if err != nil || len(v.Findings) > 0 {
		tb.Errorf("verify: %v, %+v", err, v.Findings)
	}
}

func TestVerifyNamesWhatIsWrong(t *testing.T) {
	k := MustFill(t, MustFound(t))
	if f, err := found(t, k.rig, true); err != nil || len(f) > 0 {
		t.Fatalf("a sound remote: %v, %v", f, err)
	}
	var docs []string
	for _, text := range []string{"avis d'imposition", "lettre privée"} {
		for id, tx := range k.texts {
			if tx == text {
				docs = append(docs, k.objectOf(t, id))
			}
		}
	}
	name := func(file string) string {
		rel, err := filepath.Rel(k.Remote, file)
		if err != nil {
			t.Fatal(err)
		}
		return "main:" + filepath.ToSlash(rel)
	}
	segment := ""
	for _, f := range k.RemoteFiles(t) {
		if strings.HasSuffix(f, "/j/0/1.seg") {
			segment = filepath.Join(k.Remote, f)
		}
	}
	for what, tc := range map[string]struct {
		change func()
		deep   bool
		want   []string
	}{
		"altered": {func() { MustChange(t, docs[0], func(b []byte) []byte { b[len(b)/2] ^= 1; return b }) }, true,
			[]string{"altered " + name(docs[0])}},
		"truncated": {func() { MustChange(t, docs[0], func(b []byte) []byte { return b[:len(b)-1] }) }, false,
			[]string{"truncated " + name(docs[0])}},
		"swapped": {func() {
			a, b := mustRead(t, docs[0]), mustRead(t, docs[1])
			MustChange(t, docs[0], func([]byte) []byte { return b })
			MustChange(t, docs[1], func([]byte) []byte { return a })
		}, true, []string{"", ""}},
		"injected": {func() {
			file := filepath.Join(filepath.Dir(docs[0]), "aaaaaaaaaaaaaaaaaaaaaaaaaa.age")
			if err := os.WriteFile(file, []byte("age-encryption.org/v1\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {})
		}, false, []string{"injected "}},
		"segment altered": {func() { MustChange(t, segment, func(b []byte) []byte { b[len(b)-3] ^= 1; return b }) }, false,
			[]string{"altered " + name(segment)}},
	} {
		t.Run(what, func(t *testing.T) {
			back := snapshot(t, k.Remote)
			tc.change()
			f, err := found(t, k.rig, tc.deep)
			wantCode(t, what, err, vault.CodeIntegrity)
			slices.Sort(f)
			if len(f) != len(tc.want) {
				t.Fatalf("findings %v, want %v", f, tc.want)
			}
			for i := range f {
				if !strings.HasPrefix(f[i], tc.want[i]) {
					t.Errorf("finding %q, want %q", f[i], tc.want[i])
				}
			}
			if s, err := k.Status(ctxb); err != nil || len(s.Attention) != len(f) {
				t.Errorf("status names %d of %d findings, %v", len(s.Attention), len(f), err)
			}
			back()
			if f, err := found(t, k.rig, true); err != nil || len(f) > 0 {
				t.Errorf("after the repair: %v, %v", f, err)
			}
		})
	}
}

func mustRead(tb testing.TB, file string) []byte {
	tb.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		tb.Fatal(err)
	}
	return raw
}

// snapshot returns what brings a folder back to how it is now.
func snapshot(tb testing.TB, dir string) (back func()) {
	tb.Helper()
	files := map[string][]byte{}
	for _, f := range filesBelow(tb, dir) {
		if !filepath.IsAbs(f) {
			f = filepath.Join(dir, f)
		}
		files[f] = mustRead(tb, f)
	}
	return func() {
		tb.Helper()
		for _, f := range filesBelow(tb, dir) {
			if !filepath.IsAbs(f) {
				f = filepath.Join(dir, f)
			}
			if _, ok := files[f]; !ok {
				if err := os.Remove(f); err != nil {
					tb.Fatal(err)
				}
			}
		}
		for f, raw := range files {
			if err := os.MkdirAll(filepath.Dir(f), 0o700); err != nil {
				tb.Fatal(err)
			}
			if err := os.WriteFile(f, raw, 0o600); err != nil {
				tb.Fatal(err)
			}
		}
	}
}

func TestVanishedObjectsAreSentAgain(t *testing.T) {
	k := MustFill(t, MustFound(t))
	var gone []string
	for _, f := range k.RemoteFiles(t) {
		if strings.Contains(f, "/d/") || strings.HasSuffix(f, "/j/0/1.seg") {
			gone = append(gone, f)
			if err := os.Remove(filepath.Join(k.Remote, f)); err != nil {
				t.Fatal(err)
			}
		}
	}
	f, err := found(t, k.rig, false)
	wantCode(t, "vanished objects", err, vault.CodeIntegrity)
	if len(f) != len(gone) {
		t.Errorf("%d findings for %d vanished objects: %v", len(f), len(gone), f)
	}
	if _, err := k.Sync(ctxb, api.SyncRequest{Wait: "30s"}, nil); vault.CodeOf(err) != vault.CodeIntegrity {
		t.Errorf("sync forgets what was found: %v", err)
	}
	if f, err := found(t, k.rig, true); err != nil || len(f) > 0 {
		t.Errorf("after they were sent again: %v, %v", f, err)
	}
	MustSync(t, k.rig)
}

func TestTombstonedObjectsAreNotSentAgain(t *testing.T) {
	k := MustFill(t, MustFound(t))
	for id := range k.texts {
		if _, err := k.DocumentRemove(ctxb, api.DocumentRequest{Document: id}); err != nil {
			t.Fatal(err)
		}
	}
	MustSync(t, k.rig)
	if f, err := found(t, k.rig, true); err != nil || len(f) > 0 {
		t.Errorf("after removal: %v, %v", f, err)
	}
	for _, f := range k.RemoteFiles(t) {
		if strings.Contains(f, "/d/") {
			t.Errorf("%s is still there", f)
		}
	}
}

func TestRollbackIsReported(t *testing.T) {
	k := MustFill(t, MustFound(t))
	back := snapshot(t, k.Remote)
	MustDeposit(t, k.rig, k.two.ID, "plus tard", false)
	MustSync(t, k.rig)
	back()
	f, err := found(t, k.rig, false)
	wantCode(t, "a remote that was set back", err, vault.CodeIntegrity)
	if !slices.ContainsFunc(f, func(s string) bool { return strings.HasPrefix(s, "rolled_back ") && strings.HasSuffix(s, ".seg") }) {
		t.Errorf("findings %v", f)
	}
}
