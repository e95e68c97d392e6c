package engine_test

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// TestDiskFull fills a small file system that holds the home.
func TestDiskFull(t *testing.T) {
	home := filepath.Join(t.TempDir(), "home")
	if err := os.Mkdir(home, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", home, "tmpfs", 0, "size=24m"); err != nil {
		t.Skip("mounting is not permitted here")
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(home, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	r := &rig{Home: home, Remote: filepath.Join(t.TempDir(), "remote")}
	r.Engine, r.stop = MustOpen(t, home, nil)
	_, err := r.Init(context.Background(), api.InitRequest{Org: "CCAS", Agent: "Marie Durand", Team: "Accueil", Remote: r.Remote,
		Need: 1, Of: 1, Protect: api.Protection{Method: "keyfile"}, Language: "fr"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	b := r.MustVault(t, "Diallo")
	small := r.MustAdd(t, deposit(b, "payslip"), "small")
	MustPush(t, r)
	req := deposit(b, "other")
	_, err = r.DocumentAdd(context.Background(), req, rand.NewChaCha8([32]byte{1})) // endless
	if vault.CodeOf(err) != vault.CodeDiskFull {
		t.Errorf("deposit on a full disk: %v has code %s", err, vault.CodeOf(err))
	}
	if left := r.spooled(t); len(left) != 0 {
		t.Errorf("left on the disk: %v", left)
	}
	if l := r.MustList(t, api.DocumentListRequest{Beneficiary: b, All: true}); len(l) != 1 {
		t.Errorf("list: %+v", l)
	}
	if text, _, err := r.get(small.ID, ""); text != "small" || err != nil {
		t.Errorf("get: %q, %v", text, err)
	}
	if d := r.MustAdd(t, deposit(b, "payslip"), strings.Repeat("fits ", 1000)); d.Status != "deposited" {
		t.Errorf("deposit after room was made: %+v", d)
	}
}
