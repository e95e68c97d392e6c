package engine

import (
	"context"
	"time"

	"vaultctl/internal/vault"
)

const (
	tendInterval = 20 * time.Second
	inUse        = 15 * time.Minute // after its last use by a person a device polls as often as it is told to
)

// tendLoop does what nobody asks for: it ends consents and shares whose last day has passed, goes on with interrupted reseals, and
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
	e.tending.Lock()
	defer e.tending.Unlock()
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
	left := e.tendVaults(ctx)
	for _, c := range e.chores(&left) {
		if err := c.do(ctx); err != nil && ctx.Err() == nil {
			e.log.Warn(c.name, "code", vault.CodeOf(err))
		}
	}
	if left {
		e.resumeSoon()
	}
}

// tendVaults ends what has expired and seals vaults anew that are due. It reports whether some are left for the next round.
func (e *Engine) tendVaults(ctx context.Context) (left bool) {
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
	for _, id := range e.endingShares() {
		if err := e.endShares(ctx, id); err != nil && ctx.Err() == nil {
			e.log.Warn("end shares", "code", vault.CodeOf(err))
		}
	}
	left = e.resealDue(ctx, append(misread, e.needBurying()...))
	for _, id := range e.needForgetting() {
		if err := e.forgetVault(ctx, id); err != nil && ctx.Err() == nil {
			e.log.Warn("forget vault", "code", vault.CodeOf(err))
		}
	}
	return left
}

// chore is a step of a round whose failure stops no other.
type chore struct {
	name string // for the log
	do   func(context.Context) error
}

// chores are the steps after the vaults, in their order: what a pull brings is there for those below it. left is set where one
// of them has more to do.
func (e *Engine) chores(left *bool) []chore {
	return []chore{
		{"heartbeat", e.beat},
		{"pull", e.pullIfDue},
		{"keep the root", func(context.Context) error { return e.keepRoot() }},
		{"fetch notes", func(ctx context.Context) error {
			more, err := e.fetchRest(ctx)
			*left = *left || more
			return err
		}},
		{"renew keys", func(ctx context.Context) error { return e.renewKeys(ctx, false) }},
		{"reseal notes", e.resealOrgNotes},
		{"give keys", e.extendMissing},
		{"welcome workstations", e.sendWelcomes},
		{"summarize vaults", e.refreshPeople},
		{"write manifests", e.refreshManifests},
		{"clean remotes", e.cleanIfCustodian},
		{"finish erasure", e.finishErasures},
	}
}

// pullIfDue pulls where the last pull is longer ago than the settings want: from the writers whose turn it is. A device
// that nobody uses and that hears nothing new polls more rarely, and comes back to the configured interval, asking
// everybody, once somebody uses it.
func (e *Engine) pullIfDue(ctx context.Context) error {
	every := e.Settings.SyncInterval()
	raw, err := e.Store.Get(bucketMeta, metaSynced)
	if err != nil || every <= 0 || len(e.mounted()) == 0 {
		return err
	}
	e.mu.RLock()
	use := e.last
	e.mu.RUnlock()
	wait, all := e.pace.next(every, use)
	if e.pace.failed.After(e.Now()) {
		return nil
	}
	if last, err := time.Parse(time.RFC3339, string(raw)); err == nil && e.Now().Sub(last).Abs() < wait {
		return nil
	}
	n, _, err := e.pullFrom(ctx, all)
	e.pace.failed = time.Time{}
	if err != nil {
		e.pace.failed = e.Now().Add(min(every, time.Minute))
	}
	e.pace.polled(every, n > 0 || e.Now().Sub(use) < inUse)
	return err
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
	turns := map[vault.BeneficiaryID]turn{}
	e.mu.RLock()
	for id, s := range e.people {
		if s.soonest != "" && s.soonest < today {
			expiring = append(expiring, id)
		}
		if s.tend {
			turns[id] = s.turn
		}
	}
	e.mu.RUnlock()
	for id, t := range turns {
		if e.due(id, t) {
			misread = append(misread, id)
		}
	}
	return expiring, misread
}
