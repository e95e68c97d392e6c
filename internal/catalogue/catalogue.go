// Package catalogue knows the types of document that a vault holds: their names in French and English, the other
// names people write in a manifest, how long they are good for, and which hold health data. The table is data: the
// built-in one can be extended or replaced by a TOML file of an organization.
package catalogue

import (
	_ "embed" // types.toml
	"fmt"
	"os"
	"slices"
	"strings"

	"vaultctl/internal/spelling"
	"vaultctl/internal/vault"
)

//go:embed types.toml
var builtin []byte

// Type is one type of document.
type Type struct {
	Code          string   `toml:"code"`
	French        string   `toml:"fr"`
	English       string   `toml:"en"`
	Aliases       []string `toml:"aliases"`
	Validity      Period   `toml:"validity"`       // from the date of issue; "printed", or "" for no end
	ValidityMinor Period   `toml:"validity_minor"` // if it differs for holders under 18 at issue
	MaxAge        Period   `toml:"max_age"`        // usual, when handed in; "" where age does not matter
	Health        bool     `toml:"health"`         // holds health data
	NoteFrench    string   `toml:"note_fr"`
	NoteEnglish   string   `toml:"note_en"`
	Source        string   `toml:"source"`     // where Validity and MaxAge come from
	CheckedOn     string   `toml:"checked_on"` // YYYY-MM-DD, "" if nobody compared them with a text
}

// Name returns the name to show in a language, "fr" or anything else for English.
func (t Type) Name(lang string) string {
	if lang == "fr" {
		return t.French
	}
	return t.English
}

// Note returns the sentence for the agent in a language, "fr" or anything else for English.
func (t Type) Note(lang string) string {
	if lang == "fr" {
		return t.NoteFrench
	}
	return t.NoteEnglish
}

// DefaultExpiry returns the day on which a document of this type ends if nothing else is known: its validity counted
// from the day of issue. It reports false where there is no such day: a type that does not end or bears a printed
// date, no day of issue, or a validity that depends on an age that born does not tell.
func (t Type) DefaultExpiry(issuedOn vault.Date, born vault.BirthDate) (vault.Date, bool) {
	period := t.Validity
	if issuedOn == "" || issuedOn.Time().IsZero() {
		return "", false
	}
	if t.ValidityMinor != "" {
		minor, known := minorOn(issuedOn, born)
		if !known {
			return "", false
		}
		if minor {
			period = t.ValidityMinor
		}
	}
	years, months, days, ok := period.Split()
	if !ok {
		return "", false
	}
	return issuedOn.AddDate(years, months, days), true
}

// minorOn reports whether somebody was under 18 on a day, and whether born is precise enough to say.
func minorOn(day vault.Date, born vault.BirthDate) (minor, known bool) {
	date, about := strings.CutSuffix(string(born), "~")
	if born.Year() == "" || len(date) < 4 {
		return false, false
	}
	earliest, latest := vault.Date((date + "-01-01")[:10]), vault.Date(date)
	switch len(date) {
	case 4:
		latest = earliest.AddDate(1, 0, -1)
	case 7:
		latest = earliest.AddDate(0, 1, -1)
	}
	if about {
		earliest, latest = earliest.AddDate(-2, 0, 0), latest.AddDate(2, 0, 0)
	}
	switch {
	case day < earliest.AddDate(18, 0, 0):
		return true, true
	case day >= latest.AddDate(18, 0, 0):
		return false, true
	}
	return false, false
}

// Catalogue is a set of types. It does not change once loaded and is safe for concurrent use.
type Catalogue struct {
	types []Type
	names map[string]int // folded code, name or alias → index in types
}

// Load returns the built-in types, extended or replaced by those of the TOML file at path; "" for none. Errors in the
// file have code vault.CodeInvalid and name the line.
func Load(path string) (*Catalogue, error) {
	base, err := parse("built-in types", builtin)
	if err != nil {
		return nil, err
	}
	if path == "" {
		return index("built-in types", base.Types, base.lines)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, vault.Errorf(vault.CodeInvalid, "read document types: %w", err)
	}
	own, err := parse(path, text)
	if err != nil {
		return nil, err
	}
	return merge(path, base, own)
}

// merge puts the rows of own over those of base and checks the result as a whole.
func merge(path string, base, own *table) (*Catalogue, error) {
	if own.Builtin != nil && !*own.Builtin {
		return index(path, own.Types, own.lines)
	}
	types, lines := slices.Clone(own.Types), slices.Clone(own.lines)
	for _, t := range base.Types {
		if !slices.ContainsFunc(own.Types, func(o Type) bool { return o.Code == t.Code }) {
			types, lines = append(types, t), append(lines, 0)
		}
	}
	return index(path, types, lines)
}

// index makes the catalogue and refuses names that two types claim.
func index(path string, types []Type, lines []int) (*Catalogue, error) {
	if len(types) == 0 {
		return nil, vault.Errorf(vault.CodeInvalid, "%s: no document type at all", path)
	}
	c := &Catalogue{types: types, names: map[string]int{}}
	for i, t := range types {
		for _, name := range append([]string{t.Code, t.French, t.English}, t.Aliases...) {
			folded := spelling.Fold(name)
			if other, taken := c.names[folded]; taken && other != i {
				at := max(lines[i], lines[other])
				return nil, invalid(path, at, "%q names both %s and %s", name, types[other].Code, t.Code)
			}
			c.names[folded] = i
		}
	}
	slices.SortFunc(c.types, func(a, b Type) int { return strings.Compare(a.Code, b.Code) })
	for i, t := range c.types {
		for _, name := range append([]string{t.Code, t.French, t.English}, t.Aliases...) {
			c.names[spelling.Fold(name)] = i
		}
	}
	return c, nil
}

// List returns the types in the order of their codes. The slice belongs to the caller.
func (c *Catalogue) List() []Type { return slices.Clone(c.types) }

// Lookup finds a type by its code, name or alias, without regard to case, accents and punctuation.
func (c *Catalogue) Lookup(name string) (Type, bool) {
	i, ok := c.names[spelling.Fold(name)]
	if !ok {
		return Type{}, false
	}
	return c.types[i], true
}

// Find is Lookup with an error (vault.CodeInvalid) that names the closest type.
func (c *Catalogue) Find(name string) (Type, error) {
	if t, ok := c.Lookup(name); ok {
		return t, nil
	}
	if best := c.Closest(name); best != "" {
		return Type{}, vault.Errorf(vault.CodeInvalid, "no document type %q; did you mean %s?", name, best)
	}
	return Type{}, vault.Errorf(vault.CodeInvalid, "no document type %q; see `vaultctl type list`", name)
}

// Closest returns the code of the type whose code, name or alias is most like name, "" if none is near.
func (c *Catalogue) Closest(name string) string {
	var names []string
	for _, t := range c.types {
		names = append(names, t.Code, t.French, t.English)
		names = append(names, t.Aliases...)
	}
	t, ok := c.Lookup(spelling.Closest(name, names))
	if !ok {
		return ""
	}
	return t.Code
}

func invalid(path string, line int, format string, args ...any) error {
	if line > 0 {
		path = fmt.Sprintf("%s:%d", path, line)
	}
	return vault.Errorf(vault.CodeInvalid, "%s: %s", path, fmt.Sprintf(format, args...))
}
