package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"vaultctl/internal/vault"
)

// jsonLines is a manifest of one JSON object a line, whose keys are columns.
type jsonLines struct {
	notes
	file    io.Closer
	lines   *lines
	kind    Kind
	resolve *resolver
	m       *Map
	build   *builder
	files   *files
	unknown []string
}

// maxJSONLine is how long a line may be, in bytes.
const maxJSONLine = 256 << 10

func openJSONLines(path string, o Options) (Source, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fileTrouble(err)
	}
	return newJSONLines(f, rootOf(path, &o), &o)
}

// newJSONLines reads objects from f, which it closes when it fails.
func newJSONLines(f io.ReadSeekCloser, root string, o *Options) (_ Source, err error) {
	j := &jsonLines{file: f, m: o.Map}
	defer func() {
		if err != nil {
			err = errors.Join(err, j.Close())
		}
	}()
	named := ""
	if o.Map != nil {
		named = o.Map.File.Encoding
	}
	text, charset, err := decoded(f, named)
	if err != nil {
		return nil, err
	}
	if charset != "utf-8" {
		j.add(vault.Errorf(vault.CodeAttention, "encoding found: %s", charset))
	}
	j.lines = newLines(text, maxJSONLine)
	if j.files, err = openFiles(root); err != nil {
		return nil, err
	}
	if j.kind = o.kind(); j.kind == "" {
		if j.kind, err = j.guess(); err != nil {
			return nil, err
		}
	}
	j.resolve, j.build = newResolver(j.kind, o.Map), newBuilder(j.kind, o, j.files)
	return j, nil
}

// guess finds the kind out from the keys of the first line that can be read.
func (j *jsonLines) guess() (Kind, error) {
	var read []line
	defer func() { j.lines.putBack(read) }()
	for len(read) < maxRowLines {
		l, err := j.lines.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", fileTrouble(err)
		}
		read = append(read, l)
		if keys, _, err := objectOf(l.text); err == nil && len(keys) > 0 {
			return kindOf(keys, j.m), nil
		}
	}
	return Documents, nil
}

// Kind is what the options, the map or the first line say.
func (j *jsonLines) Kind() Kind { return j.kind }

// Columns are nil: a row is its whole line.
func (j *jsonLines) Columns() []string { return nil }

// Notes name the keys that are not known, of the lines read so far.
func (j *jsonLines) Notes() []string {
	all := append(notes(nil), j.notes...)
	if len(j.unknown) > 0 {
		all.add(vault.Errorf(vault.CodeAttention, "columns that are not known and not read: %s", listed(j.unknown)))
	}
	return all
}

// Close releases the file and the folder.
func (j *jsonLines) Close() error {
	err := j.file.Close()
	if j.files != nil {
		err = errors.Join(err, j.files.Close())
	}
	return err
}

// Next returns the next line that is not empty.
func (j *jsonLines) Next() (*Row, error) {
	for {
		l, err := j.lines.next()
		if err != nil {
			return nil, err
		}
		if len(bytes.TrimSpace(l.text)) == 0 {
			continue
		}
		row := &Row{Number: l.number, Cells: []string{string(bytes.ToValidUTF8(l.text, []byte("\uFFFD")))}}
		if l.long {
			row.Err = vault.Errorf(vault.CodeInvalid, "line %d is longer than %d bytes", l.number, maxJSONLine)
			return row, nil
		}
		row.Err = j.fill(row, l.text)
		return row, nil
	}
}

// fill reads a line into its row.
func (j *jsonLines) fill(row *Row, text []byte) error {
	values, err := j.values(text)
	if err != nil {
		return err
	}
	return j.build.fill(row, func(column string) string { return j.m.value(column, values[column]) })
}

// values reads a line into the values of our columns.
func (j *jsonLines) values(text []byte) (map[string]string, error) {
	keys, members, err := objectOf(text)
	if err != nil {
		return nil, err
	}
	out, parts := map[string]string{}, map[string][]part{}
	for _, k := range keys {
		name := j.resolve.column(k)
		if name == "" {
			j.note(k)
			continue
		}
		v, err := scalar(members[k])
		if err != nil {
			return nil, vault.Errorf(vault.CodeInvalid, "column %s: %w", name, err)
		}
		parts[name] = append(parts[name], part{k, v})
	}
	for name, of := range parts {
		joined := j.m.joined(name)
		if len(of) > 1 && joined == nil && !isRejectColumn(name) {
			return nil, vault.Errorf(vault.CodeInvalid, "several columns for %s: %s", name, listed([]string{of[0].key, of[1].key}))
		}
		slices.SortFunc(of, func(a, b part) int { return joined[folded(a.key)] - joined[folded(b.key)] })
		for _, p := range of {
			out[name] = strings.TrimSpace(out[name] + " " + p.value)
		}
	}
	return out, nil
}

// part is a member that is a column, or a part of one.
type part struct{ key, value string }

// note keeps the name of a key that is not known, up to a number of them.
func (j *jsonLines) note(key string) {
	for _, have := range j.unknown {
		if have == key {
			return
		}
	}
	if len(j.unknown) <= maxListed {
		j.unknown = append(j.unknown, key)
	}
}

func errLine() *vault.Error {
	return vault.Errorf(vault.CodeInvalid, "the line is not a JSON object with each key once")
}

// objectOf reads one JSON object. Doubled keys are an error: one of the two would be lost.
func objectOf(text []byte) (keys []string, members map[string]json.RawMessage, err error) {
	if !utf8.Valid(text) {
		return nil, nil, errLine()
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil, nil, errLine()
	}
	members = map[string]json.RawMessage{}
	for dec.More() {
		t, err := dec.Token()
		key, ok := t.(string)
		var v json.RawMessage
		if err != nil || !ok || dec.Decode(&v) != nil {
			return nil, nil, errLine()
		}
		if _, doubled := members[key]; doubled {
			return nil, nil, errLine()
		}
		keys, members[key] = append(keys, key), v
	}
	if t, err := dec.Token(); err != nil || t != json.Delim('}') {
		return nil, nil, errLine()
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, nil, errLine()
	}
	return keys, members, nil
}

// scalar returns a JSON value as a cell would have it: arrays of texts are joined by |, true and false are yes and no,
// and null is nothing.
func scalar(raw json.RawMessage) (string, error) {
	raw = bytes.TrimSpace(raw)
	switch {
	case len(raw) == 0 || string(raw) == "null":
		return "", nil
	case raw[0] == '"':
		var s string
		if err := json.Unmarshal(raw, &s); err != nil {
			return "", errLine()
		}
		if len(s) > maxCell {
			return "", vault.Errorf(vault.CodeInvalid, "a cell of more than %d bytes", maxCell)
		}
		if strings.ContainsRune(s, 0) || strings.ContainsRune(s, utf8.RuneError) {
			return "", vault.Errorf(vault.CodeInvalid, "a cell with a NUL byte: the file is damaged or not text")
		}
		return strings.TrimSpace(s), nil
	case raw[0] == '[':
		var list []json.RawMessage
		if err := json.Unmarshal(raw, &list); err != nil {
			return "", errLine()
		}
		parts := make([]string, 0, len(list))
		for _, item := range list {
			v, err := scalar(item)
			if err != nil || bytes.HasPrefix(item, []byte("[")) || strings.Contains(v, "|") {
				return "", vault.Errorf(vault.CodeInvalid, "a list holds texts without |, and no other list")
			}
			parts = append(parts, v)
		}
		return strings.Join(parts, "|"), nil
	case raw[0] == '{':
		return "", vault.Errorf(vault.CodeInvalid, "an object where a text is expected")
	}
	return string(raw), nil // a number as it is written, true or false
}
