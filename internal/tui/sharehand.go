package tui

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"vaultctl/internal/api"
	"vaultctl/internal/termio"
	"vaultctl/internal/userfile"
)

// handing hands out a share: as files, on paper, by links.
type handing struct {
	d         *desk
	share     *api.Share
	card      string // for private documents, "" before it was asked for
	procedure string // code
	secret    string // passphrase of the share, where it is known
}

// Ways to hand a share out.
const (
	asPackage = "package"
	asPaper   = "print"
	asPDF     = "pdf"
	asLinks   = "links"
	asCopies  = "copies"
	asNothing = ""
)

func handOutShare(ctx context.Context, d *desk, c chosen) error {
	s, err := theShare(ctx, d, &c)
	if err != nil {
		return err
	}
	return (&handing{d: d, share: s}).run(ctx)
}

// passphrase shows a passphrase, which nobody keeps. Where locking the screen took it away it can be shown again.
func (h *handing) passphrase(ctx context.Context, passphrase string) error {
	if passphrase == "" {
		return nil
	}
	h.secret = passphrase
	l := h.d.l
	show := &sheet{title: l.T("Passphrase for %s", termio.Clean(recipientWords(l, h.share.To))), secret: true, lines: []string{
		passphrase, "", l.T("It is shown this once and kept nowhere. Give it by telephone or by hand, never together with the copies.")}}
	for {
		err := h.d.read(ctx, show)
		if !errors.Is(err, errBack) {
			return err
		}
		if err := h.d.agree(ctx, show.title, l.T("Show it again?"), l.T("The screen was locked while the passphrase was shown. It is kept nowhere.")); err != nil {
			return err
		}
	}
}

// run asks how to hand out, again and again, until nothing more is to be. What goes wrong is said, and another way can be tried.
func (h *handing) run(ctx context.Context) error {
	l := h.d.l
	partner := strings.HasPrefix(h.share.To, "partner:")
	var ways []option
	if partner {
		ways = append(ways, option{asPackage, l.T("one file that any browser opens with a passphrase")})
	}
	ways = append(ways, option{asPaper, l.T("on paper: print all of it")}, option{asPDF, l.T("one PDF to print, as a file")})
	if partner {
		ways = append(ways, option{asLinks, l.T("public links to the sealed copies")})
	}
	ways = append(ways, option{asCopies, l.T("the sealed copies as files")}, option{asNothing, l.T("nothing more")})
	for {
		way := ways[0].value
		err := h.d.fill(ctx, &form{title: l.T("Share %s", h.share.ID), intro: []string{termio.Clean(h.share.Summary)}, fields: []*field{
			{kind: choice, label: l.T("How is it handed out?"), help: l.T("What is handed out cannot be called back."), text: &way, options: ways}}})
		if err != nil {
			return err
		}
		if way == asNothing {
			return nil
		}
		err = h.by(ctx, way)
		switch {
		case err == nil || errors.Is(err, errBack):
		case correctable(err):
			if err := h.d.tell(ctx, l.T("Share %s", h.share.ID), err); err != nil {
				return err
			}
		default:
			return err
		}
	}
}

func (h *handing) by(ctx context.Context, way string) error {
	switch way {
	case asPackage:
		return h.pack(ctx)
	case asPaper:
		return h.paper(ctx)
	case asPDF:
		return h.pdf(ctx)
	case asLinks:
		return h.links(ctx)
	}
	return h.copies(ctx)
}

// needCard asks for the card where a document of the share is private, unless it was given before.
func (h *handing) needCard(ctx context.Context) error {
	if h.card != "" {
		return nil
	}
	for i := range h.share.Documents {
		f := &h.share.Documents[i]
		if f.Withheld {
			continue
		}
		doc, err := call[api.Document](ctx, h.d, api.RouteDocumentShow, api.DocumentRequest{Document: f.Document})
		if err != nil {
			return err
		}
		if doc.Space == "private" {
			h.card, err = h.d.askCard(ctx, h.d.l.T("A private document is shared with the person's card only."))
			return err
		}
	}
	return nil
}

// pack writes one HTML file, and shows its passphrase.
func (h *handing) pack(ctx context.Context) error {
	l := h.d.l
	if err := h.needCard(ctx); err != nil {
		return err
	}
	out, err := h.d.saveTo(ctx, l.T("One file that any browser opens"), h.share.ID+".html")
	if err != nil {
		return err
	}
	defer out.Drop()
	sum := sha256.New()
	meta, err := download(ctx, h.d, api.RouteSharePackage,
		api.SharePackageRequest{Share: h.share.ID, Passphrase: h.secret, Card: h.card, Language: l.String()},
		func(_ api.SharePackage, r io.Reader) error { return userfile.Copy(io.MultiWriter(out, sum), r) })
	if err != nil {
		return err
	}
	if err := out.Keep(); err != nil {
		return err
	}
	h.d.note(l.T("Written: %s", out.Path))
	if meta.Passphrase != h.secret {
		if err := h.passphrase(ctx, meta.Passphrase); err != nil {
			return err
		}
	}
	return h.d.read(ctx, &sheet{title: l.T("One file that any browser opens"), lines: []string{l.T("Written: %s", out.Path),
		"SHA-256: " + hex.EncodeToString(sum.Sum(nil)), "",
		l.T("Any current browser opens the package, offline. What is handed out as a file cannot be called back.")}})
}

func (h *handing) pdfRequest() api.SharePDFRequest {
	return api.SharePDFRequest{Share: h.share.ID, Procedure: h.procedure, Card: h.card, Language: h.d.l.String()}
}

// paper prints the PDF of the share, without a file.
func (h *handing) paper(ctx context.Context) error {
	printer, err := h.d.printer()
	if err != nil {
		return err
	}
	if err := h.needCard(ctx); err != nil {
		return err
	}
	var content bytes.Buffer
	meta, err := download(ctx, h.d, api.RouteSharePDF, h.pdfRequest(), func(_ api.SharePDF, r io.Reader) error {
		return userfile.Copy(&content, r)
	})
	if err != nil {
		return err
	}
	if err := h.d.print(ctx, printer, content.Bytes()); err != nil {
		return err
	}
	return h.apart(ctx, meta.Pieces)
}

// pdf writes the PDF of the share.
func (h *handing) pdf(ctx context.Context) error {
	if err := h.needCard(ctx); err != nil {
		return err
	}
	out, err := h.d.saveTo(ctx, h.d.l.T("One PDF to print"), h.share.ID+".pdf")
	if err != nil {
		return err
	}
	defer out.Drop()
	meta, err := download(ctx, h.d, api.RouteSharePDF, h.pdfRequest(), func(_ api.SharePDF, r io.Reader) error {
		return userfile.Copy(out, r)
	})
	if err != nil {
		return err
	}
	if err := out.Keep(); err != nil {
		return err
	}
	h.d.note(h.d.l.T("Written: %s", out.Path))
	return h.apart(ctx, meta.Pieces)
}

// apart says what could not be put into a PDF.
func (h *handing) apart(ctx context.Context, pieces []api.PackPiece) error {
	var lines []string
	for i := range pieces {
		if p := &pieces[i]; p.Apart != "" {
			lines = append(lines, "! "+h.d.l.T("%s is not in it: %s. It has to be handed out by itself.", termio.Clean(p.Name), termio.Clean(p.Apart)))
		}
	}
	if len(lines) == 0 {
		return nil
	}
	return h.d.read(ctx, &sheet{title: h.d.l.T("One PDF to print"), lines: lines})
}

// linkWait bounds how long links wait for the copies to be on the storage.
const linkWait = "2m"

func (h *handing) links(ctx context.Context) error {
	l := h.d.l
	links, err := list[api.ShareLink](ctx, h.d, api.RouteShareLink, api.ShareLinkRequest{Share: h.share.ID, Wait: linkWait})
	if err != nil {
		return err
	}
	var lines []string
	for i := range links {
		lines = append(lines, links[i].Document, termio.Clean(links[i].URL), "")
	}
	lines = append(lines, termio.Wrap(l.T("Whoever has a link reads the sealed copy until the share ends, or until the storage's own limit; opening it takes the key or passphrase."), 78)...)
	return h.d.read(ctx, &sheet{title: l.T("Public links"), lines: lines, secret: false})
}

// copies writes the sealed copies into a folder, with what goes along with them.
func (h *handing) copies(ctx context.Context) error {
	folder, err := askFolder(ctx, h.d, h.d.l.T("The sealed copies"), h.share.ID)
	if err != nil {
		return err
	}
	names := append(present(h.share), api.ShareCover)
	return writeCopies(ctx, h.d, h.share, folder, names, true)
}

// present lists the documents that are still in a share.
func present(s *api.Share) []string {
	var ids []string
	for i := range s.Documents {
		if !s.Documents[i].Withheld {
			ids = append(ids, s.Documents[i].Document)
		}
	}
	return ids
}

// askFolder asks for a folder, which is made if it is not there.
func askFolder(ctx context.Context, d *desk, title, name string) (string, error) {
	folder := filepath.Join(savingFolder(), name)
	f := &form{title: title, fields: []*field{{kind: oneLine, label: d.l.T("Folder"), help: d.l.T("It is made if it is not there."), text: &folder, needed: true}}}
	err := d.insist(ctx, f, func() error {
		if folder != "" && folder[0] == '~' {
			folder = savingPath(folder, "")
		}
		abs, err := filepath.Abs(folder)
		if err != nil {
			return userfile.Trouble(folder, err)
		}
		folder = abs
		if err := os.Mkdir(folder, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
			return userfile.Trouble(folder, err)
		}
		return nil
	})
	return folder, err
}

// writeCopies writes copies of a share into a folder: sealed, or in the clear where this workstation received it.
func writeCopies(ctx context.Context, d *desk, s *api.Share, folder string, names []string, sealed bool) error {
	lines := []string{}
	for _, name := range names {
		path, err := writeCopy(ctx, d, api.ShareGetRequest{Share: s.ID, Document: name, Sealed: sealed}, folder)
		if err != nil {
			return err
		}
		lines = append(lines, path)
	}
	if sealed {
		lines = append(lines, "", d.l.T("What is handed out as a file cannot be called back."))
	} else {
		lines = append(lines, "", d.l.T("Written in the clear. Delete it when it is no longer needed."))
	}
	return d.read(ctx, &sheet{title: d.l.T("Written to %s", termio.Clean(folder)), lines: lines})
}

// writeCopy writes one copy, which appears once all of it is there.
func writeCopy(ctx context.Context, d *desk, req api.ShareGetRequest, folder string) (string, error) {
	var out *userfile.Out
	defer func() { out.Drop() }()
	_, err := download(ctx, d, api.RouteShareGet, req, func(meta api.ShareFile, r io.Reader) error {
		var err error
		// The daemon's name takes no folder of its own.
		if out, err = userfile.Create(filepath.Join(folder, filepath.Base(filepath.FromSlash(meta.FileName))), false); err != nil {
			return err
		}
		return userfile.Copy(out, r)
	})
	if err != nil {
		return "", err
	}
	return out.Path, out.Keep()
}
