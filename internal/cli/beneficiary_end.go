package cli

import (
	"fmt"
	"io"
	"path"

	"github.com/spf13/cobra"

	"vaultctl/internal/api"
	"vaultctl/internal/apiclient"
	"vaultctl/internal/lang"
	"vaultctl/internal/phrase"
	"vaultctl/internal/termio"
	"vaultctl/internal/userfile"
)

func newBeneficiaryReopen(f *Factory) *cobra.Command {
	return &cobra.Command{
		Use:               "reopen B",
		Short:             lang.Key("Take up the work on a closed vault again"),
		Example:           "  vaultctl beneficiary reopen ref:SI:4711",
		Args:              argsFromUse,
		ValidArgsFunction: positions(f.completeBeneficiaries),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, id, err := f.connect(cmd, args[0], writes)
			if err != nil {
				return err
			}
			res, err := apiclient.Call[api.Beneficiary](cmd.Context(), c, api.RouteBeneficiaryReopen, api.BeneficiaryRequest{Beneficiary: id})
			if err != nil {
				return err
			}
			return emit(f, res, func(w io.Writer, b api.Beneficiary) error { return f.did(w, f.Lang().T("Vault open again"), &b) })
		},
	}
}

// did says in a line what was done to whom.
func (f *Factory) did(w io.Writer, what string, b *api.Beneficiary) error {
	line := "✓ " + what + "  " + b.ID
	if b.Name != "" {
		line += "  " + b.Name
	}
	_, err := fmt.Fprintln(w, f.IO.Clean(line))
	return err
}

type eraseOptions struct {
	confirm, card, out string
	wait               waitOption
	dryRun             bool
}

func newBeneficiaryErase(f *Factory) *cobra.Command {
	o := &eraseOptions{}
	cmd := &cobra.Command{
		Use:   "erase B",
		Short: lang.Key("Erase a vault here and on every storage, for ever"),
		Long: "Erase a vault with everything in it, here and on every storage. It cannot be undone. The receipt says what is gone,\n" +
			"and what copies remain out of reach. Repeat the id with --confirm; on a terminal it is asked for.",
		Example: "  vaultctl beneficiary erase ref:SI:4711 --dry-run\n" +
			"  vaultctl beneficiary erase b7k2m9x4qw3t5 --confirm b7k2m9x4qw3t5 -o receipt.txt",
		Args:              argsFromUse,
		ValidArgsFunction: positions(f.completeBeneficiaries),
		RunE:              func(cmd *cobra.Command, args []string) error { return runErase(f, cmd, args[0], o) },
	}
	cmd.Flags().StringVar(&o.confirm, "confirm", "", lang.Key("the id once more"))
	cmd.Flags().BoolVar(&o.dryRun, "dry-run", false, lang.Key("say what would happen, and do nothing"))
	cmd.Flags().StringVarP(&o.out, "output", "o", "", lang.Key("write the receipt to this file as well"))
	cardFlag(cmd, &o.card, "card")
	o.wait.declare(cmd)
	return cmd
}

func runErase(f *Factory, cmd *cobra.Command, b string, o *eraseOptions) error {
	if o.confirm == "" && !o.dryRun && !f.IO.CanAsk() {
		return errMissing(cmd, []string{"--confirm ID"})
	}
	wait, err := o.wait.span()
	if err != nil {
		return err
	}
	card, err := f.presentedCard(cmd.Context(), o.card)
	if err != nil {
		return err
	}
	c, id, err := f.connect(cmd, b, writes)
	if err != nil {
		return err
	}
	req := api.EraseRequest{Beneficiary: id, Confirm: o.confirm, DryRun: true, Wait: wait, Card: card, Language: f.Lang().String()}
	if !o.dryRun {
		if err := f.checkOut(o.out); err != nil {
			return err
		}
		if o.confirm == "" {
			if req.Confirm, err = f.confirmErase(cmd, c, req); err != nil {
				return err
			}
		}
		req.DryRun = false
	}
	report, done := f.stages()
	res, err := apiclient.Stream[api.Receipt](cmd.Context(), c, api.RouteBeneficiaryErase, req, report)
	done()
	if err != nil {
		return err
	}
	if !o.dryRun {
		if err := f.saveReceipt(o.out, false, &res); err != nil {
			return err
		}
	}
	return f.emitReceipt(res, o.wait)
}

// confirmErase shows what would be gone and returns the id that the person typed.
func (f *Factory) confirmErase(cmd *cobra.Command, c *apiclient.Client, req api.EraseRequest) (string, error) {
	plan, err := apiclient.Stream[api.Receipt](cmd.Context(), c, api.RouteBeneficiaryErase, req, nil)
	if err != nil {
		return "", err
	}
	if err := f.printReceipt(f.IO.Err, &plan); err != nil {
		return "", err
	}
	typed, err := f.IO.Ask(cmd.Context(), f.Lang().T("This cannot be undone. Type the id of the vault to erase it"), "--confirm ID")
	if err == nil && typed == "" {
		err = errDeclined()
	}
	return typed, err
}

// checkOut refuses, before anything is done, a name that a receipt could not be written to afterwards.
func (f *Factory) checkOut(path string) error {
	if path == "" || path == stdio {
		return nil
	}
	out, err := userfile.Create(path, false)
	out.Drop()
	return err
}

func newBeneficiaryAccess(f *Factory) *cobra.Command {
	var objects bool
	cmd := &cobra.Command{
		Use:   "access B",
		Short: lang.Key("Say who can open a vault"),
		Long: "Say who can open the documents of a vault today. With --objects: for each stored object its declared readers and the\n" +
			"number of readers that its header holds.",
		Example:           "  vaultctl beneficiary access ref:SI:4711 --objects",
		Args:              argsFromUse,
		ValidArgsFunction: positions(f.completeBeneficiaries),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, id, err := f.connect(cmd, args[0], reads)
			if err != nil {
				return err
			}
			res, err := apiclient.Call[api.Access](cmd.Context(), c, api.RouteBeneficiaryAccess, api.AccessRequest{Beneficiary: id, Objects: objects})
			if err != nil {
				return err
			}
			return f.printAccess(res)
		},
	}
	cmd.Flags().BoolVar(&objects, "objects", false, lang.Key("list every stored object"))
	return cmd
}

func (f *Factory) printAccess(a api.Access) error {
	l := f.Lang()
	nobody := func(names []string) string {
		if len(names) == 0 {
			return l.T("nobody")
		}
		return phrase.Readers(l, names)
	}
	err := emit(f, a, func(w io.Writer, a api.Access) error {
		shares := make([]string, len(a.Shares))
		for i := range a.Shares {
			shares[i] = phrase.ShareLine(l, &a.Shares[i])
		}
		err := f.fields(w, l.T("id"), a.ID, l.T("shared documents"), nobody(a.Shared), l.T("private documents"), nobody(a.Private),
			l.T("agents today"), nobody(a.Agents))
		if err != nil {
			return err
		}
		return f.section(w, l.T("shares that go on"), shares)
	})
	if err != nil || f.JSON() {
		return err
	}
	table := f.IO.NewTable(l.T("check"), l.T("kind"), l.T("document"), l.T("readers"), l.T("object"))
	for _, o := range a.Objects {
		object := o.Path
		if f.IO.OutTTY() {
			object = path.Base(object) // the whole path, which is wider than most terminals, is for programs
		}
		table.Cells(phrase.ObjectCheck(l, &o), termio.Cell{Text: phrase.ObjectKind(l, o.Kind)}, termio.Cell{Text: o.Document},
			termio.Cell{Text: phrase.Readers(l, o.Readers)}, termio.Cell{Text: object})
	}
	return table.Flush()
}
