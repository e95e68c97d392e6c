package vault

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Date is a calendar day, "YYYY-MM-DD", or "" where there is none.
type Date string

// DateOf returns the day of t in t's location.
func DateOf(t time.Time) Date { return Date(t.Format(time.DateOnly)) }

// Time returns midnight UTC of the day; the zero time for "".
func (d Date) Time() time.Time {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return time.Time{}
	}
	return t
}

// AddDate returns the day that many years, months and days later. A month without that day ends on its last.
func (d Date) AddDate(years, months, days int) Date {
	t := d.Time()
	first := time.Date(t.Year()+years, t.Month()+time.Month(months), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return DateOf(first.AddDate(0, 0, min(t.Day(), last)-1+days))
}

// None is the value of a date flag that clears the date.
const None = "none"

var relativeDate = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^\+(\d{1,4})(d|w|mo|y)$`) })

// ParseDate reads a date as the CLI contract gives it: "YYYY-MM-DD", or "+30d", "+2w", "+18mo", "+1y" counted from
// today. DD/MM/YYYY is accepted, never MM/DD/YYYY. A day beyond the year 9999 is none: dates compare as text. Errors have
// CodeInvalid.
func ParseDate(s string, today Date) (Date, error) {
	s = strings.TrimSpace(s)
	if strings.HasPrefix(s, "+") {
		return parseRelative(s, today)
	}
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		return DateOf(t), nil
	}
	if t, err := time.Parse("02/01/2006", s); err == nil {
		return DateOf(t), nil
	}
	return "", errNoDate()
}

func errNoDate() error {
	return Errorf(CodeInvalid, "not a date: write YYYY-MM-DD, DD/MM/YYYY, +30d or +18mo")
}

func parseRelative(s string, today Date) (Date, error) {
	m := relativeDate().FindStringSubmatch(s)
	if m == nil {
		return "", errNoDate()
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		return "", errNoDate()
	}
	var d Date
	switch m[2] {
	case "d":
		d = today.AddDate(0, 0, n)
	case "w":
		d = today.AddDate(0, 0, 7*n)
	case "mo":
		d = today.AddDate(0, n, 0)
	default:
		d = today.AddDate(n, 0, 0)
	}
	if len(d) != len(time.DateOnly) {
		return "", errNoDate()
	}
	return d, nil
}

// BirthDate is what is known of a date of birth: "1985-03-14", "1985-03", "1985", "1985~" (about), or "unknown".
type BirthDate string

var birthDate = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^\d{4}(-\d{2}(-\d{2})?)?~?$`) })

// ParseBirthDate checks a date of birth against today. French DD/MM/YYYY is accepted. Errors have CodeInvalid.
func ParseBirthDate(s string, today Date) (BirthDate, error) {
	s = strings.TrimSpace(s)
	if s == "" || s == "unknown" {
		return BirthDate(s), nil
	}
	if t, err := time.Parse("02/01/2006", s); err == nil {
		s = string(DateOf(t))
	}
	if !birthDate().MatchString(s) {
		return "", Errorf(CodeInvalid, "not a date of birth: write 1985-03-14, 1985-03, 1985, 1985~ or unknown")
	}
	full := (strings.TrimSuffix(s, "~") + "-01-01")[:10]
	t, err := time.Parse(time.DateOnly, full)
	if err != nil {
		return "", Errorf(CodeInvalid, "not a date of birth: no such day")
	}
	if t.After(today.Time()) || t.Year() < 1880 {
		return "", Errorf(CodeInvalid, "not a date of birth: %d is not a plausible year", t.Year())
	}
	return BirthDate(s), nil
}

// Year returns the year of birth, or "" when unknown.
func (b BirthDate) Year() string {
	if len(b) < 4 || b == "unknown" {
		return ""
	}
	return string(b[:4])
}

var period = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^\d{4}(-(0[1-9]|1[0-2]))?$`) })

// ParsePeriod checks a period, "YYYY" or "YYYY-MM". Errors have CodeInvalid.
func ParsePeriod(s string) (string, error) {
	if s != "" && !period().MatchString(s) {
		return "", Errorf(CodeInvalid, "not a period: write YYYY or YYYY-MM")
	}
	return s, nil
}

// Validity is the state of a document on a given day.
type Validity string

// The states that every list shows.
const (
	Valid   Validity = "valid"
	Soon    Validity = "soon"
	Expired Validity = "expired"
	Undated Validity = "undated"
)

// ValidityOf returns the state of a document that expires on the given day (its last valid one), seen today, where
// "soon" begins soonDays before.
func ValidityOf(expires, today Date, soonDays int) Validity {
	switch {
	case expires == "":
		return Undated
	case expires < today:
		return Expired
	case expires <= today.AddDate(0, 0, soonDays):
		return Soon
	}
	return Valid
}

// ParseDays reads a span such as "30d", "2w", "18mo" or "2y" into a function of a start day. Errors have CodeInvalid.
func ParseDays(s string, today Date) (Date, error) {
	d, err := ParseDate("+"+strings.TrimPrefix(s, "+"), today)
	if err != nil {
		return "", Errorf(CodeInvalid, "not a span of time: write 30d, 2w, 18mo or 2y")
	}
	return d, nil
}

func (d Date) String() string { return string(d) }

var _ fmt.Stringer = Date("")
