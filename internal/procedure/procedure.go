// Package procedure knows which papers a procedure asks for, and says of the papers of a person which of them will do.
//
// The table is data: the built-in one can be extended or replaced by a TOML file of an organization. What it holds is what
// centres report from practice, unless a row names the text that it was compared with. The judgement, Check, is a function
// of the papers and the day alone.
package procedure

import (
	_ "embed" // procedures.toml
	"os"
	"slices"
	"strings"

	"vaultctl/internal/catalogue"
	"vaultctl/internal/spelling"
	"vaultctl/internal/vault"
)

//go:embed procedures.toml
var builtin []byte

// Procedure is one procedure and the pieces that it asks for, in the order in which the office wants them.
type Procedure struct {
	Code        string   `toml:"code"`
	French      string   `toml:"fr"`
	English     string   `toml:"en"`
	Aliases     []string `toml:"aliases"`
	NoteFrench  string   `toml:"note_fr"`
	NoteEnglish string   `toml:"note_en"`
	Source      string   `toml:"source"`     // where the list comes from
	CheckedOn   string   `toml:"checked_on"` // YYYY-MM-DD, "" if nobody compared it with a text
	Pieces      []Piece  `toml:"piece"`
}

// Piece is something that a procedure asks for: one document or several, of any of some types.
type Piece struct {
	Code    string   `toml:"code"`
	French  string   `toml:"fr"`
	English string   `toml:"en"`
	AnyOf   []string `toml:"any_of"` // codes of types; the first is preferred
	Count   int      `toml:"count"`  // different documents; 0 is 1
	Months  int      `toml:"months"` // of a series; 0 is none
	// MaxAge counts from the day of issue: "" for what is usual for the type, None for any age. After loading, MaxAges
	// holds the limit of every type that has one, and MaxAge is what the file said.
	MaxAge         catalogue.Period            `toml:"max_age"`
	MaxAges        map[string]catalogue.Period `toml:"max_ages"`
	MinAge         catalogue.Period            `toml:"min_age"`
	IfFrench       string                      `toml:"if_fr"` // what it depends on; "" if it is always asked for
	IfEnglish      string                      `toml:"if_en"`
	ExpiredAllowed bool                        `toml:"expired_allowed"`
	AnyHolder      bool                        `toml:"any_holder"`
	NoteFrench     string                      `toml:"note_fr"`
	NoteEnglish    string                      `toml:"note_en"`
}

// None is the MaxAge of a piece that may be of any age.
const None catalogue.Period = "none"

// Required reports whether a file without the piece is incomplete; the others depend on what a program cannot know.
func (p *Piece) Required() bool { return p.IfEnglish == "" }

// Needed returns how many documents, or months of a series, the piece is made of.
func (p *Piece) Needed() int { return max(1, p.Count, p.Months) }

// Table is a set of procedures. It does not change once loaded and is safe for concurrent use.
type Table struct {
	procedures []Procedure
	names      map[string]int // folded code, name or alias → index in procedures
}

// Load returns the built-in procedures, extended or replaced by those of the TOML file at path; "" for none. Types are those
// that pieces may name; of built-in pieces, types that an organization does not have are left out. Errors in the file have
// code vault.CodeInvalid and name the line.
func Load(path string, types *catalogue.Catalogue) (*Table, error) {
	base, err := parse("built-in procedures", builtin)
	if err != nil {
		return nil, err
	}
	base.known(types)
	if path == "" {
		return index("built-in procedures", base, types)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, vault.Errorf(vault.CodeInvalid, "read procedures: %w", err)
	}
	own, err := parse(path, text)
	if err != nil {
		return nil, err
	}
	return index(path, merged(base, own), types)
}

// merged puts the procedures of own over those of base.
func merged(base, own *file) *file {
	if own.Builtin != nil && !*own.Builtin {
		return own
	}
	out := &file{Procedures: slices.Clone(own.Procedures), lines: slices.Clone(own.lines), text: own.text}
	for _, p := range base.Procedures {
		if !slices.ContainsFunc(own.Procedures, func(o Procedure) bool { return o.Code == p.Code }) {
			out.Procedures, out.lines = append(out.Procedures, p), append(out.lines, places{})
		}
	}
	return out
}

// index makes the table: it resolves types and limits, and refuses names that two procedures claim.
func index(path string, f *file, types *catalogue.Catalogue) (*Table, error) {
	if len(f.Procedures) == 0 {
		return nil, vault.Errorf(vault.CodeInvalid, "%s: no procedure at all", path)
	}
	t := &Table{names: map[string]int{}}
	for i := range f.Procedures {
		p := f.Procedures[i]
		p.Pieces = slices.Clone(p.Pieces)
		for k := range p.Pieces {
			if err := p.Pieces[k].resolve(types); err != nil {
				return nil, f.blame(path, i, k, err)
			}
		}
		t.procedures = append(t.procedures, p)
		for _, name := range p.called() {
			folded := spelling.Fold(name)
			if other, taken := t.names[folded]; taken && other != i {
				at := max(f.line(i), f.line(other))
				return nil, problem(path, at, vault.Errorf(vault.CodeInvalid, "%q names both %s and %s", name, t.procedures[other].Code, p.Code))
			}
			t.names[folded] = i
		}
	}
	slices.SortFunc(t.procedures, func(a, b Procedure) int { return strings.Compare(a.Code, b.Code) })
	clear(t.names)
	for i, p := range t.procedures {
		for _, name := range p.called() {
			t.names[spelling.Fold(name)] = i
		}
	}
	return t, nil
}

// called returns every name of the procedure.
func (p *Procedure) called() []string {
	return append([]string{p.Code, p.French, p.English}, p.Aliases...)
}

// List returns the procedures in the order of their codes. The slice belongs to the caller, what is in it does not.
func (t *Table) List() []Procedure { return slices.Clone(t.procedures) }

// Find finds a procedure by its code, name or alias, without regard to case, accents and punctuation. Errors have code
// vault.CodeInvalid and name the closest one.
func (t *Table) Find(name string) (*Procedure, error) {
	if i, ok := t.names[spelling.Fold(name)]; ok {
		return &t.procedures[i], nil
	}
	var names []string
	for i := range t.procedures {
		names = append(names, t.procedures[i].called()...)
	}
	if i, ok := t.names[spelling.Fold(spelling.Closest(name, names))]; ok {
		return nil, vault.Errorf(vault.CodeInvalid, "no procedure %q; did you mean %s?", name, t.procedures[i].Code)
	}
	return nil, vault.Errorf(vault.CodeInvalid, "no procedure %q; see `vaultctl procedure list`", name)
}
