package phrase

import (
	"strconv"
	"strings"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	"vaultctl/internal/termio"
	"vaultctl/internal/vault"
)

// Born shows a date of birth, of which only a part may be known.
func Born(l lang.Lang, born string) string {
	switch {
	case born == "unknown":
		return l.T("unknown")
	case strings.HasSuffix(born, "~"):
		return l.T("about %s", strings.TrimSuffix(born, "~"))
	}
	return Day(l, born)
}

// BeneficiaryState shows the state of a vault by a sign and a word.
func BeneficiaryState(l lang.Lang, state string) termio.Cell {
	switch state {
	case "open":
		return termio.Cell{Text: "✓ " + l.T("open"), Style: termio.Good}
	case "closed":
		return termio.Cell{Text: "■ " + l.T("closed"), Style: termio.Faint}
	case "unconsented":
		return termio.Cell{Text: "! " + l.T("no consent"), Style: termio.Warn}
	case "erased":
		return termio.Cell{Text: "✗ " + l.T("erased"), Style: termio.Faint}
	}
	return termio.Cell{Text: state}
}

// Documents counts the documents of a person, those that have expired and those that will soon.
func Documents(l lang.Lang, b *api.Beneficiary) termio.Cell {
	cell := termio.Cell{Text: strconv.Itoa(b.Documents)}
	if b.Expired > 0 {
		cell.Style = termio.Bad
		cell.Text += "  ✗ " + l.T("%d expired", b.Expired)
	}
	if b.Soon > 0 {
		cell.Text += "  ! " + l.T("%d soon", b.Soon)
		if b.Expired == 0 {
			cell.Style = termio.Warn
		}
	}
	return cell
}

// Reason says why a vault was closed, after a comma since it follows the state; "" if nothing is known.
func Reason(l lang.Lang, reason string) string {
	words := map[string]string{
		"moved": l.T("moved away"), "deceased": l.T("deceased"), "inactive": l.T("no contact"), "request": l.T("at their request"),
		"mistake": l.T("opened by mistake"), "duplicate": l.T("a duplicate"),
	}[reason]
	if words == "" {
		return ""
	}
	return ", " + words
}

// PersonLine names a candidate so that a person can tell them apart: name, year of birth, id, references.
func PersonLine(l lang.Lang, b *api.Beneficiary) string {
	name := b.Name
	if name == "" {
		name = l.T("somebody known at another site")
	}
	if year := vault.BirthDate(b.Born).Year(); year != "" {
		if strings.HasSuffix(b.Born, "~") {
			year = b.Born
		}
		name += ", " + l.T("born %s", year)
	}
	return strings.Join(append([]string{name + "  " + b.ID}, b.Refs...), "  ")
}
