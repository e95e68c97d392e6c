package lang

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Message returns a finished English error message, as the daemon sends it, in the language: the row of
// fr_errors.go whose English format could have made the message gives the French one, with the same values in it.
// A value that is itself a known message (the cause, after the colon) is translated as well. A message without a row
// comes back as it is.
func (l Lang) Message(msg string) string {
	if l != French {
		return msg
	}
	return translate(frenchErrors(), msg)
}

// translate is Message with the patterns given.
func translate(patterns []pattern, msg string) string {
	for _, p := range patterns {
		// Most rows are ruled out here, so few expressions are ever compiled.
		if !strings.HasPrefix(msg, p.head) || !strings.HasSuffix(msg, p.tail) {
			continue
		}
		found := matcher(p.en).FindStringSubmatch(msg)
		if found == nil {
			continue
		}
		args := make([]any, 0, len(found)-1)
		for _, value := range found[1:] {
			args = append(args, translate(patterns, value))
		}
		return fmt.Sprintf(stringVerbs(Typography(p.fr)), args...)
	}
	return msg
}

// pattern is a row that recognizes what its English format makes.
type pattern struct {
	row
	head, tail string // what every such message begins and ends with
	literal    int    // bytes of the format besides its verbs
}

// verb is a fmt verb with its flags; explicit indexes are allowed in the French only.
var verb = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`%(\[\d+\])?[-+# 0]*\d*(?:\.\d+)?([a-zA-Z%])`)
})

// errorTables are the rows of error messages. Slices of package-level arrays: nothing runs at start.
var errorTables = [...][]row{
	frErrors[:], frErrorsVault[:], frErrorsManifest[:], frErrorsImport[:], frErrorsSync[:], frErrorsJoin[:], frErrorsTeam[:], frErrorsStats[:], frErrorsShare[:],
	frErrorsProcedure[:], frErrorsPackage[:], frErrorsRoot[:],
	frErrorsProof[:], frErrorsPack[:], frErrorsTUI[:], frErrorsTUIHome[:],
}

// errorRows returns the rows of all errorTables.
func errorRows() []row { return slices.Concat(errorTables[:]...) }

// frenchErrors prepares the rows of error messages once, when the first French error is shown.
var frenchErrors = sync.OnceValue(func() []pattern { return prepare(errorRows()) })

// prepare makes the patterns of rows, the most precise first.
func prepare(rows []row) []pattern {
	patterns := make([]pattern, 0, len(rows))
	for _, r := range rows {
		p := pattern{row: r, literal: len(verb().ReplaceAllString(r.en, ""))}
		p.head, p.tail = r.en, r.en
		if at := verb().FindAllStringIndex(r.en, -1); at != nil {
			p.head, p.tail = r.en[:at[0][0]], r.en[at[len(at)-1][1]:]
		}
		patterns = append(patterns, p)
	}
	slices.SortStableFunc(patterns, func(a, b pattern) int { return b.literal - a.literal })
	return patterns
}

// matcher returns the expression that matches exactly what format can make.
func matcher(format string) *regexp.Regexp {
	var b strings.Builder
	b.WriteString(`(?s)\A`)
	last := 0
	for _, at := range verb().FindAllStringSubmatchIndex(format, -1) {
		b.WriteString(regexp.QuoteMeta(format[last:at[0]]))
		switch format[at[4]] {
		case '%':
			b.WriteString("%")
		case 'd':
			b.WriteString(`(-?\d+)`)
		case 'q':
			b.WriteString(`(".*")`)
		default:
			b.WriteString(`(.*?)`) // as little as will do: the cause, which may hold anything, comes last
		}
		last = at[1]
	}
	b.WriteString(regexp.QuoteMeta(format[last:]) + `\z`)
	return regexp.MustCompile(b.String())
}

// stringVerbs makes every verb of a French format take the string that the English message held.
func stringVerbs(format string) string {
	return verb().ReplaceAllStringFunc(format, func(v string) string {
		if strings.HasSuffix(v, "%") {
			return v
		}
		return verb().ReplaceAllString(v, "%${1}s")
	})
}
