package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// presented opens the card that came with a request, nil where none did.
func (e *Engine) presented(ctx context.Context, st *vault.State, text string) (*cardKey, error) {
	if text == "" {
		return nil, nil
	}
	return e.openCard(ctx, st, text)
}

// identities returns what a card opens objects with; a nil card opens nothing.
func (c *cardKey) identities() []string {
	if c == nil {
		return nil
	}
	return []string{c.identity}
}

// by is cosigner for a card that may be nil.
func (c *cardKey) by(org *vault.Org) func(*vault.Event) {
	if c == nil {
		return nil
	}
	return c.cosigner(org)
}

// withPrivate returns the vault as the holder of the card sees it: folded anew with the note entries that the card opens.
func (e *Engine) withPrivate(ctx context.Context, id vault.BeneficiaryID, k *cardKey) (*vault.State, error) {
	if err := e.flush(ctx); err != nil { // entries reach a note when the segment is closed
		return nil, err
	}
	st, keys, org, err := e.whole(id)
	if err != nil {
		return nil, err
	}
	private := map[vault.Hash]*vault.Entry{}
	for _, n := range privateNotes(st) {
		lines, err := e.openNote(ctx, keys, k.identities(), n)
		if vault.CodeOf(err) == vault.CodeNoIdentity { // sealed to another card of the person
			continue
		}
		if err != nil {
			return nil, err
		}
		for h, line := range lines {
			var told vault.Entry
			if err := json.Unmarshal(line, &told); err != nil {
				return nil, vault.Errorf(vault.CodeIntegrity, "note: %w", err)
			}
			private[h] = &told
		}
	}
	ov := newOverlay(e.Store, org, keys)
	recs, err := ov.records(string(id))
	if err != nil {
		return nil, err
	}
	shared := ov.lookup(string(id))
	return vault.Fold(id, org, recs, func(h vault.Hash) *vault.Entry {
		if n := private[h]; n != nil {
			return n
		}
		return shared(h)
	}), nil
}

// DocumentEdit changes what is said of a document, or the space that it is in. Making it private seals it to the person's
// card alone; making it shared again needs that card. Errors: CodeNoConsent for whoever does not read the vault,
// CodeNoIdentity for a wrong or missing card, CodeInvalid, CodePolicy.
func (e *Engine) DocumentEdit(ctx context.Context, req api.DocumentEditRequest) (api.Document, error) {
	f, err := e.findDocument(req.Document)
	if err != nil {
		return api.Document{}, err
	}
	card, err := e.presented(ctx, f.st, req.Card)
	if err != nil {
		return api.Document{}, err
	}
	if card == nil && !readsVault(f.keys, f.st, f.org) {
		e.refused(ctx, f.st.ID, f.doc.ID, "edit", vault.CodeNoConsent)
		return api.Document{}, vault.Errorf(vault.CodeNoConsent, "no consent lets this device change the vault")
	}
	data, err := e.documentData(&req.Fields, f.doc, f.st.Person.Born, false)
	if err != nil {
		if vault.CodeOf(err) == vault.CodePolicy {
			e.refused(ctx, f.st.ID, f.doc.ID, "edit", vault.CodePolicy)
		}
		return api.Document{}, err
	}
	switch to := vault.Space(req.Space); {
	case to != "" && to != vault.Shared && to != vault.Private:
		return api.Document{}, vault.Errorf(vault.CodeUsage, "a document is shared or private")
	case to == "" || to == f.doc.Space:
		err = e.editFields(ctx, &f, card, &data)
	case to == vault.Private:
		err = e.makePrivate(ctx, &f, card, &data)
	default:
		err = e.makeShared(ctx, &f, card, &data)
	}
	if err != nil {
		return api.Document{}, err
	}
	return e.DocumentShow(ctx, api.DocumentRequest{Document: string(f.doc.ID)})
}

// editFields records the fields that were given.
func (e *Engine) editFields(ctx context.Context, f *foundDocument, card *cardKey, data *vault.DocumentData) error {
	if *data == (vault.DocumentData{Document: f.doc.ID}) {
		return vault.Errorf(vault.CodeUsage, "nothing to change was given")
	}
	return e.commit(ctx, func(t *tx) error {
		st, err := t.state(f.st.ID)
		if err != nil {
			return err
		}
		d := alive(st, []byte(f.doc.ID))
		if d == nil {
			return vault.Errorf(vault.CodeErased, "the document was removed, or proves a consent")
		}
		c := classShared
		if d.Space == vault.Private {
			c = classPrivate
		}
		entries := []func(*vault.Event) classed{entry(c, vault.EntryDocument, *data)}
		if data.SourceID != nil && d.Digest != "" {
			entries = append(entries, entry(classIntake, vault.EntryDigest, t.digest(st.ID, d.ID, d.Digest, *data.SourceID)))
		}
		return t.emitCosigned(vault.DocumentEdited, st.ID, vault.DocumentBody{Document: d.ID}, card.by(t.org()), entries...)
	})
}

// fullData says everything that is known of a document.
func fullData(d *vault.Document) vault.DocumentData {
	return vault.DocumentData{Document: d.ID, Type: &d.Type, Title: &d.Title, Holder: &d.Holder, IssuedOn: &d.IssuedOn,
		ExpiresOn: &d.ExpiresOn, Period: &d.Period, Pages: &d.Pages, Note: &d.Note, OriginalSeen: &d.OriginalSeen,
		SourceID: &d.SourceID, ReceivedOn: &d.ReceivedOn, FileName: &d.FileName, MediaType: &d.MediaType, Size: &d.Size, Digest: &d.Digest,
		PageCount: &d.PageCount, Width: &d.Width, Height: &d.Height}
}

// makePrivate seals a shared document to the card alone, and publishes the notes that described it without it.
func (e *Engine) makePrivate(ctx context.Context, f *foundDocument, card *cardKey, data *vault.DocumentData) error {
	if f.doc.Evidence != "" {
		return vault.Errorf(vault.CodePolicy, "the document proves a consent")
	}
	if f.st.Card() == nil {
		return needsCard(vault.Errorf(vault.CodePolicy, "a private document is sealed to the person's card, and none was issued"))
	}
	defer e.sealing.lock(f.st.ID)()
	if err := e.flush(ctx); err != nil { // its entries are in notes from here on
		return err
	}
	again, err := e.findDocument(string(f.doc.ID))
	if err != nil {
		return err
	}
	move, err := e.respace(ctx, &again, card, again.doc, vault.Private)
	if err != nil {
		return err
	}
	note, from, gone, err := e.withoutDocument(ctx, &again)
	if err != nil {
		move.discard(e)
		return err
	}
	staged := []Staged{move.file}
	if note != nil {
		staged = append(staged, note.file)
	}
	if err := e.Spool.Stage(staged); err != nil {
		return fmt.Errorf("stage document: %w", err)
	}
	now := *again.doc
	now.Update(data)
	return e.commitSpace(ctx, &again, card, move, func(t *tx) error {
		if err := t.emitCosigned(vault.DocumentEdited, again.st.ID, vault.DocumentBody{Document: now.ID, Space: vault.Private},
			card.by(t.org()), entry(classPrivate, vault.EntryDocument, fullData(&now))); err != nil || note == nil {
			return err
		}
		st, err := t.state(again.st.ID)
		if err != nil {
			return err
		}
		for _, p := range from {
			if st.Notes[p] == nil {
				return vault.Errorf(vault.CodeConflict, "the vault changed meanwhile: try again")
			}
		}
		t.enqueue(note.to)
		for _, h := range gone {
			t.ov.delete(bucketEntries, string(st.ID)+"/"+string(h))
		}
		return t.emit(vault.NoteSealed, st.ID, vault.NoteBody{Object: note.to, Entries: note.lines, From: from})
	}, note)
}

// makeShared seals a private document to everybody whom the person consents to. Only its card opens it.
func (e *Engine) makeShared(ctx context.Context, f *foundDocument, card *cardKey, data *vault.DocumentData) error {
	if card == nil {
		e.refused(ctx, f.st.ID, f.doc.ID, "edit", vault.CodeNoIdentity)
		return vault.Errorf(vault.CodeNoIdentity, "sharing a private document needs the person's card")
	}
	if err := e.admitted(ctx, f.st, f.org, vault.Shared, f.doc.ID, "edit"); err != nil {
		return err
	}
	defer e.sealing.lock(f.st.ID)()
	st, err := e.withPrivate(ctx, f.st.ID, card)
	if err != nil {
		return err
	}
	now := *st.Documents[f.doc.ID]
	if !now.Described {
		return vault.Errorf(vault.CodeNoIdentity, "the document was sealed to another card of this person")
	}
	move, err := e.respace(ctx, f, card, &now, vault.Shared)
	if err != nil {
		return err
	}
	if err := e.Spool.Stage([]Staged{move.file}); err != nil {
		return fmt.Errorf("stage document: %w", err)
	}
	now.Update(data)
	return e.commitSpace(ctx, f, card, move, func(t *tx) error {
		return t.emitCosigned(vault.DocumentEdited, st.ID, vault.DocumentBody{Document: now.ID, Space: vault.Shared},
			card.by(t.org()), entry(classShared, vault.EntryDocument, fullData(&now)))
	}, nil)
}

// respace seals a document for the readers of a space, in a file that is not staged yet.
func (e *Engine) respace(ctx context.Context, f *foundDocument, card *cardKey, d *vault.Document, space vault.Space) (*resealed, error) {
	readers := f.st.Readers(f.org, space)
	rcps, err := recipients(f.org, f.st, readers)
	if err != nil {
		return nil, err
	}
	src, err := e.openDocument(ctx, f.keys, card.identities(), d)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	file, err := e.sealFile(src, rcps)
	if err != nil {
		return nil, err
	}
	path := vault.DocumentPath(e.self().Writer, vault.NewObjectName())
	return &resealed{doc: d, file: Staged{file, path}, to: vault.Object{Path: path, Size: file.Size(), Hash: file.Sum(), Readers: readers}}, nil
}

func (r *resealed) discard(e *Engine) {
	if err := r.file.File.Discard(); err != nil {
		e.log.Warn("discard object", "code", vault.CodeOf(err))
	}
}

// commitSpace records the change of space that say tells, with the resealed object. Note is a further staged object.
func (e *Engine) commitSpace(ctx context.Context, f *foundDocument, card *cardKey, move *resealed, say func(*tx) error, note *resealed) error {
	space := vault.Private
	if f.doc.Space == vault.Private {
		space = vault.Shared
	}
	err := e.commit(ctx, func(t *tx) error {
		st, err := t.state(f.st.ID)
		if err != nil {
			return err
		}
		d := alive(st, []byte(f.doc.ID))
		if d == nil || d.Object.Path != f.doc.Object.Path || d.Changed != f.doc.Changed ||
			!vault.SameReaders(st.Readers(t.org(), space), move.to.Readers) {
			return vault.Errorf(vault.CodeConflict, "the vault changed meanwhile: try again")
		}
		if err := say(t); err != nil {
			return err
		}
		t.enqueue(move.to)
		if err := t.emitCosigned(vault.Resealed, st.ID, vault.ResealBody{From: d.Object.Path, To: move.to}, card.by(t.org())); err != nil {
			return err
		}
		return t.bury(st.ID)
	})
	if err != nil {
		e.removeStaged(err, move, note)
		return err
	}
	e.dropUnpushed(f.st.ID)
	return nil
}

// removeStaged removes the objects of a change that was refused. Those of one that is in the log stay.
func (e *Engine) removeStaged(cause error, objects ...*resealed) {
	if isLogged(cause) {
		return
	}
	for _, r := range objects {
		if r == nil {
			continue
		}
		if err := e.Spool.Remove(r.to.Path); err != nil {
			e.log.Warn("remove local object", "code", vault.CodeOf(err))
		}
	}
}

// withoutDocument seals a note that replaces those which describe a document, with the rest of their entries. It returns
// nil where no note does. A note is never empty: it takes in another one of the vault rather.
func (e *Engine) withoutDocument(ctx context.Context, f *foundDocument) (note *resealed, from []string, gone []vault.Hash, err error) {
	var keep, others []*vault.NoteBody
	dropped := map[vault.Hash]bool{}
	private := privateNotes(f.st)
	for _, n := range f.st.Notes {
		if slices.Contains(private, n) {
			continue
		}
		found := false
		for _, h := range n.Entries {
			if e.describes(f, h) {
				found, dropped[h] = true, true
			}
		}
		if found {
			keep = append(keep, n)
		} else {
			others = append(others, n)
		}
	}
	if len(keep) == 0 {
		return nil, nil, nil, nil
	}
	rest := remainingEntries(keep, dropped)
	if len(rest) == 0 && len(others) > 0 {
		keep = append(keep, others[0])
		rest = remainingEntries(keep, dropped)
	}
	if len(rest) == 0 {
		return nil, nil, nil, nil
	}
	for _, n := range keep {
		from = append(from, n.Object.Path)
	}
	for h := range dropped {
		gone = append(gone, h)
	}
	note, err = e.sealNote(ctx, f, rest)
	return note, from, gone, err
}

// describes reports whether a note entry tells what the document is.
func (e *Engine) describes(f *foundDocument, h vault.Hash) bool {
	n := newOverlay(e.Store, f.org, f.keys).lookup(string(f.st.ID))(h)
	var d vault.DocumentData
	return n != nil && n.Kind == vault.EntryDocument && json.Unmarshal(n.Data, &d) == nil && d.Document == f.doc.ID
}

func remainingEntries(notes []*vault.NoteBody, dropped map[vault.Hash]bool) []vault.Hash {
	var out []vault.Hash
	for _, n := range notes {
		for _, h := range n.Entries {
			if !dropped[h] && !slices.Contains(out, h) {
				out = append(out, h)
			}
		}
	}
	return out
}

// sealNote seals entries that are at hand for the vault's shared readers, in a file that is not staged yet.
func (e *Engine) sealNote(ctx context.Context, f *foundDocument, entries []vault.Hash) (*resealed, error) {
	lines, err := e.linesIn(ctx, f.st.ID, f.keys, nil, &vault.NoteBody{Entries: entries})
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	for _, line := range lines {
		text.Write(line)
		text.WriteByte('\n')
	}
	readers := f.st.Readers(f.org, vault.Shared)
	rcps, err := recipients(f.org, f.st, readers)
	if err != nil {
		return nil, err
	}
	file, err := e.sealFile(&text, rcps)
	if err != nil {
		return nil, err
	}
	path := vault.NotePath(e.self().Writer, vault.NewObjectName())
	return &resealed{lines: entries, file: Staged{file, path}, to: vault.Object{Path: path, Size: file.Size(), Hash: file.Sum(), Readers: readers}}, nil
}
