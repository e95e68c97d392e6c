package manifest

import (
	"archive/zip"
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"os"
	"path"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// OpenExport opens the export of another organization: the person, in one row, and their documents. The caller closes
// both.
//
// References are an organization's own, and the same one may be another person's here: each comes under the id of the
// organization that gave it, "oXXX.SYSTEM:ID". The vault's old id is the first, so that the person is recognized when
// the archive is imported again; documents without a source_id keep their old id as such. No consent comes over: the one
// in the options is that to this organization. Errors are those of Open; a sealed archive has CodeUsage.
func OpenExport(path string, o Options) (people, documents Source, err error) {
	documents, err = openExport(path, Documents, &o)
	if err != nil {
		return nil, nil, err
	}
	people, err = openExport(path, People, &o)
	if err != nil {
		return nil, nil, errors.Join(err, documents.Close())
	}
	return people, documents, nil
}

// openExportAs opens what the options ask for; documents, if nothing.
func openExportAs(path string, o Options) (Source, error) {
	return openExport(path, cmp.Or(o.kind(), Documents), &o)
}

// exported is an export archive as one source.
type exported struct {
	notes
	archive *archive
	kind    Kind
	index   *exportIndex
	terms   *Consent
	read    int
}

func openExport(path string, k Kind, o *Options) (Source, error) {
	a, err := openArchive(path, errNoExport())
	if err != nil {
		if sealed(path) {
			return nil, errSealed()
		}
		return nil, err
	}
	return newExport(a, k, o)
}

// newExport reads the list of an export, which it closes when it fails.
func newExport(a *archive, k Kind, o *Options) (_ Source, err error) {
	x := &exported{archive: a, kind: k, terms: o.Consent}
	if x.index, err = a.exportIndex(); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	if n := len(x.index.Skipped); n > 0 {
		x.add(vault.Errorf(vault.CodeAttention, "private documents that the export lacks, because it was made without the person's card: %d", n))
	}
	return x, nil
}

func errNoExport() *vault.Error {
	return vault.Errorf(vault.CodeUsage, "not an export of vaultctl: unpack another archive and import the folder")
}

// errSealed says how to open a sealed export. The program that seals is not in the client.
func errSealed() error {
	return api.WithHint(vault.Errorf(vault.CodeUsage, "the export is sealed"),
		"open it with `age -d -o export.zip FILE.zip.age` (and -i FILE with the card's identity if it is sealed to the card), import export.zip and delete it")
}

// sealed reports whether a file is an age file whatever its name says.
func sealed(name string) bool {
	f, err := os.Open(name)
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }() // it was only read
	head := make([]byte, len("age-encryption.org/"))
	_, err = io.ReadFull(f, head)
	return err == nil && bytes.Equal(head, []byte("age-encryption.org/"))
}

// Kind is what the archive was opened for.
func (x *exported) Kind() Kind { return x.kind }

// Columns are those of a manifest that would say the same.
func (x *exported) Columns() []string {
	columns, _ := columnsOf(x.kind)
	var names []string
	for _, c := range columns {
		names = append(names, c.name)
	}
	return names
}

// Notes say what the archive lacks.
func (x *exported) Notes() []string { return x.notes }

// Close releases the archive.
func (x *exported) Close() error { return x.archive.Close() }

// Next returns the person, or the next document.
func (x *exported) Next() (*Row, error) {
	if x.kind == People && x.read > 0 || x.kind == Documents && x.read >= len(x.index.Documents) {
		return nil, io.EOF
	}
	x.read++
	row := &Row{Number: int64(x.read)}
	if x.kind == People {
		row.Person = x.person()
		row.Person.Row = row.Number
		if row.Person.Consent != nil {
			row.Err = checkTerms(row.Person)
		}
		row.Cells = x.cells(row.Person.cell)
		return row, nil
	}
	row.Document, row.Err = x.document(&x.index.Documents[x.read-1])
	row.Document.Row = row.Number
	row.Cells = x.cells(row.Document.cell)
	return row, nil
}

func (x *exported) cells(cell func(column string) string) []string {
	var out []string
	for _, c := range x.Columns() {
		out = append(out, cell(c))
	}
	return out
}

// foreign matches the system of a reference that has come from an organization once already.
var foreign = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(?i:o[0-9a-z]{12})\.`) })

// ref is the reference by which the person is recognized here.
func (x *exported) ref() string { return x.index.Organization.ID + ".VAULT:" + x.index.Beneficiary.ID }

func (x *exported) person() *Person {
	b := &x.index.Beneficiary
	refs := []string{x.ref()}
	for _, r := range b.Refs {
		if !foreign().MatchString(r) {
			r = x.index.Organization.ID + "." + r
		}
		refs = append(refs, r)
	}
	p := &Person{}
	p.Person = api.Person{FamilyName: some(b.FamilyName), GivenName: some(b.GivenName), UsageName: some(b.UsageName), Born: some(b.Born),
		BirthPlace: some(b.BirthPlace), Language: some(b.Language), Phone: some(b.Phone), Email: some(b.Email), Refs: &refs}
	if len(b.Aliases) > 0 {
		p.Person.Aliases = &b.Aliases
	}
	if x.terms != nil {
		p.Consent = &api.ConsentTerms{}
		x.terms.complete(p.Consent, p, false)
		p.announce()
	}
	return p
}

func some(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// document is the row of a document. Pages are what was said of the paper: the file is not split again.
func (x *exported) document(d *exportDocument) (*Document, error) {
	out := &Document{Path: d.Path}
	out.ImportRow = api.ImportRow{Beneficiary: "ref:" + x.ref(), Private: d.Space == "private", Size: -1, FileName: d.FileName}
	if out.FileName == "" {
		out.FileName = path.Base(d.Path)
	}
	seen, source := d.OriginalSeen, cmp.Or(d.SourceID, d.ID)
	out.Fields = api.DocumentFields{Type: some(d.Type), Title: some(d.Title), Holder: some(d.Holder), IssuedOn: some(d.IssuedOn),
		ExpiresOn: some(d.ExpiresOn), Period: some(d.Period), Pages: some(d.Pages), Note: some(d.Note), OriginalSeen: &seen,
		SourceID: &source, ReceivedOn: some(d.ReceivedOn)}
	m := x.archive.member(d.Path)
	switch {
	case d.Space != "private" && d.Space != "shared":
		return out, vault.Errorf(vault.CodeInvalid, "the archive says neither shared nor private of the document")
	case m == nil || !strings.HasPrefix(d.Path, "documents/"):
		return out, vault.Errorf(vault.CodeNotFound, "the archive does not hold the document")
	case m.UncompressedSize64 == 0:
		return out, vault.Errorf(vault.CodeInvalid, "the file is empty")
	}
	out.Open = func() (*Content, error) { return openMember(m, d.SHA256) }
	return out, nil
}

// openMember opens a document of the archive, to be checked against its digest while it is read.
func openMember(m *zip.File, digest string) (*Content, error) {
	want, err := hex.DecodeString(digest)
	if err != nil || len(want) != sha256.Size {
		return nil, vault.Errorf(vault.CodeInvalid, "the archive has no digest of the document")
	}
	r, err := m.Open()
	if err != nil {
		return nil, errMember(err)
	}
	return &Content{ReadCloser: &checked{r: r, hash: sha256.New(), want: want}, Size: int64(m.UncompressedSize64)}, nil
}

func errMember(err error) error {
	if errors.Is(err, zip.ErrAlgorithm) {
		return vault.Errorf(vault.CodeInvalid, "the archive is packed in a way that is not read here")
	}
	return vault.Errorf(vault.CodeIntegrity, "the archive is damaged: %w", err)
}

// checked reads a member and fails at its end if it is not what its digest says.
type checked struct {
	r    io.ReadCloser
	hash hash.Hash
	want []byte
}

func (c *checked) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	_, _ = c.hash.Write(b[:n]) // never fails
	switch {
	case errors.Is(err, io.EOF) && !bytes.Equal(c.hash.Sum(nil), c.want):
		return n, vault.Errorf(vault.CodeIntegrity, "the document is not the one whose digest the archive names")
	case err != nil && !errors.Is(err, io.EOF):
		return n, errMember(err)
	}
	return n, err
}

// Close ends the reading.
func (c *checked) Close() error { return c.r.Close() }

// cell returns what a document says in a column, as a manifest would have it.
func (d *Document) cell(column string) string {
	f := &d.Fields
	switch column {
	case colPath:
		return d.Path
	case colBeneficiary:
		return d.Beneficiary
	case colSpace:
		if d.Private {
			return "private"
		}
		return "shared"
	case colOriginalSeen:
		return strconv.FormatBool(isSet(f.OriginalSeen))
	}
	return value(map[string]*string{colType: f.Type, colSourceID: f.SourceID, colIssuedOn: f.IssuedOn, colExpiresOn: f.ExpiresOn,
		colPeriod: f.Period, colTitle: f.Title, colHolder: f.Holder, colPages: f.Pages, colNote: f.Note, colReceivedOn: f.ReceivedOn}[column])
}

// cell returns what a person says in a column, as a manifest would have it; the consent is the caller's own.
func (p *Person) cell(column string) string {
	a := &p.Person
	switch column {
	case colRef:
		return strings.Join(*a.Refs, "|")
	case colAliases:
		if a.Aliases == nil {
			return ""
		}
		return strings.Join(*a.Aliases, "|")
	}
	return value(map[string]*string{colFamilyName: a.FamilyName, colGivenName: a.GivenName, colUsageName: a.UsageName, colBorn: a.Born,
		colBirthPlace: a.BirthPlace, colLanguage: a.Language, colPhone: a.Phone, colEmail: a.Email}[column])
}
