package photo

import (
	"bytes"
	"regexp"
	"strconv"
	"sync"
)

// The number of pages of a PDF is read where that is cheap: from the first object of a linearized file, or by way of the
// cross-reference table to the root of the page tree. Files that compress these objects say nothing here.

const (
	tailLen   = 2 << 10
	objectLen = 16 << 10
	maxTables = 64
)

// patterns are made when the first PDF is seen: most commands see none.
var patterns = sync.OnceValue(func() (p struct{ linear, linearN, linearL, start, root, prev, pages, count, row *regexp.Regexp }) {
	p.linear = regexp.MustCompile(`/Linearized\s`)
	p.linearN = regexp.MustCompile(`/N\s+(\d{1,9})`)
	p.linearL = regexp.MustCompile(`/L\s+(\d{1,18})`)
	p.start = regexp.MustCompile(`startxref\s+(\d{1,18})`)
	p.root = regexp.MustCompile(`/Root\s+(\d{1,9})\s+\d+\s+R`)
	p.prev = regexp.MustCompile(`/Prev\s+(\d{1,18})`)
	p.pages = regexp.MustCompile(`/Pages\s+(\d{1,9})\s+\d+\s+R`)
	p.count = regexp.MustCompile(`/Count\s+(\d{1,9})\b`)
	p.row = regexp.MustCompile(`^\s*(\d{1,9})\s+(\d{1,9})\s*?\r?\n?`)
	return p
})

// number returns the number that a pattern finds, -1 for none.
func number(re *regexp.Regexp, b []byte) int64 {
	m := re.FindSubmatch(b)
	if m == nil {
		return -1
	}
	n, err := strconv.ParseInt(string(m[1]), 10, 64)
	if err != nil {
		return -1
	}
	return n
}

func (f *file) pdf(head []byte) int {
	if !bytes.Contains(head, []byte("%PDF-")) {
		return 0
	}
	p := patterns()
	if p.linear.Match(head) && number(p.linearL, head) == f.size { // not changed since
		if n := number(p.linearN, head); n > 0 {
			return int(n)
		}
	}
	tail := f.upTo(max(0, f.size-tailLen), tailLen)
	at := bytes.LastIndex(tail, []byte("startxref"))
	if at < 0 {
		return 0
	}
	table := number(p.start, tail[at:])
	root := number(p.root, f.trailer(table))
	catalog := f.object(table, root)
	tree := f.object(table, number(p.pages, catalog))
	if !bytes.Contains(tree, []byte("/Kids")) {
		return 0
	}
	return int(max(0, number(p.count, tree)))
}

// trailer returns what follows the rows of a table.
func (f *file) trailer(table int64) []byte {
	_, end := f.rows(table, -1)
	if end < 0 {
		return nil
	}
	b := f.upTo(end, objectLen)
	if !bytes.HasPrefix(bytes.TrimLeft(b, " \r\n\t"), []byte("trailer")) {
		return nil
	}
	if i := bytes.Index(b, []byte("startxref")); i >= 0 {
		b = b[:i]
	}
	return b
}

// object returns the bytes of an object, found through a table and those before it.
func (f *file) object(table, n int64) []byte {
	if n < 0 {
		return nil
	}
	for range maxTables {
		off, end := f.rows(table, n)
		if end < 0 {
			return nil
		}
		if off > 0 {
			b := f.upTo(off, objectLen)
			if !bytes.HasPrefix(b, []byte(strconv.FormatInt(n, 10)+" ")) {
				return nil
			}
			if i := bytes.Index(b, []byte("endobj")); i >= 0 {
				b = b[:i]
			}
			return b
		}
		if table = number(patterns().prev, f.trailer(table)); table < 0 {
			return nil
		}
	}
	return nil
}

const rowLen = 20

// rows looks through the sections of a table for the offset of an object, 0 where it is not in it. End is where the rows
// end, -1 where there is no table.
func (f *file) rows(table, n int64) (off, end int64) {
	if table < 0 || !has(f.upTo(table, 4), 0, "xref") {
		return 0, -1
	}
	at := table + 4
	for range maxTables {
		b := f.upTo(at, 32)
		m := patterns().row.FindSubmatch(b)
		if m == nil {
			return off, at
		}
		first, err := strconv.ParseInt(string(m[1]), 10, 64)
		count, cerr := strconv.ParseInt(string(m[2]), 10, 64)
		if err != nil || cerr != nil {
			return 0, -1
		}
		at += int64(len(m[0]))
		if n >= first && n-first < count {
			row := f.at(at+(n-first)*rowLen, rowLen)
			if len(row) == rowLen && row[17] == 'n' {
				off, _ = strconv.ParseInt(string(row[:10]), 10, 64) // 0 is not in it
			}
		}
		at += count * rowLen
	}
	return 0, -1
}
