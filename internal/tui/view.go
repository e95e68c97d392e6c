package tui

import (
	"strings"

	"github.com/charmbracelet/bubbles/textinput"
	tea "github.com/charmbracelet/bubbletea"
)

// view is a page as it stands on the screen: what was loaded, where the cursor is, what is searched.
type view struct {
	page    page
	content *content
	err     error
	loading bool
	serial  int // of the last loading

	early string // key of an action that was pressed before the page was there

	query  textinput.Model
	typing bool // what is typed goes into the query
	rows   []row
	more   int // rows that are not shown

	cursor, top int
	marked      map[int]bool
	drawn       map[int]int // line on the screen → row, of the last drawing
}

const queryMost = 200 // characters of a query

func newView(a *app, p page) *view {
	q := textinput.New()
	q.Prompt = "› "
	q.CharLimit = queryMost
	q.Cursor.SetMode(2) // hidden: the line is redrawn with its own sign
	q.Placeholder = ""
	v := &view{page: p, query: q, marked: map[int]bool{}, drawn: map[int]int{}}
	if p.place() == atHome { // who types at once means the search, which is done when the page is there
		v.startTyping()
	}
	return v
}

// take shows what was loaded.
func (v *view) take(c *content) {
	if v.content == nil && c.find != nil {
		v.startTyping()
	}
	before := v.rows
	v.content = c
	v.search()
	v.stay(before)
}

// stay keeps the cursor and the marks on the rows that they were on, wherever those stand now.
func (v *view) stay(before []row) {
	now := map[string]int{}
	for i, name := range rowNames(v.rows) {
		now[name] = i
	}
	was, marked := v.cursor, v.marked
	v.marked = map[int]bool{}
	for i, name := range rowNames(before) {
		at, there := now[name]
		if there && i == was {
			v.cursor = at
		}
		if there && marked[i] {
			v.marked[at] = true
		}
	}
}

// rowNames tells rows apart by what they show; those that show the same are counted.
func rowNames(rows []row) []string {
	names, seen := make([]string, len(rows)), map[string]int{}
	for i := range rows {
		var name strings.Builder
		name.WriteString(rows[i].section)
		for _, c := range rows[i].cells {
			name.WriteByte(0)
			name.WriteString(c.Text)
		}
		n := seen[name.String()]
		seen[name.String()]++
		names[i] = name.String() + strings.Repeat("\x00", n)
	}
	return names
}

// search finds the rows to show.
func (v *view) search() {
	query := strings.TrimSpace(v.query.Value())
	v.more = 0
	switch {
	case v.content == nil:
		v.rows = nil
	case query == "":
		v.rows = v.content.rows
	case v.content.find != nil:
		v.rows, v.more = v.content.find(query)
	default:
		words := strings.Fields(fold(query))
		v.rows = nil
		for _, r := range v.content.rows {
			if r.matches(words) {
				v.rows = append(v.rows, r)
			}
		}
	}
	v.cursor = max(0, min(v.cursor, len(v.rows)-1))
}

// always reports whether the page is searched by whatever is typed.
func (v *view) always() bool { return v.content != nil && v.content.find != nil }

// types reports whether a key goes into the query. What follows an action that waits for the page is not meant for it.
func (v *view) types(msg tea.KeyMsg) bool {
	if !v.typing || v.early != "" {
		return false
	}
	switch msg.String() {
	case "backspace", "left", "right", "home", "end", "ctrl+w", "ctrl+u", "delete":
		return v.query.Value() != ""
	}
	return printable(msg)
}

func (v *view) startTyping() tea.Cmd {
	v.typing = true
	return v.query.Focus()
}

// stopTyping takes a search back, and reports whether there was one.
func (v *view) stopTyping() bool {
	was := v.query.Value() != "" || v.typing && !v.always()
	v.query.SetValue("")
	if !v.always() {
		v.typing = false
		v.query.Blur()
	}
	v.search()
	return was
}

func (v *view) typed(msg tea.KeyMsg) tea.Cmd {
	before := v.query.Value()
	var cmd tea.Cmd
	v.query, cmd = v.query.Update(msg)
	if v.query.Value() != before {
		v.cursor, v.top = 0, 0
		v.unmark()
		v.search()
	}
	return cmd
}

func (v *view) pass(msg tea.Msg) tea.Cmd {
	var cmd tea.Cmd
	v.query, cmd = v.query.Update(msg)
	return cmd
}

// move moves the cursor and reports whether the key does that.
func (v *view) move(pressed string, page int) bool {
	last := len(v.rows) - 1
	switch pressed {
	case "up":
		v.cursor--
	case "down":
		v.cursor++
	case "pgup":
		v.cursor -= page
	case "pgdown":
		v.cursor += page
	case "home":
		if v.typing && v.query.Value() != "" {
			return false
		}
		v.cursor = 0
	case "end":
		if v.typing && v.query.Value() != "" {
			return false
		}
		v.cursor = last
	default:
		return false
	}
	v.cursor = max(0, min(v.cursor, last))
	return true
}

func (v *view) click(line int) {
	if i, ok := v.drawn[line]; ok {
		v.cursor = i
	}
}

func (v *view) mark() {
	if v.cursor >= len(v.rows) {
		return
	}
	if v.marked[v.cursor] {
		delete(v.marked, v.cursor)
	} else {
		v.marked[v.cursor] = true
	}
	v.cursor = min(v.cursor+1, len(v.rows)-1)
}

func (v *view) unmark() { clear(v.marked) }

// chosen returns the rows that an action is for.
func (v *view) chosen(n needs) []row {
	var rows []row
	if n != oneRow {
		for i := range v.rows {
			if v.marked[i] {
				rows = append(rows, v.rows[i])
			}
		}
	}
	if len(rows) == 0 && n != nothing && v.cursor < len(v.rows) {
		rows = []row{v.rows[v.cursor]}
	}
	return rows
}
