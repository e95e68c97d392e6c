package procedure

import (
	"cmp"
	"slices"

	"vaultctl/internal/catalogue"
	"vaultctl/internal/vault"
)

// Paper is what Check looks at of a document.
type Paper struct {
	ID        string
	Type      string // code
	IssuedOn  vault.Date
	ExpiresOn vault.Date // last valid day
	Period    string     // YYYY or YYYY-MM
	Others    bool       // in the name of somebody else
}

// State is what became of a piece.
type State string

// The states of a piece.
const (
	Present    State = "present"
	Expiring   State = "expiring"   // present, and soon no more
	Incomplete State = "incomplete" // some of several documents or months
	Missing    State = "missing"
	TooOld     State = "too_old"    // issued too long ago for this procedure
	Expired    State = "expired"    // past the document's own end
	TooRecent  State = "too_recent" // issued too lately
	Undated    State = "undated"    // its age matters, and nothing tells it
	Future     State = "future"     // issued after today, says what was typed
	NoPeriod   State = "no_period"  // of which months is not known
	OtherName  State = "other_name" // in the name of somebody else
)

// Result says whether a file is complete.
type Result struct {
	Complete bool // every required piece is present
	Pieces   []Found
}

// Documents returns the ids of exactly the documents that the procedure asks for, in its order, none twice.
func (r *Result) Documents() []string {
	var ids []string
	for _, f := range r.Pieces {
		for _, id := range f.Documents {
			if !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

// Found is what there is of one piece.
type Found struct {
	Piece     *Piece
	State     State
	Documents []string   // those to hand in
	Others    []string   // more that would do as well
	Until     vault.Date // last day on which they will do; "" for no end
	Unfit     []Unfit    // those of a right type that will not do, the nearest first
	Months    []string   // of a series, YYYY-MM
	Absent    []string   // those of them that no document covers
}

// Unfit is a document that will not do, and why.
type Unfit struct {
	ID    string
	Type  string
	Why   State
	Since vault.Date       // first day on which it would not do any more; for TooRecent the first on which it will
	Limit catalogue.Period // the age that it had to keep
}

// Check says of each piece of a procedure what the papers hold of it, on a day. What will do no more within soon days counts,
// and is said to be expiring. A paper may serve several pieces. Check changes nothing of what it is given.
func Check(p *Procedure, papers []Paper, today vault.Date, soon int) Result {
	r := Result{Complete: true}
	for i := range p.Pieces {
		var f Found
		if p.Pieces[i].Months > 0 {
			f = series(&p.Pieces[i], papers, today)
		} else {
			f = single(&p.Pieces[i], papers, today, today.AddDate(0, 0, soon))
		}
		if f.State == Present && f.Until != "" && f.Until <= today.AddDate(0, 0, soon) {
			f.State = Expiring
		}
		if p.Pieces[i].Required() && f.State != Present && f.State != Expiring {
			r.Complete = false
		}
		r.Pieces = append(r.Pieces, f)
	}
	return r
}

// fit is a paper that will do.
type fit struct {
	Paper
	rank  int        // of its type
	until vault.Date // "" for ever
	ends  bool       // soon
}

// single looks for the documents of a piece that is no series. What ends by soon is taken where nothing else is there.
func single(p *Piece, papers []Paper, today, soon vault.Date) Found {
	f := Found{Piece: p, State: Missing}
	var fits []fit
	for _, paper := range papers {
		rank := slices.Index(p.AnyOf, paper.Type)
		if rank < 0 {
			continue
		}
		until, unfit := judge(p, &paper, today)
		if unfit != nil {
			f.Unfit = append(f.Unfit, *unfit)
			continue
		}
		fits = append(fits, fit{paper, rank, until, until != "" && until <= soon})
	}
	sortUnfit(f.Unfit)
	slices.SortStableFunc(fits, better)
	for i, paper := range fits {
		if i >= p.Needed() {
			f.Others = append(f.Others, paper.ID)
			continue
		}
		f.Documents = append(f.Documents, paper.ID)
		f.Until = sooner(f.Until, paper.until)
	}
	switch {
	case len(f.Documents) == p.Needed():
		f.State = Present
	case len(f.Documents) > 0:
		f.State = Incomplete
	case len(f.Unfit) > 0 && f.Unfit[0].Why != OtherName:
		f.State = f.Unfit[0].Why
	}
	return f
}

// better puts first what is to be handed in: what does not end soon, then of the preferred type, then what will do for longest.
func better(a, b fit) int {
	if a.ends != b.ends {
		if a.ends {
			return 1
		}
		return -1
	}
	return cmp.Or(cmp.Compare(a.rank, b.rank), -compareEnds(a.until, b.until), -cmp.Compare(a.IssuedOn, b.IssuedOn), cmp.Compare(a.ID, b.ID))
}

// compareEnds puts "", no end, last.
func compareEnds(a, b vault.Date) int {
	if (a == "") != (b == "") {
		return cmp.Compare(b, a)
	}
	return cmp.Compare(a, b)
}

func sooner(a, b vault.Date) vault.Date {
	if compareEnds(a, b) <= 0 {
		return a
	}
	return b
}

// judge says until when a paper will do for a piece, or why it will not.
func judge(p *Piece, paper *Paper, today vault.Date) (until vault.Date, unfit *Unfit) {
	limit := p.MaxAges[paper.Type]
	not := func(why State, since vault.Date) (vault.Date, *Unfit) {
		return "", &Unfit{ID: paper.ID, Type: paper.Type, Why: why, Since: since, Limit: limit}
	}
	if !p.ExpiredAllowed {
		until = paper.ExpiresOn
	}
	issued := issuedOn(paper, today)
	switch {
	case paper.Others && !p.AnyHolder:
		return not(OtherName, "")
	case paper.IssuedOn > today:
		return not(Future, "")
	case until != "" && until < today:
		return not(Expired, until.AddDate(0, 0, 1))
	case issued == "" && (limit != "" || p.MinAge != ""):
		return not(Undated, "")
	}
	if y, m, d, ok := p.MinAge.Split(); ok {
		if from := issued.AddDate(y, m, d); from > today {
			limit = p.MinAge
			return not(TooRecent, from)
		}
	}
	if y, m, d, ok := limit.Split(); ok {
		end := issued.AddDate(y, m, d)
		if end < today {
			return not(TooOld, end.AddDate(0, 0, 1))
		}
		until = sooner(until, end)
	}
	return until, nil
}

// issuedOn returns the day from which a paper's age counts: that of its issue, or else the last day of its period, which it
// cannot have been issued long before.
func issuedOn(paper *Paper, today vault.Date) vault.Date {
	if paper.IssuedOn != "" || paper.Period == "" {
		return paper.IssuedOn
	}
	_, last := covers(paper.Period)
	if last == "" {
		return ""
	}
	return min(monthStart(last).AddDate(0, 1, -1), today)
}

// nearness orders the reasons for which a paper will not do: what can be mended soonest first.
func nearness(why State) int {
	return slices.Index([]State{TooRecent, Undated, NoPeriod, Future, TooOld, Expired, OtherName}, why)
}

func sortUnfit(all []Unfit) {
	slices.SortStableFunc(all, func(a, b Unfit) int {
		return cmp.Or(cmp.Compare(nearness(a.Why), nearness(b.Why)), -cmp.Compare(a.Since, b.Since), cmp.Compare(a.ID, b.ID))
	})
}
