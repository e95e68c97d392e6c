package manifest

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"vaultctl/internal/spelling"
	"vaultctl/internal/tomlfile"
	"vaultctl/internal/vault"
)

// Map says how a foreign table is read: which of its headers are our columns, which of its words are ours, how it
// writes dates. It does not change once read and is safe for concurrent use. A nil Map changes nothing.
type Map struct {
	File     FileMap           // how the file is to be opened
	Defaults map[string]string // column to the value of empty cells

	columns map[string][]string // column to its headers
	values  map[string]words    // column to the words in it
	formats []dateFormat        // nil for ours
}

// FileMap says how a foreign table is opened; what is empty is found out.
type FileMap struct {
	Separator string `toml:"separator"` // one character, or "tab"
	Encoding  string `toml:"encoding"`
	Sheet     string `toml:"sheet"` // of a workbook
	Source    string `toml:"source"`
	Kind      string `toml:"kind"`      // documents or people
	SkipRows  int    `toml:"skip_rows"` // above the header
}

func (f FileMap) comma() byte {
	if spelling.Fold(f.Separator) == "tab" {
		return '\t'
	}
	if f.Separator == "" {
		return 0
	}
	return f.Separator[0]
}

// words are the translations of a column, by the foreign word as written and as compared.
type words struct{ exact, folded map[string]string }

// mapFile is the file of a Map.
type mapFile struct {
	Columns  map[string]any               `toml:"columns"`
	Values   map[string]map[string]string `toml:"values"`
	Defaults map[string]string            `toml:"defaults"`
	Dates    struct {
		Formats []string `toml:"formats"`
		Pivot   *int     `toml:"pivot"`
	} `toml:"dates"`
	File FileMap `toml:"file"`
}

// maxMap is how large a map may be, in bytes.
const maxMap = 1 << 20

// ReadMap reads the map at path. Errors about its content have CodeInvalid and name the line.
func ReadMap(path string) (*Map, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fileTrouble(err)
	}
	defer func() { _ = f.Close() }() // it was only read
	text, err := io.ReadAll(io.LimitReader(f, maxMap+1))
	if err != nil {
		return nil, fileTrouble(err)
	}
	if len(text) > maxMap {
		return nil, vault.Errorf(vault.CodeInvalid, "map: larger than %d bytes", maxMap)
	}
	return parseMap(text)
}

func errMap(line int, err error) error {
	if line == 0 {
		return vault.Errorf(vault.CodeInvalid, "map: %w", err)
	}
	return vault.Errorf(vault.CodeInvalid, "map, line %d: %w", line, err)
}

func parseMap(text []byte) (*Map, error) {
	var in mapFile
	if err := tomlfile.Decode(text, &in); err != nil {
		var p *tomlfile.Problem
		if errors.As(err, &p) && p.Key != "" {
			return nil, errMap(p.Line, vault.Errorf(vault.CodeInvalid, "unknown key %q", p.Key))
		}
		if errors.As(err, &p) {
			return nil, errMap(p.Line, p)
		}
		return nil, errMap(0, err)
	}
	x := mapReader{text: tomlfile.Text(text), in: &in, out: &Map{File: in.File, Defaults: in.Defaults}}
	for _, step := range []func() error{x.file, x.columns, x.values, x.defaults, x.dates} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return x.out, nil
}

// mapReader checks a file of a map and makes the map.
type mapReader struct {
	text []byte
	in   *mapFile
	out  *Map
}

// at is an error about a key of a table of the file.
func (x *mapReader) at(table, key string, err error) error { return errMap(x.line(table, key), err) }

// line finds the line of a key, 0 if the file writes it in some other way than "key =" below "[table]".
func (x *mapReader) line(table, key string) int {
	n, inside := 0, false
	for l := range bytes.Lines(x.text) {
		n++
		s := strings.TrimSpace(string(l))
		if strings.HasPrefix(s, "[") {
			name, _, _ := strings.Cut(strings.Trim(s, "["), "]")
			inside = strings.TrimSpace(name) == table
			continue
		}
		k, _, ok := strings.Cut(s, "=")
		if k = strings.TrimSpace(k); ok && (inside && strings.Trim(k, `"'`) == key || k == table+"."+key) {
			return n
		}
	}
	return 0
}

func (x *mapReader) file() error {
	f := x.in.File
	_, encoded := charsetNamed(f.Encoding)
	switch {
	case f.Kind != "" && f.Kind != string(Documents) && f.Kind != string(People):
		return x.at("file", "kind", vault.Errorf(vault.CodeInvalid, "the kind is documents or people"))
	case f.Separator != "" && f.comma() != '\t' && (len(f.Separator) != 1 || strings.ContainsAny(f.Separator, "\"\r\n\x00") || f.Separator[0] >= 0x80):
		return x.at("file", "separator", vault.Errorf(vault.CodeInvalid, "a separator is one character, or tab"))
	case f.Encoding != "" && !encoded:
		return x.at("file", "encoding", errEncoding(f.Encoding))
	case f.SkipRows < 0 || f.SkipRows > 1000:
		return x.at("file", "skip_rows", vault.Errorf(vault.CodeInvalid, "skip_rows is between 0 and 1000"))
	case f.Source != "" && !refSystem().MatchString(f.Source):
		return x.at("file", "source", vault.Errorf(vault.CodeInvalid, "a system is made of letters, digits, ., _ and -"))
	}
	return nil
}

// known checks that a key names a column, of the kind of the map where it says one.
func (x *mapReader) known(table, key string) error {
	var names []string
	for _, k := range []Kind{Documents, People} {
		if x.in.File.Kind == "" || x.in.File.Kind == string(k) {
			columns, _ := columnsOf(k)
			for _, c := range columns {
				names = append(names, c.name)
			}
		}
	}
	if slices.Contains(names, key) {
		return nil
	}
	if c := spelling.Closest(key, names); c != "" {
		return x.at(table, key, vault.Errorf(vault.CodeInvalid, "no column %q; did you mean %s?", key, c))
	}
	return x.at(table, key, vault.Errorf(vault.CodeInvalid, "no column %q", key))
}

func (x *mapReader) columns() error {
	x.out.columns = map[string][]string{}
	owner := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(x.in.Columns)) {
		if err := x.known("columns", name); err != nil {
			return err
		}
		var headers []string
		switch v := x.in.Columns[name].(type) {
		case string:
			headers = []string{v}
		case []any:
			for _, item := range v {
				s, _ := item.(string)
				headers = append(headers, s)
			}
		}
		if len(headers) == 0 {
			return x.at("columns", name, vault.Errorf(vault.CodeInvalid, "a column is mapped to a header, or to an array of headers"))
		}
		for _, h := range headers {
			if folded(h) == "" {
				return x.at("columns", name, vault.Errorf(vault.CodeInvalid, "a column is mapped to a header, or to an array of headers"))
			}
			if other, ok := owner[folded(h)]; ok {
				return x.at("columns", name, vault.Errorf(vault.CodeInvalid, "the header of %s is that of %s as well", name, other))
			}
			owner[folded(h)] = name
		}
		x.out.columns[name] = headers
	}
	return nil
}

func (x *mapReader) values() error {
	x.out.values = map[string]words{}
	for _, name := range slices.Sorted(maps.Keys(x.in.Values)) {
		if err := x.known("values", name); err != nil {
			return err
		}
		w := words{exact: x.in.Values[name], folded: map[string]string{}}
		for _, foreign := range slices.Sorted(maps.Keys(w.exact)) {
			key := spelling.Fold(foreign)
			if ours, ok := w.folded[key]; ok && ours != w.exact[foreign] {
				return x.at("values."+name, foreign, vault.Errorf(vault.CodeInvalid, "another word that is compared as equal has another value"))
			}
			if key != "" {
				w.folded[key] = w.exact[foreign]
			}
		}
		x.out.values[name] = w
	}
	return nil
}

func (x *mapReader) defaults() error {
	for _, name := range slices.Sorted(maps.Keys(x.in.Defaults)) {
		if err := x.known("defaults", name); err != nil {
			return err
		}
	}
	return nil
}

func (x *mapReader) dates() error {
	for _, text := range x.in.Dates.Formats {
		f, err := newDateFormat(text, x.in.Dates.Pivot)
		if err != nil {
			return x.at("dates", "formats", err)
		}
		x.out.formats = append(x.out.formats, f)
	}
	if p := x.in.Dates.Pivot; p != nil && (*p < 0 || *p > 99) {
		return x.at("dates", "pivot", vault.Errorf(vault.CodeInvalid, "the pivot is the last two-digit year of this century: 0 to 99"))
	}
	return nil
}

// override puts the headers of the map into those that are known, in place of the ones that a mapped column has else.
func (m *Map) override(by map[string]string, kind Kind) {
	columns, _ := columnsOf(kind)
	for _, c := range columns {
		headers := m.columns[c.name]
		if len(headers) > 0 {
			maps.DeleteFunc(by, func(_, name string) bool { return name == c.name })
		}
	}
	for _, c := range columns {
		for _, h := range m.columns[c.name] {
			by[folded(h)] = c.name
		}
	}
}

// joined returns the places of the headers that are joined to one column, nil if they are not.
func (m *Map) joined(name string) map[string]int {
	if m == nil || len(m.columns[name]) < 2 {
		return nil
	}
	places := map[string]int{}
	for i, h := range m.columns[name] {
		places[folded(h)] = i
	}
	return places
}

// absent returns a header of the map that a table does not have, "" if there are all.
func (m *Map) absent(headers []string, kind Kind) string {
	if m == nil {
		return ""
	}
	have := map[string]bool{}
	for _, h := range headers {
		have[folded(h)] = true
	}
	columns, _ := columnsOf(kind)
	for _, c := range columns {
		for _, h := range m.columns[c.name] {
			if !have[folded(h)] {
				return h
			}
		}
	}
	return ""
}

// value translates what a table says in a column, and puts the default where it says nothing.
func (m *Map) value(name, v string) string {
	if m == nil {
		return v
	}
	w := m.values[name]
	if ours, ok := w.exact[v]; ok {
		v = ours
	} else if ours, ok := w.folded[spelling.Fold(v)]; ok {
		v = ours
	}
	return cmp.Or(v, m.Defaults[name])
}
