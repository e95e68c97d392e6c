package termio

import (
	"slices"
	"testing"
)

func TestWrap(t *testing.T) {
	for text, want := range map[string][]string{
		"":                          nil,
		"  ":                        nil,
		"one":                       {"one"},
		"one two three":             {"one two", "three"},
		"été été été":               {"été été", "été"},
		"incomprehensible as it is": {"incomprehensible", "as it is"},
		"ab cd\u00a0: ef":           {"ab cd\u00a0:", "ef"},
	} {
		if got := Wrap(text, 8); !slices.Equal(got, want) {
			t.Errorf("Wrap(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestWrapErr(t *testing.T) {
	s, b := Test()
	s.SetWidth(9)
	s.Note("one two three")
	s.SetTTY(false, false, true)
	s.Note("one two three")
	s.Note("a  b")
	if got, want := b.Err.String(), "one two three\none two\nthree\na  b\n"; got != want {
		t.Errorf("notes %q, want %q", got, want)
	}
}
