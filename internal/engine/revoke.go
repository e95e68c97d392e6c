package engine

import (
	"context"
	"slices"
	"strings"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// DeviceRevoke ends a device: what it wrote beyond what this one has read is not applied, and new keys are made of all that
// it held and this device may renew; the members of other teams renew theirs by themselves. Compromised says that somebody
// may read with its keys: then everything it could read is sealed anew, in the background. What it read before cannot be
// recalled. Errors: CodeNotFound, CodeAmbiguous, CodeConflict where it is revoked already, CodePolicy for a caller who is no
// admin and for the last admin's device.
func (e *Engine) DeviceRevoke(ctx context.Context, req api.RevokeRequest, tell func(api.Progress)) (api.Removal, error) {
	org, err := e.revoker(ctx)
	if err != nil {
		return api.Removal{}, err
	}
	id, err := findDevice(org, req.Device)
	if err != nil {
		return api.Removal{}, err
	}
	d := org.Devices[id]
	if !d.Active() {
		return api.Removal{}, vault.Errorf(vault.CodeConflict, "the workstation is revoked already")
	}
	return e.remove(ctx, &removal{devices: []vault.DeviceID{id}, agent: d.Agent, compromised: req.Compromised}, tell)
}

// AgentRemove revokes every device of an agent and takes the agent out of every team, the team of one included. Errors: those
// of DeviceRevoke.
func (e *Engine) AgentRemove(ctx context.Context, req api.AgentRemoveRequest, tell func(api.Progress)) (api.Removal, error) {
	org, err := e.revoker(ctx)
	if err != nil {
		return api.Removal{}, err
	}
	id, err := findAgent(org, req.Agent)
	if err != nil {
		return api.Removal{}, err
	}
	r := &removal{agent: id, compromised: req.Compromised, teams: teamsOf(org, id)}
	for _, d := range devicesOf(org, id) {
		r.devices = append(r.devices, d.Device)
	}
	if len(r.devices)+len(r.teams) == 0 {
		return api.Removal{}, vault.Errorf(vault.CodeConflict, "the agent has no workstation and no team any more")
	}
	if slices.Contains(r.devices, e.self().Device) {
		return api.Removal{}, api.WithHint(vault.Errorf(vault.CodePolicy, "nobody removes themselves: this workstation is the agent's"),
			"another administrator does it")
	}
	return e.remove(ctx, r, tell)
}

// refreshed brings what others wrote up to date, as far as the remotes answer, and returns the organization then. Errors have
// CodePolicy for a revoked device.
func (e *Engine) refreshed(ctx context.Context) (*vault.Org, error) {
	if _, _, err := e.ready(); err != nil {
		return nil, err
	}
	if err := e.refuseRevoked(); err != nil {
		return nil, err
	}
	if _, err := e.pull(ctx); vault.CodeOf(err) == vault.CodeInterrupted {
		return nil, err
	}
	_, org, err := e.ready()
	if err != nil {
		return nil, err
	}
	return org, e.refuseRevoked()
}

// revoker returns the organization, up to date, if this device may revoke.
func (e *Engine) revoker(ctx context.Context) (*vault.Org, error) {
	org, err := e.refreshed(ctx)
	if err != nil {
		return nil, err
	}
	if d := org.Devices[e.self().Device]; d == nil || !d.Has(vault.RoleAdmin) {
		return nil, api.WithHint(vault.Errorf(vault.CodePolicy, "only an administrator's workstation does this"),
			"`vaultctl device list` shows whose they are")
	}
	return org, nil
}

// findDevice finds a device by its id or the beginning of it. Errors have CodeUsage, CodeNotFound or CodeAmbiguous.
func findDevice(org *vault.Org, text string) (vault.DeviceID, error) {
	text = strings.ToLower(strings.TrimSpace(text))
	if len(text) < 4 {
		return "", vault.Errorf(vault.CodeUsage, "a workstation is named by its id, or by at least four characters of its beginning")
	}
	var found []vault.DeviceID
	for id := range org.Devices {
		if strings.HasPrefix(string(id), text) {
			found = append(found, id)
		}
	}
	switch len(found) {
	case 0:
		return "", api.WithHint(vault.Errorf(vault.CodeNotFound, "no such workstation"), "`vaultctl device list` shows every one")
	case 1:
		return found[0], nil
	}
	return "", vault.Errorf(vault.CodeAmbiguous, "several workstations begin like this: give more of the id")
}

// teamsOf returns the teams that an agent is in, sorted, the team of one included.
func teamsOf(org *vault.Org, agent vault.AgentID) []vault.TeamID {
	var out []vault.TeamID
	for id, t := range org.Teams {
		if slices.Contains(t.MembersNow(), agent) {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}

// removal is the end of devices and memberships on its way.
type removal struct {
	devices     []vault.DeviceID
	agent       vault.AgentID
	teams       []vault.TeamID // that the agent leaves
	compromised bool
}

// build records it. The cut-off is what this device has read of each writer.
func (r *removal) build(t *tx) error {
	org := t.org()
	left := slices.ContainsFunc(mapKeys(org.Devices), func(id vault.DeviceID) bool {
		d := org.Devices[id]
		return d.Active() && d.Has(vault.RoleAdmin) && !slices.Contains(r.devices, id)
	})
	if !left {
		return api.WithHint(vault.Errorf(vault.CodePolicy, "this is the last administrator's workstation: nobody could enrol another one"),
			"enrol another administrator first; if it is lost, `vaultctl join --recover` goes on with root and recovery")
	}
	if slices.Contains(r.devices, t.rec.Writer.Device()) { // it would send nothing any more, its own end included
		return api.WithHint(vault.Errorf(vault.CodePolicy, "this is the workstation that you sit at"), "another administrator does it")
	}
	for _, id := range r.devices {
		if !org.Devices[id].Active() {
			continue
		}
		cut := map[vault.WriterID]uint64{}
		for w, next := range t.rec.Past {
			if w.Device() == id {
				cut[w] = next
			}
		}
		if err := t.emit(vault.DeviceRevoked, "", vault.RevokeBody{Device: id, Cut: cut, Compromised: r.compromised}); err != nil {
			return err
		}
	}
	for _, id := range r.teams {
		if err := t.emit(vault.TeamMember, "", vault.MemberBody{Team: id, Agent: r.agent, Left: true}); err != nil {
			return err
		}
	}
	return nil
}

func mapKeys[K comparable, V any](m map[K]V) []K {
	out := make([]K, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	return out
}

// remove records a removal, renews what this device may renew, and tells what is left to others.
func (e *Engine) remove(ctx context.Context, r *removal, tell func(api.Progress)) (api.Removal, error) {
	if err := e.commit(ctx, r.build); err != nil {
		return api.Removal{}, err
	}
	return e.afterRemoval(ctx, r, tell)
}

func (e *Engine) afterRemoval(ctx context.Context, r *removal, tell func(api.Progress)) (api.Removal, error) {
	// From here on it stands; what fails is taken up again in the background.
	if err := e.renewKeys(ctx, true); err != nil && vault.CodeOf(err) != vault.CodePolicy {
		e.log.Warn("renew keys", "code", vault.CodeOf(err))
	}
	if err := e.flush(ctx); err != nil {
		return api.Removal{}, err
	}
	keys, org := e.view()
	if keys == nil {
		return api.Removal{}, vault.Errorf(vault.CodeLocked, "the vaults are locked")
	}
	if err := e.summarizeAgain(ctx); err != nil {
		return api.Removal{}, err
	}
	out := api.Removal{Head: api.H("removal"), Agent: org.AgentName(r.agent), Compromised: r.compromised, Devices: []string{}, Teams: []string{},
		Waiting: []string{}, Resealing: e.toReseal()}
	for _, id := range r.devices {
		out.Devices = append(out.Devices, string(id))
	}
	for _, id := range r.teams {
		out.Teams = append(out.Teams, teamWord(org, id))
	}
	slices.Sort(out.Teams)
	out.Waiting = waitingTeams(org)
	if err := e.waitPushed(ctx, defaultWait, tell); err != nil {
		e.log.Warn("push a removal", "code", vault.CodeOf(err))
		out.Queued = true
	}
	e.resumeSoon() // the reseal begins
	return out, nil
}

// waitingTeams names the teams whose key is held by somebody who should not hold it, and of which a member has to make the
// next one.
func waitingTeams(org *vault.Org) []string {
	out := []string{}
	for id := range org.Teams {
		if cur := org.Current(vault.EpochTeam, id); cur != nil && org.Outdated(cur) && len(org.Serving(cur)) > 0 {
			out = append(out, teamWord(org, id))
		}
	}
	slices.Sort(out)
	return out
}

// summarizeAgain makes the summaries of all vaults anew: who reads what has changed.
func (e *Engine) summarizeAgain(ctx context.Context) error {
	return e.exclusive(ctx, func() error {
		keys, org := e.view()
		if keys == nil {
			return vault.Errorf(vault.CodeLocked, "the vaults are locked")
		}
		people, err := e.summarizeAll(org, keys)
		if err == nil {
			err = e.keepPeople(people, peopleMark(org, keys))
		}
		if err != nil {
			return err
		}
		e.mu.Lock()
		defer e.mu.Unlock()
		e.people = people
		return nil
	})
}
