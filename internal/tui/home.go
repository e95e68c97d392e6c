package tui

import (
	"context"
	"strings"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
)

// homePage is where the day begins: whom one looks for, and what needs attention.
type homePage struct{}

func (homePage) place() place { return atHome }

const foundMost = 200 // people that a search shows

func (homePage) load(ctx context.Context, d *desk) (*content, error) {
	people, err := list[api.Beneficiary](ctx, d, api.RouteBeneficiaryList, api.BeneficiaryListRequest{})
	if err != nil {
		return nil, err
	}
	index := make([]string, len(people))
	for i := range people {
		p := &people[i]
		index[i] = fold(strings.Join(append([]string{p.Name, p.FamilyName, p.GivenName, p.UsageName, p.ID, p.Born}, append(p.Aliases, p.Refs...)...), " "))
	}
	return &content{
		none: d.l.T("Type a name, a reference or an id."),
		find: func(query string) ([]row, int) {
			words := strings.Fields(fold(query))
			var rows []row
			more := 0
			for i := range people {
				if !all(words, index[i]) {
					continue
				}
				if len(rows) == foundMost {
					more++
					continue
				}
				rows = append(rows, row{cells: personCells(d.l, &people[i]), item: &people[i]})
			}
			return rows, more
		},
	}, nil
}

func all(words []string, text string) bool {
	for _, w := range words {
		if !strings.Contains(text, w) {
			return false
		}
	}
	return true
}

func homeActions() []action {
	return []action{
		{key: "enter", label: lang.Key("open it"), needs: oneRow, does: []string{"beneficiary show"}, run: openPerson},
	}
}

func openPerson(_ context.Context, d *desk, c chosen) error {
	if b, ok := c.item().(*api.Beneficiary); ok {
		d.open(personPage{at: atDocuments, id: b.ID})
	}
	return nil
}
