package tui

import (
	"context"

	"vaultctl/internal/api"
	"vaultctl/internal/apiclient"
	"vaultctl/internal/phrase"
	"vaultctl/internal/termio"
	"vaultctl/internal/userfile"
	"vaultctl/internal/vault"
)

// editDocument corrects what is said of a document.
func editDocument(ctx context.Context, d *desk, c chosen) error {
	doc, err := c.document(ctx, d)
	if err != nil {
		return err
	}
	x, title := described(doc), documentWords(d, doc)
	hidden := doc.DocumentType == ""
	var intro []string
	if hidden {
		intro = []string{d.l.T("What it is opens with the person's card alone. What is left empty here stays as it is.")}
	}
	typ := d.typeField(&x.typ, nil)
	if hidden {
		typ.options = append([]option{{"", d.l.T("as it is")}}, typ.options...)
		typ.needed = false
	}
	ask := func(fields ...*field) func(context.Context) error {
		return func(ctx context.Context) error { return d.fill(ctx, &form{title: title, intro: intro, fields: fields}) }
	}
	err = d.steps(ctx,
		ask(typ),
		ask(d.issuedField(&x.issued), d.expiresField(x), d.periodField(&x.period), d.holderField(&x.holder)),
		ask(lineField(d.l.T("Title"), "", "title", &x.title), &field{kind: oneLine, label: d.l.T("Remark for colleagues"), text: &x.note},
			lineField(d.l.T("Pages of the original"), d.l.T("Which of them it holds: 1-2,5."), "pages", &x.pages)),
		ask(&field{kind: oneLine, label: d.l.T("Handed in on"), text: &x.received, reads: d.day},
			lineField(d.l.T("Number in another system"), "", "source_id", &x.source),
			&field{kind: yesNo, label: d.l.T("Did you compare with the original?"), yes: &x.seen}))
	if err != nil {
		return err
	}
	changes := x.changes(doc)
	if changes == (api.DocumentFields{}) {
		d.note(d.l.T("Nothing was changed."))
		return nil
	}
	got, err := call[api.Document](ctx, d, api.RouteDocumentEdit, api.DocumentEditRequest{Document: doc.ID, Fields: changes})
	if err == nil {
		d.note("✓ " + d.l.T("changed: %s", documentWords(d, &got)))
	}
	return err
}

// changeSpace makes a shared document private, or a private one shared.
func changeSpace(ctx context.Context, d *desk, c chosen) error {
	doc, err := c.document(ctx, d)
	if err != nil {
		return err
	}
	req := api.DocumentEditRequest{Document: doc.ID, Space: "private"}
	if doc.Space == "private" {
		req.Space = "shared"
		req.Card, err = d.askCard(ctx, d.l.T("Those whom the person consented to will be able to open it. The document is private: only the person's card opens it."))
	} else {
		about := d.l.T("%s of %s", documentWords(d, doc), personName(about(&c)))
		err = d.sure(ctx, d.l.T("Make it private"),
			d.l.T("Make %s private? The agents who read it now will not open it any more without the person's card.", about))
	}
	if err != nil {
		return err
	}
	got, err := call[api.Document](ctx, d, api.RouteDocumentEdit, req)
	if err == nil {
		d.note("✓ " + documentWords(d, &got) + ": " + phrase.Space(d.l, got.Space))
	}
	return err
}

// replaceDocument puts a new version in the place of a document.
func replaceDocument(ctx context.Context, d *desk, c chosen) error {
	doc, err := c.document(ctx, d)
	if err != nil {
		return err
	}
	title := d.l.T("Replace %s", documentWords(d, doc))
	paths, err := d.pick(ctx, &picking{title: title, one: true})
	if err != nil {
		return err
	}
	in := &intake{path: paths[0], said: &description{}}
	if err := in.look(d); err != nil {
		return err
	}
	x := in.said
	err = d.fill(ctx, &form{title: title,
		intro: []string{in.name(d) + " – " + in.about,
			d.l.T("The file takes its place; the bytes of now are deleted from every storage and cannot be brought back. What is left empty stays as it is.")},
		fields: []*field{d.issuedField(&x.issued), d.expiresField(x), {kind: yesNo, label: d.l.T("Did you compare with the original?"), yes: &x.seen}}})
	if err != nil {
		return err
	}
	got, err := in.replace(ctx, d, doc)
	if err != nil {
		return err
	}
	if got.Status == "exists" {
		d.note("= " + d.l.T("has these bytes already"))
		return nil
	}
	lines := append([]string{"✓ " + d.l.T("The new version is safe on this workstation.")}, seenLines(d.l, got.Seen)...)
	if err := d.read(ctx, &sheet{title: title, lines: append(lines, waitingLines(d.l, got.Waiting)...)}); err != nil && !left(err) {
		return err
	}
	in.doc = &got
	return clearDeposited(ctx, d, []*intake{in})
}

func (in *intake) replace(ctx context.Context, d *desk, doc *api.Document) (api.Document, error) {
	u, err := userfile.Open(in.path)
	if err != nil {
		return api.Document{}, err
	}
	defer func() { _ = u.Close() }() // only read
	fields := in.said.fields()
	if in.said.expires == "" {
		fields.ExpiresOn = nil
	}
	u.Measure(&fields)
	req := api.DocumentReplaceRequest{Document: doc.ID, Fields: fields, FileName: u.Name, Size: u.Size}
	count := &counted{d: d, total: u.Size}
	return upload[api.Document](ctx, d, api.RouteDocumentReplace, req, apiclient.Part{Reader: count.reader(u), Name: api.PartContent})
}

// moveDocument moves a document that was filed under the wrong person.
func moveDocument(ctx context.Context, d *desk, c chosen) error {
	doc, err := c.document(ctx, d)
	if err != nil {
		return err
	}
	title := d.l.T("Move %s", documentWords(d, doc))
	var to *api.Beneficiary
	err = d.steps(ctx,
		func(ctx context.Context) (err error) { to, err = choosePerson(ctx, d, title); return err },
		func(ctx context.Context) error {
			if to.ID == doc.Beneficiary {
				return vault.Errorf(vault.CodeUsage, "the document is in that vault already")
			}
			would, err := stream[api.Document](ctx, d, api.RouteDocumentMove, api.MoveRequest{Document: doc.ID, To: to.ID, DryRun: true})
			if err != nil {
				return err
			}
			says := []string{d.l.T("From %s to %s. It is sealed to those who may open that vault, and deleted from this one.",
				personName(about(&c)), termio.Isolate(termio.Clean(phrase.PersonLine(d.l, to))))}
			if would.Merged {
				says = append(says, d.l.T("That vault holds the same document already: the two become one."))
			}
			return d.sure(ctx, title, append(says, seenLines(d.l, would.Seen)...)...)
		})
	if err != nil {
		return err
	}
	got, err := stream[api.Document](ctx, d, api.RouteDocumentMove, api.MoveRequest{Document: doc.ID, To: to.ID})
	if err != nil {
		return err
	}
	lines := append([]string{"✓ " + d.l.T("moved to %s", personName(to))}, seenLines(d.l, got.Seen)...)
	if len(got.Seen) == 0 {
		lines = append(lines, d.l.T("Nobody had it open meanwhile."))
	}
	return d.read(ctx, &sheet{title: title, lines: append(lines, waitingLines(d.l, got.Waiting)...)})
}

// removeDocuments removes documents for ever.
func removeDocuments(ctx context.Context, d *desk, c chosen) error {
	docs := c.documents()
	says := []string{}
	for _, doc := range docs {
		says = append(says, d.l.T("%s of %s", documentWords(d, doc), personName(about(&c))))
	}
	says = append(says, d.l.T("It is deleted here and from every storage. Nobody can bring it back: it would have to be deposited again from the paper. The journal goes on telling that it was there. Copies that were saved, printed or shared are not called back."))
	if err := d.sure(ctx, d.l.N(len(docs), "Remove %d document for ever?", "Remove %d documents for ever?"), says...); err != nil {
		return err
	}
	waiting := 0
	removed := func(n int) string { return "✓ " + d.l.N(n, "%d document removed", "%d documents removed") }
	for i, doc := range docs {
		got, err := call[api.Document](ctx, d, api.RouteDocumentRemove, api.DocumentRequest{Document: doc.ID})
		if err != nil {
			if i > 0 { // what went well before stands beside what went wrong
				d.note(removed(i))
			}
			return err
		}
		waiting += got.Waiting
	}
	note := removed(len(docs))
	if waiting > 0 {
		return d.read(ctx, &sheet{title: note, lines: waitingLines(d.l, waiting)})
	}
	d.note(note)
	return nil
}
