package tui

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/importlog"
	"vaultctl/internal/lang"
	"vaultctl/internal/phrase"
	"vaultctl/internal/termio"
	"vaultctl/internal/vault"
)

const (
	dueShown = 5         // things that end soon, at home
	lateSend = time.Hour // after so long what waits for the storage needs attention
)

// attentionRows are what somebody should look at: what checks found, what waits for the storage, and what ends soon.
func attentionRows(ctx context.Context, d *desk) ([]row, error) {
	section := d.l.T("Needs attention")
	status, err := call[api.Status](ctx, d, api.RouteStatus, api.Empty{})
	if err != nil {
		return nil, err
	}
	rows := findingRows(d.l, section, status.Attention)
	if words := waitingWords(d, &status); words != "" {
		rows = append(rows, wide(section, "↑ "+words, adminPage{at: atRemotes}))
	}
	rows = append(rows, importRows(d, section)...)
	due, err := list[api.Due](ctx, d, api.RouteDueList, api.DueRequest{})
	switch {
	case vault.CodeOf(err) == vault.CodeLocked:
		return nil, err
	case err != nil: // the rest is worth seeing
		message, _ := phrase.Error(d.l, err)
		return append(rows, wide(section, "✗ "+termio.Clean(message), nil)), nil
	}
	return append(rows, some(d.l, dueRows(d.l, section, due), dueShown, groupPage{of: ofDue})...), nil
}

// findingRows shows what checks found, the worst first.
func findingRows(l lang.Lang, section string, findings []api.Finding) []row {
	order := []string{"error", "warning", "info"}
	sorted := slices.Clone(findings)
	slices.SortStableFunc(sorted, func(a, b api.Finding) int {
		return cmp.Compare(slices.Index(order, a.Severity), slices.Index(order, b.Severity))
	})
	var rows []row
	for i := range sorted {
		severity := phrase.Severity(l, sorted[i].Severity)
		sign, _, _ := strings.Cut(severity.Text, " ")
		r := wide(section, sign+" "+termio.Clean(l.Message(sorted[i].Message)), adminPage{at: atFindings})
		r.cells[0].Style = severity.Style
		rows = append(rows, r)
	}
	return rows
}

// waitingWords says that what was done waits for the storage for too long, "" if it does not.
func waitingWords(d *desk, s *api.Status) string {
	n := s.Queued + s.Unsealed
	if n == 0 {
		return ""
	}
	for i := range s.Remotes {
		r := &s.Remotes[i]
		last, err := time.Parse(time.RFC3339, r.LastOK)
		switch {
		case err == nil && r.LastError == "" && d.now().Sub(last) < lateSend:
		case err != nil:
			return d.l.N(n, "%d change waits for %s, which has not answered yet", "%d changes wait for %s, which has not answered yet", termio.Clean(r.Name))
		default:
			return d.l.N(n, "%d change waits for %s, which answered last on %s", "%d changes wait for %s, which answered last on %s",
				termio.Clean(r.Name), phrase.Time(d.l, r.LastOK))
		}
	}
	return ""
}

// importRows are the imports on this workstation that refused rows.
func importRows(d *desk, section string) []row {
	var rows []row
	for _, run := range importlog.Recent(d.options.Home, d.now()) {
		words := d.l.N(int(run.Rejected), "%d row of an import was refused", "%d rows of an import were refused")
		rows = append(rows, row{section: section, item: &run,
			cells: []termio.Cell{{Text: words}, {Text: phrase.Day(d.l, run.Ended.Local().Format(time.DateOnly))}, {Text: "! " + d.l.T("to be corrected"), Style: termio.Warn}}})
	}
	return some(d.l, rows, dueShown, adminPage{at: atBatches})
}

// readImport says what became of an import that refused rows, and takes it off the list where somebody has seen to it.
func readImport(ctx context.Context, d *desk, run *importlog.Run) error {
	l := d.l
	says := []string{
		l.T("Of %d rows %d were refused on %s.", run.Rows, run.Rejected, phrase.Time(l, run.Ended.Format(time.RFC3339))),
		l.T("Why is in the file of --rejects, and in what the import said. Correct those rows, and import that file: rows that were taken are not doubled."),
	}
	if err := d.agree(ctx, l.T("Import %s", termio.Clean(run.Batch)), l.T("Has somebody seen to it? It is then taken off the list."), says...); err != nil {
		return err
	}
	return importlog.Forget(d.options.Home, run.Batch)
}

// dueRows shows what ends soon.
func dueRows(l lang.Lang, section string, due []api.Due) []row {
	rows := make([]row, len(due))
	for i := range due {
		words := l.T("a document expires")
		if due[i].What == api.DueConsent {
			words = l.T("a consent ends")
		}
		rows[i] = row{section: section, item: &due[i],
			cells: []termio.Cell{cell(firstOf(due[i].Name, due[i].Beneficiary)), {Text: phrase.Day(l, due[i].On)}, {Text: "! " + words, Style: termio.Warn}}}
	}
	return rows
}

// wide is a row of one sentence that leads to a page.
func wide(section, text string, to page) row {
	return row{section: section, cells: []termio.Cell{{Text: text}}, item: to}
}

// group names what a groupPage lists.
type group string

const (
	ofFollowed group = "followed"
	ofDue      group = "due"
)

// groupPage lists the whole of what stands at home in part.
type groupPage struct{ of group }

func (groupPage) place() place { return atGroup }

func (p groupPage) load(ctx context.Context, d *desk) (*content, error) {
	if p.of == ofDue {
		due, err := list[api.Due](ctx, d, api.RouteDueList, api.DueRequest{})
		return &content{title: d.l.T("ends soon"), rows: dueRows(d.l, "", due), none: d.l.T("Nothing ends soon.")}, err
	}
	f, remembered, err := d.everybody(ctx)
	if err != nil {
		return nil, err
	}
	return &content{title: d.l.T("followed"), rows: f.of("", remembered.Followed), none: d.l.T("Nobody is followed: f on a person's page follows them.")}, nil
}

func groupActions() []action {
	return []action{
		{key: "enter", label: lang.Key("open it"), needs: oneRow, does: []string{"beneficiary show"}, run: openRow},
		{key: "f", label: lang.Key("follow, or no longer"), needs: oneRow, run: followRow},
	}
}
