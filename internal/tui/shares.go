package tui

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	"vaultctl/internal/phrase"
	"vaultctl/internal/termio"
)

const active = "active"

// loadShares shows the shares of a person, those that go on first.
func loadShares(ctx context.Context, d *desk, b *api.Beneficiary, c *content) error {
	shares, err := list[api.Share](ctx, d, api.RouteShareList, api.ShareListRequest{Beneficiary: b.ID, All: true})
	if err != nil {
		return err
	}
	c.none = d.l.T("Nothing of this person is shared with anybody outside their vault.")
	c.header = shareHeader(d.l)
	c.rows = shareRows(d.l, shares)
	return nil
}

func shareHeader(l lang.Lang) []string {
	return []string{l.T("state"), l.T("to"), l.T("documents"), l.T("last day"), l.T("copies"), l.T("purpose")}
}

// shareRows gives those that go on first, each group with the one that ends next first.
func shareRows(l lang.Lang, shares []api.Share) []row {
	slices.SortStableFunc(shares, func(a, b api.Share) int {
		if (a.State == active) != (b.State == active) {
			if a.State == active {
				return -1
			}
			return 1
		}
		if a.State == active {
			return strings.Compare(a.Until, b.Until)
		}
		return strings.Compare(b.Ended+b.Until, a.Ended+a.Until)
	})
	rows := make([]row, len(shares))
	for i := range shares {
		s := &shares[i]
		rows[i] = row{item: s, cells: []termio.Cell{phrase.ShareState(l, s.State), cell(recipientWords(l, s.To)), {Text: fmt.Sprint(len(s.Documents))},
			{Text: phrase.Day(l, firstOf(s.Ended, s.Until))}, copiesCell(l, s), {Text: phrase.Purpose(l, s.Purpose)}}}
	}
	return rows
}

// copiesCell says where the sealed copies are.
func copiesCell(l lang.Lang, s *api.Share) termio.Cell {
	switch {
	case s.State != active:
		return termio.Cell{Text: "–", Style: termio.Faint}
	case s.OnRemote:
		return termio.Cell{Text: "✓ " + l.T("stored"), Style: termio.Good}
	}
	return termio.Cell{Text: "↑ " + l.T("on their way"), Style: termio.Warn}
}

// recipientWords says for whom something is: "partner:CAF" is what commands take, not what people read.
func recipientWords(l lang.Lang, to string) string {
	kind, name, ok := strings.Cut(to, ":")
	switch {
	case ok && kind == "partner":
		return name
	case ok && kind == "team":
		return l.T("team %s", name)
	case ok && kind == "agent":
		return l.T("agent %s", name)
	}
	return to
}

func shareActions() []action {
	return []action{
		{key: "enter", label: lang.Key("show it"), needs: oneRow, does: []string{"share list", "share show"}, run: showShare},
		{key: "s", label: lang.Key("share documents"), does: []string{"share add"}, run: startShare},
		{key: "h", label: lang.Key("hand out"), needs: oneRow, does: []string{"share get"}, run: handOutShare},
		{key: "E", label: lang.Key("end the share"), needs: oneRow, does: []string{"share revoke"}, run: revokeShare},
		{key: "o", label: lang.Key("what I received"), does: []string{"share list"}, run: openReceived},
	}
}

func startShare(ctx context.Context, d *desk, c chosen) error {
	return shareDocuments(ctx, d, about(&c), nil)
}

// theShare returns the share of a row, as it stands now.
func theShare(ctx context.Context, d *desk, c *chosen) (*api.Share, error) {
	s, ok := c.item().(*api.Share)
	if !ok {
		return nil, errBack
	}
	now, err := call[api.Share](ctx, d, api.RouteShareShow, api.ShareRequest{Share: s.ID, Language: d.l.String()})
	return &now, err
}

func showShare(ctx context.Context, d *desk, c chosen) error {
	s, err := theShare(ctx, d, &c)
	if err != nil {
		return err
	}
	return d.read(ctx, &sheet{title: d.l.T("Share %s", s.ID), lines: shareLines(d, s)})
}

// shareLines says a share: first who sees what until when, then what becomes of the copies, then what was agreed.
func shareLines(d *desk, s *api.Share) []string {
	l := d.l
	var lines []string
	if s.Summary != "" {
		lines = append(lines, termio.Clean(s.Summary), "")
	}
	add := func(label, text string) {
		if text != "" {
			lines = append(lines, label+": "+termio.Isolate(termio.Clean(text)))
		}
	}
	evidence := s.Evidence
	if evidence == bySpeech {
		evidence = l.T("by word of mouth")
	}
	add(l.T("state"), phrase.ShareState(l, s.State).Text)
	add(l.T("person"), firstOf(s.Name, s.Beneficiary))
	add(l.T("to"), recipientWords(l, s.To))
	add(l.T("sealed to"), phrase.SealedTo(l, s.Key))
	add(l.T("purpose"), phrase.Purpose(l, s.Purpose))
	add(l.T("shared"), strings.TrimSpace(phrase.Day(l, s.Shared)+"  "+s.SharedBy))
	add(l.T("last day"), phrase.Day(l, s.Until))
	add(l.T("ended"), strings.TrimSpace(phrase.Day(l, s.Ended)+"  "+s.EndedBy))
	add(l.T("evidence"), evidence)
	lines = append(lines, "")
	for i := range s.Documents {
		lines = append(lines, sharedLine(d, i, &s.Documents[i]))
	}
	lines = append(lines, "")
	for _, text := range s.Copies {
		lines = append(lines, termio.Clean(text))
	}
	for _, text := range phrase.Storages(l, s.Remotes) {
		lines = append(lines, "  - "+termio.Clean(text))
	}
	return append(lines, recordLines(l, s.Record)...)
}

// sharedLine says one document of a share.
func sharedLine(d *desk, i int, f *api.SharedFile) string {
	what := d.l.T("a private document")
	if f.DocumentType != "" {
		what = strings.Join(slices.DeleteFunc([]string{typeName(d, f.DocumentType), f.Title, f.Holder, f.Period, phrase.Day(d.l, f.IssuedOn)},
			func(s string) bool { return s == "" }), ", ")
	}
	text := fmt.Sprintf("%d. %s  %s", i+1, termio.Isolate(termio.Clean(what)), f.Document)
	if f.Withheld {
		text += "  ✗ " + d.l.T("withdrawn from the share")
	}
	return text
}

// typeName names a type of document.
func typeName(d *desk, code string) string {
	return firstOf(phrase.TypeNames(d.l, d.types)[code], code)
}

// recordLines gives the record of what was agreed, under the standard's own names.
func recordLines(l lang.Lang, record any) []string {
	fields, ok := record.(map[string]any)
	if !ok {
		return nil
	}
	lines := []string{"", l.T("What the person agreed to, in the field names of ISO/IEC TS 27560:")}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if text := termio.Clean(phrase.Record(fields[name])); text != "" {
			lines = append(lines, "  "+name+": "+text)
		}
	}
	return lines
}

// revokeShare says what would end, ends it, and shows the receipt.
func revokeShare(ctx context.Context, d *desk, c chosen) error {
	s, err := theShare(ctx, d, &c)
	if err != nil {
		return err
	}
	req := api.ShareRevokeRequest{Share: s.ID, DryRun: true, Language: d.l.String()}
	plan, err := stream[api.Receipt](ctx, d, api.RouteShareRevoke, req)
	if err != nil {
		return err
	}
	says := append([]string{termio.Clean(s.Summary), ""}, phrase.Receipt(d.l, &plan, termio.Clean)...)
	if err := d.agree(ctx, d.l.T("End the share with %s", termio.Clean(recipientWords(d.l, s.To))), d.l.T("End the share?"), says...); err != nil {
		return err
	}
	req.DryRun = false
	receipt, err := stream[api.Receipt](ctx, d, api.RouteShareRevoke, req)
	if err != nil {
		return err
	}
	d.note(d.l.T("The share has ended."))
	return d.read(ctx, &sheet{title: d.l.T("Receipt"), lines: phrase.Receipt(d.l, &receipt, termio.Clean)})
}
