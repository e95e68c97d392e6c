package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"vaultctl/internal/api"
	"vaultctl/internal/apiclient"
	"vaultctl/internal/catalogue"
	"vaultctl/internal/lang"
	"vaultctl/internal/termio"
	"vaultctl/internal/vault"
)

type procedureCheckOptions struct{ within, card string }

func newProcedureCheck(f *Factory) *cobra.Command {
	o := &procedureCheckOptions{}
	cmd := &cobra.Command{
		Use:   "check B CODE",
		Short: lang.Key("Say which papers of a procedure a person has, and which are missing"),
		Long: "Compare what a person's vault holds with what a procedure asks for: what is there, missing, too old, past its end or\n" +
			"soon to be, which other types would do, and which months of a series lack. A document's own end and the age that a\n" +
			"procedure allows are two things: the same bill passes here and fails there. The exit status is 9 where something that is\n" +
			"always asked for lacks. Private documents are looked at with the person's card only.",
		Example:           "  vaultctl procedure check ref:SI:4711 rsa\n  vaultctl procedure check ref:SI:4711 rsa --json | jq -r '.documents[]'",
		Args:              argsFromUse,
		ValidArgsFunction: positions(f.completeBeneficiaries, f.completeProcedures),
		RunE:              func(cmd *cobra.Command, args []string) error { return runProcedureCheck(f, cmd, args[0], args[1], o) },
	}
	cmd.Flags().StringVar(&o.within, "within", "", lang.Key("what will do no more within this time is expiring: 30d, 2mo"))
	cardFlag(cmd, &o.card, "card")
	return cmd
}

func runProcedureCheck(f *Factory, cmd *cobra.Command, b, code string, o *procedureCheckOptions) error {
	within, err := f.span("within", o.within)
	if err != nil {
		return err
	}
	table, err := f.Procedures()
	if err != nil {
		return err
	}
	if _, err := table.Find(code); err != nil {
		return err
	}
	c, id, err := f.connect(cmd, b, reads)
	if err != nil {
		return err
	}
	card, err := f.presentedCard(cmd.Context(), o.card)
	if err != nil {
		return err
	}
	res, err := apiclient.Call[api.ProcedureCheck](cmd.Context(), c, api.RouteProcedureCheck,
		api.ProcedureCheckRequest{Beneficiary: id, Procedure: code, Within: within, Card: card})
	if err != nil {
		return err
	}
	if f.JSON() {
		err = f.printJSON(res)
	} else {
		err = f.showCheck(&res)
	}
	if err == nil && !res.Complete {
		err = errIncomplete(&res)
	}
	return err
}

func errIncomplete(res *api.ProcedureCheck) error {
	n := 0
	for i := range res.Pieces {
		if p := &res.Pieces[i]; p.Required && p.State != "present" && p.State != "expiring" {
			n++
		}
	}
	if n == 1 {
		return vault.Errorf(vault.CodeAttention, "the file is not complete: 1 piece")
	}
	return vault.Errorf(vault.CodeAttention, "the file is not complete: %d pieces", n)
}

// showCheck prints a check for a person.
func (f *Factory) showCheck(res *api.ProcedureCheck) error {
	l := f.Lang()
	pg := &page{f: f, l: l}
	pg.line(l.T("%s, on %s", inLang(l, res.French, res.English), dayWords(l, res.On)))
	names := f.typeNames()
	for i := range res.Pieces {
		p := &res.Pieces[i]
		cell := pieceState(l, p)
		pg.head(pieceTitle(l, i, inLang(l, p.French, p.English), inLang(l, p.IfFrench, p.IfEnglish)))
		pg.WriteString("   " + f.IO.Styled(cell.Style, cell.Text) + "\n")
		for _, text := range pieceLines(l, p, names) {
			pg.line("   " + text)
		}
	}
	if res.Complete {
		pg.line("", l.T("✓ All that is always asked for is there."))
	}
	if err := pg.flush(); err != nil {
		return err
	}
	if res.Unseen > 0 {
		f.IO.Note(l.N(res.Unseen, "%d private document was not looked at: --card does.", "%d private documents were not looked at: --card does."))
	}
	return nil
}

// pieceState shows the state of a piece by a sign and words.
func pieceState(l lang.Lang, p *api.ProcedurePiece) termio.Cell {
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
		return termio.Cell{Text: "! " + l.T("present until %s", dayWords(l, p.Until)), Style: termio.Warn}
	case "incomplete":
		if len(p.Months) > 0 {
			return lacking(l.N(len(p.Absent), "%d month is missing", "%d months are missing"))
		}
		return lacking(l.T("%d of %d there", len(p.Documents), p.Needed))
	case "missing", "other_name":
		return lacking(l.T("missing"))
	}
	return lacking(whyWords(l, p.State))
}

// whyWords says why a document will not do.
func whyWords(l lang.Lang, why string) string {
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

// pieceLines says what there is of a piece, what will not do and why, and what would do.
func pieceLines(l lang.Lang, p *api.ProcedurePiece, names map[string]string) []string {
	var lines []string
	for i := range p.Documents {
		d := &p.Documents[i]
		lines = append(lines, strings.Join(slices.DeleteFunc([]string{d.ID, firstOf(names[d.DocumentType], d.DocumentType), d.Title, d.Period,
			issuedWords(l, d.IssuedOn)}, func(s string) bool { return s == "" }), "  "))
	}
	if len(p.Others) > 0 {
		lines = append(lines, l.T("would do as well: %s", strings.Join(p.Others, ", ")))
	}
	there := p.State == "present" || p.State == "expiring"
	if there && p.State == "present" && p.Until != "" {
		lines = append(lines, l.T("will do until %s", dayWords(l, p.Until)))
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
	if note := inLang(l, p.NoteFR, p.NoteEN); note != "" {
		lines = append(lines, note)
	}
	return lines
}

func issuedWords(l lang.Lang, day string) string {
	if day == "" {
		return ""
	}
	return l.T("issued on %s", dayWords(l, day))
}

// alternatives names the types that would do, each with the age that it may have.
func alternatives(l lang.Lang, p *api.ProcedurePiece, names map[string]string) []string {
	var out []string
	for _, code := range p.AnyOf {
		text := firstOf(names[code], code)
		if age := p.MaxAges[code]; age != "" {
			text += " (" + l.T("at most %s old", periodWords(l, catalogue.Period(age))) + ")"
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
	why := whyWords(l, u.Why)
	switch {
	case u.Why == "too_recent" && u.Since != "":
		why = l.T("too recent: will do from %s", dayWords(l, u.Since))
	case u.Why == "too_old" && u.Limit != "":
		why = l.T("too old since %s (at most %s)", dayWords(l, u.Since), periodWords(l, catalogue.Period(u.Limit)))
	case u.Why == "expired":
		why = l.T("expired since %s", dayWords(l, u.Since))
	case u.Why == "undated" || u.Why == "future":
		why += ": `vaultctl document edit " + u.ID + " --issued-on …`"
	case u.Why == "no_period":
		why += ": `vaultctl document edit " + u.ID + " --period YYYY-MM`"
	}
	return u.ID + "  " + firstOf(names[u.DocumentType], u.DocumentType) + "  " + why
}
