package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestDemo plays the demonstration, which checks itself.
func TestDemo(t *testing.T) {
	t.Parallel()
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("the demonstration is a bash script")
	}
	script, err := filepath.Abs(filepath.Join("..", "..", "scripts", "demo.sh"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(bash, script)
	cmd.Env = append(os.Environ(), "BIN="+programs)
	a := finish(cmd)
	if a.code != 0 || !strings.Contains(a.out, "Done: nothing was lost") {
		t.Fatalf("exit %d\n%s\n%s", a.code, a.out, a.err)
	}
}
