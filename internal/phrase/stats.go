package phrase

import "vaultctl/internal/lang"

// Measure says what is counted.
func Measure(l lang.Lang, measure string) string {
	switch measure {
	case "vaults_opened":
		return l.T("vaults opened")
	case "cards_used":
		return l.T("uses of cards")
	case "documents_deposited":
		return l.T("documents deposited")
	case "documents_opened":
		return l.T("documents opened")
	case "shares":
		return l.T("shares")
	case "procedures":
		return l.T("procedures")
	}
	return measure
}
