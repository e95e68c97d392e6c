package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	"vaultctl/internal/vault"
)

// documentFlags are the flags that describe a document.
type documentFlags struct {
	typ, title, holder, issuedOn, expiresOn, period, pages, note, sourceID, receivedOn string
	originalSeen                                                                       bool
}

func (o *documentFlags) declare(f *Factory, cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVarP(&o.typ, "type", "t", "", lang.Key("type of document: a code or a name that vaultctl type list prints"))
	flags.StringVar(&o.title, "title", "", lang.Key("title, where the type does not say enough"))
	flags.StringVar(&o.holder, "holder", "", lang.Key("whose document it is, if not the person's: a child's"))
	flags.StringVar(&o.issuedOn, "issued-on", "", lang.Key("day of issue: YYYY-MM-DD"))
	flags.StringVar(&o.expiresOn, "expires-on", "", lang.Key("last day of validity: YYYY-MM-DD, +30d, +18mo, none"))
	flags.StringVar(&o.period, "period", "", lang.Key("what it covers: YYYY or YYYY-MM"))
	flags.StringVar(&o.pages, "pages", "", lang.Key("which pages of the paper it holds: 1-2,5"))
	flags.BoolVar(&o.originalSeen, "original-seen", false, lang.Key("you compared it with the original"))
	flags.StringVar(&o.note, "note", "", lang.Key("remark for colleagues"))
	flags.StringVar(&o.receivedOn, "received-on", "", lang.Key("day on which it was handed in, if not today"))
	flags.StringVar(&o.sourceID, "source-id", "", lang.Key("its number in the system it comes from"))
	complete(cmd, "type", f.typeFlag)
}

// fields returns what the command line says; what it does not say is nil.
func (o *documentFlags) fields(f *Factory, cmd *cobra.Command) (api.DocumentFields, error) {
	word := func(flag, value string) *string { return cleared(given(cmd, flag, strings.TrimSpace(value))) }
	fields := api.DocumentFields{
		Type: word("type", o.typ), Title: word("title", o.title), Holder: word("holder", o.holder), Pages: word("pages", o.pages),
		Note: word("note", o.note), SourceID: word("source-id", o.sourceID), Period: word("period", o.period),
		OriginalSeen: given(cmd, "original-seen", o.originalSeen),
	}
	for flag, day := range map[string]struct {
		to   **string
		from string
	}{
		"issued-on": {&fields.IssuedOn, o.issuedOn}, "expires-on": {&fields.ExpiresOn, o.expiresOn}, "received-on": {&fields.ReceivedOn, o.receivedOn},
	} {
		if !cmd.Flags().Changed(flag) {
			continue
		}
		d, err := f.day(flag, day.from)
		if err != nil {
			return fields, err
		}
		*day.to = &d
	}
	if fields.Period != nil {
		if _, err := vault.ParsePeriod(*fields.Period); err != nil {
			return fields, flagValue("period", err)
		}
	}
	return fields, nil
}
