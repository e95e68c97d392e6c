package deptest

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// TestThreatModelNamesRealTests holds the claims of docs/threat-model.md to tests that exist, in the package named.
func TestThreatModelNamesRealTests(t *testing.T) {
	page, err := os.ReadFile("../../docs/threat-model.md")
	if err != nil {
		t.Fatal(err)
	}
	claims := regexp.MustCompile("`(internal/[a-z0-9]+)`((?:,? `Test[A-Za-z0-9]+`)+)").FindAllSubmatch(page, -1)
	if len(claims) < 15 {
		t.Fatalf("only %d claims found: has the table another form?", len(claims))
	}
	for _, claim := range claims {
		dir := string(claim[1])
		there := testsIn(t, filepath.Join("../..", dir))
		for _, name := range regexp.MustCompile(`Test[A-Za-z0-9]+`).FindAllString(string(claim[2]), -1) {
			if !there[name] {
				t.Errorf("%s has no %s", dir, name)
			}
		}
	}
}

func testsIn(t *testing.T, dir string) map[string]bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no tests in %s: %v", dir, err)
	}
	there := map[string]bool{}
	for _, f := range files {
		src, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?m)^func (Test[A-Za-z0-9]+)\(`).FindAllSubmatch(src, -1) {
			there[string(m[1])] = true
		}
	}
	return there
}
