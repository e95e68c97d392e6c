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
	"vaultctl/internal/termio"
)

func newTeam(f *Factory) *cobra.Command {
	return newNoun("team", lang.Key("Teams, to which people give their consent"), newTeamAdd(f), newTeamList(f), newTeamShow(f),
		newTeamRemove(f), newTeamMember(f))
}

func newTeamAdd(f *Factory) *cobra.Command {
	return &cobra.Command{
		Use:     "add NAME",
		Short:   lang.Key("Make a team with yourself as its first member"),
		Example: "  vaultctl team add housing",
		Args:    argsFromUse,
		RunE:    func(cmd *cobra.Command, args []string) error { return runTeamAdd(cmd.Context(), f, args[0]) },
	}
}

func runTeamAdd(ctx context.Context, f *Factory, name string) error {
	c, err := f.Client(ctx)
	if err != nil {
		return err
	}
	team, err := apiclient.Call[api.Team](ctx, c, api.RouteTeamAdd, api.TeamAddRequest{Name: name})
	if err != nil {
		return err
	}
	return emit(f, team, func(w io.Writer, t api.Team) error {
		_, err := fmt.Fprintln(w, f.IO.Clean(f.Lang().T("Team %s is made; its members: %s.", t.Name, strings.Join(t.Members, ", "))))
		return err
	})
}

func newTeamList(f *Factory) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   lang.Key("List the teams with their members"),
		Example: "  vaultctl team list",
		Args:    argsFromUse,
		RunE: func(cmd *cobra.Command, _ []string) error {
			l := f.Lang()
			return listOf(cmd.Context(), f, api.RouteTeamList, []string{l.T("name"), l.T("members"), l.T("id")}, func(t api.Team) []termio.Cell {
				return []termio.Cell{{Text: t.Name}, {Text: strings.Join(t.Members, ", ")}, {Text: t.ID, Style: termio.Faint}}
			})
		},
	}
}

func newAgent(f *Factory) *cobra.Command {
	return newNoun("agent", lang.Key("Agents, the people who work with vaults"), newAgentList(f), newAgentShow(f), newAgentRemove(f))
}

func newAgentList(f *Factory) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   lang.Key("List the agents with their teams and devices"),
		Example: "  vaultctl agent list",
		Args:    argsFromUse,
		RunE: func(cmd *cobra.Command, _ []string) error {
			l := f.Lang()
			header := []string{l.T("name"), l.T("teams"), l.T("devices"), l.T("id")}
			return listOf(cmd.Context(), f, api.RouteAgentList, header, func(a api.Agent) []termio.Cell {
				return []termio.Cell{{Text: a.Name}, {Text: strings.Join(a.Teams, ", ")}, {Text: strings.Join(a.Devices, ", ")},
					{Text: a.ID, Style: termio.Faint}}
			})
		},
	}
}

// listOf prints what a call without content lists.
func listOf[T any](ctx context.Context, f *Factory, route string, header []string, row func(T) []termio.Cell) error {
	c, err := f.Client(ctx)
	if err != nil {
		return err
	}
	return emitList(f, apiclient.List[T](ctx, c, route, api.Empty{}), header, row)
}
