package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"vaultctl/internal/api"
	"vaultctl/internal/objecthash"
	"vaultctl/internal/vault"
)

// approval is one workstation about to be enrolled, or let into teams.
type approval struct {
	req      *vault.JoinRequest
	agent    vault.AgentID
	name     string // of a new agent, else ""
	roles    []vault.Role
	teams    []vault.TeamID // into which it was let
	enrolled bool
	again    bool // enrolled before, and its welcome is gone from the remotes
}

// DeviceApprove enrols the workstation that shows the code, if the words of its keys are those that its screen shows: an
// admin's device certifies it and gives it the epochs of its role. Where the workstation is of the caller's own agent, who
// may not be an admin once it is enrolled, it is let into the agent's teams as well. Errors: CodeNotFound for an unknown code,
// CodeConflict for one that is used, CodePolicy for other words, a request that is too old, or a caller who may not.
func (e *Engine) DeviceApprove(ctx context.Context, req api.ApproveRequest, tell func(api.Progress)) (api.Approved, error) {
	org, err := e.refreshed(ctx) // it may be enrolled, or revoked, elsewhere
	if err != nil {
		return api.Approved{}, err
	}
	q, err := e.findRequest(ctx, req.Code)
	if err != nil {
		return api.Approved{}, err
	}
	a := &approval{req: q}
	if err := e.checkWords(q, req.Words); err != nil {
		return api.Approved{}, err
	}
	self := org.Devices[e.self().Device]
	if self == nil {
		return api.Approved{}, vault.Errorf(vault.CodePolicy, "this device is not enrolled")
	}
	if err := a.plan(ctx, e, org, self, &req); err != nil {
		return api.Approved{}, err
	}
	if a.again {
		if err := e.sendWelcome(ctx, org.Devices[q.Device()]); err != nil {
			return api.Approved{}, fmt.Errorf("welcome a workstation: %w", err)
		}
	}
	if err := e.commit(ctx, func(t *tx) error { return a.build(t, self) }); err != nil {
		return api.Approved{}, err
	}
	if err := e.flush(ctx); err != nil {
		return api.Approved{}, err
	}
	if err := e.sendWelcomes(ctx); err != nil {
		return api.Approved{}, err
	}
	out := a.result(e)
	if err := e.waitPushed(ctx, defaultWait, tell); err != nil {
		e.log.Warn("push the approval", "code", vault.CodeOf(err))
		out.Queued = true
	}
	return out, nil
}

// checkWords compares the words that a person read on the new workstation's screen with those of the very keys that are
// about to be certified.
func (e *Engine) checkWords(q *vault.JoinRequest, typed string) error {
	if strings.TrimSpace(typed) == "" {
		return vault.Errorf(vault.CodeUsage, "the words that the new workstation shows are needed")
	}
	if !e.Words.SamePhrase(typed, e.shown(q, nil).Words) {
		return api.WithHint(vault.Errorf(vault.CodePolicy, "the words are not those of the request on the remote: nothing was approved"),
			"compare them once more, word by word; if they differ, somebody stands in between: do not approve")
	}
	return nil
}

// plan decides what there is to do, or why nothing may be done.
func (a *approval) plan(ctx context.Context, e *Engine, org *vault.Org, self *vault.Device, req *api.ApproveRequest) error {
	known := org.Devices[a.req.Device()]
	switch {
	case known != nil && !known.Active():
		return api.WithHint(vault.Errorf(vault.CodePolicy, "this workstation was revoked: its keys are not used again"),
			"`vaultctl join --anew` there makes new ones")
	case known != nil && self.Has(vault.RoleAdmin) && (e.unwelcomed(ctx, known.Device) || e.asksAgain(ctx, known.Device)):
		a.agent, a.again = known.Agent, true
		return nil
	case known != nil:
		return a.planTeams(e, org, self, known)
	case !self.Has(vault.RoleAdmin):
		return api.WithHint(vault.Errorf(vault.CodePolicy, "only an administrator's workstation enrols another one"),
			"ask an administrator for `vaultctl device approve`; once they have, the same command here lets it into your teams")
	case a.req.Stale(e.Now()):
		return api.WithHint(vault.Errorf(vault.CodePolicy, "the request is older than a week, or dated ahead"),
			"look at the clock of the new workstation; `vaultctl join` there asks again")
	}
	if err := a.takeRoles(req.Roles); err != nil {
		return err
	}
	id, err := findAgent(org, req.Agent)
	switch name, nerr := cleanLine("agent", req.Agent, maxName); {
	case nerr != nil:
		return nerr
	case vault.CodeOf(err) == vault.CodeNotFound && name != "" && !vault.LooksLikeID('a', name) && !strings.HasPrefix(name, "agent:"):
		a.agent, a.name = vault.NewAgentID(self.Device), name
	case err != nil && name == "":
		return vault.Errorf(vault.CodeUsage, "whose workstation is it? a name is needed")
	case err != nil:
		return err
	default:
		a.agent = id
	}
	return nil
}

// unwelcomed reports whether an enrolled device has written nothing yet, and finds no welcome on any remote that answers.
func (e *Engine) unwelcomed(ctx context.Context, id vault.DeviceID) bool {
	for w := range e.pastNow() {
		if w.Device() == id {
			return false
		}
	}
	return e.nowhere(ctx, vault.WelcomePath(id)) && !e.wrote(ctx, id)
}

// takeRoles checks the roles of the new device: one, or admin and agent.
func (a *approval) takeRoles(names []string) error {
	for _, n := range names {
		r := vault.Role(strings.TrimSpace(n))
		if !slices.Contains([]vault.Role{vault.RoleAdmin, vault.RoleAgent, vault.RoleDeposit, vault.RoleAuditor}, r) {
			return vault.Errorf(vault.CodeUsage, "roles are admin, agent, deposit and auditor")
		}
		if !slices.Contains(a.roles, r) {
			a.roles = append(a.roles, r)
		}
	}
	slices.Sort(a.roles) // admin before agent
	switch {
	case len(a.roles) == 0:
		return vault.Errorf(vault.CodeUsage, "roles are admin, agent, deposit and auditor")
	case len(a.roles) > 1 && !slices.Equal(a.roles, []vault.Role{vault.RoleAdmin, vault.RoleAgent}):
		return vault.Errorf(vault.CodeUsage, "a workstation has one role; only admin and agent go together")
	}
	return nil
}

// planTeams prepares to let an enrolled device into the teams of this device's agent.
func (a *approval) planTeams(e *Engine, org *vault.Org, self, known *vault.Device) error {
	a.agent = known.Agent
	if known.Agent == self.Agent && known.Device != self.Device && known.Has(vault.RoleAgent) && self.Has(vault.RoleAgent) {
		keys, _ := e.view()
		if len(teamsFor(org, keys, known)) > 0 {
			return nil
		}
		return vault.Errorf(vault.CodeConflict, "the workstation is enrolled and in your teams already")
	}
	err := vault.Errorf(vault.CodeConflict, "the workstation is enrolled already")
	if known.Agent != self.Agent && known.Has(vault.RoleAgent) {
		return api.WithHint(err, "a member lets its agent into a team: `vaultctl team member add`")
	}
	return err
}

// build records the approval.
func (a *approval) build(t *tx, self *vault.Device) error {
	org := t.org()
	dev := org.Devices[a.req.Device()]
	if dev == nil {
		if err := a.enrol(t); err != nil {
			return err
		}
		dev = t.org().Devices[a.req.Device()]
		a.enrolled = true
		for _, kind := range []vault.EpochKind{vault.EpochOrg, vault.EpochIntake, vault.EpochStaff} {
			cur := t.org().Current(kind, "")
			if cur == nil || !dev.Holds(kind) {
				continue
			}
			if err := t.extendEpoch(cur, dev); err != nil {
				return err
			}
		}
	}
	if a.agent != self.Agent || !self.Has(vault.RoleAgent) {
		return nil
	}
	for _, team := range teamsFor(t.org(), t.ov.keys, dev) {
		if err := t.extendEpoch(t.org().Current(vault.EpochTeam, team), dev); err != nil {
			return err
		}
		a.teams = append(a.teams, team)
	}
	return nil
}

// enrol certifies the device, with its agent where that is new.
func (a *approval) enrol(t *tx) error {
	if a.name != "" {
		if id, err := findAgent(t.org(), a.name); err == nil {
			a.agent, a.name = id, "" // added meanwhile
		}
	}
	if a.name != "" {
		err := t.emit(vault.AgentAdded, "", vault.AgentBody{Agent: a.agent, Solo: vault.NewTeamID(t.e.self().Device)},
			entry(classOrg, vault.EntryAgent, vault.AgentData{Name: a.name}))
		if err != nil {
			return err
		}
	}
	body := vault.DeviceBody{Device: a.req.Device(), Key: string(encodeKey(a.req.Key)), Recipient: a.req.Recipient, Role: a.roles[0], Also: a.roles[1:],
		Agent: a.agent}
	// Signed by itself too, so that a proof of deposit can show the certificate without the segment around it.
	return t.emitCosigned(vault.DeviceCertified, "", body, func(ev *vault.Event) { ev.Cosign(t.org().ID, t.e.self().Device, t.ov.keys.sign) })
}

func (a *approval) result(e *Engine) api.Approved {
	_, org := e.view()
	out := api.Approved{Head: api.H("approved"), Device: string(a.req.Device()), AgentID: string(a.agent), NewAgent: a.name != "",
		Teams: []string{}, Enrolled: a.enrolled}
	if org == nil {
		return out
	}
	out.Agent = org.AgentName(a.agent)
	if d := org.Devices[a.req.Device()]; d != nil {
		out.Roles = roleNames(d)
	}
	for _, id := range a.teams {
		out.Teams = append(out.Teams, teamWord(org, id))
	}
	slices.Sort(out.Teams)
	return out
}

const metaWelcomed = "welcomed/" // + device that this one certified and put a welcome on its way for

// sendWelcomes puts a welcome on its way for every device that this one certified and that has none yet. The segment that
// certifies it is queued before it.
func (e *Engine) sendWelcomes(ctx context.Context) error {
	keys, org := e.view()
	if keys == nil {
		return nil
	}
	self := e.self()
	var errs []error
	for id, d := range org.Devices {
		if d.Certified.Writer.Device() != self.Device || id == self.Device || !d.Active() {
			continue
		}
		if done, err := e.Store.Get(bucketMeta, metaWelcomed+string(id)); err != nil || done != nil {
			errs = append(errs, err)
			continue
		}
		// Without a mark after the index was built anew, or an older copy of this home was put back.
		if !e.Spool.Has(vault.WelcomePath(id)) && !e.unwelcomed(ctx, id) {
			continue
		}
		if err := e.sendWelcome(ctx, d); err != nil {
			errs = append(errs, fmt.Errorf("welcome a workstation: %w", err))
		}
	}
	return errors.Join(errs...)
}

// sendWelcome queues the welcome of a device behind the segments that it tells of. One that was made before is sent again.
func (e *Engine) sendWelcome(ctx context.Context, d *vault.Device) error {
	return e.exclusive(ctx, func() error {
		if err := e.sealSegment(); err != nil {
			return err
		}
		path := vault.WelcomePath(d.Device)
		if !e.Spool.Has(path) {
			if err := e.stageWelcome(path, d); err != nil {
				return err
			}
		}
		raw, err := readSource(ctx, func(_ context.Context, path string) (io.ReadCloser, error) { return e.Spool.Open(path) }, path, vault.MaxWelcome)
		if err != nil {
			return err
		}
		order := e.writer.order
		err = e.Store.Write([]Op{jsonOp(bucketQueue, orderKey(order), queueItem{Path: path, Size: int64(len(raw)), Hash: objecthash.Of(raw)}),
			{bucketMeta, metaOrder, fmt.Appendf(nil, "%d", order+1)}, {bucketMeta, metaWelcomed + string(d.Device), []byte{1}}})
		if err != nil {
			return err
		}
		e.writer.order = order + 1
		return nil
	})
}

// stageWelcome seals a welcome, and keeps it. It runs in the committer.
func (e *Engine) stageWelcome(path string, d *vault.Device) error {
	keys, org := e.view()
	if keys == nil {
		return vault.Errorf(vault.CodeLocked, "the vaults are locked")
	}
	w := vault.Welcome{Org: org.ID, Root: org.Root, Device: d.Device, Parcels: parcelsFor(org, d.Device), At: e.writer.clock.Next(),
		Heads: e.pastNow().Clone()}
	if w.Heads == nil {
		w.Heads = vault.Past{}
	}
	w.Heads[e.writer.id] = e.writer.seq
	raw, err := e.sealBytes(w.Sign(keys.sign), []string{d.Recipient})
	if err != nil {
		return err
	}
	return e.stageSegment(path, raw)
}

// parcelsFor returns the parcels that give a device the epochs of the organization which it holds.
func parcelsFor(org *vault.Org, d vault.DeviceID) []vault.WelcomeParcel {
	var out []vault.WelcomeParcel
	for _, kind := range []vault.EpochKind{vault.EpochOrg, vault.EpochIntake, vault.EpochStaff} {
		cur := org.Current(kind, "")
		if cur == nil {
			continue
		}
		for _, x := range cur.Extended {
			if i := slices.Index(x.Devices, d); i >= 0 {
				out = append(out, vault.WelcomeParcel{Epoch: cur.Epoch, Path: x.Parcels[i].Path, Size: x.Parcels[i].Size, Hash: x.Parcels[i].Hash})
			}
		}
	}
	return out
}
