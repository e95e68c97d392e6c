package cli

import (
	"context"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"vaultctl/internal/api"
	"vaultctl/internal/apiclient"
	"vaultctl/internal/lang"
	"vaultctl/internal/phrase"
	"vaultctl/internal/termio"
	"vaultctl/internal/vault"
)

func newDevice(f *Factory) *cobra.Command {
	return newNoun("device", lang.Key("Devices, the enrolled machines"), newDeviceApprove(f), newDeviceList(f), newDeviceRevoke(f), newDeviceAdopt(f))
}

func newDeviceList(f *Factory) *cobra.Command {
	var pending bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: lang.Key("List the enrolled machines, or those that ask to be"),
		Long: "List the enrolled machines: whose they are, what their role is, since when, and whether they were revoked. With\n" +
			"--pending those that ask to be enrolled, with the words that their own screens show. Anybody who can write to the\n" +
			"storage can ask: compare the words before you approve.",
		Example: "  vaultctl device list\n  vaultctl device list --pending",
		Args:    argsFromUse,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if pending {
				return runDevicePending(cmd.Context(), f)
			}
			return runDeviceList(cmd.Context(), f)
		},
	}
	cmd.Flags().BoolVar(&pending, "pending", false, lang.Key("those that ask to be enrolled"))
	return cmd
}

func runDeviceList(ctx context.Context, f *Factory) error {
	l := f.Lang()
	header := []string{l.T("id"), l.T("agent"), l.T("roles"), l.T("since"), l.T("state")}
	return listOf(ctx, f, api.RouteDeviceList, header, func(d api.Device) []termio.Cell {
		return []termio.Cell{{Text: d.ID}, {Text: d.Agent}, {Text: strings.Join(d.Roles, ", ")}, {Text: phrase.Day(l, d.Since)},
			phrase.DeviceState(l, &d)}
	})
}

func runDevicePending(ctx context.Context, f *Factory) error {
	c, err := f.Client(ctx)
	if err != nil {
		return err
	}
	l := f.Lang()
	asking := apiclient.List[api.JoinRequest](ctx, c, api.RouteDeviceAsking, api.CodeRequest{})
	return emitList(f, asking, []string{l.T("code"), l.T("since"), l.T("words of the workstation"), ""}, func(q api.JoinRequest) []termio.Cell {
		state := termio.Cell{}
		if q.Stale {
			state = termio.Cell{Text: "✗ " + l.T("too old"), Style: termio.Faint}
		}
		return []termio.Cell{{Text: q.Code}, {Text: phrase.Day(l, q.Since)}, {Text: strings.Join(q.Words, " ")}, state}
	})
}

type approveOptions struct {
	agent, words string
	roles        []string
}

func newDeviceApprove(f *Factory) *cobra.Command {
	var o approveOptions
	cmd := &cobra.Command{
		Use:   "approve CODE",
		Short: lang.Key("Enrol the workstation that shows the code"),
		Long: "Enrol the workstation on whose screen `vaultctl join` shows the code. Both screens show two lines of words: the\n" +
			"organization's and the workstation's. Approve only if both are the same, heard or seen over another way than the\n" +
			"storage. On a terminal you are asked; elsewhere --words gives what the new screen shows as the workstation's.\n\n" +
			"An administrator enrols. A new name is a new agent; a name that is known gets a further workstation. That opens no\n" +
			"vault yet: the agent lets their own further workstation into their teams with the same command on one that they\n" +
			"use, and a member of a team lets other agents in.",
		Example: "  vaultctl device approve k3pa-7wqd --agent \"B. Blanc\" --role agent\n" +
			"  vaultctl device approve k3pa-7wqd --agent \"night server\" --role deposit --words \"abri bocal cinema danger essai fable\"\n" +
			"  vaultctl device approve k3pa-7wqd",
		Args:              argsFromUse,
		ValidArgsFunction: positions(f.completeCodes),
		RunE:              func(cmd *cobra.Command, args []string) error { return runApprove(cmd.Context(), f, args[0], o) },
	}
	flags := cmd.Flags()
	flags.StringVar(&o.agent, "agent", "", lang.Key("whose workstation it is: a name, or an agent's id"))
	flags.StringSliceVar(&o.roles, "role", nil, lang.Key("what it may do: admin, agent, deposit or auditor; admin,agent is both"))
	flags.StringVar(&o.words, "words", "", lang.Key("the words of the workstation, as its own screen shows them"))
	flags.SortFlags = false
	complete(cmd, "agent", f.completeAgents)
	complete(cmd, "role", fixed("agent", "deposit", "auditor", "admin", "admin,agent"))
	return cmd
}

func runApprove(ctx context.Context, f *Factory, code string, o approveOptions) error {
	if o.words == "" && !f.IO.CanAsk() {
		return vault.Errorf(vault.CodeUsage, "--words is missing: the words that the new workstation shows")
	}
	c, err := f.Client(ctx)
	if err != nil {
		return err
	}
	q, err := f.askingFor(ctx, c, code)
	if err != nil {
		return err
	}
	if err := o.ask(ctx, f, &q); err != nil {
		return err
	}
	tell, done := f.stages()
	res, err := apiclient.Stream[api.Approved](ctx, c, api.RouteDeviceApprove, api.ApproveRequest{Code: q.Device, Agent: o.agent, Roles: o.roles,
		Words: o.words}, tell)
	done()
	if err != nil {
		return err
	}
	if err := emit(f, res, func(w io.Writer, a api.Approved) error { return f.writeApproved(w, &a) }); err != nil {
		return err
	}
	if res.Queued {
		return errNotThere()
	}
	return nil
}

// askingFor returns the request under a code.
func (f *Factory) askingFor(ctx context.Context, c *apiclient.Client, code string) (api.JoinRequest, error) {
	for q, err := range apiclient.List[api.JoinRequest](ctx, c, api.RouteDeviceAsking, api.CodeRequest{Code: code}) {
		return q, err
	}
	return api.JoinRequest{}, vault.Errorf(vault.CodeNotFound, "no workstation asks to join under this code")
}

// ask asks for what is missing, and whether both screens show the same. --yes does not answer that: what is sent on are the
// words that were compared, so that nothing else can be enrolled in their place.
func (o *approveOptions) ask(ctx context.Context, f *Factory, q *api.JoinRequest) error {
	l := f.Lang()
	if o.words == "" {
		if err := f.writeWords(f.IO.Err, q); err != nil { // also with --quiet: the question is about them
			return err
		}
		answer, err := f.IO.Ask(ctx, l.T("Does the new screen show exactly these words, on both lines? yes or no"), "--words")
		if err != nil {
			return err
		}
		switch strings.ToLower(answer) {
		case "y", "yes", "o", "oui":
			o.words = strings.Join(q.Words, " ")
		default:
			return api.WithHint(vault.Errorf(vault.CodeInterrupted, "nothing was approved"),
				"if the words differ, somebody stands in between: tell whoever runs the storage")
		}
	}
	if q.Approved { // further questions are for those who are new
		return nil
	}
	var err error
	if o.agent == "" {
		if o.agent, err = f.IO.Ask(ctx, l.T("Name of the agent whose workstation it is"), "--agent"); err != nil {
			return err
		}
	}
	if len(o.roles) == 0 {
		i, err := f.IO.Choose(ctx, l.T("What may it do?"), []string{
			l.T("agent: open vaults, and those that people consent to"), l.T("deposit: deposit by reference, read nothing (servers)"),
			l.T("auditor: see ids, consents and accesses"), l.T("admin: enrol and revoke workstations"),
			l.T("admin and agent"),
		}, "--role")
		if err != nil {
			return err
		}
		o.roles = [][]string{{"agent"}, {"deposit"}, {"auditor"}, {"admin"}, {"admin", "agent"}}[i]
	}
	return nil
}

func (f *Factory) writeApproved(w io.Writer, a *api.Approved) error {
	l := f.Lang()
	p := &page{f: f, l: l}
	for _, line := range phrase.Approved(l, a) {
		p.para(line)
	}
	_, err := io.WriteString(w, p.String())
	return err
}
