package cli

import (
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"vaultctl/internal/api"
	"vaultctl/internal/apiclient"
	"vaultctl/internal/lang"
	"vaultctl/internal/phrase"
	"vaultctl/internal/termio"
)

func newDocument(f *Factory) *cobra.Command {
	return newNoun("document", lang.Key("The documents in the vaults"),
		newDocumentAdd(f), newDocumentList(f), newDocumentShow(f), newDocumentGet(f), newDocumentEdit(f), newDocumentReplace(f),
		newDocumentMove(f), newDocumentPrint(f), newDocumentProof(f), newDocumentRemove(f))
}

type documentListOptions struct {
	expiring, typ string
	all           bool
}

func newDocumentList(f *Factory) *cobra.Command {
	o := &documentListOptions{}
	cmd := &cobra.Command{
		Use:   "list [B]",
		Short: lang.Key("List the documents of a person, or of every vault that this workstation reads"),
		Example: "  vaultctl document list ref:SI:4711\n  vaultctl document list --expiring-within 30d\n" +
			"  vaultctl document list --json | jq -r 'select(.state==\"expired\").id'",
		Args:              argsFromUse,
		ValidArgsFunction: positions(f.completeBeneficiaries),
		RunE:              func(cmd *cobra.Command, args []string) error { return runDocumentList(f, cmd, args, o) },
	}
	cmd.Flags().StringVar(&o.expiring, "expiring-within", "", lang.Key("expired, or expiring within: 30d, 2mo"))
	cmd.Flags().StringVarP(&o.typ, "type", "t", "", lang.Key("of this type alone"))
	cmd.Flags().BoolVar(&o.all, "all", false, lang.Key("evidence of consents and removed documents as well"))
	complete(cmd, "type", f.typeFlag)
	return cmd
}

func runDocumentList(f *Factory, cmd *cobra.Command, args []string, o *documentListOptions) error {
	within, err := f.span("expiring-within", o.expiring)
	if err != nil {
		return err
	}
	req := api.DocumentListRequest{ExpiringWithin: within, Type: o.typ, All: o.all}
	var c *apiclient.Client
	if len(args) == 1 {
		c, req.Beneficiary, err = f.connect(cmd, args[0], reads)
	} else {
		c, err = f.Client(cmd.Context())
	}
	if err != nil {
		return err
	}
	l := f.Lang()
	header := []string{l.T("id"), l.T("state"), l.T("expires"), l.T("type"), l.T("title"), l.T("issued")}
	across := len(args) == 0
	if across {
		header[len(header)-1] = l.T("person")
	}
	n := 0
	items := apiclient.List[api.Document](cmd.Context(), c, api.RouteDocumentList, req)
	err = emitList(f, items, header, func(d api.Document) []termio.Cell {
		n++
		row := documentRow(l, &d)
		if across {
			row[len(row)-1] = termio.Cell{Text: firstOf(d.Name, d.Beneficiary)}
		}
		return row
	})
	if err == nil && n == 0 && !f.JSON() {
		f.IO.Note(l.T("No document."))
	}
	return err
}

func documentRow(l lang.Lang, d *api.Document) []termio.Cell {
	typ := termio.Cell{Text: d.DocumentType}
	if d.Space == "private" {
		typ = termio.Cell{Text: joinWords(d.DocumentType, "("+phrase.Space(l, d.Space)+")"), Style: termio.Faint}
	}
	return []termio.Cell{
		{Text: d.ID}, phrase.DocumentState(l, d.State), {Text: phrase.Day(l, d.ExpiresOn)}, typ, {Text: phrase.DocumentTitle(d)}, {Text: phrase.Day(l, d.IssuedOn)},
	}
}

func joinWords(a, b string) string {
	return strings.TrimSpace(a + " " + b)
}

func newDocumentShow(f *Factory) *cobra.Command {
	return &cobra.Command{
		Use:               "show DOCUMENT",
		Short:             lang.Key("Show what is known of a document"),
		Example:           "  vaultctl document show d7k2m9x4qw3t5",
		Args:              argsFromUse,
		ValidArgsFunction: positions(f.completeDocuments),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := f.Client(cmd.Context())
			if err != nil {
				return err
			}
			d, err := apiclient.Call[api.Document](cmd.Context(), c, api.RouteDocumentShow, api.DocumentRequest{Document: args[0]})
			if err != nil {
				return err
			}
			return emit(f, d, f.showDocument)
		},
	}
}

func (f *Factory) showDocument(w io.Writer, d api.Document) error {
	l := f.Lang()
	yes := func(is bool) string {
		if is {
			return l.T("yes")
		}
		return l.T("no")
	}
	versions, size := "", ""
	if d.Versions > 1 {
		versions = strconv.Itoa(d.Versions)
	}
	if d.Size > 0 {
		size = termio.FormatBytes(d.Size)
	}
	deposited := phrase.Time(l, d.Deposited)
	if d.DepositedBy != "" {
		deposited = l.T("%s by %s", deposited, d.DepositedBy)
	}
	return f.fields(w,
		l.T("id"), d.ID, l.T("person"), joinWords(d.Beneficiary, d.Name), l.T("state"), phrase.DocumentState(l, d.State).Text,
		l.T("type"), f.typeName(d.DocumentType), l.T("title"), d.Title, l.T("holder"), d.Holder, l.T("space"), phrase.Space(l, d.Space),
		l.T("issued"), phrase.Day(l, d.IssuedOn), l.T("expires"), phrase.Day(l, d.ExpiresOn), l.T("period"), d.Period, l.T("pages of the original"), d.Pages,
		l.T("original seen"), yes(d.OriginalSeen), l.T("note"), d.Note, l.T("source number"), d.SourceID, l.T("batch"), d.Batch,
		l.T("received"), phrase.Day(l, d.ReceivedOn), l.T("deposited"), deposited, l.T("file"), d.FileName, l.T("format"), d.MediaType,
		l.T("size"), phrase.Extent(l, size, &d), l.T("digest"), d.Digest, l.T("versions"), versions, l.T("proves consent"), d.Evidence,
		l.T("on every storage"), yes(d.OnRemote))
}

// typeName shows a type by code and name.
func (f *Factory) typeName(code string) string {
	types, err := f.Catalogue()
	if err != nil || code == "" {
		return code
	}
	return phrase.DocumentType(f.Lang(), types, code)
}
