package termio

import (
	"strings"
	"testing"
)

func TestStatusLine(t *testing.T) {
	run := func(tty, quiet bool) string {
		s, b := Test()
		s.SetTTY(false, false, tty)
		s.SetQuiet(quiet)
		s.SetWidth(10)
		line := s.StatusLine()
		line.Show("one\x1b[2J")
		line.Show(strings.Repeat("é", 40))
		line.Done()
		line.Show("late")
		line.Done()
		return b.Err.String()
	}
	want := "\r\x1b[Kone\\x1b[…\r\x1b[Kéééééééé…\r\x1b[K"
	if got := run(true, false); got != want {
		t.Errorf("line %q, want %q", got, want)
	}
	if got := run(false, false) + run(true, true); got != "" {
		t.Errorf("a line where none belongs: %q", got)
	}
}
