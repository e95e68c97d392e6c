package tui

import (
	"errors"
	"slices"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/huh"

	"vaultctl/internal/lang"
	"vaultctl/internal/termio"
)

// formPart shows a form. Fields that are always asked stand on one page; each that may be left out has one of its own.
type formPart struct {
	l     lang.Lang
	style *styles
	form  *form
	huh   *huh.Form
	intro []string
	top   int  // first line of the intro that is seen
	room  int  // lines of it that fit
	tried bool // going on was tried with what is there now
}

const (
	typedMost  = 4096 // characters of one field
	optionRows = 9    // of a choice, before it scrolls
	leastForm  = 7    // lines that the questions keep, however much stands above them
)

func newFormPart(l lang.Lang, style *styles, f *form) *formPart {
	p := &formPart{l: l, style: style, form: f}
	var (
		groups []*huh.Group
		plain  []huh.Field
	)
	flush := func() {
		if len(plain) > 0 {
			groups = append(groups, huh.NewGroup(plain...))
			plain = nil
		}
	}
	for _, q := range f.fields {
		if q.when == nil {
			plain = append(plain, p.field(q))
			continue
		}
		flush()
		groups = append(groups, huh.NewGroup(p.field(q)).WithHideFunc(func() bool { return !q.when() }))
	}
	flush()
	p.huh = huh.NewForm(groups...).WithShowHelp(false).WithShowErrors(false).WithTheme(style.form()).WithKeyMap(formKeys())
	return p
}

// formKeys are huh's keys, without those that mean something else here.
func formKeys() *huh.KeyMap {
	km := huh.NewDefaultKeyMap()
	km.Quit = key.NewBinding(key.WithDisabled())
	km.Confirm.Accept = key.NewBinding(key.WithKeys("y", "Y", "o", "O"))
	return km
}

func (p *formPart) field(q *field) huh.Field {
	says := func(value string) error {
		if wrong := q.verify(p.l, value); wrong != "" {
			return errors.New(wrong)
		}
		return nil
	}
	switch q.kind {
	case choice:
		if len(q.options) > optionRows || q.finds != nil {
			return newLookField(p.l, q)
		}
		var options []huh.Option[string]
		for _, o := range clean(q.options) {
			options = append(options, huh.NewOption(o.label, o.value))
		}
		// What is proposed stands first.
		if i := slices.IndexFunc(options, func(o huh.Option[string]) bool { return o.Value == *q.text }); i > 0 {
			proposed := options[i]
			options = slices.Insert(slices.Delete(options, i, i+1), 0, proposed)
		}
		// The value goes first, and no height is given: else what stands above the chosen value is hidden, however little it is.
		return huh.NewSelect[string]().Title(q.label).Description(q.help).Value(q.text).Options(options...).Validate(says)
	case choices:
		var options []huh.Option[string]
		for _, o := range clean(q.options) {
			options = append(options, huh.NewOption(o.label, o.value))
		}
		return huh.NewMultiSelect[string]().Title(q.label).Description(q.help).Value(q.some).Options(options...).
			Height(min(len(options), optionRows) + 1 + rows(q.help)).
			Validate(func(some []string) error {
				if q.needed && len(some) == 0 {
					return errors.New(p.l.T("Choose at least one: space marks."))
				}
				return nil
			})
	case yesNo:
		return huh.NewConfirm().Title(q.label).Description(q.help).Affirmative(p.l.T("Yes")).Negative(p.l.T("No")).Value(q.yes)
	case sentence:
		return huh.NewNote().Title(q.label).Description(q.help)
	case oneLine, secret:
	}
	input := huh.NewInput().Title(q.label).Description(q.help).Value(q.text).CharLimit(typedMost).Validate(says)
	if q.kind == secret {
		input.EchoMode(huh.EchoModePassword)
	}
	return input
}

func rows(help string) int {
	if help == "" {
		return 0
	}
	return 1
}

func (p *formPart) init(width, height int) tea.Cmd {
	p.size(width, height)
	return p.huh.Init()
}

func (p *formPart) size(width, height int) {
	p.intro = nil
	for _, s := range p.form.intro {
		p.intro = append(p.intro, termio.Wrap(s, width)...)
	}
	p.room = min(len(p.intro), max(2, height-leastForm))
	p.scroll(0)
	p.huh = p.huh.WithWidth(max(20, width)).WithHeight(max(4, height-3-p.room))
}

// scroll moves the intro, where it does not fit.
func (p *formPart) scroll(lines int) { p.top = max(0, min(p.top+lines, len(p.intro)-p.room)) }

// introShown is what of the intro is seen; its last line says where more follows.
func (p *formPart) introShown() []string {
	shown := slices.Clone(p.intro[p.top : p.top+p.room])
	if p.top+p.room < len(p.intro) {
		shown[p.room-1] = "↓ … " + p.l.T("PgDn")
	}
	return shown
}

// hides reports whether something that must not be seen is typed here.
func (p *formPart) hides() bool {
	for _, q := range p.form.fields {
		if q.kind == secret {
			return true
		}
	}
	return false
}

func (p *formPart) update(msg tea.Msg) (tea.Cmd, bool, error) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		p.size(msg.Width, msg.Height)
		return nil, false, nil
	case tea.KeyMsg:
		if msg.String() == "esc" && !p.filtering() {
			return nil, true, errBack
		}
		switch msg.String() {
		case "pgup":
			p.scroll(1 - p.room)
			return nil, false, nil
		case "pgdown":
			p.scroll(p.room - 1)
			return nil, false, nil
		}
	}
	if key, ok := msg.(tea.KeyMsg); ok {
		switch key.String() {
		case "enter", "tab", "shift+tab":
			p.tried = true
		default:
			p.tried = false
		}
	}
	cmd := p.tell(msg)
	if p.moves(msg) {
		cmd = settled(cmd, p.tell)
	}
	return cmd, p.huh.State == huh.StateCompleted, nil
}

// tell hands a message to the fields.
func (p *formPart) tell(msg tea.Msg) tea.Cmd {
	m, cmd := p.huh.Update(msg)
	if f, ok := m.(*huh.Form); ok {
		p.huh = f
	}
	return cmd
}

// moves reports whether a key may go to another field.
func (p *formPart) moves(msg tea.Msg) bool {
	key, ok := msg.(tea.KeyMsg)
	if !ok {
		return false
	}
	_, confirm := p.huh.GetFocusedField().(*huh.Confirm)
	return confirm || slices.Contains([]string{"enter", "tab", "shift+tab"}, key.String())
}

// filtering reports whether a choice is being searched: Escape then ends the search.
func (p *formPart) filtering() bool {
	f, ok := p.huh.GetFocusedField().(interface{ GetFiltering() bool })
	return ok && f.GetFiltering()
}

func (p *formPart) view(width, _ int) string {
	out := []string{p.style.title.Render(cut(p.form.title, width))}
	out = append(out, p.introShown()...)
	out = append(out, p.trouble(width), p.huh.View())
	return strings.Join(out, "\n")
}

// trouble says what is wrong with what was typed, once the person has tried to go on. It stands above the fields, where there is
// always room for it.
func (p *formPart) trouble(width int) string {
	if !p.tried {
		return ""
	}
	for _, err := range p.huh.Errors() {
		return p.style.of(termio.Bad).Render(cut("✗ "+err.Error(), width))
	}
	return ""
}

func (p *formPart) hints(l lang.Lang) []string {
	hints := []string{l.T("Enter") + " " + l.T("next")}
	switch p.huh.GetFocusedField().(type) {
	case *lookField:
		hints = append(hints, "↑ ↓ "+l.T("choose"), l.T("letters")+" "+l.T("search"))
	case *huh.Select[string]:
		hints = append(hints, "↑ ↓ "+l.T("choose"), "/ "+l.T("search"))
	case *huh.MultiSelect[string]:
		hints = append(hints, l.T("space")+" "+l.T("mark"), "/ "+l.T("search"))
	case *huh.Confirm:
		hints = append(hints, "← → "+l.T("choose"))
	}
	if p.room < len(p.intro) {
		hints = append(hints, l.T("PgDn")+" "+l.T("scroll"))
	}
	return append(hints, "shift+tab "+l.T("before"), "esc "+l.T("leave"))
}
