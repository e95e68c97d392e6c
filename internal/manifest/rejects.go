package manifest

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"

	"vaultctl/internal/api"
	"vaultctl/internal/atomicfile"
)

// Rejects is a file of the rows that an import refused, with all their columns and why. It can be corrected and
// imported as it is. It appears when it is closed, and only if there is a row in it; mode 0600. It is safe for concurrent
// use.
type Rejects struct {
	path    string
	columns []string // nil for JSON lines
	keep    []int    // cells that are written; the row, code and error of rejects that were imported again are not
	comma   rune

	mu    sync.Mutex
	file  *atomicfile.Pending
	out   io.Writer // the file
	csv   *csv.Writer
	count int
}

// dialected is a source that knows with which separator its rejects are best read by the program that wrote it.
type dialected interface{ comma() byte }

// NewRejects prepares a file at path for the rejects of src: JSON lines for JSON lines, CSV in UTF-8 with a byte order
// mark and the separator of the source for all else. Nothing is written yet.
func NewRejects(path string, src Source) *Rejects {
	r := &Rejects{path: path, columns: src.Columns(), comma: ';'}
	if d, ok := src.(dialected); ok && d.comma() != 0 {
		r.comma = rune(d.comma())
	}
	for i, h := range r.columns {
		if !isRejectColumn(h) {
			r.keep = append(r.keep, i)
		}
	}
	return r
}

func isRejectColumn(header string) bool {
	for _, name := range rejectColumns {
		if folded(name) == folded(header) {
			return true
		}
	}
	return false
}

// Add writes a row with the result that refused it; the result's code and message stand for row.Err.
func (r *Rejects) Add(row *Row, res api.RowResult) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.begin(); err != nil {
		return fmt.Errorf("write rejects: %w", err)
	}
	r.count++
	var err error
	if r.columns == nil {
		err = r.addLine(row, res)
	} else {
		err = r.addCells(row, res)
	}
	if err != nil {
		return fmt.Errorf("write rejects: %w", err)
	}
	return nil
}

// Count is how many rows were added.
func (r *Rejects) Count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.count
}

// begin creates the file at the first row.
func (r *Rejects) begin() error {
	if r.out != nil {
		return nil
	}
	file, err := atomicfile.New(r.path, 0o600)
	if err != nil {
		return err
	}
	r.file = file
	return r.beginOn(file)
}

// beginOn writes what comes before the rows.
func (r *Rejects) beginOn(out io.Writer) error {
	r.out = out
	if r.columns == nil {
		return nil
	}
	if _, err := io.WriteString(out, "\uFEFF"); err != nil {
		return err
	}
	r.csv = csv.NewWriter(out)
	r.csv.Comma, r.csv.UseCRLF = r.comma, true
	head := make([]string, 0, len(r.keep)+len(rejectColumns))
	for _, i := range r.keep {
		head = append(head, guard(r.columns[i]))
	}
	return r.csv.Write(append(head, rejectColumns...))
}

func (r *Rejects) addCells(row *Row, res api.RowResult) error {
	cells := make([]string, 0, len(r.keep)+len(rejectColumns))
	for _, i := range r.keep {
		cell := ""
		if i < len(row.Cells) {
			cell = guard(row.Cells[i])
		}
		cells = append(cells, cell)
	}
	return r.csv.Write(append(cells, strconv.FormatInt(row.Number, 10), res.Code, guard(res.Message)))
}

// addLine writes the members of the row's object and the three of rejects. A line that is no object is kept as text.
func (r *Rejects) addLine(row *Row, res api.RowResult) error {
	text := strings.Join(row.Cells, "")
	keys, members, err := objectOf([]byte(text))
	if err != nil {
		quoted, err := json.Marshal(text)
		if err != nil {
			return err
		}
		keys, members = []string{"line"}, map[string]json.RawMessage{"line": quoted}
	}
	var b strings.Builder
	put := func(key string, v json.RawMessage) error {
		k, err := json.Marshal(key)
		if b.Len() > 0 {
			b.WriteByte(',')
		}
		b.Write(k)
		b.WriteByte(':')
		b.Write(v)
		return err
	}
	for _, k := range keys {
		if !isRejectColumn(k) {
			err = errors.Join(err, put(k, members[k]))
		}
	}
	err = nil
	for i, v := range []any{row.Number, res.Code, res.Message} {
		text, e := json.Marshal(v)
		err = errors.Join(err, e, put(rejectColumns[i], text))
	}
	if err != nil {
		return err
	}
	_, err = io.WriteString(r.out, "{"+b.String()+"}\n")
	return err
}

// Close finishes the file; without a row there is none. A file of that name that was there before is replaced.
func (r *Rejects) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.file == nil {
		return nil
	}
	if r.csv != nil {
		if r.csv.Flush(); r.csv.Error() != nil {
			return errors.Join(fmt.Errorf("write rejects: %w", r.csv.Error()), r.file.Abort())
		}
	}
	if err := r.file.Replace(); err != nil {
		return fmt.Errorf("write rejects: %w", err)
	}
	return nil
}
