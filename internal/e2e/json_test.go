package e2e

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestJSONContract holds what scripts depend on: lists print one object per line, each with v and type, and an error is
// one object with the exit status that the program ends with.
func TestJSONContract(t *testing.T) {
	t.Parallel()
	s := MustStation(t, "")
	s.MustFound(t, filepath.Join(s.dir, "remote"))
	who := s.MustOpen(t, "Diallo", "SI:1")
	s.MustOpen(t, "Traoré", "SI:2")
	document := s.MustDeposit(t, "ref:SI:1", "a letter", "--expires-on", "+10d")
	s.MustDeposit(t, "ref:SI:1", "another letter")
	s.Must(t, "sync", "--wait=60s")
	for _, c := range []struct {
		command, kind string
		least         int
	}{
		{"beneficiary list", "beneficiary", 2},
		{"beneficiary list --search nobody", "", 0},
		{"consent list " + who, "consent", 1},
		{"document list", "document", 2},
		{"document list " + who, "document", 2},
		{"document list --expiring-within 30d", "document", 1},
		{"type list", "type", 5},
		{"team list", "team", 1},
		{"agent list", "agent", 1},
		{"device list", "device", 1},
		{"remote list", "remote", 1},
		{"journal list", "journal", 5},
		{"journal list " + who, "journal", 3},
		{"config list", "setting", 3},
		{"verify", "verify", 1},
		{"status", "status", 1},
		{"version", "version", 1},
		{"beneficiary show " + who, "beneficiary", 1},
		{"document show " + document, "document", 1},
	} {
		all := objects(t, s.Must(t, append(strings.Fields(c.command), "--json")...))
		if len(all) < c.least {
			t.Errorf("%s: %d objects, want %d or more", c.command, len(all), c.least)
		}
		for _, o := range all {
			kind, _ := o["type"].(string)
			if o["v"] != 1.0 || !strings.Contains(kind, c.kind) || kind == "" {
				t.Errorf("%s: v %v, type %q: want v 1, type %q", c.command, o["v"], kind, c.kind)
			}
		}
	}
	findings := s.Run("", "doctor", "--json") // what it finds depends on the machine
	for _, o := range objects(t, findings.out) {
		if o["v"] != 1.0 || o["type"] != "finding" {
			t.Errorf("doctor: %v", o)
		}
	}
	for command, code := range map[string]int{
		"beneficiary show b0000000000zz":                4,
		"document show d0000000000zz":                   4,
		"document add ref:SI:1 nothing.txt --type cv":   2,
		"document add Diallo nothing.txt --type cv":     7,
		"document list --expiring-within soon":          2,
		"nonsense":                                      2,
		"status --nonsense":                             2,
		"beneficiary erase " + who + " --confirm wrong": 2,
		"--home /nonexistent --no-autostart team list":  8,
	} {
		a := s.Fails(t, code, "", append(strings.Fields(command), "--json")...)
		all := objects(t, a.err)
		if len(all) != 1 || a.out != "" {
			t.Errorf("%s: %d objects on standard error, %q on standard output", command, len(all), a.out)
			continue
		}
		e := all[0]
		message, _ := e["message"].(string)
		name, _ := e["code"].(string)
		if e["v"] != 1.0 || e["type"] != "error" || e["exit"] != float64(code) || message == "" || name == "" {
			t.Errorf("%s: %v", command, e)
		}
	}
}
