package phrase

import (
	"slices"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	"vaultctl/internal/vault"
)

// brokenCodes are the findings that mean altered, rolled back or forked data; the rest only needs attention.
func brokenCodes() []string {
	return []string{"altered", "truncated", "missing", "injected", "rolled_back", "forked", "foreign", "too_large", "withheld", "stale_list",
		string(vault.CodeIntegrity), string(vault.CodeForeign)}
}

// Broken reports whether a finding means altered, rolled back or forked data.
func Broken(finding *api.Finding) bool {
	return finding.Severity != "info" && slices.Contains(brokenCodes(), finding.Code)
}

// Judge turns findings into the error that a check ends with: integrity before attention, nil if all is well.
func Judge(findings []api.Finding) error {
	broken, open := 0, 0
	for _, finding := range findings {
		switch {
		case Broken(&finding):
			broken++
		case finding.Severity != "info":
			open++
		}
	}
	switch {
	case broken == 1:
		return vault.Errorf(vault.CodeIntegrity, "1 finding of altered, missing or foreign data")
	case broken > 1:
		return vault.Errorf(vault.CodeIntegrity, "%d findings of altered, missing or foreign data", broken)
	case open == 1:
		return vault.Errorf(vault.CodeAttention, "1 thing needs attention")
	case open > 1:
		return vault.Errorf(vault.CodeAttention, "%d things need attention", open)
	}
	return nil
}

// Finding says what was found, and where.
func Finding(l lang.Lang, finding *api.Finding) string {
	text := Hint(l, finding.Message)
	if finding.Subject != "" {
		text = finding.Subject + ": " + text
	}
	return text
}

// Verified says in lines what a check of what is stored has looked at.
func Verified(l lang.Lang, r *api.VerifyResult) []string {
	lines := []string{l.N(r.Segments, "%d journal segment checked", "%d journal segments checked") + ", " +
		l.N(r.Events, "%d event", "%d events") + ", " + l.N(r.Objects, "%d object", "%d objects") + "."}
	if r.Missing == 0 && r.Altered == 0 && Judge(r.Findings) == nil {
		lines = append(lines, l.T("All is as it was written."))
	}
	return lines
}
