package cli

import (
	"context"
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"vaultctl/internal/apiclient"
	"vaultctl/internal/remote/s3test"
	"vaultctl/internal/remote/sftptest"
)

// TestFleetScripts runs the stories of several workstations, each with a daemon of its own, on a real S3 server and on a
// real SFTP server: the remote is $REMOTE. "kill9 HOME" kills the daemon of a home as a power cut would.
func TestFleetScripts(t *testing.T) {
	for name, spec := range map[string]func(testing.TB) string{
		"s3":   func(tb testing.TB) string { return s3test.New(tb).Spec() },
		"sftp": func(tb testing.TB) string { return sftptest.New(tb).Spec(tb) },
	} {
		t.Run(name, func(t *testing.T) {
			params := scriptParams(t, "testdata/fleet")
			params.Cmds["kill9"] = killDaemon
			setup, remote := params.Setup, spec(t)
			params.Setup = func(env *testscript.Env) error {
				env.Setenv("REMOTE", remote)
				return setup(env)
			}
			testscript.Run(t, params)
		})
	}
}

// killDaemon is the script command "kill9 HOME".
func killDaemon(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: kill9 HOME")
	}
	c, err := apiclient.Connect(context.Background(), apiclient.Options{Home: ts.MkAbs(args[0]), NoAutostart: true, Version: scriptVersion})
	ts.Check(err)
	defer c.Close()
	p, err := os.FindProcess(c.Server().PID)
	ts.Check(err)
	ts.Check(p.Kill())
}
