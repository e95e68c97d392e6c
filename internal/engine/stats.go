package engine

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	"vaultctl/internal/suppression"
	"vaultctl/internal/vault"
)

// accounts are the counts of one calendar year: for each measure a table of teams and months.
type accounts struct {
	year   int
	months int            // that have begun
	teams  []vault.TeamID // rows; the last is "" for what no team did
	names  []string
	counts map[string][][]int
}

// Stats yields what the service did in a year, from the journal: counts alone, small ones hidden so that nobody computes them from the
// others, whichever of the tables of the year are put beside one another. Errors: CodeUsage.
func (e *Engine) Stats(ctx context.Context, req api.StatsRequest, yield func(api.Stat) error) error {
	byTeam, byMonth := slices.Contains(req.By, "team"), slices.Contains(req.By, "month")
	for _, by := range req.By {
		if by != "team" && by != "month" {
			return vault.Errorf(vault.CodeUsage, "counts are given by team and by month")
		}
	}
	if req.Measure != "" && !slices.Contains(api.Measures, req.Measure) {
		return vault.Errorf(vault.CodeUsage, "nothing of that name is counted")
	}
	a, err := e.account(ctx, &req)
	if err != nil {
		return err
	}
	for _, measure := range api.Measures {
		if req.Measure != "" && req.Measure != measure {
			continue
		}
		counts, rows := a.counts[measure], len(a.teams)
		if rows > 1 && !slices.ContainsFunc(counts[rows-1], func(n int) bool { return n > 0 }) {
			rows-- // what no team did is a row only where there is any
		}
		table := suppression.Hide(counts[:rows])
		for row := range rows + 1 {
			for col := range a.months + 1 {
				if byTeam != (row < rows) || byMonth != (col < a.months) {
					continue
				}
				s := api.Stat{Head: api.H("stat"), Year: a.year, Measure: measure}
				if byTeam {
					s.Team = a.names[row]
				}
				if byMonth {
					s.Month = fmt.Sprintf("%04d-%02d", a.year, col+1)
				}
				if n, shown := table.Count(row, col); shown {
					s.Count = &n
				} else {
					s.Hidden = true
				}
				if err := yield(s); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// account counts the year.
func (e *Engine) account(ctx context.Context, req *api.StatsRequest) (*accounts, error) {
	keys, org, err := e.ready()
	if err != nil {
		return nil, err
	}
	l, _ := lang.Parse(req.Language)
	now := e.Now()
	a := &accounts{year: cmp.Or(req.Year, now.Year()), months: 12, counts: map[string][][]int{}}
	if a.year == now.Year() {
		a.months = int(now.Month())
	}
	if a.year < 1970 || a.year > now.Year() {
		return nil, vault.Errorf(vault.CodeUsage, "not a year: %d", a.year)
	}
	for id, t := range org.Teams {
		if t.Solo == "" {
			a.teams = append(a.teams, id)
		}
	}
	slices.SortFunc(a.teams, func(x, y vault.TeamID) int {
		return cmp.Or(cmp.Compare(org.TeamName(x), org.TeamName(y)), cmp.Compare(x, y))
	})
	for _, id := range a.teams {
		a.names = append(a.names, org.TeamName(id))
	}
	a.teams, a.names = append(a.teams, ""), append(a.names, l.T("no team"))
	for _, m := range api.Measures {
		a.counts[m] = make([][]int, len(a.teams))
		for i := range a.counts[m] {
			a.counts[m][i] = make([]int, a.months)
		}
	}
	t := e.newTeller(lang.English, org, keys)
	err = e.eachRecord(ctx, journalQuery{}, t, func(r *vault.Record, st *vault.State, refused string) error {
		at := r.At.Time().In(e.Now().Location())
		if st == nil || refused != "" || at.Year() != a.year || int(at.Month()) > a.months {
			return nil
		}
		team := a.teamOf(org, st, r, t.agent(r))
		for _, m := range measured(org, r, st) {
			a.counts[m][team][at.Month()-1]++
		}
		return nil
	})
	return a, err
}

// measured returns the measures that a record counts for.
func measured(org *vault.Org, r *vault.Record, st *vault.State) []string {
	var ids struct {
		Document vault.DocumentID `json:"document"`
		Evidence vault.ConsentID  `json:"evidence"`
		Share    vault.ShareID    `json:"share"`
	}
	_ = r.Decode(&ids) // what has none of these counts all the same, and that of a share is a document
	d := st.Documents[ids.Document]
	var found []string
	switch r.Type {
	case vault.VaultOpened:
		if st.Closed == nil || st.Closed.Reason != closedMistake {
			found = append(found, "vaults_opened")
		}
	case vault.DocumentDeposited, vault.DocumentReplaced:
		undone := d != nil && d.Removed != nil && d.Removed.Undone
		if ids.Evidence == "" && !undone {
			found = append(found, "documents_deposited")
		}
	case vault.ShareAdded:
		found = append(found, "shares")
		if sh := st.Share(ids.Share); sh != nil && sh.Data != nil && sh.Data.Procedure != "" {
			found = append(found, "procedures")
		}
	case vault.AccessOpened:
		if ids.Document != "" {
			found = append(found, "documents_opened")
		}
	}
	private := r.Type == vault.AccessOpened && d != nil && d.Space == vault.Private
	if private || r.Type != vault.CardIssued && slices.ContainsFunc(st.Cards, func(c vault.Card) bool { return r.CosignedBy(org.ID, c.SignKey) }) {
		found = append(found, "cards_used")
	}
	return found
}

// teamOf returns the row of the team that a record counts for, so that each counts once: of the teams that the vault was entrusted to
// then, the one in which the agent is; else a team of the agent's; else the first that the vault was entrusted to, now or later, as
// for what a batch server deposits.
func (a *accounts) teamOf(org *vault.Org, st *vault.State, r *vault.Record, agent vault.AgentID) int {
	in := func(team vault.TeamID) bool {
		t := org.Teams[team]
		return t != nil && t.Solo == "" && slices.ContainsFunc(t.Members, func(m vault.Membership) bool { return m.Agent == agent })
	}
	entrusted := func(c *vault.Consent) bool {
		return c.At.Compare(r.At) <= 0 && (c.Ended == nil || c.Ended.At.Compare(r.At) >= 0)
	}
	for _, c := range st.Consents {
		if entrusted(c) && in(c.Team) {
			return slices.Index(a.teams, c.Team)
		}
	}
	for i, team := range a.teams {
		if in(team) {
			return i
		}
	}
	for _, c := range st.Consents {
		if i := slices.Index(a.teams, c.Team); i >= 0 {
			return i
		}
	}
	return len(a.teams) - 1
}

// StatsExport writes them as csv, or one measure as a plot. Errors: CodeUsage.
func (e *Engine) StatsExport(ctx context.Context, req api.StatsExportRequest, begin func(api.Empty) (io.Writer, error)) error {
	l, _ := lang.Parse(req.Language)
	if req.Format == "svg" && (len(req.By) != 1 || req.Measure == "") {
		return vault.Errorf(vault.CodeUsage, "a plot shows one measure by team or by month")
	}
	var stats []api.Stat
	err := e.Stats(ctx, req.StatsRequest, func(s api.Stat) error {
		stats = append(stats, s)
		return nil
	})
	if err != nil {
		return err
	}
	switch req.Format {
	case "svg":
		p := Plot{Title: req.Title}
		for _, s := range stats {
			p.Bars = append(p.Bars, Bar{Label: s.Team + s.Month, Count: s.Count})
		}
		w, err := begin(api.Empty{})
		if err != nil {
			return err
		}
		return e.Plots.Bars(w, l, p)
	case "csv":
		w, err := begin(api.Empty{})
		if err != nil {
			return err
		}
		return e.sheet(w, l, []string{"year", "measure", "team", "month", "count", "hidden"}, func(row func(...string) error) error {
			for _, s := range stats {
				n := ""
				if s.Count != nil {
					n = strconv.Itoa(*s.Count)
				}
				if err := row(strconv.Itoa(s.Year), s.Measure, s.Team, s.Month, n, strconv.FormatBool(s.Hidden)); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return vault.Errorf(vault.CodeUsage, "counts are written as csv or svg")
}
