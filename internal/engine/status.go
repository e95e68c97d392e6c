package engine

import (
	"context"
	"fmt"
	"slices"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	"vaultctl/internal/vault"
)

// States of a workstation.
const (
	stateUninitialized = "uninitialized"
	stateLocked        = "locked"
	stateReady         = "ready"
	stateJoining       = "joining" // asks to be enrolled
)

// Status says how this workstation is. It reads nothing that is sealed, so that it works while locked.
func (e *Engine) Status(context.Context) (api.Status, error) {
	e.mu.RLock()
	ident, keys, org := e.ident, e.keys, e.org
	e.mu.RUnlock()
	s := api.Status{Head: api.H("status"), State: stateUninitialized, Version: e.Version}
	if ident.Device == "" {
		return s, nil
	}
	if s.State = stateLocked; ident.Asking {
		s.State = stateJoining
	}
	s.Org, s.Fingerprint, s.Device, s.Agent = string(ident.Org), e.fingerprint(), string(ident.Device), string(ident.Agent)
	var err error
	if s.Protect, err = e.Protect.Method(e.Home); err != nil {
		return s, fmt.Errorf("read protection: %w", err)
	}
	if keys != nil && !ident.Asking {
		e.fillUnlocked(&s, org, ident)
	}
	q, err := e.queueSize("")
	if err != nil {
		return s, err
	}
	s.Queued, s.QueuedBytes = q.Objects+q.Doomed, q.Bytes
	s.Unsealed = e.unsealed()
	s.Reseal, s.ToReseal, s.Waiting = e.reseals.get(), e.toReseal(), e.unseenAll()
	if keys != nil && !ident.Joining {
		notes, err := e.notesToReseal(org)
		if err != nil {
			return s, err
		}
		s.ToReseal += notes
	}
	if s.ToFetch, err = e.toFetch(); err != nil {
		return s, err
	}
	if s.Remotes, err = e.remoteStatus(); err != nil {
		return s, err
	}
	raw, err := e.Store.Get(bucketMeta, metaSynced)
	if err != nil {
		return s, err
	}
	s.LastSync = string(raw)
	if s.Attention, err = e.attention(); err != nil {
		return s, err
	}
	s.Revoked = e.isRevoked()
	s.Attention = append(s.Attention, e.lateFindings(false)...)
	return s, nil
}

func (e *Engine) fillUnlocked(s *api.Status, org *vault.Org, ident identityFile) {
	s.State = stateReady
	s.Name, s.Agent = org.Name, org.AgentName(ident.Agent)
	if d := org.Devices[ident.Device]; d != nil {
		s.Roles = roleNames(d)
	}
	e.mu.RLock()
	defer e.mu.RUnlock()
	for _, p := range e.people {
		if p.b.State != "erased" {
			s.Vaults++
			s.Documents += p.docs
		}
	}
}

func roleNames(d *vault.Device) []string {
	out := []string{string(d.Role)}
	for _, r := range d.Also {
		out = append(out, string(r))
	}
	return out
}

// attention returns what a person should look at: what checks found, remotes that fail, and work in progress that was
// cut short.
func (e *Engine) attention() ([]api.Finding, error) {
	kept, err := e.keptFindings()
	if err != nil {
		return nil, err
	}
	held, err := e.heldFindings()
	if err != nil {
		return nil, err
	}
	lies, err := e.lieFindings()
	if err != nil {
		return nil, err
	}
	out := slices.Concat(e.revokedFinding(), kept, held, lies, e.newerFinding(), e.silentFindings())
	for _, m := range e.mounted() {
		if failed := m.trouble(); failed != nil {
			f := api.Finding{Head: api.H("finding"), Severity: severeWarning, Code: string(vault.CodeOf(failed)), Subject: m.name,
				Message: failed.Error(), Hint: lang.Key("nothing is lost: what waits is sent when the remote answers; see `vaultctl remote test`")}
			if vault.CodeOf(failed) == vault.CodeIntegrity || vault.CodeOf(failed) == vault.CodeForeign {
				f.Severity = severeError
			}
			out = append(out, f)
		}
	}
	if ident := e.self(); ident.Asking {
		out = append(out, api.Finding{Head: api.H("finding"), Severity: severeWarning, Code: "unfinished",
			Message: lang.Key("this workstation is not enrolled yet: it waits for an administrator"),
			Hint:    lang.Key("`vaultctl join` shows its code again, and goes on")})
	} else if ident.Joining {
		out = append(out, api.Finding{Head: api.H("finding"), Severity: severeError, Code: "unfinished",
			Message: lang.Key("the organization is not rebuilt yet: it was interrupted"),
			Hint:    lang.Key("run `vaultctl join --recover` again: it goes on where it stopped")})
	}
	return out, nil
}

// remoteStatus says how each remote is doing.
func (e *Engine) remoteStatus() ([]api.RemoteStatus, error) {
	var out []api.RemoteStatus
	for _, m := range e.mounted() {
		q, err := e.queueSize(m.name)
		if err != nil {
			return nil, err
		}
		m.mu.Lock()
		s := api.RemoteStatus{Name: m.name, Remote: e.Remotes.Redact(m.spec), Queued: q.Objects + q.Doomed}
		if !m.lastOK.IsZero() {
			s.LastOK = m.lastOK.UTC().Format(time.RFC3339)
		}
		m.mu.Unlock()
		if failed := m.trouble(); failed != nil {
			s.LastError, s.Code = failed.Error(), string(vault.CodeOf(failed))
		}
		out = append(out, s)
	}
	return out, nil
}
