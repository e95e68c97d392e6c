package procedure

import (
	"cmp"
	"slices"

	"vaultctl/internal/vault"
)

// late is how many days into a month the papers of the month before may still be on their way.
const late = 15

// monthStart returns the first day of a month YYYY-MM.
func monthStart(month string) vault.Date { return vault.Date(month + "-01") }

// plus returns the month n months later.
func plus(month string, n int) string { return string(monthStart(month).AddDate(0, n, 0))[:7] }

// covers returns the first and the last month of a period, "" for what is none.
func covers(period string) (first, last string) {
	if _, err := vault.ParsePeriod(period); err != nil {
		return "", ""
	}
	switch len(period) {
	case 4:
		return period + "-01", period + "-12"
	case 7:
		return period, period
	}
	return "", ""
}

// span is a paper of a series with the months that it covers.
type span struct {
	Paper
	rank        int
	first, last string
}

func (s *span) has(month string) bool { return s.first <= month && month <= s.last }

// series looks for consecutive months that end lately, each covered by some paper. Where no such months are complete, those
// are named of which the fewest are missing.
func series(p *Piece, papers []Paper, today vault.Date) Found {
	f := Found{Piece: p, State: Missing}
	spans := spansOf(p, papers, today, &f)
	now := string(today)[:7]
	due := plus(string(today.AddDate(0, 0, -late))[:7], -1) // the last month of which the papers should be there
	ends := []string{plus(now, -1), due, now}               // what is asked for, then what will do
	absent := -1
	for _, end := range ends {
		months, missing := window(spans, end, p.Months)
		if absent < 0 || len(missing) < absent {
			absent, f.Months, f.Absent = len(missing), months, missing
		}
	}
	f.Documents, f.Others = handed(spans, f.Months)
	switch {
	case absent == 0:
		f.State = Present
		// The first month after it is due on the day after.
		f.Until = monthStart(plus(f.Months[len(f.Months)-1], 2)).AddDate(0, 0, late-1)
	case absent < p.Months:
		f.State = Incomplete
	case len(f.Unfit) > 0 && f.Unfit[0].Why == NoPeriod:
		f.State = NoPeriod
	}
	return f
}

// spansOf returns the papers that may be part of a series, and notes in f why others are not.
func spansOf(p *Piece, papers []Paper, today vault.Date, f *Found) []span {
	var spans []span
	for _, paper := range papers {
		rank := slices.Index(p.AnyOf, paper.Type)
		if rank < 0 {
			continue
		}
		unfit := Unfit{ID: paper.ID, Type: paper.Type}
		first, last := covers(paper.Period)
		switch {
		case paper.Others && !p.AnyHolder:
			unfit.Why = OtherName
		case paper.IssuedOn > today:
			unfit.Why = Future
		case paper.ExpiresOn != "" && paper.ExpiresOn < today && !p.ExpiredAllowed:
			unfit.Why, unfit.Since = Expired, paper.ExpiresOn.AddDate(0, 0, 1)
		case first == "":
			unfit.Why = NoPeriod
		}
		if unfit.Why != "" {
			f.Unfit = append(f.Unfit, unfit)
			continue
		}
		// A paper tells nothing of months after the one in which it was made.
		made := cmp.Or(paper.IssuedOn, today)
		spans = append(spans, span{paper, rank, first, min(last, string(made)[:7])})
	}
	sortUnfit(f.Unfit)
	return spans
}

// window returns the n months that end with one, and those of them that nothing covers.
func window(spans []span, end string, n int) (months, missing []string) {
	for i := n - 1; i >= 0; i-- {
		month := plus(end, -i)
		months = append(months, month)
		if !slices.ContainsFunc(spans, func(s span) bool { return s.has(month) }) {
			missing = append(missing, month)
		}
	}
	return months, missing
}

// handed chooses papers that cover what can be covered of the months: for each month not yet covered the one that covers
// most of those left, of the preferred type. More of them that tell of these months are returned apart.
func handed(spans []span, months []string) (chosen, others []string) {
	left := slices.Clone(months)
	reach := func(s *span) int {
		n := 0
		for _, month := range left {
			if s.has(month) {
				n++
			}
		}
		return n
	}
	for _, month := range months {
		if !slices.Contains(left, month) {
			continue
		}
		var best *span
		for i := range spans {
			s := &spans[i]
			if s.has(month) && (best == nil || cmp.Or(-cmp.Compare(reach(s), reach(best)), cmp.Compare(s.rank, best.rank),
				-cmp.Compare(s.IssuedOn, best.IssuedOn), cmp.Compare(s.ID, best.ID)) < 0) {
				best = s
			}
		}
		if best != nil {
			chosen = append(chosen, best.ID)
			left = slices.DeleteFunc(left, best.has)
		}
	}
	for _, s := range spans {
		if !slices.Contains(chosen, s.ID) && slices.ContainsFunc(months, s.has) {
			others = append(others, s.ID)
		}
	}
	slices.Sort(others)
	return chosen, others
}
