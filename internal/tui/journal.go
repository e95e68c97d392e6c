package tui

import (
	"context"
	"encoding/json"
	"errors"
	"io"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	"vaultctl/internal/phrase"
	"vaultctl/internal/termio"
	"vaultctl/internal/userfile"
)

func loadJournal(ctx context.Context, d *desk, b *api.Beneficiary, c *content) error {
	l := d.l
	entries, err := d.journal(ctx, b.ID, "")
	if err != nil {
		return err
	}
	c.header = []string{l.T("when"), l.T("who"), l.T("what")}
	c.none = l.T("No entry can be read here.")
	for i := range entries {
		e := &entries[i]
		what := cell(e.Text)
		if e.Quarantined != "" {
			what = termio.Cell{Text: termio.Clean("✗ " + l.T("not applied: %s", e.Quarantined) + ": " + e.Text), Style: termio.Bad}
		}
		c.rows = append(c.rows, row{item: e, cells: []termio.Cell{{Text: phrase.Time(l, e.At)}, cell(firstOf(e.Agent, e.Device)), what}})
	}
	return nil
}

func journalActions() []action {
	return []action{
		{key: "enter", label: lang.Key("read the entry"), needs: oneRow, does: []string{"journal list"}, run: showEntry},
		{key: "s", label: lang.Key("save it to a file"), does: []string{"journal export"}, run: exportJournal},
		{key: "d", label: lang.Key("who could read on a day"), does: []string{"journal export"}, run: readersOnADay},
	}
}

func showEntry(ctx context.Context, d *desk, c chosen) error {
	e, ok := c.item().(*api.JournalEntry)
	if !ok {
		return nil
	}
	l := d.l
	var says []string
	if e.Quarantined != "" {
		says = append(lines("✗ "+l.T("not applied: %s", e.Quarantined)), "")
	}
	says = append(says, lines(e.Text, "")...)
	says = append(says, labelled(pairs(l.T("when"), phrase.Time(l, e.At), l.T("who"), e.Agent, l.T("device"), e.Device, l.T("document"), e.Document,
		l.T("consent"), e.Consent, l.T("share"), e.Share, l.T("event"), e.Event+" ("+e.EventType+")"))...)
	return d.read(ctx, &sheet{title: l.T("Entry of the journal"), lines: says})
}

// formats are those of a journal in a file.
func formats(l lang.Lang) []option {
	return []option{{"pdf", l.T("PDF, to hand out")}, {"csv", l.T("CSV, for a spreadsheet")}, {"txt", l.T("plain text")}, {"jsonl", l.T("JSON lines, for programs")}}
}

func exportJournal(ctx context.Context, d *desk, c chosen) error {
	b := about(&c)
	l := d.l
	title := l.T("Journal of %s", termio.Clean(firstOf(b.Name, b.ID)))
	format, since := "pdf", ""
	err := d.fill(ctx, &form{title: title, fields: []*field{
		{kind: choice, label: l.T("Which kind of file?"), text: &format, options: formats(l)},
		{kind: oneLine, label: l.T("Only from this day on"), help: l.T("Empty for the whole journal; 2026-01-31 or 31/01/2026"), text: &since, reads: d.day},
	}})
	if err != nil {
		return err
	}
	return d.saveJournal(ctx, title, l.T("journal")+"_"+b.ID+"_"+d.today()+"."+format, api.JournalExportRequest{Format: format,
		JournalRequest: api.JournalRequest{Beneficiary: b.ID, Since: since, Language: l.String()}})
}

func (d *desk) saveJournal(ctx context.Context, title, name string, req api.JournalExportRequest) error {
	out, err := d.saveTo(ctx, title, name)
	if err != nil {
		return err
	}
	defer out.Drop()
	_, err = download(ctx, d, api.RouteJournalExport, req, func(_ api.Empty, body io.Reader) error { return userfile.Copy(out, body) })
	if err == nil {
		err = out.Keep()
	}
	if err == nil {
		d.note(d.l.T("Written: %s", out.Path))
	}
	return err
}

// readersOnADay tells who could read the shared documents on a day, and through what.
func readersOnADay(ctx context.Context, d *desk, c chosen) error {
	b := about(&c)
	l := d.l
	const onScreen = "screen"
	day, format := d.today(), onScreen
	title := l.T("Who could read: %s", termio.Clean(firstOf(b.Name, b.ID)))
	err := d.fill(ctx, &form{title: title, intro: []string{l.T("It tells who was let in, not who looked; the journal tells that.")}, fields: []*field{
		{kind: oneLine, label: l.T("On which day?"), text: &day, needed: true, reads: d.day},
		{kind: choice, label: l.T("Where to?"), text: &format, options: append([]option{{onScreen, l.T("show it on this screen")}}, formats(l)...)},
	}})
	if err != nil {
		return err
	}
	req := api.JournalExportRequest{Format: format, ReadersOn: day, JournalRequest: api.JournalRequest{Beneficiary: b.ID, Language: l.String()}}
	if format != onScreen {
		return d.saveJournal(ctx, title, l.T("readers")+"_"+b.ID+"_"+day+"."+format, req)
	}
	req.Format = "jsonl"
	var says []string
	_, err = download(ctx, d, api.RouteJournalExport, req, func(_ api.Empty, body io.Reader) error {
		for decoder := json.NewDecoder(body); ; {
			var r api.VaultReader
			switch err := decoder.Decode(&r); {
			case errors.Is(err, io.EOF):
				return nil
			case err != nil:
				return err
			}
			if r.Text != "" {
				says = append(says, lines("- "+r.Text)...)
			}
		}
	})
	if err != nil {
		return err
	}
	if len(says) == 0 {
		says = []string{l.T("Nobody.")}
	}
	return d.read(ctx, &sheet{title: title + " · " + phrase.Day(l, day), lines: says})
}
