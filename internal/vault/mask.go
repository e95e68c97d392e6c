package vault

import (
	"regexp"
	"strings"
	"sync"
)

// nir matches a French national identity number, with or without its key, however it is spaced. What stands around a
// match decides whether it is one: see nirSpans.
var nir = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`[1-478][ .\-\x{a0}]?\d{2}[ .\-\x{a0}]?(?:0[1-9]|1[0-2]|[2-9]\d)[ .\-\x{a0}]?(?:\d{2}|2[abAB])[ .\-\x{a0}]?\d{3}[ .\-\x{a0}]?\d{3}(?:[ .\-\x{a0}]?\d{2})?`)
})

// MaskNIR replaces the digits of national identity numbers in s by asterisks. Any 13 or 15 digits of that form are taken
// for one, a wrong key notwithstanding: a mistyped number tells as much as a right one. Digits that are part of a longer
// number or of a long hexadecimal word are left alone.
func MaskNIR(s string) string {
	spans := nirSpans(s)
	if len(spans) == 0 {
		return s
	}
	var b strings.Builder
	last := 0
	for _, at := range spans {
		b.WriteString(s[last:at[0]])
		for _, r := range s[at[0]:at[1]] {
			if r == ' ' || r == '.' || r == '-' || r == '\u00a0' {
				b.WriteRune(r)
			} else {
				b.WriteByte('*')
			}
		}
		last = at[1]
	}
	b.WriteString(s[last:])
	return b.String()
}

// HasNIR reports whether s holds what looks like a national identity number.
func HasNIR(s string) bool { return len(nirSpans(s)) > 0 }

// nirSpans returns where national identity numbers are in s. A match that is none does not hide one that begins inside it.
func nirSpans(s string) [][2]int {
	var out [][2]int
	for from := 0; from < len(s); {
		at := nir().FindStringIndex(s[from:])
		if at == nil {
			break
		}
		start, end := from+at[0], from+at[1]
		if isDigit(s, start-1) || isDigit(s, end) || partOfHex(s, start, end) {
			from = start + 1
			continue
		}
		out = append(out, [2]int{start, end})
		from = end
	}
	return out
}

func isDigit(s string, i int) bool { return i >= 0 && i < len(s) && s[i] >= '0' && s[i] <= '9' }

// minHex is the length from which a word of hexadecimal digits counts as a digest or an identifier.
const minHex = 20

// partOfHex reports whether the span lies in a long word of hexadecimal digits and hyphens, with letters beside the span.
func partOfHex(s string, start, end int) bool {
	first, last, letters := start, end, false
	for ; first > 0 && isHexWord(s[first-1]); first-- {
		letters = letters || s[first-1] > '9'
	}
	for ; last < len(s) && isHexWord(s[last]); last++ {
		letters = letters || s[last] > '9'
	}
	return letters && last-first >= minHex && !isWordByte(s, first-1) && !isWordByte(s, last)
}

func isHexWord(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F' || c == '-'
}

func isWordByte(s string, i int) bool {
	return i >= 0 && i < len(s) && (s[i] >= 'a' && s[i] <= 'z' || s[i] >= 'A' && s[i] <= 'Z' || s[i] >= 0x80)
}
