package cli

import (
	"context"

	"github.com/spf13/cobra"

	"vaultctl/internal/api"
	"vaultctl/internal/apiclient"
	"vaultctl/internal/lang"
)

type rotateOptions struct {
	words, shares, holders string
	secrets                secretsOut
}

func newRecovery(f *Factory) *cobra.Command {
	return newNoun("recovery", lang.Key("The recovery secret, which opens the vaults when every workstation is lost"), newRecoveryRotate(f))
}

func newRecoveryRotate(f *Factory) *cobra.Command {
	var o rotateOptions
	cmd := &cobra.Command{
		Use:   "rotate",
		Short: lang.Key("Make a new recovery secret, when a holder of the old one leaves"),
		Long: "Make a new recovery secret, when somebody leaves who holds the old one or a share of it. The root words are needed. The\n" +
			"vaults are sealed anew for it in the background, as `vaultctl status` tells; then the old one opens nothing on the\n" +
			"storage any more. The new shares are shown once and never stored.",
		Example: "  vaultctl recovery rotate --recovery-shares 2/3 --root-words root.txt -o shares.pdf",
		Args:    argsFromUse,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runRecoveryRotate(cmd.Context(), f, o) },
	}
	flags := cmd.Flags()
	flags.StringVar(&o.words, "root-words", "", lang.Key("file with the root words; - for standard input"))
	flags.StringVar(&o.shares, "recovery-shares", "1/1", lang.Key("K/N: any K of N shares recover everything"))
	flags.StringVar(&o.holders, "holders", "", lang.Key("who keeps the recovery shares, as the notice tells it to people"))
	o.secrets.declare(cmd)
	complete(cmd, "recovery-shares", fixed("1/1", "2/3", "3/5"))
	return cmd
}

func runRecoveryRotate(ctx context.Context, f *Factory, o rotateOptions) error {
	need, of, err := parseShares(o.shares)
	if err != nil {
		return err
	}
	if err := o.secrets.prepare(f); err != nil {
		return err
	}
	defer o.secrets.drop()
	c, err := f.Client(ctx)
	if err != nil {
		return err
	}
	req := api.RecoveryRotateRequest{Need: need, Of: of, Holders: o.holders, Language: f.Lang().String()}
	if req.RootWords, err = f.rootWords(ctx, o.words); err != nil {
		return err
	}
	if err := f.sure(ctx, f.Lang().T("Replace the recovery secret?")); err != nil {
		return err
	}
	report, done := f.stages()
	// An interrupt does not end the call: a secret that nobody has seen would be lost.
	res, err := apiclient.Stream[api.RecoveryKey](context.WithoutCancel(ctx), c, api.RouteRecoveryRotate, req, report)
	done()
	if err != nil {
		return err
	}
	return f.giveRecovery(ctx, &o.secrets, &res)
}

// giveRecovery hands the shares over: file and printer first, so that what fails there is still shown.
func (f *Factory) giveRecovery(ctx context.Context, s *secretsOut, res *api.RecoveryKey) error {
	l := f.Lang()
	paper := s.toPaper(ctx, f, &api.InitResult{Sheets: res.Sheets})
	if paper != nil {
		f.IO.Note(l.T("The pages could not be made; this is what they hold."))
		s.reveal = true
	}
	if f.JSON() {
		res.Sheets = nil
		if !s.reveal {
			res.Recovery = nil
		}
		if err := f.printJSON(res); err != nil {
			return err
		}
		return paper
	}
	p := &page{f: f, l: l}
	p.line("✓ " + l.T("The recovery secret is replaced."))
	if res.Resealing > 0 {
		p.line("· " + l.N(res.Resealing, "%d vault is sealed anew in the background", "%d vaults are sealed anew in the background"))
	}
	p.para(l.T("Until then, and in copies of the storage that somebody kept, the old one still opens what it could open. Destroy the old shares."))
	if s.onScreen(f) || paper != nil {
		p.recovery(res.Recovery)
	}
	if res.Queued {
		p.line("! " + l.T("The storage does not hold this yet: the others hear of it when it does."))
	}
	if err := p.flush(); err != nil {
		return err
	}
	return paper
}
