package cli

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"vaultctl/internal/api"
	"vaultctl/internal/apiclient"
	"vaultctl/internal/lang"
	"vaultctl/internal/phrase"
	"vaultctl/internal/vault"
)

type withdrawOptions struct {
	to, out     string
	all, dryRun bool
	wait        waitOption
}

func newConsentWithdraw(f *Factory) *cobra.Command {
	o := &withdrawOptions{}
	cmd := &cobra.Command{
		Use:   "withdraw B [CONSENT]",
		Short: lang.Key("Withdraw a consent: somebody may read the vault no more"),
		Long: "Withdraw one consent, every consent to a team or agent, or all of them. The documents are resealed without the\n" +
			"readers that go. Before anything is done it is said who can still open the vault, and what cannot be called back.\n" +
			"A person with a single consent needs nothing but their name; the id of a consent may stand for B.",
		Example: "  vaultctl consent withdraw ref:SI:4711 --to team:housing --dry-run\n" +
			"  vaultctl consent withdraw ref:SI:4711 --all --yes -o receipt.txt",
		Args:              argsFromUse,
		ValidArgsFunction: positions(f.completeBeneficiaries, f.completeConsents),
		RunE:              func(cmd *cobra.Command, args []string) error { return runWithdraw(f, cmd, args, o) },
	}
	cmd.Flags().StringVar(&o.to, "to", "", lang.Key("every consent to this team:NAME or agent:NAME"))
	cmd.Flags().BoolVar(&o.all, "all", false, lang.Key("every consent of the person"))
	cmd.Flags().BoolVar(&o.dryRun, "dry-run", false, lang.Key("say what would happen, and do nothing"))
	cmd.Flags().StringVarP(&o.out, "output", "o", "", lang.Key("write the receipt to this file as well"))
	o.wait.declare(cmd)
	oneOf(cmd, "to", "all")
	complete(cmd, "to", f.completeReaders)
	return cmd
}

func runWithdraw(f *Factory, cmd *cobra.Command, args []string, o *withdrawOptions) error {
	wait, err := o.wait.span()
	if err != nil {
		return err
	}
	if !o.dryRun {
		if err := f.checkOut(o.out); err != nil {
			return err
		}
	}
	c, req, err := f.whatToWithdraw(cmd, args, o)
	if err != nil {
		return err
	}
	req.Wait, req.Language = wait, f.Lang().String()
	plan := req
	plan.DryRun = true
	res, err := apiclient.Stream[api.Receipt](cmd.Context(), c, api.RouteConsentWithdraw, plan, nil)
	if err != nil {
		return err
	}
	if !o.dryRun {
		if res, err = f.withdraw(cmd.Context(), c, req, &res); err != nil {
			return err
		}
		if err := f.saveReceipt(o.out, false, &res); err != nil {
			return err
		}
	}
	return f.emitReceipt(res, o.wait)
}

// withdraw asks, showing what will come of it, and does it.
func (f *Factory) withdraw(ctx context.Context, c *apiclient.Client, req api.WithdrawRequest, plan *api.Receipt) (api.Receipt, error) {
	if f.IO.CanAsk() && !f.globals.yes {
		if err := f.printReceipt(f.IO.Err, plan); err != nil {
			return api.Receipt{}, err
		}
	}
	if err := f.sure(ctx, f.Lang().T("Withdraw?")); err != nil {
		return api.Receipt{}, err
	}
	report, done := f.stages()
	defer done()
	return apiclient.Stream[api.Receipt](ctx, c, api.RouteConsentWithdraw, req, report)
}

// whatToWithdraw finds the consents that the command line means.
func (f *Factory) whatToWithdraw(cmd *cobra.Command, args []string, o *withdrawOptions) (*apiclient.Client, api.WithdrawRequest, error) {
	none := api.WithdrawRequest{}
	if len(args) == 1 {
		if id, err := vault.ParseConsentID(args[0]); err == nil {
			return f.withdrawByID(cmd, id)
		}
	}
	if len(args) == 2 && (o.all || o.to != "") {
		return nil, none, usagef(cmd, "give a consent, --to or --all: one of them")
	}
	c, id, err := f.connect(cmd, args[0], writes)
	if err != nil {
		return nil, none, err
	}
	req := api.WithdrawRequest{Beneficiary: id, To: o.to}
	switch {
	case len(args) == 2:
		req.Consent = args[1]
	case o.to == "" && !o.all:
		req.Consent, err = f.onlyConsent(cmd.Context(), c, id)
	}
	return c, req, err
}

func (f *Factory) withdrawByID(cmd *cobra.Command, id vault.ConsentID) (*apiclient.Client, api.WithdrawRequest, error) {
	c, err := f.Client(cmd.Context())
	if err != nil {
		return nil, api.WithdrawRequest{}, err
	}
	consent, err := apiclient.Call[api.Consent](cmd.Context(), c, api.RouteConsentShow, api.ConsentRequest{Consent: string(id)})
	return c, api.WithdrawRequest{Beneficiary: consent.Beneficiary, Consent: string(id)}, err
}

// onlyConsent returns the one consent in force, or lets the person at the terminal choose; "" is all of them.
func (f *Factory) onlyConsent(ctx context.Context, c *apiclient.Client, b string) (string, error) {
	l := f.Lang()
	var ids, lines []string
	for consent, err := range apiclient.List[api.Consent](ctx, c, api.RouteConsentList, api.BeneficiaryRequest{Beneficiary: b}) {
		if err != nil {
			return "", err
		}
		if consent.State == "given" {
			ids, lines = append(ids, consent.ID), append(lines, phrase.ConsentLine(l, &consent))
		}
	}
	switch {
	case len(ids) == 0:
		return "", vault.Errorf(vault.CodeNotFound, "no consent is in force")
	case len(ids) == 1:
		return ids[0], nil
	case !f.IO.CanAsk():
		return "", api.WithHint(vault.Errorf(vault.CodeAmbiguous, "%d consents are in force: %s", len(ids), strings.Join(ids, ", ")),
			lang.Key("give the id of one, --to or --all"))
	}
	i, err := f.IO.Choose(ctx, l.T("Which consent is withdrawn?"), append(slices.Clone(lines), l.T("all of them")), "--all")
	if err != nil || i == len(ids) {
		return "", err
	}
	return ids[i], nil
}
