package manifest

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"

	"vaultctl/internal/vault"
)

// splitter joins lines to rows where quotes say so, and splits rows into cells.
//
// A quote that opens a cell and is not closed does not swallow what follows: when a quote in the middle of a cell that
// stands in quotes is not doubled, when the row grows beyond its limits, or when the file ends, the row is an error that
// names the line of the quote, and reading goes on at the line after it.
type splitter struct {
	lines *lines
	comma byte
	feed  feed
	csv   *csv.Reader
}

func newSplitter(l *lines, comma byte) *splitter { return &splitter{lines: l, comma: comma} }

// feed hands one row at a time to the reader of encoding/csv, which reads no further than a row's end.
type feed struct{ row []byte }

func (f *feed) Read(b []byte) (int, error) {
	if len(f.row) == 0 {
		return 0, io.EOF
	}
	n := copy(b, f.row)
	f.row = f.row[n:]
	return n, nil
}

// next returns the cells of the next row; those of an empty line are none. With a *rowError they are the text of the
// row in one cell.
func (s *splitter) next() ([]string, error) {
	first, err := s.lines.next()
	if err != nil {
		return nil, err
	}
	if len(bytes.TrimSpace(first.text)) == 0 && s.comma != '\t' {
		return nil, nil
	}
	row, err := s.join(first)
	if err != nil {
		return []string{string(cut(row))}, err
	}
	return s.cells(row)
}

// join appends lines to the first one until no quote is open.
func (s *splitter) join(first line) ([]byte, error) {
	row := first.text
	if first.long {
		return row, &rowError{vault.Errorf(vault.CodeInvalid, "line %d is longer than %d bytes", first.number, maxRowBytes)}
	}
	if bytes.IndexByte(row, '"') < 0 {
		return row, nil
	}
	q := quotes{comma: s.comma}
	last, opened, kept := first, first.number, len(row)
	var after []line // the lines after the one with the open quote
	for {
		was, doubled := q.open, q.scan(last.text)
		if !was || q.reopened {
			opened, kept, after = last.number, len(row), nil
		}
		if doubled && !q.open {
			return row, nil
		}
		var next line
		err := io.EOF
		if doubled {
			next, err = s.lines.next()
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return row, err
		}
		if err == nil {
			after = append(after, next)
		}
		if err != nil || next.long || last.number-first.number+2 > maxRowLines || len(row)+len(next.text) >= maxRowBytes {
			s.lines.putBack(after)
			return row[:kept], errQuote(opened)
		}
		row = append(append(row, '\n'), next.text...)
		last = next
	}
}

func errQuote(opened int64) error {
	return &rowError{vault.Errorf(vault.CodeInvalid, "line %d: a quote is left open, or one within quotes is not doubled", opened)}
}

// quotes follows the quotes of a row from line to line.
type quotes struct {
	comma    byte
	open     bool
	reopened bool // the quote that is open was opened in the last line
}

// scan reads a line. It returns false where a quote within quotes is not doubled.
func (q *quotes) scan(text []byte) bool {
	start := !q.open // at the start of a cell
	q.reopened = false
	for i := 0; i < len(text); {
		if q.open {
			end := bytes.IndexByte(text[i:], '"')
			if end < 0 {
				return true
			}
			i += end + 1
			switch {
			case i == len(text) || text[i] == q.comma:
				q.open, start = false, false
			case text[i] == '"':
				i++
			default:
				return false
			}
			continue
		}
		switch c := text[i]; {
		case c == q.comma:
			start = true
		case c == '"' && start:
			q.open, q.reopened, start = true, true, false
		case c != ' ' || q.comma == '\t':
			start = false
		}
		i++
	}
	return true
}

// cells splits a row. Quotes within a cell that does not begin with one are text, as spreadsheets have it.
func (s *splitter) cells(row []byte) ([]string, error) {
	if s.csv == nil {
		s.feed = feed{}
		s.csv = csv.NewReader(&s.feed)
		s.csv.Comma, s.csv.LazyQuotes, s.csv.FieldsPerRecord = rune(s.comma), true, -1
		s.csv.TrimLeadingSpace = s.comma != '\t'
	}
	before := s.csv.InputOffset()
	row = append(row, '\n')
	s.feed.row = row
	size := int64(len(s.feed.row))
	cells, err := s.csv.Read()
	if err != nil || s.csv.InputOffset()-before != size {
		s.csv = nil // what it may still hold of this row must not run into the next
		if err == nil {
			err = io.ErrUnexpectedEOF
		}
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		return []string{string(cut(row))}, &rowError{vault.Errorf(vault.CodeInvalid, "the row cannot be split into cells: %w", err)}
	}
	for i, c := range cells {
		cells[i] = unguard(c)
	}
	return cells, nil
}

// cut shortens what is shown of a row that could not be read.
func cut(row []byte) []byte {
	if len(row) > maxCell {
		row = row[:maxCell]
	}
	return bytes.ToValidUTF8(row, []byte("\uFFFD"))
}

// guard keeps a spreadsheet from taking a cell for a formula: an apostrophe is put before = + - @, tab and CR, and
// before apostrophes that stand before one of these, so that unguard gives back what was there.
func guard(cell string) string {
	if formula(cell) {
		return "'" + cell
	}
	return cell
}

// unguard removes what guard put.
func unguard(cell string) string {
	if len(cell) > 1 && cell[0] == '\'' && formula(cell[1:]) {
		return cell[1:]
	}
	return cell
}

func formula(cell string) bool {
	for i := range len(cell) {
		switch cell[i] {
		case '\'':
		case '=', '+', '-', '@', '\t', '\r':
			return true
		default:
			return false
		}
	}
	return false
}
