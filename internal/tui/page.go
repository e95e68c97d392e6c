package tui

import (
	"context"
	"strings"

	"vaultctl/internal/lang"
	"vaultctl/internal/termio"
)

// place is a kind of page; what can be done there is in the key map.
type place string

// The places.
const (
	atHome       place = "home"
	atDocuments  place = "documents"
	atConsents   place = "consents"
	atShares     place = "shares"
	atProcedures place = "procedures"
	atJournal    place = "journal"
	atAccess     place = "access"
	atIdentity   place = "identity"
	atProcedure  place = "procedure"
	atScans      place = "scans"
	atGroup      place = "group"
	atBatches    place = "batches"
	atDevices    place = "devices"
	atTeams      place = "teams"
	atPartners   place = "partners"
	atRemotes    place = "remotes"
	atFindings   place = "findings"
	atReceived   place = "received"
	atBatch      place = "batch"
)

// page is something that is shown whole. It is a value: loading gives the content, and changes nothing in the page.
type page interface {
	place() place
	// load asks the daemon for what the page shows. It runs in the background, and again after each task and when news came.
	load(context.Context, *desk) (*content, error)
}

// tabbed is a page that stands beside others; the digits and Tab go from one to the next.
type tabbed interface {
	page
	tabs(lang.Lang) (names []string, shown int)
	tab(i int) page
}

// restless is a page that may change by itself. Loading it costs nothing and does not count as work; while it says that it is
// restless that is done at every tick while it is shown.
type restless interface {
	page
	restless() bool
}

// content is what a page shows. It does not change once it was loaded. Texts are clean.
type content struct {
	title  string // in the first line, after the pages that it was reached by
	head   []fact // above the rows
	header []string
	rows   []row
	none   string // is said where there are no rows
	// find makes the page one that is searched: what is typed goes to it, whatever the key, and it gives the rows to show
	// instead. more is how many others there are. It must answer while a person types.
	find func(query string) (rows []row, more int)
	// subject is what the page is about, for its tasks.
	subject any
}

// fact is a line above the rows.
type fact struct {
	label string // may be ""
	text  string
	style termio.Style
}

// row is one thing in a list.
type row struct {
	section string // rows that follow one another with the same section stand under it as a title
	cells   []termio.Cell
	item    any
}

// matches reports whether a row holds all words of a folded query.
func (r *row) matches(words []string) bool {
	var text strings.Builder
	for _, c := range r.cells {
		text.WriteString(fold(c.Text))
		text.WriteByte(' ')
	}
	for _, w := range words {
		if !strings.Contains(text.String(), w) {
			return false
		}
	}
	return true
}

// cell is a cell of what a person or a remote provided.
func cell(text string) termio.Cell { return termio.Cell{Text: termio.Clean(text)} }
