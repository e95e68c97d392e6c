package phrase

import (
	"slices"
	"strings"

	"vaultctl/internal/api"
	"vaultctl/internal/catalogue"
	"vaultctl/internal/lang"
	"vaultctl/internal/termio"
)

// DocumentState shows the state of a document by a sign and a word.
func DocumentState(l lang.Lang, state string) termio.Cell {
	switch state {
	case "valid":
		return termio.Cell{Text: "✓ " + l.T("valid"), Style: termio.Good}
	case "soon":
		return termio.Cell{Text: "! " + l.T("soon"), Style: termio.Warn}
	case "expired":
		return termio.Cell{Text: "✗ " + l.T("expired"), Style: termio.Bad}
	case "undated":
		return termio.Cell{Text: "· " + l.T("undated"), Style: termio.Plain}
	case "removed":
		return termio.Cell{Text: "■ " + l.T("removed"), Style: termio.Faint}
	}
	return termio.Cell{Text: state}
}

// Space says in which space of a vault a document is.
func Space(l lang.Lang, space string) string {
	switch space {
	case "shared":
		return l.T("shared")
	case "private":
		return l.T("private")
	}
	return space
}

// DocumentTitle says what tells a document from others of its type: title, holder, period. It is "" where none is known.
func DocumentTitle(d *api.Document) string {
	title := d.Title
	if d.Holder != "" {
		title = strings.TrimSpace(title + " (" + d.Holder + ")")
	}
	if d.Period != "" {
		title = strings.TrimSpace(title + " " + d.Period)
	}
	return title
}

// DocumentType shows a type by code and name, by the code alone where the catalogue does not have it.
func DocumentType(l lang.Lang, types *catalogue.Catalogue, code string) string {
	for _, t := range types.List() {
		if t.Code == code {
			return code + "  " + t.Name(l.String())
		}
	}
	return code
}

// TypeNames returns the names of document types by their codes.
func TypeNames(l lang.Lang, types *catalogue.Catalogue) map[string]string {
	names := map[string]string{}
	for _, t := range types.List() {
		names[t.Code] = Either(l, t.French, t.English)
	}
	return names
}

// Extent says how large a document is: size as given, pages, pixels.
func Extent(l lang.Lang, size string, d *api.Document) string {
	parts := []string{size}
	if d.PageCount > 0 {
		parts = append(parts, l.N(d.PageCount, "%d page", "%d pages"))
	}
	if d.Width > 0 && d.Height > 0 {
		parts = append(parts, l.T("%d × %d pixels", d.Width, d.Height))
	}
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ", ")
}

// Period writes a period of the catalogue for a person; "" for none.
func Period(l lang.Lang, p catalogue.Period) string {
	if p == catalogue.Printed {
		return l.T("printed date")
	}
	years, months, days, ok := p.Split()
	switch {
	case !ok:
		return ""
	case years > 0:
		return l.N(years, "%d year", "%d years")
	case months > 0:
		return l.N(months, "%d month", "%d months")
	}
	return l.N(days, "%d day", "%d days")
}

// Either chooses between the two languages of a table.
func Either(l lang.Lang, fr, en string) string {
	if l == lang.French {
		return lang.Typography(fr)
	}
	return en
}

// Seen says who had a document in the clear, and how.
func Seen(l lang.Lang, s *api.Seen) string {
	switch s.Act {
	case "print":
		return l.T("printed meanwhile by %s", s.Agent)
	case "export":
		return l.T("exported meanwhile by %s", s.Agent)
	case "share", "package":
		return l.T("shared meanwhile by %s", s.Agent)
	case "recover":
		return l.T("recovered meanwhile by %s", s.Agent)
	}
	return l.T("opened meanwhile by %s", s.Agent)
}

// SeenLine is Seen of several, for a cell of a table.
func SeenLine(l lang.Lang, seen []api.Seen) string {
	words := make([]string, len(seen))
	for i := range seen {
		words[i] = Seen(l, &seen[i])
	}
	return strings.Join(words, "; ")
}
