package paper

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/go-text/typesetting/di"
	"github.com/go-text/typesetting/font"
	ot "github.com/go-text/typesetting/font/opentype"
	"github.com/go-text/typesetting/language"
	"github.com/go-text/typesetting/shaping"
	"golang.org/x/image/math/fixed"
	"golang.org/x/text/unicode/bidi"
	"golang.org/x/text/unicode/norm"
)

// mmPerPoint converts the typographer's point to the page's millimetre.
const mmPerPoint = 25.4 / 72

// style is how a piece of text is set; size is in points.
type style struct {
	size float64
	bold bool
	mono bool
}

// face returns the text font of the style.
func (s style) face() *typeface {
	switch {
	case s.mono:
		return monospace
	case s.bold:
		return bold
	}
	return regular
}

// leading returns the distance between two base lines in millimetres. It leaves room for the marks that Vietnamese,
// Khmer or Tibetan stack.
func (s style) leading() float64 { return s.size * 1.42 * mmPerPoint }

// line is one laid-out line: runs in visual order, left to right.
type line struct {
	text []rune
	runs []shaping.Output
}

// em is the size, in shaping units, that text is shaped at whatever its size on the page: the shaper rounds sizes to
// whole points.
const em = 256

// mm converts a length of the shaper, in text of st's size, to millimetres.
func (s style) mm(length fixed.Int26_6) float64 {
	return float64(length) / 64 / em * s.size * mmPerPoint
}

// width returns the line's width in millimetres.
func (l line) width(st style) float64 {
	var w fixed.Int26_6
	for _, run := range l.runs {
		w += run.Advance
	}
	return st.mm(w)
}

// Isolate wraps a value that may be written from right to left so that it does not reorder the sentence
// around it. Callers use it for names inside the sentences that they hand to this package.
func Isolate(value string) string { return "\u2068" + clean(value) + "\u2069" }

// clean prepares a value of unknown origin for printing: composed characters, no line breaks or other controls, no
// direction overrides that would make the page say something else than its characters.
func clean(value string) string {
	return strings.Map(func(c rune) rune {
		if c >= 0x2066 && c <= 0x2069 {
			return -1
		}
		return c
	}, sentence(value))
}

// sentence is clean for what may hold values wrapped by Isolate.
func sentence(text string) string {
	text = strings.ToValidUTF8(text, string(unicode.ReplacementChar))
	return strings.Map(func(c rune) rune {
		switch {
		case c >= 0x202A && c <= 0x202E:
			return -1
		case unicode.IsControl(c), c == 0x2028, c == 0x2029:
			return ' '
		}
		return c
	}, norm.NFC.String(text))
}

// plain are the features switched off for letters that are set as ordinary text: the PDF library advances by the
// widths of single characters, so lines are measured that way too.
var plain = []shaping.FontFeature{
	{Tag: ot.MustNewTag("kern")}, {Tag: ot.MustNewTag("liga")}, {Tag: ot.MustNewTag("clig")},
	{Tag: ot.MustNewTag("calt")}, {Tag: ot.MustNewTag("locl")},
}

// span is a part of a paragraph and the font that it is set in.
type span struct {
	text string
	*typeface
}

// wrap breaks text, one paragraph, into lines no wider than width millimetres.
func (s *sheet) wrap(st style, width float64, text string) []line {
	return s.wrapSpans(st, width, span{text, st.face()})
}

// wrapSpans is wrap for a paragraph in several fonts of one size.
func (s *sheet) wrapSpans(st style, width float64, spans ...span) []line {
	var all strings.Builder
	for _, sp := range spans {
		all.WriteString(sp.text)
	}
	runes := []rune(all.String())
	if len(runes) == 0 {
		return []line{{}}
	}
	input := shaping.Input{
		Text: runes, Direction: direction(runes), Size: fixed.I(em),
		Language: language.NewLanguage(s.lang.String()), Script: language.Latin,
	}
	var outputs []shaping.Output
	for _, sp := range spans {
		input.RunStart, input.RunEnd = input.RunEnd, input.RunEnd+utf8.RuneCountInString(sp.text)
		if input.RunStart == input.RunEnd {
			continue
		}
		for _, part := range s.segmenter.Split(input, resolver{s.faces, sp.typeface}) {
			if simpleScript(part.Script) {
				part.FontFeatures = plain
			}
			outputs = append(outputs, s.shaper.Shape(part))
		}
	}
	var wrapper shaping.LineWrapper
	limit := fixed.Int26_6(width / mmPerPoint / st.size * em * 64)
	wrapped, _ := wrapper.WrapParagraphF(shaping.WrapConfig{Direction: input.Direction}, limit, runes,
		shaping.NewSliceIterator(outputs))
	lines := make([]line, 0, len(wrapped))
	for _, runs := range wrapped {
		ordered := slices.Clone([]shaping.Output(runs))
		slices.SortFunc(ordered, func(a, b shaping.Output) int { return int(a.VisualIndex - b.VisualIndex) })
		lines = append(lines, line{text: runes, runs: ordered})
	}
	return lines
}

// direction returns the direction of a paragraph: that of its first letter outside isolated values.
func direction(text []rune) di.Direction {
	isolated := 0
	for _, c := range text {
		switch class, _ := bidi.LookupRune(c); {
		case class.Class() == bidi.FSI || class.Class() == bidi.LRI || class.Class() == bidi.RLI:
			isolated++
		case class.Class() == bidi.PDI:
			isolated--
		case isolated > 0:
		case class.Class() == bidi.L:
			return di.DirectionLTR
		case class.Class() == bidi.R || class.Class() == bidi.AL:
			return di.DirectionRTL
		}
	}
	return di.DirectionLTR
}

// simpleScript reports whether one character of the script is one glyph at a fixed place.
func simpleScript(script language.Script) bool {
	switch script {
	case language.Latin, language.Greek, language.Cyrillic, language.Armenian, language.Georgian, language.Common:
		return true
	}
	return false
}

// draw puts a line on the page with its base line at y, starting at x (millimetres).
func (s *sheet) draw(st style, x, y float64, l line) {
	for i := range l.runs {
		run := &l.runs[i]
		text := l.text[run.Runes.Offset : run.Runes.Offset+run.Runes.Count]
		if letters, ok := s.asLetters(run, text); ok {
			s.font(run.Face, st.size)
			s.pdf.Text(x, y, letters)
		} else {
			s.drawOutlines(st, x, y, run, text)
		}
		x += st.mm(run.Advance)
	}
}

// asLetters returns the text of a run that can be set as ordinary text: one glyph per character, from a text
// font, in place. Characters that print nothing are left out.
func (s *sheet) asLetters(run *shaping.Output, text []rune) (string, bool) {
	if !s.embedded(run.Face) || run.Direction != di.DirectionLTR || len(run.Glyphs) != len(text) {
		return "", false
	}
	letters := make([]rune, 0, len(text))
	for i, g := range run.Glyphs {
		c := visible(text[i])
		if c == 0 {
			continue
		}
		nominal, ok := run.Face.NominalGlyph(c)
		if !ok || g.GlyphID != nominal || g.XOffset != 0 || g.YOffset != 0 || c > 0xFFFF {
			return "", false
		}
		letters = append(letters, c)
	}
	return string(letters), true
}

// visible returns c, or 0 for a formatting character that has no shape.
func visible(c rune) rune {
	if unicode.Is(unicode.Cf, c) {
		return 0
	}
	return c
}

// drawOutlines draws a shaped run as filled paths, over invisible text that carries the characters.
func (s *sheet) drawOutlines(st style, x, y float64, run *shaping.Output, text []rune) {
	s.shadow(st, x, y, run, text)
	fill, weight := "f", 0.0
	if st.bold && run.Face != s.faces.get(bold) {
		fill, weight = "B", 0.03*float64(run.Face.Upem())
	}
	scale := st.size / float64(run.Face.Upem())
	for _, g := range run.Glyphs {
		if outline, ok := run.Face.GlyphDataOutline(g.GlyphID); ok && len(outline.Segments) > 0 {
			// Contours stay in the font's own units: whole numbers, the same for a letter wherever it stands, so the
			// file stays small once compressed.
			s.pdf.RawWriteStr(fmt.Sprintf("q %.5f 0 0 %.5f %.2f %.2f cm %.0f w%s %s Q", scale, scale,
				(x+st.mm(g.XOffset))/mmPerPoint, (pageHeight-y+st.mm(g.YOffset))/mmPerPoint, weight, contours(outline), fill))
		}
		x += st.mm(g.Advance)
	}
}

// shadow puts an invisible letter under each cluster of a run, as wide as the cluster and marked with its characters:
// outlines alone are not text to those who search, copy or listen. One mark for a whole run would come out backwards
// from readers that put right-to-left text in order by its place on the page.
func (s *sheet) shadow(st style, x, y float64, run *shaping.Output, text []rune) {
	s.font(s.faces.get(regular), st.size)
	s.pdf.SetTextRenderingMode(3)
	letter := s.pdf.GetStringWidth("x")
	for i := 0; i < len(run.Glyphs); {
		g := run.Glyphs[i]
		var advance float64
		for range max(g.GlyphsCount(), 1) {
			advance += st.mm(run.Glyphs[i].Advance)
			i++
		}
		from := g.TextIndex() - run.Runes.Offset
		cluster := text[from : from+g.RunesCount()]
		parts := [][]rune{cluster}
		if run.Direction == di.DirectionRTL {
			// The same readers turn the letters of a ligature around, so each gets its own place.
			parts = backwards(cluster)
		}
		for _, part := range parts {
			width := advance / float64(len(parts))
			if strings.TrimSpace(string(part)) != "" && width > 0 {
				s.pdf.RawWriteStr(fmt.Sprintf("/Span <</ActualText <FEFF%s>>> BDC %.1f Tz", hexUTF16(part), 100*width/letter))
				s.pdf.Text(x, y, "x")
				s.pdf.RawWriteStr("EMC")
			}
			x += width
		}
	}
	s.pdf.RawWriteStr("100 Tz")
	s.pdf.SetTextRenderingMode(0)
}

// contours returns the PDF path of a glyph, in font units.
func contours(o font.GlyphOutline) string {
	var b strings.Builder
	var current ot.SegmentPoint
	third := func(from, to ot.SegmentPoint) (float32, float32) {
		return from.X + (to.X-from.X)*2/3, from.Y + (to.Y-from.Y)*2/3
	}
	for i, seg := range o.Segments {
		a := seg.Args
		switch seg.Op {
		case ot.SegmentOpMoveTo:
			if i > 0 {
				b.WriteString(" h")
			}
			fmt.Fprintf(&b, " %.0f %.0f m", a[0].X, a[0].Y)
			current = a[0]
		case ot.SegmentOpLineTo:
			fmt.Fprintf(&b, " %.0f %.0f l", a[0].X, a[0].Y)
			current = a[0]
		case ot.SegmentOpQuadTo:
			// PDF knows cubic curves only.
			x1, y1 := third(current, a[0])
			x2, y2 := third(a[1], a[0])
			fmt.Fprintf(&b, " %.0f %.0f %.0f %.0f %.0f %.0f c", x1, y1, x2, y2, a[1].X, a[1].Y)
			current = a[1]
		case ot.SegmentOpCubeTo:
			fmt.Fprintf(&b, " %.0f %.0f %.0f %.0f %.0f %.0f c", a[0].X, a[0].Y, a[1].X, a[1].Y, a[2].X, a[2].Y)
			current = a[2]
		}
	}
	return b.String() + " h"
}

// backwards returns the characters of text one by one, the last one first.
func backwards(text []rune) [][]rune {
	parts := make([][]rune, len(text))
	for i := range text {
		parts[len(text)-1-i] = text[i : i+1]
	}
	return parts
}

// hexUTF16 returns text as the hexadecimal digits of big-endian UTF-16.
func hexUTF16(text []rune) string {
	var b strings.Builder
	for _, unit := range utf16.Encode(text) {
		fmt.Fprintf(&b, "%04X", unit)
	}
	return b.String()
}
