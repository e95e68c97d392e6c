package manifest

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
	"unicode"

	"vaultctl/internal/spelling"
	"vaultctl/internal/vault"
)

// TemplateOptions help WriteTemplate to fill in what the names of files say.
type TemplateOptions struct {
	Source string                   // system of folder names that are bare references; "" for none
	Type   func(name string) string // the code of the type that a name or alias means, "" if none; nil guesses none
}

// WriteTemplate writes a manifest with a row for every file below dir, for a person to complete: the path, the
// beneficiary where the folder is named after one, the type and date where the name says them, and the other columns
// empty. It is UTF-8 with a byte order mark, semicolons and CRLF, which French spreadsheets open with a double click. No
// link is followed; what is hidden or unfinished is left out, and so are tables at the top of dir.
//
// A cell that a spreadsheet would take for a formula gets an apostrophe in front, which reading a manifest removes.
func WriteTemplate(w io.Writer, dir string, o TemplateOptions) (rows int, err error) {
	f, err := openFiles(dir)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if _, err := io.WriteString(w, "\uFEFF"); err != nil {
		return 0, fmt.Errorf("write template: %w", err)
	}
	t := template{o: &o, csv: csv.NewWriter(w)}
	t.csv.Comma, t.csv.UseCRLF = ';', true
	for _, c := range documentColumns {
		t.head = append(t.head, c.name)
	}
	if err := t.csv.Write(t.head); err != nil {
		return 0, fmt.Errorf("write template: %w", err)
	}
	if err := fs.WalkDir(f.root.FS(), ".", t.visit); err != nil {
		return t.rows, err
	}
	if t.csv.Flush(); t.csv.Error() != nil {
		return t.rows, fmt.Errorf("write template: %w", t.csv.Error())
	}
	return t.rows, nil
}

// template is a manifest that is being written.
type template struct {
	o    *TemplateOptions
	csv  *csv.Writer
	head []string
	rows int
}

func (t *template) visit(name string, e fs.DirEntry, err error) error {
	switch {
	case err != nil:
		return fileTrouble(err)
	case name == ".":
		return nil
	case passing(e.Name()) && e.IsDir():
		return fs.SkipDir
	case passing(e.Name()) || !e.Type().IsRegular() || !strings.Contains(name, "/") && isTable(name):
		return nil
	}
	n := parseName(e.Name())
	cells := make([]string, len(t.head))
	for i, column := range t.head {
		switch column {
		case colPath:
			cells[i] = guard(shown(name))
		case colBeneficiary:
			cells[i] = guard(t.beneficiary(path.Base(path.Dir(name))))
		case colType:
			cells[i] = t.guess(n.kind)
		case colIssuedOn:
			cells[i] = n.issued
		case colPeriod:
			cells[i] = n.period
		}
	}
	t.rows++
	if err := t.csv.Write(cells); err != nil {
		return fmt.Errorf("write template: %w", err)
	}
	return nil
}

func isTable(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".csv", ".tsv", ".jsonl", ".ndjson", ".xlsx":
		return true
	}
	return false
}

// beneficiary returns the name of a folder if it is an id or a reference: a bare one has a digit in it.
func (t *template) beneficiary(folder string) string {
	folder = shown(folder)
	if _, err := vault.ParseBeneficiaryID(folder); err == nil {
		return folder
	}
	b := builder{}
	if ref, err := b.reference(folder); err == nil {
		return "ref:" + ref
	}
	if t.o.Source != "" && strings.ContainsFunc(folder, unicode.IsDigit) {
		return "ref:" + t.o.Source + ":" + folder
	}
	return ""
}

// guess returns the type that the words of a name begin with.
func (t *template) guess(name string) string {
	if t.o.Type == nil {
		return ""
	}
	for words := strings.Fields(spelling.Fold(name)); len(words) > 0; words = words[:len(words)-1] {
		if code := t.o.Type(strings.Join(words, " ")); code != "" {
			return code
		}
	}
	return ""
}
