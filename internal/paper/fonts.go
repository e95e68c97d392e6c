package paper

import (
	"bytes"
	"compress/gzip"
	"embed"
	"fmt"
	"io"
	"sync"
	"unicode"

	"github.com/go-text/typesetting/font"
)

//go:generate ./fonts/build.sh

//go:embed fonts/*.ttf.gz
var fontFiles embed.FS

// typeface is one embedded font, unpacked and parsed when it is first needed.
type typeface struct {
	name   string
	unpack func() ([]byte, error)
	parse  func() (*font.Font, error)
}

// load describes the embedded font called name.
func load(name string) *typeface {
	t := &typeface{name: name}
	t.unpack = sync.OnceValues(func() ([]byte, error) { return unpackFont(name) })
	t.parse = sync.OnceValues(func() (*font.Font, error) {
		data, err := t.unpack()
		if err != nil {
			return nil, err
		}
		face, err := font.ParseTTF(bytes.NewReader(data))
		if err != nil {
			return nil, fmt.Errorf("parse font %s: %w", name, err)
		}
		return face.Font, nil
	})
	return t
}

// unpackFont returns the font file called name.
func unpackFont(name string) ([]byte, error) {
	packed, err := fontFiles.Open("fonts/" + name + ".ttf.gz")
	if err != nil {
		return nil, fmt.Errorf("open font %s: %w", name, err)
	}
	defer func() { _ = packed.Close() }()
	unpacked, err := gzip.NewReader(packed)
	if err != nil {
		return nil, fmt.Errorf("unpack font %s: %w", name, err)
	}
	data, err := io.ReadAll(unpacked)
	if err != nil {
		return nil, fmt.Errorf("unpack font %s: %w", name, err)
	}
	return data, nil
}

// The three fonts that text is set in; a PDF embeds the letters it uses of them.
var (
	regular   = load("text-regular")
	bold      = load("text-bold")
	monospace = load("mono")
)

// fallback is a font that is drawn as outlines, for the scripts that it serves.
type fallback struct {
	scripts []*unicode.RangeTable
	*typeface
}

// fallbacks are tried in this order for a character that the text fonts lack.
var fallbacks = []fallback{
	{[]*unicode.RangeTable{unicode.Han, unicode.Hiragana, unicode.Katakana}, load("cjk")},
	{[]*unicode.RangeTable{unicode.Hangul}, load("hangul")},
	{[]*unicode.RangeTable{unicode.Bengali}, load("bengali")},
	{[]*unicode.RangeTable{unicode.Devanagari}, load("devanagari")},
	{[]*unicode.RangeTable{unicode.Ethiopic}, load("ethiopic")},
	{[]*unicode.RangeTable{unicode.Gujarati}, load("gujarati")},
	{[]*unicode.RangeTable{unicode.Gurmukhi}, load("gurmukhi")},
	{[]*unicode.RangeTable{unicode.Kannada}, load("kannada")},
	{[]*unicode.RangeTable{unicode.Khmer}, load("khmer")},
	{[]*unicode.RangeTable{unicode.Malayalam}, load("malayalam")},
	{[]*unicode.RangeTable{unicode.Myanmar}, load("myanmar")},
	{[]*unicode.RangeTable{unicode.Sinhala}, load("sinhala")},
	{[]*unicode.RangeTable{unicode.Syriac}, load("syriac")},
	{[]*unicode.RangeTable{unicode.Tamil}, load("tamil")},
	{[]*unicode.RangeTable{unicode.Telugu}, load("telugu")},
	{[]*unicode.RangeTable{unicode.Thaana}, load("thaana")},
	{[]*unicode.RangeTable{unicode.Thai}, load("thai")},
	{[]*unicode.RangeTable{unicode.Tibetan}, load("tibetan")},
	// Punctuation that belongs to no script, such as the ideographic full stop.
	{[]*unicode.RangeTable{unicode.Common}, load("cjk")},
}

// faces holds the parsed fonts of one document: a font.Face has caches and must not be shared between goroutines.
type faces struct {
	open map[*typeface]*font.Face
	err  error
}

// get returns the document's face of t. A font that cannot be read is a broken build: the error is kept and the
// document fails.
func (f *faces) get(t *typeface) *font.Face {
	if face, ok := f.open[t]; ok {
		return face
	}
	parsed, err := t.parse()
	if err != nil {
		f.err = err
		parsed = &font.Font{}
	}
	face := font.NewFace(parsed)
	f.open[t] = face
	return face
}

// resolver chooses the face of each character of a run set in style; it is the shaping.Fontmap of that run.
type resolver struct {
	*faces
	base *typeface
}

// ResolveFace returns the text face if it has the character, else the first fallback that has it, else the text face,
// whose missing-character box is then printed.
func (r resolver) ResolveFace(c rune) *font.Face {
	base := r.get(r.base)
	if _, ok := base.NominalGlyph(c); ok {
		return base
	}
	if face := r.get(regular); r.base == monospace {
		if _, ok := face.NominalGlyph(c); ok {
			return face
		}
	}
	for _, f := range fallbacks {
		if !unicode.In(c, f.scripts...) {
			continue
		}
		face := r.get(f.typeface)
		if _, ok := face.NominalGlyph(c); ok {
			return face
		}
	}
	return base
}
