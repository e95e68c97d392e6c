package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vaultctl/internal/api"
)

// TestJoinAtTheTerminal has two people compare words from screen to screen: neither --yes nor Enter answers for them.
func TestJoinAtTheTerminal(t *testing.T) {
	d := MustDesk(t)
	remote := filepath.Join(d.dir, "remote")
	d.Must("sync", "--wait")
	n := &desk{tb: t, home: filepath.Join(d.dir, "new"), dir: d.dir}
	here := func(home string) { t.Setenv("VAULTCTL_HOME", home) }
	t.Cleanup(func() {
		here(n.home)
		n.Must("daemon", "stop")
		n.awaitHome()
		here(d.home)
	})

	here(n.home)
	exit, _, stderr := n.Type("", "join", "--remote", filepath.Join(d.dir, "mistyped"))
	n.want("nothing is asked for an address that does not answer", exit, 10, stderr, "mistyped: the folder or", "check the address")
	exit, stdout, stderr := n.Type("1\nmarron cheval pile agrafe 47\nmarron cheval pile agrafe 47\nno\n", "join", "--remote", remote)
	n.want("the organization's words differ", exit, 130, stdout+stderr, "code ", "organization ", "workstation ", "vaultctl device",
		"Does the administrator's screen show the same words", "this workstation did not join", "somebody stands in between")
	exit, stdout, _ = n.Run("join", "--trust-storage", "--json", "--wait=0")
	if exit != 9 {
		t.Fatalf("exit %d: %s", exit, stdout)
	}
	q := MustJSON[api.JoinRequest](t, stdout)

	here(d.home)
	exit, _, stderr = d.Type("\n", "device", "approve", q.Code, "--agent", "B. Blanc", "--role", "agent", "--yes")
	d.want("neither --yes nor Enter", exit, 130, stderr, strings.Join(q.Words, " "), strings.Join(q.RootWords, " "), "nothing was approved")
	t.Setenv("NO_COLOR", "")
	t.Setenv("TERM", "xterm")
	exit, _, stderr = d.Type("\n", "device", "approve", q.Code, "--quiet")
	d.want("in colour, each on a line of its own", exit, 130, stderr, "\x1b[2morganization\x1b[0m  "+strings.Join(q.RootWords, " ")+"\n",
		"\x1b[2mworkstation\x1b[0m   "+strings.Join(q.Words, " ")+"\n")
	t.Setenv("NO_COLOR", "1")
	exit, stdout, stderr = d.Type("yes\nB. Blanc\n2\n", "device", "approve", strings.ToUpper(q.Code))
	d.want("approve", exit, 0, stdout+stderr, "on both lines?", "Name of the agent", "deposit: deposit by reference", "Enrolled: a workstation of B. Blanc (deposit)")

	here(n.home)
	n.Must("daemon", "stop") // the passphrase is asked for again
	n.awaitHome()
	exit, _, stderr = n.Type("wrong\n", "join")
	n.want("a wrong passphrase", exit, 6, stderr, "Passphrase")
	exit, stdout, stderr = n.Type("marron cheval pile agrafe 47\noui\n", "join")
	n.want("join", exit, 0, stdout+stderr, "This workstation is enrolled in CCAS, for B. Blanc (deposit).")
	if _, err := os.Stat(filepath.Join(n.home, "identity.json")); err != nil {
		t.Error(err)
	}
}
