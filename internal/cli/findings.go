package cli

import (
	"slices"

	"vaultctl/internal/api"
	"vaultctl/internal/phrase"
	"vaultctl/internal/vault"
)

// brokenCodes are the findings that mean altered, rolled back or forked data; the rest only needs attention.
func brokenCodes() []string {
	return []string{"altered", "truncated", "missing", "injected", "rolled_back", "forked", "foreign", "too_large", "withheld", "stale_list",
		string(vault.CodeIntegrity), string(vault.CodeForeign)}
}

func isBroken(finding api.Finding) bool {
	return finding.Severity != "info" && slices.Contains(brokenCodes(), finding.Code)
}

// judge turns findings into the error that a check ends with: integrity before attention, nil if all is well.
func judge(findings []api.Finding) error {
	broken, open := 0, 0
	for _, finding := range findings {
		switch {
		case isBroken(finding):
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

// findings adds findings to a page, each with its hint.
func (p *page) findings(findings []api.Finding) {
	for _, finding := range findings {
		cell := phrase.Severity(p.l, finding.Severity)
		text := phrase.Hint(p.l, finding.Message)
		if finding.Subject != "" {
			text = finding.Subject + ": " + text
		}
		p.WriteString(p.f.IO.Styled(cell.Style, cell.Text) + "  " + p.f.IO.Clean(text) + "\n")
		if finding.Hint != "" {
			p.line("    " + phrase.Hint(p.l, finding.Hint))
		}
	}
}
