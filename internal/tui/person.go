package tui

import (
	"context"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	"vaultctl/internal/termio"
)

// personPage is one of the pages of a beneficiary.
type personPage struct {
	at place
	id string
}

func (p personPage) place() place { return p.at }

func (p personPage) tabs(l lang.Lang) ([]string, int) {
	names := map[place]string{
		atDocuments: l.T("documents"), atConsents: l.T("consents"), atShares: l.T("shares"), atProcedures: l.T("procedures"),
		atJournal: l.T("journal"), atAccess: l.T("who can open"), atIdentity: l.T("identity"),
	}
	var tabs []string
	shown := 0
	for i, at := range personPlaces() {
		tabs = append(tabs, names[at])
		if at == p.at {
			shown = i
		}
	}
	return tabs, shown
}

func (p personPage) tab(i int) page { return personPage{at: personPlaces()[i], id: p.id} }

// load gives the head of the person, then what the tab is about. The subject is the *api.Beneficiary.
func (p personPage) load(ctx context.Context, d *desk) (*content, error) {
	b, err := d.show(ctx, p.id)
	if err != nil {
		return nil, err
	}
	_ = d.memory.saw(b.ID) // whether it stands at home matters less than seeing the person
	c := &content{title: termio.Isolate(termio.Clean(firstOf(b.Name, b.ID))), head: personHead(d.l, b), subject: b}
	fillIn := map[place]func(context.Context, *desk, *api.Beneficiary, *content) error{
		atDocuments: loadDocuments, atConsents: loadConsents, atShares: loadShares, atProcedures: loadProcedures,
		atJournal: loadJournal, atAccess: loadAccess, atIdentity: loadIdentity,
	}[p.at]
	return c, fillIn(ctx, d, b, c)
}

// about returns the person that a page of theirs is about.
func about(c *chosen) *api.Beneficiary {
	b, _ := c.subject.(*api.Beneficiary)
	return b
}

func personHead(l lang.Lang, b *api.Beneficiary) []fact {
	return []fact{{text: termio.Clean(firstOf(b.Name, b.ID)), style: termio.Bold}, {label: l.T("id"), text: b.ID}}
}

func personCells(_ lang.Lang, b *api.Beneficiary) []termio.Cell {
	return []termio.Cell{cell(b.Name), cell(b.Born), {Text: b.ID, Style: termio.Faint}}
}

func firstOf(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

func personActions() []action { return []action{followAction()} }
