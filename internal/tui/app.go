package tui

import (
	"context"
	"slices"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	"vaultctl/internal/vault"
)

// app is the program on the screen: a stack of pages, the questions of the tasks above them, and what is always seen. Its
// methods run in bubbletea's goroutine; everything that takes time runs in others and comes back as a message.
type app struct {
	ctx   context.Context
	desk  *desk
	keys  map[place][]action
	style *styles

	inbox  chan tea.Msg // what tasks say
	views  []*view      // the last one is shown
	asked  []*question  // the first one is shown
	tasks  []*task
	ahead  typeAhead
	status *api.Status // nil before the daemon has answered
	trust  error       // why it did not, the last time
	note   note
	lock   *lockScreen // nil while open

	width, height int
	touched       time.Time // when a key was last pressed
	stale         bool      // there is news that the page does not show yet
	leaving       bool      // leaving was asked for while something goes on
	over          bool
}

// task is something that goes on.
type task struct {
	label string
	stop  context.CancelFunc
	at    *api.Progress
}

// note is the sentence at the foot.
type note struct {
	text string
	bad  bool
}

// Messages to the app.
type (
	// askMsg brings a question of a task, nil for one of the screen itself.
	askMsg struct {
		task *task
		q    *question
	}
	openMsg     struct{ page page }
	backMsg     struct{}
	noteMsg     struct{ text string }
	progressMsg struct {
		task *task
		at   api.Progress
	}
	endedMsg struct {
		task *task
		err  error
	}
	loadedMsg struct {
		view    *view
		serial  int
		content *content
		err     error
	}
	statusMsg struct {
		status *api.Status
		err    error
		again  bool // of the round that goes on for ever
	}
	// toPartMsg is for a part of the screen, wherever it stands meanwhile.
	toPartMsg struct {
		part part
		msg  tea.Msg
	}
	tickMsg  struct{}
	watchMsg struct{}
)

const (
	tick      = 2 * time.Second // between looks at the daemon
	presence  = time.Minute     // after the last key somebody counts as sitting here
	inboxSize = 64
	pasteMost = 64 << 10 // characters that are taken from one paste
)

func newApp(ctx context.Context, d *desk) *app {
	a := &app{ctx: ctx, desk: d, keys: keymap(), style: newStyles(d.options), inbox: make(chan tea.Msg, inboxSize), touched: d.now(),
		ahead: typeAhead{patience: aheadFor}}
	a.desk = d.with(silent{})
	return a
}

// Init implements tea.Model.
func (a *app) Init() tea.Cmd {
	return tea.Batch(a.listen, a.watch, beat(), a.goTo(homePage{}))
}

// listen gives the next message of a task.
func (a *app) listen() tea.Msg {
	select {
	case msg := <-a.inbox:
		return inboxMsg{msg}
	case <-a.ctx.Done():
		return nil
	}
}

// inboxMsg is a message that came through the inbox, which has to be listened to again.
type inboxMsg struct{ tea.Msg }

// post sends a message from a task.
func (a *app) post(ctx context.Context, msg tea.Msg) {
	select {
	case a.inbox <- msg:
	case <-ctx.Done():
	}
}

// look asks the daemon how it is.
func (a *app) look() tea.Msg {
	ctx, cancel := context.WithTimeout(a.ctx, 30*time.Second)
	defer cancel()
	s, err := call[api.Status](ctx, a.desk, api.RouteStatus, api.Empty{})
	if err != nil {
		return statusMsg{err: err}
	}
	return statusMsg{status: &s}
}

// Update implements tea.Model.
func (a *app) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case inboxMsg:
		_, cmd := a.Update(msg.Msg)
		return a, tea.Batch(cmd, a.listen)
	case tea.WindowSizeMsg:
		a.width, a.height = msg.Width, msg.Height
		return a, a.resized()
	case tea.KeyMsg:
		return a, a.key(msg)
	case tea.MouseMsg:
		a.touched = a.desk.now()
		return a, a.mouse(msg)
	case askMsg:
		return a, a.ask(msg)
	case openMsg:
		return a, a.goTo(msg.page)
	case backMsg:
		return a, a.goBack()
	case noteMsg:
		a.note = note{text: msg.text}
	case progressMsg:
		msg.task.at = &msg.at
	case endedMsg:
		return a, a.ended(msg)
	case loadedMsg:
		return a, a.loaded(msg)
	case statusMsg:
		return a, a.looked(msg)
	case toPartMsg:
		cmd, _, _ := msg.part.update(msg.msg)
		return a, cmd
	case aheadMsg:
		if msg.since.Equal(a.ahead.since) {
			return a, a.unasked(msg.task)
		}
	case tickMsg:
		return a, a.ticked()
	case watchMsg:
		return a, a.watch
	default:
		return a, a.pass(msg)
	}
	return a, nil
}

// pass hands a message of a part of the screen, such as a blinking cursor, to what is in front.
func (a *app) pass(msg tea.Msg) tea.Cmd {
	switch {
	case a.lock != nil:
		return a.lock.update(a, msg)
	case len(a.asked) > 0:
		return a.answer(msg)
	case len(a.views) > 0:
		return a.top().pass(msg)
	}
	return nil
}

func (a *app) top() *view { return a.views[len(a.views)-1] }

// goTo shows a page above the one that is shown.
func (a *app) goTo(p page) tea.Cmd {
	a.views = append(a.views, newView(a, p))
	return a.load(a.top())
}

// goBack leaves the page that is shown; the first one stays.
func (a *app) goBack() tea.Cmd {
	if len(a.views) > 1 {
		a.views = a.views[:len(a.views)-1]
	}
	return a.load(a.top())
}

// turn shows a page in the place of the one that is shown.
func (a *app) turn(p page) tea.Cmd {
	a.views[len(a.views)-1] = newView(a, p)
	return a.load(a.top())
}

// load has a page loaded in the background. What it showed stays until then.
func (a *app) load(v *view) tea.Cmd {
	v.serial++
	v.loading = true
	if v == a.top() {
		a.stale = false
	}
	serial, p, d, ctx := v.serial, v.page, a.desk, a.ctx
	return func() tea.Msg {
		c, err := p.load(ctx, d)
		return loadedMsg{view: v, serial: serial, content: c, err: err}
	}
}

func (a *app) loaded(msg loadedMsg) tea.Cmd {
	v := msg.view
	if msg.serial != v.serial {
		return nil // a later one is under way
	}
	v.loading = false
	if vault.CodeOf(msg.err) == vault.CodeLocked {
		return a.look
	}
	early := v.early
	v.err, v.early = msg.err, ""
	if msg.err != nil {
		return nil
	}
	v.take(msg.content)
	if early != "" && v == a.top() && len(a.asked) == 0 && a.lock == nil {
		return a.act(v, early)
	}
	return nil
}

// watch looks at the daemon, and again after a while: there is one such round.
func (a *app) watch() tea.Msg {
	msg, _ := a.look().(statusMsg)
	msg.again = true
	return msg
}

// looked notes how the daemon is, and comes back to what could not be loaded before.
func (a *app) looked(msg statusMsg) tea.Cmd {
	was, before := a.trust, a.status
	a.trust = msg.err
	var cmds []tea.Cmd
	if msg.again {
		cmds = append(cmds, tea.Tick(tick, func(time.Time) tea.Msg { return watchMsg{} }))
	}
	if msg.err != nil {
		return tea.Batch(cmds...)
	}
	a.status = msg.status
	a.stale = a.stale || before != nil && before.LastSync != msg.status.LastSync
	switch {
	case msg.status.State == stateLocked && a.lock == nil:
		cmds = append(cmds, a.dim(true))
	case len(a.views) == 0 || a.top().loading:
	case was != nil, a.present() && (a.stale || a.top().err != nil):
		cmds = append(cmds, a.load(a.top()))
	}
	return tea.Batch(cmds...)
}

// present reports whether somebody sits here. Pages are not loaded anew in front of nobody: to the daemon it would look like
// somebody at work, and it would neither lock nor rest.
func (a *app) present() bool { return a.desk.now().Sub(a.touched) < presence }

// beat is the next tick.
func beat() tea.Cmd { return tea.Tick(tick, func(time.Time) tea.Msg { return tickMsg{} }) }

// ticked does what time brings, whether or not the daemon answers.
func (a *app) ticked() tea.Cmd {
	cmds := []tea.Cmd{beat(), a.lockIfIdle()}
	if len(a.views) > 0 && a.lock == nil {
		if p, ok := a.top().page.(restless); ok && p.restless() && !a.top().loading {
			cmds = append(cmds, a.load(a.top()))
		}
	}
	return tea.Batch(cmds...)
}

// States of the daemon, as api.Status tells them.
const (
	stateUninitialized = "uninitialized"
	stateJoining       = "joining"
	stateLocked        = "locked"
	stateReady         = "ready"
)

// start begins a task.
func (a *app) start(act action, c chosen) tea.Cmd {
	ctx, stop := context.WithCancel(a.ctx)
	t := &task{label: a.desk.l.T(act.label, nil...), stop: stop}
	a.tasks = append(a.tasks, t)
	a.ahead.await(t)
	a.note = note{}
	d := a.desk.with(&onScreen{app: a, task: t})
	return func() tea.Msg {
		defer stop()
		// By the way that its other messages took: what it opened stands there before it has ended.
		a.post(a.ctx, endedMsg{task: t, err: act.run(ctx, d, c)})
		return nil
	}
}

// ended takes the leave of a task, says what went wrong, and looks at the page again.
func (a *app) ended(msg endedMsg) tea.Cmd {
	a.tasks = slices.DeleteFunc(a.tasks, func(t *task) bool { return t == msg.task })
	a.asked = slices.DeleteFunc(a.asked, func(q *question) bool { return q.task == msg.task })
	a.leaving = false
	var cmds []tea.Cmd
	switch {
	case msg.err == nil || left(msg.err):
	case vault.CodeOf(msg.err) == vault.CodeLocked:
		cmds = append(cmds, a.look)
		a.note = note{text: a.desk.l.T("The vaults were locked. Unlock them, then do it again."), bad: true}
	default:
		cmds = append(cmds, a.ask(askMsg{q: a.trouble(msg.task.label, msg.err)}))
	}
	if len(a.views) > 0 {
		a.top().unmark()
		cmds = append(cmds, a.load(a.top()))
	}
	return tea.Batch(append(cmds, a.unasked(msg.task))...)
}

// stopAll stops what goes on. What the daemon has acknowledged stays.
func (a *app) stopAll() {
	for _, t := range a.tasks {
		t.stop()
	}
	if len(a.tasks) > 0 {
		a.note = note{text: a.desk.l.T("Stopped. What was confirmed before stays.")}
	}
}

// quit leaves, at once if nothing goes on but questions.
func (a *app) quit() tea.Cmd {
	if a.busy() && !a.leaving {
		a.leaving = true
		return nil
	}
	a.over = true
	return tea.Quit
}

// busy reports whether a task does something, rather than wait for an answer.
func (a *app) busy() bool {
	return slices.ContainsFunc(a.tasks, func(t *task) bool {
		return !slices.ContainsFunc(a.asked, func(q *question) bool { return q.task == t })
	})
}

func (a *app) lang() lang.Lang { return a.desk.l }

// lockIfIdle locks the screen after nobody has pressed a key for a while.
func (a *app) lockIfIdle() tea.Cmd {
	after := a.desk.options.LockAfter
	if after <= 0 || a.lock != nil || a.desk.now().Sub(a.touched) < after {
		return nil
	}
	return a.shut()
}
