package tui

import (
	"context"
	"strconv"
	"strings"

	"vaultctl/internal/api"
	"vaultctl/internal/apiclient"
	"vaultctl/internal/lang"
	"vaultctl/internal/phrase"
	"vaultctl/internal/termio"
)

// loadBatches shows what was imported, the newest first.
func loadBatches(ctx context.Context, d *desk, c *content) error {
	batches, err := list[api.Batch](ctx, d, api.RouteBatchList, api.BatchListRequest{})
	if err != nil {
		return err
	}
	l := d.l
	c.head = append(c.head, fact{text: l.T("What `vaultctl import` brought in, the newest first.")})
	c.none = l.T("No batch.")
	c.header = []string{l.T("begun"), l.T("who"), l.T("documents"), l.T("people"), l.T("removed"), l.T("batch")}
	for i := range batches {
		b := &batches[i]
		c.rows = append(c.rows, row{item: b, cells: []termio.Cell{{Text: phrase.Time(l, b.Begun)}, cell(b.Agent), {Text: strconv.Itoa(b.Documents)},
			{Text: strconv.Itoa(b.People)}, {Text: strconv.Itoa(b.Removed)}, {Text: b.ID, Style: termio.Faint}}})
	}
	return nil
}

func batchActions() []action {
	return []action{
		{key: "enter", label: lang.Key("show it"), needs: oneRow, does: []string{"batch list", "batch show"}, run: openBatch},
		{key: "U", label: lang.Key("take it back"), needs: oneRow, does: []string{"batch undo"}, run: undoBatch},
	}
}

func openBatch(_ context.Context, d *desk, c chosen) error {
	if b, ok := c.item().(*api.Batch); ok {
		d.open(batchPage{b.ID})
	}
	return nil
}

// batchPage shows each thing that an import did, and how it stands.
type batchPage struct{ id string }

func (batchPage) place() place { return atBatch }

func (p batchPage) load(ctx context.Context, d *desk) (*content, error) {
	items, err := list[api.BatchItem](ctx, d, api.RouteBatchShow, api.BatchRequest{Batch: p.id})
	if err != nil {
		return nil, err
	}
	l := d.l
	c := &content{title: p.id, none: l.T("Nothing of it is known here."), subject: p.id,
		header: []string{l.T("state"), l.T("what"), l.T("person"), l.T("document"), l.T("seen by")}}
	for i := range items {
		it := &items[i]
		c.rows = append(c.rows, row{item: it, cells: batchCells(d, it)})
	}
	return c, nil
}

func batchCells(d *desk, it *api.BatchItem) []termio.Cell {
	return []termio.Cell{phrase.BatchState(d.l, it), {Text: phrase.BatchThing(d.l, it.What)}, cell(firstOf(it.Name, it.Beneficiary)),
		cell(strings.TrimSpace(typeName(d, it.DocumentType) + " " + it.Title)), cell(phrase.SeenLine(d.l, it.Seen))}
}

func batchItemActions() []action {
	return []action{
		{key: "enter", label: lang.Key("open the person"), needs: oneRow, does: []string{"beneficiary show"}, run: openBatchPerson},
		{key: "U", label: lang.Key("take it all back"), does: []string{"batch undo"}, run: undoBatch},
	}
}

func openBatchPerson(_ context.Context, d *desk, c chosen) error {
	if it, ok := c.item().(*api.BatchItem); ok {
		d.open(personPage{at: atDocuments, id: it.Beneficiary})
	}
	return nil
}

// undoBatch says what would be taken back, takes it back, and says what was left.
func undoBatch(ctx context.Context, d *desk, c chosen) error {
	id, ok := c.subject.(string)
	if !ok {
		b, ok := c.item().(*api.Batch)
		if !ok {
			return errBack
		}
		id = b.ID
	}
	undo := func(dryRun bool) (*api.BatchUndone, []string, error) {
		var lines []string
		sum, err := itemsThen[api.BatchItem, api.BatchUndone](ctx, d, api.RouteBatchUndo, api.BatchUndoRequest{Batch: id, DryRun: dryRun}, func(it *api.BatchItem) {
			words := make([]string, 0, 5)
			for _, cell := range batchCells(d, it) {
				if cell.Text != "" {
					words = append(words, termio.Isolate(termio.Clean(cell.Text)))
				}
			}
			lines = append(lines, strings.Join(words, "  "))
		})
		return &sum, append([]string{phrase.Undone(d.l, &sum), ""}, lines...), err
	}
	plan, lines, err := undo(true)
	if err != nil {
		return err
	}
	title := d.l.T("Take back the import %s", id)
	if plan.Undone == 0 {
		return d.read(ctx, &sheet{title: title, lines: lines})
	}
	lines = append([]string{d.l.T("Documents that it deposited are removed, consents that it recorded withdrawn, vaults that it opened closed where nothing else is in them."), ""}, lines...)
	if err := d.agree(ctx, title, phrase.UndoQuestion(d.l, plan), lines...); err != nil {
		return err
	}
	_, lines, err = undo(false)
	if err != nil {
		return err
	}
	return d.read(ctx, &sheet{title: title, lines: append(lines, "", d.l.T("A closed vault still holds the name, until it is erased."))})
}

// itemsThen makes a call that gives items before its result, and tells how far it has come.
func itemsThen[Item, Res any](ctx context.Context, d *desk, route string, req any, each func(*Item)) (Res, error) {
	return through(ctx, d, func(c *apiclient.Client) (Res, error) {
		return apiclient.Rows[Item, Res](ctx, c, route, req, func(it Item) error { each(&it); return nil }, d.progress)
	})
}
