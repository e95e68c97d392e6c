package engine

import (
	"archive/tar"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"unicode"

	"vaultctl/internal/lang"
	"vaultctl/internal/vault"
)

// recoveredManifest is manifest.json in a person's folder.
type recoveredManifest struct {
	Format       string                `json:"format"` // "vaultctl recovered"
	Version      int                   `json:"version"`
	Organization vault.OrgID           `json:"organization"`
	Beneficiary  vault.BeneficiaryID   `json:"beneficiary"`
	Person       vault.Person          `json:"person"`
	Consents     []vault.ConsentRecord `json:"consents"`
	Documents    []recoveredFile       `json:"documents"`
}

// recoveredFile is one document in manifest.json.
type recoveredFile struct {
	ID          vault.DocumentID    `json:"id"`
	Path        string              `json:"path"`
	Space       vault.Space         `json:"space"`
	Evidence    vault.ConsentID     `json:"evidence,omitempty"`
	Size        int64               `json:"size"`
	SHA256      vault.Hash          `json:"sha256"`
	Error       string              `json:"error,omitempty"` // altered, missing or earlier_card: there is no file
	Description *vault.DocumentData `json:"description,omitempty"`
}

// person writes a person's folder.
func (r *recovery) person(ctx context.Context, t *tar.Writer, p *recovered) error {
	dir := folderOf(p)
	m := recoveredManifest{Format: "vaultctl recovered", Version: 1, Organization: r.note.Org, Beneficiary: p.id, Person: p.person,
		Consents: p.consents, Documents: []recoveredFile{}}
	for _, d := range p.documents {
		f, err := r.document(ctx, t, dir+"/"+fileOf(d), d)
		if err != nil {
			return err
		}
		f.Path = strings.TrimPrefix(f.Path, dir+"/")
		m.Documents = append(m.Documents, f)
	}
	raw, err := json.MarshalIndent(&m, "", "  ")
	if err != nil {
		return fmt.Errorf("marshal manifest: %w", err)
	}
	return r.file(t, dir+"/manifest.json", append(raw, '\n'))
}

// folderOf names a person's folder: the names in letters and digits of any script, and the id, which keeps homonyms apart.
func folderOf(p *recovered) string {
	family := p.person.FamilyName
	if family == "" {
		family = p.person.UsageName
	}
	var parts []string
	for _, s := range []string{family, p.person.GivenName} {
		if s = plainName(s); s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(append(parts, string(p.id)), "_")
}

// plainName keeps letters and digits, at most 40 of them; everything else becomes a single hyphen.
func plainName(s string) string {
	words := strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) })
	out := []rune(strings.Join(words, "-"))
	if len(out) > 40 {
		out = out[:40]
	}
	return strings.Trim(string(out), "-")
}

// fileOf names a document's file.
func fileOf(d *vault.Document) string {
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
	return kind + "_" + string(day) + "_" + string(d.ID) + "." + extensionOf(d)
}

// readme says in both languages what the archive is, and what is missing from it.
func (r *recovery) readme(people []*recovered) string {
	var b strings.Builder
	for _, l := range []lang.Lang{lang.French, lang.English} {
		documents := 0
		for _, p := range people {
			documents += len(p.documents)
		}
		b.WriteString(l.T("Documents recovered from a remote on %s.", l.DateTime(r.e.Now())) + "\n\n")
		b.WriteString(l.T("Each folder belongs to one person. manifest.json in it says what each file is, with its SHA-256 digest and the consents.") + "\n")
		b.WriteString(l.N(len(people), "%d person", "%d persons") + ", " + l.N(documents, "%d document", "%d documents") + ".\n")
		if r.skipped > 0 {
			b.WriteString(l.N(r.skipped, "%d document opens with its person's card only.", "%d documents open with their person's card only.") + "\n")
		}
		if r.earlier > 0 {
			b.WriteString(l.N(r.earlier, "%d private document opens with an earlier card only.", "%d private documents open with an earlier card only.") + "\n")
		}
		if r.replaced {
			b.WriteString(l.T("The card was replaced: what is sealed to the newer one is not here.") + "\n")
		}
		if len(r.bad) > 0 {
			b.WriteString("\n" + l.N(len(r.bad), "%d object on the remote is altered or missing:", "%d objects on the remote are altered or missing:") + "\n")
			for _, f := range r.bad {
				b.WriteString("  " + f.Code + "  " + f.Subject + "\n")
			}
		}
		b.WriteString("\n")
	}
	return b.String()
}
