package tui

import (
	"context"

	tea "github.com/charmbracelet/bubbletea"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	"vaultctl/internal/phrase"
	"vaultctl/internal/termio"
)

// question is something that stands above the page until it is answered or left.
type question struct {
	task  *task      // nil for what the screen itself shows
	reply chan error // nil, or what the task waits for; holds one
	part
}

// part is what a question looks like and how it takes keys.
type part interface {
	init(width, height int) tea.Cmd
	// update takes a message; done says that the question is answered, or left with err.
	update(msg tea.Msg) (cmd tea.Cmd, done bool, err error)
	view(width, height int) string
	hints(lang.Lang) []string
	// hides reports whether locking the screen takes the question away.
	hides() bool
}

func (a *app) ask(msg askMsg) tea.Cmd {
	msg.q.task = msg.task
	a.asked = append(a.asked, msg.q)
	cmds := []tea.Cmd{msg.q.init(a.width, a.bodyHeight())}
	if a.lock == nil {
		for _, key := range a.ahead.release(msg.task) {
			cmds = append(cmds, a.key(key))
		}
	}
	return tea.Batch(cmds...)
}

// answer hands a message to the question in front.
func (a *app) answer(msg tea.Msg) tea.Cmd {
	q := a.asked[0]
	cmd, done, err := q.update(msg)
	if done {
		a.drop(q, err)
	}
	return cmd
}

// drop takes a question away and tells its task.
func (a *app) drop(q *question, err error) {
	for i := range a.asked {
		if a.asked[i] == q {
			a.asked = append(a.asked[:i:i], a.asked[i+1:]...)
			break
		}
	}
	if q.task != nil {
		a.ahead.await(q.task)
	}
	if q.reply != nil {
		q.reply <- err // holds one, and a question is dropped once
	}
}

func (a *app) bodyHeight() int { return max(1, a.height-4) }

// resized tells the questions the new size.
func (a *app) resized() tea.Cmd {
	var cmds []tea.Cmd
	for _, q := range a.asked {
		cmd, _, _ := q.update(tea.WindowSizeMsg{Width: a.width, Height: a.bodyHeight()})
		cmds = append(cmds, cmd)
	}
	return tea.Batch(cmds...)
}

// onScreen is the asker of tasks that run above the screen.
type onScreen struct {
	app  *app
	task *task
}

func (s *onScreen) put(ctx context.Context, p part) error {
	q := &question{reply: make(chan error, 1), part: p}
	s.app.post(ctx, askMsg{task: s.task, q: q})
	select {
	case err := <-q.reply:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *onScreen) fill(ctx context.Context, f *form) error {
	err := s.put(ctx, newFormPart(s.app.lang(), s.app.style, f))
	if err == nil {
		f.finish()
	}
	return err
}

func (s *onScreen) read(ctx context.Context, sh *sheet) error {
	return s.put(ctx, &sheetPart{l: s.app.lang(), style: s.app.style, sheet: sh})
}

func (s *onScreen) pick(ctx context.Context, p *picking) ([]string, error) {
	part := newPickPart(s.app.lang(), s.app.style, p)
	if err := s.put(ctx, part); err != nil {
		return nil, err
	}
	return part.picked, nil
}

func (s *onScreen) open(p page)              { s.app.post(s.app.ctx, openMsg{p}) }
func (s *onScreen) back()                    { s.app.post(s.app.ctx, backMsg{}) }
func (s *onScreen) note(text string)         { s.app.post(s.app.ctx, noteMsg{text}) }
func (s *onScreen) progress(at api.Progress) { s.app.post(s.app.ctx, progressMsg{s.task, at}) }

// silent is the asker of what is loaded in the background: it asks nothing.
type silent struct{}

func (silent) fill(context.Context, *form) error                { return errBack }
func (silent) read(context.Context, *sheet) error               { return errBack }
func (silent) pick(context.Context, *picking) ([]string, error) { return nil, errBack }
func (silent) open(page)                                        {}
func (silent) back()                                            {}
func (silent) note(string)                                      {}
func (silent) progress(api.Progress)                            {}

// words says an error and what can be done about it.
func (a *app) words(err error) (message, hint string) { return errorWords(a.lang(), err) }

func errorWords(l lang.Lang, err error) (message, hint string) {
	message, hint = phrase.Error(l, err)
	return termio.Clean(message), termio.Clean(hint)
}

// trouble shows how a task failed.
func (a *app) trouble(label string, err error) *question {
	message, hint := a.words(err)
	lines := []string{"✗ " + message}
	if hint != "" {
		lines = append(lines, "", hint)
	}
	return &question{part: &sheetPart{l: a.lang(), style: a.style, sheet: &sheet{title: label, lines: lines}}}
}

// help shows the keys of the page.
func (a *app) help() *question {
	l := a.lang()
	var lines []string
	add := func(key, label string) { lines = append(lines, pad(key, 12)+" "+label) }
	if len(a.views) > 0 {
		for _, act := range a.actions(a.top().page) {
			add(keyWords(l, act.key), l.T(act.label, nil...))
		}
	}
	lines = append(lines, "")
	for _, m := range moves() {
		add(keyWords(l, m.keys), l.T(m.label, nil...))
	}
	return &question{part: &sheetPart{l: l, style: a.style, sheet: &sheet{title: l.T("Keys"), lines: lines, fixed: true}}}
}
