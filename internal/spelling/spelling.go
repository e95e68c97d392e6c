// Package spelling compares words as people type them: without regard to case, accents or punctuation, and allowing
// for a few wrong letters. It is used for suggestions and for aliases, never to decide who somebody is.
package spelling

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Fold returns text in lower case, without accents, with ligatures and letters with strokes written plainly and every run of other characters
// than letters and digits as one space: "Avis d’Imposition", "avis-d'imposition" and "AVIS D IMPOSITION" are equal.
func Fold(text string) string {
	var b strings.Builder
	gap := false
	for _, r := range norm.NFKD.String(strings.ToLower(text)) {
		switch {
		case unicode.Is(unicode.Mn, r):
			continue
		case !unicode.IsLetter(r) && !unicode.IsNumber(r):
			gap = true
			continue
		}
		if gap && b.Len() > 0 {
			b.WriteByte(' ')
		}
		gap = false
		switch r {
		case 'œ':
			b.WriteString("oe")
		case 'æ':
			b.WriteString("ae")
		case 'ß':
			b.WriteString("ss")
		case 'ø':
			b.WriteByte('o')
		case 'đ', 'ð':
			b.WriteByte('d')
		case 'ł':
			b.WriteByte('l')
		case 'ı':
			b.WriteByte('i')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Closest returns the candidate most like word, "" if none is near: at most a third of the letters, and always one,
// may be wrong. Of equally near candidates the first wins.
func Closest(word string, candidates []string) string {
	folded := []rune(Fold(word))
	best, limit := "", len(folded)/3+2
	for _, c := range candidates {
		if d := distance(folded, []rune(Fold(c)), limit); d < limit {
			best, limit = c, d
		}
	}
	return best
}

// distance is the number of letters to add, drop, change or swap with their neighbour between a and b, or limit if
// their lengths alone make it that.
func distance(a, b []rune, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range a {
		before, last, row = last, row, before
		row[0] = i + 1
		for j := range b {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(last[j]+cost, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
	}
	return row[len(b)]
}
