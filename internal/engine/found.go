package engine

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	"vaultctl/internal/objecthash"
	"vaultctl/internal/vault"
)

// defaultWait is how long a command waits for the remotes when it has to.
const defaultWait = 30 * time.Second

// founding holds what Init makes before anything is written.
type founding struct {
	req      api.InitRequest
	root     ed25519.PrivateKey
	rootSeed []byte
	recovery []byte // seed
	secret   deviceSecret
	sign     ed25519.PrivateKey
	device   string // recipient
	note     vault.OrgNote
	ident    identityFile
	remote   Remote
}

// Init founds an organization: root, recovery, first device, admin agent and team, and the first segment on the remote.
// Nothing is kept of the root and recovery secrets. Errors have CodeConflict where an organization is already, here or
// on the remote, and CodePolicy for a weak passphrase.
func (e *Engine) Init(ctx context.Context, req api.InitRequest, tell func(api.Progress)) (api.InitResult, error) {
	if err := e.checkUnfounded(); err != nil {
		return api.InitResult{}, err
	}
	if err := checkInit(&req); err != nil {
		return api.InitResult{}, err
	}
	conf, err := e.Remotes.Import(req.Conf, req.Remote)
	if err != nil {
		return api.InitResult{}, err
	}
	remote, err := e.openEmpty(ctx, conf, req.Remote)
	if err != nil {
		return api.InitResult{}, err
	}
	f, err := e.prepare(req, remote)
	if err != nil {
		return api.InitResult{}, err
	}
	if err := e.enrolSelf(ctx, f.secret, f.device, f.ident, req.Protect, remotesFile{
		Remotes: []remoteEntry{{"main", req.Remote}}, Conf: conf}); err != nil {
		return api.InitResult{}, err
	}
	res, err := e.foundOrg(ctx, f)
	if err != nil {
		return api.InitResult{}, err
	}
	// The secrets are shown whatever the remote does now: they exist nowhere else, and the queue goes on by itself.
	if err := e.waitPushed(ctx, defaultWait, tell); err != nil {
		e.log.Warn("push the beginning", "code", vault.CodeOf(err))
		res.Queued = true
	}
	return res, nil
}

// checkUnfounded refuses a home that has an organization. One where Init was cut short before the first event is free.
func (e *Engine) checkUnfounded() error {
	if e.ident.Device == "" {
		return nil
	}
	if keys, org := e.view(); keys != nil && org.Name == "" && !e.self().Asking {
		return e.forgetSelf()
	}
	if e.self().Asking {
		return errAskingHome()
	}
	return vault.Errorf(vault.CodeConflict, "this home belongs to an organization already")
}

// forgetSelf undoes enrolSelf for an organization that was never founded.
func (e *Engine) forgetSelf() error {
	if err := e.Lock(context.Background()); err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(e.Home, identityName)); err != nil {
		return fmt.Errorf("forget identity: %w", err)
	}
	e.mu.Lock()
	e.ident, e.mounts = identityFile{}, nil
	e.mu.Unlock()
	return nil
}

func checkInit(req *api.InitRequest) error {
	req.Org, req.Agent, req.Team = strings.TrimSpace(req.Org), strings.TrimSpace(req.Agent), strings.TrimSpace(req.Team)
	switch {
	case req.Org == "" || req.Agent == "" || req.Team == "":
		return vault.Errorf(vault.CodeUsage, "organization, agent and team need a name")
	case req.Remote == "":
		return vault.Errorf(vault.CodeUsage, "a remote is needed: a folder, or any rclone remote")
	}
	if req.Language != "fr" {
		req.Language = "en"
	}
	return checkShares(&req.Need, &req.Of)
}

// openEmpty opens a remote that must not hold an organization yet.
func (e *Engine) openEmpty(ctx context.Context, conf []byte, spec string) (Remote, error) {
	if err := e.Remotes.SetConfig(conf, func([]byte) error { return nil }); err != nil {
		return nil, err
	}
	remote, err := e.Remotes.Create(ctx, spec)
	if err != nil {
		return nil, err
	}
	switch _, err := remote.Stat(ctx, vault.OrgNotePath); vault.CodeOf(err) {
	case "":
		return nil, vault.Errorf(vault.CodeForeign, "the remote holds an organization already: join it, or choose another remote")
	case vault.CodeNotFound:
		return remote, nil
	default:
		return nil, err
	}
}

func (e *Engine) prepare(req api.InitRequest, remote Remote) (*founding, error) {
	f := &founding{req: req, remote: remote, rootSeed: randomBytes(ed25519.SeedSize)}
	f.root = ed25519.NewKeyFromSeed(f.rootSeed)
	var err error
	if f.recovery, err = e.Shares.New(); err != nil {
		return nil, fmt.Errorf("new recovery secret: %w", err)
	}
	if f.secret, f.sign, f.device, err = e.newSecret(); err != nil {
		return nil, err
	}
	rootPub := f.root.Public().(ed25519.PublicKey)
	dev := vault.DeviceIDOf(f.sign.Public().(ed25519.PublicKey))
	f.ident = identityFile{Org: vault.NewOrgID(), Root: base64.StdEncoding.EncodeToString(rootPub), Device: dev,
		Fingerprint: vault.Fingerprint(rootPub), Writer: vault.NewWriterID(dev), Agent: vault.NewAgentID(dev)}
	f.ident.First = f.ident.Writer
	f.note = vault.OrgNote{Org: f.ident.Org, Root: rootPub, First: f.ident.Writer}
	return f, nil
}

// enrolSelf writes this device's secret, identity and remotes, and unlocks. The identity file comes last: a home without
// it is empty.
func (e *Engine) enrolSelf(ctx context.Context, secret deviceSecret, recipient string, ident identityFile, p api.Protection, rf remotesFile) error {
	if err := e.keepSecret(ctx, secret, p); err != nil {
		return err
	}
	if err := e.saveRemotes(recipient, rf); err != nil {
		return err
	}
	if err := e.saveIdentity(ident); err != nil {
		return err
	}
	e.mu.Lock()
	e.ident = ident
	e.mu.Unlock()
	e.enrolling.Store(true)
	defer e.enrolling.Store(false)
	return e.unlock(ctx, p.Passphrase)
}

// keepSecret puts the secret of a new device into a home without identity. Where an earlier run was cut short, or asked to
// join and forgot it, the key stays under which its files are sealed, in the same protection.
func (e *Engine) keepSecret(ctx context.Context, secret deviceSecret, p api.Protection) error {
	method, err := e.Protect.Method(e.Home)
	there := err == nil
	switch {
	case there && p.Method != method:
		return vault.Errorf(vault.CodeConflict, "the keys of this device are kept by %s already", method)
	case there:
		old, err := e.Protect.Open(ctx, e.Home, p.Passphrase)
		if err != nil {
			return err
		}
		defer clear(old)
		var before deviceSecret
		if err := json.Unmarshal(old, &before); err != nil || len(before.Local) != 32 {
			return vault.Errorf(vault.CodeIntegrity, "device secret: malformed")
		}
		secret.Local = before.Local
	case vault.CodeOf(err) != vault.CodeNotFound:
		return err
	}
	raw, err := jsonBytes(secret)
	if err != nil {
		return err
	}
	defer clear(raw)
	if there {
		return e.Protect.Replace(ctx, e.Home, p.Passphrase, raw)
	}
	return e.Protect.Seal(ctx, e.Home, p.Method, p.Passphrase, p.KeyFile, raw)
}

// foundOrg records the first events: everything that the root signs, then agent, team and epochs.
func (e *Engine) foundOrg(ctx context.Context, f *founding) (api.InitResult, error) {
	recIdentity, recRecipient, err := e.Sealer.IdentityFromSeed(f.recovery)
	if err != nil {
		return api.InitResult{}, fmt.Errorf("recovery identity: %w", err)
	}
	solo, team := vault.NewTeamID(f.ident.Device), vault.NewTeamID(f.ident.Device)
	var epochs []*newEpoch
	for _, k := range []struct {
		kind vault.EpochKind
		team vault.TeamID
	}{{vault.EpochOrg, ""}, {vault.EpochStaff, ""}, {vault.EpochIntake, ""}, {vault.EpochTeam, solo}, {vault.EpochTeam, team}} {
		ep, err := e.makeEpoch(k.kind, k.team, len(epochs))
		if err != nil {
			return api.InitResult{}, err
		}
		epochs = append(epochs, ep)
	}
	epochs[1].namesKey, epochs[2].refsKey = randomBytes(32), randomBytes(32)
	rec := vault.RecoveryBody{N: 1, Recipient: recRecipient, Need: f.req.Need, Of: f.req.Of, Holders: f.req.Holders}
	dev := vault.DeviceBody{Device: f.ident.Device, Key: base64.StdEncoding.EncodeToString(f.sign.Public().(ed25519.PublicKey)),
		Recipient: f.device, Role: vault.RoleAdmin, Also: []vault.Role{vault.RoleAgent}, Agent: f.ident.Agent}
	cosign := func(ev *vault.Event) { ev.Cosign(f.ident.Org, f.ident.Device, f.root) }
	note, err := e.stageNote(f.note.Sign(f.root))
	if err != nil {
		return api.InitResult{}, err
	}
	err = e.commit(ctx, func(t *tx) error {
		t.enqueue(note)
		return errors.Join(
			t.emitCosigned(vault.OrgCreated, "", vault.OrgBody{Name: f.req.Org}, cosign),
			t.emitCosigned(vault.RecoverySet, "", rec, cosign),
			t.emitCosigned(vault.DeviceCertified, "", dev, cosign),
			t.emitCosigned(vault.AgentAdded, "", vault.AgentBody{Agent: f.ident.Agent, Solo: solo}, cosign,
				entry(classOrg, vault.EntryAgent, vault.AgentData{Name: f.req.Agent})),
			t.emit(vault.TeamAdded, "", vault.TeamBody{Team: team, Name: f.req.Team}),
			t.openEpochs(epochs, []vault.DeviceBody{dev}, &rec, nil),
		)
	})
	if err != nil {
		return api.InitResult{}, fmt.Errorf("found organization: %w", err)
	}
	return e.initResult(f, recIdentity)
}

func (e *Engine) initResult(f *founding, identity string) (api.InitResult, error) {
	l, _ := lang.Parse(f.req.Language)
	rootWords, err := e.Words.Encode(f.rootSeed, f.req.Language)
	if err != nil {
		return api.InitResult{}, fmt.Errorf("root words: %w", err)
	}
	shares := []string{identity}
	if f.req.Of > 1 {
		if shares, err = e.Shares.Split(f.recovery, f.req.Need, f.req.Of, f.req.Language); err != nil {
			return api.InitResult{}, fmt.Errorf("split recovery secret: %w", err)
		}
	}
	var pdf bytes.Buffer
	if err := e.Paper.Recovery(&pdf, l, RecoveryPages{Org: f.req.Org, OrgID: string(f.ident.Org), Fingerprint: f.ident.Fingerprint,
		RootWords: rootWords, Shares: shares, Need: f.req.Need, Remote: e.Remotes.Redact(f.req.Remote), On: e.today()}); err != nil {
		return api.InitResult{}, fmt.Errorf("recovery pages: %w", err)
	}
	clear(f.rootSeed)
	clear(f.recovery)
	return api.InitResult{Head: api.H("organization"), Org: string(f.ident.Org), Name: f.req.Org, Fingerprint: f.ident.Fingerprint,
		Agent: f.req.Agent, Team: f.req.Team, Device: string(f.ident.Device), Remote: e.Remotes.Redact(f.req.Remote),
		RootWords: rootWords, Recovery: shares, Sheets: pdf.Bytes()}, nil
}

// stageNote puts the organization note into the spool, so that it is pushed and retried like everything else.
func (e *Engine) stageNote(raw []byte) (vault.Object, error) {
	if err := e.stageBytes(vault.OrgNotePath, raw); err != nil {
		return vault.Object{}, fmt.Errorf("stage organization note: %w", err)
	}
	return vault.Object{Path: vault.OrgNotePath, Size: int64(len(raw)), Hash: objecthash.Of(raw)}, nil
}
