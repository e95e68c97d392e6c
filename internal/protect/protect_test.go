package protect_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"vaultctl/internal/agecrypt"
	"vaultctl/internal/protect"
	"vaultctl/internal/vault"
)

const good = "girafe tambour océan quinze lucarne"

var secret = []byte("the device's private keys")

// sealer is the real adapter at the lowest cost of scrypt.
var sealer = agecrypt.NewWithWorkFactor(2)

func keeper(t *testing.T) (*protect.Keeper, string) {
	t.Helper()
	t.Setenv("CREDENTIALS_DIRECTORY", "")
	dir := t.TempDir()
	return protect.New(sealer, dir), dir
}

func wantCode(tb testing.TB, err error, want vault.Code) {
	tb.Helper()
	if got := vault.CodeOf(err); got != want {
		tb.Errorf("error %v has code %q, want %q", err, got, want)
	}
}

func MustSeal(tb testing.TB, k *protect.Keeper, m protect.Method, o protect.Options) {
	tb.Helper()
	if err := k.Seal(context.Background(), m, secret, o); err != nil {
		tb.Fatal(err)
	}
	if needs, err := k.Needs(); err != nil || needs != m {
		tb.Errorf("Needs = %q, %v, want %q", needs, err, m)
	}
}

func mustOpen(tb testing.TB, k *protect.Keeper, o protect.Options) {
	tb.Helper()
	got, err := k.Open(context.Background(), o)
	if err != nil || !bytes.Equal(got, secret) {
		tb.Fatalf("opened to %d bytes, %v", len(got), err)
	}
}

// MustMode checks the permissions of a file, where there are any.
func MustMode(tb testing.TB, path string) {
	tb.Helper()
	info, err := os.Stat(path)
	if err != nil {
		tb.Fatal(err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		tb.Errorf("%s has mode %v", filepath.Base(path), info.Mode())
	}
}

func TestPassphrase(t *testing.T) {
	k, dir := keeper(t)
	_, err := k.Needs()
	wantCode(t, err, vault.CodeNotFound)
	_, err = k.Open(context.Background(), protect.Options{})
	wantCode(t, err, vault.CodeNotFound)
	MustSeal(t, k, protect.Passphrase, protect.Options{Passphrase: good})
	MustMode(t, filepath.Join(dir, protect.FileName))
	mustOpen(t, k, protect.Options{Passphrase: good})
	mustOpen(t, k, protect.Options{Passphrase: strings.ReplaceAll(good, "é", "e\u0301")})
	mustOpen(t, k, protect.Options{Ask: func(kind, _ string) (string, error) {
		if kind != "secret" {
			t.Errorf("asked for %q", kind)
		}
		return good, nil
	}})
	for _, wrong := range []string{"", "girafe", strings.ToUpper(good)} {
		_, err := k.Open(context.Background(), protect.Options{Passphrase: wrong})
		wantCode(t, err, vault.CodeNoIdentity)
	}
	gone := errors.New("terminal closed")
	_, err = k.Open(context.Background(), protect.Options{Ask: func(string, string) (string, error) { return "", gone }})
	if !errors.Is(err, gone) {
		t.Errorf("error %v, want that of Ask", err)
	}
	wantCode(t, k.Seal(context.Background(), protect.Passphrase, []byte("other"), protect.Options{Passphrase: good}), vault.CodeConflict)
	mustOpen(t, k, protect.Options{Passphrase: good})
}

func TestNothingElseIsLeft(t *testing.T) {
	k, dir := keeper(t)
	wantCode(t, k.Seal(context.Background(), protect.Passphrase, secret, protect.Options{Passphrase: "password"}), vault.CodePolicy)
	wantCode(t, k.Seal(context.Background(), "rot13", secret, protect.Options{}), vault.CodeInvalid)
	wantCode(t, k.Seal(context.Background(), protect.Passphrase, nil, protect.Options{Passphrase: good}), vault.CodeInvalid)
	if files := MustList(t, dir); len(files) != 0 {
		t.Errorf("refused, but the directory has %v", files)
	}
	MustSeal(t, k, protect.Passphrase, protect.Options{Passphrase: good})
	if files := MustList(t, dir); len(files) != 1 {
		t.Errorf("the directory has %v", files)
	}
}

func MustList(tb testing.TB, dir string) (names []string) {
	tb.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		tb.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestStrength(t *testing.T) {
	for _, p := range []string{good, "chat-lune-velo-pomme", "xK9#pq2LmZ!t7", strings.Repeat("vj2kq9 wm4tz ", 40)} {
		if err := protect.CheckPassphrase(p, nil); err != nil {
			t.Errorf("%.20q is refused: %v", p, err)
		}
	}
	for _, p := range []string{"", "court", "motdepasse2024", "azertyuiopqsdfgh", "aaaaaaaaaaaaaaaaaaaaaa", "123456789012345678901234", "Tr0ub4dor&33", strings.Repeat("a", 5000)} {
		err := protect.CheckPassphrase(p, nil)
		wantCode(t, err, vault.CodePolicy)
		if err != nil && p != "" && strings.Contains(err.Error(), p) {
			t.Error("the error repeats the passphrase")
		}
	}
	const local = "maison solidaire villeneuve"
	if err := protect.CheckPassphrase(local, nil); err != nil {
		t.Errorf("without hints: %v", err)
	}
	wantCode(t, protect.CheckPassphrase(local, []string{"Maison Solidaire Villeneuve"}), vault.CodePolicy)
}

func TestKeyFile(t *testing.T) {
	for name, path := range map[string]string{"default": "", "elsewhere": filepath.Join(t.TempDir(), "usb.key")} {
		k, dir := keeper(t)
		MustSeal(t, k, protect.KeyFile, protect.Options{KeyFile: path})
		key := path
		if key == "" {
			key = filepath.Join(dir, protect.KeyFileName)
		}
		MustMode(t, key)
		mustOpen(t, k, protect.Options{})
		moved := filepath.Join(t.TempDir(), "moved.key")
		if err := os.Rename(key, moved); err != nil {
			t.Fatal(err)
		}
		_, err := k.Open(context.Background(), protect.Options{})
		wantCode(t, err, vault.CodeNoIdentity)
		if err != nil && strings.Contains(err.Error(), dir) {
			t.Errorf("%s: the error names a path", name)
		}
		mustOpen(t, k, protect.Options{KeyFile: moved})
	}
}

func TestKeyFileRefuses(t *testing.T) {
	k, dir := keeper(t)
	key := filepath.Join(dir, protect.KeyFileName)
	MustSeal(t, k, protect.KeyFile, protect.Options{})
	if runtime.GOOS != "windows" {
		for _, mode := range []os.FileMode{0o640, 0o604, 0o620} {
			if err := os.Chmod(key, mode); err != nil {
				t.Fatal(err)
			}
			_, err := k.Open(context.Background(), protect.Options{})
			wantCode(t, err, vault.CodePolicy)
		}
	}
	other, _, err := sealer.NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	MustWrite(t, key, other)
	_, err = k.Open(context.Background(), protect.Options{})
	wantCode(t, err, vault.CodeNoIdentity)
	MustWrite(t, key, "not a key")
	_, err = k.Open(context.Background(), protect.Options{})
	wantCode(t, err, vault.CodeInvalid)
	_, err = k.Open(context.Background(), protect.Options{KeyFile: dir})
	wantCode(t, err, vault.CodeInvalid)
}

// MustWrite replaces a file, mode 0600.
func MustWrite(tb testing.TB, path, text string) {
	tb.Helper()
	os.Remove(path)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
}

func TestExistingKeyFileIsUsed(t *testing.T) {
	k, dir := keeper(t)
	identity, _, err := sealer.NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	key := filepath.Join(dir, "mine.key")
	MustWrite(t, key, "# mine\n"+identity+"\n")
	MustSeal(t, k, protect.KeyFile, protect.Options{KeyFile: key})
	mustOpen(t, k, protect.Options{})
	if b, err := os.ReadFile(key); err != nil || !strings.HasPrefix(string(b), "# mine\n") {
		t.Errorf("the key file was changed: %v", err)
	}
}

// pluginSealer has a key of its own in place of a plugin, which package agecrypt tests with real processes.
type pluginSealer struct {
	*agecrypt.Sealer
	identity string
	broken   bool
	asked    []string
}

func (p *pluginSealer) SealPlugin(dst io.Writer, name, identity string, mark []string, _ func(kind, message string) (string, error)) (io.WriteCloser, error) {
	p.asked = append(p.asked, "seal "+name+" "+identity)
	to, err := p.RecipientOf(p.identity)
	if err != nil {
		return nil, err
	}
	return p.SealMarked(dst, []string{to}, mark)
}

func (p *pluginSealer) OpenPlugin(src io.Reader, name, identity string, _ func(kind, message string) (string, error)) (io.Reader, error) {
	p.asked = append(p.asked, "open "+name+" "+identity)
	if p.broken {
		return nil, vault.Errorf(vault.CodeNoIdentity, "the key is not there")
	}
	return p.Open(src, []string{p.identity})
}

func TestPlugin(t *testing.T) {
	identity, _, err := sealer.NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"", "AGE-PLUGIN-KEY-1QQQ"} {
		p := &pluginSealer{Sealer: sealer, identity: identity, broken: true}
		dir := t.TempDir()
		k := protect.New(p, dir)
		wantCode(t, k.Seal(context.Background(), "plugin:key", secret, protect.Options{PluginIdentity: key}), vault.CodeNoIdentity)
		if files := MustList(t, dir); len(files) != 0 {
			t.Errorf("sealed to a key that cannot open, the directory has %v", files)
		}
		p.broken, p.asked = false, nil
		MustSeal(t, k, "plugin:key", protect.Options{PluginIdentity: key})
		mustOpen(t, k, protect.Options{})
		if want := "seal key " + key + ",open key " + key + ",open key " + key; strings.Join(p.asked, ",") != want {
			t.Errorf("asked the plugin to %v, want %s", p.asked, want)
		}
	}
}

func TestPluginMissing(t *testing.T) {
	k, dir := keeper(t)
	t.Setenv("PATH", "")
	wantCode(t, k.Seal(context.Background(), "plugin:absent", secret, protect.Options{}), vault.CodeNoIdentity)
	if files := MustList(t, dir); len(files) != 0 {
		t.Errorf("refused, but the directory has %v", files)
	}
}

// TestReplace keeps another secret in the way in which the first was kept.
func TestReplace(t *testing.T) {
	usb := filepath.Join(t.TempDir(), "usb.key")
	for _, c := range []struct {
		method   protect.Method
		to, with protect.Options
	}{
		{protect.Passphrase, protect.Options{Passphrase: good}, protect.Options{Passphrase: good}},
		{protect.KeyFile, protect.Options{}, protect.Options{}},
		{protect.KeyFile, protect.Options{KeyFile: usb}, protect.Options{}},
	} {
		k, _ := keeper(t)
		MustSeal(t, k, c.method, c.to)
		ctx := context.Background()
		if c.method == protect.Passphrase {
			wantCode(t, k.Replace(ctx, []byte("other"), protect.Options{Passphrase: good + "x"}), vault.CodeNoIdentity)
			mustOpen(t, k, c.with)
		}
		if err := k.Replace(ctx, []byte("another secret"), c.with); err != nil {
			t.Fatalf("%s: %v", c.method, err)
		}
		if got, err := k.Open(ctx, c.with); err != nil || string(got) != "another secret" {
			t.Errorf("%s: %q, %v", c.method, got, err)
		}
		if m, err := k.Needs(); err != nil || m != c.method {
			t.Errorf("%s became %s, %v", c.method, m, err)
		}
	}
	k, _ := keeper(t)
	wantCode(t, k.Replace(context.Background(), []byte("x"), protect.Options{}), vault.CodeNotFound)
}

func TestDamage(t *testing.T) {
	k, dir := keeper(t)
	MustSeal(t, k, protect.KeyFile, protect.Options{})
	path := filepath.Join(dir, protect.FileName)
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	MustWrite(t, path, string(file[:len(file)-1]))
	_, err = k.Open(context.Background(), protect.Options{})
	wantCode(t, err, vault.CodeIntegrity)
	MustWrite(t, path, "")
	_, err = k.Needs()
	wantCode(t, err, vault.CodeIntegrity)
	MustWrite(t, path, strings.Replace(string(file), "vaultctl-mark keyfile", "vaultctl-mark oracle!", 1))
	_, err = k.Needs()
	wantCode(t, err, vault.CodeUpgrade)
	other := bytes.Replace(file, []byte("vaultctl-mark keyfile -"), []byte("vaultctl-mark keyfile L2V0Yw"), 1)
	MustWrite(t, path, string(other))
	_, err = k.Open(context.Background(), protect.Options{KeyFile: filepath.Join(dir, protect.KeyFileName)})
	wantCode(t, err, vault.CodeIntegrity)
}

func TestCancelled(t *testing.T) {
	k, dir := keeper(t)
	ctx, cancel := context.WithCancel(context.Background())
	asked := make(chan struct{})
	release := make(chan struct{})
	defer close(release)
	go func() { <-asked; cancel() }()
	err := k.Seal(ctx, protect.Passphrase, secret, protect.Options{Ask: func(string, string) (string, error) {
		close(asked)
		<-release
		return "", errors.New("too late")
	}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want that of the context", err)
	}
	if files := MustList(t, dir); len(files) != 0 {
		t.Errorf("cancelled, but the directory has %v", files)
	}
}

func TestParseMethod(t *testing.T) {
	for _, s := range []string{"passphrase", "keyfile", "systemd", "plugin:yubikey", "plugin:se"} {
		if m, err := protect.ParseMethod(s); err != nil || string(m) != s {
			t.Errorf("ParseMethod(%q) = %q, %v", s, m, err)
		}
	}
	for _, s := range []string{"", "plugin", "plugin:", "plugin:../x", "plugin:A", "Passphrase", "tpm"} {
		_, err := protect.ParseMethod(s)
		wantCode(t, err, vault.CodeInvalid)
	}
}
