package protect_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"vaultctl/internal/protect"
	"vaultctl/internal/vault"
)

func TestSystemdCredential(t *testing.T) {
	k, dir := keeper(t)
	credentials := t.TempDir()
	identity, _, err := sealer.NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	MustWrite(t, filepath.Join(credentials, protect.CredentialName), "# from age-keygen\n"+identity+"\n")
	t.Setenv("CREDENTIALS_DIRECTORY", credentials)
	MustSeal(t, k, protect.Systemd, protect.Options{})
	mustOpen(t, k, protect.Options{})
	if files := MustList(t, dir); len(files) != 1 {
		t.Errorf("the directory has %v", files)
	}
	MustWrite(t, filepath.Join(credentials, protect.CredentialName), "rubbish")
	_, err = k.Open(context.Background(), protect.Options{})
	wantCode(t, err, vault.CodeNoIdentity)
	t.Setenv("CREDENTIALS_DIRECTORY", t.TempDir())
	_, err = k.Open(context.Background(), protect.Options{})
	wantCode(t, err, vault.CodeNoIdentity)
	t.Setenv("CREDENTIALS_DIRECTORY", "")
	_, err = k.Open(context.Background(), protect.Options{})
	wantCode(t, err, vault.CodeNoIdentity)
}

// fakeCreds puts a systemd-creds on PATH that hands back what it is given, or fails. The real one leaves a host key
// behind on the machine, and needs root.
func fakeCreds(t *testing.T, script string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("no systemd")
	}
	cat, err := exec.LookPath("cat")
	if err != nil {
		t.Skip("no cat")
	}
	bin := t.TempDir()
	if err := os.Symlink(cat, filepath.Join(bin, "cat")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(bin, "systemd-creds"), []byte("#!/bin/sh\n"+script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin)
}

func TestSystemdMakesCredential(t *testing.T) {
	fakeCreds(t, `[ "$1" = --user ] && shift
[ "$*" = "encrypt --name=vaultctl - -" ] || exit 1
exec cat`)
	k, dir := keeper(t)
	MustSeal(t, k, protect.Systemd, protect.Options{})
	cred := filepath.Join(dir, protect.CredentialFileName)
	MustMode(t, cred)
	_, err := k.Open(context.Background(), protect.Options{})
	wantCode(t, err, vault.CodeNoIdentity)
	if err != nil && !strings.Contains(err.Error(), "LoadCredentialEncrypted=vaultctl:"+cred) {
		t.Errorf("error %q does not say what the unit needs", err)
	}

	// What systemd would do when it starts the unit.
	credentials := t.TempDir()
	b, err := os.ReadFile(cred)
	if err != nil {
		t.Fatal(err)
	}
	MustWrite(t, filepath.Join(credentials, protect.CredentialName), string(b))
	t.Setenv("CREDENTIALS_DIRECTORY", credentials)
	mustOpen(t, k, protect.Options{})
}

func TestSystemdSaysWhatToRun(t *testing.T) {
	fakeCreds(t, "exit 1")
	k, dir := keeper(t)
	err := k.Seal(context.Background(), protect.Systemd, secret, protect.Options{})
	wantCode(t, err, vault.CodePolicy)
	if err != nil && !strings.Contains(err.Error(), "systemd-creds encrypt --name=vaultctl") {
		t.Errorf("error %q does not say what to run", err)
	}
	t.Setenv("PATH", "")
	wantCode(t, k.Seal(context.Background(), protect.Systemd, secret, protect.Options{}), vault.CodePolicy)
	if files := MustList(t, dir); len(files) != 0 {
		t.Errorf("refused, but the directory has %v", files)
	}
}

// TestRealSystemdCreds runs where it can without leaving anything behind: as root, with the host key in place.
func TestRealSystemdCreds(t *testing.T) {
	program, err := exec.LookPath("systemd-creds")
	if _, nokey := os.Stat("/var/lib/systemd/credential.secret"); err != nil || nokey != nil || os.Geteuid() != 0 {
		t.Skip("needs systemd-creds, root and a host key")
	}
	k, dir := keeper(t)
	MustSeal(t, k, protect.Systemd, protect.Options{})
	credentials := t.TempDir()
	out, err := exec.Command(program, "decrypt", "--name="+protect.CredentialName, filepath.Join(dir, protect.CredentialFileName), "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	MustWrite(t, filepath.Join(credentials, protect.CredentialName), string(out))
	t.Setenv("CREDENTIALS_DIRECTORY", credentials)
	mustOpen(t, k, protect.Options{})
}
