package manifest

import (
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"strings"

	"vaultctl/internal/vault"
)

// sheetRows are the rows of a sheet.
type sheetRows struct {
	archive *archive
	part    *xmlPart
	book    *workbook
	skip    int64  // rows above the header
	number  int64  // of the last row
	width   int    // columns of the header; what stands to the right of them is not read
	wanted  []bool // columns in which a value that cannot be told spoils the row; nil for all
}

// maxColumns is how many columns a sheet may have.
const maxColumns = 16384

// Close releases the file.
func (s *sheetRows) Close() error {
	var err error
	if s.part != nil {
		err = s.part.Close()
	}
	if s.archive != nil {
		err = errors.Join(err, s.archive.Close())
	}
	return err
}

// want says which columns matter.
func (s *sheetRows) want(columns []bool) { s.wanted = columns }

// header returns the first row with text in it, without the empty cells at its end.
func (s *sheetRows) header() ([]string, error) {
	s.width = 1024
	s.wanted = []bool{}
	for {
		number, cells, err := s.next()
		if errors.Is(err, io.EOF) {
			return nil, vault.Errorf(vault.CodeInvalid, "the table is empty: not even a header")
		}
		if err != nil {
			return nil, err
		}
		if number <= s.skip || blank(cells) {
			continue
		}
		for len(cells) > 0 && strings.TrimSpace(cells[len(cells)-1]) == "" {
			cells = cells[:len(cells)-1]
		}
		for i := range cells {
			cells[i] = strings.Join(strings.Fields(cells[i]), " ")
		}
		s.width = len(cells)
		return cells, nil
	}
}

// next returns the next row that the sheet holds, with its number.
func (s *sheetRows) next() (int64, []string, error) {
	for {
		t, err := s.part.token()
		if err != nil {
			return 0, nil, err
		}
		e, ok := t.(xml.StartElement)
		if !ok || e.Name.Local != "row" {
			continue
		}
		s.number++
		if n, err := strconv.ParseInt(attribute(e, "r"), 10, 64); err == nil && n >= s.number {
			s.number = n
		}
		cells, err := s.row()
		return s.number, cells, err
	}
}

// row reads the cells up to the end of the row. The first cell that matters and cannot be told is the row's error.
func (s *sheetRows) row() ([]string, error) {
	var cells []string
	var bad error
	column := -1
	for {
		t, err := s.part.token()
		if err != nil {
			return nil, unexpected(err)
		}
		switch e := t.(type) {
		case xml.EndElement:
			if e.Name.Local == "row" {
				return cells, bad
			}
		case xml.StartElement:
			if e.Name.Local != "c" {
				continue
			}
			column = columnOf(attribute(e, "r"), column+1)
			if column >= maxColumns {
				return nil, errWorkbook(errors.New("too many columns"))
			}
			c := cell{kind: attribute(e, "t"), style: attribute(e, "s")}
			if err := c.read(s.part); err != nil {
				return nil, err
			}
			if column >= s.width {
				continue
			}
			text, err := s.book.text(&c)
			if err != nil && bad == nil && s.matters(column) {
				bad = &rowError{vault.Errorf(vault.CodeOf(err), "cell %s: %w", cellName(column, s.number), err)}
			}
			for len(cells) <= column {
				cells = append(cells, "")
			}
			cells[column] = text
		}
	}
}

func (s *sheetRows) matters(column int) bool {
	return s.wanted == nil || column < len(s.wanted) && s.wanted[column]
}

func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return errWorkbook(io.ErrUnexpectedEOF)
	}
	return err
}

// columnOf reads the letters of an address such as AB12; without any the column is next.
func columnOf(address string, next int) int {
	n := 0
	for i := 0; i < len(address) && address[i] >= 'A' && address[i] <= 'Z' && n <= maxColumns; i++ {
		n = n*26 + int(address[i]-'A') + 1
	}
	if n == 0 {
		return next
	}
	return n - 1
}

// cellName is the address of a cell.
func cellName(column int, row int64) string {
	letters := ""
	for n := column + 1; n > 0; n = (n - 1) / 26 {
		letters = string(rune('A'+(n-1)%26)) + letters
	}
	return letters + strconv.FormatInt(row, 10)
}

// cell is a cell as the sheet has it.
type cell struct {
	kind, style string
	value       string
	has         bool // a value
	formula     bool
}

// read reads up to the end of the cell.
func (c *cell) read(p *xmlPart) error {
	var text strings.Builder
	inside, skip := 0, 0
	for {
		t, err := p.token()
		if err != nil {
			return unexpected(err)
		}
		switch e := t.(type) {
		case xml.StartElement:
			switch e.Name.Local {
			case "v", "t":
				c.has = true
				inside++
			case "f":
				c.formula = true
			case "rPh":
				skip++
			}
		case xml.EndElement:
			switch e.Name.Local {
			case "v", "t":
				inside--
			case "rPh":
				skip--
			case "c":
				c.value = text.String()
				return nil
			}
		case xml.CharData:
			if inside > 0 && skip == 0 && text.Len() < maxToken {
				text.Write(e)
			}
		}
	}
}
