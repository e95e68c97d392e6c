package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"vaultctl/internal/api"
	"vaultctl/internal/apiclient"
	"vaultctl/internal/lang"
	"vaultctl/internal/printing"
	"vaultctl/internal/termio"
	"vaultctl/internal/userfile"
)

type getOptions struct {
	out, card string
	force     bool
}

func newDocumentGet(f *Factory) *cobra.Command {
	o := &getOptions{}
	cmd := &cobra.Command{
		Use:   "get DOCUMENT",
		Short: lang.Key("Write a document to a file, or to standard output"),
		Long: "Write a document to a file in the clear. Without -o it is written here as <type>_<date>_<id>.<ext>. A file that\n" +
			"exists is kept unless --force is given, and a file appears only once all of it has been verified.\n" +
			"A private document needs the person's card.",
		Example: "  vaultctl document get d7k2m9x4qw3t5\n  vaultctl document get d7k2m9x4qw3t5 -o cni.pdf\n" +
			"  vaultctl document get d7k2m9x4qw3t5 -o - | pdftotext - -",
		Args:              argsFromUse,
		ValidArgsFunction: positions(f.completeDocuments),
		RunE:              func(cmd *cobra.Command, args []string) error { return runGet(f, cmd, args[0], o) },
	}
	cmd.Flags().StringVarP(&o.out, "output", "o", "", lang.Key("file or directory; - for standard output"))
	cmd.Flags().BoolVar(&o.force, "force", false, lang.Key("replace a file that exists"))
	cardFlag(cmd, &o.card, "card")
	return cmd
}

// gotten is a document that was written to a file.
type gotten struct {
	api.Document
	Path string `json:"path"`
}

func runGet(f *Factory, cmd *cobra.Command, id string, o *getOptions) error {
	if o.out == stdio {
		if err := f.binaryOut(cmd); err != nil {
			return err
		}
	}
	c, doc, card, err := f.openable(cmd.Context(), id, o.card)
	if err != nil {
		return err
	}
	req := api.GetRequest{Document: id, How: "get", Card: card}
	if o.out == stdio {
		return f.download(cmd.Context(), c, req, func(_ *api.Document, r io.Reader) error { return userfile.Copy(f.IO.Out, r) })
	}
	// A name that is taken is refused before the document is opened, which the person's journal would show.
	if out, err := userfile.Create(userfile.Target(o.out, &doc), o.force); err != nil {
		return err
	} else if doc.DocumentType != "" {
		defer out.Drop()
		return f.getInto(cmd.Context(), c, req, out)
	} else {
		out.Drop()
	}
	return f.getUnnamed(cmd.Context(), c, req, o)
}

// openable returns a document and, if it is private, the card.
func (f *Factory) openable(ctx context.Context, id, cardFile string) (*apiclient.Client, api.Document, string, error) {
	c, err := f.Client(ctx)
	if err != nil {
		return nil, api.Document{}, "", err
	}
	doc, err := apiclient.Call[api.Document](ctx, c, api.RouteDocumentShow, api.DocumentRequest{Document: id})
	if err != nil {
		return nil, doc, "", err
	}
	if doc.Space != "private" && cardFile == "" {
		return c, doc, "", nil
	}
	card, err := f.neededCard(ctx, cardFile)
	return c, doc, card, err
}

// download hands the bytes of a document to use, counting them on a terminal.
func (f *Factory) download(ctx context.Context, c *apiclient.Client, req api.GetRequest, use func(*api.Document, io.Reader) error) error {
	doc, body, err := apiclient.Download[api.Document](ctx, c, api.RouteDocumentGet, req)
	if err != nil {
		return err
	}
	defer body.Close()
	progress := f.IO.Progress(doc.ID, doc.Size)
	defer progress.Done()
	return use(&doc, progress.Reader(body))
}

func (f *Factory) getInto(ctx context.Context, c *apiclient.Client, req api.GetRequest, out *userfile.Out) error {
	var got gotten
	err := f.download(ctx, c, req, func(doc *api.Document, r io.Reader) error {
		got = gotten{*doc, out.Path}
		if err := userfile.Copy(out, r); err != nil {
			return err
		}
		return out.Keep()
	})
	if err != nil {
		return err
	}
	return f.saved(&got)
}

// getUnnamed is for a private document: what it is, and so its name, is known only once the card has opened it.
func (f *Factory) getUnnamed(ctx context.Context, c *apiclient.Client, req api.GetRequest, o *getOptions) error {
	var got gotten
	err := f.download(ctx, c, req, func(doc *api.Document, r io.Reader) error {
		out, err := userfile.Create(userfile.Target(o.out, doc), o.force)
		if err != nil {
			return err
		}
		defer out.Drop()
		got = gotten{*doc, out.Path}
		if err := userfile.Copy(out, r); err != nil {
			return err
		}
		return out.Keep()
	})
	if err != nil {
		return err
	}
	return f.saved(&got)
}

func (f *Factory) saved(got *gotten) error {
	return emit(f, *got, func(w io.Writer, got gotten) error {
		if _, err := fmt.Fprintln(w, f.IO.Clean(got.Path)); err != nil {
			return err
		}
		f.IO.Note(f.Lang().T("Written in the clear, %s. Delete it when it is no longer needed.", termio.FormatBytes(got.Size)))
		return nil
	})
}

func firstOf(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

func newDocumentPrint(f *Factory) *cobra.Command {
	var card string
	cmd := &cobra.Command{
		Use:   "print DOCUMENT",
		Short: lang.Key("Send a document to the printer"),
		Long: "Send a document to the configured print command, on its standard input. No file is written by vaultctl; the printing\n" +
			"system may keep one for a while.",
		Example:           "  vaultctl document print d7k2m9x4qw3t5\n  vaultctl config set print_command \"lp -d reception\"",
		Args:              argsFromUse,
		ValidArgsFunction: positions(f.completeDocuments),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := f.newPrinter()
			if err != nil {
				return err
			}
			c, _, key, err := f.openable(cmd.Context(), args[0], card)
			if err != nil {
				return err
			}
			return f.printDocument(cmd.Context(), c, p, api.GetRequest{Document: args[0], How: "print", Card: key})
		},
	}
	cardFlag(cmd, &card, "card")
	return cmd
}

func (f *Factory) printDocument(ctx context.Context, c *apiclient.Client, p *printing.Printer, req api.GetRequest) error {
	var printed api.Document
	err := f.download(ctx, c, req, func(doc *api.Document, r io.Reader) error {
		printed = *doc
		return f.print(ctx, p, r)
	})
	if err != nil {
		return err
	}
	return emit(f, printed, func(w io.Writer, d api.Document) error {
		_, err := fmt.Fprintln(w, "✓ "+f.Lang().T("sent to the printer")+"  "+d.ID)
		return err
	})
}
