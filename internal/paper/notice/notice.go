// Package notice holds the privacy notice that a person is given before they consent: plain words in French and
// English, with what is particular to the organization filled in.
//
// A consent records the hash of the text that was given, so Text is deterministic, and the files are never edited
// without raising Version. The format is a small part of Markdown: "# " the title, "## " headings, "- " items, any
// other line a paragraph, ** around what is stressed.
package notice

import (
	_ "embed"
	"fmt"
	"strings"
	"text/template"
	"time"

	"vaultctl/internal/lang"
)

// Version names the wording of the files. It changes whenever a word of either file does.
const Version = "1"

//go:embed en.txt
var english string

//go:embed fr.txt
var french string

// Params is what an organization says of itself in the notice. Strings are in the language of the notice.
type Params struct {
	Organization    string
	Contact         string    // how to reach the organization; empty leaves the line out
	Officer         string    // how to reach the data-protection officer; empty leaves the line out
	Readers         []string  // the teams and agents that the person is asked to admit
	Purposes        []string  // in plain words; none says "to help you with your rights and your paperwork"
	Until           time.Time // when the consent ends by itself; zero: when it is withdrawn
	RecoveryHolders string    // who keeps the recovery secret; empty: the organization has none
	RecoveryNeeded  int       // how many shares rebuild it…
	RecoveryShares  int       // …of how many
	Storage         string    // who stores the sealed files, and where; may be empty
	InactiveYears   int       // years without contact after which the file is closed; 0 means 2
}

// Text returns the notice in the language, exactly as it is shown and hashed, and the version of its wording.
func Text(l lang.Lang, p Params) (text, version string, err error) {
	if strings.TrimSpace(p.Organization) == "" {
		return "", "", fmt.Errorf("notice: no organization named")
	}
	if p.InactiveYears == 0 {
		p.InactiveYears = 2
	}
	source := english
	if l == lang.French {
		source = lang.Typography(french)
	}
	parsed, err := template.New("notice").Parse(source)
	if err != nil {
		return "", "", fmt.Errorf("parse notice %s: %w", l, err)
	}
	var b strings.Builder
	err = parsed.Execute(&b, struct {
		Params
		Until, Version string
	}{oneLine(p), l.Date(p.Until), Version})
	if err != nil {
		return "", "", fmt.Errorf("fill in notice %s: %w", l, err)
	}
	return b.String(), Version, nil
}

// oneLine keeps the values that are filled in from adding lines, and so headings and items, of their own.
func oneLine(p Params) Params {
	flat := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	all := func(in []string) []string {
		out := make([]string, len(in))
		for i, s := range in {
			out[i] = flat(s)
		}
		return out
	}
	p.Organization, p.Contact, p.Officer = flat(p.Organization), flat(p.Contact), flat(p.Officer)
	p.RecoveryHolders, p.Storage = flat(p.RecoveryHolders), flat(p.Storage)
	p.Readers, p.Purposes = all(p.Readers), all(p.Purposes)
	return p
}
