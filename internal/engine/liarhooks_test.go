package engine

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"strings"

	"vaultctl/internal/vault"
)

// What a modified client does whose agent reads the vault.

// stageLie seals something, to declared readers or to this device alone, and returns it as an object that declares them.
func (e *Engine) stageLie(st *vault.State, path string, readers []vault.Reader, plain []byte, toSelf bool) (vault.Object, error) {
	keys, org := e.view()
	rcps, err := recipients(org, st, readers)
	if toSelf {
		var own string
		own, err = e.Sealer.RecipientOf(keys.device)
		rcps = []string{own}
	}
	if err != nil {
		return vault.Object{}, err
	}
	f, err := e.sealFile(bytes.NewReader(plain), rcps)
	if err != nil {
		return vault.Object{}, err
	}
	return vault.Object{Path: path, Size: f.Size(), Hash: f.Sum(), Readers: readers}, e.Spool.Stage([]Staged{{f, path}})
}

// LieReseal replaces the object of a document by other bytes, or by one that nobody else opens, and returns its path. More are
// readers that it declares besides.
func (e *Engine) LieReseal(ctx context.Context, doc string, plain string, toSelf bool, more ...vault.Reader) (string, error) {
	st, d, err := e.victim(doc)
	if err != nil {
		return "", err
	}
	to, err := e.stageLie(st, vault.DocumentPath(e.self().Writer, vault.NewObjectName()), slices.Concat(e.readersFor(st, d), more), []byte(plain), toSelf)
	if err != nil {
		return "", err
	}
	return to.Path, e.exchange(ctx, st.ID, d.Object.Path, to, to)
}

// LieHash replaces the object of a document by an equal one, of which it declares another hash, and returns its path.
func (e *Engine) LieHash(ctx context.Context, doc, plain string) (string, error) {
	st, d, err := e.victim(doc)
	if err != nil {
		return "", err
	}
	to, err := e.stageLie(st, vault.DocumentPath(e.self().Writer, vault.NewObjectName()), e.readersFor(st, d), []byte(plain), false)
	if err != nil {
		return "", err
	}
	declared := to
	declared.Hash = vault.ObjectHash(strings.Repeat("0", 64))
	return to.Path, e.exchange(ctx, st.ID, d.Object.Path, to, declared)
}

// LieDigest replaces the object of a document by other bytes, says of the document that it always were those, and returns the
// object's path.
func (e *Engine) LieDigest(ctx context.Context, doc, plain string) (string, error) {
	st, d, err := e.victim(doc)
	if err != nil {
		return "", err
	}
	digest := vault.HashOf([]byte(plain))
	data := vault.DocumentData{Document: d.ID, Digest: &digest}
	err = e.commit(ctx, func(t *tx) error {
		return t.emit(vault.DocumentEdited, st.ID, vault.DocumentBody{Document: d.ID}, entry(classShared, vault.EntryDocument, data))
	})
	if err != nil {
		return "", err
	}
	return e.LieReseal(ctx, doc, plain, false)
}

// victim returns a document that is there.
func (e *Engine) victim(doc string) (*vault.State, *vault.Document, error) {
	st, _, _, err := e.load(e.vaultOf(doc))
	if err != nil {
		return nil, nil, err
	}
	d := st.Documents[vault.DocumentID(doc)]
	if d == nil || d.Removed != nil {
		return nil, nil, vault.Errorf(vault.CodeNotFound, "no such document")
	}
	return st, d, nil
}

// readersFor returns whom a document is to be sealed to.
func (e *Engine) readersFor(st *vault.State, d *vault.Document) []vault.Reader {
	return st.Readers(e.Organization(), d.Space)
}

// exchange sends one object and declares it, as another perhaps, in the place of the one before.
func (e *Engine) exchange(ctx context.Context, id vault.BeneficiaryID, from string, sent, declared vault.Object) error {
	return e.commit(ctx, func(t *tx) error {
		t.enqueue(sent)
		if err := e.utter(t, vault.Resealed, id, vault.ResealBody{From: from, To: declared}); err != nil {
			return err
		}
		return t.emit(vault.Tombstoned, id, vault.TombstoneBody{Paths: []string{from}})
	})
}

// utter records what this device itself would set aside.
func (e *Engine) utter(t *tx, typ vault.EventType, v vault.BeneficiaryID, body any) error {
	ev := vault.NewEvent(typ, v, e.self().Agent, e.writer.clock.Next(), body)
	pos := vault.Pos{Writer: t.rec.Writer, Seq: t.rec.Seq, Index: t.rec.Index + len(t.rec.Events)}
	t.rec.Events = append(t.rec.Events, ev)
	_, err := t.ov.apply(&vault.Record{Event: ev, Pos: pos, Past: t.rec.Past})
	return err
}

func (e *Engine) vaultOf(doc string) vault.BeneficiaryID {
	raw, _ := e.Store.Get(bucketDocs, doc)
	return vault.BeneficiaryID(raw)
}

// LieNote puts one note in the place of all that the readers of a vault have, and returns its path. Its entries are those that
// kept lets through, its lines what change makes of theirs.
func (e *Engine) LieNote(ctx context.Context, id string, kept func(line []byte) bool, change func(line []byte) []byte, toSelf bool) (string, error) {
	st, _, org, err := e.load(vault.BeneficiaryID(id))
	if err != nil {
		return "", err
	}
	nb := vault.NoteBody{}
	for _, from := range slices.Sorted(maps.Keys(st.Notes)) {
		if !slices.ContainsFunc(st.Notes[from].Object.Readers, vault.Reader.IsCard) || len(st.Notes[from].Object.Readers) > 1 {
			nb.From = append(nb.From, from)
		}
	}
	var text bytes.Buffer
	for _, from := range nb.From {
		for _, h := range st.Notes[from].Entries {
			line, err := e.Store.Get(bucketEntries, id+"/"+string(h))
			if err != nil {
				return "", err
			}
			if line == nil {
				return "", vault.Errorf(vault.CodeNotFound, "an entry is not at hand")
			}
			if kept(line) {
				nb.Entries = append(nb.Entries, h)
				text.Write(append(change(bytes.Clone(line)), '\n'))
			}
		}
	}
	path := vault.NotePath(e.self().Writer, vault.NewObjectName())
	if nb.Object, err = e.stageLie(st, path, st.Readers(org, vault.Shared), text.Bytes(), toSelf); err != nil {
		return "", err
	}
	return path, e.commit(ctx, func(t *tx) error {
		t.enqueue(nb.Object)
		if err := t.emit(vault.NoteSealed, st.ID, nb); err != nil {
			return err
		}
		return t.emit(vault.Tombstoned, st.ID, vault.TombstoneBody{Paths: nb.From})
	})
}

// BuryLiving tombstones everything that a vault consists of.
func (e *Engine) BuryLiving(ctx context.Context, id string) error {
	return e.commit(ctx, func(t *tx) error {
		st, err := t.state(vault.BeneficiaryID(id))
		if err != nil {
			return err
		}
		var paths []string
		for _, o := range st.LiveObjects() {
			paths = append(paths, o.Path)
		}
		return t.emit(vault.Tombstoned, st.ID, vault.TombstoneBody{Paths: paths})
	})
}
