package engine

import (
	"context"
	"fmt"
	"io"
	"path"
	"strings"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// ShareGet hands begin what one copy of a share is, and writes it to what begin returns: sealed, as it is on the remote, or
// opened where it was sealed to a team of this device's agent. An opening is in the journal of the vault before begin is
// called. The bytes count only if no error follows. Errors: CodeErased for a share that has ended or a document that left
// it, CodeNotFound, CodeNoConsent where the copy is neither for this device nor from a vault that it reads, CodeUnreachable,
// CodeIntegrity.
func (e *Engine) ShareGet(ctx context.Context, req api.ShareGetRequest, begin func(api.ShareFile) (io.Writer, error)) error {
	st, keys, org, sh, err := e.findShare(req.Share)
	if err != nil {
		return err
	}
	if err := e.refuseRevoked(); err != nil {
		return err
	}
	obj, piece, err := e.copyOf(ctx, keys, sh, req.Document)
	if err != nil {
		return err
	}
	mine := receives(keys, org, sh)
	switch {
	case req.Sealed && (mine || readsVault(keys, st, org)):
		return e.sendSealed(ctx, sh, obj, piece, begin)
	case !mine:
		e.refused(ctx, st.ID, piece.Document, "get", vault.CodeNoConsent)
		if !req.Sealed && readsVault(keys, st, org) {
			return api.WithHint(vault.Errorf(vault.CodePolicy, "the copies are sealed to the recipient: nobody else opens them"),
				"--sealed writes them as they are; `vaultctl document get` opens the document itself")
		}
		return vault.Errorf(vault.CodeNoConsent, "the share is not for this workstation")
	}
	return e.sendOpened(ctx, st, keys, sh, obj, piece, begin)
}

// copyOf finds one copy of a share that goes on, with what is known of it here.
func (e *Engine) copyOf(ctx context.Context, keys *keyring, sh *vault.Share, name string) (vault.Object, vault.SharePiece, error) {
	none := vault.SharePiece{}
	if !sh.Active() {
		return vault.Object{}, none, vault.Errorf(vault.CodeErased, "the share has ended")
	}
	if name == api.ShareCover {
		return sh.Cover, vault.SharePiece{FileName: string(sh.Share) + ".json", MediaType: "application/json"}, nil
	}
	id, err := vault.ParseDocumentID(name)
	if err != nil {
		return vault.Object{}, none, err
	}
	for i, c := range sh.Documents {
		if c.Document != id {
			continue
		}
		for _, live := range sh.Copies() {
			if live.Document == id {
				return c.Object, e.pieceIn(ctx, keys, sh, i), nil
			}
		}
		return vault.Object{}, none, vault.Errorf(vault.CodeErased, "the document left the share: it was removed or made private")
	}
	return vault.Object{}, none, vault.Errorf(vault.CodeNotFound, "the share has no such document")
}

// pieceIn says what the i-th copy is, as far as this device may know.
func (e *Engine) pieceIn(ctx context.Context, keys *keyring, sh *vault.Share, i int) vault.SharePiece {
	id := sh.Documents[i].Document
	if keys.reads(sh.Cover.Readers) {
		if c, err := e.readCover(ctx, keys, sh); err == nil {
			for _, p := range c.Pieces {
				if p.Document == id {
					return p
				}
			}
		}
	}
	if sh.Data != nil && i < len(sh.Data.Pieces) && sh.Data.Pieces[i].Document == id {
		return sh.Data.Pieces[i]
	}
	return vault.SharePiece{Document: id, FileName: fmt.Sprintf("%s-%d.bin", sh.Share, i+1)}
}

// shareFile names a copy. A cover is written by whoever shared: its file names are not taken as they are.
func shareFile(sh *vault.Share, obj vault.Object, p vault.SharePiece, sealed bool) api.ShareFile {
	f := api.ShareFile{Head: api.H("share_file"), Share: string(sh.Share), Document: string(p.Document), MediaType: p.MediaType, Size: p.Size, Sealed: sealed}
	if p.Document == "" {
		f.Document = api.ShareCover
	}
	ext := strings.ToLower(path.Ext(p.FileName))
	if !plainExtension.MatchString(ext) {
		ext = ".bin"
	}
	f.FileName = string(sh.Share)
	for i, c := range sh.Documents {
		if c.Document == p.Document {
			f.FileName = fmt.Sprintf("%s-%d", sh.Share, i+1)
		}
	}
	f.FileName += ext
	if sealed {
		f.FileName, f.MediaType, f.Size = f.FileName+".age", "application/octet-stream", obj.Size
	}
	return f
}

func (e *Engine) sendSealed(ctx context.Context, sh *vault.Share, obj vault.Object, p vault.SharePiece, begin func(api.ShareFile) (io.Writer, error)) error {
	src, err := e.openObject(ctx, obj)
	if err != nil {
		return err
	}
	defer src.Close()
	w, err := begin(shareFile(sh, obj, p, true))
	if err == nil {
		_, err = pipe(ctx, w, src, nil, -1)
	}
	return err
}

// sendOpened opens a copy, journals that, and checks the document to its end against the digest that the cover names.
func (e *Engine) sendOpened(ctx context.Context, st *vault.State, keys *keyring, sh *vault.Share, obj vault.Object, p vault.SharePiece,
	begin func(api.ShareFile) (io.Writer, error),
) error {
	plain, err := e.openDocument(ctx, keys, nil, &vault.Document{Object: obj, Digest: p.Digest})
	if err != nil {
		return err
	}
	defer plain.Close()
	if p.Document != "" {
		err = e.witness(ctx, func(t *tx) error {
			return t.emit(vault.AccessOpened, st.ID, vault.AccessBody{Document: p.Document, How: "get"})
		})
		if err != nil {
			return err
		}
	}
	w, err := begin(shareFile(sh, obj, p, false))
	if err != nil {
		return err
	}
	_, err = pipe(ctx, w, plain, nil, -1)
	return err
}
