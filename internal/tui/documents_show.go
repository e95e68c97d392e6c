package tui

import (
	"context"
	"slices"
	"strconv"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	"vaultctl/internal/phrase"
	"vaultctl/internal/termio"
)

// showDocument tells all that is known of a document.
func showDocument(ctx context.Context, d *desk, c chosen) error {
	doc, err := c.document(ctx, d)
	if err != nil {
		return err
	}
	lines := documentLines(d, doc)
	if doc.DocumentType == "" && doc.Space == "private" {
		lines = append(lines, "", d.l.T("What it is opens with the person's card alone."))
	}
	return d.read(ctx, &sheet{title: documentWords(d, doc), lines: lines})
}

func documentLines(d *desk, doc *api.Document) []string {
	l := d.l
	yes := func(is bool) string {
		if is {
			return l.T("yes")
		}
		return l.T("no")
	}
	deposited := phrase.Time(l, doc.Deposited)
	if doc.DepositedBy != "" {
		deposited = l.T("%s by %s", deposited, doc.DepositedBy)
	}
	size, versions := "", ""
	if doc.Size > 0 {
		size = termio.FormatBytes(doc.Size)
	}
	if doc.Versions > 1 {
		versions = strconv.Itoa(doc.Versions)
	}
	storage := "↑ " + l.T("safe here, waits for the storage")
	if doc.OnRemote {
		storage = "✓ " + l.T("on every storage")
	}
	if doc.State == "removed" {
		storage = ""
	}
	return labelled(pairs(
		l.T("state"), phrase.DocumentState(l, doc.State).Text,
		l.T("type"), documentName(l, phrase.TypeNames(l, d.types), doc), l.T("title"), doc.Title, l.T("holder"), doc.Holder,
		l.T("space"), phrase.Space(l, doc.Space), l.T("issued"), phrase.Day(l, doc.IssuedOn), l.T("expires"), phrase.Day(l, doc.ExpiresOn),
		l.T("period"), doc.Period, l.T("pages of the original"), doc.Pages, l.T("original seen"), yes(doc.OriginalSeen), l.T("note"), doc.Note,
		l.T("received"), phrase.Day(l, doc.ReceivedOn), l.T("deposited"), deposited, l.T("storage"), storage,
		l.T("file"), doc.FileName, l.T("format"), doc.MediaType, l.T("size"), phrase.Extent(l, size, doc), l.T("versions"), versions,
		l.T("source number"), doc.SourceID, l.T("batch"), doc.Batch, l.T("proves consent"), doc.Evidence, l.T("digest"), doc.Digest, l.T("id"), doc.ID))
}

// pairs sets labels and values beside one another, for labelled.
func pairs(words ...string) [][2]string {
	var out [][2]string
	for pair := range slices.Chunk(words, 2) {
		out = append(out, [2]string(pair))
	}
	return out
}

// documentHistory tells what the journal says of a document.
func documentHistory(ctx context.Context, d *desk, c chosen) error {
	b, docs := about(&c), c.documents()
	entries, err := list[api.JournalEntry](ctx, d, api.RouteJournalList, api.JournalRequest{Beneficiary: b.ID, Language: d.l.String()})
	if err != nil {
		return err
	}
	var lines []string
	for i := range entries {
		if entries[i].Document == docs[0].ID {
			lines = append(lines, phrase.Time(d.l, entries[i].At)+"  "+termio.Clean(entries[i].Text))
		}
	}
	if len(lines) == 0 {
		lines = []string{d.l.T("The journal says nothing of it.")}
	}
	return d.read(ctx, &sheet{title: documentWords(d, docs[0]), lines: lines})
}

// seenLines say who had a document in the clear, and how.
func seenLines(l lang.Lang, seen []api.Seen) []string {
	var lines []string
	for i := range seen {
		lines = append(lines, "! "+termio.Clean(phrase.Seen(l, &seen[i]))+", "+phrase.Time(l, seen[i].At))
	}
	return lines
}

// waitingLines say that sealed bytes stay for a while.
func waitingLines(l lang.Lang, n int) []string {
	if n == 0 {
		return nil
	}
	return []string{phrase.Waiting(l, n)}
}
