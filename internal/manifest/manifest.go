// Package manifest reads what an import is told by: tables of documents or of people (CSV in every dialect, JSON lines,
// XLSX), folders of documents, and the export ZIP of another organization. It runs in the client.
//
// A Source gives rows one by one and holds a few of them at most, however long the table is. What is wrong with a row
// is that row's error and never ends the run; what is wrong with the whole table (a column missing, an encoding that
// cannot be told) is the error of Open. Nothing is guessed: a value that could mean two things is refused.
//
// Files that rows name are opened below one folder, through links that stay inside it, and only when they are regular.
package manifest

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// Kind is what the rows of a source are about.
type Kind string

// The kinds.
const (
	Documents Kind = "documents"
	People    Kind = "people"
)

// Source gives rows one by one. It is not safe for concurrent use; the Open functions of its rows are, and must be
// called before Close.
type Source interface {
	// Kind is Documents or People, never "".
	Kind() Kind
	// Columns are the headers as the source has them, for rejects. They are nil for JSON lines.
	Columns() []string
	// Notes are English sentences about the whole: columns that are not known, the encoding and separator that were
	// found. Those of a folder and of JSON lines are complete after the last row.
	Notes() []string
	// Next returns io.EOF after the last row. Other errors end the run; a row that cannot be understood has Err.
	Next() (*Row, error)
	// Close releases the table and the folder that its paths are relative to.
	Close() error
}

// Row is one row of a source.
type Row struct {
	Number   int64     // as a spreadsheet counts, the header being 1; in a folder or an archive 1, 2, …
	Cells    []string  // as they were read, in the order of Columns; of JSON lines the whole line, in one
	Err      error     // a code and a message for the agent; nil if the row was understood
	Document *Document // of kind Documents; may be nil with Err
	Person   *Person   // of kind People; may be nil with Err
}

// Document is a row about a document. Size and File of ImportRow come from Open; the other fields are filled in.
type Document struct {
	api.ImportRow
	Path string                   // as given, for messages
	Open func() (*Content, error) // errors have a code and are about this row alone
}

// Content is an open file. Reading fails with vault.CodeConflict if the file is not the same at its end as when it was
// opened, and with vault.CodeIntegrity if it is not what an archive says of it.
type Content struct {
	io.ReadCloser
	Size int64         // bytes
	Mark *api.FileMark // nil inside an archive
}

// Person is a row about a person. Terms name the attachments that are there.
type Person struct {
	api.PersonRow
	Evidence *Attachment // nil or a file
	Mandate  *Attachment // nil or a file
}

// Attachment is a paper that goes with a consent.
type Attachment struct {
	Name string // base name, for show
	Open func() (*Content, error)
}

// Consent is what holds for people whose rows name no consent, and completes those that leave something out.
type Consent struct {
	Terms      api.ConsentTerms // EvidenceName and MandateName are taken from the attachments
	Evidence   *Attachment
	Mandate    *Attachment
	NoRecovery bool
}

// Options say how a source is read.
type Options struct {
	Kind    Kind       // "" finds out from the columns
	Map     *Map       // nil where headers and values are ours
	Source  string     // system of bare references; it beats that of the map
	Root    string     // folder that paths are relative to and must stay in; "" is the manifest's own
	Consent *Consent   // nil for none
	Today   vault.Date // "" is the day in local time
}

func (o *Options) today() vault.Date {
	if o.Today != "" {
		return o.Today
	}
	return vault.DateOf(time.Now())
}

// source is the system of bare references, "" for none.
func (o *Options) source() string {
	if o.Source == "" && o.Map != nil {
		return o.Map.File.Source
	}
	return o.Source
}

// kind is what was asked for, "" to find out.
func (o *Options) kind() Kind {
	if o.Kind == "" && o.Map != nil {
		return Kind(o.Map.File.Kind)
	}
	return o.Kind
}

// Open opens a manifest (.csv, .tsv, .txt, .jsonl, .ndjson, .xlsx), a folder of documents, or the documents of an export
// (.zip; see OpenExport for the person). Errors are about the whole: vault.CodeUsage if the file cannot be read as a
// manifest at all, vault.CodeInvalid if its columns are not those of one.
func Open(path string, o Options) (Source, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fileTrouble(err)
	}
	if info.IsDir() {
		return openFolder(path, o)
	}
	if !info.Mode().IsRegular() {
		return nil, vault.Errorf(vault.CodeUsage, "a manifest is a regular file or a folder")
	}
	switch strings.ToLower(filepath.Ext(path)) {
	case ".csv", ".tsv", ".tab", ".txt":
		return openCSV(path, o)
	case ".jsonl", ".ndjson":
		return openJSONLines(path, o)
	case ".xlsx", ".xlsm":
		return openXLSX(path, o)
	case ".zip":
		return openExportAs(path, o)
	case ".age":
		return nil, errSealed()
	}
	return nil, vault.Errorf(vault.CodeUsage, "a manifest ends in .csv, .jsonl, .xlsx or .zip, or is a folder")
}

// notes collects what is said about the whole, each sentence once.
type notes []string

func (n *notes) add(e *vault.Error) {
	for _, have := range *n {
		if have == e.Msg {
			return
		}
	}
	*n = append(*n, e.Msg)
}
