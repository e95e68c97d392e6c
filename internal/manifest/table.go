package manifest

import (
	"errors"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"vaultctl/internal/vault"
)

// cellReader gives the rows of a table after its header. An error that is a *rowError is about one row; others, io.EOF
// among them, end the reading.
type cellReader interface {
	next() (number int64, cells []string, err error)
	Close() error
}

// rowError is what is wrong with one row.
type rowError struct{ error }

func (e *rowError) Unwrap() error { return e.error }

// table is a Source of rows with a header.
type table struct {
	notes
	rows   cellReader
	layout *layout
	build  *builder
	files  *files
}

// newTable puts a table together from its header and the reader of its rows, which it closes when it fails. Root is the
// folder of the files that rows name.
func newTable(root string, header []string, rows cellReader, n notes, o *Options) (_ Source, err error) {
	t := &table{notes: n, rows: rows}
	defer func() {
		if err != nil {
			err = errors.Join(err, t.Close())
		}
	}()
	if t.layout, err = newLayout(header, o, &t.notes); err != nil {
		return nil, err
	}
	if s, ok := rows.(*sheetRows); ok {
		s.want(t.layout.known())
	}
	if t.files, err = openFiles(root); err != nil {
		return nil, err
	}
	t.build = newBuilder(t.layout.kind, o, t.files)
	return t, nil
}

// rootOf is the folder that the paths of a manifest are relative to.
func rootOf(path string, o *Options) string {
	if o.Root != "" {
		return o.Root
	}
	return filepath.Dir(path)
}

// Kind is what the columns, the options or the map say.
func (t *table) Kind() Kind { return t.layout.kind }

// Columns are the headers.
func (t *table) Columns() []string { return t.layout.headers }

// Notes are complete from the beginning.
func (t *table) Notes() []string { return t.notes }

// Close releases the file and the folder.
func (t *table) Close() error {
	err := t.rows.Close()
	if t.files != nil {
		err = errors.Join(err, t.files.Close())
	}
	return err
}

// Next returns the next row that is not empty.
func (t *table) Next() (*Row, error) {
	for {
		row, err := t.read()
		if err != nil {
			return nil, err
		}
		if row.Err == nil && blank(row.Cells) {
			continue
		}
		t.understand(row)
		return row, nil
	}
}

// understand fills a row in, unless something is wrong with it already.
func (t *table) understand(row *Row) {
	if row.Err == nil {
		row.Err = t.check(row.Cells)
	}
	if row.Err == nil {
		row.Err = t.build.fill(row, func(column string) string { return t.layout.cell(row.Cells, column) })
	}
}

// read returns the next row with its cells alone.
func (t *table) read() (*Row, error) {
	number, cells, err := t.rows.next()
	row := &Row{Number: number, Cells: cells}
	var bad *rowError
	if !errors.As(err, &bad) {
		return row, err
	}
	row.Err = bad.error
	return row, nil
}

// check finds what makes a whole row doubtful.
func (t *table) check(cells []string) error {
	for i, c := range cells {
		switch {
		case i >= len(t.layout.headers) && strings.TrimSpace(c) != "":
			return vault.Errorf(vault.CodeInvalid, "more cells than columns: a cell that holds the separator must stand in quotes")
		case len(c) > maxCell:
			return vault.Errorf(vault.CodeInvalid, "a cell of more than %d bytes", maxCell)
		case strings.ContainsRune(c, 0):
			return vault.Errorf(vault.CodeInvalid, "a cell with a NUL byte: the file is damaged or not text")
		case strings.ContainsRune(c, utf8.RuneError) || !utf8.ValidString(c):
			return vault.Errorf(vault.CodeInvalid, "characters that the encoding of the file does not have: save it as UTF-8")
		}
	}
	return nil
}

func blank(cells []string) bool {
	for _, c := range cells {
		if strings.TrimSpace(c) != "" {
			return false
		}
	}
	return true
}

func (t *table) comma() byte {
	if c, ok := t.rows.(*csvRows); ok {
		return c.split.comma
	}
	return 0
}
