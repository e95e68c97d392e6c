package cli

import (
	"context"
	"slices"

	"github.com/spf13/cobra"

	"vaultctl/internal/api"
	"vaultctl/internal/apiclient"
	"vaultctl/internal/lang"
	"vaultctl/internal/userfile"
	"vaultctl/internal/vault"
)

// pdfFlags are what share add takes for a procedure, and for a file to print.
type pdfFlags struct{ procedure, pdf string }

func (o *pdfFlags) declare(f *Factory, cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.procedure, "procedure", "", lang.Key("share exactly the documents that this procedure asks for; see procedure check"))
	cmd.Flags().StringVar(&o.pdf, "pdf", "", lang.Key("write one PDF to print as well: a cover, then the documents, with the recipient and the day on each page"))
	complete(cmd, "procedure", f.completeProcedures)
}

// check refuses what cannot be done before anything is.
func (o *pdfFlags) check(f *Factory, cmd *cobra.Command, docs int, force bool) error {
	if docs == 0 && o.procedure == "" {
		return usagef(cmd, "%s is missing", "DOCUMENT")
	}
	if o.procedure != "" {
		table, err := f.Procedures()
		if err != nil {
			return err
		}
		if _, err := table.Find(o.procedure); err != nil {
			return err
		}
	}
	switch o.pdf {
	case "":
		return nil
	case stdio:
		return usagef(cmd, "--pdf needs a file of its own")
	}
	out, err := userfile.Create(o.pdf, force)
	out.Drop()
	return err
}

// documents returns those that a procedure asks for and the person has, in its order, then those that were named besides. What
// lacks is said; that nothing is there is an error.
func (o *pdfFlags) documents(ctx context.Context, f *Factory, c *apiclient.Client, b string, named []string, card string) ([]string, error) {
	if o.procedure == "" {
		return named, nil
	}
	res, err := apiclient.Call[api.ProcedureCheck](ctx, c, api.RouteProcedureCheck, api.ProcedureCheckRequest{Beneficiary: b, Procedure: o.procedure, Card: card})
	if err != nil {
		return nil, err
	}
	if len(res.Documents) == 0 {
		return nil, api.WithHint(vault.Errorf(vault.CodeAttention, "no document of the procedure is there"), "`vaultctl procedure check` says what it asks for")
	}
	l := f.Lang()
	if !res.Complete {
		f.IO.Note(l.T("The file is not complete; `vaultctl procedure check` says what is missing."))
	}
	if res.Unseen > 0 {
		f.IO.Note(l.N(res.Unseen, "%d private document was not looked at: --card does.", "%d private documents were not looked at: --card does."))
	}
	docs := res.Documents
	for _, id := range named {
		if !slices.Contains(docs, id) {
			docs = append(docs, id)
		}
	}
	return docs, nil
}

// pdfMade is a PDF of a share that was written.
type pdfMade struct {
	Path   string          `json:"path"`
	Pieces []api.PackPiece `json:"pieces"`
}

// write makes the PDF of a share. The file appears once all of it is there.
func (o *pdfFlags) write(ctx context.Context, f *Factory, c *apiclient.Client, share, card string, force bool) (*pdfMade, error) {
	if o.pdf == "" {
		return nil, nil
	}
	out, err := userfile.Create(o.pdf, force)
	if err != nil {
		return nil, err
	}
	defer out.Drop()
	meta, body, err := apiclient.Download[api.SharePDF](ctx, c, api.RouteSharePDF,
		api.SharePDFRequest{Share: share, Procedure: o.procedure, Card: card, Language: f.Lang().String()})
	if err != nil {
		return nil, err
	}
	defer body.Close()
	if err := userfile.Copy(out, body); err != nil {
		return nil, err
	}
	return &pdfMade{o.pdf, meta.Pieces}, out.Keep()
}

// pdf tells of a PDF, and of what is not in it.
func (p *page) pdf(made *pdfMade) {
	p.line(p.l.T("Written: %s", made.Path))
	for i := range made.Pieces {
		if piece := &made.Pieces[i]; piece.Apart != "" {
			p.line(p.l.T("! %s is not in it: %s. `vaultctl document get %s` or `document print` hands it out by itself.", piece.Name, piece.Apart, piece.Document))
		}
	}
}
