package engine

import (
	"bufio"
	"cmp"
	"encoding/json"
	"io"
	"slices"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	"vaultctl/internal/vault"
)

// span is from when until when something held; a zero end is not over yet.
type span struct{ from, until vault.Clock }

// overlap returns the part of both, and whether there is one.
func (s span) overlap(o span) (span, bool) {
	s.from = later(s.from, o.from)
	if s.until == (vault.Clock{}) || o.until != (vault.Clock{}) && o.until.Compare(s.until) < 0 {
		s.until = o.until
	}
	return s, s.until == (vault.Clock{}) || s.from.Compare(s.until) <= 0
}

func later(a, b vault.Clock) vault.Clock {
	if a.Compare(b) < 0 {
		return b
	}
	return a
}

// readersOn says who could read the shared documents of a vault on a day, and through what: the journal's account for a
// data-protection officer. Who had read before goes on knowing what it read; the account is of who was let in.
func (e *Engine) readersOn(l lang.Lang, org *vault.Org, st *vault.State, day vault.Date) []api.VaultReader {
	at := day.Time()
	start := time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, e.Now().Location())
	on := span{vault.Clock{Ms: start.UnixMilli()}, vault.Clock{Ms: start.AddDate(0, 0, 1).UnixMilli() - 1}}
	t := &teller{e: e, l: l, org: org}
	var out []api.VaultReader
	add := func(s span, r api.VaultReader) {
		if _, ok := s.overlap(on); !ok {
			return
		}
		r.Head, r.Beneficiary, r.From = api.H("vault_reader"), string(st.ID), s.from.Time().Format(time.RFC3339)
		if s.until != (vault.Clock{}) {
			r.Until = s.until.Time().Format(time.RFC3339)
		}
		out = append(out, r)
	}
	erased := vault.Clock{}
	if st.Erased != nil {
		erased = st.Erased.At
	}
	if len(st.Cards) > 0 {
		add(span{st.Cards[0].At, erased}, api.VaultReader{Who: "card", Text: l.T("The person, with their card")})
	}
	if !st.NoRecovery && len(org.Recovery) > 0 {
		add(span{later(st.Opened, org.Recovery[0].Since), erased}, api.VaultReader{Who: "recovery", Text: l.T("Who holds the recovery sheets, if enough of them come together")})
	}
	for _, c := range st.Consents {
		held := span{c.At, erased}
		if c.Ended != nil && (st.Erased == nil || c.Ended.At.Compare(erased) < 0) {
			held.until = c.Ended.At
		}
		for _, m := range e.staysIn(org, c.Team) {
			if s, ok := held.overlap(m.span); ok {
				add(s, api.VaultReader{Who: "agent", Agent: org.AgentName(m.agent), Team: org.TeamName(c.Team), Consent: string(c.Consent), Purpose: c.Purpose,
					Text: l.T("%s, of %s, by the consent %s (%s)", org.AgentName(m.agent), org.TeamName(c.Team), string(c.Consent), t.purpose(c.Purpose))})
			}
		}
	}
	for _, sh := range st.Shares {
		held := span{from: sh.At}
		if sh.Ended != nil {
			held.until = sh.Ended.At
		}
		to := l.T("a partner")
		if sh.Team != "" {
			to = org.TeamName(sh.Team)
		} else if sh.Data != nil {
			to = sh.Data.Recipient
		}
		add(held, api.VaultReader{Who: "share", Purpose: sh.Purpose, Text: l.T("%s, %d documents by the share %s (%s)", to, len(sh.Documents), string(sh.Share), t.purpose(sh.Purpose))})
	}
	slices.SortStableFunc(out, func(a, b api.VaultReader) int {
		return cmp.Or(cmp.Compare(a.Who, b.Who), cmp.Compare(a.Agent, b.Agent), cmp.Compare(a.From, b.From))
	})
	return out
}

// stay is an agent's time in a team with a workstation to read on.
type stay struct {
	span
	agent vault.AgentID
}

// staysIn returns the stays in a team, each as long as the agent had a workstation.
func (e *Engine) staysIn(org *vault.Org, team vault.TeamID) []stay {
	t := org.Teams[team]
	if t == nil {
		return nil
	}
	var out []stay
	for _, m := range t.Members {
		var had []span // of workstations
		for _, d := range org.Devices {
			if d.Agent != m.Agent || !d.Has(vault.RoleAgent) {
				continue
			}
			s := span{from: d.Since}
			for _, r := range d.Revoked {
				if s.until == (vault.Clock{}) || r.At.Compare(s.until) < 0 {
					s.until = r.At
				}
			}
			had = append(had, s)
		}
		slices.SortFunc(had, func(a, b span) int { return a.from.Compare(b.from) })
		for _, s := range joined(had) {
			if s, ok := s.overlap(span{m.Since, m.Until}); ok {
				out = append(out, stay{s, m.Agent})
			}
		}
	}
	return out
}

// joined puts spans that touch one another together. They are in the order in which they begin.
func joined(spans []span) []span {
	var out []span
	for _, s := range spans {
		n := len(out)
		if n == 0 || out[n-1].until != (vault.Clock{}) && out[n-1].until.Compare(s.from) < 0 {
			out = append(out, s)
			continue
		}
		if last := &out[n-1]; s.until == (vault.Clock{}) || last.until != (vault.Clock{}) && last.until.Compare(s.until) < 0 {
			last.until = s.until
		}
	}
	return out
}

// readersExport writes them as csv, jsonl, txt or pdf.
func (e *Engine) readersExport(q journalQuery, req *api.JournalExportRequest, begin func(api.Empty) (io.Writer, error)) error {
	if q.scope == "" {
		return vault.Errorf(vault.CodeUsage, "say whose vault: who could read it is told for one")
	}
	day, err := vault.ParseDate(req.ReadersOn, e.today())
	if err != nil {
		return err
	}
	if !slices.Contains([]string{"csv", "jsonl", "txt", "pdf"}, req.Format) {
		return errJournalFormat()
	}
	st, keys, org, err := e.load(vault.BeneficiaryID(q.scope))
	if err != nil {
		return err
	}
	found := e.readersOn(q.lang, org, st, day)
	out, err := begin(api.Empty{})
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(out, 64<<10)
	switch req.Format {
	case "csv":
		err = e.readersCSV(w, q.lang, found)
	case "pdf":
		page := JournalPage{Org: org.Name, ID: q.scope, On: e.Now()}
		if readsVault(keys, st, org) {
			page.Name = st.Person.DisplayName()
		}
		for _, r := range found {
			from, _ := time.Parse(time.RFC3339, r.From)
			page.Rows = append(page.Rows, JournalRow{At: from.In(e.Now().Location()), Who: r.Agent, What: e.readerLine(q.lang, &r)})
		}
		err = e.Paper.Journal(w, q.lang, page)
	default:
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		for _, r := range found {
			if req.Format == "jsonl" {
				err = enc.Encode(r)
			} else {
				_, err = io.WriteString(w, oneLine(e.readerLine(q.lang, &r))+"\n")
			}
			if err != nil {
				return err
			}
		}
	}
	if err != nil {
		return err
	}
	return w.Flush()
}

// readerLine is a reader with the time, in words.
func (e *Engine) readerLine(l lang.Lang, r *api.VaultReader) string {
	words := func(text string) string {
		at, _ := time.Parse(time.RFC3339, text)
		return l.DateTime(at.In(e.Now().Location()))
	}
	if r.Until == "" {
		return l.T("%s: from %s on", r.Text, words(r.From))
	}
	return l.T("%s: from %s to %s", r.Text, words(r.From), words(r.Until))
}

func (e *Engine) readersCSV(w io.Writer, l lang.Lang, found []api.VaultReader) error {
	head := []string{"who", "agent", "team", "consent", "purpose", "from", "until", "beneficiary", "text"}
	return e.sheet(w, l, head, func(row func(...string) error) error {
		for _, r := range found {
			if err := row(r.Who, r.Agent, r.Team, r.Consent, r.Purpose, r.From, r.Until, r.Beneficiary, r.Text); err != nil {
				return err
			}
		}
		return nil
	})
}
