package tui

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"path/filepath"
	"slices"

	"vaultctl/internal/api"
	"vaultctl/internal/printing"
	"vaultctl/internal/termio"
	"vaultctl/internal/userfile"
	"vaultctl/internal/vault"
)

// cardFor asks for the card if a document is private.
func cardFor(ctx context.Context, d *desk, docs []*api.Document) (string, error) {
	if !slices.ContainsFunc(docs, func(doc *api.Document) bool { return doc.Space == "private" }) {
		return "", nil
	}
	return d.askCard(ctx, d.l.T("The document is private: only the person's card opens it."))
}

// getDocuments writes documents to files that the person names.
func getDocuments(ctx context.Context, d *desk, c chosen) error {
	docs := c.documents()
	card, err := cardFor(ctx, d, docs)
	if err != nil {
		return err
	}
	if len(docs) > 1 {
		return getSeveral(ctx, d, docs, card)
	}
	doc := docs[0]
	title := d.l.T("Save %s", documentWords(d, doc))
	if doc.DocumentType != "" {
		// A name that is taken is refused before the document is opened, which the person's journal would show.
		out, err := d.saveTo(ctx, title, userfile.UsualName(doc))
		if err != nil {
			return err
		}
		defer out.Drop()
		return getInto(ctx, d, doc, card, func(*api.Document) (*userfile.Out, error) { return out, nil })
	}
	// What it is, and so its name, is known only once the card has opened it.
	return getInto(ctx, d, doc, card, func(opened *api.Document) (*userfile.Out, error) {
		return d.saveTo(ctx, title, userfile.UsualName(opened))
	})
}

// getInto writes a document to the file that name gives, and says so.
func getInto(ctx context.Context, d *desk, doc *api.Document, card string, name func(*api.Document) (*userfile.Out, error)) error {
	got, path, err := fetch(ctx, d, doc, card, name)
	if err != nil {
		return err
	}
	return d.read(ctx, &sheet{title: documentWords(d, &got), lines: []string{termio.Isolate(termio.Clean(path)),
		d.l.T("Written in the clear, %s. Delete it when it is no longer needed.", termio.FormatBytes(got.Size))}})
}

// fetch writes a document to the file that name gives.
func fetch(ctx context.Context, d *desk, doc *api.Document, card string, name func(*api.Document) (*userfile.Out, error)) (api.Document, string, error) {
	var path string
	got, err := download(ctx, d, api.RouteDocumentGet, api.GetRequest{Document: doc.ID, How: "get", Card: card},
		func(opened api.Document, r io.Reader) error {
			out, err := name(&opened)
			if err != nil {
				return err
			}
			defer out.Drop()
			path = out.Path
			count := &counted{d: d, total: opened.Size}
			if err := userfile.Copy(out, count.reader(r)); err != nil {
				return err
			}
			return out.Keep()
		})
	return got, path, err
}

// getSeveral writes documents under their usual names into a folder. One whose name is taken is left out unless the person wants
// it replaced.
func getSeveral(ctx context.Context, d *desk, docs []*api.Document, card string) error {
	folder := savingFolder()
	title := d.l.N(len(docs), "Save %d document", "Save %d documents")
	if err := d.fill(ctx, &form{title: title, fields: []*field{{kind: oneLine, label: d.l.T("Folder"), text: &folder, needed: true,
		help: d.l.T("Each gets its usual name there.")}}}); err != nil {
		return err
	}
	written := 0
	defer func() { // whatever becomes of the others
		if written == 0 {
			return
		}
		d.note(d.l.N(written, "%d document written in the clear in %s. Delete it when it is no longer needed.",
			"%d documents written in the clear in %s. Delete them when they are no longer needed.", termio.Clean(savingPath(folder, ""))))
	}()
	for _, doc := range docs {
		_, _, err := fetch(ctx, d, doc, card, func(opened *api.Document) (*userfile.Out, error) {
			return d.createIn(ctx, folder, userfile.UsualName(opened))
		})
		switch {
		case err == nil:
			written++
		case !errors.Is(err, errBack):
			return err
		}
	}
	return nil
}

// createIn prepares a file in a folder; what is there is replaced only when the person says so.
func (d *desk) createIn(ctx context.Context, folder, name string) (*userfile.Out, error) {
	path := filepath.Join(savingPath(folder, ""), name)
	out, err := userfile.Create(path, false)
	if vault.CodeOf(err) != vault.CodeConflict {
		return out, err
	}
	if err := d.sure(ctx, name, d.l.T("%s exists already. It would be replaced.", termio.Clean(path))); err != nil {
		return nil, err
	}
	return userfile.Create(path, true)
}

// printDocuments sends documents to the printer.
func printDocuments(ctx context.Context, d *desk, c chosen) error {
	docs := c.documents()
	p, err := d.printer()
	if err != nil {
		return err
	}
	card, err := cardFor(ctx, d, docs)
	if err != nil {
		return err
	}
	for _, doc := range docs {
		if err := printDocument(ctx, d, p, doc, card); err != nil {
			return err
		}
	}
	return nil
}

// printDocument hands a document to the print command, with no file of ours on the way.
func printDocument(ctx context.Context, d *desk, p *printing.Printer, doc *api.Document, card string) error {
	said := ""
	_, err := download(ctx, d, api.RouteDocumentGet, api.GetRequest{Document: doc.ID, How: "print", Card: card},
		func(_ api.Document, r io.Reader) (err error) { said, err = p.Print(ctx, r); return err })
	if err != nil {
		return err
	}
	d.note("✓ " + d.l.T("sent to the printer") + ": " + documentWords(d, doc) + " " + termio.Clean(said))
	return nil
}

// proveDocument writes a proof of deposit, and a page that says it in words if it is wanted.
func proveDocument(ctx context.Context, d *desk, c chosen) error {
	doc, err := c.document(ctx, d)
	if err != nil {
		return err
	}
	title := d.l.T("Proof of deposit: %s", documentWords(d, doc))
	page := true
	err = d.fill(ctx, &form{title: title,
		intro:  []string{d.l.T("This workstation attests which bytes were deposited, by whom, when, and whether the original was seen. It does not say that the document is genuine.")},
		fields: []*field{{kind: yesNo, label: d.l.T("A page to print as well (PDF)?"), yes: &page}}})
	if err != nil {
		return err
	}
	card, err := cardFor(ctx, d, []*api.Document{doc})
	if err != nil {
		return err
	}
	// Names that are taken are refused before anything is in the journal.
	var files []*userfile.Out
	endings := []string{".json", ".pdf"}
	if !page {
		endings = endings[:1]
	}
	for _, ext := range endings {
		out, err := d.saveTo(ctx, title, "proof_"+doc.ID+ext)
		if err != nil {
			return err
		}
		defer out.Drop()
		files = append(files, out)
	}
	res, err := call[api.DocumentProof](ctx, d, api.RouteDocumentProof,
		api.DocumentProofRequest{Document: doc.ID, Card: card, PDF: page, Language: d.l.String()})
	if err != nil {
		return err
	}
	return keepProof(ctx, d, title, &res, files)
}

// keepProof writes the files of a proof, and says what whoever checks it has to compare.
func keepProof(ctx context.Context, d *desk, title string, res *api.DocumentProof, files []*userfile.Out) error {
	var text bytes.Buffer
	if err := json.Indent(&text, res.Proof, "", "  "); err != nil {
		return err
	}
	text.WriteByte('\n')
	var written []string
	for i, out := range files {
		if _, err := out.Write([][]byte{text.Bytes(), res.PDF}[i]); err != nil {
			return err
		}
		if err := out.Keep(); err != nil {
			return err
		}
		written = append(written, d.l.T("file"), out.Path)
	}
	lines := labelled(pairs(append(written, d.l.T("digest"), res.Digest, d.l.T("fingerprint of the root"), res.Fingerprint)...))
	return d.read(ctx, &sheet{title: title, lines: append(lines, "",
		d.l.T("Whoever checks it compares the fingerprint with one that they have from the organization itself."))})
}
