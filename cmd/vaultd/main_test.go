package main

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"vaultctl/internal/api"
	"vaultctl/internal/exitcode"
	"vaultctl/internal/vault"
)

func TestCommandLine(t *testing.T) {
	home := filepath.Join(t.TempDir(), "home")
	for name, tc := range map[string]struct {
		args   []string
		status int
		stdout string
		stderr string
	}{
		"version":          {[]string{"version"}, exitcode.OK, "vaultd ", ""},
		"help":             {[]string{"--help"}, exitcode.OK, "--idle", ""},
		"unknown flag":     {[]string{"--foo"}, exitcode.Usage, "", "vaultd: unknown flag: --foo\n"},
		"argument":         {[]string{"serve"}, exitcode.Usage, "", "vaultd: unknown command"},
		"version argument": {[]string{"version", "x"}, exitcode.Usage, "", "vaultd: unknown command"},
		"log level":        {[]string{"--home", home, "--log-level", "loud"}, exitcode.Usage, "", "log level is not"},
		"idle":             {[]string{"--home", home, "--idle", "-1s"}, exitcode.Usage, "", "idle time is negative"},
		"idle unit":        {[]string{"--home", home, "--idle", "5"}, exitcode.Usage, "", "missing unit"},
	} {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			status := run(tc.args, &stdout, &stderr)
			if status != tc.status || !strings.Contains(stdout.String(), tc.stdout) || !strings.Contains(stderr.String(), tc.stderr) {
				t.Errorf("status %d, stdout %q, stderr %q", status, &stdout, &stderr)
			}
			if (stderr.Len() == 0) != (tc.status == exitcode.OK) {
				t.Errorf("status %d with stderr %q", status, &stderr)
			}
		})
	}
}

// TestDetachedReportsForTheClient holds the form in which apiclient reads why a daemon did not start.
func TestDetachedReportsForTheClient(t *testing.T) {
	var stdout, stderr bytes.Buffer
	status := run([]string{"--detached", "--log-level", "loud"}, &stdout, &stderr)
	var line api.Line
	if err := json.Unmarshal(stderr.Bytes(), &line); err != nil || line.Error == nil || line.Error.Code != vault.CodeUsage {
		t.Errorf("status %d, %q: %v", status, &stderr, err)
	}
}
