package vault

import (
	"regexp"
	"strings"
)

// nir matches a French national identity number, with or without its key, however it is spaced.
var nir = regexp.MustCompile(`[1-478][ .\-]?\d{2}[ .\-]?(?:0[1-9]|1[0-2]|[2-9]\d)[ .\-]?(?:\d{2}|2[abAB])[ .\-]?\d{3}[ .\-]?\d{3}(?:[ .\-]?\d{2})?`)

// MaskNIR replaces the digits of national identity numbers in s by asterisks.
func MaskNIR(s string) string {
	return nir.ReplaceAllStringFunc(s, func(m string) string {
		return strings.Map(func(r rune) rune {
			if r == ' ' || r == '.' || r == '-' {
				return r
			}
			return '*'
		}, m)
	})
}

// HasNIR reports whether s holds what looks like a national identity number.
func HasNIR(s string) bool { return nir.MatchString(s) }
