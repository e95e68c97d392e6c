package tui

import (
	"context"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	"vaultctl/internal/termio"
	"vaultctl/internal/vault"
)

// reader tells pages and asks questions line by line, for screen readers and narrow lines: nothing is redrawn, and nothing but
// text is written. What was told stays in the terminal's history, unlike what the screen shows; it says so. It works without a
// terminal as well, so that it can be tried and recorded. All of it runs in one goroutine: a task has the reader as its asker.
type reader struct {
	talk *termio.Dialogue
	desk *desk
	l    lang.Lang

	status *api.Status
	state  string // what was last said of it
	stack  []page // the last one is shown
	moved  bool   // a task has opened or left a page
	known  map[place]bool

	content *content // nil where the page could not be loaded
	query   string
	rows    []row
	more    int // rows that are not in rows
	told    int // rows that were told

	step int // progress that was told, in tenths; -1 for none
	over bool
}

// portion is how many rows are told at a time.
const portion = 10

// errEnd is the end of the input, or of the conversation. Tasks end with it silently.
var errEnd = vault.Errorf(vault.CodeInterrupted, "no answer: end of input")

// runAccessible tells and asks line by line until the person leaves or the input ends.
func runAccessible(ctx context.Context, streams *termio.IO, d *desk) error {
	r := &reader{talk: streams.Dialogue(), desk: d.with(silent{}), l: d.l, known: map[place]bool{}}
	r.say(r.l.T("What is told here stays in this terminal's history: clear it, or close the window, before somebody else sits here."))
	r.stack = []page{homePage{}}
	r.look(ctx)
	r.tell(ctx)
	for !r.over && ctx.Err() == nil {
		r.look(ctx)
		if line, err := r.ask(ctx, r.l.T("What now?")+" "); err == nil {
			r.obey(ctx, strings.TrimSpace(line))
		}
	}
	return nil
}

func (r *reader) say(lines ...string) {
	for _, line := range lines {
		r.talk.Say(line)
	}
}

func (r *reader) page() page { return r.stack[len(r.stack)-1] }

// look asks the daemon how it is, and says so where that has changed. Where the keys are locked it asks for the passphrase.
func (r *reader) look(ctx context.Context) {
	s, err := again(func() (api.Status, error) { return call[api.Status](ctx, r.desk, api.RouteStatus, api.Empty{}) })
	if ctx.Err() != nil {
		return
	}
	if err == nil {
		r.status = &s
		s.LastSync = "" // the hour alone is no news
	}
	if words, _ := statusWords(r.l, &s, err, r.desk.now(), 0); words != r.state {
		r.state = words
		r.say(words)
	}
	if err == nil && s.State == stateLocked && !r.over {
		r.unlock(ctx)
	}
}

// again repeats what only reads, once, where the daemon went away: the second call looks for another one.
func again[Res any](read func() (Res, error)) (Res, error) {
	res, err := read()
	if vault.CodeOf(err) == vault.CodeNoDaemon {
		res, err = read()
	}
	return res, err
}

// tell loads the page and tells it.
func (r *reader) tell(ctx context.Context) {
	r.content, r.rows, r.more, r.told = nil, nil, 0, 0
	p := r.page()
	c, err := again(func() (*content, error) { return p.load(ctx, r.desk) })
	if vault.CodeOf(err) == vault.CodeLocked {
		if r.look(ctx); !r.over {
			c, err = p.load(ctx, r.desk)
		}
	}
	if err != nil {
		r.trouble("", err)
		if !left(err) {
			r.say(r.l.T("An empty line tries again."))
		}
		return
	}
	r.content = c
	r.say("", firstOf(c.title, r.l.T("Home")))
	if t, ok := p.(tabbed); ok {
		r.tabs(t)
	}
	for _, f := range c.head {
		if f.text == "" || f.label == "" && f.text == c.title {
			continue
		}
		if f.label != "" {
			f.text = r.l.T("%s: %s", f.label, f.text)
		}
		r.say(f.text)
	}
	r.search()
	if !r.known[p.place()] {
		r.known[p.place()] = true
		r.help()
	}
}

func (r *reader) tabs(t tabbed) {
	names, shown := t.tabs(r.l)
	for i, name := range names {
		names[i] = strconv.Itoa(i+1) + " " + name
		if i == shown {
			names[i] += " (" + r.l.T("this one") + ")"
		}
	}
	r.say(r.l.T("Pages, by the word tab and their number: %s.", strings.Join(names, ", ")))
}

// search finds the rows for the query, and tells the first of them.
func (r *reader) search() {
	c := r.content
	r.more, r.told = 0, 0
	switch {
	case r.query == "":
		r.rows = c.rows
	case c.find != nil:
		r.rows, r.more = c.find(r.query)
	default:
		words := strings.Fields(fold(r.query))
		r.rows = slices.DeleteFunc(slices.Clone(c.rows), func(row row) bool { return !row.matches(words) })
	}
	switch {
	case len(r.rows) > 0:
		if len(c.header) > 0 {
			r.say(r.l.T("Columns: %s.", strings.Join(slices.DeleteFunc(slices.Clone(c.header), func(h string) bool { return h == "" }), "; ")))
		}
		r.portion()
	case r.query != "":
		r.say(r.l.T("Nothing matches."))
	case c.none != "":
		r.say(c.none)
	}
}

// portion tells the next rows.
func (r *reader) portion() {
	end := min(len(r.rows), r.told+portion)
	for i := r.told; i < end; i++ {
		row := &r.rows[i]
		if row.section != "" && (i == 0 || r.rows[i-1].section != row.section) {
			r.say(row.section)
		}
		r.say(strconv.Itoa(i+1) + ". " + rowWords(row))
	}
	r.told = end
	if rest := len(r.rows) - end + r.more; rest > 0 {
		r.say(r.l.N(rest, "%d more row: the word more tells it, /words searches.", "%d more rows: the word more tells them, /words searches."))
	}
}

func rowWords(r *row) string {
	var cells []string
	for _, c := range r.cells {
		if text := strings.TrimSpace(c.Text); text != "" {
			cells = append(cells, termio.Isolate(text))
		}
	}
	return strings.Join(cells, "; ")
}

// help tells what can be done here.
func (r *reader) help() {
	var parts []string
	for _, act := range r.actions() {
		parts = append(parts, r.l.T("%s: %s", keyWords(r.l, act.key), r.l.T(act.label, nil...)))
	}
	if len(parts) > 0 {
		r.say(r.l.T("Keys, alone or with the number of a row behind: %s.", strings.Join(parts, "; ")))
	}
	if len(r.rows) > 0 || r.content != nil && r.content.find != nil {
		r.say(r.l.T("The number of a row does what Enter does. The word more tells further rows; /words searches in them."))
	}
	r.say(r.l.T("Words: back, again, tab 2, lock, quit; ? tells this."))
}

func (r *reader) actions() []action {
	var roles []string
	if r.status != nil {
		roles = r.status.Roles
	}
	return actionsAt(r.page().place(), roles)
}

// start runs an action, to its end.
func (r *reader) start(ctx context.Context, act action, rows []row) {
	r.moved, r.step = false, -1
	before := len(r.stack)
	err := act.run(ctx, r.desk.with(r), chosen{page: r.page(), subject: r.content.subject, rows: rows})
	switch {
	case r.over || ctx.Err() != nil:
		return
	case vault.CodeOf(err) == vault.CodeLocked:
		r.say(r.l.T("The vaults were locked. Unlock them, then do it again."))
	case err != nil && !left(err):
		r.trouble(r.l.T(act.label, nil...), err)
	case err != nil && !r.moved:
		r.say(r.l.T("Left."))
		return // what was told still holds
	}
	if len(r.stack) != before || r.moved {
		r.query = ""
	}
	r.look(ctx)
	r.tell(ctx)
}

// trouble says an error and what can be done about it.
func (r *reader) trouble(label string, err error) {
	if left(err) {
		return
	}
	message, hint := errorWords(r.l, err)
	if label != "" {
		message = r.l.T("%s: %s", label, message)
	}
	r.say("✗ " + message)
	if hint != "" {
		r.say(hint)
	}
}

// ask asks for a line. After a time without one the reader locks, and asks again once it is open.
func (r *reader) ask(ctx context.Context, prompt string) (string, error) {
	for {
		line, err := r.wait(ctx, func(ctx context.Context) (string, error) { return r.talk.Ask(ctx, prompt) })
		if errors.Is(err, errBack) {
			continue
		}
		if len(line) > pasteMost {
			r.say(r.l.T("What was pasted is too long: %d characters. Nothing was taken.", len([]rune(line))))
			continue
		}
		return line, err
	}
}

// askSecret is ask without echo. When the reader locks, the question is taken away: errBack.
func (r *reader) askSecret(ctx context.Context, prompt string) (string, error) {
	return r.wait(ctx, func(ctx context.Context) (string, error) { return r.talk.AskSecret(ctx, prompt) })
}

// wait waits for an answer; errBack says that the reader was locked instead, and is open again.
func (r *reader) wait(ctx context.Context, answer func(context.Context) (string, error)) (string, error) {
	if r.over {
		return "", errEnd
	}
	waiting := ctx
	if after := r.desk.options.LockAfter; after > 0 {
		var cancel context.CancelFunc
		waiting, cancel = context.WithTimeout(ctx, after)
		defer cancel()
	}
	line, err := answer(waiting)
	switch {
	case err == nil:
		return line, nil
	case ctx.Err() != nil:
		return "", ctx.Err()
	case errors.Is(err, context.DeadlineExceeded):
		r.shut(ctx)
		if !r.over {
			return "", errBack
		}
	case !errors.Is(err, io.EOF):
		r.trouble("", err)
	}
	r.over = true
	return "", errEnd
}
