package tui

import (
	"context"
	"slices"

	"vaultctl/internal/api"
	"vaultctl/internal/importlog"
	"vaultctl/internal/lang"
	"vaultctl/internal/vault"
)

// homePage is where the day begins: whom one looks for, whom one follows and saw last, and what needs attention.
type homePage struct{}

func (homePage) place() place { return atHome }

const (
	followedShown = 5 // at home; the others are one key away
	recentShown   = 5
)

// load gives everybody, to be searched, and what there is to see while nothing is searched. It reads what a list of people
// costs, whatever there is in their vaults.
func (homePage) load(ctx context.Context, d *desk) (*content, error) {
	f, remembered, err := d.everybody(ctx)
	if err != nil {
		return nil, err
	}
	c := &content{none: d.l.T("Type a name, a reference or an id."), find: f.find}
	c.rows = some(d.l, f.of(d.l.T("Followed"), remembered.Followed), followedShown, groupPage{of: ofFollowed})
	recent := slices.DeleteFunc(remembered.Recent, func(id string) bool { return f.followed[id] })
	seen := f.of(d.l.T("Seen last"), recent)
	c.rows = append(c.rows, seen[:min(len(seen), recentShown)]...)
	attention, err := attentionRows(ctx, d)
	c.rows = append(c.rows, attention...)
	return c, err
}

// everybody asks for all people, and forgets here whose vaults were erased.
func (d *desk) everybody(ctx context.Context) (*finder, remembered, error) {
	people, err := list[api.Beneficiary](ctx, d, api.RouteBeneficiaryList, api.BeneficiaryListRequest{})
	if err != nil {
		return nil, remembered{}, err
	}
	known := d.memory.recall()
	f := newFinder(d.l, people, known.Followed)
	var gone []string
	for _, id := range slices.Concat(known.Followed, known.Recent) {
		if _, ok := f.byID[id]; ok || slices.Contains(gone, id) {
			continue
		}
		if b, err := d.show(ctx, id); vault.CodeOf(err) == vault.CodeErased || err == nil && b.State == "erased" {
			gone = append(gone, id)
		}
	}
	if len(gone) > 0 {
		err = d.memory.forget(func(id string) bool { return slices.Contains(gone, id) })
	}
	return f, d.memory.recall(), err
}

// some leaves the first rows, and one that leads to all of them.
func some(l lang.Lang, rows []row, most int, all page) []row {
	if len(rows) <= most+1 {
		return rows
	}
	return append(slices.Clip(rows[:most]), wide(rows[0].section, "… "+l.N(len(rows)-most, "and %d more", "and %d more"), all))
}

func homeActions() []action {
	return []action{
		{key: "enter", label: lang.Key("open it"), needs: oneRow, does: []string{"beneficiary show"}, run: openRow},
		{key: "ctrl+n", label: lang.Key("open a vault"), does: []string{"beneficiary add"}, run: openVault},
		{key: "ctrl+s", label: lang.Key("look at the scans"), run: leadsTo(scansPage{})},
		{key: "ctrl+f", label: lang.Key("follow, or no longer"), needs: oneRow, run: followRow},
		{key: "ctrl+o", label: lang.Key("send and fetch now"), does: []string{"sync"}, run: syncNow},
		{key: "ctrl+e", label: lang.Key("what I received"), does: []string{"share list"}, run: openReceived},
		{key: "ctrl+g", label: lang.Key("administer"), run: leadsTo(adminPage{at: atDevices})},
	}
}

// leadsTo opens a page.
func leadsTo(p page) func(context.Context, *desk, chosen) error {
	return func(_ context.Context, d *desk, _ chosen) error {
		d.open(p)
		return nil
	}
}

// openRow opens whom or what a row is about.
func openRow(ctx context.Context, d *desk, c chosen) error {
	switch it := c.item().(type) {
	case *importlog.Run:
		return readImport(ctx, d, it)
	case *api.Beneficiary:
		d.open(personPage{at: atDocuments, id: it.ID})
	case *api.Due:
		at := atDocuments
		if it.What == api.DueConsent {
			at = atConsents
		}
		d.open(personPage{at: at, id: it.Beneficiary})
	case page:
		d.open(it)
	}
	return nil
}

// followRow follows whom a row is about.
func followRow(ctx context.Context, d *desk, c chosen) error {
	switch it := c.item().(type) {
	case *api.Beneficiary:
		return toggleFollow(ctx, d, it.ID)
	case *api.Due:
		return toggleFollow(ctx, d, it.Beneficiary)
	}
	return nil
}

// syncNow sends what waits and fetches what others wrote, and says how it ended.
func syncNow(ctx context.Context, d *desk, _ chosen) error {
	res, err := stream[api.SyncResult](ctx, d, api.RouteSync, api.SyncRequest{Wait: "1m"})
	if err != nil {
		return err
	}
	if res.Queued > 0 {
		d.note(d.l.N(res.Queued, "%d object is safe here and still waits for the storage.", "%d objects are safe here and still wait for the storage."))
		return nil
	}
	d.note(d.l.T("Everything is on the storage, and what others wrote is here."))
	return nil
}
