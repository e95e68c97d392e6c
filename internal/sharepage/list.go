package sharepage

import (
	"encoding/json"
	"fmt"
	"path"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// list is the sealed list of a package.
type list struct {
	V           int      `json:"v"`
	Type        string   `json:"type"`
	Recipient   string   `json:"recipient,omitempty"`
	Beneficiary string   `json:"beneficiary,omitempty"`
	Purpose     Text     `json:"purpose"`
	MadeOn      string   `json:"made_on"`
	Until       string   `json:"until,omitempty"`
	Fingerprint string   `json:"fingerprint,omitempty"`
	Documents   []listed `json:"documents"`
}

type listed struct {
	Title     string          `json:"title"`
	File      string          `json:"file"`
	Type      Text            `json:"type"`
	MediaType string          `json:"media_type,omitempty"`
	IssuedOn  string          `json:"issued_on,omitempty"`
	Size      int64           `json:"size"`
	SHA256    string          `json:"sha256"`
	Proof     json.RawMessage `json:"proof,omitempty"`
}

func newList(p Package) *list {
	l := &list{
		V: 1, Type: "package", Recipient: p.Recipient, Beneficiary: p.Beneficiary, Purpose: p.Purpose, Fingerprint: p.Fingerprint,
		MadeOn: day(p.Made), Until: day(p.Until),
	}
	taken := map[string]bool{}
	for _, d := range p.Documents {
		l.Documents = append(l.Documents, listed{
			Title: d.Title, File: fileName(d.File, taken), Type: d.Type, MediaType: d.MediaType, IssuedOn: d.IssuedOn, Size: d.Size, Proof: d.Proof,
		})
	}
	return l
}

func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.DateOnly)
}

// maxName is the length of a file name that every system takes, in bytes, with some room for a number.
const maxName = 200

// fileName returns a name that every system can save a file under, and that no other of taken has.
func fileName(name string, taken map[string]bool) string {
	clean := strings.Map(func(r rune) rune {
		switch {
		case strings.ContainsRune(`<>:"/\|?*`, r):
			return '_'
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), r == utf8.RuneError:
			return -1 // signs that turn the direction of writing could hide what kind of file it is
		}
		return r
	}, name)
	clean = strings.Trim(clean, ". ")
	if clean == "" {
		clean = "document"
	}
	ext := path.Ext(clean)
	stem := strings.TrimSuffix(clean, ext)
	for len(stem)+len(ext) > maxName && stem != "" {
		_, size := utf8.DecodeLastRuneInString(stem)
		stem = stem[:len(stem)-size]
	}
	if stem == "" {
		stem, ext = "document", ""
	}
	clean = stem + ext
	for n := 2; taken[strings.ToLower(clean)]; n++ {
		clean = fmt.Sprintf("%s (%d)%s", stem, n, ext)
	}
	taken[strings.ToLower(clean)] = true
	return clean
}
