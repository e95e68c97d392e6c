package cli

import (
	"context"
	"io"
	"path/filepath"

	"github.com/spf13/cobra"

	"vaultctl/internal/api"
	"vaultctl/internal/apiclient"
	"vaultctl/internal/lang"
)

type exportOptions struct {
	file, sealTo, card, passphraseFile string
	force                              bool
}

func newExport(f *Factory) *cobra.Command {
	var o exportOptions
	cmd := &cobra.Command{
		Use:   "export B",
		Short: lang.Key("Hand everything of one person over, as one ZIP"),
		Long: "Write everything of one person into one ZIP: documents, a manifest, consents, and the journal in plain sentences.\n" +
			"Private documents need the person's card. With --seal-to the file is sealed to the card or with a passphrase; stock\n" +
			"age opens it. Without -o it is called <id>_<day>.zip.",
		Example: "  vaultctl export ref:SI:4711 -o diallo.zip\n" +
			"  vaultctl export ref:SI:4711 --card card.txt --seal-to card -o diallo.zip.age",
		Args:              argsFromUse,
		ValidArgsFunction: positions(f.completeBeneficiaries),
		RunE:              func(cmd *cobra.Command, args []string) error { return runExport(cmd.Context(), f, cmd, o, args[0]) },
	}
	cmd.Flags().StringVarP(&o.file, "output", "o", "", lang.Key("file to write, mode 600; - for standard output"))
	cmd.Flags().StringVar(&o.sealTo, "seal-to", "", lang.Key("seal the file to the person's card, or with a passphrase: card or passphrase"))
	cardFlag(cmd, &o.card, "card")
	declarePassphrase(cmd, &o.passphraseFile)
	cmd.Flags().BoolVar(&o.force, "force", false, lang.Key("overwrite the file of -o"))
	complete(cmd, "seal-to", fixed("card", byPassphrase))
	return cmd
}

func runExport(ctx context.Context, f *Factory, cmd *cobra.Command, o exportOptions, who string) error {
	if o.sealTo != "" && o.sealTo != "card" && o.sealTo != byPassphrase {
		return usagef(cmd, "--seal-to is card or passphrase")
	}
	if o.passphraseFile != "" && o.sealTo != byPassphrase {
		return usagef(cmd, "--passphrase-file goes with --seal-to passphrase")
	}
	var dest *sink
	var err error
	if o.file != "" {
		if dest, err = f.newSink(o.file, o.force, true); err != nil {
			return err
		}
		defer dest.drop()
	}
	c, b, err := f.connect(cmd, who, reads)
	if err != nil {
		return err
	}
	req := api.ExportRequest{Beneficiary: b, SealTo: o.sealTo, Language: f.Lang().String()}
	if req.Card, err = f.presentedCard(ctx, o.card); err != nil {
		return err
	}
	send := func(passphrase string) error {
		req.Passphrase = passphrase
		return f.saveExport(ctx, c, req, dest, o.force)
	}
	if o.sealTo == byPassphrase {
		return f.withPassphrase(ctx, o.passphraseFile, send)
	}
	return send("")
}

// saveExport writes the answer to dest, or to a file of the name that the daemon proposes.
func (f *Factory) saveExport(ctx context.Context, c *apiclient.Client, req api.ExportRequest, dest *sink, force bool) error {
	meta, body, err := apiclient.Download[api.ExportMeta](ctx, c, api.RouteExport, req)
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }() // reading is over by then
	if dest == nil {
		// The name is one of ours, but whatever a daemon sends must not lead elsewhere.
		name := filepath.Base(filepath.Clean("/" + meta.FileName))
		if dest, err = f.newSink(name, force, true); err != nil {
			return err
		}
		defer dest.drop()
	}
	l := f.Lang()
	if err := dest.fill(body, f.IO.Progress(l.T("export"), 0)); err != nil {
		return err
	}
	if dest.out == nil {
		return nil
	}
	return emit(f, exportAnswer{meta, dest.out.Path}, func(w io.Writer, a exportAnswer) error {
		p := &page{f: f, l: l}
		p.line(l.N(a.Documents, "%d document is in %s.", "%d documents are in %s.", a.Path))
		if a.Skipped > 0 {
			p.line(l.N(a.Skipped, "%d private document is not: it needs the person's card.", "%d private documents are not: they need the person's card."))
		}
		if req.SealTo == "" {
			p.line(l.T("Whoever has the file can read it: hand it over, then delete it here."))
		}
		_, err := io.WriteString(w, p.String())
		return err
	})
}

// exportAnswer is what --json prints.
type exportAnswer struct {
	api.ExportMeta
	Path string `json:"path"`
}
