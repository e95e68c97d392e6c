package tui

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	"vaultctl/internal/phrase"
	"vaultctl/internal/termio"
	"vaultctl/internal/vault"
)

// loadDocuments shows the documents that a person deals with.
func loadDocuments(ctx context.Context, d *desk, b *api.Beneficiary, c *content) error {
	return listDocuments(ctx, d, b, c, false)
}

// everyDocument is the page of the documents with the evidence of consents and what was removed.
type everyDocument struct{ personPage }

func (p everyDocument) load(ctx context.Context, d *desk) (*content, error) {
	c, err := p.personPage.load(ctx, d)
	if err != nil {
		return nil, err
	}
	b, _ := c.subject.(*api.Beneficiary)
	c.title, c.rows = "", nil // it stands above the page that it is opened from
	return c, listDocuments(ctx, d, b, c, true)
}

func listDocuments(ctx context.Context, d *desk, b *api.Beneficiary, c *content, all bool) error {
	c.none = d.l.T("No documents.")
	docs, err := list[api.Document](ctx, d, api.RouteDocumentList, api.DocumentListRequest{Beneficiary: b.ID, All: all})
	if vault.CodeOf(err) == vault.CodeNoConsent {
		c.none, _ = phrase.Error(d.l, err)
		return nil
	}
	if err != nil {
		return err
	}
	names := phrase.TypeNames(d.l, d.types)
	rank := func(doc *api.Document) int {
		switch {
		case doc.State == "removed":
			return 2
		case doc.Evidence != "":
			return 1
		}
		return 0
	}
	slices.SortStableFunc(docs, func(a, b api.Document) int {
		return cmp.Or(cmp.Compare(rank(&a), rank(&b)), strings.Compare(fold(documentName(d.l, names, &a)), fold(documentName(d.l, names, &b))),
			strings.Compare(firstOf(b.IssuedOn, b.Period, b.Deposited), firstOf(a.IssuedOn, a.Period, a.Deposited)))
	})
	sections := []string{"", d.l.T("Evidence of consents"), d.l.T("Removed")}
	c.header = []string{d.l.T("state"), d.l.T("document"), d.l.T("issued"), d.l.T("expires")}
	for i := range docs {
		c.rows = append(c.rows, row{section: sections[rank(&docs[i])], cells: documentCells(d.l, names, &docs[i]), item: &docs[i]})
	}
	return nil
}

// documentCells are the columns of a document. A private one says that it is.
func documentCells(l lang.Lang, names map[string]string, doc *api.Document) []termio.Cell {
	words := documentName(l, names, doc)
	if title := phrase.DocumentTitle(doc); title != "" {
		words += " – " + title
	}
	if doc.Space == "private" {
		words = "◆ " + phrase.Space(l, doc.Space) + " " + words
		if doc.DocumentType == "" {
			words = "◆ " + documentName(l, names, doc)
		}
	}
	return []termio.Cell{phrase.DocumentState(l, doc.State), cell(words), {Text: phrase.Day(l, doc.IssuedOn)}, {Text: phrase.Day(l, doc.ExpiresOn)}}
}

// documentName names what a document is.
func documentName(l lang.Lang, names map[string]string, doc *api.Document) string {
	switch {
	case doc.DocumentType != "":
		return firstOf(names[doc.DocumentType], doc.DocumentType)
	case doc.Space == "private":
		return l.T("private document")
	}
	return l.T("document")
}

// documentWords names a document in a sentence, so that it is told from others.
func documentWords(d *desk, doc *api.Document) string {
	words := documentName(d.l, phrase.TypeNames(d.l, d.types), doc)
	if title := phrase.DocumentTitle(doc); title != "" {
		words += " – " + title
	}
	if doc.IssuedOn != "" {
		words += ", " + phrase.Day(d.l, doc.IssuedOn)
	}
	return termio.Clean(words)
}

// documents returns those that were chosen.
func (c *chosen) documents() []*api.Document {
	var docs []*api.Document
	for _, r := range c.rows {
		if doc, ok := r.item.(*api.Document); ok {
			docs = append(docs, doc)
		}
	}
	return docs
}

// document returns the one that was chosen, as the daemon knows it now.
func (c *chosen) document(ctx context.Context, d *desk) (*api.Document, error) {
	docs := c.documents()
	if len(docs) != 1 {
		return nil, errBack
	}
	doc, err := call[api.Document](ctx, d, api.RouteDocumentShow, api.DocumentRequest{Document: docs[0].ID})
	return &doc, err
}

func documentActions() []action {
	return []action{
		{key: "enter", label: lang.Key("show details"), needs: oneRow, does: []string{"document show"}, run: showDocument},
		{key: "a", label: lang.Key("deposit files"), does: []string{"document add"}, run: depositPicked},
		{key: "s", label: lang.Key("deposit scans"), does: []string{"document add"}, run: depositScanned},
		{key: "p", label: lang.Key("print it"), needs: someRows, does: []string{"document print"}, run: printDocuments},
		{key: "g", label: lang.Key("save to a file"), needs: someRows, does: []string{"document get"}, run: getDocuments},
		{key: "e", label: lang.Key("correct what is said"), needs: oneRow, does: []string{"document edit"}, run: editDocument},
		{key: "v", label: lang.Key("private or shared"), needs: oneRow, does: []string{"document edit"}, run: changeSpace},
		{key: "n", label: lang.Key("replace by a better scan"), needs: oneRow, does: []string{"document replace"}, run: replaceDocument},
		{key: "m", label: lang.Key("move to another person"), needs: oneRow, does: []string{"document move"}, run: moveDocument},
		{key: "t", label: lang.Key("take a PDF apart"), does: []string{"document add"}, run: depositApart},
		{key: "d", label: lang.Key("proof of deposit"), needs: oneRow, does: []string{"document proof"}, run: proveDocument},
		{key: "h", label: lang.Key("what happened to it"), needs: oneRow, run: documentHistory},
		{key: "i", label: lang.Key("evidence and removed ones too"), does: []string{"document list"}, run: toggleEvery},
		{key: "U", label: lang.Key("take back its import"), needs: oneRow, does: []string{"batch undo"}, run: undoItsImport},
		{key: "R", label: lang.Key("remove for ever"), needs: someRows, does: []string{"document remove"}, run: removeDocuments},
	}
}

// toggleEvery shows what lists leave out, or leaves it out again.
func toggleEvery(_ context.Context, d *desk, c chosen) error {
	if _, all := c.page.(everyDocument); all {
		d.back()
		return nil
	}
	d.open(everyDocument{personPage{at: atDocuments, id: about(&c).ID}})
	return nil
}

// undoItsImport takes back the import that a document came with, all of it.
func undoItsImport(ctx context.Context, d *desk, c chosen) error {
	doc, err := c.document(ctx, d)
	if err != nil {
		return err
	}
	if doc.Batch == "" {
		d.note(d.l.T("It did not come with an import."))
		return nil
	}
	return undoBatch(ctx, d, chosen{subject: doc.Batch})
}
