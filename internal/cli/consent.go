package cli

import (
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"vaultctl/internal/api"
	"vaultctl/internal/apiclient"
	"vaultctl/internal/lang"
	"vaultctl/internal/phrase"
	"vaultctl/internal/termio"
)

func newConsent(f *Factory) *cobra.Command {
	return newNoun("consent", lang.Key("What people consented to, and its withdrawal"),
		newConsentGive(f), newConsentWithdraw(f), newConsentList(f), newConsentShow(f), newConsentNotice(f))
}

func newConsentGive(f *Factory) *cobra.Command {
	var (
		o    consentFlags
		card string
	)
	cmd := &cobra.Command{
		Use:   "give B",
		Short: lang.Key("Record a consent: somebody more may read the vault"),
		Long: "Record a further consent. The shared documents of the vault are resealed so that the new readers can open them.\n" +
			"With the person's card the consent counts as signed by themselves.",
		Example: "  vaultctl consent give ref:SI:4711 --to team:housing --purpose housing --evidence consent.pdf --until +18mo\n" +
			"  vaultctl consent give ref:SI:4711 --to agent:\"A. Martin\" --purpose case-file --verbal --interpreter \"S. Khan\"",
		Args:              argsFromUse,
		ValidArgsFunction: positions(f.completeBeneficiaries),
		RunE:              func(cmd *cobra.Command, args []string) error { return runConsentGive(f, cmd, args[0], o, card) },
	}
	cmd.Flags().SortFlags = false
	o.declare(f, cmd)
	cardFlag(cmd, &card, "card")
	return cmd
}

func runConsentGive(f *Factory, cmd *cobra.Command, b string, o consentFlags, cardFile string) error {
	if o.Purpose == "" {
		settings, err := f.Config()
		if err != nil {
			return err
		}
		o.Purpose = settings.String("default_purpose")
	}
	missing := o.missing()
	if len(missing) > 0 && !f.IO.CanAsk() {
		return errMissing(cmd, missing)
	}
	c, id, err := f.connect(cmd, b, writes)
	if err != nil {
		return err
	}
	if len(missing) > 0 {
		if err := o.ask(cmd.Context(), f, c); err != nil {
			return err
		}
	}
	card, err := f.presentedCard(cmd.Context(), cardFile)
	if err != nil {
		return err
	}
	terms, proofs, err := o.terms(f)
	if err != nil {
		return err
	}
	defer proofs.close()
	res, err := apiclient.Upload[api.Consent](cmd.Context(), c, api.RouteConsentGive,
		api.ConsentGiveRequest{Beneficiary: id, Terms: terms, Card: card}, proofs.parts...)
	if err != nil {
		return err
	}
	return emit(f, res, func(w io.Writer, res api.Consent) error {
		_, err := fmt.Fprintln(w, f.IO.Clean(phrase.ConsentLine(f.Lang(), &res)))
		return err
	})
}

func newConsentList(f *Factory) *cobra.Command {
	return &cobra.Command{
		Use:               "list B",
		Short:             lang.Key("List the consents of a person, ended ones included"),
		Example:           "  vaultctl consent list ref:SI:4711",
		Args:              argsFromUse,
		ValidArgsFunction: positions(f.completeBeneficiaries),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, id, err := f.connect(cmd, args[0], reads)
			if err != nil {
				return err
			}
			l := f.Lang()
			header := []string{l.T("id"), l.T("state"), l.T("to"), l.T("purpose"), l.T("given"), l.T("end")}
			items := apiclient.List[api.Consent](cmd.Context(), c, api.RouteConsentList, api.BeneficiaryRequest{Beneficiary: id})
			return emitList(f, items, header, func(c api.Consent) []termio.Cell {
				return []termio.Cell{
					{Text: c.ID}, phrase.ConsentState(l, c.State), {Text: c.To}, {Text: c.Purpose}, {Text: phrase.Day(l, c.Given)},
					{Text: phrase.Day(l, firstOf(c.Ended, c.Until))},
				}
			})
		},
	}
}

func newConsentShow(f *Factory) *cobra.Command {
	return &cobra.Command{
		Use:               "show CONSENT",
		Short:             lang.Key("Show a consent with its whole record"),
		Long:              "Show a consent with its record in the field names of ISO/IEC TS 27560.",
		Example:           "  vaultctl consent show cwph5j8jwsgwa --json",
		Args:              argsFromUse,
		ValidArgsFunction: positions(f.completeConsents),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := f.Client(cmd.Context())
			if err != nil {
				return err
			}
			res, err := apiclient.Call[api.Consent](cmd.Context(), c, api.RouteConsentShow, api.ConsentRequest{Consent: args[0]})
			if err != nil {
				return err
			}
			return emit(f, res, f.showConsent)
		},
	}
}

func (f *Factory) showConsent(w io.Writer, c api.Consent) error {
	l := f.Lang()
	evidence := c.Evidence
	if evidence == "verbal" {
		evidence = l.T("by word of mouth")
	}
	err := f.fields(w, l.T("id"), c.ID, l.T("person"), c.Beneficiary, l.T("state"), phrase.ConsentState(l, c.State).Text, l.T("to"), c.To,
		l.T("purpose"), phrase.Purpose(l, c.Purpose), l.T("given"), phrase.Day(l, c.Given), l.T("until"), phrase.Until(l, &c),
		l.T("ended"), phrase.Day(l, c.Ended), l.T("evidence"), evidence, l.T("recorded by"), c.CollectedBy)
	if err != nil {
		return err
	}
	record, ok := c.Record.(map[string]any)
	if !ok {
		return nil
	}
	if _, err := fmt.Fprintln(w); err != nil {
		return err
	}
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(record)) {
		pairs = append(pairs, name, phrase.Record(record[name]))
	}
	return f.fields(w, pairs...)
}
