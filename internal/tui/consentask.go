package tui

import (
	"context"
	"strings"

	"vaultctl/internal/api"
	"vaultctl/internal/apiclient"
	"vaultctl/internal/lang"
	"vaultctl/internal/phrase"
	"vaultctl/internal/termio"
	"vaultctl/internal/vault"
)

// giving is a consent that is being asked for.
type giving struct {
	d     *desk
	title string
	name  string // of the person, as it is said in sentences
	opens bool   // the vault as well
	keeps bool   // recovery may open it

	readers            []option
	to, purpose, until string
	day                string // of until, if it is otherDay
	notice             string // language of it
	agreement
}

// Values of the choice until when.
const (
	otherDay = "day"
	noEnd    = "none"
)

// newGiving finds out to whom a consent can be given.
func newGiving(ctx context.Context, d *desk, title, name string) (*giving, error) {
	g := &giving{d: d, title: title, name: name, keeps: true, purpose: d.options.defaultPurpose, until: "+18mo", notice: d.l.String()}
	teams, err := list[api.Team](ctx, d, api.RouteTeamList, api.Empty{})
	if err != nil {
		return nil, err
	}
	agents, err := list[api.Agent](ctx, d, api.RouteAgentList, api.Empty{})
	if err != nil {
		return nil, err
	}
	for _, t := range teams {
		to := "team:" + t.Name
		label := recipientWords(d.l, to)
		if n := len(t.Members); n > 0 {
			label += " (" + d.l.N(n, "%d agent", "%d agents") + ")"
		}
		g.readers = append(g.readers, option{to, label})
	}
	for _, a := range agents {
		to := "agent:" + a.Name
		g.readers = append(g.readers, option{to, recipientWords(d.l, to)})
	}
	if len(g.readers) == 0 {
		return nil, vault.Errorf(vault.CodeNotFound, "there is nobody yet to whom a consent could be given")
	}
	g.to = g.readers[0].value
	if g.purpose == "" {
		g.purpose = vault.Purposes[0].Code
	}
	return g, nil
}

// theReader is recipientWords in the midst of a sentence.
func theReader(l lang.Lang, to string) string {
	if name, ok := strings.CutPrefix(to, "team:"); ok {
		return l.T("the team %s", name)
	}
	if name, ok := strings.CutPrefix(to, "agent:"); ok {
		return l.T("the agent %s", name)
	}
	return to
}

// asks are the questions, in their order.
func (g *giving) asks() []func(context.Context) error {
	return []func(context.Context) error{g.askNotice, g.askWhat, g.askDay, g.askHow}
}

// askNotice lets the person be told first: a consent needs the notice.
func (g *giving) askNotice(ctx context.Context) error {
	l := g.d.l
	return g.d.notice(ctx, g.title, &g.notice, l.T("it was handed or read to the person: go on"),
		l.T("Before they consent the person is told in plain words who reads what, how long, and how they take it back."))
}

// askWhat asks who may read, what for and until when.
func (g *giving) askWhat(ctx context.Context) error {
	l := g.d.l
	var purposes []option
	for _, p := range vault.Purposes {
		purposes = append(purposes, option{p.Code, phrase.Purpose(l, p.Code)})
	}
	today := vault.DateOf(g.d.now())
	untils := []option{}
	for _, span := range []struct {
		value  string
		months int
	}{{"+6mo", 6}, {"+12mo", 12}, {"+18mo", 18}, {"+24mo", 24}} {
		label := l.T("%d months, until %s", span.months, l.Date(today.AddDate(0, span.months, 0).Time()))
		untils = append(untils, option{span.value, label})
	}
	untils = append(untils, option{noEnd, l.T("until the person withdraws it")}, option{otherDay, l.T("until another day")})
	return g.d.fill(ctx, &form{title: g.title, fields: []*field{
		{kind: choice, label: l.T("Who may read the shared documents?"), text: &g.to, options: g.readers, when: func() bool { return true }},
		{kind: choice, label: l.T("What for?"), text: &g.purpose, options: purposes, when: func() bool { return true }},
		{kind: choice, label: l.T("Until when?"), text: &g.until, options: untils, when: func() bool { return true }},
	}})
}

func (g *giving) askDay(ctx context.Context) error {
	if g.until != otherDay {
		return errSkip
	}
	q := &field{kind: oneLine, label: g.d.l.T("Last day"), help: g.d.l.T("2027-03-31, or a span from today such as +9mo"), text: &g.day, needed: true,
		reads: g.d.day}
	return g.d.fill(ctx, &form{title: g.title, fields: []*field{q}})
}

// askHow asks how the consent was given, and by whom.
func (g *giving) askHow(ctx context.Context) error { return g.ask(ctx, g.d, g.title) }

// end is the last day, "" for none.
func (g *giving) end() string {
	switch g.until {
	case noEnd:
		return ""
	case otherDay:
		return g.day
	}
	day, err := g.d.day(g.until)
	if err != nil {
		return g.until // the daemon says what is wrong with it
	}
	return day
}

// sums says in plain words who will be able to see what until when, and asks.
func (g *giving) sums(ctx context.Context) error {
	l := g.d.l
	name, who, purpose := termio.Clean(g.name), theReader(l, g.to), phrase.Purpose(l, g.purpose)
	var says []string
	if end := g.end(); end != "" {
		says = append(says, l.T("Until %s, or until %s withdraws it, %s can open everything that is shared in this vault, in order to %s.",
			phrase.Day(l, end), name, who, purpose))
	} else {
		says = append(says, l.T("Until %s withdraws it, %s can open everything that is shared in this vault, in order to %s.", name, who, purpose))
	}
	says = append(says, l.T("What is private opens with the person's card alone."))
	if g.opens && g.keeps {
		says = append(says, l.T("If every workstation is lost, those who keep the recovery can together open the vault as well."))
	} else if g.opens {
		says = append(says, l.T("Recovery is declined: if every workstation is lost, only the person's card opens the vault."))
	}
	says = append(says, "", g.line(g.d))
	question := l.T("Record this consent?")
	if g.opens {
		question = l.T("Open the vault?")
	}
	return g.d.agree(ctx, g.title, question, lines(says...)...)
}

// terms is what the daemon takes, with the files that go along. Whoever calls closes them.
func (g *giving) terms() (t api.ConsentTerms, parts []apiclient.Part, closeAll func(), err error) {
	t = api.ConsentTerms{To: g.to, Purpose: g.purpose, Until: g.end(), Language: g.notice}
	g.into(g.d, &t)
	parts, closeAll, err = g.parts(&t)
	return t, parts, closeAll, err
}

// again shows why something was refused, and goes back to the questions, whose answers are still there.
func (g *giving) again(ctx context.Context, err error) error {
	if left(err) {
		return err
	}
	if err = g.d.tell(ctx, g.title, err); err != nil {
		return err
	}
	return errBack
}
