package phrase

import (
	"cmp"
	"slices"
	"strings"

	"vaultctl/internal/api"
	"vaultctl/internal/catalogue"
	"vaultctl/internal/lang"
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

// PieceLines says what there is of a piece, what will not do and why, and what would do. Names are those of TypeNames.
func PieceLines(l lang.Lang, p *api.ProcedurePiece, names map[string]string) []string {
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
		lines = append(lines, unfitLine(l, &p.Unfit[i], names))
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

// unfitLine says of one document why it will not do, and what mends that.
func unfitLine(l lang.Lang, u *api.ProcedureUnfit, names map[string]string) string {
	why := Unfit(l, u.Why)
	switch {
	case u.Why == "too_recent" && u.Since != "":
		why = l.T("too recent: will do from %s", Day(l, u.Since))
	case u.Why == "too_old" && u.Limit != "":
		why = l.T("too old since %s (at most %s)", Day(l, u.Since), Period(l, catalogue.Period(u.Limit)))
	case u.Why == "expired":
		why = l.T("expired since %s", Day(l, u.Since))
	case u.Why == "undated" || u.Why == "future":
		why += ": `vaultctl document edit " + u.ID + " --issued-on …`"
	case u.Why == "no_period":
		why += ": `vaultctl document edit " + u.ID + " --period YYYY-MM`"
	}
	return u.ID + "  " + cmp.Or(names[u.DocumentType], u.DocumentType) + "  " + why
}
