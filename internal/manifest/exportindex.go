package manifest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"vaultctl/internal/vault"
)

// exportIndex is what is read of the manifest.json of an export; the journal and the consents stay behind.
type exportIndex struct {
	Format       string
	Version      int
	Organization struct {
		ID string `json:"id"`
	}
	Beneficiary struct {
		ID         string   `json:"id"`
		FamilyName string   `json:"family_name"`
		GivenName  string   `json:"given_name"`
		UsageName  string   `json:"usage_name"`
		Aliases    []string `json:"aliases"`
		Born       string   `json:"born"`
		BirthPlace string   `json:"birth_place"`
		Language   string   `json:"language"`
		Phone      string   `json:"phone"`
		Email      string   `json:"email"`
		Refs       []string `json:"refs"`
	}
	Documents []exportDocument
	Skipped   []string
}

// exportDocument is a document of an export.
type exportDocument struct {
	ID           string `json:"id"`
	Path         string `json:"path"`
	Space        string `json:"space"`
	Type         string `json:"type"`
	Title        string `json:"title"`
	Holder       string `json:"holder"`
	IssuedOn     string `json:"issued_on"`
	ExpiresOn    string `json:"expires_on"`
	Period       string `json:"period"`
	Pages        string `json:"pages"`
	Note         string `json:"note"`
	OriginalSeen bool   `json:"original_seen"`
	SourceID     string `json:"source_id"`
	ReceivedOn   string `json:"received_on"`
	FileName     string `json:"file_name"`
	SHA256       string `json:"sha256"`
}

const (
	exportFormat  = "vaultctl export"
	exportVersion = 1
	maxIndex      = 256 << 20 // bytes of manifest.json, most of which are read over
	maxValue      = 4 << 20   // bytes of one value in it
)

// exportIndex reads manifest.json without holding what is not needed.
func (a *archive) exportIndex() (*exportIndex, error) {
	m := a.member("manifest.json")
	if m == nil {
		return nil, errNoExport()
	}
	if m.UncompressedSize64 > maxIndex {
		return nil, errBomb()
	}
	r, err := m.Open()
	if err != nil {
		return nil, errMember(err)
	}
	defer r.Close()
	x := &exportIndex{}
	b := &bounded{r: r}
	if err := x.read(&indexReader{json.NewDecoder(b), b}); err != nil {
		return nil, vault.Errorf(vault.CodeInvalid, "the list of the export cannot be read: %w", err)
	}
	_, orgErr := vault.ParseID('o', x.Organization.ID)
	_, idErr := vault.ParseBeneficiaryID(x.Beneficiary.ID)
	switch {
	case x.Format != exportFormat || orgErr != nil || idErr != nil:
		return nil, errNoExport()
	case x.Version > exportVersion:
		return nil, vault.Errorf(vault.CodeUpgrade, "the export was written by a newer version of vaultctl")
	}
	return x, nil
}

var errIndex = errors.New("not the JSON of an export")

// indexReader reads JSON of which no single value is large.
type indexReader struct {
	json *json.Decoder
	b    *bounded
}

func (r *indexReader) token() (json.Token, error) {
	r.b.left = maxValue
	return r.json.Token()
}

func (r *indexReader) more() bool {
	r.b.left = maxValue
	return r.json.More()
}

func (r *indexReader) decode(into any) error {
	r.b.left = maxValue
	return r.json.Decode(into)
}

// read reads the members of the object one by one.
func (x *exportIndex) read(dec *indexReader) error {
	if t, err := dec.token(); err != nil || t != json.Delim('{') {
		return errIndex
	}
	for dec.more() {
		key, err := dec.token()
		if err != nil {
			return err
		}
		var into any
		switch key {
		case "format":
			into = &x.Format
		case "version":
			into = &x.Version
		case "organization":
			into = &x.Organization
		case "beneficiary":
			into = &x.Beneficiary
		case "skipped":
			into = &x.Skipped
		case "documents":
			if err := x.documents(dec); err != nil {
				return err
			}
			continue
		default:
			if err := skipValue(dec); err != nil {
				return err
			}
			continue
		}
		if err := dec.decode(into); err != nil {
			return err
		}
	}
	if _, err := dec.token(); err != nil {
		return err
	}
	if _, err := dec.token(); !errors.Is(err, io.EOF) {
		return errIndex
	}
	return nil
}

func (x *exportIndex) documents(dec *indexReader) error {
	if t, err := dec.token(); err != nil || t != json.Delim('[') {
		return errIndex
	}
	for dec.more() {
		if len(x.Documents) >= maxMembers {
			return fmt.Errorf("more than %d documents", maxMembers)
		}
		var d exportDocument
		if err := dec.decode(&d); err != nil {
			return err
		}
		x.Documents = append(x.Documents, d)
	}
	_, err := dec.token()
	return err
}

// skipValue reads over a value without holding it.
func skipValue(dec *indexReader) error {
	for depth := 0; ; {
		t, err := dec.token()
		if err != nil {
			return err
		}
		if d, ok := t.(json.Delim); ok {
			if d == '{' || d == '[' {
				depth++
			} else {
				depth--
			}
		}
		if depth == 0 {
			return nil
		}
	}
}
