package tui

import (
	"strings"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"

	"vaultctl/internal/lang"
	"vaultctl/internal/termio"
)

// sheetPart shows a sheet and scrolls it.
type sheetPart struct {
	l     lang.Lang
	style *styles
	sheet *sheet
	top   int
	rows  int // lines of the last drawing
	room  int
}

func (p *sheetPart) init(int, int) tea.Cmd { return nil }
func (p *sheetPart) hides() bool           { return p.sheet.secret }

func (p *sheetPart) update(msg tea.Msg) (tea.Cmd, bool, error) {
	key, ok := msg.(tea.KeyMsg)
	if !ok {
		return nil, false, nil
	}
	switch key.String() {
	case "enter", "esc", "q":
		return nil, true, nil
	case "up":
		p.top--
	case "down":
		p.top++
	case "pgup":
		p.top -= p.room
	case "pgdown", " ":
		p.top += p.room
	}
	p.top = max(0, min(p.top, p.rows-p.room))
	return nil, false, nil
}

func (p *sheetPart) view(width, height int) string {
	out := []string{p.style.title.Render(cut(p.sheet.title, width)), ""}
	if p.sheet.secret {
		out[1] = p.style.of(termio.Warn).Render(cut("! "+p.l.T("Nobody else may look on. It is shown once."), width))
	}
	var lines []string
	for _, line := range p.sheet.lines {
		if p.sheet.fixed || line == "" {
			lines = append(lines, line)
			continue
		}
		lines = append(lines, termio.Wrap(line, width)...)
	}
	p.room = max(1, height-len(out))
	lines = append(lines, p.code(width)...)
	p.rows = len(lines)
	p.top = max(0, min(p.top, p.rows-p.room))
	for i, line := range lines[p.top:min(len(lines), p.top+p.room)] {
		if i == p.room-1 && p.top+p.room < len(lines) {
			line = "↓ …"
		}
		out = append(out, p.style.of(p.sheet.as).Render(line))
	}
	return strings.Join(out, "\n")
}

// code is the code of the sheet with a line above it, if all of it can be seen at once: what is cut cannot be scanned.
func (p *sheetPart) code(width int) []string {
	code := p.sheet.code
	switch {
	case len(code) == 0:
		return nil
	case len(code) > p.room || lipgloss.Width(code[0]) > width:
		return append([]string{""}, termio.Wrap(p.l.T("A larger window shows a code to scan as well: %d × %d.", lipgloss.Width(code[0]), len(code)+6), width)...)
	}
	return append([]string{""}, code...)
}

func (p *sheetPart) hints(l lang.Lang) []string {
	hints := []string{l.T("Enter") + " " + l.T("go on")}
	if p.rows > p.room {
		hints = append(hints, "↑ ↓ "+l.T("scroll"))
	}
	return hints
}
