package tui

import (
	"strings"

	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/ansi"

	"vaultctl/internal/lang"
	"vaultctl/internal/termio"
)

// The smallest screen on which pages are drawn.
const (
	leastWidth  = 40
	leastHeight = 10
)

// View implements tea.Model.
func (a *app) View() string {
	switch {
	case a.over:
		return ""
	case a.width == 0 || a.height == 0:
		return ""
	case a.width < leastWidth || a.height < leastHeight:
		return fill([]string{cut(a.lang().T("Make the window larger: at least %d × %d.", leastWidth, leastHeight), a.width)}, a.width, a.height)
	}
	lines := []string{a.titleLine(), a.stateLine()}
	body := a.height - len(lines) - 2
	switch {
	case a.lock != nil:
		lines = append(lines, sized(a.lock.view(a), a.width, body)...)
	case len(a.asked) > 0:
		lines = append(lines, sized(a.asked[0].view(a.width, body), a.width, body)...)
	case len(a.views) > 0:
		lines = append(lines, sized(a.page(a.top(), body), a.width, body)...)
	}
	lines = append(lines, a.noteLine(), a.hintLine())
	return fill(lines, a.width, a.height)
}

// titleLine says where one is, and whose desk this is.
func (a *app) titleLine() string {
	parts := []string{"vaultctl"}
	if a.lock == nil {
		for _, v := range a.views {
			if v.content != nil && v.content.title != "" {
				parts = append(parts, v.content.title)
			}
		}
	}
	who := ""
	if a.status != nil && a.status.State == stateReady {
		who = termio.Clean(strings.Trim(a.status.Agent+" · "+a.status.Name, " ·"))
	}
	return a.style.title.Render(sides(strings.Join(parts, " › "), who, a.width))
}

// stateLine says whether everything is safe, always.
func (a *app) stateLine() string {
	text, style := stateWords(a)
	return a.style.of(style).Render(cut(text, a.width))
}

// noteLine says what was said last, else what goes on, and beside it what the scanner left. While it is locked nothing is said
// that could be of somebody.
func (a *app) noteLine() string {
	scans := ""
	if n := len(newScans(a.desk)); n > 0 {
		scans = "+ " + a.lang().N(n, "%d new scan", "%d new scans")
	}
	text, style := "", termio.Plain
	switch {
	case a.leaving:
		text, style = a.lang().T("Something still goes on. Press ctrl+c again to leave all the same."), termio.Bad
	case a.lock == nil && a.note.text != "":
		text = termio.Clean(a.note.text)
		if a.note.bad {
			style = termio.Bad
		}
	case a.busy():
		text = "… " + taskWords(a.lang(), a.tasks[len(a.tasks)-1])
	}
	if scans == "" {
		return a.style.of(style).Render(cut(text, a.width))
	}
	return a.style.of(style).Render(sides(text, scans, a.width))
}

// hintLine names the keys that one would look for.
func (a *app) hintLine() string {
	var parts []string
	l := a.lang()
	switch {
	case a.lock != nil:
		parts = a.lock.hints(l)
	case len(a.asked) > 0:
		parts = a.asked[0].hints(l)
	case len(a.views) > 0:
		for _, act := range a.actions(a.top().page) {
			parts = append(parts, keyWords(l, act.key)+" "+l.T(act.label, nil...))
		}
	}
	last := "? " + l.T("keys")
	if a.lock != nil || len(a.asked) > 0 {
		last = ""
	}
	text := ""
	for _, p := range parts {
		next := strings.TrimPrefix(text+" · "+p, " · ")
		if lipgloss.Width(next)+lipgloss.Width(last)+3 > a.width {
			break
		}
		text = next
	}
	return a.style.faint.Render(sides(text, last, a.width))
}

// page draws a page's own lines.
func (a *app) page(v *view, height int) string {
	var lines []string
	l := a.lang()
	if t, ok := v.page.(tabbed); ok {
		lines = append(lines, a.tabLine(t))
	}
	if v.typing {
		lines = append(lines, cut(l.T("Search")+" › "+termio.Clean(v.query.Value())+"▏", a.width))
	}
	switch {
	case v.err != nil:
		message, hint := a.words(v.err)
		lines = append(lines, a.wrapped("✗ "+message, termio.Bad)...)
		if hint != "" {
			lines = append(lines, a.wrapped(hint, termio.Plain)...)
		}
	case v.content == nil:
		lines = append(lines, "…")
	}
	if v.content == nil {
		return strings.Join(lines, "\n")
	}
	lines = append(lines, a.facts(v.content.head, height)...)
	if len(lines) > 0 {
		lines = append(lines, "")
	}
	lines = append(lines, a.table(v, len(lines), height-len(lines))...)
	return strings.Join(lines, "\n")
}

// tabLine names the pages that stand beside one another. Where they do not all fit, the longest names are cut, but never that of
// the page that is shown.
func (a *app) tabLine(t tabbed) string {
	names, shown := t.tabs(a.lang())
	parts := make([]string, len(names))
	total := 0
	for i, name := range names {
		parts[i] = string(rune('1'+i)) + " " + name
		if i == shown {
			parts[i] = "[" + parts[i] + "]"
		}
		total += lipgloss.Width(parts[i])
	}
	between := "  "
	if total+len(between)*(len(parts)-1) > a.width {
		between = " "
	}
	const least = 5
	for ; total+len(between)*(len(parts)-1) > a.width; total-- {
		longest := -1
		for i := range parts {
			if w := lipgloss.Width(parts[i]); i != shown && w > least && (longest < 0 || w > lipgloss.Width(parts[longest])) {
				longest = i
			}
		}
		if longest < 0 {
			break
		}
		parts[longest] = cut(parts[longest], lipgloss.Width(parts[longest])-1)
	}
	if shown < len(parts) {
		parts[shown] = a.style.chosen.Render(parts[shown])
	}
	return cut(strings.Join(parts, between), a.width)
}

// facts draws what stands above the rows: labels in one column.
func (a *app) facts(facts []fact, height int) []string {
	width := 0
	for _, f := range facts {
		width = max(width, lipgloss.Width(f.label))
	}
	var lines []string
	for _, f := range facts {
		if f.text == "" {
			continue
		}
		text := termio.Isolate(f.text)
		if f.label != "" {
			text = a.style.faint.Render(pad(f.label, width)) + "  " + a.style.of(f.style).Render(cut(text, a.width-width-2))
		} else {
			text = a.style.of(f.style).Render(cut(text, a.width))
		}
		lines = append(lines, text)
	}
	return lines[:min(len(lines), max(1, height/2))]
}

func (a *app) wrapped(text string, style termio.Style) []string {
	lines := termio.Wrap(text, a.width)
	for i := range lines {
		lines[i] = a.style.of(style).Render(lines[i])
	}
	return lines
}

// rowsShown is about how many rows a screen holds.
func (a *app) rowsShown() int { return max(1, a.height-8) }

// fill makes exactly height lines of at most width columns.
func fill(lines []string, width, height int) string {
	for i := range lines {
		lines[i] = cut(lines[i], width)
	}
	for len(lines) < height {
		lines = append(lines, "")
	}
	return strings.Join(lines[:height], "\n")
}

// sized splits a text into exactly height lines.
func sized(text string, width, height int) []string {
	return strings.Split(fill(strings.Split(text, "\n"), width, height), "\n")
}

// cut shortens a line to a width, and says that it did.
func cut(text string, width int) string {
	if lipgloss.Width(text) <= width {
		return text
	}
	return ansi.Truncate(text, max(0, width), "…")
}

// pad fills a line up to a width.
func pad(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-lipgloss.Width(text)))
}

// sides sets a text to the left and another to the right; the left one gives way.
func sides(text, right string, width int) string {
	right = cut(right, width/2)
	text = cut(text, width-lipgloss.Width(right)-1)
	return pad(text, width-lipgloss.Width(right)) + right
}

// keyWords names a key.
func keyWords(l lang.Lang, key string) string {
	switch key {
	case "enter":
		return l.T("Enter")
	case " ", "space":
		return l.T("space")
	case "delete":
		return l.T("del")
	}
	return key
}
