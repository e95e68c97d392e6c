package engine

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"slices"
	"strings"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	"vaultctl/internal/procedure"
	"vaultctl/internal/vault"
)

// PackPage is what the cover of a share's PDF says.
type PackPage struct {
	Org, Person, Recipient, Purpose string
	Procedure                       string // name; "" for none
	Share                           vault.ShareID
	Made                            time.Time
	Until                           vault.Date
	Pieces                          []PackPiece
}

// PackPiece is one document on the cover.
type PackPiece struct {
	Name   string
	Detail string
	Digest string
	Pages  int    // in the PDF; 0 where it goes along by itself
	Apart  string // why it does
}

// maxPack bounds the documents of one PDF, in bytes: they are joined in memory.
const maxPack = 200 << 20

// SharePDF makes one PDF of a share that goes on, to be printed. That each document left in it is in the vault's journal before
// begin is called. What cannot be put into it (no PDF and no picture, protected, damaged) is named on its cover and in the
// answer. The bytes count only if no error follows. Errors are those of SharePackage, and CodeInvalid for an unknown procedure.
func (e *Engine) SharePDF(ctx context.Context, req api.SharePDFRequest, begin func(api.SharePDF) (io.Writer, error)) error {
	st, keys, org, sh, err := e.findShare(req.Share)
	if err != nil {
		return err
	}
	if !sh.Active() {
		return vault.Errorf(vault.CodeErased, "the share has ended")
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
	if contentOf(docs) > maxPack {
		return vault.Errorf(vault.CodePolicy, "the documents are together too large for one PDF")
	}
	l := receiptLang(req.Language)
	k := &packing{e: e, keys: keys, card: card, docs: docs, l: l, made: e.Now()}
	k.page = PackPage{Org: org.Name, Person: st.Person.DisplayName(), Recipient: k.recipient(org, sh), Purpose: purposeWord(l, sh.Purpose), Share: sh.Share,
		Made: k.made, Until: sh.Until}
	if err := k.follow(req.Procedure); err != nil {
		return err
	}
	body, err := k.build(ctx)
	if err != nil {
		return err
	}
	defer clear(body)
	err = e.witness(ctx, func(t *tx) error {
		for _, d := range k.docs {
			if err := t.emit(vault.AccessOpened, st.ID, vault.AccessBody{Document: d.ID, How: "pack"}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	w, err := begin(k.told(sh.Share))
	if err != nil {
		return err
	}
	_, err = w.Write(body)
	return err
}

// packing makes one PDF of documents.
type packing struct {
	e      *Engine
	keys   *keyring
	card   *cardKey
	docs   []*vault.Document
	l      lang.Lang
	made   time.Time
	page   PackPage
	pieces [][]byte // as PDF; nil for what goes along by itself
}

// follow puts the documents in the order of a procedure, and names them as it does. Those that it does not ask for come last.
func (k *packing) follow(name string) error {
	for _, d := range k.docs {
		k.page.Pieces = append(k.page.Pieces, k.piece(d))
	}
	if name == "" {
		return nil
	}
	p, err := k.e.Procedures.Find(name)
	if err != nil {
		return err
	}
	k.page.Procedure = p.English
	if k.l == lang.French {
		k.page.Procedure = lang.Typography(p.French)
	}
	rank := func(d *vault.Document) int {
		i := slices.IndexFunc(p.Pieces, func(a procedure.Piece) bool { return slices.Contains(a.AnyOf, d.Type) })
		if i < 0 {
			return len(p.Pieces)
		}
		return i
	}
	slices.SortStableFunc(k.docs, func(a, b *vault.Document) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.Period, b.Period))
	})
	for i, d := range k.docs {
		k.page.Pieces[i] = k.piece(d)
	}
	return nil
}

func (k *packing) piece(d *vault.Document) PackPiece {
	p := PackPiece{Name: d.Type, Digest: string(d.Digest)}
	if t, err := k.e.Types.Find(d.Type, k.l.String()); err == nil {
		p.Name = t.Name
	}
	var parts []string
	for _, part := range []string{d.Title, d.Holder, d.Period, k.l.Date(d.IssuedOn.Time())} {
		if part != "" {
			parts = append(parts, vault.MaskNIR(part))
		}
	}
	p.Detail = strings.Join(parts, ", ")
	return p
}

// build returns the PDF. A part that cannot be joined with the others goes along by itself.
func (k *packing) build(ctx context.Context) ([]byte, error) {
	for i, d := range k.docs {
		body, pages, err := k.asPDF(ctx, d)
		if code := vault.CodeOf(err); err != nil && code != vault.CodeInvalid {
			return nil, err
		} else if err != nil {
			k.page.Pieces[i].Apart = k.l.Message(err.Error())
		}
		k.pieces = append(k.pieces, body)
		k.page.Pieces[i].Pages = pages
	}
	var stamp bytes.Buffer
	if err := k.e.Paper.Stamp(&stamp, k.l, k.page.Recipient+" · "+k.l.Date(k.made), k.made); err != nil {
		return nil, err
	}
	for {
		body, bad, err := k.join(ctx, stamp.Bytes())
		if err != nil && bad < 0 && vault.CodeOf(err) == vault.CodeInvalid {
			bad = k.culprit(ctx, stamp.Bytes())
		}
		if err == nil || bad < 0 {
			return body, err
		}
		k.pieces[bad], k.page.Pieces[bad].Pages = nil, 0
		k.page.Pieces[bad].Apart = k.l.T("it cannot be put into one file with others")
	}
}

// culprit returns the piece by which the reader ends without saying which it was, by trying each alone; -1 if none does.
func (k *packing) culprit(ctx context.Context, stamp []byte) int {
	for i, piece := range k.pieces {
		if piece == nil {
			continue
		}
		src, _, err := k.e.Pages.Join(ctx, stamp, [][]byte{piece})
		if vault.CodeOf(err) == vault.CodeInvalid && err != nil {
			return i
		}
		if err == nil {
			_ = src.Close() // only tried
		}
	}
	return -1
}

// join puts cover and pieces together; bad is the piece that does not do, -1 for none.
func (k *packing) join(ctx context.Context, stamp []byte) (body []byte, bad int, err error) {
	var cover bytes.Buffer
	if err := k.e.Paper.Pack(&cover, k.l, k.page); err != nil {
		return nil, -1, err
	}
	parts, index := [][]byte{cover.Bytes()}, []int{-1}
	for i, piece := range k.pieces {
		if piece != nil {
			parts, index = append(parts, piece), append(index, i)
		}
	}
	src, part, err := k.e.Pages.Join(ctx, stamp, parts)
	if err != nil {
		if part >= 0 && part < len(index) {
			bad = index[part]
		} else {
			bad = -1
		}
		return nil, bad, err
	}
	defer src.Close()
	body, err = io.ReadAll(src)
	return body, -1, err
}

// asPDF returns a document as a PDF of its pages alone. Errors with CodeInvalid say why it goes along by itself.
func (k *packing) asPDF(ctx context.Context, d *vault.Document) ([]byte, int, error) {
	src, err := k.e.openDocument(ctx, k.keys, k.card.identities(), d)
	if err != nil {
		return nil, 0, err
	}
	defer src.Close()
	content, err := io.ReadAll(src) // to its end, where it is checked
	if err != nil {
		return nil, 0, err
	}
	defer clear(content)
	media, _, _ := strings.Cut(d.MediaType, ";")
	switch {
	case media == "application/pdf":
		piece, n, err := k.e.Pages.Split(ctx, bytes.NewReader(content), "1-")
		if err != nil {
			return nil, 0, err
		}
		defer piece.Close()
		body, err := io.ReadAll(piece)
		if vault.CodeOf(err) == vault.CodeFailed && err != nil && ctx.Err() == nil {
			err = vault.Errorf(vault.CodeInvalid, "the PDF is damaged: pages cannot be taken out of it; scan or export it again")
		}
		return body, n, err
	case strings.HasPrefix(media, "image/"):
		var page bytes.Buffer
		if k.e.Paper.Picture(&page, content, k.made) != nil {
			return nil, 0, vault.Errorf(vault.CodeInvalid, "the picture cannot be put on a page")
		}
		return page.Bytes(), 1, nil
	}
	return nil, 0, vault.Errorf(vault.CodeInvalid, "it is neither a PDF nor a picture")
}

func (k *packing) told(share vault.ShareID) api.SharePDF {
	out := api.SharePDF{Head: api.H("share_pdf"), Share: string(share), FileName: string(share) + ".pdf"}
	for i, p := range k.page.Pieces {
		out.Pieces = append(out.Pieces, api.PackPiece{Document: string(k.docs[i].ID), Name: p.Name, Digest: p.Digest, Pages: p.Pages, Apart: p.Apart})
	}
	return out
}

// recipient names whom a share is for, as people say it.
func (k *packing) recipient(org *vault.Org, sh *vault.Share) string {
	if sh.Partner != "" {
		return org.PartnerName(sh.Partner)
	}
	_, name, _ := strings.Cut(teamWord(org, sh.Team), ":")
	return name
}
