package manifest

import (
	"regexp"
	"strings"
	"sync"
	"time"

	"vaultctl/internal/spelling"
	"vaultctl/internal/vault"
)

// scientific matches numbers of which a spreadsheet has thrown the last digits away: 1,85E+12.
var scientific = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[+-]?\d([.,]\d+)?[eE][+-]\d{2,3}$`) })

// dayMonth matches a date with the day or the month in front.
var dayMonth = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})$`) })

// pageList matches pages of a file: 1-3,5 or 4-.
var pageList = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^\d{1,5}(-(\d{1,5})?)?(,\d{1,5}(-(\d{1,5})?)?)*$`)
})

// valueReader reads the values of one row. The first error stays.
type valueReader struct {
	cell  func(column string) string
	dates []dateFormat // of the map; nil for ours
	today vault.Date
	err   error
}

func (r *valueReader) fail(column string, err error) {
	if r.err == nil {
		r.err = vault.Errorf(vault.CodeOf(err), "column %s: %w", column, err)
	}
}

// text returns a value, nil if the row has none.
func (r *valueReader) text(column string) *string {
	v := r.cell(column)
	if v == "" {
		return nil
	}
	return &v
}

// exact is text that a spreadsheet must not have rounded.
func (r *valueReader) exact(column string) string {
	v := r.cell(column)
	if scientific().MatchString(v) {
		r.fail(column, errScientific())
	}
	return v
}

// exactText is exact as a pointer, nil if the row has no value.
func (r *valueReader) exactText(column string) *string {
	if v := r.exact(column); v != "" {
		return &v
	}
	return nil
}

func errScientific() *vault.Error {
	return vault.Errorf(vault.CodeInvalid, "a number in scientific notation has lost its last digits: make the column text, and export again")
}

// list returns values that are separated by |, without doubles.
func (r *valueReader) list(column string) []string {
	var out []string
	for part := range strings.SplitSeq(r.cell(column), "|") {
		part = strings.TrimSpace(part)
		if scientific().MatchString(part) {
			r.fail(column, errScientific())
		}
		if part != "" {
			out = append(out, part)
		}
	}
	return out
}

// flag returns a yes or no, nil if the row has no value.
func (r *valueReader) flag(column string) *bool {
	v := r.cell(column)
	if v == "" {
		return nil
	}
	b, ok := truth(v)
	if !ok {
		r.fail(column, vault.Errorf(vault.CodeInvalid, "neither yes nor no: write oui or non, yes or no, 1 or 0, x"))
	}
	return &b
}

// truth reads a yes or no.
func truth(v string) (is, ok bool) {
	switch spelling.Fold(v) {
	case "oui", "o", "yes", "y", "1", "x", "true", "vrai":
		return true, true
	case "non", "n", "no", "0", "false", "faux":
		return false, true
	}
	return false, false
}

// day returns a date as YYYY-MM-DD, nil if the row has none.
func (r *valueReader) day(column string) *string {
	v := r.cell(column)
	if v == "" {
		return nil
	}
	d, err := r.parseDay(v)
	if err != nil {
		r.fail(column, err)
	}
	return &d
}

// end is day, with "none" for no date.
func (r *valueReader) end(column string) *string {
	if empty := ""; r.cell(column) == vault.None {
		return &empty
	}
	return r.day(column)
}

// parseDay reads a day: YYYY-MM-DD, and what the map says or DD/MM/YYYY.
func (r *valueReader) parseDay(v string) (string, error) {
	if t, err := time.Parse(time.DateOnly, v); err == nil {
		return string(vault.DateOf(t)), nil
	}
	if r.dates == nil {
		if t, err := time.Parse("02/01/2006", v); err == nil {
			return string(vault.DateOf(t)), nil
		}
		return "", errDay(v)
	}
	found := ""
	for _, f := range r.dates {
		d, ok := f.parse(v)
		if ok && found != "" && found != d {
			return "", vault.Errorf(vault.CodeInvalid, "not a date: two formats of the map read it, as different days")
		}
		if ok {
			found = d
		}
	}
	switch {
	case found != "":
		return found, nil
	case scientific().MatchString(v):
		return "", errScientific()
	}
	return "", vault.Errorf(vault.CodeInvalid, "not a date in a format of the map, nor YYYY-MM-DD")
}

// errDay says why v is no date. Values are not repeated: messages may be logged.
func errDay(v string) *vault.Error {
	m := dayMonth().FindStringSubmatch(v)
	switch {
	case scientific().MatchString(v):
		return errScientific()
	case m != nil && len(m[2]) == 2 && m[2] > "12" && m[1] <= "12":
		return vault.Errorf(vault.CodeInvalid, "not a date: there is no month %s; DD/MM/YYYY and YYYY-MM-DD are read, MM/DD/YYYY is not", m[2])
	case m != nil:
		return vault.Errorf(vault.CodeInvalid, "not a date: write DD/MM/YYYY or YYYY-MM-DD, with two digits for day and month, of a day that exists")
	}
	return vault.Errorf(vault.CodeInvalid, "not a date: write YYYY-MM-DD or DD/MM/YYYY")
}

// born returns a date of birth in the words of vault.ParseBirthDate, nil if the row has none.
func (r *valueReader) born(column string) *string {
	v := r.cell(column)
	if v == "" {
		return nil
	}
	if d, err := r.parseDay(v); err == nil {
		v = d
	} else if dayMonth().MatchString(v) || scientific().MatchString(v) {
		r.fail(column, err)
		return nil
	}
	if f := spelling.Fold(v); f == "inconnu" || f == "inconnue" || f == "unknown" {
		v = "unknown"
	}
	d, err := vault.ParseBirthDate(v, r.today)
	if err != nil {
		r.fail(column, err)
	}
	s := string(d)
	return &s
}

// period returns a year or month, nil if the row has none.
func (r *valueReader) period(column string) *string {
	v := r.cell(column)
	if v == "" {
		return nil
	}
	if month, year, ok := strings.Cut(v, "/"); ok && len(month) == 2 && len(year) == 4 {
		v = year + "-" + month
	}
	if scientific().MatchString(v) {
		r.fail(column, errScientific())
		return nil
	}
	p, err := vault.ParsePeriod(v)
	if err != nil {
		r.fail(column, err)
	}
	return &p
}

// word returns which of the words a value is: words maps folded spellings to ours.
func (r *valueReader) word(column string, words map[string]string) string {
	v := r.cell(column)
	if v == "" {
		return ""
	}
	code, ok := words[spelling.Fold(v)]
	if !ok {
		r.fail(column, vault.Errorf(vault.CodeInvalid, "a word that is not known here; see the manual for those that are"))
	}
	return code
}

// pages returns a list of pages without space in it, "" if the value is none.
func pages(v string) string {
	v = strings.ReplaceAll(strings.ReplaceAll(strings.ReplaceAll(v, " ", ""), "–", "-"), ";", ",")
	if !pageList().MatchString(v) {
		return ""
	}
	return v
}
