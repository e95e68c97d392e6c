package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"vaultctl/internal/api"
	"vaultctl/internal/apiclient"
	"vaultctl/internal/lang"
	"vaultctl/internal/phrase"
	"vaultctl/internal/termio"
)

func newBeneficiary(f *Factory) *cobra.Command {
	return newNoun("beneficiary", lang.Key("The people who have a vault"),
		newBeneficiaryAdd(f), newBeneficiaryEdit(f), newBeneficiaryList(f), newBeneficiaryShow(f), newBeneficiaryClose(f),
		newBeneficiaryReopen(f), newBeneficiaryMerge(f), newBeneficiaryErase(f), newBeneficiaryAccess(f))
}

type beneficiaryListOptions struct {
	search, inactiveFor, state string
}

func newBeneficiaryList(f *Factory) *cobra.Command {
	o := &beneficiaryListOptions{}
	cmd := &cobra.Command{
		Use:   "list",
		Short: lang.Key("List the people whose vault this workstation reads"),
		Long: "List the people whose vault this workstation reads. Vaults of others are shown by their id alone.\n" +
			"Names are found without regard to case and accents.",
		Example: "  vaultctl beneficiary list --search diallo\n  vaultctl beneficiary list --inactive-for 2y\n" +
			"  vaultctl beneficiary list --json | jq -r .id",
		Args: argsFromUse,
		RunE: func(cmd *cobra.Command, _ []string) error { return runBeneficiaryList(f, cmd, o) },
	}
	cmd.Flags().StringVar(&o.search, "search", "", lang.Key("part of a name, alias, reference or id"))
	cmd.Flags().StringVar(&o.inactiveFor, "inactive-for", "", lang.Key("without contact for so long: 18mo, 2y"))
	cmd.Flags().StringVar(&o.state, "state", "", lang.Key("open, closed or erased; default open and closed"))
	complete(cmd, "state", fixed("open", "closed", "erased"))
	return cmd
}

func runBeneficiaryList(f *Factory, cmd *cobra.Command, o *beneficiaryListOptions) error {
	inactive, err := f.span("inactive-for", o.inactiveFor)
	if err != nil {
		return err
	}
	switch o.state {
	case "", "open", "closed", "erased":
	default:
		return usagef(cmd, "--state is open, closed or erased")
	}
	c, err := f.Client(cmd.Context())
	if err != nil {
		return err
	}
	l := f.Lang()
	n := 0
	header := []string{l.T("id"), l.T("name"), l.T("born"), l.T("state"), l.T("last contact"), l.T("documents")}
	req := api.BeneficiaryListRequest{Search: o.search, InactiveFor: inactive, State: o.state}
	err = emitList(f, apiclient.List[api.Beneficiary](cmd.Context(), c, api.RouteBeneficiaryList, req), header,
		func(b api.Beneficiary) []termio.Cell {
			n++
			return beneficiaryRow(l, &b)
		})
	if err == nil && n == 0 && !f.JSON() {
		f.IO.Note(l.T("Nobody."))
	}
	return err
}

func beneficiaryRow(l lang.Lang, b *api.Beneficiary) []termio.Cell {
	name := termio.Cell{Text: b.Name}
	if !b.Readable {
		name = termio.Cell{Text: l.T("(no consent to read)"), Style: termio.Faint}
	}
	return []termio.Cell{
		{Text: b.ID}, name, {Text: phrase.Born(l, b.Born)}, phrase.BeneficiaryState(l, b.State), {Text: phrase.Day(l, b.LastSeen)},
		phrase.Documents(l, b),
	}
}

func newBeneficiaryShow(f *Factory) *cobra.Command {
	return &cobra.Command{
		Use:               "show B",
		Short:             lang.Key("Show a person and the consents they gave"),
		Example:           "  vaultctl beneficiary show ref:SI:4711\n  vaultctl beneficiary show \"Amina Diallo\" --json",
		Args:              argsFromUse,
		ValidArgsFunction: positions(f.completeBeneficiaries),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, id, err := f.connect(cmd, args[0], reads)
			if err != nil {
				return err
			}
			b, err := apiclient.Call[api.Beneficiary](cmd.Context(), c, api.RouteBeneficiaryShow, api.BeneficiaryRequest{Beneficiary: id})
			if err != nil {
				return err
			}
			return emit(f, b, f.showBeneficiary)
		},
	}
}

func (f *Factory) showBeneficiary(w io.Writer, b api.Beneficiary) error {
	l := f.Lang()
	card := l.T("none yet")
	if b.Card > 0 {
		card = l.T("number %d", b.Card)
	}
	recovery := ""
	if b.NoRecovery {
		recovery = l.T("declined")
	}
	state := phrase.BeneficiaryState(l, b.State)
	documents := ""
	if b.Readable {
		documents = phrase.Documents(l, &b).Text
	} else {
		card = ""
	}
	err := f.fields(w,
		l.T("id"), b.ID, l.T("name"), b.Name, l.T("family name"), b.FamilyName, l.T("given name"), b.GivenName,
		l.T("usage name"), b.UsageName, l.T("also called"), strings.Join(b.Aliases, ", "), l.T("born"), phrase.Born(l, b.Born),
		l.T("birth place"), b.BirthPlace, l.T("language"), b.Language, l.T("phone"), b.Phone, l.T("e-mail"), b.Email,
		l.T("references"), strings.Join(b.Refs, ", "), l.T("state"), state.Text+phrase.Reason(l, b.Reason),
		l.T("opened"), phrase.Day(l, b.Opened), l.T("last contact"), phrase.Day(l, b.LastSeen), l.T("card"), card,
		l.T("recovery"), recovery, l.T("documents"), documents)
	if err != nil {
		return err
	}
	consents, shares := make([]string, len(b.Consents)), make([]string, len(b.Shares))
	for i := range b.Consents {
		consents[i] = phrase.ConsentLine(l, &b.Consents[i])
	}
	for i := range b.Shares {
		shares[i] = phrase.ShareLine(l, &b.Shares[i])
	}
	if err := f.section(w, l.T("consents"), consents); err != nil {
		return err
	}
	return f.section(w, l.T("shares that go on"), shares)
}

// section prints lines under a title, and nothing for none.
func (f *Factory) section(w io.Writer, title string, lines []string) error {
	if len(lines) == 0 {
		return nil
	}
	if _, err := fmt.Fprintln(w, f.IO.Styled(termio.Faint, title)); err != nil {
		return err
	}
	for _, line := range lines {
		if _, err := fmt.Fprintln(w, "  "+f.IO.Clean(line)); err != nil {
			return err
		}
	}
	return nil
}
