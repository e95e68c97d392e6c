package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"io"
	"path"
	"strings"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	"vaultctl/internal/vault"
)

// Packages makes files that browsers open.
type Packages interface {
	// Check returns why a package with so many bytes of documents cannot be made: CodePolicy for too many, CodeLater for a
	// program that was built without the page.
	Check(size int64) error
	// Write writes the file of p for whoever knows passphrase, as Words.Passphrase gives them, without holding a document
	// in memory. Errors of Open and w are wrapped.
	Write(w io.Writer, p Package, passphrase string) error
}

// Package is what goes into one file. Organization, Share and Made stand in it in the clear.
type Package struct {
	Language     string // fr or en
	Organization string
	Fingerprint  string // of the root
	Share        vault.ShareID
	Recipient    string
	Person       string
	Purpose      string // code
	Made         time.Time
	Until        vault.Date
	Documents    []PackedDocument
}

// PackedDocument is one document of a Package. Open is called once.
type PackedDocument struct {
	Title, FileName string
	Type            string // code
	MediaType       string
	IssuedOn        vault.Date
	Size            int64
	Digest          vault.Hash      // SHA-256; "" if not known
	Proof           json.RawMessage // of its deposit, as docs/proof.md has it; nil where this device cannot make one
	Open            func() (io.ReadCloser, error)
}

// SharePackage makes a package of a share that goes on: it hands begin what it will be, with the passphrase, and writes it
// to what begin returns. That each document left in it is in the vault's journal before begin is called. The bytes count only
// if no error follows. Errors: CodeUsage for a share that is for nobody outside, CodeErased for one that has ended, CodeConflict
// where a document is another than was shared, CodeNoConsent, CodeNoIdentity for a private document without the card,
// CodePolicy for too many bytes, CodeLater, CodeUnreachable, CodeIntegrity.
func (e *Engine) SharePackage(ctx context.Context, req api.SharePackageRequest, begin func(api.SharePackage) (io.Writer, error)) error {
	st, keys, org, sh, err := e.findShare(req.Share)
	if err != nil {
		return err
	}
	switch {
	case !sh.Active():
		return vault.Errorf(vault.CodeErased, "the share has ended")
	case sh.Partner == "":
		return errPackageInside()
	}
	if err := e.refuseRevoked(); err != nil {
		return err
	}
	card, err := e.presented(ctx, st, req.Card)
	if err != nil {
		return err
	}
	if card == nil && !readsVault(keys, st, org) {
		e.refused(ctx, st.ID, "", "share", vault.CodeNoConsent)
		return errNoConsent()
	}
	docs, err := e.sharedDocuments(ctx, st, keys, card, sh)
	if err != nil {
		return err
	}
	meta := api.SharePackage{Head: api.H("share_package"), Share: string(sh.Share), FileName: string(sh.Share) + ".html", Documents: len(docs),
		Content: contentOf(docs), Passphrase: cmp.Or(req.Passphrase, e.Words.Passphrase())}
	if err := e.Packages.Check(meta.Content); err != nil {
		return err
	}
	l := receiptLang(req.Language)
	packed, err := e.packed(ctx, &foundDocument{st: st, keys: keys, org: org}, card, docs, l)
	if err != nil {
		return err
	}
	if err := e.witnessPacked(ctx, st.ID, docs); err != nil {
		return err
	}
	p := Package{Language: l.String(), Organization: org.Name, Fingerprint: e.fingerprint(), Share: sh.Share, Recipient: org.PartnerName(sh.Partner),
		Person: st.Person.DisplayName(), Purpose: sh.Purpose, Made: e.Now(), Until: sh.Until, Documents: packed}
	w, err := begin(meta)
	if err != nil {
		return err
	}
	return e.Packages.Write(w, p, meta.Passphrase)
}

func errPackageInside() error {
	return api.WithHint(vault.Errorf(vault.CodeUsage, "a package is for a partner: who is in the organization opens a share with vaultctl"),
		"`vaultctl share get` opens what was shared with a team")
}

// sharedDocuments returns the documents of a share that are still there, as they were when they were shared.
func (e *Engine) sharedDocuments(ctx context.Context, st *vault.State, keys *keyring, card *cardKey, sh *vault.Share) ([]*vault.Document, error) {
	private := false
	for _, c := range sh.Copies() {
		d := st.Documents[c.Document]
		private = private || d != nil && d.Space == vault.Private
	}
	if private && card != nil {
		var err error
		if st, err = e.withPrivate(ctx, st.ID, card); err != nil {
			return nil, err
		}
	}
	s := &sharing{e: e, st: st, keys: keys, card: card}
	var docs []*vault.Document
	for i, c := range sh.Copies() {
		d := st.Documents[c.Document]
		if err := s.mayShare(ctx, d); err != nil {
			return nil, err
		}
		if !asShared(sh, d) {
			return nil, api.WithHint(vault.Errorf(vault.CodeConflict, "document %d is another than was shared", i+1),
				"the person agreed to what was there then: share again")
		}
		docs = append(docs, d)
	}
	if len(docs) == 0 {
		return nil, vault.Errorf(vault.CodeErased, "every document left the share: it was removed or made private")
	}
	return docs, nil
}

// asShared reports whether a document is what a share was made of. Where its digest was not noted, as of private ones, it
// must not have been changed since.
func asShared(sh *vault.Share, d *vault.Document) bool {
	if sh.Data != nil {
		for _, p := range sh.Data.Pieces {
			if p.Document == d.ID && p.Digest != "" {
				return p.Digest == d.Digest
			}
		}
	}
	return d.Changed.Compare(sh.At) <= 0
}

func contentOf(docs []*vault.Document) int64 {
	total := int64(0)
	for _, d := range docs {
		total += d.Size
	}
	return total
}

// witnessPacked journals that documents left in a package.
func (e *Engine) witnessPacked(ctx context.Context, id vault.BeneficiaryID, docs []*vault.Document) error {
	return e.witness(ctx, func(t *tx) error {
		for _, d := range docs {
			if err := t.emit(vault.AccessOpened, id, vault.AccessBody{Document: d.ID, How: "package"}); err != nil {
				return err
			}
		}
		return nil
	})
}

// packed says of each document what the page tells.
func (e *Engine) packed(ctx context.Context, in *foundDocument, card *cardKey, docs []*vault.Document, l lang.Lang) ([]PackedDocument, error) {
	out := make([]PackedDocument, len(docs))
	for i, d := range docs {
		name := d.FileName
		if t, err := e.Types.Find(d.Type, l.String()); name == "" && err == nil {
			name = t.Name
		}
		name = strings.TrimSuffix(name, path.Ext(name)) + "." + extensionOf(d)
		one := *in
		one.doc = d
		proof, err := e.enclosedProof(&one)
		if err != nil {
			return nil, err
		}
		out[i] = PackedDocument{Title: d.Title, FileName: name, Type: d.Type, MediaType: d.MediaType, IssuedOn: d.IssuedOn, Size: d.Size, Digest: d.Digest,
			Proof: proof, Open: func() (io.ReadCloser, error) { return e.openDocument(ctx, in.keys, card.identities(), d) }}
	}
	return out, nil
}

// enclosedProof returns the proof of a document's deposit, nil where this device cannot show how the root certified it, or what
// was deposited.
func (e *Engine) enclosedProof(f *foundDocument) (json.RawMessage, error) {
	if !f.doc.Described || !f.doc.Digest.Valid() {
		return nil, nil
	}
	chain, err := e.certificates(f.org)
	if vault.CodeOf(err) == vault.CodePolicy {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	s, err := e.attested(f)
	if err != nil {
		return nil, err
	}
	made, err := e.proofResult(f, s, chain, &api.DocumentProofRequest{})
	return made.Proof, err
}

// PurposeName returns the words of a purpose in a language, as they are printed; what is no code is returned as it is.
func PurposeName(l lang.Lang, code string) string { return purposeWord(l, code) }
