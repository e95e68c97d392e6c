package catalogue

import (
	"bytes"
	"errors"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"vaultctl/internal/tomlfile"
)

// Period is a length of time as written in the table: "10y", "18mo", "90d", "printed" for an end that stands on the
// document itself, "" for none.
type Period string

// Printed is the Period of types whose end stands on the document.
const Printed Period = "printed"

// Split returns the parts of a length of time; ok is false for "" and Printed, and for what is no period.
func (p Period) Split() (years, months, days int, ok bool) {
	text := string(p)
	digits := strings.TrimRight(text, "ymod")
	n, err := strconv.Atoi(digits)
	if err != nil || n < 1 || n > 999 {
		return 0, 0, 0, false
	}
	switch text[len(digits):] {
	case "y":
		return n, 0, 0, true
	case "mo":
		return 0, n, 0, true
	case "d":
		return 0, 0, n, true
	}
	return 0, 0, 0, false
}

func (p Period) check(printedAllowed bool) bool {
	if p == "" || p == Printed && printedAllowed {
		return true
	}
	_, _, _, ok := p.Split()
	return ok
}

// table is a file of types. lines holds the line on which each row starts, 0 where that is not known.
type table struct {
	Builtin *bool  `toml:"builtin"`
	Types   []Type `toml:"type"`
	lines   []int
}

// parse reads a table strictly: unknown keys, missing names and impossible values are errors with their line.
func parse(path string, text []byte) (*table, error) {
	text = tomlfile.Text(text)
	var t table
	if err := tomlfile.Decode(text, &t); err != nil {
		return nil, tomlError(path, err)
	}
	t.lines = rowLines(text, len(t.Types))
	seen := map[string]bool{}
	for i, row := range t.Types {
		if problem := row.problem(); problem != "" {
			return nil, invalid(path, t.lines[i], "%s", problem)
		}
		if seen[row.Code] {
			return nil, invalid(path, t.lines[i], "type %s appears twice", row.Code)
		}
		seen[row.Code] = true
	}
	return &t, nil
}

func tomlError(path string, err error) error {
	var p *tomlfile.Problem
	switch {
	case !errors.As(err, &p):
		return invalid(path, 0, "%s", err.Error())
	case p.Key != "":
		return invalid(path, p.Line, "unknown key %q", p.Key)
	}
	return invalid(path, p.Line, "%s", p.Text)
}

// rowLines finds the lines of the [[type]] headers. A file that writes its rows in another way gets no lines.
func rowLines(text []byte, rows int) []int {
	var lines []int
	n := 0
	for line := range bytes.Lines(text) {
		n++
		if header, _, _ := strings.Cut(string(line), "#"); strings.Join(strings.Fields(header), "") == "[[type]]" {
			lines = append(lines, n)
		}
	}
	if len(lines) != rows {
		return make([]int, rows)
	}
	return lines
}

// problem says what is wrong with a row, "" if nothing is.
func (t Type) problem() string {
	if !validCode(t.Code) {
		return "code must be 1 to 40 lower-case letters, digits and single hyphens"
	}
	for _, name := range append([]string{t.French, t.English}, t.Aliases...) {
		if strings.TrimSpace(name) == "" || !printable(name) {
			return "type " + t.Code + ": fr, en and aliases must be printable and not empty"
		}
	}
	if !t.Validity.check(true) || !t.ValidityMinor.check(true) || !t.MaxAge.check(false) {
		return "type " + t.Code + `: a period is written like 10y, 18mo or 90d (validity also "printed")`
	}
	if !printable(t.NoteFrench) || !printable(t.NoteEnglish) || !printable(t.Source) {
		return "type " + t.Code + ": notes and source must be printable"
	}
	if _, err := time.Parse(time.DateOnly, t.CheckedOn); t.CheckedOn != "" && err != nil {
		return "type " + t.Code + ": checked_on must be YYYY-MM-DD"
	}
	return ""
}

func validCode(code string) bool {
	for part := range strings.SplitSeq(code, "-") {
		if part == "" || strings.Trim(part, "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
			return false
		}
	}
	return len(code) <= 40
}

func printable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 || r >= 0x7f && r < 0xa0 })
}
