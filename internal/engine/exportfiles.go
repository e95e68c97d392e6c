package engine

import (
	"encoding/json"
	"io"
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"

	"vaultctl/internal/vault"
)

// exportFormat is the version of manifest.json. Members are only ever added to a version.
const exportFormat = 1

// exportManifest is manifest.json: all that is known of a person, for another program to read.
type exportManifest struct {
	Format       string             `json:"format"` // "vaultctl export"
	Version      int                `json:"version"`
	Program      string             `json:"program"`
	Made         string             `json:"made"` // RFC 3339
	Language     string             `json:"language"`
	Organization exportOrganization `json:"organization"`
	Beneficiary  exportBeneficiary  `json:"beneficiary"`
	Consents     []exportConsent    `json:"consents"`
	Shares       []exportShare      `json:"shares,omitempty"`
	Documents    []exportDocument   `json:"documents"`
	Removed      []exportRemoved    `json:"removed,omitempty"`
	Skipped      []vault.DocumentID `json:"skipped,omitempty"` // private, and the card was not there
	Events       []exportEvent      `json:"events"`
}

type exportOrganization struct {
	ID          vault.OrgID `json:"id"`
	Name        string      `json:"name"`
	Fingerprint string      `json:"fingerprint"`
}

type exportBeneficiary struct {
	ID         vault.BeneficiaryID `json:"id"`
	Opened     string              `json:"opened"`
	Closed     string              `json:"closed,omitempty"`
	NoRecovery bool                `json:"no_recovery,omitempty"`
	vault.Person
}

type exportConsent struct {
	ID       vault.ConsentID      `json:"id"`
	To       string               `json:"to"`
	Team     vault.TeamID         `json:"team"`
	Purpose  string               `json:"purpose"`
	Until    vault.Date           `json:"until,omitempty"`
	Evidence vault.DocumentID     `json:"evidence,omitempty"`
	By       string               `json:"recorded_by"`
	Given    string               `json:"given"`
	State    string               `json:"state"`            // given, withdrawn, expired
	Record   *vault.ConsentRecord `json:"record,omitempty"` // ISO/IEC TS 27560, its events continued to today
}

type exportDocument struct {
	ID           vault.DocumentID `json:"id"`
	Path         string           `json:"path"` // in the archive
	Space        vault.Space      `json:"space"`
	Type         string           `json:"type"`
	Title        string           `json:"title,omitempty"`
	Holder       string           `json:"holder,omitempty"`
	IssuedOn     vault.Date       `json:"issued_on,omitempty"`
	ExpiresOn    vault.Date       `json:"expires_on,omitempty"`
	Period       string           `json:"period,omitempty"`
	Pages        string           `json:"pages,omitempty"`
	Note         string           `json:"note,omitempty"`
	OriginalSeen bool             `json:"original_seen"`
	SourceID     string           `json:"source_id,omitempty"`
	ReceivedOn   vault.Date       `json:"received_on,omitempty"`
	FileName     string           `json:"file_name,omitempty"`
	MediaType    string           `json:"media_type"`
	PageCount    int              `json:"page_count,omitempty"`
	Width        int              `json:"width,omitempty"`
	Height       int              `json:"height,omitempty"`
	Size         int64            `json:"size"`
	SHA256       vault.Hash       `json:"sha256"`
	Batch        vault.BatchID    `json:"batch,omitempty"`
	Evidence     vault.ConsentID  `json:"evidence,omitempty"`
	DepositedBy  string           `json:"deposited_by"`
	Deposited    string           `json:"deposited"`
	Changed      string           `json:"changed"`
	Versions     []exportVersion  `json:"versions"` // oldest first; the last one is in the archive
}

// exportVersion is a version of a document. Those before the last are deleted; their digests stay.
type exportVersion struct {
	At       string     `json:"at"`
	By       string     `json:"by"`
	SHA256   vault.Hash `json:"sha256,omitempty"`
	Size     int64      `json:"size,omitempty"`
	FileName string     `json:"file_name,omitempty"`
	Event    string     `json:"event"`
}

type exportRemoved struct {
	ID      vault.DocumentID `json:"id"`
	Type    string           `json:"type,omitempty"`
	SHA256  vault.Hash       `json:"sha256,omitempty"`
	Removed string           `json:"removed"`
	By      string           `json:"by"`
}

type exportEvent struct {
	ID          string          `json:"id"`
	Type        vault.EventType `json:"type"`
	At          string          `json:"at"`
	Agent       string          `json:"agent,omitempty"`
	Writer      vault.WriterID  `json:"writer"`
	Seq         uint64          `json:"seq"`
	Text        string          `json:"text"`
	Body        json.RawMessage `json:"body,omitempty"`
	Quarantined string          `json:"quarantined,omitempty"`
}

func stamp(c vault.Clock) string { return c.Time().Format(time.RFC3339) }

// manifest writes manifest.json.
func (x *export) manifest(w io.Writer, events []exported) error {
	m := exportManifest{Format: "vaultctl export", Version: exportFormat, Program: x.e.Version, Made: x.e.Now().Format(time.RFC3339),
		Language: x.lang.String(), Organization: exportOrganization{x.org.ID, x.org.Name, x.e.fingerprint()},
		Beneficiary: exportBeneficiary{ID: x.st.ID, Opened: stamp(x.st.Opened), NoRecovery: x.st.NoRecovery, Person: x.st.Person},
		Consents:    x.consents(), Shares: x.shares(), Documents: []exportDocument{}, Events: []exportEvent{}}
	if x.st.Closed != nil {
		m.Beneficiary.Closed = x.st.Closed.Reason
	}
	versions := x.versions(events)
	for _, d := range x.docs {
		m.Documents = append(m.Documents, x.documentEntry(d, versions[d.ID]))
	}
	for _, d := range x.skipped {
		m.Skipped = append(m.Skipped, d.ID)
	}
	for _, d := range x.st.Documents {
		if d.Removed != nil {
			m.Removed = append(m.Removed, exportRemoved{d.ID, d.Type, d.Digest, stamp(d.Removed.At), x.org.AgentName(d.Removed.By)})
		}
	}
	for _, j := range events {
		m.Events = append(m.Events, exportEvent{j.Event, j.rec.Type, j.At, j.Agent, j.rec.Pos.Writer, j.rec.Pos.Seq, j.Text, j.rec.Body, j.Quarantined})
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(m)
}

func (x *export) documentEntry(d *vault.Document, versions []exportVersion) exportDocument {
	return exportDocument{ID: d.ID, Path: x.path(d), Space: d.Space, Type: d.Type, Title: d.Title, Holder: d.Holder, IssuedOn: d.IssuedOn,
		ExpiresOn: d.ExpiresOn, Period: d.Period, Pages: d.Pages, Note: d.Note, OriginalSeen: d.OriginalSeen, SourceID: d.SourceID,
		ReceivedOn: d.ReceivedOn, FileName: d.FileName, MediaType: d.MediaType, PageCount: d.PageCount, Width: d.Width, Height: d.Height, Size: d.Size, SHA256: d.Digest, Batch: d.Batch,
		Evidence: d.Evidence, DepositedBy: x.org.AgentName(d.By), Deposited: stamp(d.Deposited), Changed: stamp(d.Changed), Versions: versions}
}

// consents returns every consent with its record, continued by what happened to it later.
func (x *export) consents() []exportConsent {
	out := []exportConsent{}
	for _, c := range x.st.Consents {
		v := exportConsent{ID: c.Consent, To: x.org.TeamName(c.Team), Team: c.Team, Purpose: c.Purpose, Until: c.Until,
			Evidence: c.EvidenceDoc, By: x.org.AgentName(c.By), Given: stamp(c.At), State: consentState(c)}
		if c.Record != nil {
			v.Record = recordNow(c)
		}
		out = append(out, v)
	}
	return out
}

// versions returns the versions of each document as the journal tells them.
func (x *export) versions(events []exported) map[vault.DocumentID][]exportVersion {
	out := map[vault.DocumentID][]exportVersion{}
	lookup := newOverlay(x.e.Store, x.org, x.keys).lookup(x.id)
	for _, j := range events {
		var b vault.DepositBody
		if j.rec.Type != vault.DocumentDeposited && j.rec.Type != vault.DocumentReplaced || j.Quarantined != "" || j.rec.Decode(&b) != nil {
			continue
		}
		v := exportVersion{At: j.At, By: j.Agent, Event: j.Event}
		for _, h := range j.rec.Notes {
			var d vault.DocumentData
			if n := lookup(h); n != nil && n.Kind == vault.EntryDocument && json.Unmarshal(n.Data, &d) == nil {
				v.SHA256, v.Size, v.FileName = or(d.Digest, ""), or(d.Size, 0), or(d.FileName, "")
			}
		}
		out[b.Document] = append(out[b.Document], v)
	}
	for _, d := range x.docs { // the entries of a private document are not in the index, its state is
		if vs := out[d.ID]; len(vs) > 0 {
			last := &vs[len(vs)-1]
			last.SHA256, last.Size, last.FileName = d.Digest, d.Size, d.FileName
		}
	}
	return out
}

// documentColumns are those of an import manifest first, so that the file can be imported as it is.
var documentColumns = []string{"path", "beneficiary", "type", "source_id", "issued_on", "expires_on", "period", "title", "holder", "pages",
	"space", "original_seen", "note", "document", "file_name", "media_type", "size", "sha256", "received_on", "deposited", "deposited_by",
	"page_count", "width", "height"}

func (x *export) documentsCSV(w io.Writer) error {
	return x.e.sheet(w, x.lang, documentColumns, func(row func(...string) error) error {
		for _, d := range x.docs {
			err := row(x.path(d), x.id, d.Type, d.SourceID, string(d.IssuedOn), string(d.ExpiresOn), d.Period, d.Title, d.Holder, d.Pages,
				string(d.Space), strconv.FormatBool(d.OriginalSeen), d.Note, string(d.ID), d.FileName, d.MediaType,
				strconv.FormatInt(d.Size, 10), string(d.Digest), string(d.ReceivedOn), stamp(d.Deposited), x.org.AgentName(d.By),
				known(d.PageCount), known(d.Width), known(d.Height))
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// known writes a number, and nothing for 0.
func known(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func (x *export) journalCSV(w io.Writer, events []exported) error {
	return x.e.sheet(w, x.lang, journalColumns, func(row func(...string) error) error {
		for _, j := range events {
			if err := row(x.e.journalCells(j.rec, &j.JournalEntry)...); err != nil {
				return err
			}
		}
		return nil
	})
}

func (x *export) journalText(w io.Writer, events []exported) error {
	head := x.lang.T("Journal of the vault of %s", oneLine(x.name())) + "\n" + x.org.Name + "\n" +
		x.lang.T("Made on %s", x.lang.DateTime(x.e.Now())) + "\n\n"
	if _, err := io.WriteString(w, head); err != nil {
		return err
	}
	for _, j := range events {
		if _, err := io.WriteString(w, x.e.journalLine(x.lang, j.rec, j.JournalEntry)+"\n"); err != nil {
			return err
		}
	}
	return nil
}

// name is the person's, or the id of a vault that holds none.
func (x *export) name() string {
	if n := x.st.Person.DisplayName(); n != "" {
		return n
	}
	return x.id
}

// readme explains what the archive holds and how to check it.
func (x *export) readme() string {
	l, b := x.lang, strings.Builder{}
	para := func(s string) { b.WriteString(s + "\n\n") }
	para(l.T("Vault of %s", oneLine(x.name())))
	para(l.T("This archive holds everything that %s keeps for this person, on %s.", x.org.Name, l.DateTime(x.e.Now())))
	para(l.N(len(x.docs), "The folder \"documents\" holds %d document. It opens like any other file; no special program is needed.",
		"The folder \"documents\" holds %d documents. They open like any other file; no special program is needed."))
	if len(x.skipped) > 0 {
		para(l.N(len(x.skipped), "%d private document is missing: it opens with the person's card only. Ask for the export again with the card.",
			"%d private documents are missing: they open with the person's card only. Ask for the export again with the card."))
		for _, d := range x.skipped {
			b.WriteString("  - " + string(d.ID) + "\n")
		}
		b.WriteString("\n")
	}
	para(l.T("documents.csv lists the documents and journal.csv all that was done in the vault: both open in a spreadsheet. journal.txt tells the same in sentences."))
	para(l.T("manifest.json holds all of it for another program: every attribute, the consents as ISO/IEC TS 27560 records, and the journal. Another vaultctl imports this archive."))
	para(l.T("To check that a document is the one that was deposited, compute its SHA-256 digest and compare it with documents.csv:"))
	b.WriteString("  Linux: sha256sum " + "documents/*\n  macOS: shasum -a 256 documents/*\n  Windows: certutil -hashfile documents\\… SHA256\n\n")
	para(l.T("These documents are personal. Keep the archive where nobody else can read it, and delete it when it has served."))
	return strings.ReplaceAll(strings.TrimRight(b.String(), "\n")+"\n", "\n", "\r\n")
}

// path is a document's place in the archive: what it is and its date, without a word that somebody typed.
func (x *export) path(d *vault.Document) string {
	day := d.IssuedOn
	if day == "" {
		day = d.ReceivedOn
	}
	if day == "" {
		day = vault.DateOf(d.Deposited.Time())
	}
	kind := safeWord(d.Type)
	if kind == "" {
		kind = "document"
	}
	return "documents/" + kind + "_" + string(day) + "_" + string(d.ID) + "." + extensionOf(d)
}

var unsafeWord = regexp.MustCompile(`[^a-z0-9-]+`)

// safeWord keeps what any file system takes, and no number that identifies a person.
func safeWord(s string) string {
	s = strings.Trim(unsafeWord.ReplaceAllString(strings.ToLower(s), "-"), "-")
	if vault.HasNIR(s) || len(s) > 60 {
		return ""
	}
	return s
}

// extensions of the media types that people deposit.
var extensions = map[string]string{
	"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png", "image/tiff": "tif", "image/gif": "gif", "image/webp": "webp",
	"image/heic": "heic", "image/heif": "heif", "image/avif": "avif", "image/bmp": "bmp", "text/plain": "txt", "text/html": "html", "text/csv": "csv",
	"application/zip": "zip", "application/msword": "doc", "application/rtf": "rtf", "text/rtf": "rtf",
	"application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
	"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet":       "xlsx",
	"application/vnd.oasis.opendocument.text":                                 "odt",
	"application/vnd.oasis.opendocument.spreadsheet":                          "ods",
	"message/rfc822": "eml", "application/vnd.ms-outlook": "msg",
}

var plainExtension = regexp.MustCompile(`^\.[a-z0-9]{1,8}$`)

// extensionOf goes by the content, and by the given name where the content says nothing.
func extensionOf(d *vault.Document) string {
	media, _, _ := strings.Cut(d.MediaType, ";")
	if ext, ok := extensions[strings.TrimSpace(media)]; ok {
		return ext
	}
	if ext := strings.ToLower(path.Ext(d.FileName)); plainExtension.MatchString(ext) {
		return ext[1:]
	}
	return "bin"
}
