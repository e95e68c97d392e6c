package engine

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// rebuilding is what JoinRecover works with. The secrets live as long as the call.
type rebuilding struct {
	req      api.JoinRecoverRequest
	root     ed25519.PrivateKey
	identity string // recovery
	device   string // recipient
	sign     ed25519.PrivateKey
	note     *vault.OrgNote
	line     *rootLine // of roots, as the storage shows it
}

// JoinRecover rebuilds a working organization in this home from a remote, the root's words and the recovery secret: it
// enrols this device, revokes the others, makes new keys for every team and reseals what recovery opens. Interrupted, it
// goes on where it stopped when called again. Errors have CodeNoIdentity for wrong words or shares, CodeConflict where
// the home belongs to an organization.
func (e *Engine) JoinRecover(ctx context.Context, req api.JoinRecoverRequest, tell func(api.Progress)) (api.InitResult, error) {
	req.Agent = strings.TrimSpace(req.Agent)
	if req.Agent == "" || req.Remote == "" {
		return api.InitResult{}, vault.Errorf(vault.CodeUsage, "a remote and the name of the agent are needed")
	}
	conf, remote, err := e.openExisting(ctx, req.Conf, req.Remote)
	if err != nil {
		return api.InitResult{}, err
	}
	b, err := e.checkSecrets(ctx, req, remote)
	if err != nil {
		return api.InitResult{}, err
	}
	defer clear(b.root)
	if err := e.enrolForRecovery(ctx, b, conf); err != nil {
		return api.InitResult{}, err
	}
	res, err := e.rebuildOrg(ctx, b, tell)
	if err != nil {
		return api.InitResult{}, fmt.Errorf("rebuild organization: %w", err)
	}
	if err := e.waitPushed(ctx, 20*defaultWait, tell); err != nil {
		e.log.Warn("push the rebuilt organization", "code", vault.CodeOf(err))
		res.Queued = true
	}
	return res, nil
}

// openExisting opens a remote that holds an organization.
func (e *Engine) openExisting(ctx context.Context, confFile, spec string) ([]byte, Remote, error) {
	conf, err := e.Remotes.Import(confFile, spec)
	if err != nil {
		return nil, nil, err
	}
	if err := e.Remotes.SetConfig(conf, func([]byte) error { return nil }); err != nil {
		return nil, nil, err
	}
	remote, err := e.Remotes.Open(ctx, spec)
	return conf, remote, err
}

// checkSecrets checks root and recovery against what the remote holds, before anything is written here.
func (e *Engine) checkSecrets(ctx context.Context, req api.JoinRecoverRequest, remote Remote) (*rebuilding, error) {
	b := &rebuilding{req: req}
	raw, err := readSource(ctx, remote.Get, vault.OrgNotePath, 8<<10)
	if vault.CodeOf(err) == vault.CodeNotFound {
		return nil, vault.Errorf(vault.CodeNotFound, "the remote holds no organization")
	}
	if err != nil {
		return nil, err
	}
	if b.note, err = vault.ParseOrgNote(raw); err != nil {
		return nil, err
	}
	seed, err := e.Words.DecodeSecret(req.RootWords)
	if err != nil {
		return nil, fmt.Errorf("root words: %w", err)
	}
	defer clear(seed)
	b.root = ed25519.NewKeyFromSeed(seed)
	if err := b.checkRoot(ctx, remote); err != nil {
		return nil, err
	}
	rec, err := e.recoverySeed(req.Recovery)
	if err != nil {
		return nil, err
	}
	defer clear(rec)
	if b.identity, _, err = e.Sealer.IdentityFromSeed(rec); err != nil {
		return nil, fmt.Errorf("recovery identity: %w", err)
	}
	return b, e.checkRecovery(ctx, remote, b.note, b.identity)
}

// recoverySeed reads shares, or the undivided secret as words or identity. Errors have CodeNoIdentity.
func (e *Engine) recoverySeed(texts []string) ([]byte, error) {
	switch {
	case len(texts) == 0:
		return nil, vault.Errorf(vault.CodeUsage, "the recovery shares are needed")
	case len(texts) == 1 && !strings.HasPrefix(strings.ToLower(strings.TrimSpace(texts[0])), "vault-share-"):
		return e.Words.DecodeSecret(texts[0])
	}
	return e.Shares.Combine(texts)
}

// checkRecovery makes sure that the identity opens the organization's first epoch, or one after it.
func (e *Engine) checkRecovery(ctx context.Context, remote Remote, note *vault.OrgNote, identity string) error {
	get := remote.Get
	raw, err := readSource(ctx, get, vault.SegmentPath(note.First, 0), vault.MaxSegment+8<<10)
	if vault.CodeOf(err) == vault.CodeNotFound {
		return vault.Errorf(vault.CodeIntegrity, "the first segment of the organization is gone from the remote")
	}
	if err != nil {
		return err
	}
	h, _, err := splitSegment(raw)
	if err != nil {
		return err
	}
	if h.Org != note.Org || h.Writer != note.First {
		return vault.Errorf(vault.CodeIntegrity, "the first segment is another organization's")
	}
	p := newPuller(e.Sealer, get, "", vault.NewOrg(note.Org, rootText(note)), &keyring{recovery: identity, epochs: map[vault.EpochID]string{}}, nil)
	ids, err := p.identities(ctx, h.Epoch)
	if err == nil && len(ids) == 0 {
		later, lerr := e.recoveryParcels(ctx, remote, identity)
		if lerr != nil || len(later) > 0 {
			return lerr
		}
		err = vault.Errorf(vault.CodeNoIdentity, "this recovery secret does not open the organization on the remote")
	}
	return err
}

func rootText(n *vault.OrgNote) string { return keyText(n.Root) }

// enrolForRecovery makes this device's identity, or takes up the one of an interrupted run.
func (e *Engine) enrolForRecovery(ctx context.Context, b *rebuilding, conf []byte) error {
	ident := e.self()
	if ident.Device != "" {
		if ident.Asking {
			return errAskingHome()
		}
		if !ident.Joining || ident.Org != b.note.Org {
			return vault.Errorf(vault.CodeConflict, "this home belongs to an organization already")
		}
		if err := e.Unlock(ctx, b.req.Protect.Passphrase); err != nil {
			return err
		}
		keys, _ := e.view()
		b.sign = keys.sign
		var err error
		b.device, err = e.Sealer.RecipientOf(keys.device)
		return err
	}
	secret, sign, device, err := e.newSecret()
	if err != nil {
		return err
	}
	b.sign, b.device = sign, device
	dev := vault.DeviceIDOf(sign.Public().(ed25519.PublicKey))
	ident = identityFile{Org: b.note.Org, Root: rootText(b.note), Device: dev, Fingerprint: vault.Fingerprint(b.note.Root),
		Writer: vault.NewWriterID(dev), Agent: vault.NewAgentID(dev), Latest: keyText(b.line.last()), First: b.note.First, Joining: true}
	return e.enrolSelf(ctx, secret, device, ident, b.req.Protect, remotesFile{Remotes: []remoteEntry{{"main", b.req.Remote}}, Conf: conf})
}

// rebuildOrg does the work between the enrolment and the last push. Every step finds what an earlier run has done.
func (e *Engine) rebuildOrg(ctx context.Context, b *rebuilding, tell func(api.Progress)) (api.InitResult, error) {
	later, err := e.recoveryParcels(ctx, e.mounted()[0].remote, b.identity)
	if err != nil {
		return api.InitResult{}, err
	}
	if err := e.lendRecovery(ctx, b.identity, later); err != nil {
		return api.InitResult{}, err
	}
	if err := e.rememberFirst(ctx, b.note.First); err != nil {
		return api.InitResult{}, err
	}
	if _, err := e.pull(ctx); err != nil {
		return api.InitResult{}, err
	}
	_, org, err := e.ready()
	if err != nil {
		return api.InitResult{}, err
	}
	if org.Name == "" || org.CurrentRecovery() == nil {
		return api.InitResult{}, vault.Errorf(vault.CodeIntegrity, "the beginning of the organization's journal cannot be read")
	}
	if rcp, err := e.Sealer.RecipientOf(b.identity); err != nil || rcp != org.CurrentRecovery().Recipient {
		return api.InitResult{}, vault.Errorf(vault.CodeNoIdentity, "this recovery secret was replaced by a later one")
	}
	if err := b.line.agrees(org, true); err != nil {
		return api.InitResult{}, err
	}
	if err := e.restoreOrg(ctx, b, org); err != nil {
		return api.InitResult{}, err
	}
	restored, err := e.resealAll(ctx, tell)
	if err != nil {
		return api.InitResult{}, err
	}
	if err := e.flush(ctx); err != nil {
		return api.InitResult{}, err
	}
	ident := e.self()
	ident.Joining = false
	if err := e.saveIdentity(ident); err != nil {
		return api.InitResult{}, err
	}
	e.mu.Lock()
	e.ident = ident
	e.mu.Unlock()
	if err := e.lendRecovery(ctx, "", nil); err != nil {
		return api.InitResult{}, err
	}
	return e.rebuiltResult(ctx, b, restored)
}

func (e *Engine) rebuiltResult(ctx context.Context, b *rebuilding, restored *api.Restored) (api.InitResult, error) {
	_, org, err := e.ready()
	if err != nil {
		return api.InitResult{}, err
	}
	ident := e.self()
	var teams []string
	err = e.TeamList(ctx, api.Empty{}, func(t api.Team) error { teams = append(teams, t.Name); return nil })
	return api.InitResult{Head: api.H("organization"), Org: string(ident.Org), Name: org.Name, Fingerprint: e.fingerprint(),
		Agent: b.req.Agent, Team: strings.Join(teams, ", "), Device: string(ident.Device), Remote: e.Remotes.Redact(b.req.Remote),
		Restored: restored}, err
}

// lendRecovery gives the keyring the recovery identity for the length of the rebuilding, or takes it away.
func (e *Engine) lendRecovery(ctx context.Context, identity string, later map[vault.EpochID][]byte) error {
	return e.exclusive(ctx, func() error {
		keys, _ := e.view()
		if keys == nil {
			return vault.Errorf(vault.CodeLocked, "the vaults are locked")
		}
		k := *keys
		k.recovery, k.lent = identity, later
		return e.loadState(&k)
	})
}

// rememberFirst records the writer with which the organization began.
func (e *Engine) rememberFirst(ctx context.Context, first vault.WriterID) error {
	return e.exclusive(ctx, func() error {
		var known []vault.WriterID
		if err := getJSON(e.Store, bucketMeta, metaWriters, &known); err != nil {
			return err
		}
		if slices.Contains(known, first) {
			return nil
		}
		return e.Store.Write([]Op{jsonOp(bucketMeta, metaWriters, append(known, first)), {bucketMeta, metaFirst, []byte(first)}})
	})
}

const metaFirst = "first" // writer of the organization's first segment

// restoreOrg records what the root signs, in two changes that are each a segment. The first enrols this device and its
// agent and ends every other device; it is sealed to the organization's key so far, so that those devices can read that
// they were revoked. Only the second makes new keys for the organization and its teams, and what follows is sealed to
// those.
func (e *Engine) restoreOrg(ctx context.Context, b *rebuilding, org *vault.Org) error {
	ident := e.self()
	if org.Devices[ident.Device] == nil {
		if err := e.takeOver(ctx, b); err != nil {
			return fmt.Errorf("enrol this device: %w", err)
		}
	}
	if err := e.exclusive(ctx, e.sealSegment); err != nil { // also what an interrupted run had not closed
		return err
	}
	_, org = e.view()
	if org == nil {
		return vault.Errorf(vault.CodeLocked, "the vaults are locked")
	}
	dev := org.Devices[ident.Device].DeviceBody
	if slices.Contains(org.Current(vault.EpochOrg, "").Devices, dev.Device) {
		return nil
	}
	epochs, err := e.restoredEpochs(org, org.Agents[ident.Agent].Solo)
	if err != nil {
		return err
	}
	rec := org.CurrentRecovery().RecoveryBody
	return e.commit(ctx, func(t *tx) error {
		return t.openEpochs(epochs, []vault.DeviceBody{dev}, &rec, func(ev *vault.Event) { ev.Cosign(ident.Org, ident.Device, b.root) })
	})
}

// takeOver records this device, its agent, the end of every other device, and the agent's place in every team.
func (e *Engine) takeOver(ctx context.Context, b *rebuilding) error {
	ident := e.self()
	dev := vault.DeviceBody{Device: ident.Device, Key: base64.StdEncoding.EncodeToString(b.sign.Public().(ed25519.PublicKey)),
		Recipient: b.device, Role: vault.RoleAdmin, Also: []vault.Role{vault.RoleAgent}, Agent: ident.Agent}
	heads := e.pastNow()
	cosign := func(ev *vault.Event) { ev.Cosign(ident.Org, ident.Device, b.root) }
	return e.commit(ctx, func(t *tx) error {
		errs := []error{b.line.tellAgain(t, cosign), t.emitCosigned(vault.DeviceCertified, "", dev, cosign),
			t.emitCosigned(vault.AgentAdded, "", vault.AgentBody{Agent: ident.Agent, Solo: vault.NewTeamID(ident.Device)}, cosign,
				entry(classOrg, vault.EntryAgent, vault.AgentData{Name: b.req.Agent}))}
		for _, id := range lostDevices(t.org(), ident.Device) {
			cut := map[vault.WriterID]uint64{}
			for w, next := range heads {
				if w.Device() == id {
					cut[w] = next
				}
			}
			errs = append(errs, t.emitCosigned(vault.DeviceRevoked, "", vault.RevokeBody{Device: id, Cut: cut}, cosign))
		}
		for _, id := range namedTeams(t.org()) {
			errs = append(errs, t.emitCosigned(vault.TeamMember, "", vault.MemberBody{Team: id, Agent: ident.Agent}, cosign))
		}
		return errors.Join(errs...)
	})
}

func lostDevices(org *vault.Org, self vault.DeviceID) []vault.DeviceID {
	var out []vault.DeviceID
	for id, d := range org.Devices {
		if id != self && d.Active() {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}

// namedTeams returns the teams of several agents. A team of one stays its agent's: nobody else was consented to.
func namedTeams(org *vault.Org) []vault.TeamID {
	var out []vault.TeamID
	for id, t := range org.Teams {
		if t.Solo == "" {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}

// restoredEpochs makes new keys for the organization, for the new agent and for every team. The index keys stay, since
// what was indexed is found by them.
func (e *Engine) restoredEpochs(org *vault.Org, solo vault.TeamID) ([]*newEpoch, error) {
	keys, _ := e.view()
	if keys == nil || keys.refsKey == nil || keys.namesKey == nil {
		return nil, vault.Errorf(vault.CodeIntegrity, "the keys of the indexes cannot be read from the remote")
	}
	var out []*newEpoch
	add := func(kind vault.EpochKind, team vault.TeamID) error {
		ep, err := e.makeEpoch(kind, team, len(out))
		if err == nil {
			out = append(out, ep)
		}
		return err
	}
	err := errors.Join(add(vault.EpochOrg, ""), add(vault.EpochStaff, ""), add(vault.EpochIntake, ""), add(vault.EpochTeam, solo))
	for _, id := range namedTeams(org) {
		err = errors.Join(err, add(vault.EpochTeam, id))
	}
	if err != nil {
		return nil, err
	}
	out[1].namesKey, out[2].refsKey = bytes.Clone(keys.namesKey), bytes.Clone(keys.refsKey)
	return out, nil
}

// resealAll seals what recovery opens to the new keys, vault by vault, and counts what came back.
func (e *Engine) resealAll(ctx context.Context, tell func(api.Progress)) (*api.Restored, error) {
	keys, org := e.view()
	ids, err := e.vaultIDs()
	if err != nil {
		return nil, err
	}
	res := &api.Restored{}
	for i, id := range ids {
		st, err := newOverlay(e.Store, org, keys).state(id)
		if err != nil {
			return nil, err
		}
		if st.OpenedBy == "" || st.Erased != nil {
			continue
		}
		res.Vaults++
		for _, d := range st.Documents {
			if d.Removed == nil {
				res.Documents++
			}
		}
		if st.NoRecovery {
			res.PersonOnly++
			continue
		}
		done, left, err := e.resealVault(ctx, id, nil, nil)
		if err != nil {
			if ctx.Err() != nil {
				return nil, err
			}
			e.log.Warn("reseal a recovered vault", "code", vault.CodeOf(err), "left", left)
			res.Failed++
		}
		res.Resealed += done
		if tell != nil {
			tell(api.Progress{Stage: "reseal", Done: int64(i + 1), Total: int64(len(ids)), Unit: "vaults"})
		}
	}
	return res, nil
}

// vaultIDs returns every vault that is known, sorted.
func (e *Engine) vaultIDs() ([]vault.BeneficiaryID, error) {
	var out []vault.BeneficiaryID
	err := e.Store.Scan(bucketVaults, "", func(key string, _ []byte) error {
		out = append(out, vault.BeneficiaryID(key))
		return nil
	})
	return out, err
}
