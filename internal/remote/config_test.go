package remote

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	_ "github.com/rclone/rclone/backend/alias"
	_ "github.com/rclone/rclone/backend/crypt"
	"github.com/rclone/rclone/fs"
	"github.com/rclone/rclone/fs/config"
	"github.com/rclone/rclone/fs/config/obscure"

	"vaultctl/internal/vault"
)

func mustConfig(tb testing.TB, data string, save func([]byte) error) *Config {
	tb.Helper()
	c, err := NewConfig([]byte(data), save)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

func TestConfigRoundTrip(t *testing.T) {
	odd := map[string]string{
		"type": "s3", "plain": "value", "equals": "a=b=c", "hash": "a#b", "semicolon": "a;b", "quotes": `say "hi"`,
		"token": `{"access_token":"a/b+c==","expiry":"2030-01-01T00:00:00Z"}`, "accents": "é€漢", "spaces": "a b  c",
	}
	c := mustConfig(t, "", nil)
	if err := c.Merge(Sections{"one": odd, "two": {"type": "alias"}}); err != nil {
		t.Fatal(err)
	}
	again := mustConfig(t, string(c.Bytes()), nil)
	for key, want := range odd {
		if got, ok := again.GetValue("one", key); !ok || got != want {
			t.Errorf("%s is %q after a round trip, want %q", key, got, want)
		}
	}
	if !again.HasSection("two") || again.HasSection("three") {
		t.Errorf("sections: %v", again.GetSectionList())
	}
	if _, err := NewConfig([]byte("[broken\nno section"), nil); vault.CodeOf(err) != vault.CodeInvalid {
		t.Errorf("malformed configuration: %v", err)
	}
}

// TestConfigSave does what a backend does that refreshed a token.
func TestConfigSave(t *testing.T) {
	var saved []byte
	c := mustConfig(t, "[drive]\ntype = drive\ntoken = old\n", func(data []byte) error {
		saved = slices.Clone(data)
		return nil
	})
	InstallConfig(c)
	defer InstallConfig(noConfig())
	if err := config.SetValueAndSave("drive", "token", "new"); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(saved), "new") || strings.Contains(string(saved), "old") {
		t.Errorf("saved %q", saved)
	}
	failing := mustConfig(t, "", func([]byte) error { return errors.New("disk full") })
	if err := failing.Save(); err == nil {
		t.Error("a failed save is silent")
	}
}

const conf = `
[disk]
type = alias
remote = /srv/disk
[sealed]
type = crypt
remote = disk:sealed
password = secret
[both]
type = union
upstreams = disk:a sealed: "s p:x:ro"
[tree]
type = combine
upstreams = one=disk:1 two=both:
[s p]
type = alias
remote = /srv/spaces
[other]
type = s3
secret_access_key = unrelated
[loop]
type = alias
remote = loop:x
`

func TestImportSection(t *testing.T) {
	file := filepath.Join(t.TempDir(), "rclone.conf")
	mustWrite(t, file, conf)
	tests := []struct {
		spec string
		want []string
	}{
		{"/srv/vault", nil},
		{":s3,provider=Other:bucket", nil},
		{"disk:vault", []string{"disk"}},
		{"sealed:", []string{"disk", "sealed"}},
		{"both:x", []string{"both", "disk", "s p", "sealed"}},
		{"tree:", []string{"both", "disk", "s p", "sealed", "tree"}},
		{"loop:", []string{"loop"}},
		{":crypt,remote='sealed:x',password=y:", []string{"disk", "sealed"}},
	}
	for _, test := range tests {
		got, err := ImportSection(file, test.spec)
		if names := slices.Sorted(maps.Keys(got)); err != nil || !slices.Equal(names, test.want) {
			t.Errorf("%s: %v, %v, want %v", test.spec, names, err, test.want)
		}
	}
	got, err := ImportSection(file, "sealed:")
	if err != nil || got["sealed"]["password"] != "secret" || got["disk"]["remote"] != "/srv/disk" {
		t.Errorf("imported %v, %v", got, err)
	}
}

func TestImportSectionRefuses(t *testing.T) {
	dir := t.TempDir()
	plain, sealed := filepath.Join(dir, "plain"), filepath.Join(dir, "sealed")
	mustWrite(t, plain, conf)
	mustWrite(t, sealed, "# Encrypted rclone configuration File\n\nRCLONE_ENCRYPT_V0:\nAAAA\n")
	tests := []struct {
		file, spec, text string
		code             vault.Code
	}{
		{plain, "absent:", "absent", vault.CodeNotFound},
		{filepath.Join(dir, "missing"), "disk:", "rclone config", vault.CodeNotFound},
		{dir, "disk:", "cannot be read", vault.CodeInvalid},
		{sealed, "disk:", "rclone config show", vault.CodeInvalid},
		{plain, "", "syntax", vault.CodeInvalid},
	}
	for _, test := range tests {
		_, err := ImportSection(test.file, test.spec)
		if vault.CodeOf(err) != test.code || !strings.Contains(err.Error(), test.text) {
			t.Errorf("%s in %s: %v", test.spec, filepath.Base(test.file), err)
		}
	}
	t.Setenv("RCLONE_CONFIG", plain)
	if got, err := ImportSection("", "disk:"); err != nil || len(got) != 1 {
		t.Errorf("default file: %v, %v", got, err)
	}
}

// TestSectionInUse opens a crypt remote on an alias, both from the configuration in memory.
func TestSectionInUse(t *testing.T) {
	dir := t.TempDir()
	password, err := obscure.Obscure("a long passphrase")
	if err != nil {
		t.Fatal(err)
	}
	c := mustConfig(t, "", nil)
	err = c.Merge(Sections{"disk": {"type": "alias", "remote": dir},
		"sealed": {"type": "crypt", "remote": "disk:", "password": password}})
	if err != nil {
		t.Fatal(err)
	}
	InstallConfig(c)
	defer InstallConfig(noConfig())
	for spec, local := range map[string]bool{"disk:": true, "sealed:": false} {
		r, err := Open(t.Context(), spec, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if (r.local != nil) != local {
			t.Errorf("%s counts as a local folder: %v", spec, r.local != nil)
		}
		if _, err := r.Test(t.Context()); err != nil {
			t.Errorf("%s: %v", spec, err)
		}
	}
}

func TestRedact(t *testing.T) {
	tests := []struct{ spec, want string }{
		{"/srv/vault", "/srv/vault"},
		{"name:bucket/path", "name:bucket/path"},
		{"name,token=secret:bucket", "name,token=…:bucket"},
		{":s3,provider=Other,access_key_id=secret,secret_access_key='s:e,c',region=fr:bucket",
			":s3,access_key_id=…,provider=Other,region=fr,secret_access_key=…:bucket"},
		{":webdav:https://user:secret@host/dav", ":webdav:…"},
		{":sftp,pass=secret", "(unreadable remote)"},
	}
	for _, test := range tests {
		if got := Redact(test.spec); got != test.want {
			t.Errorf("Redact(%q) = %q, want %q", test.spec, got, test.want)
		}
	}
}

type capture struct {
	slog.Handler
	text *strings.Builder
}

func (c capture) Enabled(context.Context, slog.Level) bool { return true }
func (c capture) Handle(_ context.Context, r slog.Record) error {
	c.text.WriteString(r.Level.String() + " " + r.Message)
	r.Attrs(func(a slog.Attr) bool {
		c.text.WriteString(" " + a.String())
		return true
	})
	return nil
}

func TestLog(t *testing.T) {
	before := slog.Default()
	defer slog.SetDefault(before)
	var text strings.Builder
	slog.SetDefault(slog.New(capture{text: &text}))
	fs.Errorf("v1/w/name", "Failed to copy: %v", errors.New(`Put "https://key:secret@host/v1/w/name?X-Amz=AKIA12": status 503 from /home/person`))
	got := text.String()
	for _, bad := range []string{"name", "secret", "host", "AKIA12", "person"} {
		if strings.Contains(got, bad) {
			t.Errorf("%q shows %q", got, bad)
		}
	}
	if !strings.HasPrefix(got, "DEBUG rclone") || !strings.Contains(got, "Failed to copy") || !strings.Contains(got, "503") {
		t.Errorf("logged %q", got)
	}
}

func mustWrite(tb testing.TB, name, text string) {
	tb.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
}
