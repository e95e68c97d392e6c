package tui

import (
	"strings"

	"github.com/charmbracelet/lipgloss"

	"vaultctl/internal/termio"
)

// table draws the rows of a view that fit, the cursor among them. above is how many lines of the page are above it.
func (a *app) table(v *view, above, height int) []string {
	c := v.content
	if len(v.rows) == 0 {
		none := c.none
		if v.query.Value() != "" {
			none = a.lang().T("Nothing matches.")
		}
		return a.wrapped(none, termio.Faint)
	}
	var lines []string
	if len(c.header) > 0 && v.rows[0].section == "" {
		height--
	}
	foot := ""
	if v.more > 0 {
		height--
		foot = a.style.faint.Render(a.lang().N(v.more, "and %d more: type further letters", "and %d more: type further letters"))
	}
	height = max(1, height)
	first, last := v.window(height)
	widths := columns(v.rows[first:last], c.header, a.width-2)
	if len(c.header) > 0 && v.rows[0].section == "" {
		lines = append(lines, a.style.faint.Render("  "+a.cells(headerCells(c.header), widths, false)))
	}
	clear(v.drawn)
	for i := first; i < last; i++ {
		r := &v.rows[i]
		if r.section != "" && (i == first || v.rows[i-1].section != r.section) {
			lines = append(lines, a.style.title.Render(cut(r.section, a.width)))
		}
		v.drawn[2+above+len(lines)] = i
		lines = append(lines, a.rowLine(v, i, widths))
	}
	if foot != "" {
		lines = append(lines, foot)
	}
	return lines
}

// rowLine draws a row; the one under the cursor is told by a sign and, where there are colours, by them.
func (a *app) rowLine(v *view, i int, widths []int) string {
	sign := "  "
	switch {
	case i == v.cursor && v.marked[i]:
		sign = "▸●"
	case i == v.cursor:
		sign = "▸ "
	case v.marked[i]:
		sign = " ●"
	}
	text := sign + a.cells(v.rows[i].cells, widths, i != v.cursor)
	if i == v.cursor {
		return a.style.chosen.Render(pad(text, a.width))
	}
	return text
}

// window says which rows to draw: as many as height lines hold, their sections' titles counted.
func (v *view) window(height int) (first, last int) {
	cost := func(i, from int) int {
		if v.rows[i].section != "" && (i == from || v.rows[i-1].section != v.rows[i].section) {
			return 2
		}
		return 1
	}
	v.top = max(0, min(v.top, v.cursor))
	for {
		used, i := 0, v.top
		for i < len(v.rows) && used+cost(i, v.top) <= height {
			used += cost(i, v.top)
			i++
		}
		if v.cursor < i || v.top >= v.cursor {
			return v.top, max(i, min(v.top+1, len(v.rows)))
		}
		v.top++
	}
}

func headerCells(header []string) []termio.Cell {
	cells := make([]termio.Cell, len(header))
	for i, h := range header {
		cells[i].Text = h
	}
	return cells
}

const (
	gap         = 2
	leastColumn = 8
)

// columns finds widths: each column as wide as its widest cell, the widest narrowed until all fit.
func columns(rows []row, header []string, width int) []int {
	var widths []int
	measure := func(i int, text string) {
		if i == len(widths) {
			widths = append(widths, 0)
		}
		widths[i] = max(widths[i], lipgloss.Width(text))
	}
	for i, h := range header {
		measure(i, h)
	}
	for _, r := range rows {
		if len(r.cells) == 1 && len(header) != 1 { // a sentence goes over all columns
			continue
		}
		for i, c := range r.cells {
			measure(i, c.Text)
		}
	}
	total := gap * (len(widths) - 1)
	for _, w := range widths {
		total += w
	}
	for ; total > width; total-- {
		widest := 0
		for i := range widths {
			if widths[i] > widths[widest] {
				widest = i
			}
		}
		if widths[widest] <= leastColumn {
			break
		}
		widths[widest]--
	}
	return widths
}

// cells draws one line of a table.
func (a *app) cells(cells []termio.Cell, widths []int, styled bool) string {
	if len(cells) == 1 && len(widths) != 1 {
		widths = []int{max(1, a.width-2)}
	}
	var b strings.Builder
	for i, c := range cells {
		text := cut(termio.Isolate(c.Text), widths[i])
		space := max(0, widths[i]-lipgloss.Width(text)) + gap
		if styled {
			text = a.style.of(c.Style).Render(text)
		}
		b.WriteString(text)
		if i < len(cells)-1 {
			b.WriteString(strings.Repeat(" ", space))
		}
	}
	return b.String()
}
