package paper

// Table is a table of sentences. Widths gives each column's share of the page; none makes all columns equal.
type Table struct {
	Head   []string
	Rows   [][]string
	Widths []float64
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
