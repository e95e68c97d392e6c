package manifest

import (
	"archive/zip"
	"bufio"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"vaultctl/internal/vault"
)

// A workbook is a ZIP of XML parts, read a row at a time. docs/adr/0008-tables-are-read-here.md says why by no library.

// maxToken is how many bytes of XML one piece of text or one element may have.
const maxToken = 1 << 20

// xmlPart reads one XML part of a workbook.
type xmlPart struct {
	*xml.Decoder
	bounded *bounded
	file    io.ReadCloser
}

func openPart(m *zip.File) (*xmlPart, error) {
	r, err := m.Open()
	if err != nil {
		return nil, errWorkbook(err)
	}
	b := &bounded{r: r, left: maxToken}
	return &xmlPart{xml.NewDecoder(bufio.NewReaderSize(b, 64<<10)), b, r}, nil
}

// Close ends the reading.
func (p *xmlPart) Close() error { return p.file.Close() }

// token returns the next token, io.EOF after the last. Names are without the prefix of their name space.
func (p *xmlPart) token() (xml.Token, error) {
	p.bounded.left = maxToken
	t, err := p.RawToken()
	if err != nil && !errors.Is(err, io.EOF) {
		err = errWorkbook(err)
	}
	return t, err
}

// bounded fails where one token does not end.
type bounded struct {
	r    io.Reader
	left int
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errBudget
	}
	n, err := b.r.Read(p)
	b.left -= n
	return n, err
}

func errWorkbook(err error) error {
	if errors.Is(err, errBudget) {
		return errBomb()
	}
	return vault.Errorf(vault.CodeInvalid, "the workbook is damaged: %w", err)
}

// attribute returns the value of an attribute, "" if there is none.
func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// each calls do with every element of a part.
func (a *archive) each(name string, do func(xml.StartElement)) error {
	m := a.member(name)
	if m == nil {
		return nil
	}
	p, err := openPart(m)
	if err != nil {
		return err
	}
	defer func() { _ = p.Close() }() // it was only read
	for {
		t, err := p.token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if e, ok := t.(xml.StartElement); ok {
			do(e)
		}
	}
}

// relations returns the targets of a part by their id, and by the last word of their type.
func (a *archive) relations(part string) (byID, byType map[string]string, err error) {
	byID, byType = map[string]string{}, map[string]string{}
	dir := path.Dir(part)
	err = a.each(path.Join(dir, "_rels", path.Base(part)+".rels"), func(e xml.StartElement) {
		target := attribute(e, "Target")
		if e.Name.Local != "Relationship" || attribute(e, "TargetMode") == "External" || target == "" {
			return
		}
		if !strings.HasPrefix(target, "/") {
			target = path.Join(dir, target)
		}
		target = strings.TrimPrefix(path.Clean(target), "/")
		byID[attribute(e, "Id")], byType[path.Base(attribute(e, "Type"))] = target, target
	})
	return byID, byType, err
}

// sheet is one sheet of a workbook.
type sheet struct {
	name, id string
	hidden   bool
}

// workbook is what is known of a workbook besides its rows.
type workbook struct {
	*archive
	sheets  []sheet
	since   int // 1900 or 1904
	targets map[string]string
	dates   []dateStyle // by style
	shared  *sharedText
}

// openWorkbook reads all but the sheets.
func openWorkbook(a *archive) (*workbook, error) {
	w := &workbook{archive: a, since: 1900}
	_, root, err := a.relations(".")
	if err != nil {
		return nil, err
	}
	main := root["officeDocument"]
	if main == "" {
		main = "xl/workbook.xml"
	}
	if a.member(main) == nil {
		return nil, errNoWorkbook()
	}
	err = a.each(main, func(e xml.StartElement) {
		switch e.Name.Local {
		case "sheet":
			if len(w.sheets) < maxSheets {
				w.sheets = append(w.sheets, sheet{attribute(e, "name"), relationID(e), attribute(e, "state") != "" && attribute(e, "state") != "visible"})
			}
		case "workbookPr":
			if v := attribute(e, "date1904"); v == "1" || v == "true" {
				w.since = 1904
			}
		}
	})
	if err != nil {
		return nil, err
	}
	byID, byType, err := a.relations(main)
	if err != nil {
		return nil, err
	}
	w.targets = byID
	if w.dates, err = a.dateStyles(byType["styles"]); err != nil {
		return nil, err
	}
	w.shared, err = a.sharedText(byType["sharedStrings"])
	return w, err
}

const maxSheets = 1000

// relationID returns the attribute "id" that has a prefix: the one without belongs to something else.
func relationID(e xml.StartElement) string {
	for _, a := range e.Attr {
		if a.Name.Local == "id" && a.Name.Space != "" {
			return a.Value
		}
	}
	return ""
}

func errNoWorkbook() *vault.Error {
	return vault.Errorf(vault.CodeUsage, "not an XLSX workbook; one in another format or with a password must be saved as .xlsx or .csv first")
}

// choose returns the part of the sheet that is named, or of the first that shows, and the names of the others.
func (w *workbook) choose(name string) (m *zip.File, others []string, err error) {
	chosen := -1
	for i, s := range w.sheets {
		if chosen < 0 && (name == "" && !s.hidden || name != "" && folded(s.name) == folded(name)) {
			chosen = i
			continue
		}
		others = append(others, s.name)
	}
	if chosen < 0 && name != "" {
		return nil, nil, vault.Errorf(vault.CodeInvalid, "no sheet %q; the sheets are %s", name, listed(others))
	}
	if chosen < 0 {
		return nil, nil, vault.Errorf(vault.CodeInvalid, "the workbook has no sheet that shows")
	}
	if m = w.member(w.targets[w.sheets[chosen].id]); m == nil {
		return nil, nil, errWorkbook(fmt.Errorf("a sheet is missing"))
	}
	return m, others, nil
}

// openXLSX opens a sheet of a workbook.
func openXLSX(name string, o Options) (Source, error) {
	a, err := openArchive(name, errNoWorkbook())
	if err != nil {
		return nil, err
	}
	return newXLSX(a, rootOf(name, &o), &o)
}

// newXLSX reads a table from a, which it closes when it fails.
func newXLSX(a *archive, root string, o *Options) (Source, error) {
	rows := &sheetRows{archive: a}
	header, n, err := rows.begin(o)
	if err != nil {
		return nil, errors.Join(err, rows.Close())
	}
	return newTable(root, header, rows, n, o)
}

// begin finds the sheet and reads its header.
func (s *sheetRows) begin(o *Options) (header []string, n notes, err error) {
	if s.book, err = openWorkbook(s.archive); err != nil {
		return nil, nil, err
	}
	var file FileMap
	if o.Map != nil {
		file = o.Map.File
	}
	m, others, err := s.book.choose(file.Sheet)
	if err != nil {
		return nil, nil, err
	}
	if len(others) > 0 {
		n.add(vault.Errorf(vault.CodeAttention, "sheets that were not read: %s", listed(others)))
	}
	if s.part, err = openPart(m); err != nil {
		return nil, nil, err
	}
	s.skip = int64(file.SkipRows)
	header, err = s.header()
	return header, n, err
}
