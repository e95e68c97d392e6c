package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// scans is the script command "scans DIR N": a folder with N scans of N people, numbered from 01, with a manifest of the
// people, one of the scans, and one of the scans that is a line off.
func scans(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: scans DIR N")
	}
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	dir := ts.MkAbs(args[0])
	ts.Check(os.Mkdir(dir, 0o700))
	write := func(name string, text string) { ts.Check(os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600)) }
	var people, right, wrong strings.Builder
	people.WriteString("ref;family_name;given_name;consent_to;consent_purpose;consent_verbal\n")
	for _, m := range []*strings.Builder{&right, &wrong} {
		m.WriteString("path;beneficiary;type;title\n")
	}
	for i := range n {
		fmt.Fprintf(&people, "SI:%02d;Famille%02d;Awa;team:reception;case-file;yes\n", i+1, i+1)
		fmt.Fprintf(&right, "%02d.txt;ref:SI:%02d;payslip;Bulletin %02d\n", i+1, i+1, i+1)
		fmt.Fprintf(&wrong, "%02d.txt;ref:SI:%02d;payslip;Bulletin %02d\n", i+1, (i+1)%n+1, i+1)
		write(fmt.Sprintf("%02d.txt", i+1), fmt.Sprintf("scan %02d\n", i+1))
	}
	write("people.csv", people.String())
	write("right.csv", right.String())
	write("wrong.csv", wrong.String())
}

func TestCorrectionsAskAtTheTerminal(t *testing.T) {
	d := MustDesk(t)
	people := filepath.Join(d.dir, "people.csv")
	text := "ref;family_name;born;consent_to;consent_purpose;consent_verbal\nSI:1;Diallo;1985;team:reception;case-file;yes\n"
	if err := os.WriteFile(people, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	d.Must("import", people)
	batch, _, _ := strings.Cut(d.Must("batch", "list"), "\t")
	exit, stdout, stderr := d.Type("n\n", "batch", "undo", batch)
	d.want("undo refused", exit, 130, stdout+stderr, "Take back the batch "+batch+" (2 entries)? [y/N]", "nothing was changed")
	other := d.Add("--family-name", "Diallo", "--born", "1990")
	exit, stdout, stderr = d.Type("n\n", "beneficiary", "merge", other, "--into", "ref:SI:1")
	d.want("merge refused", exit, 130, stdout+stderr, "Diallo, born 1990  "+other, "Diallo, born 1985", "the dates of birth contradict one another",
		"Are these one person", "nothing was changed")
	exit, stdout, stderr = d.Type("y\n", "beneficiary", "merge", other, "--into", "ref:SI:1")
	d.want("merge", exit, 0, stdout+stderr, "✓ merged into")
	exit, stdout, stderr = d.Type("o\n", "--lang", "fr", "batch", "undo", batch)
	d.want("undo", exit, 0, stdout+stderr, "Défaire le lot", "✓ fermé", "2 défaits, 0 laissés, 0 déjà défaits")
}
