package cli

import (
	"github.com/spf13/cobra"

	"vaultctl/internal/api"
	"vaultctl/internal/apiclient"
	"vaultctl/internal/lang"
	"vaultctl/internal/phrase"
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
	pg.line(l.T("%s, on %s", phrase.Either(l, res.French, res.English), phrase.Day(l, res.On)))
	names := f.typeNames()
	for i := range res.Pieces {
		p := &res.Pieces[i]
		cell := phrase.PieceState(l, p)
		pg.head(phrase.PieceTitle(l, i, phrase.Either(l, p.French, p.English), phrase.Either(l, p.IfFrench, p.IfEnglish)))
		pg.WriteString("   " + f.IO.Styled(cell.Style, cell.Text) + "\n")
		for _, text := range phrase.PieceLines(l, p, names) {
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
