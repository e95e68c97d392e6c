package manifest

import (
	"errors"
	"io"
	"io/fs"
	"path"
	"regexp"
	"strings"
	"sync"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

var folderColumns = []string{colPath, colBeneficiary, colType, colIssuedOn, colPeriod}

// folder is a tree <ref>/<type>[_date].<ext>. It is walked one folder at a time, and no link is followed.
type folder struct {
	notes
	files   *files
	build   *builder
	m       *Map
	number  int64
	people  []fs.DirEntry // of the top that are left
	ref     string        // folder that is being read
	inside  []fs.DirEntry // of it that are left
	skipped int
}

func openFolder(dir string, o Options) (Source, error) {
	if o.kind() == People {
		return nil, vault.Errorf(vault.CodeUsage, "a folder holds documents: people come from a table")
	}
	f, err := openFiles(dir)
	if err != nil {
		return nil, err
	}
	s := &folder{files: f, build: newBuilder(Documents, &o, f), m: o.Map}
	if s.people, err = s.list("."); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return s, nil
}

// Kind is Documents.
func (s *folder) Kind() Kind { return Documents }

// Columns are those of a manifest that would say the same.
func (s *folder) Columns() []string { return folderColumns }

// Notes say how many files were skipped.
func (s *folder) Notes() []string {
	all := append(notes(nil), s.notes...)
	if s.skipped > 0 {
		all.add(vault.Errorf(vault.CodeAttention, "hidden and unfinished files that were skipped: %d", s.skipped))
	}
	return all
}

// Close releases the folder.
func (s *folder) Close() error { return s.files.Close() }

// list returns what is in a folder, by name, without what is hidden or unfinished.
func (s *folder) list(dir string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(s.files.root.FS(), dir)
	if err != nil {
		return nil, fileTrouble(err)
	}
	kept := entries[:0]
	for _, e := range entries {
		if passing(e.Name()) {
			s.skipped++
			continue
		}
		kept = append(kept, e)
	}
	return kept, nil
}

// passing reports whether a name is one that systems and programs leave about, or a file that is still being written.
func passing(name string) bool {
	lower := strings.ToLower(name)
	switch lower {
	case "thumbs.db", "desktop.ini", "__macosx", "$recycle.bin", "system volume information":
		return true
	}
	for _, prefix := range []string{".", "~$"} {
		if strings.HasPrefix(lower, prefix) {
			return true
		}
	}
	for _, suffix := range []string{".part", ".partial", ".tmp", ".temp", ".crdownload", ".filepart", ".lnk", "~"} {
		if strings.HasSuffix(lower, suffix) {
			return true
		}
	}
	return false
}

// Next returns the next file.
func (s *folder) Next() (*Row, error) {
	for len(s.inside) == 0 {
		if len(s.people) == 0 {
			return nil, io.EOF
		}
		e := s.people[0]
		s.people = s.people[1:]
		switch {
		case e.Type()&fs.ModeSymlink != 0:
			return s.rejected(e.Name(), errLink()), nil
		case !e.IsDir():
			return s.rejected(e.Name(), vault.Errorf(vault.CodeInvalid, "the file is not in a folder that is named after a person's reference")), nil
		}
		entries, err := s.list(e.Name())
		if err != nil {
			return s.rejected(e.Name(), err), nil
		}
		s.ref, s.inside = e.Name(), entries
	}
	e := s.inside[0]
	s.inside = s.inside[1:]
	name := path.Join(s.ref, e.Name())
	switch {
	case e.Type()&fs.ModeSymlink != 0:
		return s.rejected(name, errLink()), nil
	case e.IsDir():
		return s.rejected(name, vault.Errorf(vault.CodeInvalid, "a folder in a person's folder: documents lie in <reference>/<type>_<date>.<extension>")), nil
	case !e.Type().IsRegular():
		return s.rejected(name, vault.Errorf(vault.CodeInvalid, "not a regular file")), nil
	}
	return s.document(name, e.Name()), nil
}

func errLink() *vault.Error { return vault.Errorf(vault.CodeInvalid, "a link: links are not followed") }

func (s *folder) rejected(name string, err error) *Row {
	s.number++
	return &Row{Number: s.number, Cells: []string{shown(name), "", "", "", ""}, Err: err,
		Document: &Document{ImportRow: api.ImportRow{Row: s.number, Size: -1}, Path: shown(name)}}
}

// document is the row of a file. The path is taken from the folder itself, never from its text: a name may hold bytes
// that are no UTF-8, and backslashes.
func (s *folder) document(name, base string) *Row {
	s.number++
	n := parseName(base)
	n.kind = s.m.value(colType, n.kind)
	d := &Document{ImportRow: api.ImportRow{Row: s.number, FileName: shown(base), Size: -1}, Path: shown(name)}
	d.Fields.Type = &n.kind
	if n.issued != "" {
		d.Fields.IssuedOn = &n.issued
	}
	if n.period != "" {
		d.Fields.Period = &n.period
	}
	d.Open = func() (*Content, error) { return s.files.open(name) }
	row := &Row{Number: s.number, Document: d}
	var err error
	if d.Beneficiary, err = s.build.beneficiary(shown(s.ref)); err != nil {
		row.Err = vault.Errorf(vault.CodeOf(err), "column %s: %w", colBeneficiary, err)
	}
	if n.kind == "" {
		row.Err = vault.Errorf(vault.CodeInvalid, "the name does not begin with a type: documents lie in <reference>/<type>_<date>.<extension>")
	}
	row.Cells = []string{shown(name), d.Beneficiary, n.kind, n.issued, n.period}
	return row
}

// named is what the name of a file says.
type named struct{ kind, issued, period string }

var (
	nameCopy = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(_\d{1,3}| ?\(\d{1,3}\))$`) })
	nameDate = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`[_ ](\d{4}-\d{2}-\d{2}|\d{2}-\d{2}-\d{4}|\d{4}-\d{2}|\d{4})$`)
	})
)

// parseName reads <type>[_date][_2].<ext>: a day is the date of issue, a month or year the period.
func parseName(base string) named {
	n := named{kind: strings.TrimSuffix(base, path.Ext(base))}
	n.kind = nameCopy().ReplaceAllString(n.kind, "")
	if m := nameDate().FindStringSubmatchIndex(n.kind); m != nil {
		text := n.kind[m[2]:m[3]]
		if when, ok := readNameDate(text); ok {
			n.kind = n.kind[:m[0]]
			if len(text) == len(time.DateOnly) {
				n.issued = when
			} else {
				n.period = when
			}
		}
	}
	n.kind = shown(strings.Trim(n.kind, "_ "))
	return n
}

func readNameDate(text string) (string, bool) {
	for _, layout := range []string{time.DateOnly, "02-01-2006"} {
		if t, err := time.Parse(layout, text); err == nil {
			return string(vault.DateOf(t)), true
		}
	}
	_, err := vault.ParsePeriod(text)
	// Four digits are more often a number than a year.
	return text, err == nil && len(text) < len(time.DateOnly) && (text[:2] == "19" || text[:2] == "20")
}
