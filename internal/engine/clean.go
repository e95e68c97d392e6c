package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

const (
	metaCleaned = "cleaned/" // + remote → when a custodian last cleaned it, RFC 3339
	metaOrphan  = "orphan/"  // + remote/path of an object of a revoked device that no event tells of, or of a request → when it was first seen
)

const (
	cleanEvery = 24 * time.Hour
	// orphanAge is how long what a revoked device left without an event stays: until then `device adopt` may want it.
	orphanAge = 30 * 24 * time.Hour
)

// cleaning is one run of RemoteClean over one remote. Nothing that an event refers to is ever touched, nor is what an
// enrolled device may be about to refer to: objects of other active devices go only once they are tombstoned, and what this
// one has ended once the remote holds what replaces it.
type cleaning struct {
	v        *verification
	all      bool                      // this device deletes what others tombstoned: an admin, or a custodian
	heads    map[vault.WriterID]uint64 // next segment that this device knows
	behind   map[vault.WriterID]bool   // writers of whom there are segments that this device does not know
	early    map[string]bool           // objects whose end the remote does not hold yet: what replaces them may not be there
	loose    []string                  // objects that nothing in use refers to
	res      api.Cleaned
	doomed   []string
	orphaned []string
	joins    []string // requests and welcomes that are of no further use
	seen     []Op     // orphans of revoked devices, and requests that nobody approved
}

// RemoteClean deletes from the remotes, or from the named one, what nothing refers to any more: tombstoned objects that
// are still there, and objects of this device or of long revoked ones that no event tells of. What is in use and missing
// there is sent again, from this disk or another remote: so a mirror gets what workstations wrote that do not know it. It
// yields one count for each remote. Others' tombstoned objects are for admins and custodians. It works on fresh news
// alone: errors are those of a pull, CodeIntegrity where a chain is broken, CodeNotFound for an unknown remote.
func (e *Engine) RemoteClean(ctx context.Context, req api.RemoteCleanRequest, yield func(api.Cleaned) error) error {
	if _, _, err := e.ready(); err != nil {
		return err
	}
	if err := e.refuseRevoked(); err != nil {
		return err
	}
	mounts := e.mounted()
	if req.Name != "" {
		m, err := e.mountNamed(req.Name)
		if err != nil {
			return err
		}
		mounts = []*mount{m}
	}
	if err := e.flush(ctx); err != nil {
		return err
	}
	for _, m := range mounts {
		m.forgetHint()
	}
	if _, _, err := e.pullFrom(ctx, true); err != nil {
		return err
	}
	for _, m := range mounts {
		res, err := e.cleanRemote(ctx, m, req.DryRun)
		if err != nil {
			return fmt.Errorf("clean %s: %w", m.name, err)
		}
		if err := yield(res); err != nil {
			return err
		}
	}
	return nil
}

func (e *Engine) cleanRemote(ctx context.Context, m *mount, dryRun bool) (api.Cleaned, error) {
	keys, org, err := e.ready()
	if err != nil {
		return api.Cleaned{}, err
	}
	if _, err := e.readOrgNote(ctx, m.remote.Get); err != nil { // nothing is deleted from strangers
		return api.Cleaned{}, err
	}
	c := &cleaning{v: e.newVerification(m, keys), heads: map[vault.WriterID]uint64{}, behind: map[vault.WriterID]bool{},
		res: api.Cleaned{Head: api.H("cleaned"), Remote: m.name, DryRun: dryRun}}
	c.v.res = &api.VerifyResult{}
	self := org.Devices[e.self().Device]
	c.all = self != nil && self.Has(vault.RoleAdmin) || e.Settings.Custodian(m.name)
	// The listing comes first: what is written meanwhile is not in it, and what is in it was recorded here before.
	if err := m.remote.List(ctx, "v1", func(o ObjectInfo) error { c.v.there[o.Path] = o.Size; return nil }); err != nil {
		return api.Cleaned{}, err
	}
	if err := c.know(); err != nil {
		return api.Cleaned{}, err
	}
	for _, path := range slices.Sorted(maps.Keys(c.v.there)) {
		c.judge(path, org)
	}
	if err := errors.Join(c.judgeLoose(), c.judgeJoins(org)); err != nil {
		return api.Cleaned{}, err
	}
	for _, path := range slices.Sorted(maps.Keys(c.v.want)) {
		if _, there := c.v.there[path]; !there && !c.v.queued[path] {
			c.v.missing(c.v.want[path])
		}
	}
	c.res.Tombstoned, c.res.Orphaned, c.res.Joins, c.res.Missing = len(c.doomed), len(c.orphaned), len(c.joins), c.v.res.Missing
	if dryRun {
		return c.res, nil
	}
	err = c.delete(ctx) // it counts
	return c.res, err
}

// know collects what is in use, what may come into use, what is tombstoned, and how far this device knows each writer.
func (c *cleaning) know() error {
	if err := c.v.expect(); err != nil {
		return err
	}
	for path := range c.v.want {
		if w, seq, ok := segmentOf(path); ok {
			c.heads[w] = max(c.heads[w], seq+1)
		}
	}
	for path := range c.v.there {
		if w, seq, ok := segmentOf(path); ok && seq >= c.heads[w] {
			c.behind[w] = true
		}
	}
	_, org := c.v.e.view()
	if org == nil {
		return vault.Errorf(vault.CodeLocked, "the vaults are locked")
	}
	for _, d := range org.Devices {
		for _, rev := range d.Revoked { // who revoked it had read so much of it
			for w, next := range rev.Cut {
				c.behind[w] = c.behind[w] || c.heads[w] < next
			}
		}
	}
	return errors.Join(c.buriedNotes(org), c.unsent())
}

// unsent collects the objects that this device has ended in segments which the remote does not hold yet.
func (c *cleaning) unsent() error {
	there, err := c.v.e.segmentsOn(c.v.m.name)
	if err != nil {
		return err
	}
	c.early = map[string]bool{}
	return c.v.e.Store.Scan(bucketDoomed, "", func(path string, raw []byte) error {
		var d doomed
		err := decodeHeld(raw, &d)
		c.early[path] = d.Seq >= there
		return err
	})
}

// judge decides what becomes of an object.
func (c *cleaning) judge(path string, org *vault.Org) {
	w := vault.PathWriter(path)
	own := w.Device() == org.Here
	folder, _, _ := strings.Cut(strings.TrimPrefix(path, vault.WriterPrefix(w)+"/"), "/")
	switch {
	case c.v.want[path] != nil || !strings.HasPrefix(path, "v1/w/"):
		return
	case c.v.tombs[path]:
		if (own || c.all) && !c.early[path] {
			c.doomed = append(c.doomed, path)
		}
		return
	case c.v.known[path] || folder == "j" || folder == "k":
		return
	}
	d := org.Devices[w.Device()]
	switch {
	case d == nil || c.behind[w], !slices.Contains(objectFolders, folder), !own && (d.Active() || !c.all):
		c.res.Unknown++
	default:
		c.loose = append(c.loose, path)
	}
}

// objectFolders are those whose objects this version knows the events of. What a newer one puts elsewhere stays.
var objectFolders = []string{"d", "n", "p", "s"}

// judgeLoose decides about objects that nothing in use refers to. One that any event names, be it of a newer version, stays.
// What this writer left goes at once: it knows all that it has told. What a revoked device left, or this one as another
// writer, which a copy of this home may be, goes when it is old enough.
func (c *cleaning) judgeLoose() error {
	if len(c.loose) == 0 {
		return nil
	}
	named := map[string]bool{}
	for _, path := range c.loose {
		named[path] = false
	}
	err := c.v.e.Store.Scan(bucketEvents, "", func(_ string, raw []byte) error {
		for _, path := range bytes.Split(raw, []byte(`"`)) {
			if _, loose := named[string(path)]; loose {
				named[string(path)] = true
			}
		}
		return nil
	})
	for _, path := range c.loose {
		switch {
		case err != nil:
			return err
		case named[path]:
			c.res.Unknown++
		case vault.PathWriter(path) == c.v.writer:
			c.orphaned = append(c.orphaned, path)
		default:
			old, werr := c.waited(path)
			if err = werr; old {
				c.orphaned = append(c.orphaned, path)
			} else {
				c.res.Waiting++
			}
		}
	}
	return err
}

// waited reports whether an object has lain for long enough since it was first seen.
func (c *cleaning) waited(path string) (bool, error) {
	e := c.v.e
	key := metaOrphan + c.v.m.name + "/" + path
	raw, err := e.Store.Get(bucketMeta, key)
	if err != nil {
		return false, err
	}
	first, perr := time.Parse(time.RFC3339, string(raw))
	known := perr == nil
	switch {
	case !known:
		c.seen = append(c.seen, Op{bucketMeta, key, []byte(rfc3339(e.Now()))})
	case e.Now().Sub(first) >= orphanAge:
		c.seen = append(c.seen, Op{bucketMeta, key, nil})
		return true, nil
	}
	return false, nil
}

// delete deletes what is to go. What the remote does not allow is counted; another failure is an error after all were
// tried.
func (c *cleaning) delete(ctx context.Context) error {
	e, m := c.v.e, c.v.m
	ops := slices.Concat(c.seen, []Op{{bucketMeta, metaCleaned + m.name, []byte(rfc3339(e.Now()))}})
	var last error
	paths := slices.Concat(c.doomed, c.orphaned, c.joins)
	for i, err := range e.deleteAll(ctx, m, paths) {
		switch {
		case err == nil:
			c.res.Bytes += max(0, c.v.there[paths[i]])
			ops = append(ops, Op{bucketHeld, paths[i], nil})
		case vault.CodeOf(err) == vault.CodeReadOnly:
			c.res.Refused++
		default:
			last = err
		}
	}
	return errors.Join(last, e.exclusive(ctx, func() error { return e.Store.Write(ops) }), c.v.sendAgain(ctx))
}

// cleanIfCustodian cleans, once a day, the remotes of which this device is the custodian.
func (e *Engine) cleanIfCustodian(ctx context.Context) error {
	var first error
	for _, m := range e.mounted() {
		if !e.Settings.Custodian(m.name) {
			continue
		}
		raw, err := e.Store.Get(bucketMeta, metaCleaned+m.name)
		if err != nil {
			return err
		}
		if last, err := time.Parse(time.RFC3339, string(raw)); err == nil && e.Now().Sub(last).Abs() < cleanEvery {
			continue
		}
		err = e.RemoteClean(ctx, api.RemoteCleanRequest{Name: m.name}, func(c api.Cleaned) error {
			e.log.Info("cleaned", "remote", m.name, "tombstoned", c.Tombstoned, "orphaned", c.Orphaned, "joins", c.Joins, "refused", c.Refused, "missing", c.Missing)
			return nil
		})
		if err != nil && first == nil {
			first = err
		}
	}
	return first
}
