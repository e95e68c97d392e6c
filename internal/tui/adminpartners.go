package tui

import (
	"context"
	"fmt"
	"strings"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	"vaultctl/internal/phrase"
	"vaultctl/internal/termio"
	"vaultctl/internal/userfile"
)

// loadPartners shows the partners, those in use first.
func loadPartners(ctx context.Context, d *desk, c *content) error {
	partners, err := list[api.Partner](ctx, d, api.RoutePartnerList, api.PartnerListRequest{All: true})
	if err != nil {
		return err
	}
	l := d.l
	c.head = append(c.head, fact{text: l.T("Offices, associations and landlords with whom documents are shared.")})
	c.none = l.T("No partner yet.")
	c.header = []string{l.T("name"), l.T("state"), l.T("sealed to"), l.T("shares"), l.T("contact"), l.T("added")}
	for _, inUse := range []bool{true, false} {
		for i := range partners {
			p := &partners[i]
			if (p.State != "removed") != inUse {
				continue
			}
			c.rows = append(c.rows, row{item: p, cells: []termio.Cell{cell(p.Name), phrase.PartnerState(l, p.State), {Text: phrase.SealedTo(l, p.Key)},
				{Text: fmt.Sprint(p.Shares)}, cell(p.Contact), {Text: phrase.Day(l, p.Added), Style: termio.Faint}}})
		}
	}
	return nil
}

func partnerActions() []action {
	return []action{
		{key: "enter", label: lang.Key("show it"), needs: oneRow, does: []string{"partner list", "partner show"}, run: showPartner},
		{key: "a", label: lang.Key("add a partner"), does: []string{"partner add"}, run: addPartner},
		{key: "E", label: lang.Key("take out of use"), needs: oneRow, does: []string{"partner remove"}, run: removePartner},
	}
}

func showPartner(ctx context.Context, d *desk, c chosen) error {
	row, ok := c.item().(*api.Partner)
	if !ok {
		return errBack
	}
	p, err := call[api.Partner](ctx, d, api.RoutePartnerShow, api.PartnerRequest{Partner: row.ID})
	if err != nil {
		return err
	}
	return d.read(ctx, partnerSheet(d, &p))
}

func partnerSheet(d *desk, p *api.Partner) *sheet {
	l := d.l
	lines := labelled([][2]string{{l.T("id"), p.ID}, {l.T("name"), p.Name}, {l.T("state"), phrase.PartnerState(l, p.State).Text},
		{l.T("sealed to"), phrase.SealedTo(l, p.Key)}, {l.T("contact"), p.Contact}, {l.T("added"), phrase.Day(l, p.Added)}, {l.T("added by"), p.AddedBy},
		{l.T("shares that go on"), fmt.Sprint(p.Shares)}, {l.T("public key"), p.Recipient}})
	if p.Key == "classic" {
		lines = append(lines, "", "! "+l.T("This key is classic: a quantum computer of later years could open what is sealed to it today. Ask for one made with `age-keygen -pq`."))
	}
	return &sheet{title: termio.Isolate(termio.Clean(p.Name)), lines: lines}
}

// labelled makes lines of labels and what stands behind them, without those that are empty.
func labelled(pairs [][2]string) []string {
	var lines []string
	for _, p := range pairs {
		if text := termio.Clean(p[1]); text != "" {
			lines = append(lines, p[0]+": "+termio.Isolate(text))
		}
	}
	return lines
}

func addPartner(ctx context.Context, d *desk, _ chosen) error {
	p, err := recordPartner(ctx, d)
	if err != nil {
		return err
	}
	d.note(d.l.T("%s can be shared with now.", termio.Clean(p.Name)))
	return nil
}

// recordPartner records somebody outside. A key that is broken is said at once, and the rest of the answers stays.
func recordPartner(ctx context.Context, d *desk) (*api.Partner, error) {
	l := d.l
	var name, contact, key string
	how := "none"
	made := api.Partner{}
	f := &form{title: l.T("A new partner"), fields: []*field{
		{kind: oneLine, label: l.T("Name"), help: l.T("The office, association or landlord. A partner is never changed later."), text: &name, needed: true},
		{kind: oneLine, label: l.T("How to reach them"), text: &contact},
		{kind: choice, label: l.T("How do they open what is shared with them?"), text: &how, options: []option{
			{"none", l.T("with a passphrase, another one for each share")}, {"typed", l.T("with their own key: I paste it")},
			{"file", l.T("with their own key: I choose its file")}}},
		{kind: oneLine, label: l.T("Their public key"), help: "age1pq1…, age1…", text: &key, needed: true, when: func() bool { return how == "typed" }},
	}}
	err := d.insist(ctx, f, func() error {
		recipient := ""
		switch how {
		case "typed":
			recipient = key
		case "file":
			var err error
			if recipient, err = pickRecipient(ctx, d); err != nil {
				return err
			}
		}
		p, err := call[api.Partner](ctx, d, api.RoutePartnerAdd,
			api.PartnerAddRequest{Name: strings.TrimPrefix(name, "partner:"), Recipient: recipient, Contact: contact})
		made = p
		return err
	})
	if err == nil && made.Key == "classic" {
		err = d.read(ctx, partnerSheet(d, &made))
	}
	return &made, err
}

// pickRecipient reads a public key from a file.
func pickRecipient(ctx context.Context, d *desk) (string, error) {
	paths, err := d.pick(ctx, &picking{title: d.l.T("File with their public key"), one: true})
	if err != nil || len(paths) == 0 {
		return "", err
	}
	return userfile.Recipient(paths[0])
}

func removePartner(ctx context.Context, d *desk, c chosen) error {
	p, ok := c.item().(*api.Partner)
	if !ok {
		return errBack
	}
	name := termio.Isolate(termio.Clean(p.Name))
	if err := d.agree(ctx, name, d.l.T("Take the partner %s out of use?", name),
		d.l.T("Nothing is shared with them any more. What was shared stays in the journals under their name.")); err != nil {
		return err
	}
	if _, err := call[api.Partner](ctx, d, api.RoutePartnerRemove, api.PartnerRequest{Partner: p.ID}); err != nil {
		return err
	}
	d.note(d.l.T("%s is out of use.", name))
	return nil
}
