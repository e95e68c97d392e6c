package workstation

import (
	"io"

	"vaultctl/internal/agecrypt"
	"vaultctl/internal/engine"
	"vaultctl/internal/lang"
	"vaultctl/internal/sharepage"
)

// packages writes packages, with the document types in force.
type packages struct {
	sealer *agecrypt.Sealer
	types  types
}

// packageSealer returns a sealer whose passphrase files open in a browser within seconds; the passphrases are generated. Tests
// bring their own.
func packageSealer(given *agecrypt.Sealer) *agecrypt.Sealer {
	if given != nil {
		return given
	}
	return agecrypt.NewWithWorkFactor(sharepage.WorkFactor)
}

// Check implements engine.Packages.
func (p packages) Check(size int64) error { return sharepage.Check(size) }

// Write implements engine.Packages.
func (p packages) Write(w io.Writer, given engine.Package, passphrase string) error {
	page := sharepage.Package{
		Lang: given.Language, Organization: given.Organization, Fingerprint: given.Fingerprint, Share: string(given.Share),
		Recipient: given.Recipient, Beneficiary: given.Person, Made: given.Made, Until: given.Until.Time(),
		Purpose: sharepage.Text{En: engine.PurposeName(lang.English, given.Purpose), Fr: engine.PurposeName(lang.French, given.Purpose)},
	}
	for _, d := range given.Documents {
		name := p.typeName(d.Type)
		title := d.Title
		if title == "" {
			title = name.Fr
			if given.Language == lang.English.String() {
				title = name.En
			}
		}
		page.Documents = append(page.Documents, sharepage.Document{
			Title: title, File: d.FileName, Type: name, MediaType: d.MediaType, IssuedOn: string(d.IssuedOn), Size: d.Size, SHA256: string(d.Digest), Proof: d.Proof,
			Open: d.Open,
		})
	}
	_, err := sharepage.Write(w, p.sealer, page, passphrase)
	return err
}

// typeName returns what a type is called in both languages, the code itself if it is not in the catalogue any more.
func (p packages) typeName(code string) sharepage.Text {
	name := func(l lang.Lang) string {
		t, err := p.types.Find(code, l.String())
		if err != nil {
			return code
		}
		return t.Name
	}
	return sharepage.Text{En: name(lang.English), Fr: name(lang.French)}
}
