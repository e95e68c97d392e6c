// Package lang says in French or English whatever a person reads on a screen or on paper. JSON is never localized.
//
// English sentences, written in the manner of package fmt, are the keys:
//
//	l.T("Access ended at %s.", l.DateTime(t))
//	l.N(n, "%d document", "%d documents")
//
// # Adding a sentence
//
// Write the call, then add a row to the table of the area that says it: fr_cli.go for commands, fr_tui.go for screens,
// fr_engine.go for what the daemon composes, fr_paper.go for printed pages, fr_errors….go for error messages and hints. Nothing
// is registered. A sentence used by several areas has one row, in any of the tables. A sentence that reaches T through
// a variable is marked where it is written, with Key. A test reads the whole source tree: it fails where a key has no
// French row, where the verbs of the two sentences differ, and where a row is used by nobody.
//
// French rows are typed with ordinary spaces and apostrophes; T makes the spaces before « : ; ! ? » and inside
// guillemets unbreakable, and apostrophes typographic.
//
// # Cost
//
// The tables are constant data: a program that starts pays nothing for them, and one that speaks English never does.
// The index is built at the first French sentence, in a fraction of a millisecond. golang.org/x/text/message was measured
// against this: 2 ms to fill its catalogue, 650 kB more in the client, and it groups the digits of every %d, which
// ruins years, ports and identifiers.
package lang

import (
	"fmt"
	"strings"
	"sync"
	"time"
)

// Lang is a language that the program speaks. The zero value is English. Values are safe for concurrent use.
type Lang uint8

// The languages.
const (
	English Lang = iota
	French
)

// String returns the language's two-letter ISO 639-1 code.
func (l Lang) String() string {
	if l == French {
		return "fr"
	}
	return "en"
}

// Parse reads a language code or a locale name ("fr", "fr_CA.UTF-8", "en-GB", "C", "POSIX") and reports whether it
// names a language that the program speaks.
func Parse(locale string) (Lang, bool) {
	code := strings.ToLower(locale)
	if i := strings.IndexAny(code, "_-.@"); i >= 0 {
		code = code[:i]
	}
	switch code {
	case "fr", "fra", "fre":
		return French, true
	case "en", "eng", "c", "posix":
		return English, true
	}
	return English, false
}

// Detect chooses the language: flag if it names one, else what the locale says, that is the first of LC_ALL,
// LC_MESSAGES and LANG that is not empty, else (on Windows, where these are seldom set) the language of the user's
// desktop. Anything that is not French is English. getenv is normally os.Getenv.
func Detect(flag string, getenv func(string) string) Lang {
	if l, ok := Parse(flag); ok {
		return l
	}
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if locale := getenv(name); locale != "" {
			l, _ := Parse(locale)
			return l
		}
	}
	l, _ := Parse(desktopLocale())
	return l
}

// T returns the sentence that key, a fmt format, stands for, with args put in.
func (l Lang) T(key string, args ...any) string {
	if l == French {
		if fr, ok := french().sentences[key]; ok {
			return fmt.Sprintf(Typography(fr), args...)
		}
	}
	return fmt.Sprintf(key, args...)
}

// N returns one or other, whichever n asks for in the language (French says 0 in the singular), formatted with n
// followed by args: both forms have a verb for n.
func (l Lang) N(n int, one, other string, args ...any) string {
	format := other
	if n == 1 {
		format = one
	}
	if l == French {
		if fr, ok := french().plurals[other]; ok {
			format = fr.other
			if n == 0 || n == 1 {
				format = fr.one
			}
			format = Typography(format)
		}
	}
	return fmt.Sprintf(format, append([]any{n}, args...)...)
}

// Key returns key unchanged. It marks a sentence that is written in one place and given to T in another, so that the
// test of the tables sees it.
func Key(key string) string { return key }

// Date returns the day of t, in t's own time zone: 22 Nov 2026, in French 22/11/2026. The zero time gives "".
func (l Lang) Date(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	if l == French {
		return t.Format("02/01/2006")
	}
	return t.Format("2 Jan 2006")
}

// DateTime returns the day and minute of t, in t's own time zone: 22 Nov 2026 14:05, in French 22/11/2026 14:05. The
// zero time gives "".
func (l Lang) DateTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return l.Date(t) + t.Format(" 15:04")
}

// row is one sentence: the English key and its French.
type row struct{ en, fr string }

// plural is a counted sentence in the forms for one and for other numbers.
type plural struct{ one, other, frOne, frOther string }

// table is the French of one area.
type table struct {
	name    string
	rows    []row
	plurals []plural
}

// tables lists the areas. Slices of package-level arrays, not maps: the linker lays them out and nothing runs at start.
var tables = [...]table{
	{"cli", frCLI[:], frCLIPlurals[:]},
	{"operation", frOperation[:], frOperationPlurals[:]},
	{"people", frPeople[:], frPeoplePlurals[:]},
	{"team", frTeam[:], frTeamPlurals[:]},
	{"joining", frJoin[:], frJoinPlurals[:]},
	{"import", frImport[:], frImportPlurals[:]},
	{"batches", frBatch[:], frBatchPlurals[:]},
	{"tui", frTUI[:], frTUIPlurals[:]},
	{"tui lines", frTUILines[:], frTUILinesPlurals[:]},
	{"tui home", frTUIHome[:], frTUIHomePlurals[:]},
	{"tui people", frTUIPeople[:], frTUIPeoplePlurals[:]},
	{"tui documents", frTUIDocuments[:], frTUIDocumentsPlurals[:]},
	{"tui sharing", frTUISharing[:], frTUISharingPlurals[:]},
	{"tui admin", frTUIAdmin[:], frTUIAdminPlurals[:]},
	{"engine", frEngine[:], frEnginePlurals[:]},
	{"engine documents", frEngineDocuments[:], frEngineDocumentsPlurals[:]},
	{"engine people", frEnginePeople[:], frEnginePeoplePlurals[:]},
	{"engine restore", frEngineRestore[:], frEngineRestorePlurals[:]},
	{"engine sync", frEngineSync[:], nil},
	{"clean", frClean[:], frCleanPlurals[:]},
	{"stats", frStats[:], frStatsPlurals[:]},
	{"share", frShare[:], frSharePlurals[:]},
	{"procedures", frProcedure[:], frProcedurePlurals[:]},
	{"root", frRoot[:], frRootPlurals[:]},
	{"cli share", frCLIShare[:], nil},
	{"packages", frPackage[:], nil},
	{"proofs", frProof[:], nil},
	{"packs", frPack[:], nil},
	{"paper", frPaper[:], frPaperPlurals[:]},
}

// index is what T and N look up.
type index struct {
	sentences map[string]string
	plurals   map[string]struct{ one, other string }
}

// french builds the index once, at the first French sentence.
var french = sync.OnceValue(func() index { return build(tables[:]) })

// build indexes the tables.
func build(tables []table) index {
	size := 0
	for _, t := range tables {
		size += len(t.rows)
	}
	x := index{sentences: make(map[string]string, size), plurals: map[string]struct{ one, other string }{}}
	for _, t := range tables {
		for _, r := range t.rows {
			x.sentences[r.en] = r.fr
		}
		for _, p := range t.plurals {
			x.plurals[p.other] = struct{ one, other string }{p.frOne, p.frOther}
		}
	}
	return x
}

// typography is applied to French text as it is typed. U+00A0 serves everywhere: console fonts lack the narrow U+202F.
var typography = sync.OnceValue(func() *strings.Replacer {
	const nbsp = "\u00a0"
	return strings.NewReplacer(" :", nbsp+":", " ;", nbsp+";", " !", nbsp+"!", " ?", nbsp+"?", " %%", nbsp+"%%",
		"« ", "«"+nbsp, " »", nbsp+"»", "'", "’")
})

// Typography turns French text typed with ordinary spaces and apostrophes into well-set French: unbreakable spaces
// before : ; ! ? and within « », typographic apostrophes. T has done it already for what it returns.
func Typography(fr string) string { return typography().Replace(fr) }
