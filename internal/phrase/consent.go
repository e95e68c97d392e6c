package phrase

import (
	"encoding/json"
	"strings"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	"vaultctl/internal/termio"
	"vaultctl/internal/vault"
)

// ConsentState shows the state of a consent by a sign and a word.
func ConsentState(l lang.Lang, state string) termio.Cell {
	switch state {
	case "given":
		return termio.Cell{Text: "✓ " + l.T("in force"), Style: termio.Good}
	case "withdrawn":
		return termio.Cell{Text: "✗ " + l.T("withdrawn"), Style: termio.Faint}
	case "expired":
		return termio.Cell{Text: "■ " + l.T("over"), Style: termio.Faint}
	}
	return termio.Cell{Text: state}
}

// Until says how long a consent is given for.
func Until(l lang.Lang, c *api.Consent) string {
	if c.Until != "" {
		return Day(l, c.Until)
	}
	return l.T("it is withdrawn")
}

// ConsentLine says a consent in one line.
func ConsentLine(l lang.Lang, c *api.Consent) string {
	parts := []string{c.ID, ConsentState(l, c.State).Text, c.To, c.Purpose}
	switch {
	case c.Ended != "":
		parts = append(parts, l.T("ended %s", Day(l, c.Ended)))
	case c.Until != "":
		parts = append(parts, l.T("until %s", Day(l, c.Until)))
	}
	return strings.Join(parts, "  ")
}

// Purpose shows the purpose of a code to a person.
func Purpose(l lang.Lang, code string) string {
	for _, p := range vault.Purposes {
		switch {
		case p.Code != code:
		case l == lang.French:
			return lang.Typography(p.FR)
		default:
			return p.EN
		}
	}
	return code
}

// Readers says who readers are.
func Readers(l lang.Lang, names []string) string {
	words := make([]string, len(names))
	for i, name := range names {
		switch name {
		case "card":
			words[i] = l.T("the person's card")
		case "recovery":
			words[i] = l.T("recovery")
		default:
			words[i] = name
		}
	}
	return strings.Join(words, ", ")
}

// Record shows a member of the record of an agreement as it stands there.
func Record(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	b, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(b)
}
