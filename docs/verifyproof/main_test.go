package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const vectors = "../../internal/proof/testdata/vectors"

func mustRead(tb testing.TB, name string) string {
	tb.Helper()
	raw, err := os.ReadFile(filepath.Join(vectors, name))
	if err != nil {
		tb.Fatal(err)
	}
	return string(raw)
}

// TestVectors holds the published vectors against this program, and what was changed in them.
func TestVectors(t *testing.T) {
	document, proof, fingerprint := mustRead(t, "document.txt"), mustRead(t, "proof.json"), strings.TrimSpace(mustRead(t, "fingerprint.txt"))
	later, latest := mustRead(t, "later-root.json"), strings.TrimSpace(mustRead(t, "later-fingerprint.txt"))
	for _, c := range []struct{ name, document, proof, fingerprint, want string }{
		{"as published", document, proof, fingerprint, ""},
		{"under a later root", document, later, latest, ""},
		{"of a later root, under the first", document, later, fingerprint, ""},
		{"under a root that came later", document, proof, latest, "another root"},
		{"another successor", document, strings.Replace(later, `\nn 2\n`, `\nn 3\n`, 1), latest, "the line of roots"},
		{"another file", document + " ", proof, fingerprint, "another file"},
		{"another root", document, proof, strings.Repeat("a", 24), "another root"},
		{"another time", document, strings.Replace(proof, "deposited 2026", "deposited 2025", 1), fingerprint, "the statement's signature"},
		{"another role", document, strings.Replace(proof, `\"role\":\"agent\"`, `\"role\":\"admin\"`, 1), fingerprint, "a certificate of something else"},
		{"another certificate", document, strings.Replace(proof, "critical false", "critical true", 1), fingerprint, "the signature of a certificate"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			files := map[string]string{"file": c.document, "proof": c.proof}
			for name, text := range files {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			text, err := check(filepath.Join(dir, "file"), filepath.Join(dir, "proof"), c.fingerprint)
			switch {
			case c.want == "" && (err != nil || !strings.Contains(text, "original-seen yes\n")):
				t.Errorf("%q, %v", text, err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("error %v, want %s", err, c.want)
			}
		})
	}
}
