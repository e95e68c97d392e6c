package engine

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"slices"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/objecthash"
	"vaultctl/internal/vault"
)

const (
	minJoinPoll = time.Second
	maxJoinPoll = 15 * time.Second
)

// JoinFinish waits for the welcome that an admin's device puts on the remote, reads the whole journal from the root on, and
// finds this workstation enrolled in it before it counts as such. Interrupted, it goes on when called again. Errors:
// CodeAttention while nobody has approved, CodeIntegrity for a welcome or a journal that is not what it should be.
func (e *Engine) JoinFinish(ctx context.Context, req api.JoinFinishRequest, tell func(api.Progress)) (api.Joined, error) {
	limit, err := syncWait(req.Wait)
	if err != nil {
		return api.Joined{}, err
	}
	if err := e.mustAsk(); err != nil {
		return api.Joined{}, err
	}
	until := time.Now().Add(limit)
	for pause := minJoinPoll; ; pause = min(pause*3/2, maxJoinPoll) {
		w, signer, err := e.readWelcome(ctx)
		if err == nil {
			if err = e.enter(ctx, w, signer, tell); err == nil {
				return e.joined()
			}
		}
		left := time.Until(until)
		switch code := vault.CodeOf(err); {
		case code != vault.CodeAttention && code != vault.CodeUnreachable, left <= 0:
			return api.Joined{}, err
		case tell != nil:
			tell(api.Progress{Stage: "approval"})
		}
		select {
		case <-ctx.Done():
			return api.Joined{}, vault.Errorf(vault.CodeInterrupted, "interrupted: %w", ctx.Err())
		case <-time.After(min(pause, left)):
		}
	}
}

func (e *Engine) mustAsk() error {
	ident := e.self()
	keys, _ := e.view()
	switch {
	case ident.Device == "":
		return vault.Errorf(vault.CodeNotFound, "there is no organization here yet")
	case !ident.Asking:
		return vault.Errorf(vault.CodeConflict, "this home belongs to an organization already")
	case keys == nil:
		return vault.Errorf(vault.CodeLocked, "the vaults are locked")
	}
	return nil
}

// readWelcome reads the welcome of this device and checks that it is for it. Errors have CodeAttention where nobody has
// approved yet.
func (e *Engine) readWelcome(ctx context.Context) (*vault.Welcome, vault.DeviceID, error) {
	ident := e.self()
	raw, err := readSource(ctx, e.mounted()[0].remote.Get, vault.WelcomePath(ident.Device), vault.MaxWelcome)
	if vault.CodeOf(err) == vault.CodeNotFound {
		return nil, "", vault.Errorf(vault.CodeAttention, "no administrator has approved this workstation yet")
	}
	if err != nil {
		return nil, "", err
	}
	keys, _ := e.view()
	if keys == nil {
		return nil, "", vault.Errorf(vault.CodeLocked, "the vaults are locked")
	}
	return e.openWelcome(keys, raw)
}

// openWelcome opens the welcome of this device and checks that it is for it, from whomever.
func (e *Engine) openWelcome(keys *keyring, raw []byte) (*vault.Welcome, vault.DeviceID, error) {
	ident := e.self()
	foreign := vault.Errorf(vault.CodeIntegrity, "the welcome on the remote is not for this workstation")
	plain, err := e.openBytes(raw, []string{keys.device})
	if err != nil {
		return nil, "", foreign
	}
	w, signer, err := vault.ParseWelcome(plain)
	if err != nil {
		return nil, "", err
	}
	misplaced := func(p vault.WelcomeParcel) bool {
		return p.Path != vault.ExtensionPath(vault.PathWriter(p.Path), p.Epoch, ident.Device)
	}
	if w.Org != ident.Org || w.Root != ident.Root || w.Device != ident.Device || slices.ContainsFunc(w.Parcels, misplaced) {
		return nil, "", foreign
	}
	return w, signer, nil
}

// openBytes decrypts what is small enough to be held whole.
func (e *Engine) openBytes(raw []byte, identities []string) ([]byte, error) {
	r, err := e.Sealer.Open(bytes.NewReader(raw), identities)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(r, vault.MaxWelcome+1))
}

// enter reads the journal with the keys of the welcome, and takes this device's place in it.
func (e *Engine) enter(ctx context.Context, w *vault.Welcome, signer vault.DeviceID, tell func(api.Progress)) error {
	if tell != nil {
		tell(api.Progress{Stage: "pull"})
	}
	if err := e.beginAnew(ctx); err != nil {
		return err
	}
	lent, err := e.welcomeParcels(ctx, w)
	if err != nil {
		return err
	}
	if err := e.lend(ctx, lent); err != nil {
		return err
	}
	for _, m := range e.mounted() {
		m.distrust()
		m.forgetHint()
	}
	defer roomy()()
	if _, err := e.pull(ctx); err != nil {
		return err
	}
	dev, err := e.checkEnrolled(w, signer)
	if err != nil {
		return err
	}
	if err := e.checkShown(ctx); err != nil {
		return err
	}
	if err := e.keepBeginning(ctx, w); err != nil {
		return err
	}
	return e.settleIn(ctx, dev)
}

// keepBeginning puts what this device began with beside its journal: with it the index can be built anew without a remote.
func (e *Engine) keepBeginning(ctx context.Context, w *vault.Welcome) error {
	paths := []string{vault.OrgNotePath, vault.WelcomePath(w.Device)}
	for _, p := range w.Parcels {
		paths = append(paths, p.Path)
	}
	for _, path := range paths {
		if e.Spool.Has(path) {
			continue
		}
		raw, err := readSource(ctx, e.mounted()[0].remote.Get, path, vault.MaxWelcome)
		if err == nil {
			err = e.stageSegment(path, raw)
		}
		if err != nil {
			return fmt.Errorf("keep the beginning: %w", err)
		}
	}
	return nil
}

// welcomeParcels fetches the parcels that a welcome names and opens them.
func (e *Engine) welcomeParcels(ctx context.Context, w *vault.Welcome) (map[vault.EpochID][]byte, error) {
	keys, _ := e.view()
	if keys == nil {
		return nil, vault.Errorf(vault.CodeLocked, "the vaults are locked")
	}
	out := map[vault.EpochID][]byte{}
	for _, p := range w.Parcels {
		raw, err := readSource(ctx, e.mounted()[0].remote.Get, p.Path, 1<<20)
		if err != nil {
			return nil, fmt.Errorf("read parcel: %w", err)
		}
		if objecthash.Of(raw) != p.Hash {
			return nil, vault.Errorf(vault.CodeIntegrity, "a parcel on the remote is not the one that the welcome names")
		}
		text, err := e.openBytes(raw, []string{keys.device})
		if err != nil {
			return nil, fmt.Errorf("open parcel: %w", err)
		}
		out[p.Epoch] = text
	}
	return out, nil
}

// lend gives the keyring opened parcels until the journal tells of them, or takes them away.
func (e *Engine) lend(ctx context.Context, parcels map[vault.EpochID][]byte) error {
	return e.exclusive(ctx, func() error {
		keys, _ := e.view()
		if keys == nil {
			return vault.Errorf(vault.CodeLocked, "the vaults are locked")
		}
		k := *keys
		k.lent = parcels
		return e.loadState(&k)
	})
}

// checkEnrolled finds this device in the journal that was read from the root on, with the keys that it made, and the signer
// of the welcome as an admin. A journal that ends before what the admin had seen is an older copy.
func (e *Engine) checkEnrolled(w *vault.Welcome, signer vault.DeviceID) (*vault.Device, error) {
	keys, org := e.view()
	if keys == nil {
		return nil, vault.Errorf(vault.CodeLocked, "the vaults are locked")
	}
	ident, heads := e.self(), e.pastNow()
	for writer, next := range w.Heads {
		if heads[writer] < next && writer.Device() != ident.Device {
			return nil, api.WithHint(vault.Errorf(vault.CodeUnreachable, "the storage does not give all that the administrator had read: it is behind, or an older copy"),
				"`vaultctl join` again goes on; if that does not help, ask the provider of the storage")
		}
	}
	recipient, err := e.Sealer.RecipientOf(keys.device)
	if err != nil {
		return nil, err
	}
	dev, by := org.Devices[ident.Device], org.Devices[signer]
	switch {
	case dev == nil, by == nil:
		return nil, vault.Errorf(vault.CodeIntegrity, "the journal does not enrol this workstation, though a welcome says so")
	case !dev.Active():
		return nil, api.WithHint(vault.Errorf(vault.CodePolicy, "this workstation was revoked"), "`vaultctl join --anew` asks with new keys")
	case dev.Recipient != recipient:
		return nil, vault.Errorf(vault.CodeIntegrity, "the journal enrols this workstation with another key than its own")
	case !by.Has(vault.RoleAdmin):
		return nil, vault.Errorf(vault.CodeIntegrity, "the welcome is not signed by an administrator")
	}
	return dev, nil
}

// settleIn makes this home the device's. The identity file comes before the first word of its own.
func (e *Engine) settleIn(ctx context.Context, dev *vault.Device) error {
	err := e.exclusive(ctx, func() error {
		keys, _ := e.view()
		if keys == nil {
			return vault.Errorf(vault.CodeLocked, "the vaults are locked")
		}
		ops := joinUsed(dev.Device)
		applied, err := e.Store.Get(bucketMeta, metaApplied)
		if err == nil && applied == nil { // its presence says that the index is whole
			ops = append(ops, Op{bucketMeta, metaApplied, []byte("0")})
		}
		if err == nil {
			err = e.Store.Write(ops)
		}
		if err != nil {
			return err
		}
		ident := e.self()
		ident.Joining, ident.Asking, ident.Agent = false, false, dev.Agent
		if err := e.saveIdentity(ident); err != nil {
			return err
		}
		e.mu.Lock()
		e.ident = ident
		e.mu.Unlock()
		k := *keys
		k.lent = nil
		return e.loadState(&k)
	})
	if err != nil {
		return err
	}
	return e.arrive(ctx)
}

// arrive is the first word of a new device: an agent's first one makes the key of their team of one, others show that they
// are there.
func (e *Engine) arrive(ctx context.Context) error {
	ident := e.self()
	_, org := e.view()
	if org == nil {
		return vault.Errorf(vault.CodeLocked, "the vaults are locked")
	}
	dev, agent := org.Devices[ident.Device], org.Agents[ident.Agent]
	if dev == nil || agent == nil || !dev.Has(vault.RoleAgent) || org.Current(vault.EpochTeam, agent.Solo) != nil {
		return e.commit(ctx, func(t *tx) error { return t.emit(vault.Heartbeat, "", nil) })
	}
	ep, err := e.makeEpoch(vault.EpochTeam, agent.Solo, 0)
	if err != nil {
		return err
	}
	return e.commit(ctx, func(t *tx) error {
		return t.openEpochs([]*newEpoch{ep}, []vault.DeviceBody{dev.DeviceBody}, nil, nil)
	})
}

func (e *Engine) joined() (api.Joined, error) {
	keys, org, err := e.ready()
	if err != nil {
		return api.Joined{}, err
	}
	ident := e.self()
	out := api.Joined{Head: api.H("joined"), Org: string(ident.Org), Name: org.Name, Fingerprint: e.fingerprint(),
		Agent: org.AgentName(ident.Agent), Roles: roleNames(org.Devices[ident.Device]), Teams: []string{}, Device: string(ident.Device),
		Remote: e.Remotes.Redact(e.mounted()[0].spec)}
	for id := range org.Teams {
		if cur := org.Current(vault.EpochTeam, id); cur != nil && keys.epochs[cur.Epoch] != "" {
			out.Teams = append(out.Teams, teamWord(org, id))
		}
	}
	slices.Sort(out.Teams)
	e.mu.RLock()
	defer e.mu.RUnlock()
	for _, s := range e.people {
		if s.b.State != "erased" {
			out.Vaults++
		}
	}
	return out, nil
}

func encodeKey(key []byte) []byte { return base64.StdEncoding.AppendEncode(nil, key) }
