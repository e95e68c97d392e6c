package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"vaultctl/internal/api"
	"vaultctl/internal/apiclient"
	"vaultctl/internal/lang"
	"vaultctl/internal/vault"
)

type shareOptions struct {
	consentFlags
	pdfFlags
	card, out     string
	pack          string
	force, dryRun bool
	link          bool
	wait          waitOption
}

func newShareAdd(f *Factory) *cobra.Command {
	o := &shareOptions{}
	cmd := &cobra.Command{
		Use:   "add B [DOCUMENT…]",
		Short: lang.Key("Share documents with somebody outside the vault, until a day"),
		Long: "Seal copies of documents to a partner, a team or an agent who does not read the vault. The person has to agree, for a\n" +
			"purpose and until a day, a year ahead at most. The copies on the storage are deleted when the share ends. -o writes them\n" +
			"as files that `age -d` opens: those cannot be called back. A partner without a key gets a passphrase, which is shown once:\n" +
			"give it by another way than the files. --package writes one HTML file that holds the copies and opens them in any browser,\n" +
			"for partners who have no age. --link gives a public link to each sealed copy, where the storage makes such, and waits until the\n" +
			"copies are there; it ends with the share, or sooner where the storage has a limit. --procedure shares exactly the documents that a procedure asks for, --pdf writes one file to\n" +
			"print. Private documents need the person's card.",
		Example: "  vaultctl share add ref:SI:4711 d7k2m9x4qw3t5 --to partner:CAF --purpose access-to-rights --until +30d --verbal -o copies\n" +
			"  vaultctl share add ref:SI:4711 d7k2m9x4qw3t5 --to partner:CAF --purpose access-to-rights --until +30d --verbal --package dossier.html\n" +
			"  vaultctl share add ref:SI:4711 --procedure rsa --to partner:CAF --purpose access-to-rights --until +30d --verbal --pdf rsa.pdf\n" +
			"  vaultctl share add ref:SI:4711 d7k2m9x4qw3t5 --to agent:\"A. Martin\" --purpose housing --until 2027-03-31 --evidence signed.pdf",
		Args:              argsFromUse,
		ValidArgsFunction: f.completeSharing,
		RunE:              func(cmd *cobra.Command, args []string) error { return runShareAdd(f, cmd, args[0], args[1:], o) },
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&o.To, "to", "", lang.Key("for whom: partner:NAME, team:NAME or agent:NAME"))
	flags.StringVar(&o.Purpose, "purpose", "", lang.Key("what for; complete with Tab, or see the manual"))
	flags.StringVar(&o.Until, "until", "", lang.Key("last day: YYYY-MM-DD or +30d, a year ahead at most"))
	complete(cmd, "to", f.completeRecipients)
	o.declareAgreement(f, cmd)
	flags.StringVarP(&o.out, "output", "o", "", lang.Key("write the sealed copies to this file or directory as well"))
	flags.StringVar(&o.pack, "package", "", lang.Key("write one HTML file as well, which any browser opens (or -)"))
	o.pdfFlags.declare(f, cmd)
	flags.BoolVar(&o.link, "link", false, lang.Key("give public links to the sealed copies, where the storage makes such; they end with the share"))
	flags.BoolVar(&o.force, "force", false, lang.Key("replace a file that exists"))
	flags.BoolVar(&o.dryRun, "dry-run", false, lang.Key("say who would be able to see what until when, and share nothing"))
	cardFlag(cmd, &o.card, "card")
	o.wait.declare(cmd)
	return cmd
}

// completeSharing offers people first, then their documents.
func (f *Factory) completeSharing(cmd *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return f.completeBeneficiaries(cmd, args, typed)
	}
	return f.completeDocuments(cmd, args, typed)
}

// missingOfShare lists the flags without which there is no share.
func (o *shareOptions) missingOfShare() []string {
	missing := o.missing()
	if o.Until == "" {
		missing = append(missing, "--until")
	}
	return missing
}

func runShareAdd(f *Factory, cmd *cobra.Command, b string, docs []string, o *shareOptions) error {
	ctx := cmd.Context()
	if o.Purpose == "" {
		settings, err := f.Config()
		if err != nil {
			return err
		}
		o.Purpose = settings.String("default_purpose")
	}
	if missing := o.missingOfShare(); len(missing) > 0 {
		return errMissing(cmd, missing)
	}
	wait, err := o.wait.span()
	if err != nil {
		return err
	}
	if err := o.check(f, cmd, len(docs), o.force); err != nil {
		return err
	}
	c, id, err := f.connect(cmd, b, writes)
	if err != nil {
		return err
	}
	card, err := f.presentedCard(ctx, o.card)
	if err != nil {
		return err
	}
	if docs, err = o.documents(ctx, f, c, id, docs, card); err != nil {
		return err
	}
	target, err := f.copiesTo(o.out, o.force, len(docs))
	if err != nil {
		return err
	}
	pack, err := f.packageTo(o.pack, o.force)
	if err != nil {
		return err
	}
	if card == "" {
		if card, err = f.cardFor(ctx, c, docs, ""); err != nil {
			return err
		}
	}
	terms, proofs, err := o.terms(f)
	if err != nil {
		return err
	}
	defer proofs.close()
	req := api.ShareAddRequest{Beneficiary: id, Documents: docs, Terms: terms, Card: card, Package: pack != nil, Link: o.link, Procedure: o.procedure, Language: f.Lang().String()}
	if done, err := f.foreseeShare(ctx, c, req, o.dryRun); done || err != nil {
		return err
	}
	res, err := apiclient.Upload[api.Share](ctx, c, api.RouteShareAdd, req, proofs.parts...)
	if err != nil {
		return err
	}
	return f.shareMade(ctx, c, res, handOut{copies: target, pack: pack, card: card, pdf: o.pdfFlags, force: o.force, link: o.link}, wait)
}

// foreseeShare says what a share would do: all that is asked of a dry run, and what a person at a terminal agrees to.
func (f *Factory) foreseeShare(ctx context.Context, c *apiclient.Client, req api.ShareAddRequest, dryRun bool) (done bool, err error) {
	if !dryRun && (!f.IO.CanAsk() || f.globals.yes) {
		return false, nil
	}
	req.DryRun = true
	plan, err := apiclient.Upload[api.Share](ctx, c, api.RouteShareAdd, req)
	if err != nil {
		return false, err
	}
	if dryRun {
		return true, emit(f, plan, func(w io.Writer, s api.Share) error {
			_, err := fmt.Fprintln(w, f.IO.Clean(f.Lang().T("Nothing was shared. This would happen: %s", s.Summary)))
			return err
		})
	}
	f.IO.Note(f.IO.CleanErr(plan.Summary))
	return false, f.sure(ctx, f.Lang().T("Share?"))
}

// cardFor returns the card, asking for it if one of the documents is private.
func (f *Factory) cardFor(ctx context.Context, c *apiclient.Client, docs []string, file string) (string, error) {
	if file != "" {
		return f.presentedCard(ctx, file)
	}
	for _, id := range docs {
		doc, err := apiclient.Call[api.Document](ctx, c, api.RouteDocumentShow, api.DocumentRequest{Document: id})
		if err != nil {
			return "", err
		}
		if doc.Space == "private" {
			return f.neededCard(ctx, "")
		}
	}
	return "", nil
}

// shareOut is a share that was made, with the files that were written.
type shareOut struct {
	api.Share
	Paths   []string        `json:"paths,omitempty"`
	Package *packageMade    `json:"package,omitempty"`
	PDF     *pdfMade        `json:"pdf,omitempty"`
	Links   []api.ShareLink `json:"links,omitempty"`
}

// handOut is what is written of a share that is made: copies, a package, both or neither.
type handOut struct {
	copies *copyTarget
	pack   *packageTarget
	card   string // for private documents
	pdf    pdfFlags
	force  bool
	link   bool
}

// write writes it. What an error comes with is there.
func (h handOut) write(ctx context.Context, f *Factory, c *apiclient.Client, s *api.Share) (paths []string, made *packageMade, err error) {
	if h.copies != nil {
		if paths, err = f.writeCopies(ctx, c, s, h.copies); err != nil {
			return paths, nil, api.WithHint(vault.Errorf(vault.CodeOf(err), "the share %s is made, but its copies were not written: %w", s.ID, err),
				"`vaultctl share get SHARE --sealed -o DIR` writes them")
		}
	}
	if h.pack != nil {
		req := api.SharePackageRequest{Share: s.ID, Passphrase: s.Passphrase, Card: h.card, Language: f.Lang().String()}
		if made, err = f.writePackage(ctx, c, req, h.pack); err != nil {
			return paths, nil, api.WithHint(vault.Errorf(vault.CodeOf(err), "the share %s is made, but its package was not written: %w", s.ID, err),
				"`vaultctl share get SHARE --package FILE` writes it, with a new passphrase")
		}
	}
	return paths, made, nil
}

// shareMade writes the copies that were asked for and tells of the share: the passphrase is shown whatever becomes of the rest.
func (f *Factory) shareMade(ctx context.Context, c *apiclient.Client, s api.Share, h handOut, wait string) error {
	out := shareOut{Share: s}
	var late error
	out.Paths, out.Package, late = h.write(ctx, f, c, &s)
	if late == nil {
		if out.PDF, late = h.pdf.write(ctx, f, c, s.ID, h.card, h.force); late != nil {
			late = vault.Errorf(vault.CodeOf(late), "the share %s is made, but its PDF was not written: %w", s.ID, late)
		}
	}
	if h.link && late == nil {
		if out.Links, late = f.shareLinks(ctx, c, s.ID, wait); late != nil {
			late = api.WithHint(vault.Errorf(vault.CodeOf(late), "the share %s is made, but it has no links yet: %w", s.ID, late),
				"`vaultctl share get SHARE --link` gives them")
		}
	}
	if wait != "" {
		if err := f.await(ctx, c, wait); late == nil {
			late = err
		}
		if now, err := apiclient.Call[api.Share](ctx, c, api.RouteShareShow, api.ShareRequest{Share: s.ID}); err == nil {
			out.OnRemote = now.OnRemote
		}
	}
	if err := emitBeside(f, h.pack, out, f.tellShare); err != nil {
		return err
	}
	return late
}

func (f *Factory) tellShare(w io.Writer, s shareOut) error {
	l := f.Lang()
	p := &page{f: f, l: l}
	p.line("✓ " + l.T("shared") + "  " + s.ID)
	p.para(s.Summary)
	for _, path := range s.Paths {
		p.line(l.T("Written: %s", path))
	}
	if s.Passphrase != "" {
		p.passphrase(l.T("Passphrase: %s", s.Passphrase))
	}
	if s.Package != nil {
		p.packaged(s.Package, s.Passphrase)
	}
	if s.PDF != nil {
		p.pdf(s.PDF)
	}
	p.links(s.Links)
	for _, line := range s.Copies {
		p.para(line)
	}
	_, err := io.WriteString(w, p.String())
	return err
}
