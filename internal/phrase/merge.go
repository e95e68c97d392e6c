package phrase

import (
	"strings"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
)

// Merge says what becomes, or would become, of a merge: labels and texts in turn. A text may be "" where there is nothing to say.
func Merge(l lang.Lang, m *api.Merge) []string {
	state := "✓ " + l.T("merged into %s, and closed", m.Into)
	switch {
	case m.DryRun && m.Closed:
		state = "· " + l.T("would be merged into %s, and closed", m.Into)
	case m.DryRun:
		state = "· " + l.T("would be merged into %s in part, and stay open", m.Into)
	case !m.Closed:
		state = "! " + l.T("merged into %s in part, and still open", m.Into)
	}
	documents := l.N(m.Documents, "%d moved", "%d moved")
	if m.Same > 0 {
		documents += ", " + l.N(m.Same, "%d was there already", "%d were there already")
	}
	differs := ""
	if len(m.Differs) > 0 {
		differs = l.T("the dates of birth contradict one another: make sure that this is one person")
	}
	return []string{
		l.T("duplicate"), m.Duplicate + "  " + state, l.T("check"), differs, l.T("documents"), documents,
		l.T("references"), strings.Join(m.Refs, ", "), l.T("also called"), strings.Join(m.Names, ", "),
		l.T("consent is missing to"), strings.Join(m.Lacks, ", "), l.T("now reads the documents"), strings.Join(m.Gains, ", "),
	}
}

// Left says of a document of a merge that it was left, and why.
func Left(l lang.Lang, d *api.LeftDocument) string {
	return d.Document + "  ! " + l.T("left: %s", l.Message(d.Message))
}
