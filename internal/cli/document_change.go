package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"vaultctl/internal/api"
	"vaultctl/internal/apiclient"
	"vaultctl/internal/lang"
)

type documentEditOptions struct {
	fields          documentFlags
	private, shared bool
	card            string
}

func newDocumentEdit(f *Factory) *cobra.Command {
	o := &documentEditOptions{}
	cmd := &cobra.Command{
		Use:   "edit DOCUMENT",
		Short: lang.Key("Correct what is said of a document, or make it private or shared"),
		Long: "Correct what is said of a document; none clears a value. --private seals it to the person's card alone, --shared\n" +
			"opens it to those whom the person consented to, and needs the card.",
		Example: "  vaultctl document edit d7k2m9x4qw3t5 --expires-on 2031-05-14 --title none\n" +
			"  vaultctl document edit d7k2m9x4qw3t5 --private",
		Args:              argsFromUse,
		ValidArgsFunction: positions(f.completeDocuments),
		RunE:              func(cmd *cobra.Command, args []string) error { return runDocumentEdit(f, cmd, args[0], o) },
	}
	o.fields.declare(f, cmd)
	cmd.Flags().BoolVar(&o.private, "private", false, lang.Key("for the person alone: only their card opens it"))
	cmd.Flags().BoolVar(&o.shared, "shared", false, lang.Key("for everybody whom the person consented to"))
	cardFlag(cmd, &o.card, "card")
	oneOf(cmd, "private", "shared")
	return cmd
}

func runDocumentEdit(f *Factory, cmd *cobra.Command, id string, o *documentEditOptions) error {
	fields, err := o.fields.fields(f, cmd)
	if err != nil {
		return err
	}
	req := api.DocumentEditRequest{Document: id, Fields: fields}
	switch {
	case o.private:
		req.Space = "private"
	case o.shared:
		req.Space = "shared"
	case fields == (api.DocumentFields{}):
		return usagef(cmd, "nothing to change was given")
	}
	c, err := f.Client(cmd.Context())
	if err != nil {
		return err
	}
	if o.shared {
		_, _, req.Card, err = f.openable(cmd.Context(), id, o.card)
	} else {
		req.Card, err = f.presentedCard(cmd.Context(), o.card)
	}
	if err != nil {
		return err
	}
	if o.private {
		if err := f.sureOfPrivate(cmd.Context(), c, id); err != nil {
			return err
		}
	}
	d, err := apiclient.Call[api.Document](cmd.Context(), c, api.RouteDocumentEdit, req)
	if err != nil {
		return err
	}
	return emit(f, d, f.showDocument)
}

// sureOfPrivate asks before a document is taken away from those who read it now.
func (f *Factory) sureOfPrivate(ctx context.Context, c *apiclient.Client, id string) error {
	doc, err := apiclient.Call[api.Document](ctx, c, api.RouteDocumentShow, api.DocumentRequest{Document: id})
	if err != nil || doc.Space == "private" {
		return err
	}
	l := f.Lang()
	about := l.T("%s of %s", joinWords(doc.DocumentType, doc.Title), firstOf(doc.Name, doc.Beneficiary))
	return f.sure(ctx, l.T("Make %s private? The agents who read it now will not open it any more without the person's card.", f.IO.CleanErr(about)))
}

type replaceOptions struct {
	fields documentFlags
	name   string
	dryRun bool
	wait   waitOption
}

func newDocumentReplace(f *Factory) *cobra.Command {
	o := &replaceOptions{}
	cmd := &cobra.Command{
		Use:   "replace DOCUMENT FILE",
		Short: lang.Key("Put a better scan in the place of a document"),
		Long: "Put a new version in the place of a document: a better scan, the missing page. The old bytes are deleted from every\n" +
			"storage. What is said of the document stays, but for the flags given. The answer says who had the old version in the\n" +
			"clear.",
		Example: "  vaultctl document replace d7k2m9x4qw3t5 cni-recto-verso.pdf --dry-run\n" +
			"  vaultctl document replace d7k2m9x4qw3t5 cni-recto-verso.pdf",
		Args:              argsFromUse,
		ValidArgsFunction: positions(f.completeDocuments),
		RunE:              func(cmd *cobra.Command, args []string) error { return runReplace(f, cmd, args[0], args[1], o) },
	}
	o.fields.declare(f, cmd)
	cmd.Flags().StringVar(&o.name, "name", "", lang.Key("file name of what comes from standard input"))
	cmd.Flags().BoolVar(&o.dryRun, "dry-run", false, lang.Key("say what would happen, and do nothing"))
	o.wait.declare(cmd)
	return cmd
}

func runReplace(f *Factory, cmd *cobra.Command, id, path string, o *replaceOptions) error {
	fields, err := o.fields.fields(f, cmd)
	if err != nil {
		return err
	}
	wait, err := o.wait.span()
	if err != nil {
		return err
	}
	u, err := f.openUserFile(path)
	if err != nil {
		return err
	}
	defer func() { _ = u.Close() }()
	c, err := f.Client(cmd.Context())
	if err != nil {
		return err
	}
	u.Measure(&fields)
	req := api.DocumentReplaceRequest{Document: id, Fields: fields, FileName: firstOf(o.name, u.Name), Size: u.Size, DryRun: o.dryRun}
	progress := f.IO.Progress(firstOf(u.Name, stdio), u.Size)
	d, err := apiclient.Upload[api.Document](cmd.Context(), c, api.RouteDocumentReplace, req,
		apiclient.Part{Reader: progress.Reader(u), Name: api.PartContent})
	progress.Done()
	if err != nil {
		return err
	}
	if o.dryRun {
		return emit(f, d, f.wouldReplace)
	}
	var late error
	if wait != "" {
		late = f.await(cmd.Context(), c, wait)
		d.OnRemote = d.OnRemote || late == nil
	}
	if err := f.emitDeposited(&depositedFile{d, path}); err != nil {
		return err
	}
	if !f.JSON() {
		if err := errors.Join(f.printWaiting(f.IO.Out, d.Waiting), f.printSeen(f.IO.Out, d.Seen)); err != nil {
			return err
		}
	}
	return late
}

// wouldReplace says what a new version would take the place of.
func (f *Factory) wouldReplace(w io.Writer, d api.Document) error {
	l := f.Lang()
	what := "· " + l.T("would be replaced")
	if d.Status == "exists" {
		what = "· " + l.T("has these bytes already")
	}
	about := joinWords(firstOf(d.DocumentType, l.T("private document")), d.Title)
	if _, err := fmt.Fprintln(w, f.IO.Clean(strings.Join([]string{d.ID, what, about}, "  "))); err != nil {
		return err
	}
	return f.printSeen(w, d.Seen)
}

func newDocumentMove(f *Factory) *cobra.Command {
	var (
		to     string
		dryRun bool
	)
	cmd := &cobra.Command{
		Use:   "move DOCUMENT",
		Short: lang.Key("Move a document that was filed under the wrong person"),
		Long: "Move a document to the vault of another person. It is resealed to the readers there, and deleted from the vault where\n" +
			"it was. The answer says who opened, printed, shared or exported it meanwhile.",
		Example:           "  vaultctl document move d7k2m9x4qw3t5 --to ref:SI:4712 --dry-run",
		Args:              argsFromUse,
		ValidArgsFunction: positions(f.completeDocuments),
		RunE: func(cmd *cobra.Command, args []string) error {
			if to == "" {
				return errMissing(cmd, []string{"--to B"})
			}
			return runMove(f, cmd, api.MoveRequest{Document: args[0], To: to, DryRun: dryRun})
		},
	}
	cmd.Flags().StringVar(&to, "to", "", lang.Key("the person whose document it is"))
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, lang.Key("say what would happen, and do nothing"))
	complete(cmd, "to", f.completeBeneficiaries)
	return cmd
}

func runMove(f *Factory, cmd *cobra.Command, req api.MoveRequest) error {
	c, id, err := f.connect(cmd, req.To, writes)
	if err != nil {
		return err
	}
	req.To = id
	report, done := f.stages()
	d, err := apiclient.Stream[api.Document](cmd.Context(), c, api.RouteDocumentMove, req, report)
	done()
	if err != nil {
		return err
	}
	return emit(f, d, func(w io.Writer, d api.Document) error {
		l := f.Lang()
		what := "✓ " + l.T("moved")
		switch {
		case d.DryRun:
			what = "· " + l.T("would be moved")
		case d.Merged:
			what = "✓ " + l.T("moved, and merged with the same document that was there")
		}
		line := strings.Join([]string{d.ID, what, joinWords(d.Beneficiary, d.Name)}, "  ")
		if _, err := fmt.Fprintln(w, f.IO.Clean(line)); err != nil {
			return err
		}
		if err := f.printWaiting(w, d.Waiting); err != nil {
			return err
		}
		return f.printSeen(w, d.Seen)
	})
}

func newDocumentRemove(f *Factory) *cobra.Command {
	return &cobra.Command{
		Use:               "remove DOCUMENT",
		Short:             lang.Key("Remove a document from the vault and every storage"),
		Example:           "  vaultctl document remove d7k2m9x4qw3t5 --yes",
		Args:              argsFromUse,
		ValidArgsFunction: positions(f.completeDocuments),
		RunE:              func(cmd *cobra.Command, args []string) error { return runRemove(f, cmd, args[0]) },
	}
}

func runRemove(f *Factory, cmd *cobra.Command, id string) error {
	ctx := cmd.Context()
	c, err := f.Client(ctx)
	if err != nil {
		return err
	}
	req := api.DocumentRequest{Document: id}
	doc, err := apiclient.Call[api.Document](ctx, c, api.RouteDocumentShow, req)
	if err != nil {
		return err
	}
	l := f.Lang()
	about := joinWords(firstOf(doc.DocumentType, l.T("private document")), doc.Title)
	about = l.T("%s of %s", about, firstOf(doc.Name, doc.Beneficiary))
	if err := f.sure(ctx, l.T("Remove %s for ever?", f.IO.CleanErr(about))); err != nil {
		return err
	}
	res, err := apiclient.Call[api.Document](ctx, c, api.RouteDocumentRemove, req)
	if err != nil {
		return err
	}
	return emit(f, res, func(w io.Writer, d api.Document) error {
		if _, err := fmt.Fprintln(w, d.ID+"  ✓ "+l.T("removed")); err != nil {
			return err
		}
		return f.printWaiting(w, d.Waiting)
	})
}
