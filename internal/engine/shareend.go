package engine

import (
	"context"
	"slices"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	"vaultctl/internal/vault"
)

// ShareRevoke ends a share: its copies are tombstoned, and deleted on every remote. A reader of the vault, the card, an
// admin's workstation and the one that shared may do it. The receipt says what each remote has confirmed. Errors:
// CodeNotFound, CodeErased, CodeNoConsent, CodeNoIdentity for a wrong card, CodeConflict where the share has ended.
func (e *Engine) ShareRevoke(ctx context.Context, req api.ShareRevokeRequest, tell func(api.Progress)) (api.Receipt, error) {
	wait, err := waitOf(req.Wait)
	if err != nil {
		return api.Receipt{}, err
	}
	st, keys, org, sh, err := e.findShare(req.Share)
	if err != nil {
		return api.Receipt{}, err
	}
	if !sh.Active() {
		return api.Receipt{}, vault.Errorf(vault.CodeConflict, "the share has ended already")
	}
	card, err := e.presented(ctx, st, req.Card)
	if err != nil {
		return api.Receipt{}, err
	}
	if card == nil && !mayEnd(st, keys, org, sh) {
		e.refused(ctx, st.ID, "", "share", vault.CodeNoConsent)
		return api.Receipt{}, errNoConsent()
	}
	l := receiptLang(req.Language)
	r := api.Receipt{Head: api.H("receipt"), ID: string(st.ID), At: rfc3339(e.Now()), DryRun: req.DryRun,
		Ended:       []string{l.T("share %s with %s (%s)", sh.Share, shareWord(org, sh), purposeWord(l, sh.Purpose))},
		Gone:        []string{l.N(len(sh.Copies()), "%d sealed copy on the storage", "%d sealed copies on the storage")},
		NotRecalled: []string{l.T("What was handed out as a file, or fetched from the storage, cannot be recalled.")}}
	if req.DryRun {
		return r, nil
	}
	if err := e.endShare(ctx, st.ID, sh.Share, vault.ShareRevoked, card.by(org)); err != nil {
		return api.Receipt{}, err
	}
	mark, err := e.pushFor(ctx, wait, tell)
	if err != nil {
		return r, err
	}
	return r, e.countDeleted(l, sh.Paths(), mark, &r)
}

// mayEnd reports whether this device may end a share without the card.
func mayEnd(st *vault.State, keys *keyring, org *vault.Org, sh *vault.Share) bool {
	self := org.Devices[org.Here]
	return readsVault(keys, st, org) || sh.Added.Writer.Device() == org.Here || self != nil && self.Has(vault.RoleAdmin)
}

// endShare records the end of a share, then has its copies deleted. What fails of the latter is tried again in the
// background.
func (e *Engine) endShare(ctx context.Context, id vault.BeneficiaryID, share vault.ShareID, how vault.EventType, cosign func(*vault.Event)) error {
	err := e.commit(ctx, func(t *tx) error {
		st, err := t.state(id)
		if err != nil {
			return err
		}
		if sh := st.Share(share); sh == nil || !sh.Active() {
			return vault.Errorf(vault.CodeConflict, "the share has ended already")
		}
		return t.emitCosigned(how, id, vault.ShareEndBody{Share: share}, cosign)
	})
	if err != nil {
		return err
	}
	if err := e.commit(context.WithoutCancel(ctx), func(t *tx) error { return t.bury(id) }); err != nil {
		e.log.Warn("delete the copies of a share", "code", vault.CodeOf(err))
		return nil
	}
	e.dropUnpushed(id)
	return nil
}

// endingShares returns the vaults with shares whose last day has passed here, or that a compromised device could open.
func (e *Engine) endingShares() []vault.BeneficiaryID {
	today := e.today()
	e.mu.RLock()
	defer e.mu.RUnlock()
	var out []vault.BeneficiaryID
	for id, s := range e.people {
		if slices.ContainsFunc(s.shares, func(sh briefShare) bool { return sh.until < today || sh.exposed }) {
			out = append(out, id)
		}
	}
	return out
}

// endShares ends the shares of a vault that are to end, where it is this device's turn.
func (e *Engine) endShares(ctx context.Context, id vault.BeneficiaryID) error {
	st, keys, org, err := e.load(id)
	if err != nil {
		return err
	}
	exposed := st.ExposedShares(org)
	for _, sh := range st.ActiveShares() {
		how := vault.ShareRevoked
		since := e.Now()
		switch {
		case sh.Until < vault.DateOf(e.Now()):
			how = vault.ShareExpired
			if last, err := time.ParseInLocation(time.DateOnly, string(sh.Until), e.Now().Location()); err == nil {
				since = last.AddDate(0, 0, 1)
			}
		case !slices.Contains(exposed, sh):
			continue
		}
		if !mayEnd(st, keys, org, sh) || e.Now().Sub(e.firstSeen("share/"+string(sh.Share), since)) < shareTurn(st, org, sh) {
			continue
		}
		if err := e.endShare(ctx, id, sh.Share, how, nil); err != nil && vault.CodeOf(err) != vault.CodeConflict {
			return err
		}
	}
	return nil
}

// shareTurn is how long this device leaves the end of a share to others: the one that shared ends it at once; where it is
// gone, readers of the vault and admins follow one another.
func shareTurn(st *vault.State, org *vault.Org, sh *vault.Share) time.Duration {
	owner := sh.Added.Writer.Device()
	if owner == org.Here {
		return 0
	}
	able := holdersOf(org, st.Readers(org, vault.Shared))
	for id, d := range org.Devices {
		if d.Active() && d.Has(vault.RoleAdmin) && !slices.Contains(able, id) {
			able = append(able, id)
		}
	}
	wait := time.Duration(placeAmong(able, org.Here, string(sh.Share))) * expireTurn
	if d := org.Devices[owner]; d != nil && d.Active() {
		wait += takeOver
	}
	return wait
}

// copiesLeft asks each remote which copies of a share that has ended are still there.
func (e *Engine) copiesLeft(ctx context.Context, l lang.Lang, sh *vault.Share) (out []api.RemoteReceipt, complete bool) {
	paths := sh.Paths()
	complete = true
	for _, m := range e.mounted() {
		waiting := 0
		for _, p := range paths {
			if _, err := m.remote.Stat(ctx, p); vault.CodeOf(err) != vault.CodeNotFound {
				waiting++
				if err != nil {
					m.unreached(err)
				}
			}
		}
		complete = complete && waiting == 0
		out = append(out, api.RemoteReceipt{Name: m.name, Deleted: len(paths) - waiting, Waiting: waiting, Note: e.remoteNote(l, m, waiting, 0)})
	}
	return out, complete
}

// sharesGoOn says in sentences which shares of a vault outlast the end of a consent.
func sharesGoOn(l lang.Lang, st *vault.State, org *vault.Org) []string {
	var out []string
	for _, sh := range st.ActiveShares() {
		out = append(out, l.T("Share %s with %s goes on until %s: end it with `vaultctl share revoke`.", sh.Share, shareWord(org, sh), l.Date(sh.Until.Time())))
	}
	return out
}
