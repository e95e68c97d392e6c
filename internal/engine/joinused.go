package engine

import (
	"context"
	"encoding/base64"
	"maps"
	"slices"
	"strings"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// joinUsed returns the writes by which a device that joined deletes what it asked and was told, once its first segment is on
// the remote: from then on neither is read again, and the welcome is kept with its journal.
func joinUsed(id vault.DeviceID) []Op {
	return []Op{jsonOp(bucketDoomed, vault.JoinRequestPath(id), &doomed{}), jsonOp(bucketDoomed, vault.WelcomePath(id), &doomed{})}
}

// certifiedRequest returns what a device asked when it was enrolled: the same keys, and so the same words, as its request had.
func certifiedRequest(org *vault.Org, d *vault.Device) (*vault.JoinRequest, error) {
	key, err := base64.StdEncoding.DecodeString(d.Key)
	if err != nil || vault.DeviceIDOf(key) != d.Device {
		return nil, vault.Errorf(vault.CodeIntegrity, "join request: malformed or altered")
	}
	return &vault.JoinRequest{Org: org.ID, Key: key, Recipient: d.Recipient, At: d.Since.Time()}, nil
}

func errManyAsk() error {
	return api.WithHint(vault.Errorf(vault.CodeAmbiguous, "several workstations ask under this code"),
		"`vaultctl join --anew` there shows another one")
}

// asksAgain reports whether an enrolled device asks, though its welcome is gone from all remotes that answer: its home was put
// back to how it was before it had joined.
func (e *Engine) asksAgain(ctx context.Context, id vault.DeviceID) bool {
	return e.nowhere(ctx, vault.WelcomePath(id)) && !e.nowhere(ctx, vault.JoinRequestPath(id))
}

// wrote reports whether any remote holds something below a writer of the device, though this device may not have read it yet.
func (e *Engine) wrote(ctx context.Context, id vault.DeviceID) bool {
	for _, m := range e.mounted() {
		names, err := m.remote.Folders(ctx, "v1/w")
		if err == nil && slices.ContainsFunc(names, func(n string) bool { return vault.WriterID(n).Device() == id }) {
			return true
		}
	}
	return false
}

// nowhere reports whether every remote answers that it does not hold an object.
func (e *Engine) nowhere(ctx context.Context, path string) bool {
	for _, m := range e.mounted() {
		if _, err := m.remote.Stat(ctx, path); vault.CodeOf(err) != vault.CodeNotFound {
			return false
		}
	}
	return true
}

// beginAnew takes another writer where the storage holds a beginning of this one: who asks has written nothing, so that it is of
// a copy of this home, or of what this home was before it was put back.
func (e *Engine) beginAnew(ctx context.Context) error {
	ident := e.self()
	_, err := e.mounted()[0].remote.Stat(ctx, vault.SegmentPath(ident.Writer, 0))
	if vault.CodeOf(err) == vault.CodeNotFound {
		return nil
	}
	if err != nil {
		return err
	}
	return e.exclusive(ctx, func() error {
		ident := e.self()
		ident.Writer = vault.NewWriterID(ident.Device)
		if err := e.saveIdentity(ident); err != nil {
			return err
		}
		e.mu.Lock()
		e.ident = ident
		e.mu.Unlock()
		return nil
	})
}

// judgeJoins decides what becomes of requests and welcomes: those of a device that was heard of since it joined, or that was
// revoked, are of no further use. What a device asks that nobody enrols goes when it is old enough; it could be approved
// for a week.
func (c *cleaning) judgeJoins(org *vault.Org) error {
	heard := map[vault.DeviceID]bool{}
	for w, next := range c.heads {
		heard[w.Device()] = heard[w.Device()] || next > 0
	}
	for _, path := range slices.Sorted(maps.Keys(c.v.there)) {
		rest, ok := strings.CutPrefix(path, vault.JoinFolder+"/")
		if !ok || c.v.queued[path] || c.early[path] {
			continue
		}
		name, _, _ := strings.Cut(rest, "/")
		id := vault.DeviceID(name)
		d := org.Devices[id]
		switch {
		case !c.all && id != org.Here:
		case d == nil:
			old, err := c.waited(path)
			if err != nil {
				return err
			}
			if old {
				c.joins = append(c.joins, path)
			}
		case !d.Active() || heard[id]:
			c.joins = append(c.joins, path)
		}
	}
	return nil
}
