package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// week is the script command "week DIR": six hundred scans of twelve people, two of whom bear one name, with their
// manifests.
func week(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: week DIR")
	}
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(filepath.Join(dir, "scans"), 0o700))
	var people, scans strings.Builder
	people.WriteString("ref;family_name;given_name;born;consent_to;consent_purpose;consent_on;consent_verbal;read_aloud\r\n")
	scans.WriteString("path;beneficiary;type;source_id\r\n")
	for p := range 12 {
		family := fmt.Sprintf("Famille%02d", p)
		if p == 11 {
			family = "Famille10"
		}
		fmt.Fprintf(&people, "SI:%02d;%s;Awa;19%02d-05-06;team:reception;case-file;2026-01-05;oui;oui\r\n", p, family, 60+p)
	}
	for i := range 600 {
		name := fmt.Sprintf("%03d.pdf", i)
		ts.Check(os.WriteFile(filepath.Join(dir, "scans", name), []byte(fmt.Sprintf("%%PDF-1.4\nscan %d\n", i)), 0o600))
		fmt.Fprintf(&scans, "scans/%s;ref:SI:%02d;other;S%d\r\n", name, i%12, i)
	}
	ts.Check(os.WriteFile(filepath.Join(dir, "people.csv"), []byte(people.String()), 0o600))
	ts.Check(os.WriteFile(filepath.Join(dir, "scans.csv"), []byte(scans.String()), 0o600))
}
