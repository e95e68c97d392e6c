package paper

import (
	"bytes"
	"encoding/hex"
	"image"
	"image/color"
	"image/png"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf16"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
	"github.com/pdfcpu/pdfcpu/pkg/api"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/model"
	"golang.org/x/text/unicode/norm"

	"vaultctl/internal/lang"
)

// page is what a reader that knows no layout gets from a page: the text in the order of drawing, and the filled
// rectangles in points.
type page struct {
	text  string
	rects [][4]float64
}

type document []page

func (d document) text() string {
	var b strings.Builder
	for _, p := range d {
		b.WriteString(p.text)
	}
	return b.String()
}

func init() { api.DisableConfigDir() } // nothing outside the PDF decides how it is read

// MustBeValid checks the PDF with a reader that is not the writer's.
func MustBeValid(tb testing.TB, pdf []byte) {
	tb.Helper()
	if err := api.Validate(bytes.NewReader(pdf), model.NewDefaultConfiguration()); err != nil {
		tb.Fatalf("not a valid PDF: %v", err)
	}
}

var (
	showText   = regexp.MustCompile(`(?s)/ActualText <FEFF([0-9A-F]*)>|\(((?:\\.|[^\\)])*)\) Tj|(EMC)`)
	filledRect = regexp.MustCompile(`(-?[\d.]+) (-?[\d.]+) (-?[\d.]+) (-?[\d.]+) re f`)
)

// MustParse reads the pages of a PDF of this package.
func MustParse(tb testing.TB, pdf []byte) document {
	tb.Helper()
	ctx, err := api.ReadValidateAndOptimize(bytes.NewReader(pdf), model.NewDefaultConfiguration())
	if err != nil {
		tb.Fatal(err)
	}
	var doc document
	for n := 1; n <= ctx.PageCount; n++ {
		dict, _, _, err := ctx.PageDict(n, false)
		if err != nil {
			tb.Fatal(err)
		}
		content, err := ctx.PageContent(dict, n)
		if err != nil {
			tb.Fatal(err)
		}
		doc = append(doc, parsePage(content))
	}
	return doc
}

// parsePage reads the operators that this package uses.
func parsePage(content []byte) page {
	var p page
	var b strings.Builder
	marked := false
	for _, m := range showText.FindAllSubmatch(content, -1) {
		switch {
		case m[1] != nil:
			raw, _ := hex.DecodeString(string(m[1]))
			b.WriteString(decodeUTF16(raw))
			marked = true
		case m[3] != nil:
			marked = false
		case !marked:
			b.WriteString(decodeUTF16(unescape(m[2])))
		}
	}
	for _, m := range filledRect.FindAllSubmatch(content, -1) {
		var r [4]float64
		for i := range r {
			r[i], _ = strconv.ParseFloat(string(m[i+1]), 64)
		}
		p.rects = append(p.rects, r)
	}
	p.text = b.String()
	return p
}

func unescape(s []byte) []byte {
	var out []byte
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
			if s[i] == 'r' {
				out = append(out, '\r')
				continue
			}
		}
		out = append(out, s[i])
	}
	return out
}

func decodeUTF16(raw []byte) string {
	units := make([]uint16, len(raw)/2)
	for i := range units {
		units[i] = uint16(raw[2*i])<<8 | uint16(raw[2*i+1])
	}
	return string(utf16.Decode(units))
}

// flat removes what line breaking and isolation change.
func flat(s string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsSpace(c) || unicode.Is(unicode.Cf, c) {
			return -1
		}
		return c
	}, norm.NFC.String(s))
}

// MustContain checks that the page's text has want, whatever the lines. Right-to-left text is drawn from the left, so
// its letters are looked for in both orders of each line: here, as the set of its words turned around.
func MustContain(tb testing.TB, text, want string, expected bool) {
	tb.Helper()
	if !expected {
		return
	}
	text = flat(text)
	for _, part := range parts(want) {
		if !strings.Contains(text, flat(part)) && !strings.Contains(text, turned(flat(part))) {
			tb.Errorf("%q is not in the page", part)
		}
	}
}

// parts splits right-to-left text into words: lines may break between any two.
func parts(want string) []string {
	if strings.ContainsFunc(want, func(c rune) bool { return unicode.Is(unicode.Arabic, c) }) {
		return strings.Fields(want)
	}
	return []string{want}
}

func turned(s string) string {
	runes := []rune(s)
	for i, j := 0, len(runes)-1; i < j; i, j = i+1, j-1 {
		runes[i], runes[j] = runes[j], runes[i]
	}
	return string(runes)
}

// popplerText returns what pdftotext makes of the PDF, or "" where it is not installed.
func popplerText(tb testing.TB, pdf []byte) string {
	tb.Helper()
	tool, err := exec.LookPath("pdftotext")
	if err != nil {
		return ""
	}
	cmd := exec.Command(tool, "-", "-")
	cmd.Stdin = bytes.NewReader(pdf)
	out, err := cmd.Output()
	if err != nil {
		tb.Fatalf("pdftotext: %v", err)
	}
	return string(out)
}

// decodeQR reads the one QR code of a picture.
func decodeQR(tb testing.TB, picture image.Image) string {
	tb.Helper()
	bitmap, err := gozxing.NewBinaryBitmapFromImage(picture)
	if err != nil {
		tb.Fatal(err)
	}
	result, err := qrcode.NewQRCodeReader().Decode(bitmap, map[gozxing.DecodeHintType]any{
		gozxing.DecodeHintType_TRY_HARDER: true})
	if err != nil {
		tb.Fatalf("read QR: %v", err)
	}
	return result.GetText()
}

// paint draws the page's filled rectangles at 4 dots a point.
func (p page) paint() image.Image {
	const dots = 4
	picture := image.NewGray(image.Rect(0, 0, 595*dots, 842*dots))
	for i := range picture.Pix {
		picture.Pix[i] = 255
	}
	for _, r := range p.rects {
		// The corner is the upper left one, and the height negative, in the PDF's upward axis.
		box := image.Rect(int(r[0]*dots), int((842-r[1])*dots), int((r[0]+r[2])*dots), int((842-r[1]-r[3])*dots)).Canon()
		for y := box.Min.Y; y < box.Max.Y; y++ {
			for x := box.Min.X; x < box.Max.X; x++ {
				picture.SetGray(x, y, color.Gray{})
			}
		}
	}
	return picture
}

func TestQRHoldsExactlyTheSecret(t *testing.T) {
	words := strings.Join(MustWords(t, "fr")[:24], " ")
	wide := testTag + " " + strings.Join(MustWords(t, "ja")[:24], " ")
	recovery := func(shares ...string) []byte {
		return MustRender(t, lang.French, func(l lang.Lang, b *bytes.Buffer) error {
			return RecoverySheets(b, l, RecoveryData{Organization: "CCAS", Needed: 1, Shares: shares})
		})
	}
	for name, tc := range map[string]struct {
		pdf  []byte
		want string
	}{
		"card": {MustRender(t, lang.French, func(l lang.Lang, b *bytes.Buffer) error {
			return Card(b, l, testCard(t, names["arabic"]))
		}), testIdentity},
		"recovery identity":  {recovery(testIdentity), testIdentity},
		"recovery share":     {recovery(testTag+" "+words, "other"), testTag + " " + words},
		"share, wide script": {recovery(wide, "other"), wide},
	} {
		t.Run(name, func(t *testing.T) {
			if got := decodeQR(t, MustParse(t, tc.pdf)[0].paint()); got != tc.want {
				t.Errorf("as drawn: %q, want %q", got, tc.want)
			}
			if picture := popplerPicture(t, tc.pdf); picture != nil {
				if got := decodeQR(t, picture); got != tc.want {
					t.Errorf("as rendered: %q, want %q", got, tc.want)
				}
			}
		})
	}
}

// popplerPicture renders the first page at 200 dots an inch, or returns nil where pdftoppm is not installed.
func popplerPicture(tb testing.TB, pdf []byte) image.Image {
	tb.Helper()
	tool, err := exec.LookPath("pdftoppm")
	if err != nil {
		return nil
	}
	out := filepath.Join(tb.TempDir(), "page")
	cmd := exec.Command(tool, "-r", "200", "-singlefile", "-png", "-", out)
	cmd.Stdin = bytes.NewReader(pdf)
	if message, err := cmd.CombinedOutput(); err != nil {
		tb.Fatalf("pdftoppm: %v: %s", err, message)
	}
	f, err := os.Open(out + ".png")
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	picture, err := png.Decode(io.Reader(f))
	if err != nil {
		tb.Fatal(err)
	}
	return picture
}
