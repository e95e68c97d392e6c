package vault

import (
	"slices"
	"strconv"
	"strings"
)

// PageRange is one part of a list of pages, counted from 1. Last is 0 where it goes on to the last page.
type PageRange struct{ First, Last int }

// PageList says which pages of a paper are meant, in this order: "1-3,5,7-".
type PageList []PageRange

// maxPage is more than any paper has, and far from where numbers overflow; maxRanges bounds what a list may cost.
const (
	maxPage   = 1_000_000
	maxRanges = 1000
)

// ParsePageList reads a list of pages: numbers and ranges with commas between, a range without an end going to the last
// page. A list is never empty and names no page twice. Errors have CodeInvalid.
func ParsePageList(s string) (PageList, error) {
	parts := strings.Split(s, ",")
	if len(parts) > maxRanges {
		return nil, errPageList()
	}
	list := make(PageList, 0, len(parts))
	for _, part := range parts {
		r, ok := parsePageRange(strings.TrimSpace(part))
		if !ok {
			return nil, errPageList()
		}
		list = append(list, r)
	}
	return list, list.distinct()
}

func errPageList() *Error {
	return Errorf(CodeInvalid, "not a list of pages: write 1-3, 1,3,5-7 or 4-")
}

func parsePageRange(s string) (PageRange, bool) {
	from, to, isRange := strings.Cut(s, "-")
	var r PageRange
	var ok bool
	if r.First, ok = parsePage(from); !ok {
		return r, false
	}
	if !isRange {
		r.Last = r.First
		return r, true
	}
	if to = strings.TrimSpace(to); to == "" {
		return r, true
	}
	r.Last, ok = parsePage(to)
	return r, ok && r.Last >= r.First
}

func parsePage(s string) (int, bool) {
	s = strings.TrimSpace(s)
	for _, c := range s {
		if c < '0' || c > '9' {
			return 0, false
		}
	}
	n, err := strconv.Atoi(s)
	return n, err == nil && n >= 1 && n <= maxPage
}

// end is the last page of a range for comparisons.
func (r PageRange) end() int {
	if r.Last == 0 {
		return maxPage
	}
	return r.Last
}

// distinct returns an error that names a page which the list names twice.
func (l PageList) distinct() error {
	sorted := slices.Clone(l)
	slices.SortFunc(sorted, func(a, b PageRange) int { return a.First - b.First })
	for i := 1; i < len(sorted); i++ {
		if sorted[i].First <= sorted[i-1].end() {
			return Errorf(CodeInvalid, "page %d is named twice", sorted[i].First)
		}
	}
	return nil
}

// Joined returns a list of everything that several lists name. A page that two of them name is an error with CodeInvalid.
func Joined(lists ...PageList) (PageList, error) {
	all := slices.Concat(lists...)
	return all, all.distinct()
}

// Numbers returns the pages of a paper that has n of them. A page that is not there is an error with CodeInvalid.
func (l PageList) Numbers(n int) ([]int, error) {
	if err := l.Within(n); err != nil {
		return nil, err
	}
	var pages []int
	for _, r := range l {
		for p := r.First; p <= min(r.end(), n); p++ {
			pages = append(pages, p)
		}
	}
	return pages, nil
}

// Within returns nil if a paper of n pages has every page of the list, else an error with CodeInvalid.
func (l PageList) Within(n int) error {
	for _, r := range l {
		if last := max(r.First, r.Last); last > n {
			return Errorf(CodeInvalid, "page %d is not there: the PDF has %d", last, n)
		}
	}
	return nil
}

// String writes the list as ParsePageList reads it, without spaces.
func (l PageList) String() string {
	var b strings.Builder
	for i, r := range l {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.Itoa(r.First))
		switch r.Last {
		case r.First:
		case 0:
			b.WriteByte('-')
		default:
			b.WriteString("-" + strconv.Itoa(r.Last))
		}
	}
	return b.String()
}
