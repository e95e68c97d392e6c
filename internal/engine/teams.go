package engine

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// TeamAdd creates a team whose first member is this device's agent, where that is an agent's. Errors have CodeConflict for a name that exists.
func (e *Engine) TeamAdd(ctx context.Context, req api.TeamAddRequest) (api.Team, error) {
	_, org, err := e.ready()
	if err != nil {
		return api.Team{}, err
	}
	name := strings.TrimSpace(req.Name)
	if name == "" || len(name) > 200 || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' }) {
		return api.Team{}, vault.Errorf(vault.CodeInvalid, "a team needs a name of at most 200 bytes, on one line")
	}
	ident := e.self()
	self := org.Devices[ident.Device]
	if self == nil {
		return api.Team{}, vault.Errorf(vault.CodePolicy, "this device is not enrolled")
	}
	id := vault.NewTeamID(ident.Device)
	ep, err := e.makeEpoch(vault.EpochTeam, id, 0)
	if err != nil {
		return api.Team{}, err
	}
	err = e.commit(ctx, func(t *tx) error {
		for _, other := range t.org().Teams {
			if other.Solo == "" && foldName(other.Name) == foldName(name) {
				return vault.Errorf(vault.CodeConflict, "there is a team of that name already")
			}
		}
		if err := t.emit(vault.TeamAdded, "", vault.TeamBody{Team: id, Name: name}); err != nil {
			return err
		}
		if !self.Has(vault.RoleAgent) { // an admin makes a team for others, and names its first member
			return nil
		}
		devices := slices.DeleteFunc(devicesOf(t.org(), ident.Agent), func(d vault.DeviceBody) bool { return !d.Holds(vault.EpochTeam) })
		return t.openEpochs([]*newEpoch{ep}, devices, nil, nil)
	})
	if err != nil {
		return api.Team{}, err
	}
	_, org, err = e.ready()
	if err != nil {
		return api.Team{}, err
	}
	return teamView(org, org.Teams[id]), nil
}

// devicesOf returns the active devices of an agent, sorted.
func devicesOf(org *vault.Org, agent vault.AgentID) []vault.DeviceBody {
	var out []vault.DeviceBody
	for _, d := range org.Devices {
		if d.Agent == agent && d.Active() {
			out = append(out, d.DeviceBody)
		}
	}
	slices.SortFunc(out, func(a, b vault.DeviceBody) int { return cmp.Compare(a.Device, b.Device) })
	return out
}

func teamView(org *vault.Org, t *vault.Team) api.Team {
	out := api.Team{Head: api.H("team"), ID: string(t.Team), Name: t.Name, Members: []string{}}
	for _, a := range t.MembersNow() {
		out.Members = append(out.Members, org.AgentName(a))
	}
	return out
}

// TeamList yields the teams by name; agents' teams of one are left out, and those that everybody has left.
func (e *Engine) TeamList(_ context.Context, _ api.Empty, yield func(api.Team) error) error {
	_, org, err := e.ready()
	if err != nil {
		return err
	}
	var out []api.Team
	for _, t := range org.Teams {
		if t.Solo == "" && (len(t.Members) == 0 || len(t.MembersNow()) > 0) {
			out = append(out, teamView(org, t))
		}
	}
	slices.SortFunc(out, func(a, b api.Team) int {
		return cmp.Or(cmp.Compare(foldName(a.Name), foldName(b.Name)), cmp.Compare(a.ID, b.ID))
	})
	return yieldAll(out, yield)
}

// AgentList yields the agents by name.
func (e *Engine) AgentList(_ context.Context, _ api.Empty, yield func(api.Agent) error) error {
	_, org, err := e.ready()
	if err != nil {
		return err
	}
	var out []api.Agent
	for id := range org.Agents {
		out = append(out, agentView(org, id))
	}
	slices.SortFunc(out, func(a, b api.Agent) int {
		return cmp.Or(cmp.Compare(foldName(a.Name), foldName(b.Name)), cmp.Compare(a.ID, b.ID))
	})
	return yieldAll(out, yield)
}

func agentView(org *vault.Org, id vault.AgentID) api.Agent {
	a := api.Agent{Head: api.H("agent"), ID: string(id), Name: org.AgentName(id), Teams: []string{}, Devices: []string{}}
	for _, t := range org.Teams {
		if t.Solo == "" && slices.Contains(t.MembersNow(), id) {
			a.Teams = append(a.Teams, t.Name)
		}
	}
	for _, d := range devicesOf(org, id) {
		a.Devices = append(a.Devices, string(d.Device))
	}
	slices.Sort(a.Teams)
	return a
}

// DeviceList yields the devices, the oldest first.
func (e *Engine) DeviceList(_ context.Context, _ api.Empty, yield func(api.Device) error) error {
	_, org, err := e.ready()
	if err != nil {
		return err
	}
	self := e.self().Device
	var out []api.Device
	for _, id := range slices.SortedFunc(maps.Keys(org.Devices), func(a, b vault.DeviceID) int {
		return cmp.Or(org.Devices[a].Since.Compare(org.Devices[b].Since), cmp.Compare(a, b))
	}) {
		d := org.Devices[id]
		v := api.Device{Head: api.H("device"), ID: string(id), Agent: org.AgentName(d.Agent), Roles: roleNames(d),
			Since: d.Since.Time().Format(time.RFC3339), State: "active", This: id == self}
		if !d.Active() {
			v.State = "revoked"
		}
		out = append(out, v)
	}
	return yieldAll(out, yield)
}

func yieldAll[T any](items []T, yield func(T) error) error {
	for _, it := range items {
		if err := yield(it); err != nil {
			return err
		}
	}
	return nil
}
