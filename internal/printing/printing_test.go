package printing

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"vaultctl/internal/vault"
)

func TestSplitCommand(t *testing.T) {
	for text, want := range map[string]string{
		"lp": "lp", "lp -d  reception": "lp|-d|reception", `sh -c "cat > x"`: "sh|-c|cat > x", `a '' b`: "a||b", "": "", "  ": "",
	} {
		got, err := splitCommand(text)
		if err != nil || strings.Join(got, "|") != want {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
	if _, err := splitCommand(`lp "x`); err == nil {
		t.Error("an open quote was accepted")
	}
}

func TestPrint(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("needs sh")
	}
	kept := filepath.Join(t.TempDir(), "kept")
	p, err := New(`sh -c "cat > '` + kept + `'; echo queued"`)
	if err == nil { // a quote within the other kind is a letter
		var said string
		if said, err = p.Print(t.Context(), strings.NewReader("page")); said != "queued" {
			t.Errorf("the command said %q", said)
		}
	}
	if b, readErr := os.ReadFile(kept); err != nil || readErr != nil || string(b) != "page" {
		t.Errorf("%q, %v, %v", b, err, readErr)
	}
	// The command must not see the end of a document that did not come whole.
	whole := filepath.Join(t.TempDir(), "whole")
	if p, err = New(`sh -c "while read -r line; do :; done; touch '` + whole + `'"`); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("torn")
	if _, err := p.Print(t.Context(), iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("the document's error became %v", err)
	}
	if _, err := os.Stat(whole); err == nil {
		t.Error("half a document was printed")
	}
	// Nor must what the command started, which would keep it from ending as well.
	if p, err = New(`sh -c "cat > /dev/null; touch '` + whole + `'"`); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Print(t.Context(), iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("the document's error became %v", err)
	}
	if _, err := os.Stat(whole); err == nil {
		t.Error("what the command started took half a document for a whole one")
	}
	if p, err = New(`sh -c "cat > /dev/null; echo no paper; exit 3"`); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Print(t.Context(), strings.NewReader("page")); err == nil || !strings.Contains(err.Error(), "no paper") {
		t.Errorf("a failed command gives %v", err)
	}
	if _, err := New("  "); vault.CodeOf(err) != vault.CodeUsage {
		t.Errorf("no command gives %v", err)
	}
}
