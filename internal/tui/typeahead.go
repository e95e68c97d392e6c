package tui

import (
	"reflect"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"
)

// typeAhead holds the keys that are pressed between an action or an answer and the next question of the same task. Who types
// fast, or scans a code, means that question and not the page below it.
type typeAhead struct {
	task  *task
	since time.Time
	keys  []tea.KeyMsg

	patience time.Duration // how long a question may take to come
}

// aheadFor is how long a question may take to come at a desk; a task that asks nothing by then works in the background, and keys
// are for the page again.
const aheadFor = 400 * time.Millisecond

// await begins to hold keys for a task.
func (t *typeAhead) await(task *task) {
	t.task, t.since, t.keys = task, time.Now(), nil
}

// hold keeps a key if a question is about to come, and behind those that are held already.
func (t *typeAhead) hold(key tea.KeyMsg) bool {
	if t.task == nil || len(t.keys) == 0 && time.Since(t.since) > t.patience {
		return false
	}
	t.keys = append(t.keys, key)
	return true
}

// release gives the keys that were held for a task, and holds no more.
func (t *typeAhead) release(task *task) []tea.KeyMsg {
	if t.task == nil || t.task != task {
		return nil
	}
	keys := t.keys
	t.task, t.since, t.keys = nil, time.Time{}, nil
	return keys
}

// aheadMsg says that a question was waited for long enough.
type aheadMsg struct {
	task  *task
	since time.Time
}

// waited comes back when the question should have come.
func (t *typeAhead) waited() tea.Cmd {
	msg := aheadMsg{t.task, t.since}
	return tea.Tick(time.Until(t.since.Add(t.patience)), func(time.Time) tea.Msg { return msg })
}

// unasked takes the keys that were held for a task that asks no more, or not by now. One was meant for the page; more were typed
// for a question that did not come, and would be actions there: they are dropped.
func (a *app) unasked(t *task) tea.Cmd {
	if keys := a.ahead.release(t); len(keys) == 1 && len(a.asked) == 0 {
		return a.key(keys[0])
	}
	return nil
}

// promptly is how long a part of a form may take to say where the cursor goes. What takes longer, such as the blinking of that
// cursor, is waited for in the background.
const promptly = 10 * time.Millisecond

// settled carries out what a form has to do before the next key is meant for it: it goes to the next field by messages to itself,
// and a key that overtakes them would be written into the field before.
func settled(cmd tea.Cmd, update func(tea.Msg) tea.Cmd) tea.Cmd {
	var later []tea.Cmd
	for todo := []tea.Cmd{cmd}; len(todo) > 0; {
		next := todo[0]
		todo = todo[1:]
		if next == nil {
			continue
		}
		msg, rest := soon(next)
		if rest != nil {
			later = append(later, rest)
			continue
		}
		if batch, ok := msg.(tea.BatchMsg); ok {
			todo = append(todo, batch...)
			continue
		}
		if msg != nil && strings.HasSuffix(reflect.TypeOf(msg).PkgPath(), "/huh") {
			todo = append(todo, update(msg))
			continue
		}
		later = append(later, func() tea.Msg { return msg })
	}
	return tea.Batch(later...)
}

// soon carries a command out and returns its message, or, where that does not come promptly, a command that waits for it. The time
// counts from when the command has begun, and a message that is there when it is over still counts: on a busy machine either may
// have had to wait for its turn.
func soon(cmd tea.Cmd) (msg tea.Msg, rest tea.Cmd) {
	begun, said := make(chan struct{}), make(chan tea.Msg, 1)
	go func() {
		close(begun)
		said <- cmd()
	}()
	<-begun
	select {
	case msg = <-said:
		return msg, nil
	case <-time.After(promptly):
	}
	select {
	case msg = <-said:
		return msg, nil
	default:
		return nil, func() tea.Msg { return <-said }
	}
}
