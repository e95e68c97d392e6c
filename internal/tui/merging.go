package tui

import (
	"context"

	"vaultctl/internal/api"
	"vaultctl/internal/phrase"
	"vaultctl/internal/termio"
)

const mergeMost = 50 // people that a search offers

// mergeVaults moves everything of a vault that was opened twice into the other one of the same person.
func mergeVaults(ctx context.Context, d *desk, c chosen) error {
	m := &merging{d: d, b: about(&c), title: d.l.T("Two vaults of one person"), stays: otherStays}
	m.query = firstOf(m.b.FamilyName, m.b.UsageName, m.b.GivenName)
	return d.steps(ctx, m.search, m.choose, m.weigh, m.merge)
}

// Values of which of two vaults stays.
const (
	otherStays = "other"
	thisStays  = "this"
)

type merging struct {
	d            *desk
	b            *api.Beneficiary
	title, query string
	other, stays string
	found        []api.Beneficiary
}

func (m *merging) search(ctx context.Context) error {
	l := m.d.l
	for says := []string(nil); ; {
		f := &form{title: m.title, intro: says, fields: []*field{
			{kind: oneLine, label: l.T("Who is the other one? A name, a reference or an id"), text: &m.query, needed: true}}}
		if err := m.d.fill(ctx, f); err != nil {
			return err
		}
		people, err := list[api.Beneficiary](ctx, m.d, api.RouteBeneficiaryList, api.BeneficiaryListRequest{Search: m.query})
		if err != nil {
			return err
		}
		m.found = nil
		for _, p := range people {
			if p.ID != m.b.ID && len(m.found) < mergeMost {
				m.found = append(m.found, p)
			}
		}
		if len(m.found) > 0 {
			return nil
		}
		says = []string{"✗ " + l.T("Nobody else matches.")}
	}
}

func (m *merging) choose(ctx context.Context) error {
	l := m.d.l
	var people []option
	for i := range m.found {
		people = append(people, option{m.found[i].ID, phrase.PersonLine(l, &m.found[i])})
	}
	if m.other == "" {
		m.other = m.found[0].ID
	}
	return m.d.fill(ctx, &form{title: m.title, fields: []*field{
		{kind: choice, label: l.T("Which vault is the other one?"), text: &m.other, options: people},
		{kind: choice, label: l.T("Which of the two stays?"), text: &m.stays, options: []option{
			{otherStays, l.T("the other one; everything of this one moves there")}, {thisStays, l.T("this one; everything of the other one moves here")}}},
	}})
}

func (m *merging) request() api.MergeRequest {
	if m.stays == thisStays {
		return api.MergeRequest{Duplicate: m.other, Into: m.b.ID}
	}
	return api.MergeRequest{Duplicate: m.b.ID, Into: m.other}
}

// weigh shows both persons and what the merge comes to, and asks: two homonyms in one vault are not told apart again.
func (m *merging) weigh(ctx context.Context) error {
	l := m.d.l
	req := m.request()
	req.DryRun = true
	plan, err := stream[api.Merge](ctx, m.d, api.RouteBeneficiaryMerge, req)
	if err != nil {
		if left(err) {
			return err
		}
		if err = m.d.tell(ctx, m.title, err); err == nil {
			err = errBack
		}
		return err
	}
	var says []string
	for _, id := range []string{req.Duplicate, req.Into} {
		b, err := m.d.show(ctx, id)
		if err != nil {
			return err
		}
		says = append(says, lines(phrase.PersonLine(l, b))...)
	}
	says = append(append(says, ""), mergeLines(m.d, &plan)...)
	return m.d.agree(ctx, m.title, l.T("Are these one person, and is %s to be merged into %s?", req.Duplicate, req.Into), says...)
}

// mergeLines says what a merge comes to.
func mergeLines(d *desk, m *api.Merge) []string {
	says := labelled(pairs(phrase.Merge(d.l, m)...))
	for i := range m.Left {
		says = append(says, lines(phrase.Left(d.l, &m.Left[i]))...)
	}
	if m.Waiting > 0 {
		says = append(says, phrase.Waiting(d.l, m.Waiting))
	}
	for i := range m.Seen {
		says = append(says, lines(phrase.Seen(d.l, &m.Seen[i])+", "+phrase.Time(d.l, m.Seen[i].At))...)
	}
	return says
}

func (m *merging) merge(ctx context.Context) error {
	req := m.request()
	done, err := stream[api.Merge](ctx, m.d, api.RouteBeneficiaryMerge, req)
	if err != nil {
		return err
	}
	says := mergeLines(m.d, &done)
	if len(done.Left) > 0 {
		says = append(says, "! "+m.d.l.N(len(done.Left), "%d document was left, and the duplicate stays open.", "%d documents were left, and the duplicate stays open."))
	}
	if err := m.d.read(ctx, &sheet{title: m.title, lines: says}); err != nil && !left(err) {
		return err
	}
	if req.Into != m.b.ID {
		m.d.open(personPage{at: atDocuments, id: req.Into})
	}
	m.d.note(termio.Clean(m.d.l.T("Merged into %s.", req.Into)))
	return nil
}
