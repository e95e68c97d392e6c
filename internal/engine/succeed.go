package engine

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"fmt"
	"slices"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	"vaultctl/internal/objecthash"
	"vaultctl/internal/vault"
)

// RootNew makes the words of a next root, in exchange for those of the one so far. Nothing is kept or written: they count
// once RootRotate was told them again, from the paper. Errors: CodePolicy for a caller who is no admin, CodeNoIdentity for
// other words than the root's.
func (e *Engine) RootNew(ctx context.Context, req api.RootNewRequest) (api.RootKey, error) {
	org, before, err := e.rootAtHand(ctx, req.RootWords)
	if err != nil {
		return api.RootKey{}, err
	}
	clear(before)
	seed := randomBytes(ed25519.SeedSize)
	defer clear(seed)
	root := ed25519.NewKeyFromSeed(seed)
	defer clear(root)
	l, _ := lang.Parse(req.Language)
	words, err := e.Words.Encode(seed, l.String())
	if err != nil {
		return api.RootKey{}, fmt.Errorf("root words: %w", err)
	}
	remote := ""
	if m := e.mounted(); len(m) > 0 {
		remote = e.Remotes.Redact(m[0].spec)
	}
	out := api.RootKey{Head: api.H("root_key"), N: org.CurrentRoot().N + 1, Fingerprint: vault.Fingerprint(root.Public().(ed25519.PublicKey)), RootWords: words}
	var pdf bytes.Buffer
	err = e.Paper.Recovery(&pdf, l, RecoveryPages{Org: org.Name, OrgID: string(org.ID), Fingerprint: out.Fingerprint, RootWords: words,
		Remote: remote, On: e.today()})
	if err != nil {
		return api.RootKey{}, fmt.Errorf("page of the root words: %w", err)
	}
	out.Sheets = pdf.Bytes()
	return out, nil
}

// rootAtHand returns the organization, up to date, and the root that the words make, for an admin.
func (e *Engine) rootAtHand(ctx context.Context, words string) (*vault.Org, ed25519.PrivateKey, error) {
	org, err := e.revoker(ctx)
	if err != nil {
		return nil, nil, err
	}
	root, err := e.rootKey(org, words)
	return org, root, err
}

// RootRotate makes the root of the new words the organization's, in the place of the one whose words were given too: from
// then on those sign nothing. Told again what has happened already, it waits for the remotes once more. Errors are those of
// RootNew; CodeConflict for words that were the root's before.
func (e *Engine) RootRotate(ctx context.Context, req api.RootRotateRequest, tell func(api.Progress)) (api.RootChange, error) {
	org, err := e.revoker(ctx)
	if err != nil {
		return api.RootChange{}, err
	}
	before, next, err := e.bothRoots(org, &req)
	defer func() { clear(before); clear(next) }()
	if err != nil {
		return api.RootChange{}, err
	}
	out := api.RootChange{Head: api.H("root"), Before: vault.Fingerprint(before.Public().(ed25519.PublicKey)), DryRun: req.DryRun}
	if next == nil {
		out.N = org.CurrentRoot().N + 1
		return out, nil
	}
	out.Fingerprint = vault.Fingerprint(next.Public().(ed25519.PublicKey))
	if out.N = org.CurrentRoot().N; org.CurrentRoot().Key != keyText(next.Public().(ed25519.PublicKey)) {
		if out.N++; req.DryRun {
			return out, nil
		}
		if err := e.succeed(ctx, before, next); err != nil {
			return api.RootChange{}, err
		}
	}
	if err := e.keepRoot(); err != nil { // found again at the next round
		e.log.Warn("keep the root", "code", vault.CodeOf(err))
	}
	if err := e.flush(ctx); err != nil {
		e.log.Warn("close segment", "code", vault.CodeOf(err))
	}
	if err := e.waitPushed(ctx, defaultWait, tell); err != nil {
		e.log.Warn("push a root", "code", vault.CodeOf(err))
		out.Queued = true
	}
	return out, nil
}

// bothRoots returns the keys of the root so far and of the next, which may be the root already where the one so far is the
// one before it. Without words of the next, that is nil.
func (e *Engine) bothRoots(org *vault.Org, req *api.RootRotateRequest) (before, next ed25519.PrivateKey, err error) {
	if req.NewWords != "" {
		seed, err := e.Words.DecodeSecret(req.NewWords)
		if err != nil {
			return nil, nil, fmt.Errorf("new root words: %w", err)
		}
		next = ed25519.NewKeyFromSeed(seed)
		clear(seed)
	} else if !req.DryRun {
		return nil, nil, vault.Errorf(vault.CodeUsage, "the words of the new root are needed")
	}
	before, err = e.rootKey(org, req.RootWords)
	if next == nil {
		return before, nil, err
	}
	roots := org.Roots()
	at := slices.IndexFunc(roots, func(r vault.Root) bool { return r.Key == keyText(next.Public().(ed25519.PublicKey)) })
	switch {
	case at < 0 || err != nil && at != len(roots)-1:
		return before, next, err
	case at > 0 && at == len(roots)-1 && err != nil: // done before, with the words of then
		seed, werr := e.Words.DecodeSecret(req.RootWords)
		if werr != nil || keyText(ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey)) != roots[at-1].Key {
			return before, next, err
		}
		return ed25519.NewKeyFromSeed(seed), next, nil
	case err != nil:
		return before, next, err
	}
	return before, next, vault.Errorf(vault.CodeConflict, "these words are, or were, the root's: the next one needs others")
}

// succeed records the succession, with the note by which who has no journal finds it.
func (e *Engine) succeed(ctx context.Context, before, next ed25519.PrivateKey) error {
	ident := e.self()
	_, org := e.view()
	if org == nil {
		return vault.Errorf(vault.CodeLocked, "the vaults are locked")
	}
	n := vault.RootNote{Org: ident.Org, N: org.CurrentRoot().N + 1, Before: before.Public().(ed25519.PublicKey), Root: next.Public().(ed25519.PublicKey)}
	raw := n.Sign(before, next)
	o := vault.Object{Path: n.Path(), Size: int64(len(raw)), Hash: objecthash.Of(raw)}
	if !e.Spool.Has(o.Path) {
		if err := e.stageSegment(o.Path, raw); err != nil {
			return fmt.Errorf("stage note of the root: %w", err)
		}
	}
	return e.commit(ctx, func(t *tx) error {
		if err := isRoot(t.org(), n.Before); err != nil {
			return err
		}
		t.enqueue(o)
		return t.emitCosigned(vault.RootSucceeded, "", vault.RootBody{Note: string(raw)}, func(ev *vault.Event) { ev.Cosign(ident.Org, ident.Device, next) })
	})
}
