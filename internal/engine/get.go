package engine

import (
	"context"
	"io"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// DocumentGet opens a document: it hands begin what the document is, and writes its bytes to what begin returns. The
// opening is in the journal, durably, before begin is called; so is a refusal. The bytes count only if no error follows:
// they are checked against the digest of the deposit to the end. Errors: CodeNoConsent where this device is no reader,
// CodeNoIdentity for a private document without its card, CodeUnreachable where the bytes are on a remote that does not
// answer, CodeIntegrity, CodeErased.
func (e *Engine) DocumentGet(ctx context.Context, req api.GetRequest, begin func(api.Document) (io.Writer, error)) error {
	if req.How == "" {
		req.How = "get"
	}
	if req.How != "get" && req.How != "print" {
		return vault.Errorf(vault.CodeUsage, "a document is opened to get or to print it")
	}
	f, err := e.findDocument(req.Document)
	if err != nil {
		return err
	}
	card, err := e.mayOpen(ctx, &f, req.Card, req.How)
	if err != nil {
		return err
	}
	if f.doc.Space == vault.Private {
		st, err := e.withPrivate(ctx, f.st.ID, card)
		if err != nil {
			return err
		}
		f.st, f.doc = st, st.Documents[f.doc.ID]
	}
	src, err := e.openDocument(ctx, f.keys, card.identities(), f.doc)
	if card != nil && vault.CodeOf(err) == vault.CodeNoIdentity {
		return api.WithHint(vault.Errorf(vault.CodeNoIdentity, "this card does not open the document"),
			"a private document opens with the card that it was sealed to: try the earlier card")
	}
	if err != nil {
		return err
	}
	defer src.Close()
	err = e.witness(ctx, func(t *tx) error {
		return t.emit(vault.AccessOpened, f.st.ID, vault.AccessBody{Document: f.doc.ID, How: req.How})
	})
	if err != nil {
		return err
	}
	v := e.documentView(f.st, f.doc, f.org, f.keys)
	if card != nil && f.doc.Described {
		e.describe(&v, f.doc)
	}
	w, err := begin(v)
	if err != nil {
		return err
	}
	_, err = pipe(ctx, w, src, nil, -1)
	return err
}

// mayOpen returns the card that was presented, if any, or why the document is not opened, which is journalled.
func (e *Engine) mayOpen(ctx context.Context, f *foundDocument, text, how string) (*cardKey, error) {
	card, err := e.presented(ctx, f.st, text)
	if err != nil || card != nil {
		return card, err
	}
	err = nil
	switch {
	case f.doc.Space == vault.Private:
		err = vault.Errorf(vault.CodeNoIdentity, "a private document opens with the person's card only")
	case !readsVault(f.keys, f.st, f.org):
		err = vault.Errorf(vault.CodeNoConsent, "no consent lets this device read the document")
	case !f.keys.reads(f.doc.Object.Readers):
		err = vault.Errorf(vault.CodeNoConsent, "the document is not sealed to this device yet: another reader has to reseal it")
	}
	if err != nil {
		e.refused(ctx, f.st.ID, f.doc.ID, how, vault.CodeOf(err))
		return nil, err
	}
	return nil, nil
}
