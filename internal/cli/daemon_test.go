package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	_ "github.com/rclone/rclone/backend/s3" // storage that can be out of reach
	"github.com/rogpeppe/go-internal/testscript"

	"vaultctl/internal/api"
	"vaultctl/internal/apiclient"
	"vaultctl/internal/daemon"
	"vaultctl/internal/exitcode"
	"vaultctl/internal/pdfpages"
	_ "vaultctl/internal/remote/backends/local" // the storage of most scripts
)

// runVaultd is vaultd for the scripts: this test binary under another name, started by vaultctl as the real one is. It
// has fewer storage backends, which makes the binary link in seconds.
func runVaultd() int {
	if len(os.Args) > 1 && os.Args[1] == pdfpages.Argument {
		return pdfpages.Serve(os.Args[2:], os.Stdin, os.Stdout)
	}
	at := slices.Index(os.Args, "--home")
	if at < 0 || at+1 >= len(os.Args) {
		fmt.Fprintln(os.Stderr, "vaultd: --home is missing")
		return exitcode.Usage
	}
	home := os.Args[at+1]
	idle, level, err := daemon.Settings(home)
	if err == nil {
		err = daemon.Run(context.Background(), daemon.Options{
			Home: home, Idle: idle, LogLevel: level, Version: scriptVersion,
			Detached: slices.Contains(os.Args, "--detached"), Build: daemon.Build,
		})
	}
	if err == nil {
		return exitcode.OK
	}
	if line, merr := json.Marshal(api.Line{Error: api.ErrorOf(err)}); merr == nil {
		fmt.Fprintf(os.Stderr, "%s\n", line)
	}
	return exitcode.OfError(err)
}

// scriptVersion is the version of both programs in scripts.
const scriptVersion = "1.2.3"

// stopDaemons ends the daemons that a script has left behind, each of which serves a directory with an index.
func stopDaemons(workDir string) {
	indexes, _ := filepath.Glob(filepath.Join(workDir, "*", "index.db")) // the pattern is well-formed
	for _, index := range indexes {
		home := filepath.Dir(index)
		c, err := apiclient.Connect(context.Background(), apiclient.Options{Home: home, NoAutostart: true, Version: scriptVersion})
		if err != nil {
			continue
		}
		// A daemon that is on its way out already is what is wanted.
		_, _ = apiclient.Call[api.Empty](context.Background(), c, api.RouteStop, api.Empty{})
		c.Close()
	}
}

// jsonField is the script command "json FILE PATH [WANT]": FILE is stdout, stderr or a file of JSON objects, one per
// line; PATH is members and indexes with points between, "*" for every line or element. Without WANT the value only has
// to be there; with "! json" it must not be, or must differ. "json -env NAME FILE PATH" puts the value into a variable.
func jsonField(ts *testscript.TestScript, neg bool, args []string) {
	env := ""
	if len(args) > 2 && args[0] == "-env" {
		env, args = args[1], args[2:]
	}
	if len(args) < 2 || len(args) > 3 || env != "" && (neg || len(args) != 2) {
		ts.Fatalf("usage: json [-env NAME] FILE PATH [WANT]")
	}
	var found []string
	for line := range bytes.Lines([]byte(ts.ReadFile(args[0]))) {
		var v any
		decoder := json.NewDecoder(bytes.NewReader(line))
		decoder.UseNumber()
		ts.Check(decoder.Decode(&v))
		found = append(found, pick(v, strings.Split(args[1], "."))...)
	}
	ok := len(found) > 0
	if len(args) == 3 {
		ok = slices.Contains(found, args[2])
	}
	if ok == neg {
		ts.Fatalf("%s: %s is %q", args[0], args[1], found)
	}
	if env != "" {
		ts.Setenv(env, found[0])
	}
}

// pick returns the values that a path leads to, as text.
func pick(v any, path []string) []string {
	if len(path) == 0 {
		if text, ok := v.(string); ok {
			return []string{text}
		}
		text, _ := json.Marshal(v) // it was JSON before
		return []string{string(text)}
	}
	var found []string
	switch v := v.(type) {
	case map[string]any:
		if next, ok := v[path[0]]; ok {
			found = pick(next, path[1:])
		}
	case []any:
		for i, next := range v {
			if path[0] == "*" || path[0] == fmt.Sprint(i) {
				found = append(found, pick(next, path[1:])...)
			}
		}
	}
	return found
}
