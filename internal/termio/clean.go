package termio

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/bidi"
)

const (
	firstStrong = '\u2068' // FSI: starts a run whose direction its own text decides
	popIsolate  = '\u2069' // PDI: ends it
)

// Clean returns s as one line that cannot drive a terminal: control characters, line separators and invalid UTF-8
// are shown as \x1b-like text, tabs and newlines become a space, and every direction mark that s opens is closed in
// it. Printable text in any script is left alone. Use it for everything that a person or a remote provided.
func Clean(s string) string {
	if plainASCII(s) {
		return s
	}
	var b strings.Builder
	var open []rune // the closing mark of each direction mark still open
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case r == '\t' || r == '\n' || r == '\r' || r == '\u2028' || r == '\u2029':
			b.WriteByte(' ')
		case unicode.Is(unicode.Cc, r):
			fmt.Fprintf(&b, `\x%02x`, r)
		case r == '\u202c' || r == popIsolate:
			if n := len(open); n > 0 && open[n-1] == r {
				open = open[:n-1]
				b.WriteRune(r)
			}
		default:
			if end := closing(r); end != 0 {
				open = append(open, end)
			}
			b.WriteRune(r)
		}
		i += size
	}
	for i := len(open) - 1; i >= 0; i-- {
		b.WriteRune(open[i])
	}
	return b.String()
}

func plainASCII(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] > 0x7e {
			return false
		}
	}
	return true
}

// closing returns the mark that ends what r opens, 0 if r opens nothing.
func closing(r rune) rune {
	switch r {
	case '\u202a', '\u202b', '\u202d', '\u202e':
		return '\u202c'
	case '\u2066', '\u2067', '\u2068':
		return popIsolate
	}
	return 0
}

// Isolate returns clean text so that, if it runs from right to left, it does not reorder what stands beside it.
func Isolate(clean string) string {
	if plainASCII(clean) || !hasRightToLeft(clean) {
		return clean
	}
	return string(firstStrong) + clean + string(popIsolate)
}

func hasRightToLeft(s string) bool {
	for _, r := range s {
		p, _ := bidi.LookupRune(r)
		switch p.Class() {
		case bidi.R, bidi.AL, bidi.RLE, bidi.RLO, bidi.RLI, bidi.FSI, bidi.LRE, bidi.LRO, bidi.LRI:
			return true
		}
	}
	return false
}

// cleanFor cleans s, and isolates it too where a person reads it.
func (s *IO) cleanFor(tty bool, text string) string {
	text = Clean(text)
	if tty {
		return Isolate(text)
	}
	return text
}

// Clean returns text fit for Out: see the function Clean; on a terminal right-to-left text is isolated as well.
func (s *IO) Clean(text string) string { return s.cleanFor(s.outTTY, text) }

// CleanErr is Clean for Err.
func (s *IO) CleanErr(text string) string { return s.cleanFor(s.errTTY, text) }
