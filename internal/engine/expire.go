package engine

import (
	"context"
	"slices"
	"time"

	"vaultctl/internal/vault"
)

// expireTurn is how long a device leaves others the word when a consent's last day has passed: three say so, and it need
// not be all.
const expireTurn = 10 * time.Minute

// expire says of the consents of a vault whose last day has passed here that it has; see vault.ConsentExpired for when they
// end by that. It reports whether one ended.
func (e *Engine) expire(ctx context.Context, id vault.BeneficiaryID) (ended bool, err error) {
	keys, org := e.view()
	if keys == nil {
		return false, nil
	}
	st, err := newOverlay(e.Store, org, keys).state(id)
	if err != nil || len(e.passed(st, org)) == 0 {
		return false, err
	}
	err = e.commit(ctx, func(t *tx) error {
		st, err := t.state(id)
		if err != nil {
			return err
		}
		for _, b := range e.passed(st, t.org()) {
			if err := t.emit(vault.ConsentExpired, id, b); err != nil {
				return err
			}
			now, err := t.state(id)
			if err != nil {
				return err
			}
			ended = ended || !now.Consent(b.Consent).Active()
		}
		return nil
	})
	return ended, err
}

// passed returns the consents whose last day has passed here, where it is this device's turn to say so.
func (e *Engine) passed(st *vault.State, org *vault.Org) []vault.EndBody {
	now, self := e.Now(), e.self().Device
	var out []vault.EndBody
	for _, c := range st.Consents {
		if !c.Active() || c.Until == "" || c.Until >= vault.DateOf(now) || slices.Contains(c.Passed, self) {
			continue
		}
		last, err := time.ParseInLocation(time.DateOnly, string(c.Until), now.Location())
		if err == nil && now.Before(last.AddDate(0, 0, 1).Add(time.Duration(expiryTurn(org, self, c))*expireTurn)) {
			continue
		}
		out = append(out, vault.EndBody{Consent: c.Consent, Team: c.Team})
	}
	return out
}

// expiryTurn returns how many devices are to speak of the end of a consent before this one does. The first three speak at
// once.
func expiryTurn(org *vault.Org, self vault.DeviceID, c *vault.Consent) int {
	var active []vault.DeviceID
	for id, d := range org.Devices {
		if d.Active() {
			active = append(active, id)
		}
	}
	return max(0, placeAmong(active, self, string(c.Consent))-2)
}
