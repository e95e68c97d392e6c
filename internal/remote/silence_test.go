package remote

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"vaultctl/internal/vault"
)

// TestSilence runs this test binary again in an empty home: rclone must not create or write anything there, must print
// nothing, and must leave signals to the program.
func TestSilence(t *testing.T) {
	if dir := os.Getenv("VAULT_TEST_SILENCE"); dir != "" {
		r, err := Open(t.Context(), dir, Options{})
		if err == nil {
			_, err = r.Test(t.Context())
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Open(t.Context(), "absent:", Options{}); vault.CodeOf(err) != vault.CodeInvalid {
			t.Fatalf("a section of the user's own rclone.conf was found: %v", err)
		}
		return
	}
	home, dir := t.TempDir(), t.TempDir()
	child := exec.Command(os.Args[0], "-test.run=^TestSilence$")
	child.Env = []string{"HOME=" + home, "PATH=" + os.Getenv("PATH"), "VAULT_TEST_SILENCE=" + dir}
	var stderr bytes.Buffer
	child.Stderr = &stderr
	if out, err := child.Output(); err != nil {
		t.Fatalf("%v: %s%s", err, out, stderr.String())
	}
	if stderr.Len() != 0 {
		t.Errorf("stderr: %s", stderr.String())
	}
	if entries, err := os.ReadDir(home); err != nil || len(entries) != 0 {
		t.Errorf("the home holds %v, %v", entries, err)
	}

	if err := os.MkdirAll(filepath.Join(home, ".config", "rclone"), 0o700); err != nil {
		t.Fatal(err)
	}
	mustWrite(t, filepath.Join(home, ".config", "rclone", "rclone.conf"), "[absent]\ntype = alias\nremote = "+dir+"\n")
	again := exec.Command(os.Args[0], "-test.run=^TestSilence$")
	again.Env = child.Env
	if out, err := again.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}
