package tui

import (
	"slices"
	"strings"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	"vaultctl/internal/phrase"
	"vaultctl/internal/termio"
)

// finder finds people while somebody types. What is looked through is made once, in the background; a key costs one pass over
// it and the rows that are shown.
type finder struct {
	l        lang.Lang
	people   []api.Beneficiary
	words    []string       // of each, folded, after a space
	byID     map[string]int // into people
	followed map[string]bool
}

const foundMost = 200 // people that a search shows

func newFinder(l lang.Lang, people []api.Beneficiary, followed []string) *finder {
	f := &finder{l: l, people: people, words: make([]string, len(people)), byID: make(map[string]int, len(people)), followed: map[string]bool{}}
	for _, id := range followed {
		f.followed[id] = true
	}
	for i := range people {
		p := &people[i]
		f.byID[p.ID] = i
		said := append([]string{p.Name, p.FamilyName, p.GivenName, p.UsageName, p.ID, p.Born, phrase.Day(l, p.Born)}, p.Aliases...)
		f.words[i] = " " + fold(strings.Join(append(said, p.Refs...), " "))
	}
	return f
}

// find returns the people of whom all words of a query are known: a name or a part of it, a reference, the id, the year or
// the day of birth. Those of whom a word begins with the first come first. more is how many are not shown.
func (f *finder) find(query string) (rows []row, more int) {
	words := strings.Fields(fold(query))
	if len(words) == 0 {
		return nil, 0
	}
	begins := " " + words[0]
	var first, others []int
	for i, text := range f.words {
		switch {
		case !all(words, text):
		case len(first) == foundMost:
			more++
		case strings.Contains(text, begins):
			first = append(first, i)
		case len(others) < foundMost:
			others = append(others, i)
		default:
			more++
		}
	}
	shown := slices.Concat(first, others)
	if len(shown) > foundMost {
		more += len(shown) - foundMost
		shown = shown[:foundMost]
	}
	for _, i := range shown {
		rows = append(rows, f.row("", i))
	}
	return rows, more
}

// row shows somebody: what tells homonyms apart, and what is out of the ordinary.
func (f *finder) row(section string, i int) row {
	p := &f.people[i]
	name := cell(p.Name)
	if p.Name == "" {
		name = termio.Cell{Text: f.l.T("not open to this workstation"), Style: termio.Faint}
	}
	ref := termio.Cell{Text: p.ID, Style: termio.Faint}
	if len(p.Refs) > 0 {
		ref = cell(p.Refs[0])
	}
	born := ""
	if p.Born != "" && p.Born != "unknown" {
		born = phrase.Born(f.l, p.Born)
	}
	state := termio.Cell{}
	switch {
	case p.State != "open":
		state = phrase.BeneficiaryState(f.l, p.State)
	case p.Soon > 0:
		state = termio.Cell{Text: "! " + f.l.T("%d soon", p.Soon), Style: termio.Warn}
	}
	if f.followed[p.ID] && section == "" {
		state.Text = strings.TrimSpace("★ " + state.Text)
	}
	return row{section: section, cells: []termio.Cell{name, {Text: born}, ref, state}, item: p}
}

// of returns the rows of people by their ids; who is not known here is left out.
func (f *finder) of(section string, ids []string) []row {
	var rows []row
	for _, id := range ids {
		if i, ok := f.byID[id]; ok {
			rows = append(rows, f.row(section, i))
		}
	}
	return rows
}

func all(words []string, text string) bool {
	for _, w := range words {
		if !strings.Contains(text, w) {
			return false
		}
	}
	return true
}
