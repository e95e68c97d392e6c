package tui

import (
	"unicode/utf8"

	tea "github.com/charmbracelet/bubbletea"
)

// key takes a key: of the lock, of a question, of moving about, of what is typed, of an action.
func (a *app) key(msg tea.KeyMsg) tea.Cmd {
	a.touched = a.desk.now()
	if msg.Paste && len(msg.Runes) > pasteMost {
		a.note = note{text: a.lang().T("What was pasted is too long: %d characters. Nothing was taken.", len(msg.Runes)), bad: true}
		return nil
	}
	pressed := msg.String()
	switch {
	case pressed == "ctrl+c":
		return a.quit()
	case a.lock != nil:
		return a.lock.update(a, msg)
	case pressed == "ctrl+l":
		return a.shut()
	case pressed == "ctrl+x":
		a.stopAll()
		return nil
	case len(a.asked) > 0:
		return a.answer(msg)
	case a.ahead.hold(msg):
		return a.ahead.waited()
	case len(a.views) == 0:
		return nil
	}
	a.leaving = false
	return a.pageKey(a.top(), msg, pressed)
}

func (a *app) pageKey(v *view, msg tea.KeyMsg, pressed string) tea.Cmd {
	if v.move(pressed, a.rowsShown()) {
		return nil
	}
	switch pressed {
	case "esc":
		if v.stopTyping() {
			return nil
		}
		return a.goBack()
	case "ctrl+r":
		return a.load(v)
	case "tab", "shift+tab":
		if t, ok := v.page.(tabbed); ok {
			return a.nextTab(t, pressed == "tab")
		}
	case "?":
		if v.query.Value() == "" {
			return a.ask(askMsg{q: a.help()})
		}
	}
	if v.types(msg) {
		return v.typed(msg)
	}
	switch {
	case pressed == "/":
		return v.startTyping()
	case pressed == " ":
		v.mark()
		return nil
	case len(pressed) == 1 && pressed >= "1" && pressed <= "9":
		if t, ok := v.page.(tabbed); ok {
			return a.toTab(t, int(pressed[0]-'1'))
		}
	}
	return a.act(v, pressed)
}

// act starts the action of a key.
func (a *app) act(v *view, pressed string) tea.Cmd {
	for _, act := range a.actions(v.page) {
		if act.key != pressed {
			continue
		}
		if v.content == nil {
			v.early = pressed // it is done once the page is there
			return nil
		}
		c := chosen{page: v.page, subject: v.content.subject, rows: v.chosen(act.needs)}
		if act.needs != nothing && len(c.rows) == 0 {
			a.note = note{text: a.lang().T("There is nothing here to do that to."), bad: true}
			return nil
		}
		return a.start(act, c)
	}
	return nil
}

// actions returns what can be done at a page by who sits here.
func (a *app) actions(p page) []action {
	var roles []string
	if a.status != nil {
		roles = a.status.Roles
	}
	return actionsAt(p.place(), roles)
}

func (a *app) nextTab(t tabbed, forward bool) tea.Cmd {
	names, shown := t.tabs(a.lang())
	step := 1
	if !forward {
		step = len(names) - 1
	}
	return a.turn(t.tab((shown + step) % len(names)))
}

func (a *app) toTab(t tabbed, i int) tea.Cmd {
	names, shown := t.tabs(a.lang())
	if i >= len(names) || i == shown {
		return nil
	}
	return a.turn(t.tab(i))
}

// mouse moves the cursor with the wheel; a click chooses a row.
func (a *app) mouse(msg tea.MouseMsg) tea.Cmd {
	if a.lock != nil || len(a.asked) > 0 || len(a.views) == 0 {
		return nil
	}
	v := a.top()
	switch {
	case msg.Button == tea.MouseButtonWheelUp:
		v.move("up", a.rowsShown())
	case msg.Button == tea.MouseButtonWheelDown:
		v.move("down", a.rowsShown())
	case msg.Button == tea.MouseButtonLeft && msg.Action == tea.MouseActionPress:
		v.click(msg.Y)
	}
	return nil
}

// printable reports whether a key types a character.
func printable(msg tea.KeyMsg) bool {
	if msg.Alt {
		return false
	}
	return msg.Type == tea.KeyRunes && utf8.RuneCountInString(string(msg.Runes)) > 0 || msg.Type == tea.KeySpace
}
