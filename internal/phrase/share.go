package phrase

import (
	"strings"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	"vaultctl/internal/termio"
)

// ShareState shows the state of a share by a sign and a word.
func ShareState(l lang.Lang, state string) termio.Cell {
	switch state {
	case "active":
		return termio.Cell{Text: "✓ " + l.T("goes on"), Style: termio.Good}
	case "expired":
		return termio.Cell{Text: "■ " + l.T("over"), Style: termio.Faint}
	case "revoked":
		return termio.Cell{Text: "✗ " + l.T("revoked"), Style: termio.Faint}
	case "ended":
		return termio.Cell{Text: "■ " + l.T("ended"), Style: termio.Faint}
	}
	return termio.Cell{Text: state}
}

// ShareLine says a share in one line.
func ShareLine(l lang.Lang, s *api.Share) string {
	return strings.Join([]string{s.ID, ShareState(l, s.State).Text, s.To, s.Purpose, l.N(len(s.Documents), "%d document", "%d documents"),
		l.T("until %s", Day(l, s.Until))}, "  ")
}

// SealedTo says what the copies of a share are sealed to.
func SealedTo(l lang.Lang, key string) string {
	switch key {
	case "hybrid":
		return l.T("their key")
	case "classic":
		return l.T("their key, classic")
	case "passphrase":
		return l.T("a passphrase for each share")
	case "team":
		return l.T("the team's key")
	}
	return l.T("not known here")
}

// PartnerState shows the state of a partner by a sign and a word.
func PartnerState(l lang.Lang, state string) termio.Cell {
	if state == "removed" {
		return termio.Cell{Text: "✗ " + l.T("removed"), Style: termio.Faint}
	}
	return termio.Cell{Text: "✓ " + l.T("in use"), Style: termio.Good}
}
