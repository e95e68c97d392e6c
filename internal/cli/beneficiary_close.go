package cli

import (
	"io"

	"github.com/spf13/cobra"

	"vaultctl/internal/api"
	"vaultctl/internal/apiclient"
	"vaultctl/internal/lang"
	"vaultctl/internal/termio"
	"vaultctl/internal/vault"
)

const inactive = "inactive"

var closeReasons = []string{"moved", "deceased", inactive, "request"}

type closeOptions struct {
	reason, inactiveFor string
	dryRun              bool
}

func newBeneficiaryClose(f *Factory) *cobra.Command {
	o := &closeOptions{}
	cmd := &cobra.Command{
		Use:   "close [B]",
		Short: lang.Key("End the active work on a vault"),
		Long: "Close a vault: nothing is deposited any more, and the documents stay until the vault is erased.\n" +
			"`vaultctl beneficiary reopen` takes it back.\n\n" +
			"With --inactive-for instead of B: all vaults that this workstation reads and that were not used for so long. --dry-run lists\n" +
			"them and closes none.",
		Example: "  vaultctl beneficiary close ref:SI:4711 --reason moved\n" +
			"  vaultctl beneficiary close --inactive-for 2y --dry-run",
		Args:              argsFromUse,
		ValidArgsFunction: positions(f.completeBeneficiaries),
		RunE:              func(cmd *cobra.Command, args []string) error { return runClose(f, cmd, args, o) },
	}
	cmd.Flags().StringVar(&o.reason, "reason", "", lang.Key("moved, deceased, inactive or request"))
	cmd.Flags().StringVar(&o.inactiveFor, "inactive-for", "", lang.Key("close all vaults not used for so long: 18mo, 2y"))
	cmd.Flags().BoolVar(&o.dryRun, "dry-run", false, lang.Key("say what would happen, and do nothing"))
	complete(cmd, "reason", fixed(closeReasons...))
	return cmd
}

func runClose(f *Factory, cmd *cobra.Command, args []string, o *closeOptions) error {
	switch {
	case o.inactiveFor != "" && len(args) > 0:
		return usagef(cmd, "give B or --inactive-for, not both")
	case o.inactiveFor != "" && o.reason != "" && o.reason != inactive:
		return usagef(cmd, "with --inactive-for the reason is inactive")
	case o.inactiveFor != "":
		return runCloseInactive(f, cmd, o)
	case len(args) == 0:
		return usagef(cmd, "say whose vault, or --inactive-for")
	case o.dryRun:
		return usagef(cmd, "--dry-run goes with --inactive-for")
	}
	return runCloseOne(f, cmd, args[0], o.reason)
}

func runCloseOne(f *Factory, cmd *cobra.Command, b, reason string) error {
	l := f.Lang()
	if reason == "" {
		if !f.IO.CanAsk() {
			return errMissing(cmd, []string{"--reason"})
		}
		i, err := f.IO.Choose(cmd.Context(), l.T("Why is the vault closed?"),
			[]string{l.T("moved away"), l.T("deceased"), l.T("no contact"), l.T("at their request")}, "--reason")
		if err != nil {
			return err
		}
		reason = closeReasons[i]
	}
	c, id, err := f.connect(cmd, b, writes)
	if err != nil {
		return err
	}
	res, err := apiclient.Call[api.Beneficiary](cmd.Context(), c, api.RouteBeneficiaryClose, api.CloseRequest{Beneficiary: id, Reason: reason})
	if err != nil {
		return err
	}
	return emit(f, res, func(w io.Writer, b api.Beneficiary) error { return f.did(w, l.T("Vault closed"), &b) })
}

// closing is a vault of a closing plan, with what became of it.
type closing struct {
	api.Beneficiary
	Status string `json:"status"` // planned, closed, failed
	Code   string `json:"code,omitempty"`
}

// runCloseInactive closes the vaults that nobody used for long, or shows which these are.
func runCloseInactive(f *Factory, cmd *cobra.Command, o *closeOptions) error {
	span, err := f.span("inactive-for", o.inactiveFor)
	if err != nil {
		return err
	}
	c, err := f.Client(cmd.Context())
	if err != nil {
		return err
	}
	plan, others, err := inactiveVaults(cmd, c, span)
	if err != nil {
		return err
	}
	l := f.Lang()
	if others > 0 && !f.JSON() {
		f.IO.Note(l.N(others, "%d more vault was not used for so long; this workstation does not read it.", "%d more vaults were not used for so long; this workstation does not read them."))
	}
	if len(plan) == 0 {
		if !f.JSON() {
			f.IO.Note(l.T("Nobody."))
		}
		return nil
	}
	failed := 0
	if !o.dryRun {
		ok, err := f.IO.Confirm(cmd.Context(), l.N(len(plan), "Close %d vault?", "Close %d vaults?"), "--yes")
		if err != nil {
			return err
		}
		if !ok {
			return errDeclined()
		}
		failed = closeAll(cmd, c, plan)
	}
	header := []string{l.T("id"), l.T("name"), l.T("last contact"), l.T("documents"), l.T("state")}
	if err := emitList(f, each(plan), header, func(b closing) []termio.Cell { return closingRow(l, &b) }); err != nil {
		return err
	}
	if failed > 0 {
		return vault.Errorf(vault.CodePartial, "%d of %d vaults could not be closed", failed, len(plan))
	}
	return nil
}

// inactiveVaults returns the open vaults that this workstation reads and nobody used for so long, and counts those of others.
func inactiveVaults(cmd *cobra.Command, c *apiclient.Client, span string) (plan []closing, others int, err error) {
	req := api.BeneficiaryListRequest{InactiveFor: span, State: "open"}
	for b, err := range apiclient.List[api.Beneficiary](cmd.Context(), c, api.RouteBeneficiaryList, req) {
		switch {
		case err != nil:
			return nil, 0, err
		case !b.Readable:
			others++
		default:
			plan = append(plan, closing{Beneficiary: b, Status: "planned"})
		}
	}
	return plan, others, nil
}

// closeAll closes them one by one, notes what became of each, and counts those that failed.
func closeAll(cmd *cobra.Command, c *apiclient.Client, plan []closing) (failed int) {
	for i := range plan {
		req := api.CloseRequest{Beneficiary: plan[i].ID, Reason: inactive}
		b, err := apiclient.Call[api.Beneficiary](cmd.Context(), c, api.RouteBeneficiaryClose, req)
		if err != nil {
			failed++
			plan[i].Status, plan[i].Code = "failed", string(vault.CodeOf(err))
			continue
		}
		plan[i].Beneficiary, plan[i].Status = b, "closed"
	}
	return failed
}

func closingRow(l lang.Lang, b *closing) []termio.Cell {
	row := beneficiaryRow(l, &b.Beneficiary)
	state := termio.Cell{Text: l.T("would be closed")}
	switch b.Status {
	case "closed":
		state = termio.Cell{Text: "✓ " + l.T("closed"), Style: termio.Good}
	case "failed":
		state = termio.Cell{Text: "✗ " + b.Code, Style: termio.Bad}
	}
	return []termio.Cell{row[0], row[1], row[4], row[5], state}
}
