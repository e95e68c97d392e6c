package paper

import (
	"fmt"
	"io"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/shaping"

	"vaultctl/internal/lang"
)

// The page, in millimetres.
const (
	pageWidth  = 210.0
	pageHeight = 297.0
	margin     = 20.0
	top        = 18.0
	bottom     = pageHeight - 20.0
	full       = pageWidth - 2*margin
	hairline   = 0.2
)

// The styles that the documents share.
var (
	titleStyle   = style{size: 21, bold: true}
	headingStyle = style{size: 13, bold: true}
	bodyStyle    = style{size: 11.5}
	strongStyle  = style{size: 11.5, bold: true}
	smallStyle   = style{size: 9}
	codeStyle    = style{size: 9.5, mono: true}
)

// sheet is a document being composed: a cursor that goes down the page and starts the next one at its foot.
type sheet struct {
	pdf       *fpdf.Fpdf
	lang      lang.Lang
	faces     *faces
	segmenter shaping.Segmenter
	shaper    shaping.HarfbuzzShaper
	y         float64 // top of the next line
	footer    string
}

// newSheet starts a document with one empty page. The title goes into the metadata, footer under every page; made
// dates the file itself.
func newSheet(l lang.Lang, title, footer string, made time.Time) *sheet {
	s := &sheet{lang: l, footer: footer, faces: &faces{open: map[*typeface]*font.Face{}}}
	s.pdf = fpdf.New("P", "mm", "A4", "")
	s.pdf.SetAutoPageBreak(false, 0)
	s.pdf.SetCatalogSort(true)
	s.pdf.SetTitle(title, true)
	s.pdf.SetLang(l.String())
	s.pdf.SetCreator("vaultctl", false)
	s.pdf.SetProducer("vaultctl", false)
	// The zero time would make the library take the time of day.
	if made.IsZero() {
		made = time.Unix(0, 0)
	}
	s.pdf.SetCreationDate(made.UTC())
	s.pdf.SetModificationDate(made.UTC())
	s.embed("text", "", regular)
	s.embed("text", "B", bold)
	s.embed("mono", "", monospace)
	s.newPage()
	return s
}

// embed makes a text font known to the PDF.
func (s *sheet) embed(family, styleName string, t *typeface) {
	data, err := t.unpack()
	if err != nil {
		s.faces.err = err
		return
	}
	s.pdf.AddUTF8FontFromBytes(family, styleName, append([]byte(nil), data...))
}

// font makes one of the embedded fonts the current one.
func (s *sheet) font(face *font.Face, size float64) {
	switch face {
	case s.faces.get(monospace):
		s.pdf.SetFont("mono", "", size)
	case s.faces.get(bold):
		s.pdf.SetFont("text", "B", size)
	default:
		s.pdf.SetFont("text", "", size)
	}
}

// embedded reports whether the PDF embeds the font.
func (s *sheet) embedded(face *font.Face) bool {
	return face == s.faces.get(regular) || face == s.faces.get(bold) || face == s.faces.get(monospace)
}

// newPage starts a page.
func (s *sheet) newPage() {
	s.pdf.AddPage()
	s.pdf.SetLineWidth(hairline)
	s.y = top
}

// room starts a new page unless height millimetres are left on this one.
func (s *sheet) room(height float64) {
	if s.y+height > bottom && s.y > top {
		s.newPage()
	}
}

// skip leaves height millimetres blank.
func (s *sheet) skip(height float64) { s.y += height }

// block sets text at x in a column of the given width, from page to page if need be.
func (s *sheet) block(st style, x, width float64, text string) {
	s.lines(st, x, s.wrap(st, width, text))
}

// lines sets laid-out lines at x, from page to page if need be.
func (s *sheet) lines(st style, x float64, lines []line) {
	for _, l := range lines {
		s.room(st.leading())
		s.draw(st, x, s.y+st.size*mmPerPoint, l)
		s.y += st.leading()
	}
}

// height returns what block would take on one page.
func (s *sheet) height(st style, width float64, text string) float64 {
	return float64(len(s.wrap(st, width, text))) * st.leading()
}

// title sets the title of the document.
func (s *sheet) title(text string) {
	s.block(titleStyle, margin, full, text)
	s.skip(3)
}

// heading sets a heading and keeps it on the page of what follows.
func (s *sheet) heading(text string) {
	s.skip(3)
	s.room(headingStyle.leading() + 3*bodyStyle.leading())
	s.block(headingStyle, margin, full, text)
	s.skip(1)
}

// para sets a paragraph.
func (s *sheet) para(text string) {
	s.block(bodyStyle, margin, full, text)
	s.skip(2)
}

// indent is how far the text of a list stands from its bullets.
const indent = 4.5

// bullet sets an item of a list in the column that starts at x.
func (s *sheet) bullet(st style, x, width float64, text string) {
	s.item(st, x, s.wrap(st, width-indent, text))
}

// item sets the laid-out lines of an item of a list.
func (s *sheet) item(st style, x float64, lines []line) {
	s.room(st.leading())
	s.pdf.Circle(x+1.2, s.y+st.size*mmPerPoint*0.68, 0.7, "F")
	s.lines(st, x+indent, lines)
	s.skip(0.8)
}

// facts sets label and value pairs in two columns.
func (s *sheet) facts(x, width, labels float64, pairs [][2]string) {
	for _, pair := range pairs {
		if pair[1] == "" {
			continue
		}
		s.room(max(s.height(bodyStyle, labels-3, pair[0]), s.height(strongStyle, width-labels, pair[1])))
		from := s.y
		s.block(bodyStyle, x, labels-3, pair[0])
		under := s.y
		s.y = from
		s.block(strongStyle, x+labels, width-labels, pair[1])
		s.y = max(s.y, under) + 0.8
	}
}

// boxed draws a frame around a paragraph.
func (s *sheet) boxed(st style, text string) {
	const pad = 4
	height := s.height(st, full-2*pad, text) + 2*pad - 1
	s.room(height)
	s.pdf.SetLineWidth(0.6)
	s.pdf.Rect(margin, s.y, full, height, "D")
	s.pdf.SetLineWidth(hairline)
	end := s.y + height
	s.y += pad - 0.8
	s.block(st, margin+pad, full-2*pad, text)
	s.y = end + 3
}

// finish numbers the pages and writes the document.
func (s *sheet) finish(w io.Writer) error {
	pages := s.pdf.PageCount()
	for page := 1; page <= pages; page++ {
		s.pdf.SetPage(page)
		// The library believes that the font of the last page is current on this one as well.
		s.pdf.SetFont("mono", "", 1)
		s.pdf.SetLineWidth(hairline)
		s.pdf.Line(margin, bottom+3, pageWidth-margin, bottom+3)
		number := s.wrap(smallStyle, full, s.lang.T("Page %d of %d", page, pages))[0]
		s.draw(smallStyle, pageWidth-margin-number.width(smallStyle), bottom+8, number)
		s.draw(smallStyle, margin, bottom+8, s.wrap(smallStyle, full-number.width(smallStyle)-4, s.footer)[0])
	}
	if s.faces.err != nil {
		return s.faces.err
	}
	if err := s.pdf.Output(w); err != nil {
		return fmt.Errorf("write pages: %w", err)
	}
	return nil
}
