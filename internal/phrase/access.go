package phrase

import (
	"strconv"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	"vaultctl/internal/termio"
)

// ObjectKind says what a stored object is.
func ObjectKind(l lang.Lang, kind string) string {
	switch kind {
	case "document":
		return l.T("document")
	case "note":
		return l.T("entries")
	case "manifest":
		return l.T("manifest")
	case "share":
		return l.T("copy of a share")
	}
	return kind
}

// ObjectCheck shows whether an object has the readers that it should have, with how many there are.
func ObjectCheck(l lang.Lang, o *api.ObjectAccess) termio.Cell {
	switch {
	case o.Stanzas < 0:
		return termio.Cell{Text: "· " + l.T("not on this machine"), Style: termio.Faint}
	case !o.Match:
		return termio.Cell{Text: "✗ " + strconv.Itoa(o.Stanzas), Style: termio.Bad}
	}
	return termio.Cell{Text: "✓ " + strconv.Itoa(o.Stanzas), Style: termio.Good}
}
