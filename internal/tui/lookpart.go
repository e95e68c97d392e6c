package tui

import (
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/huh"

	"vaultctl/internal/lang"
	"vaultctl/internal/termio"
)

// lookField is a choice among many. What is typed narrows it, by the labels and by the other names that the field knows of its
// values; accents and case do not matter.
type lookField struct {
	l       lang.Lang
	q       *field
	options []option // clean
	words   []string // folded, of each option
	shown   []int    // into options

	query         string
	cursor, top   int
	width, height int
	first         bool // of the form
	focused       bool
	err           error
	theme         *huh.Theme
}

const leastLook = 5 // lines: title, query, options, the note of how many there are

func newLookField(l lang.Lang, q *field) *lookField {
	f := &lookField{l: l, q: q, options: clean(q.options), theme: huh.ThemeBase(), height: optionRows + 2 + rows(q.help), width: 80}
	for _, o := range q.options {
		words := o.label + " " + o.value
		if q.finds != nil {
			words += " " + q.finds(o.value)
		}
		f.words = append(f.words, fold(words))
	}
	f.narrow()
	return f
}

// narrow finds the options that hold all words of the query, those whose label, or a word of it,
// begins with it first. Without a query the cursor
// stands on the value; nothing is chosen by Enter alone where there is none.
func (f *lookField) narrow() {
	f.shown, f.cursor, f.top = nil, 0, 0
	defer func() {
		if query := strings.TrimSpace(f.query); query == "" {
			f.cursor = slices.IndexFunc(f.shown, func(i int) bool { return f.options[i].value == *f.q.text })
		}
	}()
	query := strings.TrimSpace(fold(f.query))
	words := strings.Fields(query)
	var inside, others []int
	for i := range f.options {
		label := fold(f.options[i].label)
		switch {
		case !all(words, f.words[i]):
		case strings.HasPrefix(label, query):
			f.shown = append(f.shown, i)
		case strings.Contains(label, " "+query):
			inside = append(inside, i)
		default:
			others = append(others, i)
		}
	}
	f.shown = append(append(f.shown, inside...), others...)
}

// Update implements huh.Field.
func (f *lookField) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	k, ok := msg.(tea.KeyMsg)
	if !ok {
		return f, nil
	}
	f.err = nil
	switch k.String() {
	case "up":
		f.cursor--
	case "down":
		f.cursor++
	case "pgup":
		f.cursor -= f.room()
	case "pgdown":
		f.cursor += f.room()
	case "shift+tab":
		if !f.first {
			return f, huh.PrevField
		}
	case "enter", "tab":
		return f, f.take()
	case "backspace":
		if r := []rune(f.query); len(r) > 0 {
			f.query = string(r[:len(r)-1])
			f.narrow()
		}
	case "ctrl+u":
		f.query = ""
		f.narrow()
	default:
		if text := string(k.Runes); printable(k) && len(f.query)+len(text) <= queryMost {
			f.query += termio.Clean(text)
			f.narrow()
		}
	}
	f.cursor = min(f.cursor, len(f.shown)-1)
	if f.query != "" || k.String() != "ctrl+u" && k.String() != "backspace" {
		f.cursor = max(0, f.cursor)
	}
	return f, nil
}

// take makes the option under the cursor the value.
func (f *lookField) take() tea.Cmd {
	switch {
	case len(f.shown) == 0:
		f.err = errors.New(f.l.T("Nothing matches."))
		return nil
	case f.cursor < 0:
		f.err = errors.New(f.l.T("Choose one: with letters, or ↑ ↓."))
		return nil
	}
	value := f.options[f.shown[f.cursor]].value
	if wrong := f.q.verify(f.l, value); wrong != "" {
		f.err = errors.New(wrong)
		return nil
	}
	*f.q.text = value
	return huh.NextField
}

func (f *lookField) room() int { return max(1, f.height-2-rows(f.q.help)) }

// View implements huh.Field.
func (f *lookField) View() string {
	styles := f.theme.Blurred
	if f.focused {
		styles = f.theme.Focused
	}
	width := max(8, f.width-styles.Base.GetHorizontalFrameSize())
	out := []string{styles.Title.Render(cut(f.q.label, width))}
	if f.q.help != "" {
		out = append(out, styles.Description.Render(cut(f.q.help, width)))
	}
	if !f.focused {
		return styles.Base.Width(f.width).Render(strings.Join(append(out, "  "+cut(f.chosen(), width-2)), "\n"))
	}
	out = append(out, cut("› "+termio.Clean(f.query)+"▏", width))
	room := f.room()
	f.top = max(0, f.cursor-room+1, min(f.top, f.cursor))
	for n := f.top; n < min(len(f.shown), f.top+room); n++ {
		line := "  " + f.options[f.shown[n]].label
		if n == f.cursor {
			line = styles.SelectedOption.Render(cut("▸ "+f.options[f.shown[n]].label, width))
		} else {
			line = cut(line, width)
		}
		out = append(out, line)
	}
	if len(f.shown) == 0 {
		out = append(out, styles.Description.Render("  "+f.l.T("Nothing matches.")))
	}
	for len(out) < f.height {
		out = append(out, "")
	}
	return styles.Base.Width(f.width).Render(strings.Join(out, "\n"))
}

// chosen is the label of the value.
func (f *lookField) chosen() string {
	for _, o := range f.options {
		if o.value == *f.q.text {
			return o.label
		}
	}
	return ""
}

// Init implements huh.Field.
func (f *lookField) Init() tea.Cmd { return nil }

// Focus implements huh.Field.
func (f *lookField) Focus() tea.Cmd { f.focused = true; return nil }

// Blur implements huh.Field.
func (f *lookField) Blur() tea.Cmd { f.focused = false; return nil }

// Error implements huh.Field.
func (f *lookField) Error() error { return f.err }

// Skip implements huh.Field.
func (f *lookField) Skip() bool { return false }

// Zoom implements huh.Field.
func (f *lookField) Zoom() bool { return false }

// KeyBinds implements huh.Field.
func (f *lookField) KeyBinds() []key.Binding { return nil }

// GetKey implements huh.Field.
func (f *lookField) GetKey() string { return "" }

// GetValue implements huh.Field.
func (f *lookField) GetValue() any { return *f.q.text }

// WithTheme implements huh.Field.
func (f *lookField) WithTheme(t *huh.Theme) huh.Field { f.theme = t; return f }

// WithKeyMap implements huh.Field.
func (f *lookField) WithKeyMap(*huh.KeyMap) huh.Field { return f }

// WithAccessible implements huh.Field.
func (f *lookField) WithAccessible(bool) huh.Field { return f }

// WithWidth implements huh.Field.
func (f *lookField) WithWidth(width int) huh.Field { f.width = width; return f }

// WithHeight implements huh.Field.
func (f *lookField) WithHeight(height int) huh.Field {
	f.height = max(leastLook, min(height, optionRows+2+rows(f.q.help)))
	return f
}

// WithPosition implements huh.Field.
func (f *lookField) WithPosition(p huh.FieldPosition) huh.Field { f.first = p.IsFirst(); return f }

// Run implements huh.Field. A field is run by its form alone.
func (f *lookField) Run() error { return errBack }

// RunAccessible implements huh.Field.
func (f *lookField) RunAccessible(io.Writer, io.Reader) error { return errBack }
