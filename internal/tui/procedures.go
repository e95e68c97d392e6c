package tui

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	"vaultctl/internal/phrase"
	"vaultctl/internal/procedure"
	"vaultctl/internal/termio"
)

// loadProcedures lists the procedures that a person's papers can be checked for.
func loadProcedures(_ context.Context, d *desk, _ *api.Beneficiary, c *content) error {
	procedures := d.procedures.List()
	slices.SortFunc(procedures, func(a, b procedure.Procedure) int {
		return strings.Compare(fold(phrase.Either(d.l, a.French, a.English)), fold(phrase.Either(d.l, b.French, b.English)))
	})
	c.header = []string{d.l.T("procedure"), d.l.T("pieces"), d.l.T("also called")}
	for i := range procedures {
		p := &procedures[i]
		c.rows = append(c.rows, row{item: p, cells: []termio.Cell{cell(phrase.Either(d.l, p.French, p.English)),
			{Text: d.l.N(len(p.Pieces), "%d piece", "%d pieces")}, {Text: termio.Clean(strings.Join(p.Aliases, ", ")), Style: termio.Faint}}})
	}
	return nil
}

func procedureActions() []action {
	return []action{
		{key: "enter", label: lang.Key("check what is there"), needs: oneRow, does: []string{"procedure check", "procedure list"}, run: openProcedure},
		{key: "c", label: lang.Key("check with the card"), needs: oneRow, does: []string{"procedure check"},
			run: func(ctx context.Context, d *desk, c chosen) error {
				p, ok := c.item().(*procedure.Procedure)
				if !ok {
					return errBack
				}
				return checkWithCard(ctx, d, about(&c).ID, p.Code)
			}},
		{key: "i", label: lang.Key("what it asks for"), needs: oneRow, does: []string{"procedure show"}, run: showProcedure},
	}
}

func openProcedure(_ context.Context, d *desk, c chosen) error {
	if p, ok := c.item().(*procedure.Procedure); ok {
		d.open(procedurePage{id: about(&c).ID, code: p.Code})
	}
	return nil
}

// showProcedure says what a procedure asks for, whoever the person is.
func showProcedure(ctx context.Context, d *desk, c chosen) error {
	p, ok := c.item().(*procedure.Procedure)
	if !ok {
		return errBack
	}
	names := phrase.TypeNames(d.l, d.types)
	var lines []string
	if note := phrase.Either(d.l, p.NoteFrench, p.NoteEnglish); note != "" {
		lines = append(lines, note, "")
	}
	for i := range p.Pieces {
		a := &p.Pieces[i]
		lines = append(lines, phrase.PieceTitle(d.l, i, phrase.Either(d.l, a.French, a.English), phrase.Either(d.l, a.IfFrench, a.IfEnglish)))
		lines = append(lines, phrase.PieceAsked(d.l, a, names)...)
		lines = append(lines, "")
	}
	lines = append(lines, labelled(pairs(d.l.T("source"), p.Source, d.l.T("checked on"), phrase.Day(d.l, p.CheckedOn)))...)
	for i := range lines {
		lines[i] = termio.Clean(lines[i])
	}
	return d.read(ctx, &sheet{title: phrase.Either(d.l, p.French, p.English), lines: lines})
}

// procedurePage says which papers of a procedure a person has. With the card it is a check that was made once: the card is not
// kept to make it again.
type procedurePage struct {
	id, code string
	once     *api.ProcedureCheck
}

func (procedurePage) place() place { return atProcedure }

// checked is the subject of a procedurePage.
type checked struct {
	b     *api.Beneficiary
	check *api.ProcedureCheck
}

func (p procedurePage) load(ctx context.Context, d *desk) (*content, error) {
	b, err := d.show(ctx, p.id)
	if err != nil {
		return nil, err
	}
	check := p.once
	if check == nil {
		got, err := call[api.ProcedureCheck](ctx, d, api.RouteProcedureCheck, api.ProcedureCheckRequest{Beneficiary: p.id, Procedure: p.code})
		if err != nil {
			return nil, err
		}
		check = &got
	}
	name := phrase.Either(d.l, check.French, check.English)
	c := &content{title: name, subject: &checked{b, check}, head: []fact{
		{text: d.l.T("%s, on %s", personName(b), phrase.Day(d.l, check.On)), style: termio.Bold}, completeFact(d.l, check), {text: unseenWords(d.l, p.once != nil, check), style: termio.Faint},
	}}
	pieces := make([]int, len(check.Pieces))
	for i := range pieces {
		pieces[i] = i
	}
	slices.SortStableFunc(pieces, func(a, b int) int { return cmp.Compare(urgency(&check.Pieces[a]), urgency(&check.Pieces[b])) })
	sections := []string{d.l.T("Missing"), d.l.T("Only in some situations"), d.l.T("There")}
	names := phrase.TypeNames(d.l, d.types)
	for _, i := range pieces {
		piece := &check.Pieces[i]
		title := phrase.PieceTitle(d.l, i, phrase.Either(d.l, piece.French, piece.English), "")
		c.rows = append(c.rows, row{section: sections[urgency(piece)], item: piece,
			cells: []termio.Cell{phrase.PieceState(d.l, piece), cell(title), {Text: termio.Clean(pieceHint(d.l, piece, names)), Style: termio.Faint}}})
	}
	return c, nil
}

func completeFact(l lang.Lang, check *api.ProcedureCheck) fact {
	if check.Complete {
		return fact{text: l.T("✓ All that is always asked for is there."), style: termio.Good}
	}
	n := 0
	for i := range check.Pieces {
		if urgency(&check.Pieces[i]) == 0 {
			n++
		}
	}
	return fact{text: "✗ " + l.N(n, "%d piece is missing", "%d pieces are missing"), style: termio.Bad}
}

func unseenWords(l lang.Lang, card bool, check *api.ProcedureCheck) string {
	switch {
	case card:
		return l.T("Private documents are included, as they were when the card was shown.")
	case check.Unseen > 0:
		return l.N(check.Unseen, "%d private document was not looked at: c includes it, with the card.", "%d private documents were not looked at: c includes them, with the card.")
	}
	return ""
}

// urgency says in which order pieces are shown: what has to be brought, what may have to be, what is there.
func urgency(p *api.ProcedurePiece) int {
	switch {
	case p.State == "present" || p.State == "expiring":
		return 2
	case !p.Required:
		return 1
	}
	return 0
}

// pieceHint says of a piece what one wants to know first: when it applies, which document it is, or why those there will not do.
func pieceHint(l lang.Lang, p *api.ProcedurePiece, names map[string]string) string {
	switch {
	case len(p.Absent) > 0:
		return l.T("missing months: %s", strings.Join(p.Absent, ", "))
	case len(p.Unfit) > 0 && urgency(p) < 2:
		return phrase.UnfitWords(l, &p.Unfit[0])
	case len(p.Documents) == 1:
		d := &p.Documents[0]
		return firstOf(names[d.DocumentType], d.DocumentType)
	case len(p.Documents) > 1:
		return l.N(len(p.Documents), "%d document", "%d documents")
	}
	return phrase.Either(l, p.IfFrench, p.IfEnglish)
}

func pieceActions() []action {
	return []action{
		{key: "enter", label: lang.Key("show the piece"), needs: oneRow, run: showPiece},
		{key: "s", label: lang.Key("share exactly these papers"), does: []string{"share add"}, run: shareChecked},
		{key: "a", label: lang.Key("deposit what is missing"), needs: oneRow, does: []string{"document add"}, run: depositPiece},
		{key: "c", label: lang.Key("check with the card"), does: []string{"procedure check"},
			run: func(ctx context.Context, d *desk, c chosen) error {
				p, ok := c.page.(procedurePage)
				if !ok || p.once != nil {
					return errBack
				}
				return checkWithCard(ctx, d, p.id, p.code)
			}},
	}
}

// checkWithCard makes a check that looks at private documents too.
func checkWithCard(ctx context.Context, d *desk, id, code string) error {
	card, err := d.askCard(ctx, d.l.T("With the card, private documents are looked at too."))
	if err != nil {
		return err
	}
	check, err := call[api.ProcedureCheck](ctx, d, api.RouteProcedureCheck, api.ProcedureCheckRequest{Beneficiary: id, Procedure: code, Card: card})
	if err != nil {
		return err
	}
	d.open(procedurePage{id: id, code: code, once: &check})
	return nil
}

// showPiece says what there is of a piece, what will not do and why, and what would do.
func showPiece(ctx context.Context, d *desk, c chosen) error {
	p, ok := c.item().(*api.ProcedurePiece)
	if !ok {
		return errBack
	}
	title := phrase.Either(d.l, p.French, p.English)
	lines := []string{phrase.PieceState(d.l, p).Text}
	if condition := phrase.Either(d.l, p.IfFrench, p.IfEnglish); condition != "" {
		lines = append(lines, condition)
	}
	for _, line := range phrase.PieceAbout(d.l, p, phrase.TypeNames(d.l, d.types)) {
		lines = append(lines, termio.Clean(line))
	}
	return d.read(ctx, &sheet{title: title, lines: lines})
}

// shareChecked shares what the check found.
func shareChecked(ctx context.Context, d *desk, c chosen) error {
	subject, ok := c.subject.(*checked)
	if !ok {
		return errBack
	}
	if len(subject.check.Documents) == 0 {
		d.note(d.l.T("There is nothing yet to share for it."))
		return nil
	}
	return shareProcedure(ctx, d, subject.b, subject.check)
}

// depositPiece deposits files, with the types that would do for the piece proposed first.
func depositPiece(ctx context.Context, d *desk, c chosen) error {
	subject, ok := c.subject.(*checked)
	p, is := c.item().(*api.ProcedurePiece)
	if !ok || !is {
		return errBack
	}
	if err := pickAndDeposit(ctx, d, subject.b, p.AnyOf); err != nil {
		return err
	}
	if page, ok := c.page.(procedurePage); ok && page.once != nil {
		d.back() // what was checked is not what is there now
	}
	return nil
}
