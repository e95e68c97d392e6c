package engine_test

import (
	"bytes"
	"crypto/ed25519"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
	"vaultctl/internal/words"
)

// MustRotate replaces the root and returns the new words and fingerprint.
func MustRotate(tb testing.TB, r *rig, old []string) ([]string, string) {
	tb.Helper()
	before := strings.Join(old, " ")
	key, err := r.RootNew(ctxb, api.RootNewRequest{RootWords: before, Language: "fr"})
	if err != nil || len(key.RootWords) != 24 || len(key.Sheets) == 0 {
		tb.Fatalf("%+v, %v", key, err)
	}
	res, err := r.RootRotate(ctxb, api.RootRotateRequest{RootWords: before, NewWords: strings.Join(key.RootWords, " ")}, nil)
	if err != nil || res.Queued || res.Fingerprint != key.Fingerprint || res.N != key.N {
		tb.Fatalf("%+v, %v", res, err)
	}
	return key.RootWords, key.Fingerprint
}

func keyOfWords(tb testing.TB, list []string) ed25519.PrivateKey {
	tb.Helper()
	seed, err := words.DecodeSecret(strings.Join(list, " "))
	if err != nil {
		tb.Fatal(err)
	}
	return ed25519.NewKeyFromSeed(seed)
}

// rootNotes returns the paths of the notes of successors on the storage.
func (r *rig) rootNotes(tb testing.TB) []string {
	return slices.DeleteFunc(r.RemoteFiles(tb), func(f string) bool { return path.Dir(f) != vault.RootNoteFolder })
}

func ask(tb testing.TB, admin *rig, fingerprint string) (*rig, api.JoinRequest, error) {
	tb.Helper()
	n := &rig{Home: filepath.Join(tb.TempDir(), "home"), Remote: admin.Remote}
	if err := os.MkdirAll(n.Home, 0o700); err != nil {
		tb.Fatal(err)
	}
	n.Engine, n.stop = MustOpen(tb, n.Home, n.Now)
	q, err := n.JoinAsk(ctxb, api.JoinAskRequest{Remote: n.Remote, Root: fingerprint, Protect: api.Protection{Method: "keyfile"}})
	return n, q, err
}

func shownBy(tb testing.TB, admin *rig, code string) api.JoinRequest {
	tb.Helper()
	var out api.JoinRequest
	err := admin.DeviceAsking(ctxb, api.CodeRequest{Code: code}, func(q api.JoinRequest) error { out = q; return nil })
	if err != nil {
		tb.Fatal(err)
	}
	return out
}

func fingerprintOf(tb testing.TB, r *rig) string {
	tb.Helper()
	s, err := r.Status(ctxb)
	if err != nil {
		tb.Fatal(err)
	}
	return s.Fingerprint
}

// TestRootRotation replaces the root: everything that the root does is done with the new words, and nothing with the old.
func TestRootRotation(t *testing.T) {
	k := MustFill(t, MustFound(t))
	MustSync(t, k.rig)
	paul := MustJoin(t, k.rig, "Paul Martin", vault.RoleAgent)
	old := strings.Join(k.Result.RootWords, " ")
	_, err := paul.RootNew(ctxb, api.RootNewRequest{RootWords: old})
	wantCode(t, "an agent", err, vault.CodePolicy)
	key, err := k.RootNew(ctxb, api.RootNewRequest{RootWords: old, Language: "fr"})
	if err != nil || fingerprintOf(t, k.rig) != k.Result.Fingerprint || len(k.rootNotes(t)) != 0 {
		t.Fatalf("words alone change something: %v", err)
	}
	next := strings.Join(key.RootWords, " ")
	for name, req := range map[string]api.RootRotateRequest{
		"no new words":       {RootWords: old},
		"the new ones alone": {RootWords: next, NewWords: next},
		"the same":           {RootWords: old, NewWords: old},
		"junk":               {RootWords: old, NewWords: "abandon abandon"},
	} {
		if res, err := k.RootRotate(ctxb, req, nil); err == nil {
			t.Errorf("%s: %+v", name, res)
		}
	}
	dry, err := k.RootRotate(ctxb, api.RootRotateRequest{RootWords: old, DryRun: true}, nil)
	if err != nil || dry.N != 2 || !dry.DryRun || fingerprintOf(t, k.rig) != k.Result.Fingerprint {
		t.Fatalf("dry run: %+v, %v", dry, err)
	}
	for range 2 { // told again, it waits again
		res, err := k.RootRotate(ctxb, api.RootRotateRequest{RootWords: old, NewWords: next}, nil)
		if err != nil || res.N != 2 || res.Fingerprint != key.Fingerprint || res.Queued || res.Before != k.Result.Fingerprint {
			t.Fatalf("%+v, %v", res, err)
		}
	}
	if n := k.rootNotes(t); len(n) != 1 {
		t.Errorf("notes: %v", n)
	}
	MustSync(t, paul)
	for _, r := range []*rig{k.rig, paul} {
		if fingerprintOf(t, r) != key.Fingerprint {
			t.Error("the fingerprint of before is shown")
		}
	}
	k.MustTend(1)
	if err := k.Lock(ctxb); err != nil || fingerprintOf(t, k.rig) != key.Fingerprint {
		t.Errorf("locked: %v", err)
	}
	k.Reopen(t)
	if fingerprintOf(t, k.rig) != key.Fingerprint {
		t.Error("reopened")
	}
	rotate := api.RecoveryRotateRequest{RootWords: old, Need: 2, Of: 3, Language: "fr"}
	_, err = k.RecoveryRotate(ctxb, rotate, nil)
	wantCode(t, "recovery with the old words", err, vault.CodeNoIdentity)
	if err == nil || !strings.Contains(err.Error(), "former root") {
		t.Errorf("%v", err)
	}
	rotate.RootWords = next
	res, err := k.RecoveryRotate(ctxb, rotate, nil)
	if err != nil || res.N != 2 {
		t.Fatalf("recovery with the new words: %v", err)
	}
	waitFor(t, "the reseal", func() bool {
		k.MustTend(1)
		s, err := k.Status(ctxb)
		return err == nil && s.ToReseal == 0
	})
	MustSync(t, k.rig)
	MustVerify(t, k.rig)
	k.stop()
	if _, _, err := join(t, k, t.TempDir(), res.Recovery[:2]...); vault.CodeOf(err) != vault.CodeNoIdentity || !strings.Contains(err.Error(), "former root") {
		t.Errorf("rebuilt with the old words: %v", err)
	}
	was := k.Result.RootWords
	k.Result.RootWords = key.RootWords
	n, back, err := join(t, k, t.TempDir(), res.Recovery[:2]...)
	k.Result.RootWords = was
	if err != nil || back.Restored.Vaults != 2 || back.Fingerprint != key.Fingerprint {
		t.Fatalf("rebuilt: %+v, %v", back, err)
	}
	MustVerify(t, n)
}

// TestJoinAfterRotation shows the new root's words on both screens, takes either fingerprint, and joins.
func TestJoinAfterRotation(t *testing.T) {
	marie := MustFound(t)
	next, second := MustRotate(t, marie, marie.Result.RootWords)
	early, q := MustAsk(t, marie)
	if shown := shownBy(t, marie, q.Code); !slices.Equal(shown.RootWords, q.RootWords) {
		t.Errorf("%v here, %v there", q.RootWords, shown.RootWords)
	}
	_, last := MustRotate(t, marie, next)
	for _, fingerprint := range []string{marie.Result.Fingerprint, second, last, strings.ToUpper(last), ""} {
		if _, q, err := ask(t, marie, fingerprint); err != nil || !slices.Equal(shownBy(t, marie, q.Code).RootWords, q.RootWords) || q.Ignored != 0 {
			t.Errorf("%q: %+v, %v", fingerprint, q, err)
		}
	}
	_, _, err := ask(t, marie, "aaaa-bbbb-cccc-dddd-eeee-ffff")
	wantCode(t, "another", err, vault.CodeForeign)
	// Who compared the root of then is led on.
	if err := approve(marie, &q, q.Words, vault.RoleAgent); err != nil {
		t.Fatal(err)
	}
	j, err := early.JoinFinish(ctxb, api.JoinFinishRequest{Wait: "30s"}, nil)
	if err != nil || j.Fingerprint != last {
		t.Fatalf("%+v, %v", j, err)
	}
	MustSync(t, early)
	early.Reopen(t)
	MustVerify(t, early)
}

// TestStorageShowsAnotherRoot puts notes of the provider's own in the place of successors: what the root did not sign is
// ignored and named; what somebody signed who has the old words leads nobody astray who compares, or gives a fingerprint.
func TestStorageShowsAnotherRoot(t *testing.T) {
	marie := MustFound(t)
	first := keyOfWords(t, marie.Result.RootWords)
	next, fingerprint := MustRotate(t, marie, marie.Result.RootWords)
	org := vault.OrgID(marie.Result.Org)
	_, own, _ := ed25519.GenerateKey(nil)
	forged := func(n int, before ed25519.PrivateKey) (string, []byte) {
		note := vault.RootNote{Org: org, N: n}
		return vault.RootNotePath(n, own.Public().(ed25519.PublicKey)), note.Sign(before, own)
	}
	remove := func(p string) {
		if err := os.Remove(filepath.Join(marie.Remote, filepath.FromSlash(p))); err != nil {
			t.Fatal(err)
		}
	}
	_, other, _ := ed25519.GenerateKey(nil)
	p, raw := forged(2, other)
	marie.putOnDisk(t, p, raw)
	_, q, err := ask(t, marie, "")
	if err != nil || q.Ignored != 1 || !slices.Equal(shownBy(t, marie, q.Code).RootWords, q.RootWords) {
		t.Errorf("signed by nobody: %+v, %v", q, err)
	}
	res, err := marie.Verify(ctxb, api.VerifyRequest{}, nil, nil)
	if wantCode(t, "verify", err, vault.CodeIntegrity); !hasFinding(res.Findings, "injected", p) {
		t.Errorf("not named: %+v", res.Findings)
	}
	remove(p)
	// By who has the old words: two successors. The fingerprint of the one that counts chooses; nobody is let in by chance.
	p, raw = forged(2, first)
	marie.putOnDisk(t, p, raw)
	for _, given := range []string{"", marie.Result.Fingerprint} {
		_, _, err = ask(t, marie, given)
		wantCode(t, "two successors", err, vault.CodeIntegrity)
	}
	if _, q, err = ask(t, marie, fingerprint); err != nil || !slices.Equal(shownBy(t, marie, q.Code).RootWords, q.RootWords) {
		t.Errorf("the fingerprint of the one that counts: %v", err)
	}
	// Alone: the true note is kept back. The words differ from the administrator's; who looks away is told by the journal.
	true2 := vault.RootNotePath(2, keyOfWords(t, next).Public().(ed25519.PublicKey))
	note := marie.onDisk(t, true2)
	remove(true2)
	_, _, err = ask(t, marie, fingerprint)
	wantCode(t, "the true root given", err, vault.CodeForeign)
	for _, kept := range []bool{true, false} { // the thief's note there, and none at all
		if !kept {
			remove(p)
		}
		n, q, err := ask(t, marie, marie.Result.Fingerprint)
		if err != nil || slices.Equal(shownBy(t, marie, q.Code).RootWords, q.RootWords) {
			t.Fatalf("the same words on both screens, or %v", err)
		}
		if err := approve(marie, &q, q.Words, vault.RoleAgent); err != nil {
			t.Fatal(err)
		}
		_, err = n.JoinFinish(ctxb, api.JoinFinishRequest{Wait: "30s"}, nil)
		wantCode(t, "joined without the note", err, vault.CodeIntegrity)
		if kept {
			continue
		}
		res, err := marie.Verify(ctxb, api.VerifyRequest{}, nil, nil)
		if wantCode(t, "verify", err, vault.CodeIntegrity); !hasFinding(res.Findings, "missing", true2) {
			t.Errorf("not named: %+v", res.Findings)
		}
		waitFor(t, "the note", func() bool { return slices.Contains(marie.rootNotes(t), true2) })
		if !bytes.Equal(marie.onDisk(t, true2), note) {
			t.Fatal("another note is put there")
		}
		if _, err := n.JoinFinish(ctxb, api.JoinFinishRequest{Wait: "30s"}, nil); err != nil {
			t.Errorf("with the note: %v", err)
		}
	}
}

// TestHostileRootNote has the storage give the note of the root in every wrong way: each is named, and no newcomer takes
// another root for the one that counts.
func TestHostileRootNote(t *testing.T) {
	marie := MustFound(t)
	_, fingerprint := MustRotate(t, marie, marie.Result.RootWords)
	p := marie.rootNotes(t)[0]
	raw := marie.onDisk(t, p)
	flipped := bytes.Clone(raw)
	flipped[len(raw)*2/3] ^= 4
	_, own, _ := ed25519.GenerateKey(nil)
	for name, bad := range map[string][]byte{
		"a flipped bit": flipped,
		"truncated":     raw[:len(raw)-7],
		"empty":         {},
		"swapped":       marie.onDisk(t, vault.OrgNotePath),
		"another's":     vault.RootNote{Org: vault.OrgID(marie.Result.Org), N: 2}.Sign(own, keyOfWords(t, marie.Result.RootWords)),
		"huge":          bytes.Repeat(raw, 10_000),
	} {
		t.Run(name, func(t *testing.T) {
			marie.putOnDisk(t, p, bad)
			res, err := marie.Verify(ctxb, api.VerifyRequest{}, nil, nil)
			if wantCode(t, "verify", err, vault.CodeIntegrity); !hasFinding(res.Findings, "altered", p) || !hasFinding(attentionOf(t, marie), "altered", p) {
				t.Errorf("not named: %+v", res.Findings)
			}
			_, _, err = ask(t, marie, fingerprint)
			wantCode(t, "join with the root's fingerprint", err, vault.CodeForeign)
			if _, q, err := ask(t, marie, ""); err != nil || q.Ignored != 1 || slices.Equal(shownBy(t, marie, q.Code).RootWords, q.RootWords) {
				t.Errorf("join: %+v, %v", q, err)
			}
		})
	}
	marie.putOnDisk(t, p, raw)
	MustVerify(t, marie)
}

// TestRebuiltWithoutTheSuccession rebuilds an organization whose storage has lost the segment that tells of the new root: the
// note tells it again, and the old words go on to be good for nothing.
func TestRebuiltWithoutTheSuccession(t *testing.T) {
	k := MustFill(t, MustFound(t))
	MustSync(t, k.rig)
	old := k.Result.RootWords
	own, first := k.Self(t)
	next, fingerprint := MustRotate(t, k.rig, old)
	k.stop()
	for seq := first; ; seq++ {
		if err := os.Remove(filepath.Join(k.Remote, filepath.FromSlash(vault.SegmentPath(own, seq)))); err != nil {
			if seq == first {
				t.Fatal(err)
			}
			break
		}
	}
	if _, _, err := join(t, k, t.TempDir(), k.Result.Recovery[:2]...); vault.CodeOf(err) != vault.CodeNoIdentity {
		t.Errorf("with the old words: %v", err)
	}
	k.Result.RootWords = next
	n, res, err := join(t, k, t.TempDir(), k.Result.Recovery[:2]...)
	if err != nil || res.Restored.Vaults != 2 || res.Fingerprint != fingerprint {
		t.Fatalf("%+v, %v", res, err)
	}
	MustVerify(t, n)
	n.Reopen(t)
	if fingerprintOf(t, n) != fingerprint {
		t.Error("another root after a restart")
	}
	paul := MustJoin(t, n, "Awa Ba", vault.RoleAgent)
	if fingerprintOf(t, paul) != fingerprint {
		t.Error("another root for a newcomer")
	}
}
