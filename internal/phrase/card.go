package phrase

import (
	"fmt"
	"strings"

	"vaultctl/internal/termio"
)

// WordColumns sets the numbered words of a card in four columns, to be read down each column.
func WordColumns(words []string) []string {
	const columns = 4
	rows := (len(words) + columns - 1) / columns
	width := 0
	for _, w := range words {
		width = max(width, termio.Width(w))
	}
	lines := make([]string, rows)
	for row := range rows {
		var b strings.Builder
		for i := row; i < len(words); i += rows {
			fmt.Fprintf(&b, "%2d %s%s", i+1, words[i], strings.Repeat(" ", width-termio.Width(words[i])+2))
		}
		lines[row] = b.String()
	}
	return lines
}
