package engine

import (
	"archive/zip"
	"bufio"
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"unicode/utf8"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	"vaultctl/internal/vault"
)

// minPassphrase is how long a passphrase for an export must be, in characters.
const minPassphrase = 12

// export is everything of one person on its way out.
type export struct {
	e       *Engine
	st      *vault.State // with what the card opens
	keys    *keyring
	org     *vault.Org
	card    *cardKey
	lang    lang.Lang
	docs    []*vault.Document // that go in, oldest first
	skipped []*vault.Document // private ones without the card
	id      string
}

// Export writes one person's documents, consents and journal as a ZIP to what begin returns: open formats, complete, and
// good enough to be imported elsewhere. With the card private documents are in it. Every document is journalled as handed
// over before begin is called. Errors: CodeNoConsent, CodeErased, CodeNoIdentity for a wrong card, CodePolicy for a weak
// passphrase or a card that was never issued, and those of DocumentGet.
func (e *Engine) Export(ctx context.Context, req api.ExportRequest, begin func(api.ExportMeta) (io.Writer, error)) error {
	x, err := e.newExport(ctx, &req)
	if err != nil {
		return err
	}
	seal, ext, err := x.sealing(&req)
	if err != nil {
		return err
	}
	if err := x.record(ctx); err != nil {
		return err
	}
	w, err := begin(api.ExportMeta{Head: api.H("export"), ID: x.id, FileName: x.id + "_" + string(e.today()) + ext,
		Documents: len(x.docs), Skipped: len(x.skipped)})
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(w, pipeChunk)
	sealed, err := seal(out)
	if err != nil {
		return fmt.Errorf("seal export: %w", err)
	}
	if err := x.write(ctx, sealed); err != nil {
		return err
	}
	if err := sealed.Close(); err != nil {
		return fmt.Errorf("write export: %w", err)
	}
	return out.Flush()
}

func (e *Engine) newExport(ctx context.Context, req *api.ExportRequest) (*export, error) {
	id, err := e.resolveID(req.Beneficiary)
	if err != nil {
		return nil, err
	}
	x := &export{e: e, id: string(id)}
	if x.st, x.keys, x.org, err = e.whole(id); err != nil {
		return nil, err
	}
	if x.st.Erased != nil {
		return nil, vault.Errorf(vault.CodeErased, "the vault was erased")
	}
	if x.card, err = e.presented(ctx, x.st, req.Card); err != nil {
		return nil, err
	}
	if x.card == nil && !readsVault(x.keys, x.st, x.org) {
		e.refused(ctx, id, "", "export", vault.CodeNoConsent)
		return nil, vault.Errorf(vault.CodeNoConsent, "no consent lets this device read the vault")
	}
	if x.card != nil {
		if x.st, err = e.withPrivate(ctx, id, x.card); err != nil {
			return nil, err
		}
	}
	x.lang = exportLang(x.st.Person.Language, req.Language)
	x.choose()
	return x, nil
}

// exportLang is the person's language where the program speaks it, else the caller's.
func exportLang(person, caller string) lang.Lang {
	if l, ok := lang.Parse(person); ok && person != "" {
		return l
	}
	l, _ := lang.Parse(caller)
	return l
}

// choose sorts the documents into those that go in and those that only the card could open.
func (x *export) choose() {
	for _, d := range x.st.Documents {
		switch {
		case d.Removed != nil:
		case d.Space == vault.Private && (x.card == nil || !d.Described):
			x.skipped = append(x.skipped, d)
		default:
			x.docs = append(x.docs, d)
		}
	}
	older := func(a, b *vault.Document) int {
		return cmp.Or(a.Deposited.Compare(b.Deposited), cmp.Compare(a.ID, b.ID))
	}
	slices.SortFunc(x.docs, older)
	slices.SortFunc(x.skipped, older)
}

// sealing returns what the archive is written through, and the end of its name.
func (x *export) sealing(req *api.ExportRequest) (func(io.Writer) (io.WriteCloser, error), string, error) {
	switch req.SealTo {
	case "":
		return func(w io.Writer) (io.WriteCloser, error) { return plainWriter{w}, nil }, ".zip", nil
	case "card":
		c := x.st.Card()
		if c == nil || c.Recipient == "" {
			return nil, "", needsCard(vault.Errorf(vault.CodePolicy, "an export cannot be sealed to a card that was never issued"))
		}
		return func(w io.Writer) (io.WriteCloser, error) { return x.e.Sealer.Seal(w, []string{c.Recipient}) }, ".zip.age", nil
	case "passphrase":
		if utf8.RuneCountInString(req.Passphrase) < minPassphrase {
			return nil, "", vault.Errorf(vault.CodePolicy, "the passphrase of an export needs at least %d characters", minPassphrase)
		}
		return func(w io.Writer) (io.WriteCloser, error) { return x.e.Sealer.SealPassphrase(w, req.Passphrase) }, ".zip.age", nil
	}
	return nil, "", vault.Errorf(vault.CodeUsage, "an export is sealed to the card or with a passphrase, or not at all")
}

// plainWriter is a writer that needs no closing.
type plainWriter struct{ io.Writer }

func (plainWriter) Close() error { return nil }

// record journals that every document is handed over.
func (x *export) record(ctx context.Context) error {
	return x.e.witness(ctx, func(t *tx) error {
		for _, d := range x.docs {
			if err := t.emit(vault.AccessOpened, x.st.ID, vault.AccessBody{Document: d.ID, How: "export"}); err != nil {
				return err
			}
		}
		return nil
	})
}

// write writes the archive: what explains it first, then the documents, then what is told of them.
func (x *export) write(ctx context.Context, w io.Writer) error {
	z := zip.NewWriter(w)
	events, err := x.journal(ctx)
	if err != nil {
		return err
	}
	name := "README.txt"
	if x.lang == lang.French {
		name = "LISEZMOI.txt"
	}
	if err := x.text(z, name, x.readme()); err != nil {
		return err
	}
	for _, d := range x.docs {
		if err := x.document(ctx, z, d); err != nil {
			return err
		}
	}
	for _, f := range []struct {
		name  string
		write func(io.Writer) error
	}{
		{"documents.csv", x.documentsCSV},
		{"journal.csv", func(w io.Writer) error { return x.journalCSV(w, events) }},
		{"journal.txt", func(w io.Writer) error { return x.journalText(w, events) }},
		{"manifest.json", func(w io.Writer) error { return x.manifest(w, events) }},
	} {
		w, err := z.CreateHeader(x.header(f.name, zip.Deflate))
		if err == nil {
			err = f.write(w)
		}
		if err != nil {
			return fmt.Errorf("write export: %w", err)
		}
	}
	return z.Close()
}

func (x *export) header(name string, method uint16) *zip.FileHeader {
	return &zip.FileHeader{Name: name, Method: method, Modified: x.e.Now()}
}

func (x *export) text(z *zip.Writer, name, text string) error {
	w, err := z.CreateHeader(x.header(name, zip.Deflate))
	if err == nil {
		_, err = io.WriteString(w, text)
	}
	return err
}

// document streams one document, checked against its digest. What scanners and cameras make is compressed already.
func (x *export) document(ctx context.Context, z *zip.Writer, d *vault.Document) error {
	src, err := x.e.openDocument(ctx, x.keys, x.card.identities(), d)
	if err != nil {
		return err
	}
	defer src.Close()
	h := x.header(x.path(d), zip.Store)
	h.Modified = d.Changed.Time()
	w, err := z.CreateHeader(h)
	if err != nil {
		return fmt.Errorf("write export: %w", err)
	}
	_, err = pipe(ctx, w, src, nil, -1)
	return err
}

// exported is one entry of the journal with the record that it is about.
type exported struct {
	rec *vault.Record
	api.JournalEntry
}

// journal returns the whole journal of the vault. With the card it also names what is private.
func (x *export) journal(ctx context.Context) ([]exported, error) {
	q := journalQuery{scope: x.id, lang: x.lang}
	t := x.e.newTeller(x.lang, x.org, x.keys)
	if x.card != nil {
		t.keys = nil
	}
	recs, err := x.e.journalRecords(q, t)
	if err != nil {
		return nil, err
	}
	reasons := map[vault.Pos]string{}
	for _, r := range x.st.Quarantine {
		reasons[r.Pos] = r.Reason
	}
	out := make([]exported, len(recs))
	for i, r := range recs {
		out[i] = exported{r, t.entry(r, x.st)}
		out[i].Quarantined = reasons[r.Pos]
	}
	return out, ctx.Err()
}
