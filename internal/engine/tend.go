package engine

import (
	"context"
	"time"

	"vaultctl/internal/vault"
)

const tendInterval = 20 * time.Second

// tendLoop does what nobody asks for: it ends consents whose last day has passed, goes on with interrupted reseals, and
// locks after idle time.
func (e *Engine) tendLoop(ctx context.Context) {
	defer e.wg.Done()
	tick := time.NewTicker(tendInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-e.resume: // what the last run left undone does not wait for a tick
		}
		e.tend(ctx)
	}
}

// tend is one round of tendLoop.
func (e *Engine) tend(ctx context.Context) {
	if keys, _ := e.view(); keys == nil || e.self().Joining {
		return
	}
	if e.idleTooLong() {
		if err := e.Lock(ctx); err != nil {
			e.log.Error("idle lock", "code", vault.CodeOf(err))
		}
		return
	}
	if e.isRevoked() { // it only listens whether that stands
		if err := e.pullIfDue(ctx); err != nil && ctx.Err() == nil {
			e.log.Warn("pull", "code", vault.CodeOf(err))
		}
		return
	}
	expiring, misread := e.needTending()
	for _, id := range expiring {
		ended, err := e.expire(ctx, id)
		if err != nil {
			e.log.Error("end expired consent", "code", vault.CodeOf(err))
		}
		if ended {
			misread = append(misread, id)
		}
	}
	for _, id := range misread {
		if _, _, err := e.resealVault(ctx, id, nil, nil); err != nil && ctx.Err() == nil {
			e.log.Warn("reseal", "code", vault.CodeOf(err))
		}
	}
	for _, id := range e.needForgetting() {
		if err := e.forgetVault(ctx, id); err != nil && ctx.Err() == nil {
			e.log.Warn("forget vault", "code", vault.CodeOf(err))
		}
	}
	if err := e.pullIfDue(ctx); err != nil && ctx.Err() == nil {
		e.log.Warn("pull", "code", vault.CodeOf(err))
	}
	if err := e.refreshManifests(ctx); err != nil && ctx.Err() == nil {
		e.log.Warn("write manifests", "code", vault.CodeOf(err))
	}
	if err := e.finishErasures(ctx); err != nil && ctx.Err() == nil {
		e.log.Warn("finish erasure", "code", vault.CodeOf(err))
	}
}

// idleTooLong reports whether the vaults should be locked: only where a person has to unlock them again.
func (e *Engine) idleTooLong() bool {
	limit := e.Settings.IdleLock()
	needs, err := e.Protect.NeedsPerson(e.Home)
	if err != nil || !needs || limit <= 0 {
		return false
	}
	e.mu.RLock()
	defer e.mu.RUnlock()
	return e.Now().Sub(e.last) > limit
}

func (e *Engine) needTending() (expiring, misread []vault.BeneficiaryID) {
	today := e.today()
	e.mu.RLock()
	defer e.mu.RUnlock()
	for id, s := range e.people {
		if s.soonest != "" && s.soonest < today {
			expiring = append(expiring, id)
		}
		if s.tend {
			misread = append(misread, id)
		}
	}
	return expiring, misread
}

