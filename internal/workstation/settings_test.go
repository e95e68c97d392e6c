package workstation

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vaultctl/internal/config"
)

// MustWrite writes a file whose modification time differs from any before it.
func MustWrite(tb testing.TB, path string, age time.Duration, lines ...string) {
	tb.Helper()
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		tb.Fatal(err)
	}
	at := time.Now().Add(-age)
	if err := os.Chtimes(path, at, at); err != nil {
		tb.Fatal(err)
	}
}

func TestSettingsFollowTheFiles(t *testing.T) {
	dir := t.TempDir()
	path, own := filepath.Join(dir, "config.toml"), filepath.Join(dir, "types.toml")
	c, err := config.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	s, err := newSettings(c, true, nil)
	if err != nil {
		t.Fatal(err)
	}
	if s.IdleLock() != 15*time.Minute || s.SoonDays() != 30 || s.HealthData("main") {
		t.Errorf("defaults: %+v", s.now())
	}
	MustWrite(t, own, 5*time.Minute, `[[type]]`, `code = "voucher"`, `fr = "Bon"`, `en = "Voucher"`)
	MustWrite(t, path, 5*time.Minute, `idle_lock = "5m"`, `health_data = ["main"]`, `sync_interval = "7m"`, `catalogue = "`+filepath.ToSlash(own)+`"`)
	if s.IdleLock() != 5*time.Minute || !s.HealthData("main") || s.SyncInterval() != 7*time.Minute {
		t.Errorf("after a change: %+v", s.now())
	}
	find := func(code string) bool { _, err := types{s}.Find(code, "en"); return err == nil }
	if !find("voucher") || find("ticket") {
		t.Error("the document types of the file are not in force")
	}
	MustWrite(t, own, 4*time.Minute, `[[type]]`, `code = "ticket"`, `fr = "Ticket"`, `en = "Ticket"`)
	if find("voucher") || !find("ticket") {
		t.Error("changed document types were not noticed")
	}
	MustWrite(t, path, 3*time.Minute, `idle_lock = "soon"`)
	if s.IdleLock() != 5*time.Minute || !find("ticket") {
		t.Errorf("a broken file changed something: %+v", s.now())
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if s.IdleLock() != 15*time.Minute || find("ticket") {
		t.Errorf("without a file: %+v", s.now())
	}
}
