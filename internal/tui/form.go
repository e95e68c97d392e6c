package tui

import (
	"strings"

	"vaultctl/internal/lang"
	"vaultctl/internal/termio"
	"vaultctl/internal/vault"
)

// form is a set of questions. Texts are in the person's language. Values are written while the form is filled and are read
// when it was; a form that was left may have written some of them.
type form struct {
	title  string
	intro  []string // sentences above the fields
	fields []*field
}

// fieldKind says what a field takes.
type fieldKind int

const (
	oneLine  fieldKind = iota // text
	secret                    // text, not shown; a QR reader that types ends it with Enter
	choice                    // one of options, in text
	choices                   // some of options, in some
	yesNo                     // yes
	sentence                  // nothing: something to read between the questions
)

// field is one question. Of text, some and yes the one that the kind wants is set, and holds what is proposed.
type field struct {
	kind    fieldKind
	label   string
	help    string // a sentence below the label
	text    *string
	some    *[]string
	yes     *bool
	options []option
	// finds gives other words by which a value is found, where there are many to choose from; nil for none.
	finds func(value string) string
	// reads turns what was typed, without the spaces around it, into the value, or says what is wrong with it; the text of its
	// error is shown in the person's language. It is not asked about nothing.
	reads func(string) (string, error)
	// when hides the field while it reports false.
	when func() bool
	// needed refuses an empty value.
	needed bool
}

// option is one value of a choice.
type option struct{ value, label string }

// asks reports whether the field is to be shown now.
func (f *field) asks() bool { return f.when == nil || f.when() }

// verify says in the person's language what is wrong with a typed value, "" for nothing.
func (f *field) verify(l lang.Lang, typed string) string {
	typed = strings.TrimSpace(typed)
	if f.needed && typed == "" {
		return l.T("This cannot be left empty.")
	}
	if f.reads == nil || typed == "" {
		return ""
	}
	if _, err := f.reads(typed); err != nil {
		return l.Message(err.Error())
	}
	return ""
}

// finish turns what was typed into values.
func (f *form) finish() {
	for _, q := range f.fields {
		if q.kind != oneLine && q.kind != secret {
			continue
		}
		*q.text = strings.TrimSpace(*q.text)
		if q.reads == nil || *q.text == "" || !q.asks() {
			continue
		}
		if value, err := q.reads(*q.text); err == nil {
			*q.text = value
		}
	}
}

// day reads a day as commands do: YYYY-MM-DD, or a span from today such as +30d.
func (d *desk) day(text string) (string, error) {
	day, err := vault.ParseDate(text, vault.DateOf(d.now()))
	return string(day), err
}

// birth reads a date of birth of which only a part may be known.
func (d *desk) birth(text string) (string, error) {
	born, err := vault.ParseBirthDate(text, vault.DateOf(d.now()))
	return string(born), err
}

// clean makes options that hold what people typed fit for a screen.
func clean(options []option) []option {
	cleaned := make([]option, len(options))
	for i, o := range options {
		cleaned[i] = option{o.value, termio.Isolate(termio.Clean(o.label))}
	}
	return cleaned
}
