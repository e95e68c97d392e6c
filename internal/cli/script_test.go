package cli

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"vaultctl/internal/termio"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"vaultctl": func() {
			os.Exit(Main(os.Args[1:], termio.System(), Build{Version: scriptVersion, Commit: "abc1234"}))
		},
		"vaultd": func() { os.Exit(runVaultd()) },
	})
}

// TestScripts runs commands as a shell would, with real daemons. "status N command…" runs a command that must end with
// exactly that exit status; "json" looks into what a command printed.
func TestScripts(t *testing.T) { testscript.Run(t, scriptParams(t, "testdata/script")) }

// scriptParams are the commands and the environment of scripts.
func scriptParams(tb testing.TB, dir string) testscript.Params {
	tb.Helper()
	scripts, err := filepath.Glob(filepath.Join(dir, "*.txt"))
	if err != nil || len(scripts) == 0 {
		tb.Fatalf("no scripts in %s: %v", dir, err)
	}
	return testscript.Params{
		Dir: dir,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"status": status, "json": jsonField, "setfile": setFile, "mode": fileMode, "nothing-temporary": nothingTemporary,
			"papers": papers, "alter": alter, "scans": scans, "week": week, "makepdf": makePDF, "cutpdf": cutPDF, "makepng": makePNG,
			"windows1252": windows1252, "workbook": workbook, "aged": aged, "samerows": sameRows, "rowis": rowIs, "settled": settled,
			"agekey": ageKey, "ageopens": ageOpens, "packageopens": packageOpens, "big": big,
		},
		Condition: condition,
		Setup: func(env *testscript.Env) error {
			for name, value := range map[string]string{
				"VAULTCTL_HOME": filepath.Join(env.WorkDir, "home"), "LC_ALL": "C", "TERM": "dumb", "NO_COLOR": "1",
			} {
				env.Setenv(name, value)
			}
			env.Defer(func() { stopDaemons(env.WorkDir) })
			return nil
		},
	}
}

// status leaves stdout and stderr to the script's stdout and stderr commands, as exec does.
func status(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N command [args]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		got = exit.ExitCode()
	case err != nil:
		ts.Check(fmt.Errorf("run %s: %w", args[1], err))
	}
	if got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
}
