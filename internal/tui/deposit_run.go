package tui

import (
	"context"

	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"vaultctl/internal/api"
	"vaultctl/internal/apiclient"
	"vaultctl/internal/lang"
	"vaultctl/internal/phrase"
	"vaultctl/internal/termio"
	"vaultctl/internal/userfile"
	"vaultctl/internal/vault"
)

// counted tells how much of all files was read.
type counted struct {
	d           *desk
	done, total int64
	told        int64
}

// tellEvery is how many bytes are read before the screen hears of it again.
const tellEvery = 1 << 20

func (c *counted) add(n int64) {
	if c.done += n; c.done-c.told >= tellEvery || c.done == n {
		c.told = c.done
		c.d.progress(api.Progress{Stage: "deposit", Done: c.done, Total: c.total, Unit: "bytes"})
	}
}

// reader counts what is read of r.
func (c *counted) reader(r io.Reader) io.Reader { return &countedReader{c, r} }

type countedReader struct {
	c *counted
	r io.Reader
}

func (r *countedReader) Read(b []byte) (int, error) {
	n, err := r.r.Read(b)
	r.c.add(int64(n))
	return n, err
}

// runDeposit deposits what is not yet in. What one file meets does not keep the others from going on, unless they would meet it
// as well; then they have the same error.
func runDeposit(ctx context.Context, d *desk, b *api.Beneficiary, intakes []*intake, private bool) {
	rest := undone(intakes)
	count := &counted{d: d}
	for _, in := range rest {
		if info, err := os.Stat(in.path); err == nil {
			count.total += info.Size()
		}
	}
	var ends error
	for _, in := range rest {
		if in.err = ends; ends != nil {
			continue
		}
		doc, err := in.upload(ctx, d, b, count, private)
		if in.err = err; err == nil {
			in.doc = &doc
			continue
		}
		if meetsAll(ctx, err) {
			ends = err
		}
	}
}

// meetsAll reports whether the files that follow would fail as well.
func meetsAll(ctx context.Context, err error) bool {
	return ctx.Err() != nil || slices.Contains([]vault.Code{
		vault.CodeNoDaemon, vault.CodeLocked, vault.CodeInterrupted, vault.CodeDiskFull, vault.CodeNotFound, vault.CodeErased,
		vault.CodeNoConsent, vault.CodeUpgrade, vault.CodeAmbiguous,
	}, vault.CodeOf(err))
}

func (in *intake) upload(ctx context.Context, d *desk, b *api.Beneficiary, count *counted, private bool) (api.Document, error) {
	u, err := userfile.Open(in.path)
	if err != nil {
		return api.Document{}, err
	}
	defer func() { _ = u.Close() }() // only read
	req := api.DocumentAddRequest{Beneficiary: b.ID, Fields: in.said.fields(), Private: private, FileName: u.Name, Size: u.Size}
	if in.pages != nil {
		req.Split = in.pages.String()
	} else {
		u.Measure(&req.Fields)
	}
	return upload[api.Document](ctx, d, api.RouteDocumentAdd, req, apiclient.Part{Reader: count.reader(u), Name: api.PartContent})
}

// tellDeposit says what became of each document, and asks what to do about those that did not go in: "again", "describe", or ""
// to leave it.
func tellDeposit(ctx context.Context, d *desk, b *api.Beneficiary, intakes []*intake) (again string, err error) {
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	rest := undone(intakes)
	lines, plain := depositLines(d, intakes)
	if foot := storageLine(ctx, d); foot != "" && len(rest) < len(intakes) {
		lines = append(lines, "", foot)
	}
	title := d.l.T("%d of %d deposited for %s", len(intakes)-len(rest), len(intakes), personName(b))
	if len(rest) > 0 {
		return askAgain(ctx, d, title, lines)
	}
	if plain {
		d.note("✓ " + title + ". " + lines[len(lines)-1])
		return "", nil
	}
	return "", d.read(ctx, &sheet{title: title, lines: lines})
}

// askAgain shows what became of each document, and asks what to do about those that failed.
func askAgain(ctx context.Context, d *desk, title string, lines []string) (string, error) {
	again := "again"
	err := d.fill(ctx, &form{title: title, intro: lines, fields: []*field{{kind: choice, label: d.l.T("What about those that were not deposited?"), text: &again,
		options: []option{{"again", d.l.T("Try them again as they are")}, {"describe", d.l.T("Describe them anew")}, {"", d.l.T("Leave them")}}}}})
	if left(err) && ctx.Err() == nil {
		return "", nil
	}
	return again, err
}

// depositLines say what became of each document; plain is that each is new and as it was said.
func depositLines(d *desk, intakes []*intake) (lines []string, plain bool) {
	plain = true
	for _, in := range intakes {
		name := in.name(d)
		switch {
		case in.doc == nil:
			lines = append(lines, "✗ "+name+" – "+d.fileTrouble(in.path, in.err))
			plain = false
		case in.doc.Status == "exists":
			lines = append(lines, "= "+name+" – "+d.l.T("was there already: %s", documentWords(d, in.doc)))
			plain = false
		default:
			lines = append(lines, "✓ "+name+" – "+d.l.T("deposited"))
		}
		if in.doc != nil && len(in.doc.Differs) > 0 {
			lines = append(lines, "  ! "+d.l.T("It is described otherwise there (%s); nothing was changed.", fieldWords(d.l, in.doc.Differs)))
		}
	}
	return lines, plain
}

// fieldWords names fields of a document to a person.
func fieldWords(l lang.Lang, fields []string) string {
	known := map[string]string{"type": l.T("type"), "title": l.T("title"), "holder": l.T("holder"), "issued_on": l.T("issued"), "expires_on": l.T("expires"),
		"period": l.T("period"), "pages": l.T("pages of the original"), "note": l.T("note"), "original_seen": l.T("original seen"),
		"received_on": l.T("received"), "source_id": l.T("source number"), "space": l.T("space")}
	words := make([]string, len(fields))
	for i, f := range fields {
		words[i] = firstOf(known[f], f)
	}
	return strings.Join(words, ", ")
}

// storageLine says whether what was acknowledged is on the storage; "" if the daemon does not say.
func storageLine(ctx context.Context, d *desk) string {
	s, err := call[api.Status](ctx, d, api.RouteStatus, api.Empty{})
	if err != nil {
		return ""
	}
	return d.l.T("Safe on this workstation. Waiting for the storage: %s.", termio.Clean(phrase.Queue(d.l, &s)))
}

// depositApart deposits pages of a PDF as documents of their own.
func depositApart(ctx context.Context, d *desk, c chosen) error {
	b := about(&c)
	paths, err := d.pick(ctx, &picking{title: d.l.T("Which PDF holds several documents? For %s", personName(b)), one: true, ends: []string{".pdf"}})
	if err != nil {
		return err
	}
	pages, err := countPages(ctx, d, paths[0])
	if err != nil {
		return err
	}
	lists, whole, err := askPages(ctx, d, paths[0], pages)
	if err != nil {
		return err
	}
	var intakes []*intake
	if whole { // first, so that nothing is lost whatever becomes of the pieces
		intakes = append(intakes, &intake{path: paths[0], about: d.l.T("the whole PDF"), said: &description{typ: "other"}})
	}
	for _, list := range lists {
		intakes = append(intakes, &intake{path: paths[0], pages: list, about: d.l.T("a document of its own"), said: &description{}})
	}
	return depositAll(ctx, d, b, intakes, nil)
}

// countPages asks the daemon how many pages a PDF has.
func countPages(ctx context.Context, d *desk, path string) (int, error) {
	u, err := userfile.Open(path)
	if err != nil {
		return 0, err
	}
	defer func() { _ = u.Close() }() // only read
	count := &counted{d: d, total: u.Size}
	found, err := upload[api.DocumentPages](ctx, d, api.RouteDocumentPages, api.DocumentPagesRequest{Size: u.Size},
		apiclient.Part{Reader: count.reader(u), Name: api.PartContent})
	return found.Pages, err
}

// askPages asks which pages belong together, and whether the whole is to be kept as well.
func askPages(ctx context.Context, d *desk, path string, pages int) (lists []vault.PageList, whole bool, err error) {
	text := ""
	f := &form{title: d.l.N(pages, "%d page in %s", "%d pages in %s", termio.Isolate(termio.Clean(filepath.Base(path)))), fields: []*field{
		{kind: oneLine, label: d.l.T("Which pages are a document each?"), help: d.l.T("Documents are separated by spaces: 1-2 3 4-7."), text: &text, needed: true,
			reads: func(typed string) (string, error) {
				_, err := pageLists(typed, pages)
				return typed, err
			}},
		{kind: yesNo, label: d.l.T("Keep the whole PDF as well?"), yes: &whole},
	}}
	if err := d.fill(ctx, f); err != nil {
		return nil, false, err
	}
	lists, err = pageLists(text, pages)
	return lists, whole, err
}

// pageLists reads which pages are a document each. No page is in two of them.
func pageLists(text string, pages int) ([]vault.PageList, error) {
	var lists []vault.PageList
	for _, word := range strings.Fields(text) {
		list, err := vault.ParsePageList(word)
		if err == nil {
			err = list.Within(pages)
		}
		if err != nil {
			return nil, err
		}
		lists = append(lists, list)
	}
	_, err := vault.Joined(lists...)
	return lists, err
}
