package cli

import (
	"io"
	"strings"

	"github.com/spf13/cobra"

	"vaultctl/internal/api"
	"vaultctl/internal/catalogue"
	"vaultctl/internal/lang"
	"vaultctl/internal/phrase"
	"vaultctl/internal/termio"
)

func newType(f *Factory) *cobra.Command {
	return newNoun("type", lang.Key("Types of document"), newTypeList(f), newTypeShow(f))
}

// documentType is a type as --json shows it.
type documentType struct {
	api.Head
	Code          string           `json:"code"`
	French        string           `json:"fr"`
	English       string           `json:"en"`
	Aliases       []string         `json:"aliases"`
	Validity      catalogue.Period `json:"validity,omitempty"`
	ValidityMinor catalogue.Period `json:"validity_minor,omitempty"`
	MaxAge        catalogue.Period `json:"max_age,omitempty"`
	Health        bool             `json:"health"`
	NoteFrench    string           `json:"note_fr,omitempty"`
	NoteEnglish   string           `json:"note_en,omitempty"`
	Source        string           `json:"source,omitempty"`
	CheckedOn     string           `json:"checked_on,omitempty"`
}

func jsonType(t catalogue.Type) documentType {
	aliases := t.Aliases
	if aliases == nil {
		aliases = []string{}
	}
	return documentType{
		Head: api.H("document_type"), Code: t.Code, French: t.French, English: t.English, Aliases: aliases,
		Validity: t.Validity, ValidityMinor: t.ValidityMinor, MaxAge: t.MaxAge, Health: t.Health,
		NoteFrench: t.NoteFrench, NoteEnglish: t.NoteEnglish, Source: t.Source, CheckedOn: t.CheckedOn,
	}
}

func newTypeList(f *Factory) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   lang.Key("List the types of document"),
		Example: "  vaultctl type list\n  vaultctl type list --json | jq -r .code",
		Args:    argsFromUse,
		RunE:    func(*cobra.Command, []string) error { return runTypeList(f) },
	}
}

func runTypeList(f *Factory) error {
	types, err := f.Catalogue()
	if err != nil {
		return err
	}
	var rows []documentType
	for _, t := range types.List() {
		rows = append(rows, jsonType(t))
	}
	l := f.Lang()
	header := []string{l.T("code"), l.T("name"), l.T("validity"), l.T("maximum age")}
	return emitList(f, each(rows), header, func(t documentType) []termio.Cell {
		name := t.English
		if l == lang.French {
			name = t.French
		}
		code := termio.Cell{Text: t.Code}
		if t.Health {
			code.Style = termio.Warn
		}
		return []termio.Cell{code, {Text: name}, {Text: phrase.Period(l, t.Validity)}, {Text: phrase.Period(l, t.MaxAge)}}
	})
}

func newTypeShow(f *Factory) *cobra.Command {
	return &cobra.Command{
		Use:               "show CODE",
		Short:             lang.Key("Show one type of document"),
		Example:           "  vaultctl type show id-card\n  vaultctl type show \"avis d'imposition\"",
		Args:              argsFromUse,
		ValidArgsFunction: completeTypes(f),
		RunE:              func(_ *cobra.Command, args []string) error { return runTypeShow(f, args[0]) },
	}
}

func runTypeShow(f *Factory, name string) error {
	types, err := f.Catalogue()
	if err != nil {
		return err
	}
	t, err := types.Find(name)
	if err != nil {
		return err
	}
	l := f.Lang()
	health := ""
	if t.Health {
		health = l.T("yes: refused unless the remote is declared fit for health data")
	}
	return emit(f, jsonType(t), func(w io.Writer, _ documentType) error {
		return f.fields(w,
			l.T("code"), t.Code,
			l.T("name"), t.Name(l.String()),
			l.T("also called"), strings.Join(t.Aliases, ", "),
			l.T("validity"), phrase.Period(l, t.Validity),
			l.T("validity for minors"), phrase.Period(l, t.ValidityMinor),
			l.T("maximum age"), phrase.Period(l, t.MaxAge),
			l.T("health data"), health,
			l.T("note"), t.Note(l.String()),
			l.T("source"), t.Source,
			l.T("checked on"), t.CheckedOn,
		)
	})
}

// completeTypes offers the codes of document types, with their names.
func completeTypes(f *Factory) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		types, err := f.Catalogue()
		if err != nil || len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		var found []cobra.Completion
		for _, t := range types.List() {
			found = append(found, cobra.CompletionWithDesc(t.Code, t.Name(f.Lang().String())))
		}
		return found, cobra.ShellCompDirectiveNoFileComp
	}
}
