package tui

import (
	"context"

	"vaultctl/internal/lang"
)

// adminPage is one of the pages of administration.
type adminPage struct{ at place }

func (p adminPage) place() place { return p.at }

func (p adminPage) tabs(l lang.Lang) ([]string, int) {
	names := map[place]string{
		atDevices: l.T("devices"), atTeams: l.T("teams"), atPartners: l.T("partners"), atRemotes: l.T("storage"),
		atBatches: l.T("imports"), atFindings: l.T("checks"),
	}
	var tabs []string
	shown := 0
	for i, at := range adminPlaces() {
		tabs = append(tabs, names[at])
		if at == p.at {
			shown = i
		}
	}
	return tabs, shown
}

func (p adminPage) tab(i int) page { return adminPage{at: adminPlaces()[i]} }

// restless implements restless: the page of the storage shows what is said of it in the second line as well.
func (p adminPage) restless() bool { return p.at == atRemotes }

func (p adminPage) load(ctx context.Context, d *desk) (*content, error) {
	c := &content{title: d.l.T("administration")}
	fillIn := map[place]func(context.Context, *desk, *content) error{
		atDevices: loadDevices, atTeams: loadTeams, atPartners: loadPartners, atRemotes: loadRemotes, atBatches: loadBatches,
		atFindings: loadFindings,
	}[p.at]
	return c, fillIn(ctx, d, c)
}
