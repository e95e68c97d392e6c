package cli

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"vaultctl/internal/api"
	"vaultctl/internal/apiclient"
	"vaultctl/internal/lang"
	"vaultctl/internal/phrase"
	"vaultctl/internal/vault"
)

func newBeneficiaryMerge(f *Factory) *cobra.Command {
	var (
		into   string
		dryRun bool
	)
	cmd := &cobra.Command{
		Use:   "merge DUPLICATE",
		Short: lang.Key("Move everything of a vault into the other one of the same person"),
		Long: "Move everything of a vault that was opened twice for one person into the other one, and close the duplicate:\n" +
			"documents, references, and names as aliases. Consents stay where they were given: nobody becomes a reader of the other\n" +
			"vault by a merge, and the answer says whose consent it lacks. Private documents stay, and the duplicate with them, until\n" +
			"they are shared with the person's card; the exit status is then 3. Cut short, it goes on when it is run again.",
		Example: "  vaultctl beneficiary merge b7k2m9x4qw3t5 --into ref:SI:4711 --dry-run\n" +
			"  vaultctl beneficiary merge b7k2m9x4qw3t5 --into ref:SI:4711 --yes",
		Args:              argsFromUse,
		ValidArgsFunction: positions(f.completeBeneficiaries),
		RunE: func(cmd *cobra.Command, args []string) error {
			if into == "" {
				return errMissing(cmd, []string{"--into B"})
			}
			return runMerge(f, cmd, api.MergeRequest{Duplicate: args[0], Into: into, DryRun: dryRun})
		},
	}
	cmd.Flags().StringVar(&into, "into", "", lang.Key("the vault of the person that stays"))
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, lang.Key("say what would happen, and do nothing"))
	complete(cmd, "into", f.completeBeneficiaries)
	return cmd
}

func runMerge(f *Factory, cmd *cobra.Command, req api.MergeRequest) error {
	ctx := cmd.Context()
	c, duplicate, err := f.connect(cmd, req.Duplicate, writes)
	if err != nil {
		return err
	}
	if _, req.Into, err = f.connect(cmd, req.Into, writes); err != nil {
		return err
	}
	req.Duplicate = duplicate
	if !req.DryRun {
		plan := req
		plan.DryRun = true
		m, err := apiclient.Stream[api.Merge](ctx, c, api.RouteBeneficiaryMerge, plan, nil)
		if err != nil {
			return err
		}
		if err := f.sureToMerge(cmd, c, &m); err != nil {
			return err
		}
	}
	report, done := f.stages()
	m, err := apiclient.Stream[api.Merge](ctx, c, api.RouteBeneficiaryMerge, req, report)
	done()
	if err != nil {
		return err
	}
	if err := emit(f, m, f.printMerge); err != nil {
		return err
	}
	if len(m.Left) > 0 {
		return vault.Errorf(vault.CodePartial, "%d documents were left, and the duplicate stays open", len(m.Left))
	}
	return nil
}

// sureToMerge shows both persons and what a merge comes to, and asks: two homonyms in one vault are not told apart again.
func (f *Factory) sureToMerge(cmd *cobra.Command, c *apiclient.Client, plan *api.Merge) error {
	l := f.Lang()
	if f.IO.CanAsk() && !f.globals.yes {
		for _, id := range []string{plan.Duplicate, plan.Into} {
			b, err := apiclient.Call[api.Beneficiary](cmd.Context(), c, api.RouteBeneficiaryShow, api.BeneficiaryRequest{Beneficiary: id})
			if err != nil {
				return err
			}
			f.IO.Note(phrase.PersonLine(l, &b))
		}
		if err := f.printMerge(f.IO.Err, *plan); err != nil {
			return err
		}
	}
	return f.sure(cmd.Context(), l.T("Are these one person, and is %s to be merged into %s?", plan.Duplicate, plan.Into))
}

func (f *Factory) printMerge(w io.Writer, m api.Merge) error {
	l := f.Lang()
	if err := f.fields(w, phrase.Merge(l, &m)...); err != nil {
		return err
	}
	for i := range m.Left {
		if _, err := fmt.Fprintln(w, f.IO.Clean(phrase.Left(l, &m.Left[i]))); err != nil {
			return err
		}
	}
	if err := f.printWaiting(w, m.Waiting); err != nil {
		return err
	}
	return f.printSeen(w, m.Seen)
}
