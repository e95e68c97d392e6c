package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"vaultctl/internal/api"
	"vaultctl/internal/atomicfile"
	"vaultctl/internal/localsock"
	"vaultctl/internal/termio"
)

// setFile is the script command "setfile FILE TEXT".
func setFile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: setfile FILE TEXT")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(args[1]+"\n"), 0o600))
}

// fileMode is the script command "mode OCTAL FILE".
func fileMode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: mode OCTAL FILE")
	}
	want, err := strconv.ParseUint(args[0], 8, 32)
	ts.Check(err)
	info, err := os.Stat(ts.MkAbs(args[1]))
	ts.Check(err)
	if info.Mode().Perm() != fs.FileMode(want) {
		ts.Fatalf("%s has mode %o", args[1], info.Mode().Perm())
	}
}

// nothingTemporary is the script command "nothing-temporary DIR": no half-written file was left there.
func nothingTemporary(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: nothing-temporary DIR")
	}
	entries, err := os.ReadDir(ts.MkAbs(args[0]))
	ts.Check(err)
	for _, e := range entries {
		if atomicfile.IsTemp(e.Name()) {
			ts.Fatalf("%s was left behind", e.Name())
		}
	}
}

// desk is a workstation with an organization, and somebody who sits at its terminal.
type desk struct {
	tb   testing.TB
	home string
	dir  string
}

// MustDesk founds an organization on a home of its own, with a daemon that ends with the test.
func MustDesk(tb testing.TB) *desk {
	tb.Helper()
	dir := tb.TempDir()
	d := &desk{tb: tb, home: filepath.Join(dir, "home"), dir: dir}
	tb.Setenv("VAULTCTL_HOME", d.home)
	tb.Setenv("LC_ALL", "C")
	tb.Setenv("NO_COLOR", "1")
	tb.Setenv("TERM", "dumb")
	tb.Cleanup(func() {
		d.Must("daemon", "stop")
		d.awaitHome()
	})
	d.Must("init", "--org", "CCAS", "--agent", "A. Martin", "--team", "reception", "--remote", filepath.Join(dir, "remote"),
		"--protect", "keyfile", "--json", "--reveal")
	return d
}

// awaitHome returns once the daemon has let go of the home, so that it can be removed.
func (d *desk) awaitHome() {
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if l, release, err := localsock.Listen(d.home); err == nil {
			_ = l.Close() // it only showed that nobody holds the home
			release()
			return
		}
	}
	d.tb.Error("the daemon did not leave")
}

// Run runs a command without a terminal.
func (d *desk) Run(args ...string) (exit int, stdout, stderr string) { return d.run(false, "", args) }

// Type runs a command on a terminal at which somebody types.
func (d *desk) Type(typed string, args ...string) (exit int, stdout, stderr string) {
	return d.run(true, typed, args)
}

func (d *desk) run(tty bool, typed string, args []string) (int, string, string) {
	d.tb.Helper()
	io, b := termio.Test()
	io.SetTTY(tty, tty, tty)
	b.In.WriteString(typed)
	exit := run(context.Background(), args, io, Build{Version: scriptVersion})
	return exit, b.Out.String(), b.Err.String()
}

// Must runs a command that has to succeed and returns its answer.
func (d *desk) Must(args ...string) string {
	d.tb.Helper()
	exit, stdout, stderr := d.Run(args...)
	if exit != 0 {
		d.tb.Fatalf("vaultctl %s: exit %d\n%s", strings.Join(args, " "), exit, stderr)
	}
	return stdout
}

// Add opens a vault and returns its id.
func (d *desk) Add(args ...string) string {
	d.tb.Helper()
	args = append([]string{"beneficiary", "add", "--to", "team:reception", "--purpose", "case-file", "--verbal", "--json"}, args...)
	return MustJSON[api.Beneficiary](d.tb, d.Must(args...)).ID
}

// MustJSON decodes the one object that a command printed.
func MustJSON[T any](tb testing.TB, line string) T {
	tb.Helper()
	var v T
	if err := json.Unmarshal([]byte(line), &v); err != nil {
		tb.Fatalf("%q: %v", line, err)
	}
	return v
}

func (d *desk) want(what string, exit, wantExit int, text string, parts ...string) {
	d.tb.Helper()
	if exit != wantExit {
		d.tb.Errorf("%s: exit %d, want %d\n%s", what, exit, wantExit, text)
	}
	for _, part := range parts {
		if !strings.Contains(text, part) {
			d.tb.Errorf("%s: no %q in\n%s", what, part, text)
		}
	}
}

func TestAtTheTerminal(t *testing.T) {
	d := MustDesk(t)

	exit, stdout, stderr := d.Type("Diallo\nAmina\n\nborn in March\n1985-03\n1\ny\n2\n", "beneficiary", "add")
	d.want("interview", exit, 0, stdout+stderr, "Name at birth:", "--born: not a date of birth", "The consent is to team:reception", "Next:",
		"Amina Diallo", "vaultctl card issue b")
	exit, _, stderr = d.Type("Diallo\nMoussa\n\n\n1\nn\n", "beneficiary", "add")
	d.want("no notice, no vault", exit, 5, stderr, "vaultctl consent notice")
	if got := d.Must("beneficiary", "list", "--search", "Moussa"); got != "" {
		t.Errorf("a vault was opened: %s", got)
	}
	amina := MustJSON[api.Beneficiary](t, d.Must("beneficiary", "show", "Amina Diallo", "--json")).ID

	exit, _, stderr = d.Type("y\n", "beneficiary", "edit", "Amina Diallo", "--phone", "0601020304")
	d.want("a name confirmed", exit, 0, stderr, "Do you mean Amina Diallo, born 1985  "+amina)
	exit, _, stderr = d.Type("n\n", "beneficiary", "edit", "Amina Diallo", "--phone", "2")
	d.want("a name refused", exit, 130, stderr, "nothing was changed")
	twin := d.Add("--family-name", "Diallo", "--given-name", "Amina", "--born", "1999")
	exit, _, stderr = d.Type("3\n", "beneficiary", "close", "Amina Diallo", "--reason", "moved")
	d.want("none of two", exit, 130, stderr, amina, twin, "nobody of these")
	exit, _, stderr = d.Type("3\n", "--no-input", "beneficiary", "close", "Amina Diallo", "--reason", "moved")
	d.want("--no-input", exit, 7, stderr, "a name is not enough")
	exit, stdout, stderr = d.Type("1\n", "beneficiary", "close", twin)
	d.want("a reason asked for", exit, 0, stdout+stderr, "Why is the vault closed?", "Vault closed")

	exit, _, stderr = d.Type("n\n", "card", "issue", amina)
	d.want("somebody watches", exit, 130, stderr, "does nobody else watch?")
	exit, stdout, stderr = d.Type("y\n\n", "card", "issue", amina)
	d.want("card", exit, 0, stdout+stderr, "24 ", "█", "Press Enter", "number 1")
	if strings.Contains(stdout, "AGE-SECRET-KEY") {
		t.Error("the key is on the screen as text")
	}

	file := filepath.Join(d.dir, "paper.txt")
	if err := os.WriteFile(file, []byte("paper\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	exit, stdout, stderr = d.Type("1\n", "document", "add", amina, file)
	d.want("a type asked for", exit, 0, stdout+stderr, "What type of document is it?", "✓ deposited")
	doc, _, _ := strings.Cut(stdout, " ")
	exit, _, stderr = d.Type("", "document", "get", doc, "-o", "-")
	d.want("a document to a terminal", exit, 2, stderr, "not written to a terminal")
	exit, _, stderr = d.Type("", "document", "add", amina, "-", "--type", "other", "--title", "x")
	d.want("standard input is a terminal", exit, 2, stderr, "standard input is a terminal")
	exit, _, stderr = d.Type("n\n", "document", "remove", doc)
	d.want("remove refused", exit, 130, stderr, " of "+amina+" for ever?")

	exit, _, stderr = d.Type("n\n", "consent", "withdraw", amina)
	d.want("withdraw refused", exit, 130, stderr, "Nothing was done. This would happen:", "Withdraw? [y/N]")
	exit, stdout, stderr = d.Type("o\n", "--lang", "fr", "consent", "withdraw", amina)
	d.want("withdraw", exit, 0, stdout+stderr, "Retirer\u00a0? [o/N]", "Fin de\u00a0:")

	exit, _, stderr = d.Type("b0000000000zz\n", "beneficiary", "erase", twin)
	d.want("erase, mistyped", exit, 2, stderr, "This cannot be undone")
	exit, _, stderr = d.Type("\n", "beneficiary", "erase", twin)
	d.want("erase, declined", exit, 130, stderr)
	exit, stdout, stderr = d.Type(twin+"\n", "beneficiary", "erase", twin)
	d.want("erase", exit, 0, stdout+stderr, "Gone:")
}

func TestOddFileNames(t *testing.T) {
	d := MustDesk(t)
	kofi := d.Add("--given-name", "Kofi")
	for i, name := range []string{
		"two\nlines.txt", "\u202efdp.exe.txt", "شهادة.txt", strings.Repeat("a", 251) + ".txt", "esc\x1b[2J.txt", "latin1-\xe9.txt", "-o.txt",
	} {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, fmt.Appendf(nil, "paper %d\n", i), 0o600); err != nil {
			t.Logf("this file system has no %q: %v", name, err)
			continue
		}
		exit, stdout, stderr := d.Type("", "document", "add", kofi, path, "--type", "other")
		if exit != 0 || strings.Count(stdout, "\n") != 1 || strings.Contains(stdout, "\x1b[2J") {
			t.Errorf("%q: exit %d, %q, %q", name, exit, stdout, stderr)
		}
		id, _, _ := strings.Cut(stdout, " ")
		shown := d.Must("document", "show", id, "--json")
		if got, want := MustJSON[api.Document](t, shown).FileName, strings.ToValidUTF8(name, "\uFFFD"); got != want {
			t.Logf("%q is kept as %q", name, got)
		}
	}
	if got := strings.Count(d.Must("document", "list", kofi), "\n"); got < 5 {
		t.Errorf("%d documents", got)
	}
}
