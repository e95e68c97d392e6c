package cli

import (
	"encoding/json"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"vaultctl/internal/api"
)

// settled is the script command "settled": it waits until the workstation has sent everything by itself, without looking
// what others wrote as `vaultctl sync` does.
func settled(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: settled")
	}
	for until := time.Now().Add(time.Minute); time.Now().Before(until); time.Sleep(50 * time.Millisecond) {
		ts.Check(ts.Exec("vaultctl", "status", "--json"))
		var s api.Status
		ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &s))
		if s.Queued+s.Unsealed == 0 {
			return
		}
	}
	ts.Fatalf("there is something to send after a minute")
}
