package paper

import (
	"io"
	"time"

	"vaultctl/internal/lang"
)

// ReceiptData is what a receipt says, in sentences already written in the receipt's language. Empty parts are left out.
type ReceiptData struct {
	Organization string
	Title        string // such as "Receipt: consent withdrawn"
	Person       string
	Vault        string    // vault id
	At           time.Time // when the receipt was made
	Paragraphs   []string
	Times        []Moment // what happened when
	Ended        []string // what no longer holds: whose access, which documents
	Remains      []string // what cannot be recalled, or is still held somewhere, and until when
	Table        Table
}

// Moment is something that happened at a time.
type Moment struct {
	What string
	At   time.Time
}

// Table is a table of sentences. Widths gives each column's share of the page; none makes all columns equal.
type Table struct {
	Head   []string
	Rows   [][]string
	Widths []float64
}

// Receipt writes the receipt of a withdrawal, an erasure or another act that a person may have to prove.
func Receipt(w io.Writer, l lang.Lang, data ReceiptData) error {
	s := newSheet(l, clean(data.Title), l.T("Vault %s", data.Vault), data.At)
	s.block(strongStyle, margin, full, clean(data.Organization))
	s.title(clean(data.Title))
	pairs := [][2]string{
		{l.T("Name"), clean(data.Person)},
		{l.T("Vault number"), data.Vault},
		{l.T("Made on"), l.DateTime(data.At)},
	}
	for _, m := range data.Times {
		pairs = append(pairs, [2]string{clean(m.What), l.DateTime(m.At)})
	}
	s.facts(margin, full, 70, pairs)
	s.skip(3)
	for _, p := range data.Paragraphs {
		s.para(sentence(p))
	}
	s.list(l.T("What ended"), data.Ended)
	s.list(l.T("What cannot be recalled"), data.Remains)
	if len(data.Table.Rows) > 0 {
		s.skip(3)
		s.table(data.Table)
	}
	return s.finish(w)
}

// list sets a heading and its items, if there are any.
func (s *sheet) list(heading string, items []string) {
	if len(items) == 0 {
		return
	}
	s.heading(heading)
	for _, item := range items {
		s.bullet(bodyStyle, margin, full, sentence(item))
	}
}

// cellStyle is the type of tables.
var cellStyle = style{size: 10}

// table sets a table, with its head again on every page.
func (s *sheet) table(t Table) {
	widths := columnWidths(t)
	s.row(style{size: 10, bold: true}, widths, t.Head)
	for _, cells := range t.Rows {
		if s.y+s.rowHeight(cellStyle, widths, cells) > bottom {
			s.newPage()
			s.row(style{size: 10, bold: true}, widths, t.Head)
		}
		s.row(cellStyle, widths, cells)
	}
}

// columnWidths returns the columns' widths in millimetres.
func columnWidths(t Table) []float64 {
	columns := len(t.Head)
	for _, cells := range t.Rows {
		columns = max(columns, len(cells))
	}
	shares, sum := make([]float64, columns), 0.0
	for i := range shares {
		shares[i] = 1
		if i < len(t.Widths) && t.Widths[i] > 0 {
			shares[i] = t.Widths[i]
		}
		sum += shares[i]
	}
	for i := range shares {
		shares[i] *= full / sum
	}
	return shares
}

// rowHeight returns what a row takes.
func (s *sheet) rowHeight(st style, widths []float64, cells []string) float64 {
	height := st.leading()
	for i, cell := range cells {
		height = max(height, s.height(st, widths[i]-3, sentence(cell)))
	}
	return height + 2.2
}

// row sets one row and the rule under it; a row taller than what is left of the page begins the next one.
func (s *sheet) row(st style, widths []float64, cells []string) {
	if len(cells) == 0 {
		return
	}
	height := s.rowHeight(st, widths, cells)
	s.room(height)
	from, x := s.y, margin
	for i, cell := range cells {
		s.y = from + 0.8
		s.block(st, x, widths[i]-3, sentence(cell))
		x += widths[i]
	}
	s.y = from + height
	s.pdf.Line(margin, s.y-0.8, pageWidth-margin, s.y-0.8)
}
