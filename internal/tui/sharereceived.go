package tui

import (
	"context"
	"fmt"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	"vaultctl/internal/phrase"
	"vaultctl/internal/termio"
)

// receivedPage lists what others shared with a team of this workstation's agent, of whomever it is.
type receivedPage struct{}

func (receivedPage) place() place { return atReceived }

func (receivedPage) load(ctx context.Context, d *desk) (*content, error) {
	shares, err := list[api.Share](ctx, d, api.RouteShareList, api.ShareListRequest{Received: true})
	if err != nil {
		return nil, err
	}
	l := d.l
	c := &content{
		title: l.T("received"), none: l.T("Nobody has shared anything with you or a team of yours."),
		head:   []fact{{text: l.T("What others shared with you or a team of yours. The journal tells who opens it.")}},
		header: []string{l.T("person"), l.T("from"), l.T("to"), l.T("documents"), l.T("last day"), l.T("purpose")},
	}
	for i := range shares {
		s := &shares[i]
		c.rows = append(c.rows, row{item: s, cells: []termio.Cell{cell(firstOf(s.Name, s.Beneficiary)), cell(s.SharedBy), cell(recipientWords(l, s.To)),
			{Text: fmt.Sprint(len(s.Documents))}, {Text: phrase.Day(l, s.Until)}, {Text: phrase.Purpose(l, s.Purpose)}}})
	}
	return c, nil
}

func receivedActions() []action {
	return []action{
		{key: "enter", label: lang.Key("show it"), needs: oneRow, does: []string{"share show"}, run: showShare},
		{key: "w", label: lang.Key("write it to files"), needs: oneRow, does: []string{"share get"}, run: getReceived},
	}
}

// openReceived shows what was received.
func openReceived(_ context.Context, d *desk, _ chosen) error {
	d.open(receivedPage{})
	return nil
}

// getReceived writes documents of a share in the clear.
func getReceived(ctx context.Context, d *desk, c chosen) error {
	s, err := theShare(ctx, d, &c)
	if err != nil {
		return err
	}
	var options []option
	for i := range s.Documents {
		if f := &s.Documents[i]; !f.Withheld {
			options = append(options, option{f.Document, sharedLine(d, i, f)})
		}
	}
	wanted := present(s)
	f := &form{title: d.l.T("Share %s", s.ID), intro: []string{termio.Clean(s.Summary)}, fields: []*field{
		{kind: choices, label: d.l.T("Which documents?"), some: &wanted, options: options, needed: true}}}
	if err := d.fill(ctx, f); err != nil {
		return err
	}
	folder, err := askFolder(ctx, d, d.l.T("Write it to files, in the clear"), s.ID)
	if err != nil {
		return err
	}
	return writeCopies(ctx, d, s, folder, wanted, false)
}
