// Command gendocs writes the manual pages into DIR/man and the completion scripts into DIR/completions, from the
// command tree. It is a program of its own so that vaultctl does not carry a Markdown converter.
//
//	go run ./internal/cli/gendocs DIR
package main

import (
	"fmt"
	"os"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: gendocs DIR")
		os.Exit(2)
	}
	if err := write(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}
