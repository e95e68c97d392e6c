package lang

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
)

// Message returns a finished English error message, as the daemon sends it, in the language: the first row of
// fr_errors.go whose English format could have made the message gives the French one, with the same values in it.
// A value that is itself a known message (the cause, after the colon) is translated as well. A message without a row
// comes back as it is.
func (l Lang) Message(msg string) string {
	if l != French {
		return msg
	}
	for _, p := range frenchErrors() {
		found := p.en.FindStringSubmatch(msg)
		if found == nil {
			continue
		}
		args := make([]any, 0, len(found)-1)
		for _, value := range found[1:] {
			args = append(args, l.Message(value))
		}
		return fmt.Sprintf(p.fr, args...)
	}
	return msg
}

// pattern recognizes what an English format makes; fr takes strings only.
type pattern struct {
	en *regexp.Regexp
	fr string
}

// verb is a fmt verb with its flags; explicit indexes are allowed in the French only.
var verb = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`%(\[\d+\])?[-+# 0]*\d*(?:\.\d+)?([a-zA-Z%])`)
})

// frenchErrors compiles the rows of fr_errors.go once, when the first French error is shown; the first row that
// matches wins.
var frenchErrors = sync.OnceValue(func() []pattern {
	patterns := make([]pattern, 0, len(frErrors))
	for _, r := range frErrors {
		patterns = append(patterns, pattern{en: matcher(r.en), fr: stringVerbs(Typography(r.fr))})
	}
	return patterns
})

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
			b.WriteString(`(.*)`)
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
