package procedure

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"vaultctl/internal/catalogue"
	"vaultctl/internal/tomlfile"
	"vaultctl/internal/vault"
)

// maxPieces bounds what one procedure asks for, maxMonths a series, maxCount the documents of one piece.
const (
	maxPieces = 100
	maxMonths = 36
	maxCount  = 20
)

// file is a file of procedures.
type file struct {
	Builtin    *bool       `toml:"builtin"`
	Procedures []Procedure `toml:"procedure"`
	lines      []places
	text       [][]byte
}

// places are the lines on which a procedure and its pieces begin; 0 and none where the file writes them in another way.
type places struct {
	at     int
	pieces []int
}

// parse reads a file strictly: unknown keys, missing names and impossible values are errors with their line. Types are
// looked at later.
func parse(path string, text []byte) (*file, error) {
	text = tomlfile.Text(text)
	var f file
	if err := tomlfile.Decode(text, &f); err != nil {
		return nil, decoding(path, err)
	}
	f.text = bytes.Split(text, []byte("\n"))
	f.lines = headers(f.text, f.Procedures)
	seen := map[string]bool{}
	for i := range f.Procedures {
		p := &f.Procedures[i]
		if err := p.check(); err != nil {
			return nil, problem(path, f.line(i), err)
		}
		if seen[p.Code] {
			return nil, problem(path, f.line(i), vault.Errorf(vault.CodeInvalid, "procedure %s appears twice", p.Code))
		}
		seen[p.Code] = true
		codes := map[string]bool{}
		for k := range p.Pieces {
			err := p.Pieces[k].check()
			if err == nil && codes[p.Pieces[k].Code] {
				err = vault.Errorf(vault.CodeInvalid, "piece %s appears twice in %s", p.Pieces[k].Code, p.Code)
			}
			if err != nil {
				return nil, f.blame(path, i, k, err)
			}
			codes[p.Pieces[k].Code] = true
		}
	}
	return &f, nil
}

func decoding(path string, err error) error {
	var p *tomlfile.Problem
	switch {
	case !errors.As(err, &p):
		return problem(path, 0, err)
	case p.Key != "":
		return problem(path, p.Line, vault.Errorf(vault.CodeInvalid, "unknown key %q", p.Key))
	}
	return problem(path, p.Line, err)
}

// problem says where in a file something is wrong.
func problem(path string, line int, err error) error {
	if line > 0 {
		path = fmt.Sprintf("%s:%d", path, line)
	}
	return vault.Errorf(vault.CodeInvalid, "%s: %w", path, err)
}

// headers finds the lines of [[procedure]] and [[procedure.piece]]. A file that writes its rows in another way gets none.
func headers(text [][]byte, procedures []Procedure) []places {
	var found []places
	for n, line := range text {
		header, _, _ := strings.Cut(string(line), "#")
		switch strings.Join(strings.Fields(header), "") {
		case "[[procedure]]":
			found = append(found, places{at: n + 1})
		case "[[procedure.piece]]":
			if len(found) > 0 {
				last := &found[len(found)-1]
				last.pieces = append(last.pieces, n+1)
			}
		}
	}
	same := len(found) == len(procedures)
	for i := 0; same && i < len(found); i++ {
		same = len(found[i].pieces) == len(procedures[i].Pieces)
	}
	if !same {
		return make([]places, len(procedures))
	}
	return found
}

// line returns where a procedure begins, 0 where that is not known.
func (f *file) line(i int) int { return f.lines[i].at }

// wrong is what is wrong with a piece, with the word of the file that says so.
type wrong struct {
	word string
	err  error
}

func (w *wrong) Error() string { return w.err.Error() }
func (w *wrong) Unwrap() error { return w.err }

// blame gives an error about a piece its line: that of the word, if it can be found, else that of the piece.
func (f *file) blame(path string, procedure, piece int, err error) error {
	at := f.lines[procedure]
	if piece >= len(at.pieces) {
		return problem(path, at.at, err)
	}
	from := at.pieces[piece]
	var w *wrong
	if errors.As(err, &w) {
		for n := from; n < len(f.text) && !bytes.HasPrefix(bytes.TrimSpace(f.text[n]), []byte("[[")); n++ {
			if bytes.Contains(f.text[n], []byte(w.word)) {
				return problem(path, n+1, err)
			}
		}
	}
	return problem(path, from, err)
}

// check says what is wrong with a procedure itself.
func (p *Procedure) check() error {
	switch {
	case !validCode(p.Code):
		return vault.Errorf(vault.CodeInvalid, "code must be 1 to 40 lower-case letters, digits and single hyphens")
	case !named(append([]string{p.French, p.English}, p.Aliases...)...):
		return vault.Errorf(vault.CodeInvalid, "procedure %s: fr, en and aliases must be printable and not empty", p.Code)
	case !printable(p.NoteFrench) || !printable(p.NoteEnglish) || !printable(p.Source):
		return vault.Errorf(vault.CodeInvalid, "procedure %s: notes and source must be printable", p.Code)
	case len(p.Pieces) == 0 || len(p.Pieces) > maxPieces:
		return vault.Errorf(vault.CodeInvalid, "procedure %s must ask for 1 to %d pieces", p.Code, maxPieces)
	}
	if _, err := time.Parse(time.DateOnly, p.CheckedOn); p.CheckedOn != "" && err != nil {
		return vault.Errorf(vault.CodeInvalid, "procedure %s: checked_on must be YYYY-MM-DD", p.Code)
	}
	return nil
}

// check says what is wrong with a piece, its types apart.
func (p *Piece) check() error {
	switch {
	case !validCode(p.Code):
		return vault.Errorf(vault.CodeInvalid, "code must be 1 to 40 lower-case letters, digits and single hyphens")
	case !named(p.French, p.English):
		return vault.Errorf(vault.CodeInvalid, "piece %s: fr and en must be printable and not empty", p.Code)
	case (p.IfFrench == "") != (p.IfEnglish == "") || !printable(p.IfFrench) || !printable(p.IfEnglish):
		return vault.Errorf(vault.CodeInvalid, "piece %s: if_fr and if_en go together, and must be printable", p.Code)
	case !printable(p.NoteFrench) || !printable(p.NoteEnglish):
		return vault.Errorf(vault.CodeInvalid, "piece %s: notes must be printable", p.Code)
	case len(p.AnyOf) == 0:
		return vault.Errorf(vault.CodeInvalid, "piece %s: any_of names no type", p.Code)
	case p.Count < 0 || p.Count > maxCount:
		return &wrong{"count", vault.Errorf(vault.CodeInvalid, "piece %s: count must be 1 to %d", p.Code, maxCount)}
	case p.Months < 0 || p.Months > maxMonths:
		return &wrong{"months", vault.Errorf(vault.CodeInvalid, "piece %s: months must be 1 to %d", p.Code, maxMonths)}
	case p.Months > 0 && (p.Count > 0 || p.MaxAge != "" || p.MinAge != "" || len(p.MaxAges) > 0):
		return &wrong{"months", vault.Errorf(vault.CodeInvalid, "piece %s: a series of months has neither count nor ages", p.Code)}
	}
	return p.checkAges()
}

func (p *Piece) checkAges() error {
	if !period(p.MinAge) {
		return &wrong{"min_age", vault.Errorf(vault.CodeInvalid, "piece %s: min_age is written like 10y, 18mo or 90d", p.Code)}
	}
	for _, age := range append([]catalogue.Period{p.MaxAge}, values(p.MaxAges)...) {
		if age != None && !period(age) {
			return &wrong{string(age), vault.Errorf(vault.CodeInvalid, "piece %s: max_age is written like 10y, 18mo, 90d or none", p.Code)}
		}
	}
	return nil
}

func values(m map[string]catalogue.Period) []catalogue.Period {
	var out []catalogue.Period
	for _, v := range m {
		out = append(out, cmp.Or(v, "?")) // an empty one says nothing
	}
	slices.Sort(out)
	return out
}

func period(p catalogue.Period) bool {
	_, _, _, ok := p.Split()
	return p == "" || ok
}

// resolve turns the types of a piece into codes, and gives every type its limit.
func (p *Piece) resolve(types *catalogue.Catalogue) error {
	limits := map[string]catalogue.Period{}
	for name, age := range p.MaxAges {
		t, err := types.Find(name)
		if err != nil {
			return &wrong{name, vault.Errorf(vault.CodeInvalid, "piece %s: %w", p.Code, err)}
		}
		limits[t.Code] = age
	}
	var codes []string
	ages := map[string]catalogue.Period{}
	for _, name := range p.AnyOf {
		t, err := types.Find(name)
		if err != nil {
			return &wrong{name, vault.Errorf(vault.CodeInvalid, "piece %s: %w", p.Code, err)}
		}
		if slices.Contains(codes, t.Code) {
			return &wrong{name, vault.Errorf(vault.CodeInvalid, "piece %s: type %s appears twice", p.Code, t.Code)}
		}
		codes = append(codes, t.Code)
		if age := cmp.Or(limits[t.Code], p.MaxAge, t.MaxAge); age != "" && age != None && p.Months == 0 {
			ages[t.Code] = age
		}
		delete(limits, t.Code)
	}
	for code := range limits {
		return &wrong{code, vault.Errorf(vault.CodeInvalid, "piece %s: max_ages names %s, which any_of does not", p.Code, code)}
	}
	p.AnyOf, p.MaxAges = codes, ages
	return nil
}

// known takes out of the built-in table the types that an organization does not have. A piece of which none is left stays,
// and is always missing.
func (f *file) known(types *catalogue.Catalogue) {
	for i := range f.Procedures {
		for k := range f.Procedures[i].Pieces {
			p := &f.Procedures[i].Pieces[k]
			p.AnyOf = slices.DeleteFunc(p.AnyOf, func(code string) bool {
				_, ok := types.Lookup(code)
				if !ok {
					delete(p.MaxAges, code)
				}
				return !ok
			})
		}
	}
}

func validCode(code string) bool {
	for part := range strings.SplitSeq(code, "-") {
		if part == "" || strings.Trim(part, "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
			return false
		}
	}
	return len(code) <= 40
}

func named(names ...string) bool {
	return !slices.ContainsFunc(names, func(s string) bool { return strings.TrimSpace(s) == "" || !printable(s) })
}

func printable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 || r >= 0x7f && r < 0xa0 })
}
