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
)

func newDeviceRevoke(f *Factory) *cobra.Command {
	var compromised bool
	cmd := &cobra.Command{
		Use:   "revoke DEVICE",
		Short: lang.Key("End a workstation: it reads and writes nothing any more"),
		Long: "End a workstation, by its id or the beginning of it. What it wrote that no other workstation has read yet is set aside.\n" +
			"New keys are made of all that it held. What it has read cannot be called back; with --compromised everything that it\n" +
			"could read is sealed anew, in the background, as `vaultctl status` tells. The last administrator's workstation stays.",
		Example: "  vaultctl device revoke q7x2ka\n" +
			"  vaultctl device revoke q7x2ka --compromised --yes",
		Args:              argsFromUse,
		ValidArgsFunction: positions(f.completeDevices),
		RunE: func(cmd *cobra.Command, args []string) error {
			q := f.Lang().T("Revoke the workstation %s?", args[0])
			return f.remove(cmd.Context(), q, api.RouteDeviceRevoke, api.RevokeRequest{Device: args[0], Compromised: compromised})
		},
	}
	cmd.Flags().BoolVar(&compromised, "compromised", false, lang.Key("somebody may read with its keys: seal anew what it could read"))
	return cmd
}

func newAgentShow(f *Factory) *cobra.Command {
	return &cobra.Command{
		Use:               "show AGENT",
		Short:             lang.Key("Show an agent with their teams and devices"),
		Example:           "  vaultctl agent show 'A. Martin'",
		Args:              argsFromUse,
		ValidArgsFunction: positions(f.completeAgents),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := f.Client(cmd.Context())
			if err != nil {
				return err
			}
			a, err := apiclient.Call[api.Agent](cmd.Context(), c, api.RouteAgentShow, api.AgentRequest{Agent: args[0]})
			if err != nil {
				return err
			}
			return emit(f, a, func(w io.Writer, a api.Agent) error {
				l := f.Lang()
				return f.fields(w, l.T("name"), a.Name, l.T("teams"), strings.Join(a.Teams, ", "), l.T("devices"), strings.Join(a.Devices, ", "),
					l.T("id"), a.ID)
			})
		},
	}
}

func newAgentRemove(f *Factory) *cobra.Command {
	var compromised bool
	cmd := &cobra.Command{
		Use:   "remove AGENT",
		Short: lang.Key("End all of an agent's workstations and memberships"),
		Long: "End an agent's work here: all their workstations are revoked, they leave every team, and new keys are made at once of\n" +
			"what they held. What is consented to them alone stays sealed to the person's card and to recovery.",
		Example:           "  vaultctl agent remove 'A. Martin' --yes",
		Args:              argsFromUse,
		ValidArgsFunction: positions(f.completeAgents),
		RunE: func(cmd *cobra.Command, args []string) error {
			q := f.Lang().T("Remove %s, with every workstation and from every team?", f.IO.CleanErr(args[0]))
			return f.remove(cmd.Context(), q, api.RouteAgentRemove, api.AgentRemoveRequest{Agent: args[0], Compromised: compromised})
		},
	}
	cmd.Flags().BoolVar(&compromised, "compromised", false, lang.Key("somebody may read with their keys: seal anew what they could read"))
	return cmd
}

// remove asks, and ends a workstation or an agent.
func (f *Factory) remove(ctx context.Context, question, route string, req any) error {
	c, err := f.Client(ctx)
	if err != nil {
		return err
	}
	if err := f.sure(ctx, question); err != nil {
		return err
	}
	report, done := f.stages()
	res, err := apiclient.Stream[api.Removal](ctx, c, route, req, report)
	done()
	if err != nil {
		return err
	}
	return emit(f, res, f.printRemoval)
}

func (f *Factory) printRemoval(w io.Writer, r api.Removal) error {
	l := f.Lang()
	p := &page{f: f, l: l}
	p.line(phrase.Removal(l, &r, f.IO.Clean)...)
	_, err := io.WriteString(w, p.String())
	return err
}

// completeDevices offers workstations that are not revoked.
func (f *Factory) completeDevices(cmd *cobra.Command, _ []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var found []cobra.Completion
	for d := range askDaemon[api.Device](cmd.Context(), f, api.RouteDeviceList, api.Empty{}) {
		if d.State == "active" {
			found = append(found, f.described(d.ID, d.Agent))
		}
	}
	return found, noFiles
}
