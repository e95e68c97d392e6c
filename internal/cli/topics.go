package cli

import (
	"fmt"
	"io"
	"strconv"

	"vaultctl/internal/exitcode"
	"vaultctl/internal/lang"
	"vaultctl/internal/phrase"
)

// exitCodesTopic is the word after help that lists the exit statuses.
const exitCodesTopic = "exit-codes"

// exitStatuses says what each status means, in the order of the numbers.
func exitStatuses() []struct {
	status  int
	meaning string
} {
	return []struct {
		status  int
		meaning string
	}{
		{exitcode.OK, lang.Key("done")},
		{exitcode.Failed, lang.Key("failed")},
		{exitcode.Usage, lang.Key("wrong usage, or a value that cannot be accepted")},
		{exitcode.Partial, lang.Key("partly done: some items were rejected")},
		{exitcode.NotFound, lang.Key("not found, or erased")},
		{exitcode.Refused, lang.Key("refused: no consent, or against policy")},
		{exitcode.Locked, lang.Key("locked, or no usable identity")},
		{exitcode.Conflict, lang.Key("conflict, or ambiguous")},
		{exitcode.NoDaemon, lang.Key("the daemon cannot be reached")},
		{exitcode.Attention, lang.Key("a check found something to look at")},
		{exitcode.Remote, lang.Key("waited for a remote that is unreachable, full or read-only")},
		{exitcode.Integrity, lang.Key("integrity: altered, rolled back or forked")},
		{exitcode.Interrupted, lang.Key("interrupted")},
	}
}

func writeExitCodes(w io.Writer, l lang.Lang) error {
	for _, s := range exitStatuses() {
		if _, err := fmt.Fprintf(w, "%4s  %s\n", strconv.Itoa(s.status), phrase.Sentence(l, s.meaning)); err != nil {
			return fmt.Errorf("write exit statuses: %w", err)
		}
	}
	return nil
}
