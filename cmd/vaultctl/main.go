// Command vaultctl is the client of vaultd: see internal/cli.
package main

import (
	"os"

	"vaultctl/internal/cli"
	"vaultctl/internal/termio"
)

// version and commit are set by the linker.
var (
	version = "dev"
	commit  string
)

func main() {
	os.Exit(cli.Main(os.Args[1:], termio.System(), cli.Build{Version: version, Commit: commit}))
}
