package cli

import (
	"vaultctl/internal/api"
	"vaultctl/internal/phrase"
)

// findings adds findings to a page, each with its hint.
func (p *page) findings(findings []api.Finding) {
	for _, finding := range findings {
		cell := phrase.Severity(p.l, finding.Severity)
		text := phrase.Finding(p.l, &finding)
		p.WriteString(p.f.IO.Styled(cell.Style, cell.Text) + "  " + p.f.IO.Clean(text) + "\n")
		if finding.Hint != "" {
			p.line("    " + phrase.Hint(p.l, finding.Hint))
		}
	}
}
