package engine

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// resealed is an object sealed anew, on its way into one change.
type resealed struct {
	doc   *vault.Document
	notes []*vault.NoteBody // replaced by one object
	space vault.Space
	file  Staged
	to    vault.Object
	lines []vault.Hash
	bad   int // objects that do not open, or do not hold what was deposited: they stay as they are, and hold nothing else up
}

// resealVault seals everything whose declared readers are not those that the vault wants now to the wanted ones, and
// dooms what it replaces. It is idempotent: a crash in between leaves some objects misread, and the next call goes on
// with those. extra are identities beyond the device's own, a card's for private documents. It returns how many objects
// were resealed, and how many it could not open, or found to be something else than was deposited.
func (e *Engine) resealVault(ctx context.Context, id vault.BeneficiaryID, extra []string, tell func(api.Progress)) (done, left int, err error) {
	return e.resealThen(ctx, id, extra, tell, e.dropReplaced)
}

// dropReplaced removes the local files of what was replaced.
func (e *Engine) dropReplaced(id vault.BeneficiaryID) {
	e.dropUnpushed(id)
	e.step(StepDropped)
}

// resealThen is resealVault for a caller who drops what was replaced, once anything was.
func (e *Engine) resealThen(ctx context.Context, id vault.BeneficiaryID, extra []string, tell func(api.Progress),
	drop func(vault.BeneficiaryID),
) (done, left int, err error) {
	defer e.sealing.lock(id)()
	keys, org := e.view()
	if keys == nil {
		return 0, 0, vault.Errorf(vault.CodeLocked, "the vaults are locked")
	}
	st, err := newOverlay(e.Store, org, keys).state(id)
	if err != nil {
		return 0, 0, err
	}
	work, left := e.planReseal(st, org, keys, extra)
	e.reseals.set(&api.Progress{Stage: "reseal", Total: int64(len(work)), Unit: "objects"})
	defer e.reseals.set(nil)
	if err := e.sealAll(ctx, st, org, keys, extra, work, tell); err != nil {
		discardAll(work)
		return 0, left, err
	}
	for _, r := range work {
		left += r.bad
	}
	work = slices.DeleteFunc(work, func(r *resealed) bool { return r.file.File == nil })
	if len(work) == 0 {
		dead, err := e.buriable(newOverlay(e.Store, org, keys), st, e.self().Agent)
		if err != nil || len(dead) == 0 {
			return 0, left, err
		}
	}
	staged := make([]Staged, len(work))
	for i, r := range work {
		staged[i] = r.file
	}
	if err := e.Spool.Stage(staged); err != nil {
		return 0, left, fmt.Errorf("stage resealed objects: %w", err)
	}
	e.step(StepResealing)
	if err = e.commitReseal(ctx, id, work); err == nil {
		drop(id)
	}
	return len(work), left, err
}

// planReseal returns what this device, with the extra identities, is to seal anew, and how many objects others have to.
// Where nobody would be left to read, nothing is done: the objects stay as they are until a card is issued.
func (e *Engine) planReseal(st *vault.State, org *vault.Org, keys *keyring, extra []string) (work []*resealed, left int) {
	docs, notes := st.Misread(org)
	if len(st.Readers(org, vault.Shared)) == 0 {
		return nil, len(docs) + len(notes)
	}
	opens := func(readers []vault.Reader) bool {
		return keys.reads(readers) || len(extra) > 0 && slices.ContainsFunc(readers, vault.Reader.IsCard)
	}
	for _, d := range docs {
		if opens(d.Object.Readers) && !st.KeptByCard(d.Object.Readers) {
			work = append(work, &resealed{doc: d, space: d.Space})
		} else {
			left++
		}
	}
	shared := &resealed{space: vault.Shared}
	for _, n := range notes {
		if opens(n.Object.Readers) || e.holdsEntries(st.ID, n) {
			shared.notes = append(shared.notes, n)
		} else {
			left++
		}
	}
	private := &resealed{space: vault.Private}
	for _, n := range privateNotes(st) {
		if len(extra) > 0 && !st.KeptByCard(n.Object.Readers) && !vault.SameReaders(n.Object.Readers, st.Readers(org, vault.Private)) {
			private.notes = append(private.notes, n)
		}
	}
	for _, r := range []*resealed{shared, private} {
		if len(r.notes) > 0 {
			work = append(work, r)
		}
	}
	return work, left
}

// privateNotes returns the notes that only a card reads, sorted.
func privateNotes(st *vault.State) []*vault.NoteBody {
	var out []*vault.NoteBody
	for _, n := range st.Notes {
		if !slices.ContainsFunc(n.Object.Readers, func(r vault.Reader) bool { return !r.IsCard() }) {
			out = append(out, n)
		}
	}
	slices.SortFunc(out, func(a, b *vault.NoteBody) int { return strings.Compare(a.Object.Path, b.Object.Path) })
	return out
}

func discardAll(work []*resealed) {
	for _, r := range work {
		if r.file.File != nil {
			_ = r.file.File.Discard()
		}
	}
}

// sealAll seals each object for the wanted readers on every core.
func (e *Engine) sealAll(ctx context.Context, st *vault.State, org *vault.Org, keys *keyring, extra []string, work []*resealed, tell func(api.Progress)) error {
	writer := e.self().Writer
	return parallel(len(work), func(i int) error {
		if err := ctx.Err(); err != nil {
			return vault.Errorf(vault.CodeInterrupted, "interrupted: %w", err)
		}
		r := work[i]
		readers := st.Readers(org, r.space)
		path := vault.NotePath(writer, vault.NewObjectName())
		if r.doc != nil {
			path = vault.DocumentPath(writer, vault.NewObjectName())
		}
		if len(readers) == 0 {
			return vault.Errorf(vault.CodePolicy, "nobody would be able to open this vault: issue a card first")
		}
		rcps, err := recipients(org, st, readers)
		if err != nil {
			return err
		}
		f, err := e.sealAnew(ctx, st, keys, extra, r, rcps)
		if err != nil || f == nil {
			return err
		}
		r.file = Staged{f, path}
		r.to = vault.Object{Path: path, Size: f.Size(), Hash: f.Sum(), Readers: readers}
		if tell != nil {
			tell(api.Progress{Stage: "reseal", Done: int64(i + 1), Total: int64(len(work)), Unit: "objects"})
		}
		return nil
	})
}

// sealAnew seals one object for recipients: a document checked against the commitment made at its deposit, or the lines of notes.
// It returns none where what is there is not that: whoever reads a vault may have put something else there, and keeps nobody
// from sealing the rest by it.
func (e *Engine) sealAnew(ctx context.Context, st *vault.State, keys *keyring, extra []string, r *resealed, rcps []string) (SpoolFile, error) {
	if r.doc == nil {
		text, err := e.noteLines(ctx, st, keys, extra, r)
		if err != nil || len(r.notes) == 0 {
			return nil, err
		}
		return e.sealFile(bytes.NewReader(text), rcps)
	}
	src, err := e.openDocument(ctx, keys, extra, r.doc)
	if err == nil {
		defer src.Close()
		var f SpoolFile
		if f, err = e.sealFile(src, rcps); err == nil {
			return f, nil
		}
	}
	if spoilt(err) {
		e.log.Warn("reseal document", "code", vault.CodeOf(err))
		r.bad++
		return nil, nil
	}
	return nil, fmt.Errorf("reseal object: %w", err)
}

// spoilt reports whether an error of opening an object is of that object alone: altered, gone, or not sealed to those whom it
// declares.
func spoilt(err error) bool {
	switch vault.CodeOf(err) {
	case vault.CodeIntegrity, vault.CodeNoIdentity, vault.CodeNotFound:
		return true
	}
	return false
}

// commitReseal records the new objects and the end of the old ones in one change. If the wanted readers have changed
// meanwhile, the objects are still valid; the next pass puts them right.
func (e *Engine) commitReseal(ctx context.Context, id vault.BeneficiaryID, work []*resealed) error {
	err := e.commit(context.WithoutCancel(ctx), func(t *tx) error {
		for _, r := range work {
			t.enqueue(r.to)
			if r.doc != nil {
				if err := t.emit(vault.Resealed, id, vault.ResealBody{From: r.doc.Object.Path, To: r.to}); err != nil {
					return err
				}
				continue
			}
			nb := vault.NoteBody{Object: r.to, Entries: r.lines}
			for _, n := range r.notes {
				nb.From = append(nb.From, n.Object.Path)
			}
			if err := t.emit(vault.NoteSealed, id, nb); err != nil {
				return err
			}
		}
		return t.bury(id)
	})
	if err == nil {
		e.step(StepResealed)
	}
	return err
}

// bury tombstones what the vault no longer uses and dooms it on the remotes, but for what still waits to be seen by others.
func (t *tx) bury(id vault.BeneficiaryID) error {
	st, err := t.state(id)
	if err != nil {
		return err
	}
	dead, err := t.e.buriable(t.ov, st, t.e.writer.agent)
	if err != nil || len(dead) == 0 {
		return err
	}
	if err := t.emit(vault.Tombstoned, id, vault.TombstoneBody{Paths: dead}); err != nil {
		return err
	}
	t.doom(dead...)
	return t.ov.unqueue(dead)
}

// dropUnpushed removes the local files of tombstoned objects.
func (e *Engine) dropUnpushed(id vault.BeneficiaryID) {
	keys, org := e.view()
	if keys == nil {
		return
	}
	ov := newOverlay(e.Store, org, keys)
	st, err := ov.state(id)
	if err != nil {
		return
	}
	gone, err := e.settledTombs(ov, st)
	if err != nil {
		return
	}
	if err := e.Spool.Remove(gone...); err != nil {
		e.log.Warn("remove local object", "code", vault.CodeOf(err))
	}
}

// openDocument returns the plaintext of a document. Reading it to the end checks it against the digest of its deposit,
// where this device knows the digest.
func (e *Engine) openDocument(ctx context.Context, keys *keyring, extra []string, d *vault.Document) (io.ReadCloser, error) {
	sealed, from, err := e.objectFrom(ctx, d.Object)
	if err != nil {
		return nil, err
	}
	ids := append(keys.identitiesFor(d.Object.Readers), extra...)
	if len(ids) == 0 {
		_ = sealed.Close()
		return nil, vault.Errorf(vault.CodeNoConsent, "this device is not among the readers of the document")
	}
	plain, err := e.Sealer.Open(sealed, ids)
	if err != nil {
		if _, rerr := io.Copy(io.Discard, sealed); vault.CodeOf(rerr) == vault.CodeIntegrity { // sealed to others, say
			err = rerr
		}
		_ = sealed.Close()
		e.foundBad(ctx, from, d.Object.Path, err)
		return nil, fmt.Errorf("open document: %w", err)
	}
	return &watchedReader{checkDigest(plain, sealed, d.Digest), func(err error) { e.foundBad(ctx, from, d.Object.Path, err) }}, nil
}

// foundBad records that an object that a remote gave is not what it should be, where the error says so.
func (e *Engine) foundBad(ctx context.Context, remote, path string, err error) {
	if remote == "" || vault.CodeOf(err) != vault.CodeIntegrity {
		return
	}
	if err := e.addFindings(ctx, []api.Finding{findingOf(severeError, foundAltered, onRemote(remote, path))}); err != nil {
		e.log.Warn("keep finding", "code", vault.CodeOf(err))
	}
}

// foundAgain forgets that a remote lacked an object.
func (e *Engine) foundAgain(ctx context.Context, remote, path string) error {
	f := findingOf(severeError, foundMissing, onRemote(remote, path))
	raw, err := e.Store.Get(bucketMeta, findingKey(&f))
	if err != nil || raw == nil {
		return err
	}
	return e.exclusive(context.WithoutCancel(ctx), func() error {
		return e.Store.Write([]Op{{bucketMeta, findingKey(&f), nil}})
	})
}

// watchedReader tells of an error before it passes it on.
type watchedReader struct {
	io.ReadCloser
	tell func(error)
}

func (w *watchedReader) Read(p []byte) (int, error) {
	n, err := w.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		w.tell(err)
	}
	return n, err
}

// openObject returns the sealed bytes of an object: from the spool or cache, else from a remote. Reading it to the end
// checks size and hash.
func (e *Engine) openObject(ctx context.Context, o vault.Object) (io.ReadCloser, error) {
	rc, _, err := e.objectFrom(ctx, o)
	return rc, err
}

// objectFrom is openObject that also says which remote the bytes are from, "" for this disk.
func (e *Engine) objectFrom(ctx context.Context, o vault.Object) (rc io.ReadCloser, remote string, err error) {
	if e.Spool.Has(o.Path) {
		f, err := e.Spool.Open(o.Path)
		if err == nil {
			return checkObject(f, o.Hash), "", nil
		}
		if vault.CodeOf(err) != vault.CodeNotFound {
			return nil, "", err
		}
	}
	var last error = vault.Errorf(vault.CodeUnreachable, "no remote is open")
	for _, m := range e.mounted() {
		rc, err := m.remote.Get(ctx, o.Path)
		if err == nil {
			if err := e.foundAgain(ctx, m.name, o.Path); err != nil {
				return nil, "", errOr(err, rc.Close())
			}
			return checkObject(rc, o.Hash), m.name, nil
		}
		last = err
		if vault.CodeOf(err) == vault.CodeNotFound {
			if err := e.addFindings(ctx, []api.Finding{findingOf(severeError, foundMissing, onRemote(m.name, o.Path))}); err != nil {
				return nil, "", err
			}
		}
	}
	if vault.CodeOf(last) == vault.CodeNotFound {
		return nil, "", vault.Errorf(vault.CodeIntegrity, "an object that was pushed is gone from the remote")
	}
	return nil, "", last
}
