package cli

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"vaultctl/internal/agecrypt"
	"vaultctl/internal/sharepage"
)

// condition is [page]: the page that opens packages was built into the programs. Where it must have been, its lack is an error.
func condition(cond string) (bool, error) {
	if cond != "page" {
		return false, fmt.Errorf("unknown condition %s", cond)
	}
	err := sharepage.Check(0)
	if err != nil && os.Getenv("PACKAGE_TESTS_REQUIRED") != "" {
		return false, err
	}
	return err == nil, nil
}

var armored = regexp.MustCompile(`(?s)\n-----BEGIN AGE ENCRYPTED FILE-----\n(.*?)\n-----END AGE ENCRYPTED FILE-----\n`)

// packageOpens is the script command "packageopens FILE PASSPHRASE PLAIN…": the package holds what those files hold, in order.
func packageOpens(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: packageopens FILE PASSPHRASE PLAIN…")
	}
	s := agecrypt.New()
	sealed := armored.FindAllStringSubmatch(ts.ReadFile(args[0]), -1)
	if len(sealed) != len(args) { // key and list, but for the two arguments before the files
		ts.Fatalf("%s holds %d sealed files", args[0], len(sealed))
	}
	opened := func(i int, open func(io.Reader) (io.Reader, error)) string {
		raw, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(sealed[i][1], "\n", ""))
		ts.Check(err)
		plain, err := open(bytes.NewReader(raw))
		ts.Check(err)
		text, err := io.ReadAll(plain)
		ts.Check(err)
		return string(text)
	}
	key := opened(0, func(r io.Reader) (io.Reader, error) { return s.OpenPassphrase(r, args[1]) })
	for i, name := range args[2:] {
		got := opened(i+1, func(r io.Reader) (io.Reader, error) { return s.Open(r, []string{strings.TrimSpace(key)}) })
		if got != ts.ReadFile(name) {
			ts.Fatalf("document %d of %s holds %q", i+1, args[0], got)
		}
	}
}

// big is the script command "big FILE BYTES".
func big(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: big FILE BYTES")
	}
	size, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	f, err := os.Create(ts.MkAbs(args[0]))
	ts.Check(err)
	ts.Check(f.Truncate(size))
	ts.Check(f.Close())
}
