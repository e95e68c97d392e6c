package manifest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"vaultctl/internal/vault"
)

// separators are those that are looked for, the commonest here first.
const separators = ";,\t|"

// csvRows are the rows of a CSV file.
type csvRows struct {
	file   io.Closer
	split  *splitter
	number int64 // of the last row
}

func (c *csvRows) next() (int64, []string, error) {
	cells, err := c.split.next()
	var bad *rowError
	if err != nil && !errors.As(err, &bad) {
		return 0, nil, err
	}
	c.number++
	return c.number, cells, err
}

// Close closes the file.
func (c *csvRows) Close() error { return c.file.Close() }

// openCSV opens a table of text with separators, in whatever dialect.
func openCSV(path string, o Options) (Source, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fileTrouble(err)
	}
	return newCSV(f, rootOf(path, &o), &o)
}

// newCSV reads a table from f, which it closes when it fails.
func newCSV(f io.ReadSeekCloser, root string, o *Options) (Source, error) {
	rows := &csvRows{file: f}
	header, n, err := rows.begin(f, o)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return newTable(root, header, rows, n, o)
}

// begin finds out how the table is written and reads its header.
func (c *csvRows) begin(f io.ReadSeeker, o *Options) (header []string, n notes, err error) {
	var file FileMap
	if o.Map != nil {
		file = o.Map.File
	}
	text, charset, err := decoded(f, file.Encoding)
	if err != nil {
		return nil, nil, err
	}
	comma, err := skipTop(text, file)
	if err != nil {
		return nil, nil, err
	}
	if comma == 0 {
		comma = sniff(text, o)
	}
	c.split, c.number = newSplitter(newLines(text, maxRowBytes), comma), int64(file.SkipRows)
	if header, err = c.header(); err != nil {
		return nil, nil, err
	}
	if charset != "utf-8" {
		n.add(vault.Errorf(vault.CodeAttention, "encoding found: %s", charset))
	}
	n.add(vault.Errorf(vault.CodeAttention, "separator found: %s", separatorName(comma)))
	return header, n, nil
}

// header returns the first row that is not empty.
func (c *csvRows) header() ([]string, error) {
	for {
		_, cells, err := c.next()
		if errors.Is(err, io.EOF) {
			return nil, vault.Errorf(vault.CodeInvalid, "the table is empty: not even a header")
		}
		if err != nil {
			return nil, fmt.Errorf("read header: %w", err)
		}
		if blank(cells) {
			continue
		}
		for len(cells) > 0 && strings.TrimSpace(cells[len(cells)-1]) == "" {
			cells = cells[:len(cells)-1]
		}
		for i, h := range cells {
			if strings.ContainsRune(h, 0) || strings.ContainsRune(h, '\uFFFD') {
				return nil, vault.Errorf(vault.CodeInvalid, "the header is not text: is this a table?")
			}
			cells[i] = strings.TrimSpace(h)
		}
		return cells, nil
	}
}

// skipTop reads over the lines that the map says to skip and over Excel's "sep=;", and returns the separator that is
// known by then, 0 if none.
func skipTop(text *bufio.Reader, file FileMap) (byte, error) {
	comma := file.comma()
	l := newLines(text, maxRowBytes)
	for range file.SkipRows {
		if _, err := l.next(); err != nil && !errors.Is(err, io.EOF) {
			return 0, fmt.Errorf("read manifest: %w", err)
		}
	}
	head, _ := text.Peek(16) // what cannot be read fails at the header as well
	end := bytes.IndexAny(head, "\r\n")
	if end < 0 {
		return comma, nil
	}
	first := strings.Trim(string(head[:end]), `"`)
	if len(first) != len("sep=;") || !strings.EqualFold(first[:4], "sep=") || first[4] >= 0x80 {
		return comma, nil
	}
	if _, err := l.next(); err != nil {
		return 0, fmt.Errorf("read manifest: %w", err)
	}
	if comma == 0 {
		comma = first[4]
	}
	return comma, nil
}

// sniff finds the separator: the one with which the header has most columns that are known, then the one with which
// most of the first rows are as long as the header, then the one with most columns.
func sniff(text *bufio.Reader, o *Options) byte {
	head, _ := text.Peek(sniffed) // what cannot be read fails at the header as well
	best, bestScore := separators[0], [3]int{-1}
	for i := range len(separators) {
		if score := dialectScore(head, separators[i], o); greater(score, bestScore) {
			best, bestScore = separators[i], score
		}
	}
	return best
}

func greater(a, b [3]int) bool {
	for i := range a {
		if a[i] != b[i] {
			return a[i] > b[i]
		}
	}
	return false
}

// sampled is how many rows are compared with the header.
const sampled = 20

func dialectScore(head []byte, comma byte, o *Options) (score [3]int) {
	s := newSplitter(newLines(bufio.NewReaderSize(bytes.NewReader(head), len(head)+1), maxRowBytes), comma)
	var header []string
	for header == nil {
		cells, err := s.next()
		if err != nil {
			score[2] = 2 // rows of separators alone: better than one cell that holds them
			return score
		}
		if !blank(cells) {
			header = cells
		}
	}
	for _, kind := range []Kind{Documents, People} {
		known := 0
		r := newResolver(kind, o.Map)
		for _, h := range header {
			if r.column(h) != "" {
				known++
			}
		}
		score[0] = max(score[0], known)
	}
	for range sampled {
		if cells, err := s.next(); err == nil && len(cells) == len(header) && len(cells) > 1 {
			score[1]++
		}
	}
	score[2] = len(header)
	return score
}

// separatorName is how a separator is called in a note.
func separatorName(comma byte) string {
	if comma == '\t' {
		return "TAB"
	}
	return string(comma)
}
