package config

import (
	"slices"
	"strconv"
	"strings"
)

// The file is flat: one "key = value" per line. Editing by line keeps what IT staff wrote beside the keys.

// lineOf returns the number, from 1, of the line that sets name; 0 if there is none.
func lineOf(text, name string) int {
	n := 0
	for line := range strings.Lines(text) {
		n++
		if lineKey(line) == name {
			return n
		}
	}
	return 0
}

// lineKey returns the key that a line sets, in lower case as keys are compared, "" if it sets none. For a key in
// a table only the last part is known here, which is enough to point at it.
func lineKey(line string) string {
	key, _, found := strings.Cut(strings.TrimPrefix(line, "\ufeff"), "=")
	if !found || strings.HasPrefix(strings.TrimSpace(line), "#") {
		return ""
	}
	return strings.ToLower(strings.Trim(strings.TrimSpace(key), `"'`))
}

// setLine returns text with k set to value: in place, or else at the end of the top-level keys.
func setLine(text string, k Key, value string) string {
	set := k.Name + " = " + strconv.Quote(value) + "\n"
	if k.Kind == Names || k.Kind == Folders {
		set = k.Name + " = " + quoteList(value) + "\n"
	}
	lines := slices.Collect(strings.Lines(text))
	for i, line := range lines {
		if lineKey(line) == k.Name {
			lines[i] = set
			return strings.Join(lines, "")
		}
	}
	if n := len(lines); n > 0 && !strings.HasSuffix(lines[n-1], "\n") {
		lines[n-1] += "\n"
	}
	return strings.Join(append(lines, set), "")
}

func quoteList(value string) string {
	var quoted []string
	for part := range strings.SplitSeq(value, ",") {
		if part = strings.TrimSpace(part); part != "" {
			quoted = append(quoted, strconv.Quote(part))
		}
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

func removeLine(text, name string) string {
	lines := slices.Collect(strings.Lines(text))
	return strings.Join(slices.DeleteFunc(lines, func(line string) bool { return lineKey(line) == name }), "")
}
