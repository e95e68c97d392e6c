package termio

import "strings"

// Wrap breaks text at ordinary spaces into lines of at most width columns. A longer word stays whole; spaces around words are
// not kept. An empty text has no lines.
func Wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r == ' ' }) {
		if line != "" && Width(line)+1+Width(word) > width {
			lines = append(lines, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// WrapErr returns text broken into lines where Err is a terminal that is narrower than it, and as it is elsewhere. The
// text must be clean already.
func (s *IO) WrapErr(text string) string {
	if !s.errTTY || Width(text) < s.width {
		return text
	}
	return strings.Join(Wrap(text, s.width-1), "\n")
}
