// Command vaultctl-tui is the terminal interface, which `vaultctl tui` starts: see internal/tui. It is a program of its own
// because the library that draws it asks the terminal for its colours whenever a program that contains it starts.
package main

import (
	"os"

	"vaultctl/internal/tui"
)

// version and commit are set by the linker.
var (
	version = "dev"
	commit  string
)

func main() {
	_ = commit // told by vaultctl version
	os.Exit(tui.Main(os.Args[1:], version))
}
