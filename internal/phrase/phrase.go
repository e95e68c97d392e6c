// Package phrase says in words, to people, what the domain holds: states, days, lines about people, documents, consents and
// shares, receipts, errors with their advice. The command line and the screens say the same by it. Functions take the language
// first; cells carry a sign, so that no state is told by colour alone. Unless a function takes a cleaner, text that people wrote
// passes through as it is, and whoever shows it cleans it.
package phrase

import (
	"strings"
	"time"

	"vaultctl/internal/lang"
	"vaultctl/internal/vault"
)

// Day shows a day, or the day of a time, to a person: 22/11/2026 in French. What is no day stays as it is.
func Day(l lang.Lang, text string) string {
	if len(text) < len("2006-01-02") {
		return text
	}
	if t := vault.Date(text[:len("2006-01-02")]).Time(); !t.IsZero() {
		return l.Date(t)
	}
	return text
}

// Time shows a time of RFC 3339 to a person, in the time zone of this machine. What is no time stays as it is.
func Time(l lang.Lang, text string) string {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return text
	}
	return l.DateTime(t.Local())
}

// Sentence translates a sentence that is no format.
func Sentence(l lang.Lang, text string) string {
	if strings.Contains(text, "%") {
		return text
	}
	return l.T(text, nil...)
}
