package termio

import (
	"bufio"
	"fmt"
	"strings"

	"github.com/mattn/go-runewidth"
)

// Cell is one value of a table, with the style it has on a terminal.
type Cell struct {
	Text  string
	Style Style
}

// Table collects rows and writes them when it is flushed: aligned under a header on a terminal, as tab-separated
// lines without header elsewhere. It is for one goroutine.
type Table struct {
	io     *IO
	header []string
	rows   [][]Cell
}

// NewTable returns a table for Out.
func (s *IO) NewTable(header ...string) *Table { return &Table{io: s, header: header} }

// Row adds a row of plain values. Values are cleaned; rows may be shorter than the header.
func (t *Table) Row(values ...string) {
	cells := make([]Cell, len(values))
	for i, v := range values {
		cells[i].Text = v
	}
	t.Cells(cells...)
}

// Cells adds a row of styled values.
func (t *Table) Cells(cells ...Cell) {
	row := make([]Cell, len(cells))
	for i, c := range cells {
		row[i] = Cell{Clean(c.Text), c.Style}
	}
	t.rows = append(t.rows, row)
}

// Flush writes the rows to Out and forgets them. A table without rows writes nothing.
func (t *Table) Flush() error {
	if len(t.rows) == 0 {
		return nil
	}
	w := bufio.NewWriter(t.io.Out)
	if t.io.outTTY {
		t.writeAligned(w)
	} else {
		t.writeTabs(w)
	}
	t.rows = nil
	if err := w.Flush(); err != nil {
		return fmt.Errorf("write table: %w", err)
	}
	return nil
}

// writeTabs and writeAligned leave errors to the writer, which keeps the first one until Flush.
func (t *Table) writeTabs(w *bufio.Writer) {
	for _, row := range t.rows {
		for i, c := range row {
			if i > 0 {
				_ = w.WriteByte('\t')
			}
			_, _ = w.WriteString(c.Text)
		}
		_ = w.WriteByte('\n')
	}
}

func (t *Table) writeAligned(w *bufio.Writer) {
	head := make([]Cell, len(t.header))
	for i, h := range t.header {
		head[i] = Cell{strings.ToUpper(h), Faint}
	}
	rows := append([][]Cell{head}, t.rows...)
	widths := t.fit(columnWidths(rows))
	for _, row := range rows {
		t.writeRow(w, row, widths)
	}
}

func (t *Table) writeRow(w *bufio.Writer, row []Cell, widths []int) {
	for i, c := range row {
		text := c.Text
		width := Width(text)
		if width > widths[i] {
			text = Clean(truncate(text, widths[i]))
			width = Width(text)
		}
		_, _ = w.WriteString(t.io.Styled(c.Style, Isolate(text)))
		if i < len(row)-1 {
			_, _ = w.WriteString(strings.Repeat(" ", max(0, widths[i]-width)+2))
		}
	}
	_ = w.WriteByte('\n')
}

func columnWidths(rows [][]Cell) []int {
	var widths []int
	for _, row := range rows {
		for i, c := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], Width(c.Text))
		}
	}
	return widths
}

// fit narrows the widest columns until the table fits the terminal. The first column, which holds what a person
// copies into the next command, and columns of 12 or less are never narrowed.
func (t *Table) fit(widths []int) []int {
	const least = 12
	total := 2 * (len(widths) - 1)
	for _, w := range widths {
		total += w
	}
	for ; total > t.io.width; total-- {
		widest := 0
		for i := 1; i < len(widths); i++ {
			if widths[i] > least && (widest == 0 || widths[i] > widths[widest]) {
				widest = i
			}
		}
		if widest == 0 {
			break
		}
		widths[widest]--
	}
	return widths
}

// condition measures text as terminals do outside East Asian locales.
func condition() *runewidth.Condition { return &runewidth.Condition{StrictEmojiNeutral: true} }

// Width returns the number of terminal columns of clean text: 2 for wide characters, 0 for combining ones.
func Width(text string) int {
	if plainASCII(text) {
		return len(text)
	}
	return condition().StringWidth(text)
}

func truncate(text string, width int) string { return condition().Truncate(text, width, "…") }
