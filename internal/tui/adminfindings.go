package tui

import (
	"context"
	"slices"
	"strconv"

	"vaultctl/internal/api"
	"vaultctl/internal/apiclient"
	"vaultctl/internal/lang"
	"vaultctl/internal/phrase"
	"vaultctl/internal/termio"
	"vaultctl/internal/vault"
)

// loadFindings shows what needs attention; looking further takes time and is asked for.
func loadFindings(ctx context.Context, d *desk, c *content) error {
	s, err := call[api.Status](ctx, d, api.RouteStatus, api.Empty{})
	if err != nil {
		return err
	}
	l := d.l
	c.head = append(c.head, fact{text: l.T("What the daemon has noticed. The checks look further.")})
	c.none = "✓ " + l.T("Nothing needs attention.")
	c.header = []string{l.T("how bad"), l.T("what")}
	for i := range s.Attention {
		f := &s.Attention[i]
		c.rows = append(c.rows, row{item: f, cells: []termio.Cell{phrase.Severity(l, f.Severity), cell(phrase.Finding(l, f))}})
	}
	return nil
}

func findingActions() []action {
	return []action{
		{key: "enter", label: lang.Key("show it"), needs: oneRow, does: []string{"status"}, run: showFinding},
		{key: "d", label: lang.Key("look at this workstation"), does: []string{"doctor"}, run: runDoctor},
		{key: "v", label: lang.Key("check what is stored"), does: []string{"verify"}, run: verifyStored},
		{key: "p", label: lang.Key("fetch and open everything"), does: []string{"verify"}, run: verifyDeep},
		{key: "j", label: lang.Key("check the journal"), does: []string{"journal verify"}, run: verifyJournal},
		{key: "n", label: lang.Key("counts of the year"), does: []string{"stats"}, run: showStats},
	}
}

func showFinding(ctx context.Context, d *desk, c chosen) error {
	f, ok := c.item().(*api.Finding)
	if !ok {
		return errBack
	}
	return d.read(ctx, &sheet{title: d.l.T("Needs attention"), lines: findingLines(d.l, []api.Finding{*f})})
}

// findingLines says findings, each with what can be done about it.
func findingLines(l lang.Lang, found []api.Finding) []string {
	var lines []string
	for i := range found {
		f := &found[i]
		lines = append(lines, termio.Clean(phrase.Severity(l, f.Severity).Text+"  "+phrase.Finding(l, f)))
		if f.Hint != "" {
			lines = append(lines, "  → "+termio.Clean(phrase.Hint(l, f.Hint)))
		}
		lines = append(lines, "")
	}
	return lines
}

func runDoctor(ctx context.Context, d *desk, _ chosen) error {
	found, err := list[api.Finding](ctx, d, api.RouteDoctor, api.Empty{})
	if err != nil {
		return err
	}
	if f, err := versionFinding(ctx, d); err != nil {
		return err
	} else if f != nil {
		found = append([]api.Finding{*f}, found...)
	}
	lines := findingLines(d.l, found)
	if phrase.Judge(found) == nil {
		lines = append(lines, "✓ "+d.l.T("All is well."))
	}
	return d.read(ctx, &sheet{title: d.l.T("This workstation"), lines: lines})
}

// versionFinding is what the daemon cannot see: that it is of another version.
func versionFinding(ctx context.Context, d *desk) (*api.Finding, error) {
	return through(ctx, d, func(c *apiclient.Client) (*api.Finding, error) {
		if c.Server().Version == d.options.Version {
			return nil, nil
		}
		return &api.Finding{Severity: "warning", Code: "versions", Message: lang.Key("vaultctl and the running vaultd are of different versions"),
			Hint: lang.Key("`vaultctl daemon stop`: the next command starts the vaultd that is installed beside it")}, nil
	})
}

func verifyStored(ctx context.Context, d *desk, _ chosen) error { return verify(ctx, d, false) }

// verifyDeep fetches everything, which may take long.
func verifyDeep(ctx context.Context, d *desk, c chosen) error {
	if err := d.sure(ctx, d.l.T("Fetch and open everything"),
		d.l.T("Every object is fetched from every storage, and what this workstation can read is opened and compared with its deposit. That may take long; you can go on working meanwhile.")); err != nil {
		return err
	}
	return verify(ctx, d, true)
}

func verify(ctx context.Context, d *desk, deep bool) error {
	var found []api.Finding
	res, err := itemsThen[api.Finding, api.VerifyResult](ctx, d, api.RouteVerify, api.VerifyRequest{Deep: deep}, func(f *api.Finding) { found = append(found, *f) })
	title := d.l.T("What is stored")
	if err != nil && len(found) > 0 && !left(err) { // what was found counts, not only that something was
		worstFirst(found)
		return d.read(ctx, &sheet{title: title, lines: slices.Concat(d.troubleLines(err), []string{""}, findingLines(d.l, found))})
	}
	if err != nil {
		return err
	}
	res.Findings = found
	return d.verified(ctx, title, &res)
}

func verifyJournal(ctx context.Context, d *desk, _ chosen) error {
	res, err := call[api.VerifyResult](ctx, d, api.RouteJournalVerify, api.Empty{})
	if err != nil {
		return err
	}
	return d.verified(ctx, d.l.T("The journal"), &res)
}

// verified says what a check found; what is altered or gone stands first.
func (d *desk) verified(ctx context.Context, title string, res *api.VerifyResult) error {
	l := d.l
	worstFirst(res.Findings)
	var lines []string
	if res.Missing > 0 || res.Altered > 0 {
		lines = append(lines, "✗ "+l.T("missing: %d, altered: %d", res.Missing, res.Altered), "")
	}
	lines = append(lines, findingLines(l, res.Findings)...)
	return d.read(ctx, &sheet{title: title, lines: append(lines, phrase.Verified(l, res)...)})
}

// worstFirst puts what is altered or gone before the rest.
func worstFirst(found []api.Finding) {
	slices.SortStableFunc(found, func(a, b api.Finding) int {
		switch x, y := phrase.Broken(&a), phrase.Broken(&b); {
		case x && !y:
			return -1
		case y && !x:
			return 1
		}
		return 0
	})
}

// showStats counts what the service did in a year.
func showStats(ctx context.Context, d *desk, _ chosen) error {
	l := d.l
	year, by := strconv.Itoa(d.now().Year()), ""
	f := &form{title: l.T("Counts of a year"), fields: []*field{
		{kind: oneLine, label: l.T("Year"), text: &year, needed: true, reads: readYear},
		{kind: choice, label: l.T("Counted by"), text: &by, options: []option{{"", l.T("the whole organization")}, {"team", l.T("team")}, {"month", l.T("month")}}},
	}}
	if err := d.fill(ctx, f); err != nil {
		return err
	}
	req := api.StatsRequest{Language: l.String()}
	req.Year, _ = strconv.Atoi(year) // it was read as a year
	if by != "" {
		req.By = []string{by}
	}
	counts, err := list[api.Stat](ctx, d, api.RouteStatsList, req)
	if err != nil {
		return err
	}
	lines, hidden := statLines(l, counts)
	if hidden {
		lines = append(lines, "", l.T("Not told: counts from one to four, and what would give one away."))
	}
	lines = append(lines, l.T("Procedures are those of vaults that this workstation reads."))
	return d.read(ctx, &sheet{title: l.T("Counts of %s", year), lines: lines})
}

func statLines(l lang.Lang, counts []api.Stat) (lines []string, hidden bool) {
	const wide = 26
	for i := range counts {
		s := &counts[i]
		count := l.T("not told")
		if s.Count != nil {
			count = strconv.Itoa(*s.Count)
		}
		hidden = hidden || s.Hidden
		lines = append(lines, pad(phrase.Measure(l, s.Measure), wide)+" "+pad(termio.Clean(s.Team+s.Month), wide)+" "+count)
	}
	return lines, hidden
}

// readYear reads a year of four digits.
func readYear(text string) (string, error) {
	if n, err := strconv.Atoi(text); err != nil || n < 1970 || n > 9999 {
		return "", vault.Errorf(vault.CodeInvalid, "a year has four digits")
	}
	return text, nil
}
