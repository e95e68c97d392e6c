package config

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"vaultctl/internal/vault"
)

// MustFile writes a configuration file and returns its path.
func MustFile(tb testing.TB, text string) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "config.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}

func MustLoad(tb testing.TB, path string) *Config {
	tb.Helper()
	c, err := Load(path)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

func TestDefaultsAreValid(t *testing.T) {
	var names []string
	c := MustLoad(t, filepath.Join(t.TempDir(), "absent.toml"))
	for _, k := range Keys() {
		names = append(names, k.Name)
		value, source, err := c.Get(k.Name)
		if err != nil || value != k.Default || source != "default" {
			t.Errorf("%s = %q from %s, %v; want %q", k.Name, value, source, err, k.Default)
		}
		if k.Doc == "" || !strings.HasSuffix(k.Doc, ".") {
			t.Errorf("%s: documentation %q", k.Name, k.Doc)
		}
	}
	if !slices.IsSorted(names) || len(names) < 12 {
		t.Errorf("keys %v", names)
	}
	if c.Duration("idle_lock") != 15*time.Minute || c.Size("cache_size") != 2<<30 || c.Duration("expiring_soon") != 720*time.Hour {
		t.Error("a default is read wrongly")
	}
}

func TestPrecedence(t *testing.T) {
	path := MustFile(t, "lang = \"en\"\nidle_lock = \"5m\"\nlog_level = \"warn\"\n")
	t.Setenv("VAULTCTL_LANG", "fr")
	t.Setenv("VAULTCTL_IDLE_LOCK", "7m")
	c := MustLoad(t, path)
	if err := c.SetFlag("lang", "auto"); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][2]string{
		"lang": {"auto", "flag"}, "idle_lock": {"7m", "environment"}, "log_level": {"warn", "file"}, "color": {"auto", "default"},
	} {
		if value, source, err := c.Get(name); value != want[0] || source != want[1] || err != nil {
			t.Errorf("%s = %q from %s, %v; want %v", name, value, source, err, want)
		}
	}
	if err := c.SetFlag("lang", "xx"); vault.CodeOf(err) != vault.CodeInvalid {
		t.Errorf("bad flag value: %v", err)
	}
	if err := c.SetFlag("langue", "fr"); vault.CodeOf(err) != vault.CodeNotFound {
		t.Errorf("bad flag name: %v", err)
	}
}

func TestBadFiles(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"unknown key", "lang = \"fr\"\nidle_lok = \"5m\"\n", `config.toml:2: no configuration key "idle_lok"; did you mean idle_lock?`},
		{"unknown, nothing near", "x = 1\n", `config.toml:1: no configuration key "x"`},
		{"key in a table", "[daemon]\nidle_lock = \"5m\"\n", `no configuration key "daemon.idle_lock"`},
		{"bad choice", "\nlang = \"de\"\n", `config.toml:2: lang: "de" is not one of auto, fr, en`},
		{"bad duration", "idle_lock = \"-5m\"\n", `idle_lock: "-5m" is not a duration`},
		{"number without unit", "idle_lock = 5\n", `idle_lock: "5" is not a duration`},
		{"bad size", "cache_size = \"many\"\n", `cache_size: "many" is not a size`},
		{"syntax", "lang = fr\n", "config.toml"},
		{"twice", "lang = \"fr\"\nlang = \"en\"\n", "config.toml"},
		{"control character", `print_command = "lp\u001b"`, "control characters"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Load(MustFile(t, c.text))
			if vault.CodeOf(err) != vault.CodeInvalid || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v\nwant %s", err, c.want)
			}
		})
	}
	t.Run("environment", func(t *testing.T) {
		t.Setenv("VAULTCTL_LANG", "de")
		_, err := Load(MustFile(t, ""))
		if err == nil || !strings.HasPrefix(err.Error(), "environment variable VAULTCTL_LANG: lang: ") {
			t.Errorf("error %v", err)
		}
	})
	t.Run("directory", func(t *testing.T) {
		if _, err := Load(t.TempDir()); err == nil {
			t.Error("a directory was read")
		}
	})
}

func TestSetKeepsTheRest(t *testing.T) {
	path := MustFile(t, "\ufeff# our site\nlang = \"en\" # ours\n\ncolor = \"never\"")
	c := MustLoad(t, path)
	for _, step := range [][2]string{{"lang", "fr"}, {"idle_lock", "1h"}, {"health_data", "hds, second"}, {"catalogue", `C:\data\"types".toml`}} {
		if err := c.Set(step[0], step[1]); err != nil {
			t.Fatalf("Set(%q): %v", step, err)
		}
	}
	want := "\ufeff# our site\nlang = \"fr\"\n\ncolor = \"never\"\nidle_lock = \"1h\"\nhealth_data = [\"hds\", \"second\"]\n" +
		"catalogue = \"C:\\\\data\\\\\\\"types\\\".toml\"\n"
	got, err := os.ReadFile(path)
	if err != nil || string(got) != want {
		t.Errorf("file %q, %v\nwant %q", got, err, want)
	}
	again := MustLoad(t, path)
	if !slices.Equal(c.Names("health_data"), []string{"hds", "second"}) || !slices.Equal(again.Names("health_data"), c.Names("health_data")) || again.String("catalogue") != `C:\data\"types".toml` {
		t.Errorf("read back health_data %q, catalogue %q", again.Names("health_data"), again.String("catalogue"))
	}
	if err := c.Unset("idle_lock"); err != nil || c.Source("idle_lock") != "default" {
		t.Errorf("Unset: %v, source %s", err, c.Source("idle_lock"))
	}
}

func TestSetRefused(t *testing.T) {
	path := MustFile(t, "lang = \"en\"\n")
	c := MustLoad(t, path)
	for name, value := range map[string]string{"lang": "de", "nothing": "x", "print_command": "a\nb"} {
		if err := c.Set(name, value); err == nil {
			t.Errorf("Set(%q, %q) accepted", name, value)
		}
	}
	if err := c.Unset("nothing"); vault.CodeOf(err) != vault.CodeNotFound {
		t.Errorf("Unset: %v", err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "lang = \"en\"\n" {
		t.Errorf("file changed to %q, %v", got, err)
	}
}

func TestSetCreates(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "config.toml")
	c := MustLoad(t, path)
	if err := c.Set("lang", "fr"); err != nil {
		t.Fatal(err)
	}
	if MustLoad(t, path).String("lang") != "fr" || c.Path() != path {
		t.Error("value not kept")
	}
}

func TestNamesFromEnvironment(t *testing.T) {
	t.Setenv("VAULTCTL_HEALTH_DATA", "a, b,")
	c := MustLoad(t, filepath.Join(t.TempDir(), "config.toml"))
	if got := c.Names("health_data"); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("names %q", got)
	}
}

func TestFilePath(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("VAULTCTL_CONFIG", "")
	if got := FilePath(dir); got != filepath.Join(dir, "config.toml") {
		t.Errorf("FilePath = %q", got)
	}
	t.Setenv("VAULTCTL_CONFIG", "/elsewhere.toml")
	if got := FilePath(dir); got != "/elsewhere.toml" {
		t.Errorf("FilePath = %q", got)
	}
}

func TestParseDuration(t *testing.T) {
	for s, want := range map[string]time.Duration{"0": 0, "90s": 90 * time.Second, "30d": 720 * time.Hour, "1h30m": 90 * time.Minute} {
		if got, err := ParseDuration(s); got != want || err != nil {
			t.Errorf("ParseDuration(%q) = %v, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "d", "-1d", "1.5d", "99999d", "-1s", "soon"} {
		if got, err := ParseDuration(s); err == nil {
			t.Errorf("ParseDuration(%q) = %v", s, got)
		}
	}
}

func TestParseSize(t *testing.T) {
	for s, want := range map[string]int64{"0": 0, "12": 12, "1.5kB": 1500, "500MB": 5e8, "2GiB": 2 << 30, "1 TiB": 1 << 40} {
		if got, err := ParseSize(s); got != want || err != nil {
			t.Errorf("ParseSize(%q) = %v, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "GiB", "-1", "1XB", "NaN", "Inf", "1e30", "9999999999TiB", "1BB"} {
		if got, err := ParseSize(s); err == nil {
			t.Errorf("ParseSize(%q) = %v", s, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("lang = \"fr\"\n[x]\ny = 1\n")
	f.Add("health_data = [\"a\"]\n")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := parse("config.toml", text)
		if err != nil {
			return
		}
		for _, k := range Keys() {
			if err := k.Check(c.String(k.Name)); err != nil {
				t.Errorf("accepted %q: %v", text, err)
			}
		}
	})
}
