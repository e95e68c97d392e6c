package cli

import (
	"io"
	"strings"

	"github.com/spf13/cobra"

	"vaultctl/internal/api"
	"vaultctl/internal/apiclient"
	"vaultctl/internal/lang"
	"vaultctl/internal/phrase"
)

func newTeamShow(f *Factory) *cobra.Command {
	return &cobra.Command{
		Use:               "show TEAM",
		Short:             lang.Key("Show a team with its members"),
		Example:           "  vaultctl team show housing",
		Args:              argsFromUse,
		ValidArgsFunction: positions(f.completeTeams),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := f.Client(cmd.Context())
			if err != nil {
				return err
			}
			t, err := apiclient.Call[api.Team](cmd.Context(), c, api.RouteTeamShow, api.TeamRequest{Team: args[0]})
			if err != nil {
				return err
			}
			return emit(f, t, f.printTeam)
		},
	}
}

func (f *Factory) printTeam(w io.Writer, t api.Team) error {
	l := f.Lang()
	if err := f.fields(w, l.T("name"), t.Name, l.T("members"), strings.Join(t.Members, ", "), l.T("vaults"), l.N(t.Consents, "%d vault", "%d vaults"),
		l.T("id"), t.ID); err != nil {
		return err
	}
	p := &page{f: f, l: l}
	p.line(phrase.TeamNotes(l, &t)...)
	_, err := io.WriteString(w, p.String())
	return err
}

func newTeamRemove(f *Factory) *cobra.Command {
	return &cobra.Command{
		Use:   "remove TEAM",
		Short: lang.Key("End a team to which nobody consents any more"),
		Long: "End a team: everybody leaves it. While somebody's consent to it is in force it stays; record their consent to another\n" +
			"team, or its withdrawal, first.",
		Example:           "  vaultctl team remove nights --yes",
		Args:              argsFromUse,
		ValidArgsFunction: positions(f.completeTeams),
		RunE: func(cmd *cobra.Command, args []string) error {
			q := f.Lang().T("End the team %s?", f.IO.CleanErr(args[0]))
			return f.changeTeam(cmd, q, api.RouteTeamRemove, api.TeamRequest{Team: args[0]})
		},
	}
}

func newTeamMember(f *Factory) *cobra.Command {
	return newNoun("member", lang.Key("Who is in a team"), newMemberAdd(f), newMemberRemove(f))
}

func newMemberAdd(f *Factory) *cobra.Command {
	return &cobra.Command{
		Use:   "add TEAM AGENT",
		Short: lang.Key("Let an agent into a team: they read what is consented to it"),
		Long: "Let an agent into a team, with all their workstations: they read every vault that is consented to it. Only a member\n" +
			"does this; an administrator who is none names the first member of a new team.",
		Example:           "  vaultctl team member add housing 'A. Martin'",
		Args:              argsFromUse,
		ValidArgsFunction: positions(f.completeTeams, f.completeAgents),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.changeTeam(cmd, "", api.RouteMemberAdd, api.MemberRequest{Team: args[0], Agent: args[1]})
		},
	}
}

func newMemberRemove(f *Factory) *cobra.Command {
	return &cobra.Command{
		Use:   "remove TEAM AGENT",
		Short: lang.Key("Take an agent out of a team, and make a new key for it"),
		Long: "Take an agent out of a team. What is deposited afterwards they cannot read; what they have read cannot be called back.\n" +
			"A member or an administrator does this.",
		Example:           "  vaultctl team member remove housing 'A. Martin' --yes",
		Args:              argsFromUse,
		ValidArgsFunction: positions(f.completeTeams, f.completeAgents),
		RunE: func(cmd *cobra.Command, args []string) error {
			q := f.Lang().T("Take %s out of %s?", f.IO.CleanErr(args[1]), f.IO.CleanErr(args[0]))
			return f.changeTeam(cmd, q, api.RouteMemberRemove, api.MemberRequest{Team: args[0], Agent: args[1]})
		},
	}
}

// changeTeam asks, where there is a question, and changes a team.
func (f *Factory) changeTeam(cmd *cobra.Command, question, route string, req any) error {
	c, err := f.Client(cmd.Context())
	if err != nil {
		return err
	}
	if question != "" {
		if err := f.sure(cmd.Context(), question); err != nil {
			return err
		}
	}
	report, done := f.stages()
	t, err := apiclient.Stream[api.Team](cmd.Context(), c, route, req, report)
	done()
	if err != nil {
		return err
	}
	return emit(f, t, f.printTeam)
}

// completeTeams offers teams by name.
func (f *Factory) completeTeams(cmd *cobra.Command, _ []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var found []cobra.Completion
	for t := range askDaemon[api.Team](cmd.Context(), f, api.RouteTeamList, api.Empty{}) {
		found = append(found, f.described(t.Name, strings.Join(t.Members, ", ")))
	}
	return found, noFiles
}
