package phrase

import (
	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	"vaultctl/internal/termio"
)

// BatchThing says what a thing of a batch is.
func BatchThing(l lang.Lang, what string) string {
	switch what {
	case "document":
		return l.T("document")
	case "version":
		return l.T("new version")
	case "vault":
		return l.T("vault")
	case "consent":
		return l.T("consent")
	}
	return what
}

// BatchState shows how a thing of a batch stands by a sign and a word.
func BatchState(l lang.Lang, it *api.BatchItem) termio.Cell {
	switch it.State {
	case api.ItemThere:
		return termio.Cell{Text: "✓ " + l.T("as imported"), Style: termio.Good}
	case api.ItemChanged:
		return termio.Cell{Text: "! " + l.T("changed since"), Style: termio.Warn}
	case api.ItemRemoved:
		return termio.Cell{Text: "■ " + l.T("removed"), Style: termio.Faint}
	case api.ItemClosed:
		return termio.Cell{Text: "■ " + l.T("closed"), Style: termio.Faint}
	case api.ItemWithdrawn:
		return termio.Cell{Text: "■ " + l.T("withdrawn"), Style: termio.Faint}
	case api.ItemExpired:
		return termio.Cell{Text: "■ " + l.T("expired"), Style: termio.Faint}
	case api.ItemErased:
		return termio.Cell{Text: "✗ " + l.T("erased"), Style: termio.Faint}
	case api.ItemLeft:
		return termio.Cell{Text: "! " + l.T("left: %s", l.Message(it.Message)), Style: termio.Warn}
	case api.ItemUndone:
		return termio.Cell{Text: "✓ " + undoneWords(l, it), Style: termio.Good}
	}
	return termio.Cell{Text: it.State}
}

// undoneWords says what undoing a thing did, or would do.
func undoneWords(l lang.Lang, it *api.BatchItem) string {
	words := map[string][2]string{
		"vault":   {l.T("closed"), l.T("would be closed")},
		"consent": {l.T("withdrawn"), l.T("would be withdrawn")},
	}[it.What]
	if words[0] == "" {
		words = [2]string{l.T("removed"), l.T("would be removed")}
	}
	if it.DryRun {
		return words[1]
	}
	return words[0]
}

// UndoQuestion asks about an undo with what it comes to.
func UndoQuestion(l lang.Lang, plan *api.BatchUndone) string {
	count := l.N(plan.Undone, "%d entry", "%d entries")
	if plan.Left > 0 {
		count += ", " + l.N(plan.Left, "%d left as it is", "%d left as they are")
	}
	return l.T("Take back the batch %s (%s)?", plan.ID, count)
}

// Undone sums an undo up.
func Undone(l lang.Lang, s *api.BatchUndone) string {
	if s.DryRun {
		return l.T("%d would be taken back, %d left, %d before", s.Undone, s.Left, s.Before)
	}
	return l.T("%d taken back, %d left, %d before", s.Undone, s.Left, s.Before)
}
