package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"vaultctl/internal/api"
	"vaultctl/internal/apiclient"
	"vaultctl/internal/lang"
	"vaultctl/internal/phrase"
	"vaultctl/internal/termio"
	"vaultctl/internal/vault"
)

type addOptions struct {
	person                personFlags
	consent               consentFlags
	noRecovery, duplicate bool
}

func newBeneficiaryAdd(f *Factory) *cobra.Command {
	o := &addOptions{}
	cmd := &cobra.Command{
		Use:   "add",
		Short: lang.Key("Open a vault for a person, with their consent"),
		Long: "Open a vault for a person, with the consent that they give. On a terminal, what is missing is asked for.\n" +
			"Somebody with the same name and full date of birth stops it, unless --duplicate says that it is another person.",
		Example: "  vaultctl beneficiary add\n" +
			"  vaultctl beneficiary add --family-name Diallo --given-name Amina --born 1985-03-14 --ref SI:4711 \\\n" +
			"      --to team:reception --purpose access-to-rights --evidence consent.pdf\n" +
			"  vaultctl beneficiary add --input person.json --to team:reception --purpose housing --verbal --json | jq -r .id",
		Args: argsFromUse,
		RunE: func(cmd *cobra.Command, _ []string) error { return runAdd(f, cmd, o) },
	}
	o.person.declare(cmd)
	o.consent.declare(f, cmd)
	cmd.Flags().BoolVar(&o.noRecovery, "no-recovery", false, lang.Key("the person declines that recovery can open their vault"))
	cmd.Flags().BoolVar(&o.duplicate, "duplicate", false, lang.Key("open it although somebody similar has a vault"))
	return cmd
}

func runAdd(f *Factory, cmd *cobra.Command, o *addOptions) error {
	in, err := f.readInput(o.person.input)
	if err != nil {
		return err
	}
	if err := o.person.over(f, cmd, &in.Person); err != nil {
		return err
	}
	consent := in.Consent.under(cmd, &o.consent)
	if consent.Purpose == "" {
		settings, err := f.Config()
		if err != nil {
			return err
		}
		consent.Purpose = settings.String("default_purpose")
	}
	missing := append(missingNames(&in.Person), consent.missing()...)
	if len(missing) > 0 && !f.IO.CanAsk() {
		return errMissing(cmd, missing)
	}
	c, err := f.Client(cmd.Context())
	if err != nil {
		return err
	}
	if len(missing) > 0 {
		if err := f.interview(cmd.Context(), c, &in.Person, &consent); err != nil {
			return err
		}
	}
	terms, proofs, err := consent.terms(f)
	if err != nil {
		return err
	}
	defer proofs.close()
	b, err := apiclient.Upload[api.Beneficiary](cmd.Context(), c, api.RouteBeneficiaryAdd, api.BeneficiaryAddRequest{
		Person: in.Person, Consent: terms, NoRecovery: o.noRecovery || in.NoRecovery, Duplicate: o.duplicate,
	}, proofs.parts...)
	if err != nil {
		return err
	}
	return f.added(&b)
}

func missingNames(p *api.Person) []string {
	if text(p.FamilyName) == "" && text(p.GivenName) == "" && text(p.UsageName) == "" {
		return []string{"--family-name or --given-name"}
	}
	return nil
}

// interview asks the person at the terminal for what the command line did not say. Answers may be empty where the
// person supported does not know.
func (f *Factory) interview(ctx context.Context, c *apiclient.Client, p *api.Person, consent *consentFlags) error {
	l := f.Lang()
	f.IO.Note(l.T("Leave empty what is not known."))
	for _, q := range []struct {
		label, flag string
		value       **string
	}{
		{l.T("Name at birth"), "--family-name", &p.FamilyName},
		{l.T("Given name"), "--given-name", &p.GivenName},
		{l.T("Name in use, if it is another"), "--usage-name", &p.UsageName},
	} {
		if *q.value == nil {
			if err := f.askInto(ctx, q.label, q.flag, q.value); err != nil {
				return err
			}
		}
	}
	if missing := missingNames(p); len(missing) > 0 {
		return api.WithHint(vault.Errorf(vault.CodeUsage, "a person needs at least one name"), lang.Key("a nickname will do: --given-name"))
	}
	if p.Born == nil {
		if err := f.askBirth(ctx, p); err != nil {
			return err
		}
	}
	return consent.ask(ctx, f, c)
}

func (f *Factory) askInto(ctx context.Context, label, flag string, value **string) error {
	typed, err := f.IO.Ask(ctx, label, flag)
	if err == nil && typed != "" {
		*value = &typed
	}
	return err
}

// askBirth asks until the answer is a date, or empty.
func (f *Factory) askBirth(ctx context.Context, p *api.Person) error {
	l := f.Lang()
	for {
		typed, err := f.IO.Ask(ctx, l.T("Date of birth (1985-03-14, 1985, 1985~ for about)"), "--born")
		if err != nil || typed == "" {
			return err
		}
		born, err := f.birth("born", typed)
		if err == nil {
			p.Born = &born
			return nil
		}
		f.IO.Note(l.Message(err.Error()))
	}
}

// added prints the id, so that it is found, and what usually comes next.
func (f *Factory) added(b *api.Beneficiary) error {
	l := f.Lang()
	err := emit(f, *b, func(w io.Writer, b api.Beneficiary) error {
		pairs := []string{l.T("id"), b.ID, l.T("name"), b.Name}
		for i := range b.Consents {
			c := &b.Consents[i]
			pairs = append(pairs, l.T("consent"), c.ID, l.T("to"), c.To, l.T("purpose"), phrase.Purpose(l, c.Purpose), l.T("until"), phrase.Until(l, c))
		}
		return f.fields(w, pairs...)
	})
	if err != nil || f.JSON() {
		return err
	}
	if len(b.Possible) > 0 {
		f.warn(l.T("This may be somebody who has a vault already: %s. Compare with `vaultctl beneficiary show`.", strings.Join(b.Possible, ", ")))
	}
	f.IO.Note(l.T("Next:"))
	f.IO.Note(fmt.Sprintf("  vaultctl card issue %s --print", b.ID))
	f.IO.Note(fmt.Sprintf("  vaultctl document add %s FILE… --type CODE", b.ID))
	return nil
}

// warn writes a line to standard error that --quiet does not silence.
func (f *Factory) warn(text string) {
	// A warning that nobody can receive is no reason to fail the command.
	_, _ = fmt.Fprintln(f.IO.Err, f.IO.StyledErr(termio.Warn, "! "+f.IO.CleanErr(text)))
}

func newBeneficiaryEdit(f *Factory) *cobra.Command {
	o := &personFlags{}
	cmd := &cobra.Command{
		Use:   "edit B",
		Short: lang.Key("Correct what is known of a person"),
		Long: "Correct what is known of a person. The value none clears an attribute. --alias and --ref add to those that are\n" +
			"there; none among them empties the list first.",
		Example: "  vaultctl beneficiary edit ref:SI:4711 --usage-name Traoré --ref CAF:0012345\n" +
			"  vaultctl beneficiary edit b7k2m9x4qw3t5 --phone none",
		Args:              argsFromUse,
		ValidArgsFunction: positions(f.completeBeneficiaries),
		RunE:              func(cmd *cobra.Command, args []string) error { return runEdit(f, cmd, args[0], o) },
	}
	o.declare(cmd)
	return cmd
}

func runEdit(f *Factory, cmd *cobra.Command, b string, o *personFlags) error {
	in, err := f.readInput(o.input)
	if err != nil {
		return err
	}
	if err := o.over(f, cmd, &in.Person); err != nil {
		return err
	}
	if in.Person == (api.Person{}) {
		return usagef(cmd, "nothing to change was given")
	}
	c, id, err := f.connect(cmd, b, writes)
	if err != nil {
		return err
	}
	if in.Aliases != nil || in.Refs != nil {
		now, err := apiclient.Call[api.Beneficiary](cmd.Context(), c, api.RouteBeneficiaryShow, api.BeneficiaryRequest{Beneficiary: id})
		if err != nil {
			return err
		}
		in.Aliases, in.Refs = merged(now.Aliases, in.Aliases), merged(now.Refs, in.Refs)
	}
	res, err := apiclient.Call[api.Beneficiary](cmd.Context(), c, api.RouteBeneficiaryEdit,
		api.BeneficiaryEditRequest{Beneficiary: id, Person: in.Person})
	if err != nil {
		return err
	}
	if res.Unchanged {
		f.IO.Note(f.Lang().T("Nothing changed: all of this was known."))
	}
	return emit(f, res, f.showBeneficiary)
}
