package cli

import (
	"bytes"
	"io"
	"os"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"vaultctl/internal/agecrypt"
)

// oldKey is a classic identity; age-keygen of later years makes hybrid ones only on request, older ones this kind alone.
const oldKey = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX"

// ageKey is the script command "agekey KEY PUBLIC classic|hybrid": the files that a partner makes.
func ageKey(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: agekey KEY PUBLIC classic|hybrid")
	}
	s := agecrypt.New()
	identity, recipient, err := s.NewIdentity()
	if args[2] == "classic" {
		identity = oldKey
		recipient, err = s.RecipientOf(identity)
	}
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(identity+"\n"), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte("# public key of the office\n"+recipient+"\n"), 0o600))
}

// ageOpens is the script command "ageopens SEALED KEY|passphrase:WORDS PLAIN": the sealed file holds what the other holds.
func ageOpens(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: ageopens SEALED KEY|passphrase:WORDS PLAIN")
	}
	s := agecrypt.New()
	sealed := bytes.NewReader([]byte(ts.ReadFile(args[0])))
	var plain io.Reader
	var err error
	if words, ok := strings.CutPrefix(args[1], "passphrase:"); ok {
		plain, err = s.OpenPassphrase(sealed, words)
	} else {
		plain, err = s.Open(sealed, []string{strings.TrimSpace(ts.ReadFile(args[1]))})
	}
	ts.Check(err)
	got, err := io.ReadAll(plain)
	ts.Check(err)
	if string(got) != ts.ReadFile(args[2]) {
		ts.Fatalf("%s holds %q", args[0], got)
	}
}
