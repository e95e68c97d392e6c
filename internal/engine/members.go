package engine

import (
	"context"
	"slices"
	"strings"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// findNamedTeam finds a team of several by id or name. Errors have CodeNotFound, or CodeAmbiguous for a name that two bear.
func findNamedTeam(org *vault.Org, text string) (*vault.Team, error) {
	text = strings.TrimPrefix(strings.TrimSpace(text), "team:")
	var found *vault.Team
	for id, t := range org.Teams {
		if t.Solo != "" || string(id) != text && foldName(t.Name) != foldName(text) {
			continue
		}
		if found != nil {
			return nil, vault.Errorf(vault.CodeAmbiguous, "several teams or agents have this name: give the id")
		}
		found = t
	}
	if found == nil {
		return nil, api.WithHint(vault.Errorf(vault.CodeNotFound, "no such team"), "`vaultctl team list` shows every team")
	}
	return found, nil
}

// TeamShow returns a team with how many vaults are consented to it. Errors: CodeNotFound, CodeAmbiguous.
func (e *Engine) TeamShow(_ context.Context, req api.TeamRequest) (api.Team, error) {
	_, org, err := e.ready()
	if err != nil {
		return api.Team{}, err
	}
	t, err := findNamedTeam(org, req.Team)
	if err != nil {
		return api.Team{}, err
	}
	return e.teamShown(t.Team)
}

func (e *Engine) teamShown(id vault.TeamID) (api.Team, error) {
	_, org, err := e.ready()
	if err != nil {
		return api.Team{}, err
	}
	out := teamView(org, org.Teams[id])
	cur := org.Current(vault.EpochTeam, id)
	out.Waiting = len(out.Members) > 0 && (cur == nil || org.Outdated(cur))
	e.mu.RLock()
	defer e.mu.RUnlock()
	for _, s := range e.people {
		if slices.Contains(s.teams, id) {
			out.Consents++
		}
	}
	return out, nil
}

// AgentShow returns an agent. Errors: CodeNotFound, CodeAmbiguous.
func (e *Engine) AgentShow(_ context.Context, req api.AgentRequest) (api.Agent, error) {
	_, org, err := e.ready()
	if err != nil {
		return api.Agent{}, err
	}
	id, err := findAgent(org, req.Agent)
	if err != nil {
		return api.Agent{}, err
	}
	return agentView(org, id), nil
}

// TeamMemberAdd lets an agent into a team of this device's agent: every workstation of theirs gets the team's key, and reads
// what is consented to the team. An admin names the first member of a team that never had one. Errors: CodeNotFound,
// CodeAmbiguous, CodeConflict for who is in it with all their workstations, CodePolicy for a caller who is no member.
func (e *Engine) TeamMemberAdd(ctx context.Context, req api.MemberRequest, tell func(api.Progress)) (api.Team, error) {
	team, agent, err := e.memberRequest(ctx, req)
	if err != nil {
		return api.Team{}, err
	}
	if err = e.commit(ctx, func(t *tx) error { return t.admit(team, agent) }); err != nil {
		return api.Team{}, err
	}
	return e.teamChanged(ctx, team, tell)
}

// memberRequest finds the team and the agent, in what the remotes have now.
func (e *Engine) memberRequest(ctx context.Context, req api.MemberRequest) (vault.TeamID, vault.AgentID, error) {
	org, err := e.refreshed(ctx)
	if err != nil {
		return "", "", err
	}
	t, err := findNamedTeam(org, req.Team)
	if err != nil {
		return "", "", err
	}
	agent, err := findAgent(org, req.Agent)
	return t.Team, agent, err
}

// admit records a membership and gives the team's key to the agent's workstations.
func (t *tx) admit(team vault.TeamID, agent vault.AgentID) error {
	org, self := t.org(), t.org().Devices[t.e.self().Device]
	members := org.Teams[team].MembersNow()
	cur := org.Current(vault.EpochTeam, team)
	mine := self != nil && self.Has(vault.RoleAgent) && slices.Contains(members, self.Agent) && cur != nil && slices.Contains(cur.Holders(), self.Device)
	first := len(org.Teams[team].Members) == 0 && self != nil && self.Has(vault.RoleAdmin)
	if !mine && !first {
		return api.WithHint(vault.Errorf(vault.CodePolicy, "only a member lets others into a team"),
			"`vaultctl team show` names its members; one of them does it on their workstation")
	}
	var missing []vault.DeviceID
	for _, d := range devicesOf(org, agent) {
		if mine && d.Holds(vault.EpochTeam) && !slices.Contains(cur.Holders(), d.Device) {
			missing = append(missing, d.Device)
		}
	}
	in := slices.Contains(members, agent)
	if in && len(missing) == 0 {
		return vault.Errorf(vault.CodeConflict, "the agent is in the team already, with every workstation")
	}
	if !in {
		if err := t.emit(vault.TeamMember, "", vault.MemberBody{Team: team, Agent: agent}); err != nil {
			return err
		}
	}
	for _, id := range missing {
		if err := t.extendEpoch(t.org().Current(vault.EpochTeam, team), t.org().Devices[id]); err != nil {
			return err
		}
	}
	return nil
}

// TeamMemberRemove takes an agent out of a team. The team's key is made anew at once where this device holds it, else by the
// first member's workstation that hears of it. Errors: CodeNotFound, CodeAmbiguous, CodeConflict for who is not in it,
// CodePolicy for the last member, and for a caller who is neither a member nor an admin.
func (e *Engine) TeamMemberRemove(ctx context.Context, req api.MemberRequest, tell func(api.Progress)) (api.Team, error) {
	team, agent, err := e.memberRequest(ctx, req)
	if err != nil {
		return api.Team{}, err
	}
	err = e.commit(ctx, func(t *tx) error {
		members := t.org().Teams[team].MembersNow()
		switch {
		case !slices.Contains(members, agent):
			return vault.Errorf(vault.CodeConflict, "the agent is not in the team")
		case len(members) == 1:
			return api.WithHint(vault.Errorf(vault.CodePolicy, "this is the last member of the team: nobody could open what is consented to it"),
				"let another agent in first, or end the team with `vaultctl team remove`")
		case !t.endsMembership(team):
			return errNotMember()
		}
		return t.emit(vault.TeamMember, "", vault.MemberBody{Team: team, Agent: agent, Left: true})
	})
	if err != nil {
		return api.Team{}, err
	}
	return e.teamChanged(ctx, team, tell)
}

func errNotMember() error {
	return api.WithHint(vault.Errorf(vault.CodePolicy, "only a member of the team or an administrator does this"),
		"`vaultctl team show` names its members")
}

// endsMembership reports whether this device may end somebody's stay in the team.
func (t *tx) endsMembership(team vault.TeamID) bool {
	self := t.org().Devices[t.e.self().Device]
	return self != nil && (self.Has(vault.RoleAdmin) || self.Has(vault.RoleAgent) && slices.Contains(t.org().Teams[team].MembersNow(), self.Agent))
}

// TeamRemove ends a team to which nobody consents any more: everybody leaves it, and it is listed no more. Errors:
// CodeNotFound, CodeAmbiguous, CodeConflict while vaults are consented to it, CodePolicy as for TeamMemberRemove.
func (e *Engine) TeamRemove(ctx context.Context, req api.TeamRequest, tell func(api.Progress)) (api.Team, error) {
	if _, err := e.refreshed(ctx); err != nil {
		return api.Team{}, err
	}
	shown, err := e.TeamShow(ctx, req)
	if err != nil {
		return api.Team{}, err
	}
	if shown.Consents > 0 {
		return api.Team{}, api.WithHint(vault.Errorf(vault.CodeConflict, "the team is still consented to: %d vaults", shown.Consents),
			"record a consent to another team for them, or their withdrawal, first")
	}
	id := vault.TeamID(shown.ID)
	if err = e.commit(ctx, func(t *tx) error { return t.dissolve(id) }); err != nil {
		return api.Team{}, err
	}
	return e.teamChanged(ctx, id, tell)
}

// dissolve has everybody leave a team, this device's agent last, who may end the others' stay as a member only.
func (t *tx) dissolve(id vault.TeamID) error {
	members := t.org().Teams[id].MembersNow()
	if len(members) == 0 {
		return vault.Errorf(vault.CodeConflict, "the team has no member")
	}
	if !t.endsMembership(id) {
		return errNotMember()
	}
	self := t.e.self().Agent
	if i := slices.Index(members, self); i >= 0 {
		members = append(slices.Delete(members, i, i+1), self)
	}
	for _, a := range members {
		if err := t.emit(vault.TeamMember, "", vault.MemberBody{Team: id, Agent: a, Left: true}); err != nil {
			return err
		}
	}
	return nil
}

// teamChanged renews the keys that a change of a team outdates, and sends it.
func (e *Engine) teamChanged(ctx context.Context, id vault.TeamID, tell func(api.Progress)) (api.Team, error) {
	if err := e.renewKeys(ctx, true); err != nil {
		e.log.Warn("renew keys", "code", vault.CodeOf(err))
	}
	if err := e.summarizeAgain(ctx); err != nil {
		return api.Team{}, err
	}
	if err := e.flush(ctx); err != nil {
		return api.Team{}, err
	}
	out, err := e.teamShown(id)
	if err != nil {
		return out, err
	}
	if err := e.waitPushed(ctx, defaultWait, tell); err != nil {
		e.log.Warn("push a change of a team", "code", vault.CodeOf(err))
		out.Queued = true
	}
	return out, nil
}
