package cli

import (
	"io"
	"strings"

	"github.com/spf13/cobra"

	"vaultctl/internal/api"
	"vaultctl/internal/catalogue"
	"vaultctl/internal/lang"
	"vaultctl/internal/phrase"
	"vaultctl/internal/procedure"
	"vaultctl/internal/termio"
)

func newProcedure(f *Factory) *cobra.Command {
	return newNoun("procedure", lang.Key("Procedures, and the papers that each asks for"),
		newProcedureList(f), newProcedureShow(f), newProcedureCheck(f))
}

// Procedures returns the table of procedures.
func (f *Factory) Procedures() (*procedure.Table, error) {
	types, err := f.Catalogue()
	if err != nil {
		return nil, err
	}
	settings, err := f.Config()
	if err != nil {
		return nil, err
	}
	return procedure.Load(settings.String("procedures"), types)
}

// procedureRow is a procedure as --json shows it.
type procedureRow struct {
	api.Head
	Code        string         `json:"code"`
	French      string         `json:"fr"`
	English     string         `json:"en"`
	Aliases     []string       `json:"aliases"`
	Pieces      []procedureAsk `json:"pieces"`
	NoteFrench  string         `json:"note_fr,omitempty"`
	NoteEnglish string         `json:"note_en,omitempty"`
	Source      string         `json:"source,omitempty"`
	CheckedOn   string         `json:"checked_on,omitempty"`
}

// procedureAsk is a piece as --json shows it.
type procedureAsk struct {
	Code           string                      `json:"code"`
	French         string                      `json:"fr"`
	English        string                      `json:"en"`
	IfFrench       string                      `json:"if_fr,omitempty"`
	IfEnglish      string                      `json:"if_en,omitempty"`
	Required       bool                        `json:"required"`
	AnyOf          []string                    `json:"any_of"`
	Count          int                         `json:"count"`
	Months         int                         `json:"months,omitempty"`
	MaxAges        map[string]catalogue.Period `json:"max_ages,omitempty"`
	MinAge         catalogue.Period            `json:"min_age,omitempty"`
	ExpiredAllowed bool                        `json:"expired_allowed,omitempty"`
	AnyHolder      bool                        `json:"any_holder,omitempty"`
	NoteFrench     string                      `json:"note_fr,omitempty"`
	NoteEnglish    string                      `json:"note_en,omitempty"`
}

func jsonProcedure(p *procedure.Procedure) procedureRow {
	row := procedureRow{Head: api.H("procedure"), Code: p.Code, French: p.French, English: p.English, Aliases: append([]string{}, p.Aliases...),
		NoteFrench: p.NoteFrench, NoteEnglish: p.NoteEnglish, Source: p.Source, CheckedOn: p.CheckedOn}
	for i := range p.Pieces {
		a := &p.Pieces[i]
		row.Pieces = append(row.Pieces, procedureAsk{Code: a.Code, French: a.French, English: a.English, IfFrench: a.IfFrench, IfEnglish: a.IfEnglish,
			Required: a.Required(), AnyOf: append([]string{}, a.AnyOf...), Count: max(1, a.Count), Months: a.Months, MaxAges: a.MaxAges, MinAge: a.MinAge,
			ExpiredAllowed: a.ExpiredAllowed, AnyHolder: a.AnyHolder, NoteFrench: a.NoteFrench, NoteEnglish: a.NoteEnglish})
	}
	return row
}

func newProcedureList(f *Factory) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   lang.Key("List the procedures"),
		Example: "  vaultctl procedure list\n  vaultctl procedure list --json | jq -r .code",
		Args:    argsFromUse,
		RunE:    func(*cobra.Command, []string) error { return runProcedureList(f) },
	}
}

func runProcedureList(f *Factory) error {
	table, err := f.Procedures()
	if err != nil {
		return err
	}
	var rows []procedureRow
	for _, p := range table.List() {
		rows = append(rows, jsonProcedure(&p))
	}
	l := f.Lang()
	return emitList(f, each(rows), []string{l.T("code"), l.T("name"), l.T("pieces")}, func(p procedureRow) []termio.Cell {
		return []termio.Cell{{Text: p.Code}, {Text: phrase.Either(l, p.French, p.English)}, {Text: l.N(len(p.Pieces), "%d piece", "%d pieces")}}
	})
}

func newProcedureShow(f *Factory) *cobra.Command {
	return &cobra.Command{
		Use:               "show CODE",
		Short:             lang.Key("Show the papers that a procedure asks for"),
		Example:           "  vaultctl procedure show rsa\n  vaultctl procedure show \"élection de domicile\"",
		Args:              argsFromUse,
		ValidArgsFunction: positions(f.completeProcedures),
		RunE:              func(_ *cobra.Command, args []string) error { return runProcedureShow(f, args[0]) },
	}
}

func runProcedureShow(f *Factory, name string) error {
	table, err := f.Procedures()
	if err != nil {
		return err
	}
	p, err := table.Find(name)
	if err != nil {
		return err
	}
	return emit(f, jsonProcedure(p), func(w io.Writer, row procedureRow) error {
		l := f.Lang()
		err := f.fields(w, l.T("code"), row.Code, l.T("name"), phrase.Either(l, row.French, row.English), l.T("also called"), strings.Join(row.Aliases, ", "),
			l.T("note"), phrase.Either(l, row.NoteFrench, row.NoteEnglish), l.T("source"), row.Source, l.T("checked on"), row.CheckedOn)
		if err != nil {
			return err
		}
		names := f.typeNames()
		pg := &page{f: f, l: l}
		for i := range p.Pieces {
			a := &p.Pieces[i]
			pg.head(phrase.PieceTitle(l, i, phrase.Either(l, a.French, a.English), phrase.Either(l, a.IfFrench, a.IfEnglish)))
			for _, text := range phrase.PieceAsked(l, a, names) {
				pg.line("   " + text)
			}
		}
		_, err = io.WriteString(w, pg.String())
		return err
	})
}

// typeNames returns the names of document types by their codes, none where the catalogue cannot be read.
func (f *Factory) typeNames() map[string]string {
	types, err := f.Catalogue()
	if err != nil {
		return nil
	}
	return phrase.TypeNames(f.Lang(), types)
}

// completeProcedures offers the codes of procedures, with their names.
func (f *Factory) completeProcedures(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	table, err := f.Procedures()
	if err != nil {
		return nil, noFiles
	}
	var found []cobra.Completion
	for _, p := range table.List() {
		found = append(found, f.described(p.Code, phrase.Either(f.Lang(), p.French, p.English)))
	}
	return found, noFiles
}
