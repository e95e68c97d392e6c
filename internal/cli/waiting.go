package cli

import (
	"fmt"
	"io"

	"vaultctl/internal/phrase"
)

// printWaiting prints it where there are any.
func (f *Factory) printWaiting(w io.Writer, n int) error {
	if n == 0 {
		return nil
	}
	_, err := fmt.Fprintln(w, "  "+phrase.Waiting(f.Lang(), n))
	return err
}
