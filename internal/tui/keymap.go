package tui

import (
	"context"
	"slices"

	"vaultctl/internal/lang"
)

// needs says what has to be chosen for an action.
type needs int

const (
	nothing  needs = iota
	oneRow         // the row under the cursor
	someRows       // the marked rows, else the one under the cursor
)

// action is something that can be done at a place. Its key is that of bubbletea.
type action struct {
	key   string
	label string // marked with lang.Key; a verb
	needs needs
	admin bool // for administrators
	// does names the commands that it stands for: "document add".
	does []string
	run  func(context.Context, *desk, chosen) error
}

// chosen is what an action is done to.
type chosen struct {
	page    page
	subject any   // of the content of the page
	rows    []row // one for oneRow, one or more for someRows, those marked or none for nothing
}

// item returns the only row's item.
func (c *chosen) item() any { return c.rows[0].item }

// keymap is what can be done where. It is the only place that knows keys of actions; the keys of moving about are in moves.
func keymap() map[place][]action {
	all := map[place][]action{
		atHome:       homeActions(),
		atDocuments:  documentActions(),
		atConsents:   consentActions(),
		atShares:     shareActions(),
		atProcedures: procedureActions(),
		atProcedure:  pieceActions(),
		atJournal:    journalActions(),
		atAccess:     accessActions(),
		atIdentity:   identityActions(),
		atScans:      scanActions(),
		atGroup:      groupActions(),
		atBatches:    batchActions(),
		atDevices:    deviceActions(),
		atTeams:      teamActions(),
		atPartners:   partnerActions(),
		atRemotes:    remoteActions(),
		atFindings:   findingActions(),
		atReceived:   receivedActions(),
		atBatch:      batchItemActions(),
	}
	for _, p := range personPlaces() {
		all[p] = append(all[p], personActions()...)
	}
	return all
}

// personPlaces are the pages of one person, in the order of their tabs.
func personPlaces() []place {
	return []place{atDocuments, atConsents, atShares, atProcedures, atJournal, atAccess, atIdentity}
}

// adminPlaces are the pages of administration, in the order of their tabs.
func adminPlaces() []place {
	return []place{atDevices, atTeams, atPartners, atRemotes, atBatches, atFindings}
}

// actionsAt returns what can be done at a place by somebody with the roles.
func actionsAt(p place, roles []string) []action {
	return slices.DeleteFunc(slices.Clone(keymap()[p]), func(a action) bool {
		return a.admin && !slices.Contains(roles, "admin")
	})
}

// move is a key that moves about, at every page.
type move struct{ keys, label string }

// moves are told by the help; what they do is in keys.go.
func moves() []move {
	return []move{
		{"↑ ↓", lang.Key("choose a row")},
		{"enter", lang.Key("open, or what is done most")},
		{"space", lang.Key("mark a row")},
		{"/", lang.Key("search in the list")},
		{"tab 1…9", lang.Key("another page of the same person")},
		{"esc", lang.Key("back")},
		{"ctrl+r", lang.Key("look again")},
		{"ctrl+x", lang.Key("stop what is going on")},
		{"ctrl+l", lang.Key("lock the screen")},
		{"?", lang.Key("keys of this page")},
		{"ctrl+c", lang.Key("leave")},
	}
}
