package vault

import (
	"fmt"
	"testing"
)

func TestPageList(t *testing.T) {
	for _, c := range []struct {
		text, want string
		of         int
		pages      string
	}{
		{"1", "1", 1, "[1]"},
		{"1-3", "1-3", 3, "[1 2 3]"},
		{" 1 , 3,5 - 7 ", "1,3,5-7", 7, "[1 3 5 6 7]"},
		{"4-", "4-", 6, "[4 5 6]"},
		{"6-", "6-", 6, "[6]"},
		{"3,1-2", "3,1-2", 3, "[3 1 2]"},
		{"2-2", "2", 2, "[2]"},
		{"007", "7", 9, "[7]"},
	} {
		l, err := ParsePageList(c.text)
		if err != nil || l.String() != c.want {
			t.Errorf("%q: %q, %v", c.text, l, err)
			continue
		}
		if n, err := l.Numbers(c.of); err != nil || fmt.Sprint(n) != c.pages {
			t.Errorf("%q of %d: %v, %v", c.text, c.of, n, err)
		}
		if _, err := l.Numbers(max(l[len(l)-1].First, l[len(l)-1].Last, l[0].First) - 1); CodeOf(err) != CodeInvalid {
			t.Errorf("%q of too few pages: %v", c.text, err)
		}
	}
}

func TestPageListRefused(t *testing.T) {
	for _, s := range []string{"", ",", "1,", "0", "-3", "3-1", "a", "1-2-3", "1,,2", "+1", "1.5", "99999999999999999999", "1000001",
		"1,1", "1-3,2", "4-,9", "2-,1-2", "١", "1;2", "1-a"} {
		if l, err := ParsePageList(s); CodeOf(err) != CodeInvalid {
			t.Errorf("%q was read as %q, %v", s, l, err)
		}
	}
}

func TestJoined(t *testing.T) {
	parse := func(s string) PageList {
		l, err := ParsePageList(s)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	if l, err := Joined(parse("4-6"), parse("1-2"), parse("3")); err != nil || l.Within(6) != nil || l.Within(5) == nil {
		t.Errorf("%v, %v", l, err)
	}
	if _, err := Joined(parse("1-3"), parse("3-")); CodeOf(err) != CodeInvalid || err.Error() != "page 3 is named twice" {
		t.Errorf("overlap: %v", err)
	}
}

func FuzzPageList(f *testing.F) {
	for _, s := range []string{"1-3", "1,3,5-7", "4-", "", "1-2,2", "0", "-"} {
		f.Add(s, 7)
	}
	f.Fuzz(func(t *testing.T, s string, n int) {
		l, err := ParsePageList(s)
		if err != nil {
			if CodeOf(err) != CodeInvalid {
				t.Fatalf("%q: %v", s, err)
			}
			return
		}
		again, err := ParsePageList(l.String())
		if err != nil || again.String() != l.String() {
			t.Fatalf("%q is written as %q, which reads as %q, %v", s, l, again, err)
		}
		n = min(n, 10_000)
		pages, err := l.Numbers(n)
		if err != nil {
			return
		}
		seen := map[int]bool{}
		for _, p := range pages {
			if p < 1 || p > n || seen[p] {
				t.Fatalf("%q of %d gives %v", s, n, pages)
			}
			seen[p] = true
		}
		if len(pages) == 0 {
			t.Fatalf("%q of %d gives nothing", s, n)
		}
	})
}
