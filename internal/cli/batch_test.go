package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

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
