package tui

import (
	"context"
	"io"

	"vaultctl/internal/api"
	"vaultctl/internal/termio"
	"vaultctl/internal/userfile"
	"vaultctl/internal/vault"
)

// exportAll hands everything of one person over, as one ZIP.
func exportAll(ctx context.Context, d *desk, c chosen) error {
	b := about(&c)
	e := &exporting{d: d, b: b, title: d.l.T("Everything of %s, as one file", termio.Clean(firstOf(b.Name, b.ID)))}
	return d.steps(ctx, e.askSeal, e.askPassphrase, e.askCard, e.write)
}

// exporting is an export that is being asked for.
type exporting struct {
	d                        *desk
	b                        *api.Beneficiary
	title                    string
	seal, card, first, again string
}

const (
	byCard     = "card"
	bareExport = ""
)

func (e *exporting) askSeal(ctx context.Context) error {
	l := e.d.l
	options := []option{{bareExport, l.T("no: whoever has the file reads it")}, {byPassphrase, l.T("with a passphrase that the person chooses")}}
	if e.b.Card > 0 {
		options = append(options, option{byCard, l.T("to the person's card")})
	}
	return e.d.fill(ctx, &form{title: e.title,
		intro:  []string{l.T("One ZIP holds the documents, a list of them, the consents, and the journal in plain sentences.")},
		fields: []*field{{kind: choice, label: l.T("Is the file sealed?"), text: &e.seal, options: options}}})
}

func (e *exporting) askPassphrase(ctx context.Context) error {
	if e.seal != byPassphrase {
		return errSkip
	}
	l := e.d.l
	for says := []string(nil); ; says = []string{"✗ " + l.T("The two differ.")} {
		e.first, e.again = "", ""
		err := e.d.fill(ctx, &form{title: e.title, intro: says, fields: []*field{
			{kind: secret, label: l.T("New passphrase"), text: &e.first, needed: true}, {kind: secret, label: l.T("The same again"), text: &e.again, needed: true}}})
		if err != nil || e.first == e.again {
			return err
		}
	}
}

func (e *exporting) askCard(ctx context.Context) error {
	if e.b.Card == 0 {
		return errSkip
	}
	l := e.d.l
	return e.d.fill(ctx, &form{title: e.title, intro: []string{l.T("Private documents go along only with the person's card.")},
		fields: []*field{cardField(l, l.T("Leave it empty to hand over what is shared alone."), &e.card)}})
}

// write fills the file. What is refused goes back to the questions, whose answers are still there.
func (e *exporting) write(ctx context.Context) error {
	d := e.d
	name := e.b.ID + "_" + d.today() + ".zip"
	if e.seal != bareExport {
		name += ".age"
	}
	out, err := d.saveTo(ctx, e.title, name)
	if err != nil {
		return err
	}
	defer out.Drop()
	req := api.ExportRequest{Beneficiary: e.b.ID, Card: e.card, SealTo: e.seal, Language: d.l.String()}
	if e.seal == byPassphrase {
		req.Passphrase = e.first
	}
	meta, err := download(ctx, d, api.RouteExport, req, func(_ api.ExportMeta, body io.Reader) error { return userfile.Copy(out, body) })
	if err == nil {
		err = out.Keep()
	}
	switch code := vault.CodeOf(err); {
	case err == nil:
		return e.wrote(ctx, &meta, out.Path)
	case code == vault.CodePolicy, code == vault.CodeNoIdentity, code == vault.CodeInvalid: // a weak passphrase, another card
		e.card = ""
		if err = d.tell(ctx, e.title, err); err == nil {
			err = errBack
		}
	}
	return err
}

func (e *exporting) wrote(ctx context.Context, meta *api.ExportMeta, path string) error {
	l := e.d.l
	says := []string{"✓ " + l.N(meta.Documents, "%d document is in %s.", "%d documents are in %s.", path)}
	if meta.Skipped > 0 {
		says = append(says, "! "+l.N(meta.Skipped, "%d private document is not: it needs the person's card.", "%d private documents are not: they need the person's card."))
	}
	if e.seal == bareExport {
		says = append(says, l.T("Whoever has the file can read it: hand it over, then delete it here."))
	}
	if err := e.d.read(ctx, &sheet{title: e.title, lines: lines(says...)}); err != nil && !left(err) {
		return err
	}
	return nil
}
