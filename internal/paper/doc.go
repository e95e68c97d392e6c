// Package paper makes the pages that people hold in their hands: the card of a vault, the sheets of the recovery
// secret, the privacy notice, and a person's own journal.
//
// Every function takes a writer, a language and the facts, and writes one finished PDF: A4, black on white, large
// type, numbered pages, the title and language recorded for screen readers. A document is composed in memory and never
// touches a disk, because some of these pages carry a secret in the clear. The same facts give the same bytes: nothing
// is dated but by the caller.
//
// Names are printed in whatever script they are written in. Text is segmented, shaped and broken into lines by
// github.com/go-text/typesetting; Latin, Greek and Cyrillic letters are then set as ordinary text in an embedded font,
// and everything that needs shaping (Arabic, Indic scripts, stacked marks) or comes from a fallback font is drawn as
// outlines that carry the original characters for copying, searching and reading aloud. A character that no font has
// is printed as a box, so that nobody takes a shortened name for a whole one.
//
// The fonts add 2.0 MB to a program that links this package; they are unpacked when first needed. All functions are
// safe for concurrent use.
package paper
