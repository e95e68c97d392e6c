package tui

import (
	"context"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	"vaultctl/internal/phrase"
	"vaultctl/internal/termio"
)

// loadAccess says in plain sentences who can open what, then object by object what is stored.
func loadAccess(ctx context.Context, d *desk, b *api.Beneficiary, c *content) error {
	l := d.l
	a, err := call[api.Access](ctx, d, api.RouteBeneficiaryAccess, api.AccessRequest{Beneficiary: b.ID, Objects: true})
	if err != nil {
		return err
	}
	names := func(title string, names []string) {
		if len(names) == 0 {
			c.rows = append(c.rows, row{section: title, cells: []termio.Cell{{Text: l.T("nobody can open it")}}})
		}
		for _, name := range names {
			c.rows = append(c.rows, row{section: title, cells: []termio.Cell{cell(recipientWords(l, phrase.Readers(l, []string{name})))}})
		}
	}
	names(l.T("What is shared in the vault opens with the keys of:"), a.Shared)
	names(l.T("What is private opens with the keys of:"), a.Private)
	names(l.T("Agents who can open what is shared today:"), a.Agents)
	for i := range a.Shares {
		c.rows = append(c.rows, row{section: l.T("Shares that go on:"), item: &a.Shares[i], cells: []termio.Cell{cell(phrase.ShareLine(l, &a.Shares[i]))}})
	}
	wrong := 0
	for i := range a.Objects {
		o := &a.Objects[i]
		if o.Stanzas >= 0 && !o.Match {
			wrong++
		}
		c.rows = append(c.rows, row{section: l.T("Each sealed object, with how many readers its header holds:"), item: o, cells: []termio.Cell{
			phrase.ObjectCheck(l, o), {Text: phrase.ObjectKind(l, o.Kind)}, cell(phrase.Readers(l, o.Readers)), {Text: o.Document, Style: termio.Faint}}})
	}
	if wrong > 0 {
		c.head = append(c.head, fact{style: termio.Bad,
			text: "✗ " + l.N(wrong, "%d object has other readers than the vault wants now.", "%d objects have other readers than the vault wants now.")})
	}
	return nil
}

func accessActions() []action {
	return []action{
		{key: "enter", label: lang.Key("see all of it"), needs: oneRow, does: []string{"beneficiary access"}, run: showAccess},
	}
}

func showAccess(ctx context.Context, d *desk, c chosen) error {
	l := d.l
	var says []string
	switch item := c.item().(type) {
	case *api.ObjectAccess:
		says = labelled(pairs(l.T("kind"), phrase.ObjectKind(l, item.Kind), l.T("check"), phrase.ObjectCheck(l, item).Text, l.T("document"), item.Document,
			l.T("readers"), phrase.Readers(l, item.Readers), l.T("object"), item.Path))
	case *api.Share:
		says = lines(phrase.ShareLine(l, item))
	default:
		for _, cell := range c.rows[0].cells {
			says = append(says, termio.Isolate(cell.Text))
		}
	}
	return d.read(ctx, &sheet{title: firstOf(c.rows[0].section, l.T("who can open")), lines: says})
}
