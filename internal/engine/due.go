package engine

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// DueList yields what ends in open vaults that this device reads: of each the first consent that does, and documents. What
// ends next comes first; what has ended is not there. Nothing is read from the store. Errors have CodeUsage for a time that
// is none.
func (e *Engine) DueList(_ context.Context, req api.DueRequest, yield func(api.Due) error) error {
	if _, _, err := e.ready(); err != nil {
		return err
	}
	today := e.today()
	until := today.AddDate(0, 0, e.Settings.SoonDays())
	if req.Within != "" {
		var err error
		if until, err = vault.ParseDays(req.Within, today); err != nil {
			return err
		}
	}
	for _, d := range e.dueBetween(today, until) {
		if err := yield(d); err != nil {
			return err
		}
	}
	return nil
}

func (e *Engine) dueBetween(today, until vault.Date) []api.Due {
	var out []api.Due
	add := func(s *summary, what string, on vault.Date) {
		if on >= today && on <= until {
			out = append(out, api.Due{Head: api.H("due"), Beneficiary: s.b.ID, Name: s.b.Name, What: what, On: string(on)})
		}
	}
	e.mu.RLock()
	for _, s := range e.people {
		if !s.b.Readable || s.b.State != "open" {
			continue
		}
		add(s, api.DueConsent, s.soonest)
		for _, on := range s.expires {
			add(s, api.DueDocument, on)
		}
	}
	e.mu.RUnlock()
	slices.SortFunc(out, func(a, b api.Due) int {
		return cmp.Or(strings.Compare(a.On, b.On), strings.Compare(a.What, b.What), strings.Compare(a.Name, b.Name), strings.Compare(a.Beneficiary, b.Beneficiary))
	})
	return out
}
