package cli

import (
	"io"

	"github.com/spf13/cobra"

	"vaultctl/internal/api"
	"vaultctl/internal/apiclient"
	"vaultctl/internal/lang"
	"vaultctl/internal/phrase"
	"vaultctl/internal/termio"
)

func newDeviceAdopt(f *Factory) *cobra.Command {
	var dryRun bool
	cmd := &cobra.Command{
		Use:   "adopt DEVICE",
		Short: lang.Key("Take in what a workstation wrote before it heard that it was revoked"),
		Long: "Take in what a revoked workstation wrote too late: documents that it deposited, vaults that it opened, withdrawals that\n" +
			"it recorded. What it changed, removed or granted in the vaults of others stays set aside. Only where you know that it\n" +
			"was in honest hands.",
		Example: "  vaultctl device adopt q7x2ka --dry-run\n" +
			"  vaultctl device adopt q7x2ka --yes",
		Args: argsFromUse,
		RunE: func(cmd *cobra.Command, args []string) error { return runAdopt(f, cmd, args[0], dryRun) },
	}
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, lang.Key("say what would happen, and do nothing"))
	return cmd
}

func runAdopt(f *Factory, cmd *cobra.Command, device string, dryRun bool) error {
	ctx := cmd.Context()
	c, err := f.Client(ctx)
	if err != nil {
		return err
	}
	res, err := apiclient.Stream[api.Adoption](ctx, c, api.RouteDeviceAdopt, api.AdoptRequest{Device: device, DryRun: true}, nil)
	if err != nil {
		return err
	}
	if !dryRun {
		if f.IO.CanAsk() && !f.globals.yes {
			if err := f.printAdoption(f.IO.Err, res); err != nil {
				return err
			}
		}
		if err := f.sure(ctx, f.Lang().T("Take this in?")); err != nil {
			return err
		}
		report, done := f.stages()
		res, err = apiclient.Stream[api.Adoption](ctx, c, api.RouteDeviceAdopt, api.AdoptRequest{Device: res.Device}, report)
		done()
		if err != nil {
			return err
		}
	}
	return emit(f, res, f.printAdoption)
}

func (f *Factory) printAdoption(w io.Writer, a api.Adoption) error {
	l := f.Lang()
	p := &page{f: f, l: l}
	p.line(l.T("Written too late by a workstation of %s:", a.Agent))
	for _, it := range a.Items {
		sign := "·"
		switch {
		case it.Taken:
			sign = f.IO.Styled(termio.Good, "✓")
		case !a.DryRun:
			sign = "✗"
		}
		p.line("  " + sign + " " + phrase.Time(l, it.At) + "  " + it.What + "  " + it.Beneficiary)
	}
	if !a.DryRun {
		p.line(l.T("Taken in: %d of %d.", a.Taken, len(a.Items)))
	}
	if a.Queued {
		p.line("! " + l.T("The storage does not hold this yet: the others hear of it when it does."))
	}
	_, err := io.WriteString(w, p.String())
	return err
}
