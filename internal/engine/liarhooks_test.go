package engine

import (
	"bytes"
	"context"
	"maps"
	"slices"

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
	st, _, _, err := e.load(e.vaultOf(doc))
	if err != nil {
		return "", err
	}
	d := st.Documents[vault.DocumentID(doc)]
	to, err := e.stageLie(st, vault.DocumentPath(e.self().Writer, vault.NewObjectName()), slices.Concat(d.Object.Readers, more), []byte(plain), toSelf)
	if err != nil {
		return "", err
	}
	return to.Path, e.commit(ctx, func(t *tx) error {
		t.enqueue(to)
		if err := e.utter(t, vault.Resealed, st.ID, vault.ResealBody{From: d.Object.Path, To: to}); err != nil {
			return err
		}
		return t.emit(vault.Tombstoned, st.ID, vault.TombstoneBody{Paths: []string{d.Object.Path}})
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
	nb := vault.NoteBody{From: slices.Sorted(maps.Keys(st.Notes))}
	var text bytes.Buffer
	for _, from := range nb.From {
		for _, h := range st.Notes[from].Entries {
			line, err := e.Store.Get(bucketEntries, id+"/"+string(h))
			if err != nil {
				return "", err
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
