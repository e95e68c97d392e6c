package engine

import (
	"context"
	"io"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// DocumentReplace deposits a new version of a document; the bytes of the old one are deleted everywhere, as in DocumentRemove. It says who had
// the old one in the clear. With DryRun the content is read, and nothing changes. Errors are those of DocumentAdd.
func (e *Engine) DocumentReplace(ctx context.Context, req api.DocumentReplaceRequest, content io.Reader) (api.Document, error) {
	if err := e.refuseRevoked(); err != nil {
		return api.Document{}, err
	}
	f, err := e.findDocument(req.Document)
	if err != nil {
		return api.Document{}, err
	}
	in := intake{vault: f.st.ID, space: f.doc.Space, document: f.doc.ID, how: "deposit"}
	err = mayTake(f.st, f.org, in.space)
	if err == nil {
		err = e.say(&in, &req.Fields, f.doc, f.st, req.FileName)
	}
	if err != nil {
		e.refusedIntake(ctx, &in, err)
		return api.Document{}, err
	}
	in.sourceID = or(in.data.SourceID, f.doc.SourceID)
	past, err := e.pastOf(f.keys, f.org, f.st.ID)
	if err != nil {
		return api.Document{}, err
	}
	var v api.Document
	if req.DryRun {
		v, err = e.wouldReplace(ctx, &in, &f, req.Size, content)
	} else {
		v, err = e.deposit(ctx, &in, req.Size, content)
		v.Waiting = e.unseen(f.st.ID, f.doc.Object.Path)
	}
	v.Seen = past.of(f.doc.ID, f.doc.Deposited)
	return v, err
}

// wouldReplace returns the document that a new version would take the place of, with what would become of the intake.
func (e *Engine) wouldReplace(ctx context.Context, in *intake, f *foundDocument, size int64, src io.Reader) (api.Document, error) {
	if f.doc.By != e.self().Agent && !readsVault(f.keys, f.st, f.org) {
		return api.Document{}, errNoConsent()
	}
	sum := newSum()
	n, err := pipe(ctx, io.Discard, src, sum, limitOf(size, 0))
	switch {
	case err != nil:
		return api.Document{}, err
	case n == 0:
		return api.Document{}, vault.Errorf(vault.CodeInvalid, "the document is empty")
	case size >= 0 && n != size:
		return api.Document{}, errChanged()
	}
	_, same, err := in.match(e.Store.Get, f.keys.refsKey, f.st, sumOf(sum))
	if err != nil {
		return api.Document{}, err
	}
	v := e.documentView(f.st, f.doc, f.org, f.keys)
	v.Status, v.DryRun = "deposited", true
	if same {
		v.Status = "exists"
	}
	return v, nil
}
