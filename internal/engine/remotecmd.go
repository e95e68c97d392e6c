package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"vaultctl/internal/api"
	"vaultctl/internal/objecthash"
	"vaultctl/internal/vault"
)

// RemoteAdd adds a mirror. One without an organization gets everything that the others hold; another organization's is
// refused with CodeForeign.
func (e *Engine) RemoteAdd(ctx context.Context, req api.RemoteAddRequest) (api.Remote, error) {
	keys, _, err := e.ready()
	if err != nil {
		return api.Remote{}, err
	}
	if !remoteName.MatchString(req.Name) {
		return api.Remote{}, vault.Errorf(vault.CodeInvalid, "a remote's name is of a-z, 0-9 and -")
	}
	for _, m := range e.mounted() {
		if m.name == req.Name {
			return api.Remote{}, vault.Errorf(vault.CodeConflict, "there is a remote of that name already")
		}
	}
	if _, err := e.Remotes.Import(req.Conf, req.Remote); err != nil {
		return api.Remote{}, err
	}
	r, err := e.Remotes.Create(ctx, req.Remote)
	if err != nil {
		return api.Remote{}, err
	}
	if _, err := e.readOrgNote(ctx, r.Get); err != nil && vault.CodeOf(err) != vault.CodeNotFound {
		return api.Remote{}, err
	}
	if err := e.elsewhere(ctx, r); err != nil {
		return api.Remote{}, err
	}
	there := map[string]int64{}
	if err := r.List(ctx, "v1", func(o ObjectInfo) error { there[o.Path] = o.Size; return nil }); err != nil {
		return api.Remote{}, err
	}
	if err := e.flush(ctx); err != nil {
		return api.Remote{}, err
	}
	if err := e.addRemote(ctx, keys, req.Name, req.Remote, req.Conf); err != nil {
		return api.Remote{}, err
	}
	if err := e.queueHeld(ctx, req.Name, there); err != nil {
		return api.Remote{}, err
	}
	e.kick()
	q, err := e.queueSize(req.Name)
	return api.Remote{Head: api.H("remote"), Name: req.Name, Remote: e.Remotes.Redact(req.Remote), Queued: q.Objects}, err
}

// elsewhere makes sure that a remote is none of those in use under another name: what is written there must not turn up in
// them. One that does not answer now cannot be compared.
func (e *Engine) elsewhere(ctx context.Context, r Remote) (err error) {
	raw := randomBytes(16)
	path := "v1/probe/" + vault.NewObjectName()
	err = r.Put(ctx, Upload{Path: path, Size: int64(len(raw)), Hash: objecthash.Of(raw),
		Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(raw)), nil }})
	if err != nil {
		return err
	}
	defer func() {
		// Without the right to delete the probe stays: nothing reads it.
		if _, derr := r.Delete(context.WithoutCancel(ctx), path); derr != nil && err == nil && vault.CodeOf(derr) != vault.CodeReadOnly {
			err = derr
		}
	}()
	for _, m := range e.mounted() {
		if _, serr := m.remote.Stat(ctx, path); serr == nil {
			return api.WithHint(vault.Errorf(vault.CodeConflict, "this is the place of the remote %s already", m.name),
				"a second copy has to be somewhere else")
		}
	}
	return ctx.Err()
}

// queueHeld queues for one remote what the others hold: segments last, each writer's in order, so that the new one never
// refers to what it does not have.
func (e *Engine) queueHeld(ctx context.Context, name string, there map[string]int64) error {
	return e.exclusive(ctx, func() error {
		done := map[string]bool{}
		for _, m := range e.mounted() {
			if m.name != name {
				done[m.name] = true
			}
		}
		var objects, segments []queueItem
		err := e.Store.Scan(bucketHeld, "", func(path string, raw []byte) error {
			var h heldObject
			if err := decodeHeld(raw, &h); err != nil {
				return err
			}
			if size, ok := there[path]; ok && size == h.Size {
				return nil
			}
			it := queueItem{Path: path, Size: h.Size, Hash: h.Hash, Done: done, Segment: strings.HasSuffix(path, ".seg")}
			if it.Segment {
				segments = append(segments, it)
			} else {
				objects = append(objects, it)
			}
			return nil
		})
		if err != nil {
			return err
		}
		slices.SortFunc(segments, bySegment)
		return e.enqueueItems(append(objects, segments...))
	})
}

// bySegment orders segments by writer and number.
func bySegment(a, b queueItem) int {
	if wa, wb := vault.PathWriter(a.Path), vault.PathWriter(b.Path); wa != wb {
		return strings.Compare(string(wa), string(wb))
	}
	if len(a.Path) != len(b.Path) {
		return len(a.Path) - len(b.Path)
	}
	return strings.Compare(a.Path, b.Path)
}

// enqueueItems appends to the queue. It runs in the committer.
func (e *Engine) enqueueItems(items []queueItem) error {
	if len(items) == 0 {
		return nil
	}
	order := e.writer.order
	ops := make([]Op, 0, len(items)+1)
	for i := range items {
		ops = append(ops, jsonOp(bucketQueue, orderKey(order), &items[i]))
		order++
	}
	ops = append(ops, Op{bucketMeta, metaOrder, fmt.Appendf(nil, "%d", order)})
	if err := e.Store.Write(ops); err != nil {
		return fmt.Errorf("queue objects: %w", err)
	}
	e.writer.order = order
	return nil
}

// RemoteList yields the remotes.
func (e *Engine) RemoteList(_ context.Context, _ api.Empty, yield func(api.Remote) error) error {
	if e.self().Device == "" {
		return vault.Errorf(vault.CodeNotFound, "there is no organization here yet")
	}
	for _, m := range e.mounted() {
		q, err := e.queueSize(m.name)
		if err != nil {
			return err
		}
		if err := yield(api.Remote{Head: api.H("remote"), Name: m.name, Remote: e.Remotes.Redact(m.spec), Queued: q.Objects + q.Doomed}); err != nil {
			return err
		}
	}
	return nil
}

// RemoteTest writes, reads and deletes a probe, and checks that the remote is this organization's. Errors are those of
// the remote.
func (e *Engine) RemoteTest(ctx context.Context, req api.RemoteRequest) (api.RemoteReport, error) {
	m, err := e.mountNamed(req.Name)
	if err != nil {
		return api.RemoteReport{}, err
	}
	if _, err := e.readOrgNote(ctx, m.remote.Get); err != nil && vault.CodeOf(err) != vault.CodeNotFound {
		return api.RemoteReport{}, err
	}
	features, err := m.remote.Test(ctx)
	if err != nil {
		return api.RemoteReport{}, err
	}
	m.mu.Lock()
	m.retry = e.Now()
	m.mu.Unlock()
	e.kick()
	return api.RemoteReport{Head: api.H("remote_report"), Name: m.name, OK: true, Features: features}, nil
}

// RemoteRemove stops using a remote; what it holds stays there. The last one is never removed: CodePolicy.
func (e *Engine) RemoteRemove(ctx context.Context, req api.RemoteRequest) (api.Empty, error) {
	keys, _, err := e.ready()
	if err != nil {
		return api.Empty{}, err
	}
	if _, err := e.mountNamed(req.Name); err != nil {
		return api.Empty{}, err
	}
	if len(e.mounted()) == 1 {
		return api.Empty{}, vault.Errorf(vault.CodePolicy, "the last remote cannot be removed: add another one first")
	}
	for _, m := range e.mounted() {
		if m.name == req.Name {
			continue
		}
		if ok, err := e.holdsAll(m.name, req.Name); err != nil || ok {
			return api.Empty{}, errOr(err, vault.Errorf(vault.CodeConflict,
				"this remote alone holds objects that wait for another one: sync first"))
		}
	}
	f, err := e.loadRemotes(keys)
	if err != nil {
		return api.Empty{}, err
	}
	f.Remotes = slices.DeleteFunc(f.Remotes, func(r remoteEntry) bool { return r.Name == req.Name })
	recipient, err := e.Sealer.RecipientOf(keys.device)
	if err != nil {
		return api.Empty{}, err
	}
	if err := e.saveRemotes(recipient, f); err != nil {
		return api.Empty{}, err
	}
	e.mu.Lock()
	e.mounts = slices.DeleteFunc(slices.Clone(e.mounts), func(m *mount) bool { return m.name == req.Name })
	e.mu.Unlock()
	return api.Empty{}, e.settleQueue(ctx, req.Name)
}

func errOr(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

// holdsAll reports whether something waits for a remote that is not on this disk and that the other one holds.
func (e *Engine) holdsAll(waiting, holder string) (bool, error) {
	found := false
	err := e.Store.Scan(bucketQueue, "", func(_ string, raw []byte) error {
		var it queueItem
		if err := decodeHeld(raw, &it); err != nil {
			return err
		}
		found = found || !it.Done[waiting] && it.Done[holder] && !e.Spool.Has(it.Path)
		return nil
	})
	return found, err
}

// settleQueue takes off the queue what only waited for a remote that is gone.
func (e *Engine) settleQueue(ctx context.Context, gone string) error {
	var items []queueItem
	err := e.Store.Scan(bucketQueue, "", func(key string, raw []byte) error {
		var it queueItem
		if err := decodeHeld(raw, &it); err != nil {
			return err
		}
		it.order = key
		if e.onAll(it.Done) {
			items = append(items, it)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := e.markPushed(ctx, gone, items); err != nil {
		return err
	}
	return e.exclusive(ctx, func() error {
		var ops []Op
		err := e.Store.Scan(bucketDoomed, "", func(path string, raw []byte) error {
			var d doomed
			if err := decodeHeld(raw, &d); err != nil {
				return err
			}
			if e.onAll(d.Done) {
				ops = append(ops, Op{bucketDoomed, path, nil}, Op{bucketHeld, path, nil})
			}
			return nil
		})
		err = errOr(err, e.dropFindings(&ops, gone+":"))
		if err != nil || len(ops) == 0 {
			return err
		}
		return e.Store.Write(ops)
	})
}

// dropFindings adds the deletion of the findings on a remote.
func (e *Engine) dropFindings(ops *[]Op, prefix string) error {
	found, err := e.keptFindings()
	for i := range found {
		if strings.HasPrefix(found[i].Subject, prefix) {
			*ops = append(*ops, Op{bucketMeta, findingKey(&found[i]), nil})
		}
	}
	return err
}

func (e *Engine) mountNamed(name string) (*mount, error) {
	if e.self().Device == "" {
		return nil, vault.Errorf(vault.CodeNotFound, "there is no organization here yet")
	}
	for _, m := range e.mounted() {
		if m.name == name {
			return m, nil
		}
	}
	return nil, vault.Errorf(vault.CodeNotFound, "no such remote")
}

// pushCopy brings an object that this disk does not hold from one remote to another. One that is gone or altered where it
// was does not hold up the others: it becomes a finding.
func (e *Engine) pushCopy(ctx context.Context, m *mount, it queueItem) error {
	var last error = vault.Errorf(vault.CodeIntegrity, "a queued object is neither on this disk nor on another remote")
	if len(it.Done) == 0 {
		return last
	}
	for _, from := range e.mounted() {
		if from == m || !it.Done[from.name] {
			continue
		}
		if last = e.fetchCopy(ctx, from, it); last == nil {
			return e.putSpooled(ctx, m, it)
		}
	}
	code := map[vault.Code]string{vault.CodeNotFound: foundMissing, vault.CodeIntegrity: foundAltered}[vault.CodeOf(last)]
	if code == "" {
		return last
	}
	return e.addFindings(ctx, []api.Finding{findingOf(severeError, code, onRemote(m.name, it.Path))})
}

// fetchCopy brings an object from a remote into the spool and checks it.
func (e *Engine) fetchCopy(ctx context.Context, from *mount, it queueItem) error {
	rc, err := from.remote.Get(ctx, it.Path)
	if err != nil {
		return err
	}
	defer rc.Close()
	f, err := e.Spool.Create()
	if err != nil {
		return err
	}
	if _, err := io.Copy(f, checkObject(rc, it.Hash)); err != nil {
		_ = f.Discard()
		return err
	}
	if err := e.Spool.Stage([]Staged{{f, it.Path}}); err != nil && !e.Spool.Has(it.Path) { // two remotes may want it at once
		return err
	}
	return nil
}

// putSpooled sends an object that the spool holds.
func (e *Engine) putSpooled(ctx context.Context, m *mount, it queueItem) error {
	return m.remote.Put(ctx, Upload{Path: it.Path, Size: it.Size, Hash: it.Hash,
		Open: func() (io.ReadCloser, error) { return e.Spool.Open(it.Path) }})
}

func decodeHeld(raw []byte, out any) error {
	if err := json.Unmarshal(raw, out); err != nil {
		return vault.Errorf(vault.CodeIntegrity, "read index: %w", err)
	}
	return nil
}
