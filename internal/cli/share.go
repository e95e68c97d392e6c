package cli

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"vaultctl/internal/api"
	"vaultctl/internal/apiclient"
	"vaultctl/internal/lang"
	"vaultctl/internal/phrase"
	"vaultctl/internal/termio"
)

func newShare(f *Factory) *cobra.Command {
	return newNoun("share", lang.Key("Sealed copies for somebody who does not read the vault"),
		newShareAdd(f), newShareList(f), newShareShow(f), newShareRevoke(f), newShareGet(f))
}

func newShareList(f *Factory) *cobra.Command {
	var req api.ShareListRequest
	cmd := &cobra.Command{
		Use:   "list [B]",
		Short: lang.Key("List the shares that go on"),
		Long: "List the shares of a person, or of every vault, that go on. With --received: what others shared with you or a team of\n" +
			"yours; `vaultctl share get` opens it.",
		Example:           "  vaultctl share list ref:SI:4711 --all\n  vaultctl share list --received",
		Args:              argsFromUse,
		ValidArgsFunction: positions(f.completeBeneficiaries),
		RunE:              func(cmd *cobra.Command, args []string) error { return runShareList(f, cmd, args, req) },
	}
	cmd.Flags().BoolVar(&req.Received, "received", false, lang.Key("what others shared with you or a team of yours"))
	cmd.Flags().BoolVar(&req.All, "all", false, lang.Key("those that have ended too"))
	return cmd
}

func runShareList(f *Factory, cmd *cobra.Command, args []string, req api.ShareListRequest) error {
	var c *apiclient.Client
	var err error
	if len(args) > 0 {
		c, req.Beneficiary, err = f.connect(cmd, args[0], reads)
	} else {
		c, err = f.Client(cmd.Context())
	}
	if err != nil {
		return err
	}
	l := f.Lang()
	n := 0
	header := []string{l.T("id"), l.T("state"), l.T("person"), l.T("to"), l.T("documents"), l.T("purpose"), l.T("last day")}
	err = emitList(f, apiclient.List[api.Share](cmd.Context(), c, api.RouteShareList, req), header, func(s api.Share) []termio.Cell {
		n++
		return []termio.Cell{{Text: s.ID}, phrase.ShareState(l, s.State), {Text: firstOf(s.Name, s.Beneficiary)}, {Text: s.To},
			{Text: strconv.Itoa(len(s.Documents))}, {Text: s.Purpose}, {Text: phrase.Day(l, s.Until)}}
	})
	if err == nil && n == 0 && !f.JSON() {
		f.IO.Note(l.T("No share."))
	}
	return err
}

func newShareShow(f *Factory) *cobra.Command {
	return &cobra.Command{
		Use:   "show SHARE",
		Short: lang.Key("Show a share: its copies, and what the person agreed to"),
		Long: "Show a share with the record of what the person agreed to, in the field names of ISO/IEC TS 27560. Of a share that has\n" +
			"ended it says what every storage still holds of its copies.",
		Example:           "  vaultctl share show s0vm9f4x7whte",
		Args:              argsFromUse,
		ValidArgsFunction: positions(f.completeShares(api.ShareListRequest{All: true})),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := f.Client(cmd.Context())
			if err != nil {
				return err
			}
			s, err := apiclient.Call[api.Share](cmd.Context(), c, api.RouteShareShow, api.ShareRequest{Share: args[0], Language: f.Lang().String()})
			if err != nil {
				return err
			}
			return emit(f, s, f.showShare)
		},
	}
}

func (f *Factory) showShare(w io.Writer, s api.Share) error {
	l := f.Lang()
	if err := f.shareFields(w, &s); err != nil {
		return err
	}
	p := &page{f: f, l: l}
	p.line("")
	for _, line := range s.Copies {
		p.line(f.IO.Clean(line))
	}
	for _, line := range phrase.Storages(l, s.Remotes) {
		p.line("  - " + f.IO.Clean(line))
	}
	if _, err := io.WriteString(w, p.String()); err != nil {
		return err
	}
	record, ok := s.Record.(map[string]any)
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

// shareFields prints what a share is, and its documents.
func (f *Factory) shareFields(w io.Writer, s *api.Share) error {
	l := f.Lang()
	evidence := s.Evidence
	if evidence == "verbal" {
		evidence = l.T("by word of mouth")
	}
	err := f.fields(w, l.T("id"), s.ID, l.T("person"), joinWords(s.Name, s.Beneficiary), l.T("state"), phrase.ShareState(l, s.State).Text, l.T("to"), s.To,
		l.T("sealed to"), phrase.SealedTo(l, s.Key), l.T("purpose"), phrase.Purpose(l, s.Purpose), l.T("shared"), phrase.Day(l, s.Shared),
		l.T("by"), s.SharedBy, l.T("last day"), phrase.Day(l, s.Until), l.T("ended"), phrase.Day(l, s.Ended), l.T("evidence"), evidence)
	if err != nil {
		return err
	}
	for i, d := range s.Documents {
		name, sign := l.T("document %d", i+1), ""
		if d.Withheld {
			sign = "✗ " + l.T("withdrawn from the share") + "  "
		}
		if err := f.fields(w, name, sign+joinWords(d.Document, joinWords(d.DocumentType, firstOf(d.Title, d.Period)))); err != nil {
			return err
		}
	}
	return nil
}

// completeShares offers shares.
func (f *Factory) completeShares(req api.ShareListRequest) completer {
	return func(cmd *cobra.Command, _ []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		var found []cobra.Completion
		for s := range askDaemon[api.Share](cmd.Context(), f, api.RouteShareList, req) {
			found = append(found, f.described(s.ID, firstOf(s.Name, s.Beneficiary)+" "+s.To+" "+s.Purpose))
		}
		return found, noFiles
	}
}

type revokeOptions struct {
	card   string
	dryRun bool
	wait   waitOption
}

func newShareRevoke(f *Factory) *cobra.Command {
	o := &revokeOptions{}
	cmd := &cobra.Command{
		Use:   "revoke SHARE",
		Short: lang.Key("End a share: its copies are deleted"),
		Long: "End a share before its last day. Its copies are deleted on every storage; what the recipient has fetched, or was handed\n" +
			"as a file, cannot be called back. With the person's card they end it themselves.",
		Example:           "  vaultctl share revoke s0vm9f4x7whte --yes --wait",
		Args:              argsFromUse,
		ValidArgsFunction: positions(f.completeShares(api.ShareListRequest{})),
		RunE:              func(cmd *cobra.Command, args []string) error { return runShareRevoke(cmd.Context(), f, args[0], o) },
	}
	cmd.Flags().BoolVar(&o.dryRun, "dry-run", false, lang.Key("say what would happen, and do nothing"))
	cardFlag(cmd, &o.card, "card")
	o.wait.declare(cmd)
	return cmd
}

func runShareRevoke(ctx context.Context, f *Factory, id string, o *revokeOptions) error {
	wait, err := o.wait.span()
	if err != nil {
		return err
	}
	c, err := f.Client(ctx)
	if err != nil {
		return err
	}
	card, err := f.presentedCard(ctx, o.card)
	if err != nil {
		return err
	}
	req := api.ShareRevokeRequest{Share: id, Card: card, DryRun: true, Wait: wait, Language: f.Lang().String()}
	res, err := apiclient.Stream[api.Receipt](ctx, c, api.RouteShareRevoke, req, nil)
	if err != nil || o.dryRun {
		if err != nil {
			return err
		}
		return f.emitReceipt(res, o.wait)
	}
	if f.IO.CanAsk() && !f.globals.yes {
		if err := f.printReceipt(f.IO.Err, &res); err != nil {
			return err
		}
	}
	if err := f.sure(ctx, f.Lang().T("End the share?")); err != nil {
		return err
	}
	req.DryRun = false
	report, done := f.stages()
	res, err = apiclient.Stream[api.Receipt](ctx, c, api.RouteShareRevoke, req, report)
	done()
	if err != nil {
		return err
	}
	return f.emitReceipt(res, o.wait)
}
