package engine

import (
	"context"
	"slices"
	"strings"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// maxAsking bounds how many requests are read: who holds credentials for the storage can put there as many as they like.
const maxAsking = 100

// DeviceAsking yields the workstations that ask to be enrolled, or the one with the code, as their own screens show them.
// Errors: CodeNotFound for a code that nobody shows, CodeAmbiguous where it is too short, CodeUnreachable.
func (e *Engine) DeviceAsking(ctx context.Context, req api.CodeRequest, yield func(api.JoinRequest) error) error {
	_, org, err := e.ready()
	if err != nil {
		return err
	}
	if req.Code != "" {
		q, err := e.findRequest(ctx, req.Code)
		if err != nil {
			return err
		}
		out := e.shown(q, e.rootWords(org.CurrentRoot().Key))
		out.Approved = org.Devices[q.Device()] != nil
		return yield(out)
	}
	ids, err := e.askingIDs(ctx, "")
	if err != nil {
		return err
	}
	show := e.brief
	if !req.Brief {
		root := e.rootWords(org.CurrentRoot().Key)
		show = func(q *vault.JoinRequest) api.JoinRequest { return e.shown(q, root) }
	}
	n := 0
	for _, id := range ids {
		if org.Devices[id] != nil {
			continue
		}
		if n++; n > maxAsking {
			break
		}
		q, err := e.readRequest(ctx, id)
		switch vault.CodeOf(err) {
		case "":
		case vault.CodeUnreachable, vault.CodeInterrupted:
			return err
		default: // not a request of this organization
			continue
		}
		if err := yield(show(q)); err != nil {
			return err
		}
	}
	return nil
}

// askingIDs returns the ids with a prefix below which something asks on any remote, sorted. Errors are those of the last
// remote where none could be read.
func (e *Engine) askingIDs(ctx context.Context, prefix string) ([]vault.DeviceID, error) {
	var out []vault.DeviceID
	var last error = vault.Errorf(vault.CodeUnreachable, "no remote is open")
	reached := false
	for _, m := range e.mounted() {
		names, err := m.remote.Folders(ctx, vault.JoinFolder)
		if err != nil && vault.CodeOf(err) != vault.CodeNotFound {
			last = err
			continue
		}
		reached = true
		for _, n := range names {
			if id := vault.DeviceID(n); id.Valid() && strings.HasPrefix(n, prefix) && !slices.Contains(out, id) {
				out = append(out, id)
			}
		}
	}
	if !reached {
		return nil, last
	}
	slices.Sort(out)
	return out, nil
}

// findRequest returns the only request with the code. That of a workstation which is enrolled is told by its certificate: on
// the remotes it does not stay.
func (e *Engine) findRequest(ctx context.Context, code string) (*vault.JoinRequest, error) {
	prefix, err := plainCode(code)
	if err != nil {
		return nil, err
	}
	_, org, err := e.ready()
	if err != nil {
		return nil, err
	}
	ids, err := e.askingIDs(ctx, prefix)
	if err != nil {
		return nil, err
	}
	ids = slices.DeleteFunc(ids, func(id vault.DeviceID) bool { return org.Devices[id] != nil })
	var found *vault.JoinRequest
	var bad error
	for id, d := range org.Devices {
		if !strings.HasPrefix(string(id), prefix) {
			continue
		}
		if found != nil {
			return nil, errManyAsk()
		}
		if found, err = certifiedRequest(org, d); err != nil {
			return nil, err
		}
	}
	for i, id := range ids {
		if i == maxAsking {
			break
		}
		q, err := e.readRequest(ctx, id)
		switch {
		case err != nil:
			bad = err
		case found != nil:
			return nil, errManyAsk()
		default:
			found = q
		}
	}
	switch {
	case found != nil:
		return found, nil
	case bad != nil:
		return nil, bad
	}
	return nil, api.WithHint(vault.Errorf(vault.CodeNotFound, "no workstation asks to join under this code"),
		"`vaultctl device list --pending` shows those that do; the new one must use the same remote")
}

// readRequest reads the request of a device and checks that it is that device's, to this organization.
func (e *Engine) readRequest(ctx context.Context, id vault.DeviceID) (*vault.JoinRequest, error) {
	var last error = vault.Errorf(vault.CodeUnreachable, "no remote is open")
	for _, m := range e.mounted() {
		raw, err := readSource(ctx, m.remote.Get, vault.JoinRequestPath(id), 8<<10)
		if err != nil {
			last = err
			continue
		}
		q, err := vault.ParseJoinRequest(raw)
		switch {
		case err != nil:
			last = err
		case q.Device() != id:
			last = vault.Errorf(vault.CodeIntegrity, "the request on the remote is of another workstation")
		case q.Org != e.self().Org:
			last = vault.Errorf(vault.CodeForeign, "the workstation asks to join another organization")
		default:
			return q, nil
		}
	}
	return nil, last
}
