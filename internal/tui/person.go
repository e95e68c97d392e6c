package tui

import (
	"context"
	"slices"
	"strings"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	"vaultctl/internal/phrase"
	"vaultctl/internal/termio"
)

// personPage is one of the pages of a beneficiary.
type personPage struct {
	at place
	id string
}

func (p personPage) place() place { return p.at }

// personTab is a page of a person: its name, the commands that looking at it stands for, and what loads it.
type personTab struct {
	at   place
	name string
	does []string
	load func(context.Context, *desk, *api.Beneficiary, *content) error
}

// personTabs are the pages of a person, in the order of their digits.
func personTabs() []personTab {
	return []personTab{
		{atDocuments, lang.Key("documents"), []string{"beneficiary show", "document list"}, loadDocuments},
		{atConsents, lang.Key("consents"), []string{"consent list"}, loadConsents},
		{atShares, lang.Key("shares"), []string{"share list"}, loadShares},
		{atProcedures, lang.Key("procedures"), []string{"procedure list"}, loadProcedures},
		{atJournal, lang.Key("journal"), []string{"journal list"}, loadJournal},
		{atAccess, lang.Key("who can open"), []string{"beneficiary access"}, loadAccess},
		{atIdentity, lang.Key("identity"), nil, loadIdentity},
	}
}

func (p personPage) tabs(l lang.Lang) ([]string, int) {
	var names []string
	shown := 0
	for i, t := range personTabs() {
		names = append(names, l.T(t.name, nil...))
		if t.at == p.at {
			shown = i
		}
	}
	return names, shown
}

func (p personPage) tab(i int) page { return personPage{at: personTabs()[i].at, id: p.id} }

// load gives the head of the person, then what the tab is about. The subject is the *api.Beneficiary.
func (p personPage) load(ctx context.Context, d *desk) (*content, error) {
	b, err := d.show(ctx, p.id)
	if err != nil {
		return nil, err
	}
	_ = d.memory.saw(b.ID) // whether it stands at home matters less than seeing the person
	c := &content{title: termio.Isolate(termio.Clean(firstOf(b.Name, b.ID))), head: personHead(d.l, b), subject: b}
	i := slices.IndexFunc(personTabs(), func(t personTab) bool { return t.at == p.at })
	return c, personTabs()[i].load(ctx, d, b, c)
}

// about returns the person that a page of theirs is about.
func about(c *chosen) *api.Beneficiary {
	b, _ := c.subject.(*api.Beneficiary)
	return b
}

// personHead says in at most four lines who somebody is, and how things stand.
func personHead(l lang.Lang, b *api.Beneficiary) []fact {
	state := phrase.BeneficiaryState(l, b.State)
	state.Text += phrase.Reason(l, b.Reason)
	if !b.Readable {
		return []fact{{text: b.ID + " · " + l.T("(no consent to read)"), style: termio.Bold}, {text: state.Text, style: state.Style}}
	}
	who := []string{termio.Isolate(termio.Clean(firstOf(b.Name, b.ID)))}
	if b.Born != "" {
		who = append(who, l.T("born")+" "+termio.Clean(phrase.Born(l, b.Born)))
	}
	names := inLine(after(l.T("also called"), strings.Join(b.Aliases, ", ")), strings.Join(b.Refs, ", "), b.ID)
	card := l.T("no card yet")
	if b.Card > 0 {
		card = l.T("card %d", b.Card)
	}
	if b.NoRecovery {
		card += ", " + l.T("recovery declined")
	}
	about := inLine(card, after(l.T("language"), b.Language), b.Phone, after(l.T("last contact"), phrase.Day(l, b.LastSeen)))
	documents := phrase.Documents(l, b)
	stands := fact{text: state.Text + " · " + l.T("documents") + " " + documents.Text, style: documents.Style}
	if b.State != "open" {
		stands.style = state.Style
	}
	return []fact{{text: strings.Join(who, " · "), style: termio.Bold}, {text: names}, {text: about}, stands}
}

// inLine sets what there is of texts on one line, clean.
func inLine(texts ...string) string {
	var there []string
	for _, text := range texts {
		if text != "" {
			there = append(there, termio.Isolate(termio.Clean(text)))
		}
	}
	return strings.Join(there, " · ")
}

// after is a text after its label, "" if there is none.
func after(label, text string) string {
	if text == "" {
		return ""
	}
	return label + " " + text
}

func firstOf(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

// lines makes texts of people fit for a sheet.
func lines(texts ...string) []string {
	out := make([]string, len(texts))
	for i, text := range texts {
		out[i] = termio.Isolate(termio.Clean(text))
	}
	return out
}

// personActions can be done on every page of a person.
func personActions() []action {
	return []action{
		{key: "W", label: lang.Key("withdraw consent"), does: []string{"consent withdraw"}, run: withdrawSome},
		{key: "C", label: lang.Key("issue the card"), does: []string{"card issue"}, run: issueCard},
		{key: "X", label: lang.Key("hand everything over"), does: []string{"export"}, run: exportAll},
		followAction(),
	}
}
