package tui

import (
	"io"

	"github.com/charmbracelet/huh"
	"github.com/charmbracelet/lipgloss"

	"vaultctl/internal/termio"
)

// styles are the colours: the sixteen of every terminal, so that the person's own choice holds. Nothing is told by colour
// alone. Where NO_COLOR is set, or the terminal has none, they are plain.
type styles struct {
	title, faint, chosen lipgloss.Style
	named                map[termio.Style]lipgloss.Style
	renderer             *lipgloss.Renderer
}

func newStyles(o *Options) *styles {
	out := o.out
	if out == nil {
		out = io.Discard
	}
	r := lipgloss.NewRenderer(out)
	r.SetHasDarkBackground(true) // it is never asked for: the sixteen colours are the terminal's own
	plain := r.NewStyle()
	return &styles{
		renderer: r,
		title:    plain.Bold(true),
		faint:    plain.Faint(true),
		chosen:   plain.Reverse(true),
		named: map[termio.Style]lipgloss.Style{
			termio.Plain: plain,
			termio.Bold:  plain.Bold(true),
			termio.Faint: plain.Faint(true),
			termio.Bad:   plain.Foreground(lipgloss.Color("1")),
			termio.Good:  plain.Foreground(lipgloss.Color("2")),
			termio.Warn:  plain.Foreground(lipgloss.Color("3")),
		},
	}
}

func (s *styles) of(style termio.Style) lipgloss.Style { return s.named[style] }

// form is how questions look.
func (s *styles) form() *huh.Theme {
	t := huh.ThemeBase()
	plain := s.renderer.NewStyle()
	t.Focused.Base = plain.PaddingLeft(1).BorderStyle(lipgloss.ThickBorder()).BorderLeft(true)
	t.Blurred.Base = plain.PaddingLeft(1).BorderStyle(lipgloss.HiddenBorder()).BorderLeft(true)
	for _, f := range []*huh.FieldStyles{&t.Focused, &t.Blurred} {
		f.Title = plain.Bold(true)
		f.Description = plain.Faint(true)
		f.ErrorMessage = plain.Foreground(lipgloss.Color("1"))
		f.ErrorIndicator = plain // what is wrong is said above the questions
		f.SelectSelector = plain.SetString("▸ ")
		f.MultiSelectSelector = plain.SetString("▸ ")
		f.SelectedPrefix = plain.SetString("[x] ")
		f.UnselectedPrefix = plain.SetString("[ ] ")
		f.Option, f.SelectedOption, f.UnselectedOption = plain, plain.Bold(true), plain
		f.FocusedButton = plain.Reverse(true).Padding(0, 2).MarginRight(1)
		f.BlurredButton = plain.Padding(0, 2).MarginRight(1)
		f.TextInput.Placeholder = plain.Faint(true)
		f.TextInput.Prompt, f.TextInput.Text = plain, plain
		f.TextInput.Cursor = plain.Reverse(true)
	}
	t.Group.Title, t.Group.Description = plain.Bold(true), plain
	return t
}
