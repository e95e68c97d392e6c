package engine

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"io"
	"strings"
	"time"

	"golang.org/x/crypto/scrypt"

	"vaultctl/internal/api"
	"vaultctl/internal/objecthash"
	"vaultctl/internal/vault"
)

// codeLength is how much of a device's id a code shows: 40 bits, which nobody meets by chance. Whoever forges a request has
// to meet them and the words together.
const codeLength = 8

// codeOf returns the code of a device for people, in groups of four.
func codeOf(d vault.DeviceID) string { return string(d[:4]) + "-" + string(d[4:codeLength]) }

// plainCode undoes what people do to codes. Errors have CodeUsage.
func plainCode(code string) (string, error) {
	code = strings.ToLower(strings.NewReplacer("-", "", " ", "").Replace(code))
	if len(code) < codeLength || len(code) > 26 || strings.Trim(code, "abcdefghijklmnopqrstuvwxyz234567") != "" {
		return "", vault.Errorf(vault.CodeUsage, "not a join code: the new workstation shows eight letters and digits")
	}
	return code, nil
}

// wordsOf returns the words of public keys. They are of a hash of their own for each purpose, and stretched: whoever looks
// for other keys with the same words pays for each try.
func (e *Engine) wordsOf(purpose, text string) []string {
	sum, err := scrypt.Key([]byte(text), []byte("vaultctl "+purpose+" words v1"), 1<<14, 8, 1, 16)
	if err != nil {
		panic("scrypt parameters: " + err.Error())
	}
	return e.Words.Phrase(sum)
}

// rootWords returns the words of a root key.
func (e *Engine) rootWords(root string) []string { return e.wordsOf("root", root) }

// shown returns a request as both screens show it.
func (e *Engine) shown(q *vault.JoinRequest, rootWords []string) api.JoinRequest {
	out := e.brief(q)
	out.RootWords = rootWords
	out.Words = e.wordsOf("workstation", string(q.Device())+"\n"+string(encodeKey(q.Key))+"\n"+q.Recipient)
	return out
}

// brief is shown without the words.
func (e *Engine) brief(q *vault.JoinRequest) api.JoinRequest {
	return api.JoinRequest{Head: api.H("join_request"), Code: codeOf(q.Device()), Device: string(q.Device()), Org: string(q.Org),
		Since: q.At.UTC().Format(time.RFC3339), Stale: q.Stale(e.Now())}
}

func errAsking() error {
	return api.WithHint(vault.Errorf(vault.CodePolicy, "this workstation is not enrolled yet: it waits for an administrator"),
		"`vaultctl join` shows its code again, and goes on")
}

// errAskingHome refuses to begin something else in a home that asks to join.
func errAskingHome() error {
	return api.WithHint(vault.Errorf(vault.CodeConflict, "this home asks to join an organization"),
		"`vaultctl join` goes on; another organization needs a home of its own, with --home DIRECTORY")
}

// JoinAsk makes this workstation's keys and asks, on the remote, to be enrolled. Asked again it shows the same code, until
// the request is too old. Errors: CodeNotFound where the remote holds no organization, CodeConflict where the home belongs
// to one or asks another.
func (e *Engine) JoinAsk(ctx context.Context, req api.JoinAskRequest) (api.JoinRequest, error) {
	if err := checkFingerprint(req.Root); err != nil {
		return api.JoinRequest{}, err
	}
	ident := e.self()
	if ident.Device != "" && !ident.Asking {
		return api.JoinRequest{}, vault.Errorf(vault.CodeConflict, "this home belongs to an organization already")
	}
	if ident.Device == "" || req.Anew {
		if req.Remote == "" {
			return api.JoinRequest{}, vault.Errorf(vault.CodeUsage, "a remote is needed: a folder, or any rclone remote")
		}
		return e.askAnew(ctx, &req)
	}
	return e.askAgain(ctx, &req)
}

// askAnew makes keys and a request. Nothing is written here before the remote was found to hold an organization.
func (e *Engine) askAnew(ctx context.Context, req *api.JoinAskRequest) (api.JoinRequest, error) {
	conf, remote, err := e.openExisting(ctx, req.Conf, req.Remote)
	if err != nil {
		return api.JoinRequest{}, err
	}
	note, err := orgNoteOf(ctx, remote.Get)
	if err != nil {
		return api.JoinRequest{}, err
	}
	line, err := readRootLine(ctx, remote, note, req.Root)
	if err != nil {
		return api.JoinRequest{}, err
	}
	secret, sign, device, err := e.newSecret()
	if err != nil {
		return api.JoinRequest{}, err
	}
	if e.self().Device != "" {
		if err := e.forgetAsked(ctx, req.Protect.Passphrase); err != nil {
			return api.JoinRequest{}, err
		}
	}
	dev := vault.DeviceIDOf(sign.Public().(ed25519.PublicKey))
	ident := identityFile{Org: note.Org, Root: rootText(note), Device: dev, Fingerprint: vault.Fingerprint(note.Root),
		Latest: keyText(line.last()), First: note.First, Writer: vault.NewWriterID(dev), Joining: true, Asking: true}
	if err := e.enrolSelf(ctx, secret, device, ident, req.Protect, remotesFile{Remotes: []remoteEntry{{"main", req.Remote}}, Conf: conf}); err != nil {
		return api.JoinRequest{}, err
	}
	if err := e.rememberFirst(ctx, note.First); err != nil {
		return api.JoinRequest{}, err
	}
	q, err := e.putRequest(ctx)
	q.Ignored = line.ignored
	return q, err
}

// forgetAsked empties a home that asked to join. The passphrase is checked first: it keeps what comes next as well.
func (e *Engine) forgetAsked(ctx context.Context, passphrase string) error {
	raw, err := e.Protect.Open(ctx, e.Home, passphrase)
	if err != nil {
		return err
	}
	clear(raw)
	if err := e.Unlock(ctx, passphrase); err != nil {
		return err
	}
	e.pulling.Lock()
	defer e.pulling.Unlock()
	err = e.exclusive(ctx, func() error {
		var ops []Op
		for _, b := range Buckets() {
			err := e.Store.Scan(b.Name, "", func(key string, _ []byte) error {
				ops = append(ops, Op{b.Name, key, nil})
				return nil
			})
			if err != nil {
				return err
			}
		}
		return e.Store.Write(ops)
	})
	if err != nil {
		return err
	}
	names, err := e.Spool.Names("v1/")
	for _, n := range names {
		err = errors.Join(err, e.Spool.Withdraw(n))
	}
	return errors.Join(err, e.forgetSelf())
}

// orgNoteOf reads the organization note of a remote. Errors have CodeNotFound where there is none.
func orgNoteOf(ctx context.Context, get source) (*vault.OrgNote, error) {
	raw, err := readSource(ctx, get, vault.OrgNotePath, 8<<10)
	if vault.CodeOf(err) == vault.CodeNotFound {
		return nil, api.WithHint(vault.Errorf(vault.CodeNotFound, "the remote holds no organization"), "check the address; `vaultctl init` founds one")
	}
	if err != nil {
		return nil, err
	}
	return vault.ParseOrgNote(raw)
}

// askAgain takes up a request of an earlier run.
func (e *Engine) askAgain(ctx context.Context, req *api.JoinAskRequest) (api.JoinRequest, error) {
	if err := e.Unlock(ctx, req.Protect.Passphrase); err != nil {
		return api.JoinRequest{}, err
	}
	keys, _ := e.view()
	if keys == nil {
		return api.JoinRequest{}, vault.Errorf(vault.CodeLocked, "the vaults are locked")
	}
	f, err := e.loadRemotes(keys)
	if err != nil {
		return api.JoinRequest{}, err
	}
	if req.Remote != "" && req.Remote != f.Remotes[0].Spec {
		return api.JoinRequest{}, api.WithHint(vault.Errorf(vault.CodeConflict, "this home asks to join through another remote"),
			"`vaultctl join --anew` forgets that and asks again")
	}
	remote := e.mounted()[0].remote
	note, err := orgNoteOf(ctx, remote.Get)
	if err != nil {
		return api.JoinRequest{}, err
	}
	if ident := e.self(); note.Org != ident.Org || rootText(note) != ident.Root {
		return api.JoinRequest{}, api.WithHint(vault.Errorf(vault.CodeForeign, "the remote holds another organization than when this workstation asked to join"),
			"check the address; `vaultctl join --anew` asks this organization instead")
	}
	line, err := readRootLine(ctx, remote, note, req.Root)
	if err != nil {
		return api.JoinRequest{}, err
	}
	if err := e.showRoot(line.last()); err != nil {
		return api.JoinRequest{}, err
	}
	if err := e.rememberFirst(ctx, note.First); err != nil {
		return api.JoinRequest{}, err
	}
	q, err := e.putRequest(ctx)
	q.Ignored = line.ignored
	if err != nil || !q.Stale {
		return q, err
	}
	if _, err := e.mounted()[0].remote.Stat(ctx, vault.WelcomePath(e.self().Device)); err == nil {
		return q, nil // approved in time
	}
	again := *req
	again.Remote = f.Remotes[0].Spec
	if again.Protect.Method, err = e.Protect.Method(e.Home); err != nil {
		return api.JoinRequest{}, err
	}
	return e.askAnew(ctx, &again)
}

// putRequest puts the request on the remote, unless it is there, and returns it.
func (e *Engine) putRequest(ctx context.Context) (api.JoinRequest, error) {
	keys, _ := e.view()
	if keys == nil {
		return api.JoinRequest{}, vault.Errorf(vault.CodeLocked, "the vaults are locked")
	}
	ident, m := e.self(), e.mounted()[0]
	recipient, err := e.Sealer.RecipientOf(keys.device)
	if err != nil {
		return api.JoinRequest{}, err
	}
	path := vault.JoinRequestPath(ident.Device)
	raw, err := readSource(ctx, m.remote.Get, path, 8<<10)
	if vault.CodeOf(err) == vault.CodeNotFound {
		raw = vault.JoinRequest{Org: ident.Org, Recipient: recipient, At: e.Now()}.Sign(keys.sign)
		err = m.remote.Put(ctx, Upload{Path: path, Size: int64(len(raw)), Hash: objecthash.Of(raw),
			Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(raw)), nil }})
	}
	if err != nil {
		return api.JoinRequest{}, err
	}
	q, err := vault.ParseJoinRequest(raw)
	if err == nil && (q.Device() != ident.Device || q.Recipient != recipient || q.Org != ident.Org) {
		err = vault.Errorf(vault.CodeIntegrity, "the request on the remote is not the one of this workstation")
	}
	if err != nil {
		return api.JoinRequest{}, err
	}
	out := e.shown(q, e.rootWords(ident.latest()))
	out.Remote = e.Remotes.Redact(m.spec)
	return out, nil
}
