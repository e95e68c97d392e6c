package cli

import (
	"fmt"
	"io"

	"vaultctl/internal/lang"
)

// waitingWords says that sealed bytes are kept until somebody else has seen why they are not used any more.
func waitingWords(l lang.Lang, n int) string {
	return l.N(n, "%d sealed object that is no longer in use stays on the storage until a workstation of another agent has seen why; that goes by itself.",
		"%d sealed objects that are no longer in use stay on the storage until a workstation of another agent has seen why; that goes by itself.")
}

// printWaiting prints it where there are any.
func (f *Factory) printWaiting(w io.Writer, n int) error {
	if n == 0 {
		return nil
	}
	_, err := fmt.Fprintln(w, "  "+waitingWords(f.Lang(), n))
	return err
}
