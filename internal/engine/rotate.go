package engine

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"fmt"
	"io"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	"vaultctl/internal/vault"
)

// RecoveryRotate makes a new recovery secret, where a holder of the old one leaves: the root signs it, the organization's
// next keys are sealed to it, and every vault whose person did not decline recovery is sealed anew without the old one, in the
// background. What the old one opened before it still opens in copies that somebody kept. Errors: CodePolicy for a caller who
// is no admin, CodeNoIdentity for other words than the root's, CodeUsage for shares that make no sense.
func (e *Engine) RecoveryRotate(ctx context.Context, req api.RecoveryRotateRequest, tell func(api.Progress)) (api.RecoveryKey, error) {
	org, err := e.revoker(ctx)
	if err != nil {
		return api.RecoveryKey{}, err
	}
	if err := checkShares(&req.Need, &req.Of); err != nil {
		return api.RecoveryKey{}, err
	}
	root, err := e.rootKey(org, req.RootWords)
	if err != nil {
		return api.RecoveryKey{}, err
	}
	defer clear(root)
	seed, err := e.Shares.New()
	if err != nil {
		return api.RecoveryKey{}, fmt.Errorf("new recovery secret: %w", err)
	}
	defer clear(seed)
	out, recipient, err := e.recoveryPages(org, seed, &req)
	if err != nil {
		return api.RecoveryKey{}, err
	}
	if err := e.takeRecovery(ctx, vault.RecoveryBody{Recipient: recipient, Need: req.Need, Of: req.Of, Holders: req.Holders}, root, &out); err != nil {
		return api.RecoveryKey{}, err
	}
	// The secret exists nowhere else: it is shown whatever becomes of the rest, which goes on by itself.
	if err := e.summarizeAgain(ctx); err != nil {
		e.log.Warn("look at the vaults", "code", vault.CodeOf(err))
	}
	out.Resealing = e.toReseal()
	if err := e.flush(ctx); err != nil {
		e.log.Warn("close segment", "code", vault.CodeOf(err))
	}
	if err := e.waitPushed(ctx, defaultWait, tell); err != nil {
		e.log.Warn("push a recovery key", "code", vault.CodeOf(err))
		out.Queued = true
	}
	e.resumeSoon()
	return out, nil
}

// checkShares completes and checks how the secret is divided.
func checkShares(need, of *int) error {
	if *of == 0 {
		*need, *of = 1, 1
	}
	if *need < 1 || *need > *of || *of > 16 || *need == 1 && *of > 1 {
		return vault.Errorf(vault.CodeUsage, "recovery shares are K/N with 2 ≤ K ≤ N ≤ 16, or 1/1")
	}
	return nil
}

// rootKey returns the root key that the words make, if it is the organization's.
func (e *Engine) rootKey(org *vault.Org, words string) (ed25519.PrivateKey, error) {
	seed, err := e.Words.DecodeSecret(words)
	if err != nil {
		return nil, fmt.Errorf("root words: %w", err)
	}
	defer clear(seed)
	root := ed25519.NewKeyFromSeed(seed)
	if err := isRoot(org, root.Public().(ed25519.PublicKey)); err != nil {
		clear(root)
		return nil, err
	}
	return root, nil
}

// recoveryPages divides the secret and prints the shares.
func (e *Engine) recoveryPages(org *vault.Org, seed []byte, req *api.RecoveryRotateRequest) (api.RecoveryKey, string, error) {
	identity, recipient, err := e.Sealer.IdentityFromSeed(seed)
	if err != nil {
		return api.RecoveryKey{}, "", fmt.Errorf("recovery identity: %w", err)
	}
	l, _ := lang.Parse(req.Language)
	shares := []string{identity}
	if req.Of > 1 {
		if shares, err = e.Shares.Split(seed, req.Need, req.Of, req.Language); err != nil {
			return api.RecoveryKey{}, "", fmt.Errorf("split recovery secret: %w", err)
		}
	}
	remote := ""
	if m := e.mounted(); len(m) > 0 {
		remote = e.Remotes.Redact(m[0].spec)
	}
	var pdf bytes.Buffer
	err = e.Paper.Recovery(&pdf, l, RecoveryPages{Org: org.Name, OrgID: string(org.ID), Fingerprint: e.fingerprint(), Shares: shares,
		Need: req.Need, Remote: remote, On: e.today()})
	if err != nil {
		return api.RecoveryKey{}, "", fmt.Errorf("recovery pages: %w", err)
	}
	return api.RecoveryKey{Head: api.H("recovery"), Need: req.Need, Of: req.Of, Recovery: shares, Sheets: pdf.Bytes()}, recipient, nil
}

// takeRecovery records the key in a segment that who holds the old one can read, and makes new keys of the organization that
// are sealed to it.
func (e *Engine) takeRecovery(ctx context.Context, rec vault.RecoveryBody, root ed25519.PrivateKey, out *api.RecoveryKey) error {
	err := e.commit(ctx, func(t *tx) error {
		rec.N = t.org().CurrentRecovery().N + 1
		out.N = rec.N
		org, self := t.org().ID, t.e.self().Device
		return t.emitCosigned(vault.RecoverySet, "", rec, func(ev *vault.Event) { ev.Cosign(org, self, root) })
	})
	if err != nil {
		return err
	}
	if err := e.renewKeys(context.WithoutCancel(ctx), true); err != nil { // tried again in the background
		e.log.Warn("renew keys", "code", vault.CodeOf(err))
	}
	return nil
}

// recoveryParcels finds the parcels that a recovery secret opens, where the organization began with another: a later one is
// in no parcel that the journal's beginning names, and reads the journal through the predecessors in its own.
func (e *Engine) recoveryParcels(ctx context.Context, remote Remote, identity string) (map[vault.EpochID][]byte, error) {
	var paths []string
	err := remote.List(ctx, "v1/w", func(o ObjectInfo) error {
		if vault.ParcelEpoch(o.Path) != "" && o.Size <= maxParcel {
			paths = append(paths, o.Path)
		}
		return nil
	})
	out := map[vault.EpochID][]byte{}
	for _, p := range paths {
		raw, rerr := readSource(ctx, remote.Get, p, maxParcel)
		if rerr != nil {
			continue
		}
		r, rerr := e.Sealer.Open(bytes.NewReader(raw), []string{identity})
		if rerr != nil {
			continue
		}
		if text, rerr := io.ReadAll(io.LimitReader(r, maxParcel)); rerr == nil {
			out[vault.ParcelEpoch(p)] = text
		}
	}
	return out, err
}

// borrow gives a keyring opened parcels until the journal tells of them.
func (k *keyring) borrow(parcels map[vault.EpochID][]byte, s Sealer) error {
	k.lent = parcels
	for id, text := range parcels {
		if err := k.readParcel(id, bytes.NewReader(text), s); err != nil {
			return err
		}
	}
	return nil
}
