package engine_test

import (
	"bytes"
	"crypto/ed25519"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vaultctl/internal/agecrypt"
	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// onDisk reads an object of the storage as its provider does.
func (r *rig) onDisk(tb testing.TB, path string) []byte {
	tb.Helper()
	raw, err := os.ReadFile(filepath.Join(r.Remote, filepath.FromSlash(path)))
	if err != nil {
		tb.Fatal(err)
	}
	return raw
}

// putOnDisk writes an object as the provider of the storage does.
func (r *rig) putOnDisk(tb testing.TB, path string, raw []byte) {
	tb.Helper()
	full := filepath.Join(r.Remote, filepath.FromSlash(path))
	if err := os.MkdirAll(filepath.Dir(full), 0o700); err != nil {
		tb.Fatal(err)
	}
	if err := os.WriteFile(full, raw, 0o600); err != nil {
		tb.Fatal(err)
	}
}

func approve(admin *rig, q *api.JoinRequest, words []string, role vault.Role) error {
	_, err := admin.DeviceApprove(ctxb, api.ApproveRequest{Code: q.Device, Agent: "Paul Martin", Roles: []string{string(role)},
		Words: strings.Join(words, " ")}, nil)
	return err
}

func devicesKnown(tb testing.TB, r *rig) int {
	tb.Helper()
	n := 0
	if err := r.DeviceList(ctxb, api.Empty{}, func(api.Device) error { n++; return nil }); err != nil {
		tb.Fatal(err)
	}
	return n
}

// stranger is a device that the provider of the storage makes for itself.
func stranger(tb testing.TB, org string) (key ed25519.PrivateKey, identity, recipient string, request []byte) {
	tb.Helper()
	_, key, err := ed25519.GenerateKey(nil)
	if err == nil {
		identity, recipient, err = agecrypt.New().NewIdentity()
	}
	if err != nil {
		tb.Fatal(err)
	}
	return key, identity, recipient, vault.JoinRequest{Org: vault.OrgID(org), Recipient: recipient, At: time.Now()}.Sign(key)
}

// TestStorageEnrolsNobody lets the provider of the storage ask with keys of its own, in its own place and in the place of a
// request whose words were compared already.
func TestStorageEnrolsNobody(t *testing.T) {
	marie := MustFound(t)
	_, q := MustAsk(t, marie)
	key, _, recipient, theirs := stranger(t, q.Org)
	theirID := vault.DeviceIDOf(key.Public().(ed25519.PublicKey))
	path := vault.JoinRequestPath(vault.DeviceID(q.Device))
	mine := marie.onDisk(t, path)
	request := func(org string, at time.Time, key ed25519.PrivateKey) []byte {
		return vault.JoinRequest{Org: vault.OrgID(org), Recipient: recipient, At: at}.Sign(key)
	}
	for name, c := range map[string]struct {
		raw  []byte // in the place of the request
		code vault.Code
	}{
		"another device's request":          {theirs, vault.CodeIntegrity},
		"an altered recipient":              {bytes.Replace(mine, []byte("age1"), []byte("age2"), 1), vault.CodeIntegrity},
		"a note in place of it":             {marie.onDisk(t, vault.OrgNotePath), vault.CodeIntegrity},
		"cut short":                         {mine[:len(mine)/2], vault.CodeIntegrity},
		"junk of a megabyte":                {bytes.Repeat([]byte("x"), 1<<20), vault.CodeIntegrity},
		"a later version":                   {[]byte("vaultctl join v2\n"), vault.CodeUpgrade},
		"the device's own, with other keys": {nil, vault.CodeNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			if c.raw == nil {
				if err := os.Remove(filepath.Join(marie.Remote, filepath.FromSlash(path))); err != nil {
					t.Fatal(err)
				}
			} else {
				marie.putOnDisk(t, path, c.raw)
			}
			wantCode(t, "approve", approve(marie, &q, q.Words, vault.RoleAgent), c.code)
		})
	}
	for name, c := range map[string]struct {
		raw   []byte
		words []string
		code  vault.Code
	}{
		"its own request, under the words that were compared": {theirs, q.Words, vault.CodePolicy},
		"of another organization":                             {request("o00000000000", time.Now(), key), q.Words, vault.CodeForeign},
	} {
		t.Run(name, func(t *testing.T) {
			marie.putOnDisk(t, vault.JoinRequestPath(theirID), c.raw)
			wantCode(t, "approve", approve(marie, &api.JoinRequest{Device: string(theirID)}, c.words, vault.RoleAgent), c.code)
		})
	}
	t.Run("an old request", func(t *testing.T) {
		raw := request(q.Org, time.Now().Add(-8*24*time.Hour), key)
		marie.putOnDisk(t, vault.JoinRequestPath(theirID), raw)
		old := asking(t, marie, string(theirID))
		if !old.Stale {
			t.Errorf("%+v", old)
		}
		wantCode(t, "approve", approve(marie, &old, old.Words, vault.RoleAgent), vault.CodePolicy)
	})
	if n := devicesKnown(t, marie); n != 1 {
		t.Errorf("%d devices", n)
	}
}

// asking returns the request under a code, as an admin sees it.
func asking(tb testing.TB, r *rig, code string) api.JoinRequest {
	tb.Helper()
	var out api.JoinRequest
	if err := r.DeviceAsking(ctxb, api.CodeRequest{Code: code}, func(q api.JoinRequest) error { out = q; return nil }); err != nil {
		tb.Fatal(err)
	}
	return out
}

// TestNewcomerBelievesOnlyTheRoot hands a workstation that asks welcomes and journals that are not what an admin gave.
func TestNewcomerBelievesOnlyTheRoot(t *testing.T) {
	marie := MustFound(t)
	paul := MustJoin(t, marie, "Paul Martin", vault.RoleAgent)
	awa, q := MustAsk(t, marie)
	finish := func() error {
		_, err := awa.JoinFinish(ctxb, api.JoinFinishRequest{}, nil)
		return err
	}
	wantCode(t, "nobody approved", finish(), vault.CodeAttention)
	path := vault.WelcomePath(vault.DeviceID(q.Device))
	recipient := requestOf(t, marie, q.Device).Recipient
	key, _, _, _ := stranger(t, q.Org)
	forged := vault.Welcome{Org: vault.OrgID(q.Org), Root: awa.RootKey(), Device: vault.DeviceID(q.Device), Heads: vault.Past{}}
	other := forged
	other.Device = vault.DeviceID(paul.device(t))
	elsewhere := forged
	elsewhere.Org = "o00000000000"
	strayed := forged
	strayed.Parcels = []vault.WelcomeParcel{{Epoch: "x/1", Path: "v1/org.note"}}
	pauls, err := os.ReadFile(filepath.Join(marie.Home, "journal", filepath.FromSlash(vault.WelcomePath(vault.DeviceID(paul.device(t))))))
	if err != nil {
		t.Fatal(err)
	}
	for name, raw := range map[string][]byte{
		"signed by a stranger":          MustSeal(t, forged.Sign(key), recipient),
		"signed by one who is no admin": MustSeal(t, paul.SignWelcome(&forged), recipient),
		"for another device":            MustSeal(t, marie.SignWelcome(&other), recipient),
		"for another organization":      MustSeal(t, marie.SignWelcome(&elsewhere), recipient),
		"naming other objects":          MustSeal(t, marie.SignWelcome(&strayed), recipient),
		"an admin's, before it enrols":  MustSeal(t, marie.SignWelcome(&forged), recipient),
		"not sealed":                    forged.Sign(key),
		"nothing at all":                {},
		"somebody else's":               pauls,
	} {
		t.Run(name, func(t *testing.T) {
			marie.putOnDisk(t, path, raw)
			wantCode(t, "finish", finish(), vault.CodeIntegrity)
			if s, err := awa.Status(ctxb); err != nil || s.State != "joining" {
				t.Errorf("%+v, %v", s, err)
			}
		})
	}
	if err := os.Remove(filepath.Join(marie.Remote, filepath.FromSlash(path))); err != nil {
		t.Fatal(err)
	}
	before := copyOfRemote(t, marie)
	person := paul.MustVault(t, "Diallo")
	MustSync(t, paul)
	MustSync(t, marie)
	if err := approve(marie, &q, q.Words, vault.RoleAgent); err != nil {
		t.Fatal(err)
	}
	welcome := marie.onDisk(t, path)
	t.Run("an older copy of the storage", func(t *testing.T) { olderCopy(t, marie, awa, before, path, welcome) })
	t.Run("another organization", func(t *testing.T) {
		foreign := MustFound(t)
		MustSync(t, foreign)
		note := marie.onDisk(t, vault.OrgNotePath)
		marie.putOnDisk(t, vault.OrgNotePath, foreign.onDisk(t, vault.OrgNotePath))
		wantCode(t, "finish", finish(), vault.CodeForeign)
		marie.putOnDisk(t, vault.OrgNotePath, note)
	})
	if err := finish(); err != nil {
		t.Fatal(err)
	}
	if p := awa.MustShow(t, person); p.Readable {
		t.Errorf("%+v", p)
	}
}

// olderCopy puts the storage back to what it held before the approval, with the welcome, and restores it.
func olderCopy(t *testing.T, marie, awa *rig, before, path string, welcome []byte) {
	now := marie.Remote + ".now"
	if err := os.Rename(marie.Remote, now); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(before, marie.Remote); err != nil {
		t.Fatal(err)
	}
	marie.putOnDisk(t, path, welcome)
	if _, err := awa.JoinFinish(ctxb, api.JoinFinishRequest{}, nil); err == nil {
		t.Error("joined in an older copy")
	}
	if s, err := awa.Status(ctxb); err != nil || s.State != "joining" {
		t.Errorf("%+v, %v", s, err)
	}
	if err := os.RemoveAll(marie.Remote); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(now, marie.Remote); err != nil {
		t.Fatal(err)
	}
}

// copyOfRemote copies the storage.
func copyOfRemote(tb testing.TB, r *rig) string {
	tb.Helper()
	to := filepath.Join(tb.TempDir(), "snapshot")
	copyTree(tb, r.Remote, to)
	return to
}

func requestOf(tb testing.TB, r *rig, device string) *vault.JoinRequest {
	tb.Helper()
	q, err := vault.ParseJoinRequest(r.onDisk(tb, vault.JoinRequestPath(vault.DeviceID(device))))
	if err != nil {
		tb.Fatal(err)
	}
	return q
}

// MustSeal seals bytes as anybody can who knows a recipient.
func MustSeal(tb testing.TB, plain []byte, recipient string) []byte {
	tb.Helper()
	var out bytes.Buffer
	wc, err := agecrypt.New().Seal(&out, []string{recipient})
	if err == nil {
		_, err = wc.Write(plain)
	}
	if err == nil {
		err = wc.Close()
	}
	if err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

// TestOldWelcomeOpensNothing replays the welcome and the request of a workstation that was revoked since.
func TestOldWelcomeOpensNothing(t *testing.T) {
	marie := MustFound(t)
	paul, q := MustAsk(t, marie)
	if err := approve(marie, &q, q.Words, vault.RoleAgent); err != nil {
		t.Fatal(err)
	}
	if _, err := marie.DeviceRevoke(ctxb, api.RevokeRequest{Device: q.Device}, nil); err != nil {
		t.Fatal(err)
	}
	MustSync(t, marie)
	_, err := paul.JoinFinish(ctxb, api.JoinFinishRequest{}, nil)
	wantCode(t, "finish with the welcome of a revoked workstation", err, vault.CodePolicy)
	wantCode(t, "approve its old request", approve(marie, &q, q.Words, vault.RoleAdmin), vault.CodePolicy)
	again, err := paul.JoinAsk(ctxb, api.JoinAskRequest{Anew: true, Remote: paul.Remote, Protect: api.Protection{Method: "keyfile"}})
	if err != nil || again.Device == q.Device || again.Code == q.Code {
		t.Fatalf("%+v, %v", again, err)
	}
	if err := approve(marie, &again, again.Words, vault.RoleAgent); err != nil {
		t.Fatal(err)
	}
	if _, err := paul.JoinFinish(ctxb, api.JoinFinishRequest{}, nil); err != nil {
		t.Errorf("with new keys: %v", err)
	}
}

// TestLostWelcomeIsSentAgain takes the welcome away before the workstation has read it, and asks for it among junk.
func TestLostWelcomeIsSentAgain(t *testing.T) {
	marie := MustFound(t)
	boss := MustJoin(t, marie, "Direction", vault.RoleAdmin)
	paul, q := MustAsk(t, marie)
	for i := range 300 {
		marie.putOnDisk(t, vault.JoinRequestPath(vault.DeviceIDOf([]byte{byte(i), byte(i >> 8)})), []byte("junk"))
	}
	q.Device = q.Code // what a person types
	if err := approve(marie, &q, q.Words, vault.RoleAgent); err != nil {
		t.Fatal(err)
	}
	wantCode(t, "approve again", approve(marie, &q, q.Words, vault.RoleAgent), vault.CodeConflict)
	for _, admin := range []*rig{marie, boss} {
		full := paul.device(t)
		if err := os.Remove(filepath.Join(marie.Remote, filepath.FromSlash(vault.WelcomePath(vault.DeviceID(full))))); err != nil {
			t.Fatal(err)
		}
		if _, err := paul.JoinFinish(ctxb, api.JoinFinishRequest{}, nil); vault.CodeOf(err) != vault.CodeAttention {
			t.Fatalf("without a welcome: %v", err)
		}
		if err := approve(admin, &q, q.Words, vault.RoleAgent); err != nil {
			t.Fatalf("approve once more: %v", err)
		}
	}
	if _, err := paul.JoinFinish(ctxb, api.JoinFinishRequest{}, nil); err != nil {
		t.Fatal(err)
	}
	n := 0
	if err := marie.DeviceAsking(ctxb, api.CodeRequest{}, func(api.JoinRequest) error { n++; return nil }); err != nil || n != 0 {
		t.Errorf("%d ask, %v", n, err)
	}
	for _, r := range []*rig{marie, boss, paul} {
		MustSync(t, r)
		wantWhole(t, r)
	}
}

// TestNothingSecretPasses looks at all that a joining leaves on the storage.
func TestNothingSecretPasses(t *testing.T) {
	marie := MustFound(t)
	MustSync(t, marie)
	there := map[string]bool{}
	for _, f := range marie.RemoteFiles(t) {
		there[f] = true
	}
	MustJoin(t, marie, "Paul Martin", vault.RoleAgent)
	opened := 0
	for _, f := range marie.RemoteFiles(t) {
		if there[f] {
			continue
		}
		raw := marie.onDisk(t, f)
		for _, s := range []string{"AGE-SECRET-KEY", "Paul", "Martin", "names-key", "refs-key", "CCAS"} {
			if bytes.Contains(raw, []byte(s)) {
				t.Errorf("%s holds %q in the clear", f, s)
			}
		}
		if strings.HasSuffix(f, ".note") || strings.HasSuffix(f, ".seg") || !strings.Contains(f, "/k/") && !strings.Contains(f, "join/") {
			continue
		}
		opened++
		if marie.OpensBytes(raw) {
			t.Errorf("%s opens for somebody else than the new workstation", f)
		}
	}
	if opened < 4 {
		t.Errorf("only %d sealed objects", opened)
	}
}
