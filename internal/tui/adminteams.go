package tui

import (
	"context"
	"slices"
	"strings"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	"vaultctl/internal/phrase"
	"vaultctl/internal/termio"
	"vaultctl/internal/vault"
)

// loadTeams shows the teams, then the agents.
func loadTeams(ctx context.Context, d *desk, c *content) error {
	teams, err := list[api.Team](ctx, d, api.RouteTeamList, api.Empty{})
	if err != nil {
		return err
	}
	agents, err := list[api.Agent](ctx, d, api.RouteAgentList, api.Empty{})
	if err != nil {
		return err
	}
	l := d.l
	c.none = l.T("No team.")
	for i := range teams {
		t := &teams[i]
		c.rows = append(c.rows, row{section: l.T("Teams"), item: t, cells: []termio.Cell{cell(t.Name), cell(strings.Join(t.Members, ", ")),
			{Text: t.ID, Style: termio.Faint}}})
	}
	for i := range agents {
		a := &agents[i]
		c.rows = append(c.rows, row{section: l.T("Agents"), item: a, cells: []termio.Cell{cell(a.Name), agentCell(l, a), {Text: a.ID, Style: termio.Faint}}})
	}
	return nil
}

// agentCell says in which teams an agent is, and on how many workstations.
func agentCell(l lang.Lang, a *api.Agent) termio.Cell {
	if len(a.Devices) == 0 {
		return termio.Cell{Text: "✗ " + l.T("no workstation any more"), Style: termio.Faint}
	}
	words := l.T("in no team")
	if len(a.Teams) > 0 {
		words = termio.Clean(strings.Join(a.Teams, ", "))
	}
	return termio.Cell{Text: words + " · " + l.N(len(a.Devices), "%d workstation", "%d workstations")}
}

func teamActions() []action {
	return []action{
		{key: "enter", label: lang.Key("show it"), needs: oneRow, does: []string{"team list", "team show", "agent list", "agent show"}, run: showTeam},
		{key: "i", label: lang.Key("let an agent in"), needs: oneRow, does: []string{"team member add"}, run: addMember},
		{key: "a", label: lang.Key("make a team"), admin: true, does: []string{"team add"}, run: addTeam},
		{key: "M", label: lang.Key("take a member out"), needs: oneRow, does: []string{"team member remove"}, run: removeMember},
		{key: "E", label: lang.Key("end the team, remove the agent"), needs: oneRow, admin: true, does: []string{"team remove", "agent remove"}, run: endTeam},
	}
}

func showTeam(ctx context.Context, d *desk, c chosen) error {
	l := d.l
	switch it := c.item().(type) {
	case *api.Team:
		t, err := call[api.Team](ctx, d, api.RouteTeamShow, api.TeamRequest{Team: it.ID})
		if err != nil {
			return err
		}
		return d.read(ctx, teamSheet(l, &t))
	case *api.Agent:
		a, err := call[api.Agent](ctx, d, api.RouteAgentShow, api.AgentRequest{Agent: it.ID})
		if err != nil {
			return err
		}
		return d.read(ctx, &sheet{title: termio.Isolate(termio.Clean(a.Name)), lines: labelled([][2]string{
			{l.T("teams"), strings.Join(a.Teams, ", ")}, {l.T("devices"), strings.Join(a.Devices, ", ")}, {l.T("id"), a.ID}})})
	}
	return errBack
}

func teamSheet(l lang.Lang, t *api.Team) *sheet {
	lines := labelled([][2]string{{l.T("name"), t.Name}, {l.T("members"), strings.Join(t.Members, ", ")},
		{l.T("vaults"), l.N(t.Consents, "%d vault", "%d vaults")}, {l.T("id"), t.ID}})
	return &sheet{title: termio.Isolate(termio.Clean(t.Name)), lines: append(lines, phrase.TeamNotes(l, t)...)}
}

func addTeam(ctx context.Context, d *desk, _ chosen) error {
	var name string
	var made api.Team
	f := &form{title: d.l.T("Make a team"), intro: []string{d.l.T("People give their consent to a team. You are its first member.")},
		fields: []*field{{kind: oneLine, label: d.l.T("Name"), text: &name, needed: true}}}
	err := d.insist(ctx, f, func() (err error) {
		made, err = call[api.Team](ctx, d, api.RouteTeamAdd, api.TeamAddRequest{Name: name})
		return err
	})
	if err == nil {
		d.note(d.l.T("Team %s is made; its members: %s.", termio.Clean(made.Name), termio.Clean(strings.Join(made.Members, ", "))))
	}
	return err
}

// ofTeam returns the team of the row, or has one chosen for the agent of the row.
func ofTeam(ctx context.Context, d *desk, c *chosen, title string, fits func(*api.Team, *api.Agent) bool) (*api.Team, *api.Agent, error) {
	switch it := c.item().(type) {
	case *api.Team:
		return it, nil, nil
	case *api.Agent:
		teams, err := list[api.Team](ctx, d, api.RouteTeamList, api.Empty{})
		if err != nil {
			return nil, nil, err
		}
		var options []option
		for i := range teams {
			if fits(&teams[i], it) {
				options = append(options, option{teams[i].ID, teams[i].Name})
			}
		}
		id, err := chooseOne(ctx, d, title, d.l.T("Which team?"), options)
		for i := range teams {
			if err == nil && teams[i].ID == id {
				return &teams[i], it, nil
			}
		}
		return nil, nil, err
	}
	return nil, nil, errBack
}

// chooseOne asks for one of the options.
func chooseOne(ctx context.Context, d *desk, title, question string, options []option) (string, error) {
	if len(options) == 0 {
		return "", vault.Errorf(vault.CodeUsage, "there is nobody and nothing to choose from")
	}
	value := options[0].value
	err := d.fill(ctx, &form{title: title, fields: []*field{{kind: choice, label: question, text: &value, options: options, needed: true}}})
	return value, err
}

// agentFor returns the agent of the row, or has one chosen whom fits accepts.
func agentFor(ctx context.Context, d *desk, a *api.Agent, title string, fits func(*api.Agent) bool) (*api.Agent, error) {
	if a != nil {
		return a, nil
	}
	agents, err := list[api.Agent](ctx, d, api.RouteAgentList, api.Empty{})
	if err != nil {
		return nil, err
	}
	var options []option
	for i := range agents {
		if fits(&agents[i]) {
			options = append(options, option{agents[i].ID, agents[i].Name})
		}
	}
	id, err := chooseOne(ctx, d, title, d.l.T("Which agent?"), options)
	for i := range agents {
		if err == nil && agents[i].ID == id {
			return &agents[i], nil
		}
	}
	return nil, err
}

func isIn(t *api.Team, a *api.Agent) bool { return slices.Contains(a.Teams, t.Name) }

func addMember(ctx context.Context, d *desk, c chosen) error {
	title := d.l.T("Let an agent into a team")
	t, a, err := ofTeam(ctx, d, &c, title, func(t *api.Team, a *api.Agent) bool { return !isIn(t, a) })
	if err != nil {
		return err
	}
	a, err = agentFor(ctx, d, a, title, func(a *api.Agent) bool { return !isIn(t, a) && len(a.Devices) > 0 })
	if err != nil {
		return err
	}
	if err := d.agree(ctx, title, d.l.T("Let %s into %s?", termio.Clean(a.Name), termio.Clean(t.Name)),
		d.l.T("They read every vault that is consented to the team, on all their workstations.")); err != nil {
		return err
	}
	return changeTeam(ctx, d, api.RouteMemberAdd, api.MemberRequest{Team: t.ID, Agent: a.ID})
}

func removeMember(ctx context.Context, d *desk, c chosen) error {
	title := d.l.T("Take an agent out of a team")
	t, a, err := ofTeam(ctx, d, &c, title, isIn)
	if err != nil {
		return err
	}
	a, err = agentFor(ctx, d, a, title, func(a *api.Agent) bool { return isIn(t, a) })
	if err != nil {
		return err
	}
	if err := d.agree(ctx, title, d.l.T("Take %s out of %s?", termio.Clean(a.Name), termio.Clean(t.Name)),
		d.l.T("What is deposited afterwards they cannot read; what they have read cannot be called back.")); err != nil {
		return err
	}
	return changeTeam(ctx, d, api.RouteMemberRemove, api.MemberRequest{Team: t.ID, Agent: a.ID})
}

// changeTeam changes a team, and shows how it is then.
func changeTeam(ctx context.Context, d *desk, route string, req any) error {
	t, err := stream[api.Team](ctx, d, route, req)
	if err != nil {
		return err
	}
	return d.read(ctx, teamSheet(d.l, &t))
}

// endTeam ends a team, or an agent's work here.
func endTeam(ctx context.Context, d *desk, c chosen) error {
	l := d.l
	switch it := c.item().(type) {
	case *api.Team:
		name := termio.Isolate(termio.Clean(it.Name))
		if err := d.agree(ctx, name, l.T("End the team %s?", name),
			l.T("Everybody leaves it. While somebody's consent to it is in force it stays.")); err != nil {
			return err
		}
		return changeTeam(ctx, d, api.RouteTeamRemove, api.TeamRequest{Team: it.ID})
	case *api.Agent:
		name := termio.Isolate(termio.Clean(it.Name))
		title := l.T("Remove the agent %s", name)
		compromised, err := askCompromised(ctx, d, title, []string{
			l.T("All their workstations are revoked, they leave every team, and new keys are made of what they held. What is consented to them alone stays sealed to the person's card and to recovery.")})
		if err != nil {
			return err
		}
		return endAccess(ctx, d, title, api.RouteAgentRemove, api.AgentRemoveRequest{Agent: it.ID, Compromised: compromised})
	}
	return errBack
}
