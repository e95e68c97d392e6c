package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"vaultctl/internal/api"
	"vaultctl/internal/apiclient"
	"vaultctl/internal/lang"
	"vaultctl/internal/phrase"
	"vaultctl/internal/termio"
	"vaultctl/internal/userfile"
)

func newPartner(f *Factory) *cobra.Command {
	return newNoun("partner", lang.Key("Partners outside, with whom documents are shared"), newPartnerAdd(f), newPartnerList(f),
		newPartnerShow(f), newPartnerRemove(f))
}

type partnerOptions struct{ recipient, recipientFile, contact string }

func newPartnerAdd(f *Factory) *cobra.Command {
	o := &partnerOptions{}
	cmd := &cobra.Command{
		Use:   "add NAME",
		Short: lang.Key("Record somebody outside with whom documents are shared"),
		Long: "Record an office, an association or a landlord. With the public key of theirs (age1pq1…, made with age-keygen -pq) what is\n" +
			"shared opens with their key alone. Without one each share gets a passphrase. SSH keys and plugins are refused. A partner\n" +
			"is never changed: for a new key or name, remove it and add another.",
		Example: "  vaultctl partner add CAF --recipient-file caf.pub --contact 'guichet 3, 02 99 00 00 00'\n" +
			"  vaultctl partner add 'Mission locale'",
		Args: argsFromUse,
		RunE: func(cmd *cobra.Command, args []string) error { return runPartnerAdd(cmd.Context(), f, args[0], o) },
	}
	cmd.Flags().StringVar(&o.recipient, "recipient", "", lang.Key("their public key: age1pq1…, or age1… of older programs"))
	cmd.Flags().StringVar(&o.recipientFile, "recipient-file", "", lang.Key("file with their public key; - for standard input"))
	cmd.Flags().StringVar(&o.contact, "contact", "", lang.Key("how to reach them, in your words"))
	oneOf(cmd, "recipient", "recipient-file")
	return cmd
}

func runPartnerAdd(ctx context.Context, f *Factory, name string, o *partnerOptions) error {
	recipient := o.recipient
	if o.recipientFile != "" {
		text, err := f.readSecret(o.recipientFile)
		if err != nil {
			return err
		}
		if recipient, err = userfile.OnlyRecipient(text); err != nil {
			return err
		}
	}
	c, err := f.Client(ctx)
	if err != nil {
		return err
	}
	p, err := apiclient.Call[api.Partner](ctx, c, api.RoutePartnerAdd,
		api.PartnerAddRequest{Name: strings.TrimPrefix(name, "partner:"), Recipient: recipient, Contact: o.contact})
	if err != nil {
		return err
	}
	if p.Key == "classic" {
		f.IO.Note("! " + f.Lang().T("This key is classic: a quantum computer of later years could open what is sealed to it today. Ask for one made with `age-keygen -pq`."))
	}
	return emit(f, p, f.showPartner)
}

func (f *Factory) showPartner(w io.Writer, p api.Partner) error {
	l := f.Lang()
	return f.fields(w, l.T("id"), p.ID, l.T("name"), p.Name, l.T("state"), phrase.PartnerState(l, p.State).Text, l.T("sealed to"), phrase.SealedTo(l, p.Key),
		l.T("contact"), p.Contact, l.T("added"), phrase.Day(l, p.Added), l.T("added by"), p.AddedBy, l.T("shares that go on"), fmt.Sprint(p.Shares),
		l.T("public key"), p.Recipient)
}

func newPartnerList(f *Factory) *cobra.Command {
	var all bool
	cmd := &cobra.Command{
		Use:     "list",
		Short:   lang.Key("List the partners"),
		Example: "  vaultctl partner list --all",
		Args:    argsFromUse,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := f.Client(cmd.Context())
			if err != nil {
				return err
			}
			l := f.Lang()
			header := []string{l.T("name"), l.T("state"), l.T("sealed to"), l.T("shares that go on"), l.T("id")}
			items := apiclient.List[api.Partner](cmd.Context(), c, api.RoutePartnerList, api.PartnerListRequest{All: all})
			return emitList(f, items, header, func(p api.Partner) []termio.Cell {
				return []termio.Cell{{Text: p.Name}, phrase.PartnerState(l, p.State), {Text: phrase.SealedTo(l, p.Key)}, {Text: fmt.Sprint(p.Shares)},
					{Text: p.ID, Style: termio.Faint}}
			})
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, lang.Key("those that were removed too"))
	return cmd
}

func newPartnerShow(f *Factory) *cobra.Command {
	return &cobra.Command{
		Use:               "show PARTNER",
		Short:             lang.Key("Show a partner with their public key"),
		Example:           "  vaultctl partner show CAF",
		Args:              argsFromUse,
		ValidArgsFunction: positions(f.completePartners),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := f.Client(cmd.Context())
			if err != nil {
				return err
			}
			p, err := apiclient.Call[api.Partner](cmd.Context(), c, api.RoutePartnerShow, api.PartnerRequest{Partner: args[0]})
			if err != nil {
				return err
			}
			return emit(f, p, f.showPartner)
		},
	}
}

func newPartnerRemove(f *Factory) *cobra.Command {
	return &cobra.Command{
		Use:   "remove PARTNER",
		Short: lang.Key("Take a partner out of use"),
		Long: "Take a partner out of use: nothing is shared with them any more. It is refused while a share with them goes on. What was\n" +
			"shared stays in the journals under their name.",
		Example:           "  vaultctl partner remove CAF --yes",
		Args:              argsFromUse,
		ValidArgsFunction: positions(f.completePartners),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := f.Client(cmd.Context())
			if err != nil {
				return err
			}
			if err := f.sure(cmd.Context(), f.Lang().T("Take the partner %s out of use?", f.IO.CleanErr(args[0]))); err != nil {
				return err
			}
			p, err := apiclient.Call[api.Partner](cmd.Context(), c, api.RoutePartnerRemove, api.PartnerRequest{Partner: args[0]})
			if err != nil {
				return err
			}
			return emit(f, p, f.showPartner)
		},
	}
}

func (f *Factory) completePartners(cmd *cobra.Command, _ []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var found []cobra.Completion
	for p := range askDaemon[api.Partner](cmd.Context(), f, api.RoutePartnerList, api.PartnerListRequest{}) {
		found = append(found, f.described(p.Name, phrase.SealedTo(f.Lang(), p.Key)))
	}
	return found, noFiles
}

// completeRecipients offers whom something can be shared with.
func (f *Factory) completeRecipients(cmd *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var found []cobra.Completion
	for p := range askDaemon[api.Partner](cmd.Context(), f, api.RoutePartnerList, api.PartnerListRequest{}) {
		found = append(found, "partner:"+p.Name)
	}
	readers, directive := f.completeReaders(cmd, args, typed)
	return append(found, readers...), directive
}
