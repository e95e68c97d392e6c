package cli

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"vaultctl/internal/api"
	"vaultctl/internal/remote/s3test"
)

// TestStorageScripts runs the scripts that need a real S3 server: its spec is in $S3, "s3 stop" and "s3 start" pull and
// plug the cable.
func TestStorageScripts(t *testing.T) {
	server := s3test.New(t)
	params := scriptParams(t, "testdata/s3")
	params.Cmds["s3"] = func(ts *testscript.TestScript, neg bool, args []string) {
		switch {
		case neg || len(args) != 1:
			ts.Fatalf("usage: s3 start|stop")
		case args[0] == "stop":
			server.Stop()
		default:
			server.Restart(t)
		}
	}
	setup := params.Setup
	params.Setup = func(env *testscript.Env) error {
		env.Setenv("S3", server.Spec())
		return setup(env)
	}
	testscript.Run(t, params)
}

// papers is the script command "papers FILE": it writes the root words and recovery shares of init --json --reveal to
// root.txt, share1.txt, share2.txt, … as somebody who copies them from paper would.
func papers(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: papers FILE")
	}
	var res api.InitResult
	ts.Check(json.NewDecoder(strings.NewReader(ts.ReadFile(args[0]))).Decode(&res))
	ts.Check(os.WriteFile(ts.MkAbs("root.txt"), []byte(strings.Join(res.RootWords, "\n")+"\n"), 0o600))
	for i, share := range res.Recovery {
		text := strings.Replace(share, " ", "\n", 1) + "\n"
		ts.Check(os.WriteFile(ts.MkAbs(fmt.Sprintf("share%d.txt", i+1)), []byte(text), 0o600))
	}
}

// alter is the script command "alter STORAGE ACCESS DOCUMENT": it changes one byte of the document's object in a local
// storage; ACCESS is the answer of beneficiary access --objects --json.
func alter(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: alter STORAGE ACCESS DOCUMENT")
	}
	var access api.Access
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[1])), &access))
	for _, object := range access.Objects {
		if object.Document != args[2] || object.Kind != "document" {
			continue
		}
		path := filepath.Join(ts.MkAbs(args[0]), filepath.FromSlash(object.Path))
		raw, err := os.ReadFile(path)
		ts.Check(err)
		raw[len(raw)-1] ^= 1
		ts.Check(os.WriteFile(path, raw, 0o600))
		return
	}
	ts.Fatalf("no object of document %s in %s", args[2], args[1])
}
