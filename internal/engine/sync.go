package engine

import (
	"context"
	"errors"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// Sync closes what is acknowledged into segments, pulls what others wrote, and pushes; with Wait it returns when the
// remotes hold everything. Errors have CodeUnreachable, CodeFull… where it waited in vain, CodeIntegrity where something
// was found altered, rolled back or forked, and CodeForeign for another organization's remote.
func (e *Engine) Sync(ctx context.Context, req api.SyncRequest, tell func(api.Progress)) (api.SyncResult, error) {
	began := time.Now()
	res := api.SyncResult{Head: api.H("sync")}
	limit, err := syncWait(req.Wait)
	if err != nil {
		return res, err
	}
	if e.self().Device == "" {
		return res, vault.Errorf(vault.CodeNotFound, "there is no organization here yet")
	}
	var pullErr error
	if keys, _ := e.view(); keys != nil {
		if err := e.mountRemotes(ctx); err != nil {
			return res, err
		}
		if err := e.flush(ctx); err != nil { // manifests name the notes that closing a segment makes
			return res, err
		}
		if err := e.refreshManifests(ctx); err != nil && !e.isRevoked() {
			e.log.Warn("write manifests", "code", vault.CodeOf(err))
		}
		res.Pulled, pullErr = e.pullWithin(ctx, limit)
	}
	if err := e.flush(ctx); err != nil {
		return res, err
	}
	if err := e.refuseRevoked(); err != nil {
		return res, err
	}
	before, err := e.queueSize("")
	if err != nil {
		return res, err
	}
	if limit > 0 {
		if err := e.waitPushed(ctx, max(0, limit-time.Since(began)), tell); err != nil {
			if errors.Is(err, errBehind) && pullErr != nil { // which says more
				err = pullErr
			}
			return res, err
		}
	}
	after, err := e.queueSize("")
	if err != nil {
		return res, err
	}
	res.Pushed, res.Queued, res.Waiting = before.Objects-after.Objects, after.Objects+after.Doomed, e.unseenAll()
	if limit == 0 { // else all of that was waited for, and what is queued came from work in the background meanwhile
		res.Late = res.Queued
	}
	if res.Remotes, err = e.remoteStatus(); err != nil {
		return res, err
	}
	switch vault.CodeOf(pullErr) {
	case "":
	case vault.CodeUnreachable:
		if limit > 0 {
			return res, pullErr
		}
	default:
		return res, pullErr
	}
	return res, e.integrity()
}

// pullWithin pulls from remotes whose owner and writers are looked at anew, for no longer than the limit, or as long as it
// takes for 0.
func (e *Engine) pullWithin(ctx context.Context, limit time.Duration) (int, error) {
	for _, m := range e.mounted() {
		m.distrust()
		m.forgetHint()
	}
	if limit <= 0 {
		return e.pull(ctx)
	}
	bounded, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	n, err := e.pull(bounded)
	if err != nil && bounded.Err() != nil && ctx.Err() == nil {
		err = vault.Errorf(vault.CodeUnreachable, "the remote did not answer in time")
	}
	return n, err
}

// syncWait reads how long to wait; 0 is not at all.
func syncWait(s string) (time.Duration, error) {
	switch s {
	case "":
		return 0, nil
	case "forever":
		return 365 * 24 * time.Hour, nil
	}
	return waitOf(s)
}

// integrity returns an error if earlier checks found something altered, rolled back or forked.
func (e *Engine) integrity() error {
	found, err := e.keptFindings()
	if err != nil {
		return err
	}
	held, err := e.heldFindings()
	if err != nil {
		return err
	}
	found = append(found, held...)
	n := 0
	for _, f := range found {
		if f.Severity == severeError {
			n++
		}
	}
	if n == 0 {
		return nil
	}
	return api.WithHint(errFindings(n), "`vaultctl verify` names them; nothing altered was applied")
}

// errFindings is the error of a check that found n things altered, missing or foreign.
func errFindings(n int) error {
	if n == 1 {
		return vault.Errorf(vault.CodeIntegrity, "1 finding of altered, missing or foreign data")
	}
	return vault.Errorf(vault.CodeIntegrity, "%d findings of altered, missing or foreign data", n)
}
