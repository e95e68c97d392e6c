package phrase

import (
	"cmp"
	"slices"
	"strings"

	"vaultctl/internal/api"
	"vaultctl/internal/catalogue"
	"vaultctl/internal/lang"
	"vaultctl/internal/procedure"
	"vaultctl/internal/termio"
)

// PieceState shows the state of a piece by a sign and words.
func PieceState(l lang.Lang, p *api.ProcedurePiece) termio.Cell {
	lacking := func(text string) termio.Cell {
		if !p.Required {
			return termio.Cell{Text: "? " + text, Style: termio.Faint}
		}
		return termio.Cell{Text: "✗ " + text, Style: termio.Bad}
	}
	switch p.State {
	case "present":
		return termio.Cell{Text: "✓ " + l.T("present"), Style: termio.Good}
	case "expiring":
		return termio.Cell{Text: "! " + l.T("present until %s", Day(l, p.Until)), Style: termio.Warn}
	case "incomplete":
		if len(p.Months) > 0 {
			return lacking(l.N(len(p.Absent), "%d month is missing", "%d months are missing"))
		}
		return lacking(l.T("%d of %d there", len(p.Documents), p.Needed))
	case "missing", "other_name":
		return lacking(l.T("missing"))
	}
	return lacking(Unfit(l, p.State))
}

// PieceTitle numbers a piece, the first being i = 0, and says what it depends on.
func PieceTitle(l lang.Lang, i int, name, condition string) string {
	if condition != "" {
		name += " (" + condition + ")"
	}
	return l.T("%d. %s", i+1, name)
}

// PieceLines says what there is of a piece, what will not do and why, what would do, and the commands that mend what can be
// mended. Names are those of TypeNames.
func PieceLines(l lang.Lang, p *api.ProcedurePiece, names map[string]string) []string {
	return pieceLines(l, p, names, mending)
}

// PieceAbout is PieceLines without commands.
func PieceAbout(l lang.Lang, p *api.ProcedurePiece, names map[string]string) []string {
	return pieceLines(l, p, names, func(*api.ProcedureUnfit) string { return "" })
}

func pieceLines(l lang.Lang, p *api.ProcedurePiece, names map[string]string, mend func(*api.ProcedureUnfit) string) []string {
	var lines []string
	for i := range p.Documents {
		d := &p.Documents[i]
		lines = append(lines, strings.Join(slices.DeleteFunc([]string{d.ID, cmp.Or(names[d.DocumentType], d.DocumentType), d.Title, d.Period,
			issued(l, d.IssuedOn)}, func(s string) bool { return s == "" }), "  "))
	}
	if len(p.Others) > 0 {
		lines = append(lines, l.T("would do as well: %s", strings.Join(p.Others, ", ")))
	}
	there := p.State == "present" || p.State == "expiring"
	if there && p.State == "present" && p.Until != "" {
		lines = append(lines, l.T("will do until %s", Day(l, p.Until)))
	}
	if len(p.Absent) > 0 {
		lines = append(lines, l.T("missing months: %s", strings.Join(p.Absent, ", ")))
	}
	if there {
		return lines
	}
	for i := range p.Unfit {
		u := &p.Unfit[i]
		lines = append(lines, u.ID+"  "+cmp.Or(names[u.DocumentType], u.DocumentType)+"  "+UnfitWords(l, u)+mend(u))
	}
	if all := alternatives(l, p, names); len(all) == 1 {
		lines = append(lines, l.T("would do: %s", all[0]))
	} else {
		lines = append(lines, l.T("any of these would do:"))
		for _, text := range all {
			lines = append(lines, "- "+text)
		}
	}
	if note := Either(l, p.NoteFR, p.NoteEN); note != "" {
		lines = append(lines, note)
	}
	return lines
}

// Unfit says why a document will not do.
func Unfit(l lang.Lang, why string) string {
	switch why {
	case "too_old":
		return l.T("issued too long ago")
	case "expired":
		return l.T("expired")
	case "too_recent":
		return l.T("too recent")
	case "undated":
		return l.T("without a date of issue")
	case "future":
		return l.T("dated in the future")
	case "no_period":
		return l.T("without a period")
	case "other_name":
		return l.T("in somebody else's name")
	}
	return why
}

// issued says the day of issue, if there is one.
func issued(l lang.Lang, day string) string {
	if day == "" {
		return ""
	}
	return l.T("issued on %s", Day(l, day))
}

// alternatives names the types that would do, each with the age that it may have.
func alternatives(l lang.Lang, p *api.ProcedurePiece, names map[string]string) []string {
	var out []string
	for _, code := range p.AnyOf {
		text := cmp.Or(names[code], code)
		if age := p.MaxAges[code]; age != "" {
			text += " (" + l.T("at most %s old", Period(l, catalogue.Period(age))) + ")"
		}
		out = append(out, text)
	}
	if len(out) == 0 {
		out = append(out, l.T("no type of document that is known here"))
	}
	return out
}

// UnfitWords says of one document why it will not do, with the day that counts.
func UnfitWords(l lang.Lang, u *api.ProcedureUnfit) string {
	switch {
	case u.Why == "too_recent" && u.Since != "":
		return l.T("too recent: will do from %s", Day(l, u.Since))
	case u.Why == "too_old" && u.Limit != "":
		return l.T("too old since %s (at most %s)", Day(l, u.Since), Period(l, catalogue.Period(u.Limit)))
	case u.Why == "expired":
		return l.T("expired since %s", Day(l, u.Since))
	}
	return Unfit(l, u.Why)
}

// mending is the command by which a document will do, after what is wrong with it; "" where there is none.
func mending(u *api.ProcedureUnfit) string {
	switch u.Why {
	case "undated", "future":
		return ": `vaultctl document edit " + u.ID + " --issued-on …`"
	case "no_period":
		return ": `vaultctl document edit " + u.ID + " --period YYYY-MM`"
	}
	return ""
}

// PieceAsked says in lines what will do for a piece. Names are those of TypeNames.
func PieceAsked(l lang.Lang, a *procedure.Piece, names map[string]string) []string {
	var lines []string
	switch {
	case a.Months > 0:
		lines = append(lines, l.N(a.Months, "%d month, by the period of each document", "%d consecutive months, by the period of each document"))
	case a.Count > 1:
		lines = append(lines, l.N(a.Count, "%d document", "%d different documents"))
	}
	for _, code := range a.AnyOf {
		text := "- " + cmp.Or(names[code], code)
		if age := a.MaxAges[code]; age != "" {
			text += ", " + l.T("issued at most %s ago", Period(l, age))
		}
		lines = append(lines, text)
	}
	if a.MinAge != "" {
		lines = append(lines, l.T("issued at least %s ago", Period(l, a.MinAge)))
	}
	if a.ExpiredAllowed {
		lines = append(lines, l.T("an expired one will do"))
	}
	if a.AnyHolder {
		lines = append(lines, l.T("in whosever name"))
	}
	if note := Either(l, a.NoteFrench, a.NoteEnglish); note != "" {
		lines = append(lines, note)
	}
	return lines
}
