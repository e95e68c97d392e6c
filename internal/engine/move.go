package engine

import (
	"context"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// DocumentMove moves a document that was filed under the wrong person: a deposit with the same description in the vault
// of the right one, sealed to its readers, and a removal in the other. Neither journal names the other person. It says
// who had the document in the clear meanwhile. Errors are those of DocumentAdd for the target, and CodeNoConsent or CodePolicy for
// a document that this device cannot read.
func (e *Engine) DocumentMove(ctx context.Context, req api.MoveRequest, tell func(api.Progress)) (api.Document, error) {
	f, err := e.findDocument(req.Document)
	if err != nil {
		return api.Document{}, err
	}
	to, err := e.resolveID(req.To)
	if err != nil {
		return api.Document{}, err
	}
	if err := e.movable(ctx, &f, to); err != nil {
		return api.Document{}, err
	}
	past, err := e.pastOf(f.keys, f.org, f.st.ID)
	if err != nil {
		return api.Document{}, err
	}
	seen := past.of(f.doc.ID, f.doc.Deposited)
	if req.DryRun {
		v := e.documentView(f.st, f.doc, f.org, f.keys)
		v.Beneficiary, v.Opened, v.Seen, v.DryRun = string(to), agentsOf(seen), seen, true
		return v, nil
	}
	if tell != nil {
		tell(api.Progress{Stage: "move", Total: f.doc.Size, Unit: "bytes"})
	}
	v, err := e.move(ctx, &f, to)
	if tell != nil && err == nil {
		tell(api.Progress{Stage: "move", Done: f.doc.Size, Total: f.doc.Size, Unit: "bytes"})
	}
	v.Opened, v.Seen, v.Waiting = agentsOf(seen), seen, e.unseen(f.st.ID, f.doc.Object.Path)
	return v, err
}

// movable returns why a document cannot go to a vault, or nil.
func (e *Engine) movable(ctx context.Context, f *foundDocument, to vault.BeneficiaryID) error {
	switch {
	case f.doc.Evidence != "":
		return vault.Errorf(vault.CodePolicy, "the document proves a consent and stays with it")
	case f.doc.Space == vault.Private:
		return vault.Errorf(vault.CodePolicy, "a private document is not moved: share it first, with the person's card")
	case f.st.ID == to:
		return vault.Errorf(vault.CodeConflict, "the document is in this vault already")
	}
	if _, err := e.mayOpen(ctx, f, "", "move"); err != nil {
		return err
	}
	st, _, org, err := e.whole(to)
	if err != nil {
		return err
	}
	return e.admitted(ctx, st, org, vault.Shared, "", "deposit")
}

// move seals the document for the target and records both sides in one change.
func (e *Engine) move(ctx context.Context, f *foundDocument, to vault.BeneficiaryID) (api.Document, error) {
	st, keys, org, err := e.whole(to)
	if err != nil {
		return api.Document{}, err
	}
	// The batch stays behind: its undo is not to take away what was put right by hand.
	in := intake{vault: to, space: vault.Shared, sourceID: f.doc.SourceID, data: fullData(f.doc), how: "deposit", leave: f}
	if err := e.freeSource(&in, st, keys); err != nil {
		return api.Document{}, err
	}
	readers := st.Readers(org, vault.Shared)
	rcps, err := recipients(org, st, readers)
	if err != nil {
		return api.Document{}, err
	}
	src, err := e.openDocument(ctx, f.keys, nil, f.doc)
	if err != nil {
		return api.Document{}, err
	}
	defer src.Close()
	c, err := e.sealContent(ctx, src, f.doc.Size, rcps)
	if err != nil {
		return api.Document{}, err
	}
	if d, err := sameBytes(e.Store.Get, keys.refsKey, st, c.digest); err != nil || d != nil {
		_ = c.file.Discard()
		if err != nil {
			return api.Document{}, err
		}
		return e.leaveOnly(ctx, &in, d.ID)
	}
	out, err := e.place(ctx, &in, c.file, readers)
	if err != nil {
		return api.Document{}, err
	}
	if out.exists {
		return e.leaveOnly(ctx, &in, out.document)
	}
	e.dropUnpushed(f.st.ID)
	return e.answer(out, &in)
}

// freeSource takes the source id from a document whose new vault has another one with it: neither is a version of the
// other.
func (e *Engine) freeSource(in *intake, st *vault.State, keys *keyring) error {
	if in.sourceID == "" {
		return nil
	}
	d, err := sameSource(e.Store.Get, keys.refsKey, st, in.sourceID)
	if err == nil && d != nil {
		none := ""
		in.sourceID, in.data.SourceID = "", &none
	}
	return err
}

// leaveOnly removes a document whose bytes the target holds already.
func (e *Engine) leaveOnly(ctx context.Context, in *intake, there vault.DocumentID) (api.Document, error) {
	err := e.commit(ctx, func(t *tx) error { return t.leave(in.leave) })
	if err != nil {
		return api.Document{}, err
	}
	e.dropUnpushed(in.leave.st.ID)
	v, err := e.answer(deposited{document: there, exists: true}, in)
	v.Merged = err == nil
	return v, err
}

// leave removes the document that was moved, unless a new version of it came in meanwhile.
func (t *tx) leave(f *foundDocument) error {
	st, err := t.state(f.st.ID)
	if err != nil {
		return err
	}
	if d := st.Documents[f.doc.ID]; d == nil || d.Versions != f.doc.Versions {
		return vault.Errorf(vault.CodeConflict, "the document changed meanwhile: try again")
	}
	return t.remove(f.st.ID, f.doc.ID)
}
