package manifest

import (
	"strings"
	"time"

	"vaultctl/internal/vault"
)

// dateFormat is how a foreign table writes days: tokens, and characters that stand for themselves.
type dateFormat struct {
	tokens []string
	pivot  int // last two-digit year of this century
}

// dateTokens are read greedily; those of a time of day are passed over.
var dateTokens = []string{"YYYY", "YY", "MM", "DD", "M", "D", "HH", "mm", "ss"}

// newDateFormat reads a format such as DD/MM/YYYY or D.M.YY. Two-digit years need a pivot.
func newDateFormat(text string, pivot *int) (dateFormat, error) {
	var f dateFormat
	count := map[byte]int{}
	for rest := text; rest != ""; {
		token := rest[:1]
		for _, t := range dateTokens {
			if strings.HasPrefix(rest, t) {
				token = t
				break
			}
		}
		if isWord := len(token) > 1 || token == "M" || token == "D"; isWord {
			count[token[0]]++
		} else if strings.ContainsAny(token, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSUVWXYZ0123456789") {
			return f, errFormat()
		}
		f.tokens = append(f.tokens, token)
		rest = rest[len(token):]
	}
	if count['Y'] != 1 || count['M'] != 1 || count['D'] != 1 {
		return f, errFormat()
	}
	if pivot != nil {
		f.pivot = *pivot
	} else if !strings.Contains(text, "YYYY") {
		return f, vault.Errorf(vault.CodeInvalid, "two-digit years need a pivot: the last of them that is in this century")
	}
	return f, nil
}

func errFormat() *vault.Error {
	return vault.Errorf(vault.CodeInvalid, "a date format has YYYY or YY, MM or M, and DD or D, each once; HH, mm and ss may follow")
}

// parse reads a day in the format.
func (f dateFormat) parse(v string) (string, bool) {
	var year, month, day int
	for _, t := range f.tokens {
		if len(t) == 1 && t != "M" && t != "D" {
			if !strings.HasPrefix(v, t) {
				return "", false
			}
			v = v[1:]
			continue
		}
		n, rest, ok := number(v, t)
		if !ok {
			return "", false
		}
		v = rest
		switch t {
		case "YYYY":
			year = n
		case "YY":
			year = 1900 + n
			if n <= f.pivot {
				year += 100
			}
		case "MM", "M":
			month = n
		case "DD", "D":
			day = n
		}
	}
	d := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	if v != "" || d.Year() != year || int(d.Month()) != month || d.Day() != day {
		return "", false
	}
	return string(vault.DateOf(d)), true
}

// number reads the digits of a token: as many as its letters, or one or two for a single letter.
func number(v, token string) (n int, rest string, ok bool) {
	digits := 0
	for digits < len(v) && digits < max(len(token), 2) && v[digits] >= '0' && v[digits] <= '9' {
		n = n*10 + int(v[digits]-'0')
		digits++
	}
	return n, v[digits:], digits >= len(token)
}
