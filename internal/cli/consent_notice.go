package cli

import (
	"bytes"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"vaultctl/internal/api"
	"vaultctl/internal/apiclient"
	"vaultctl/internal/lang"
	"vaultctl/internal/printing"
)

type noticeOptions struct {
	language, out string
	print, force  bool
}

func newConsentNotice(f *Factory) *cobra.Command {
	o := &noticeOptions{}
	cmd := &cobra.Command{
		Use:   "notice",
		Short: lang.Key("Show or print the notice that people are given before they consent"),
		Example: "  vaultctl consent notice --language fr --print\n" +
			"  vaultctl consent notice --language en -o notice.pdf",
		Args: argsFromUse,
		RunE: func(cmd *cobra.Command, _ []string) error { return runNotice(f, cmd, o) },
	}
	cmd.Flags().StringVar(&o.language, "language", "", lang.Key("language of the notice: fr or en"))
	cmd.Flags().BoolVar(&o.print, "print", false, lang.Key("send the page to the print command"))
	cmd.Flags().StringVarP(&o.out, "output", "o", "", lang.Key("write a PDF to this file; - for standard output"))
	cmd.Flags().BoolVar(&o.force, "force", false, lang.Key("replace a file that exists"))
	oneOf(cmd, "print", "output")
	complete(cmd, "language", fixed("fr", "en"))
	return cmd
}

func runNotice(f *Factory, cmd *cobra.Command, o *noticeOptions) error {
	p, err := f.printerIf(o.print)
	if err != nil {
		return err
	}
	if o.out == stdio {
		if err := f.binaryOut(cmd); err != nil {
			return err
		}
	}
	language := o.language
	if language == "" {
		language = f.Lang().String()
	}
	c, err := f.Client(cmd.Context())
	if err != nil {
		return err
	}
	paper := o.print || o.out != ""
	res, err := apiclient.Call[api.Notice](cmd.Context(), c, api.RouteConsentNotice, api.NoticeRequest{Language: language, PDF: paper})
	if err != nil {
		return err
	}
	switch {
	case o.print:
		err = f.print(cmd.Context(), p, bytes.NewReader(res.PDF))
	case o.out != "":
		if err = f.writeOut(o.out, o.force, res.PDF); err == nil {
			f.wrote(o.out)
		}
	}
	if err != nil || paper && (!f.JSON() || o.out == stdio) {
		return err
	}
	res.PDF = nil // it is where the user wanted it
	return emit(f, res, func(w io.Writer, n api.Notice) error {
		_, err := io.WriteString(w, strings.TrimRight(n.Text, "\n")+"\n")
		return err
	})
}

// printerIf finds the print command if it is wanted.
func (f *Factory) printerIf(wanted bool) (*printing.Printer, error) {
	if !wanted {
		return nil, nil
	}
	return f.newPrinter()
}

// binaryOut refuses standard output for a document where it would do harm.
func (f *Factory) binaryOut(cmd *cobra.Command) error {
	if f.JSON() {
		return usagef(cmd, "--json and -o - both want standard output")
	}
	return f.IO.RefuseBinary()
}
