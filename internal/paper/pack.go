package paper

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	_ "image/gif"  // decoded for Picture
	_ "image/jpeg" // decoded for Picture
	"image/png"
	"io"
	"strconv"
	"time"

	"codeberg.org/go-pdf/fpdf"
	_ "golang.org/x/image/tiff" // decoded for Picture
	_ "golang.org/x/image/webp" // decoded for Picture

	"vaultctl/internal/lang"
	"vaultctl/internal/photo"
)

// PackData is what the cover of a file for a partner says. Sentences are in its language already.
type PackData struct {
	Organization string
	Person       string
	Procedure    string // name; "" for none
	Recipient    string
	Purpose      string
	Share        string // id
	Made         time.Time
	Until        time.Time
	Pieces       []PackPiece
}

// PackPiece is one document of a file.
type PackPiece struct {
	Name   string
	Detail string // such as its day of issue or its period
	Digest string // SHA-256, hexadecimal
	Pages  int    // in this file; 0 where the document goes along by itself
	Apart  string // why it does
}

// Pack writes the cover of a file for a partner: whose it is, what for, for whom, and each document with its digest. What is not
// in the file is named, with the reason.
func Pack(w io.Writer, l lang.Lang, data PackData) error {
	title := clean(data.Procedure)
	if title == "" {
		title = l.T("Documents of %s", Isolate(data.Person))
	}
	s := newSheet(l, sentence(title), l.T("Share %s", data.Share), data.Made)
	s.block(strongStyle, margin, full, clean(data.Organization))
	s.title(sentence(title))
	s.facts(margin, full, 44, [][2]string{
		{l.T("Person"), clean(data.Person)},
		{l.T("Recipient"), clean(data.Recipient)},
		{l.T("Purpose"), clean(data.Purpose)},
		{l.T("Made on"), l.Date(data.Made)},
		{l.T("Shared until"), l.Date(data.Until)},
	})
	var here, apart []PackPiece
	for _, p := range data.Pieces {
		if p.Pages > 0 {
			here = append(here, p)
		} else {
			apart = append(apart, p)
		}
	}
	if len(here) > 0 {
		s.heading(l.T("In this file"))
		s.pieces(here, func(p *PackPiece) string { return l.N(p.Pages, "%d page", "%d pages") })
	}
	if len(apart) > 0 {
		s.heading(l.T("Going along by themselves"))
		s.pieces(apart, func(p *PackPiece) string { return p.Apart })
	}
	s.skip(3)
	s.block(smallStyle, margin, full, l.T("The digests are those of the documents as they were deposited (SHA-256). Each page bears the recipient and the day. "+
		"What is handed out on paper or in a file cannot be called back."))
	return s.finish(w)
}

// pieces numbers documents, each with what is told of it and its digest.
func (s *sheet) pieces(all []PackPiece, tell func(*PackPiece) string) {
	for i := range all {
		p := &all[i]
		text := clean(p.Name)
		if p.Detail != "" {
			text += ", " + clean(p.Detail)
		}
		s.room(2*bodyStyle.leading() + codeStyle.leading())
		from := s.y
		s.block(strongStyle, margin, 8, strconv.Itoa(i+1)+".")
		s.y = from
		s.block(strongStyle, margin+8, full-8, text)
		s.block(bodyStyle, margin+8, full-8, sentence(tell(p)))
		s.block(style{size: 8, mono: true}, margin+8, full-8, p.Digest)
		s.skip(1.5)
	}
}

// Stamp writes one page that bears nothing but a text, pale and across, and small at its foot: it is put over each page of a file.
func Stamp(w io.Writer, l lang.Lang, text string, made time.Time) error {
	s := newSheet(l, clean(text), "", made)
	st, lines := s.fit(style{size: 30, bold: true}, 230, 2, clean(text))
	const x, y = pageWidth / 2, pageHeight / 2
	s.pdf.SetAlpha(0.18, "Normal")
	s.pdf.TransformBegin()
	s.pdf.TransformRotate(52, x, y)
	for i, line := range lines {
		s.draw(st, x-line.width(st)/2, y+(float64(i)-float64(len(lines)-1)/2)*st.leading()+st.size*mmPerPoint/3, line)
	}
	s.pdf.TransformEnd()
	s.label(clean(text))
	if s.faces.err != nil {
		return s.faces.err
	}
	if err := s.pdf.Output(w); err != nil {
		return fmt.Errorf("write page: %w", err)
	}
	return nil
}

// label sets a text small and dark on white at the foot of the page: what is pale does not show on a dark picture.
func (s *sheet) label(text string) {
	st, lines := s.fit(style{size: 8}, full, 1, text)
	width := lines[0].width(st)
	x, y := (pageWidth-width)/2, pageHeight-8.0
	s.pdf.SetAlpha(0.85, "Normal")
	s.pdf.SetFillColor(255, 255, 255)
	s.pdf.Rect(x-2, y, width+4, 5, "F")
	s.pdf.SetAlpha(1, "Normal")
	s.pdf.SetFillColor(0, 0, 0)
	s.draw(st, x, y+3.7, lines[0])
}

// maxPixels bounds a picture that is put on a page: it is unpacked in memory.
const maxPixels = 40 << 20

// errPicture is what a picture that cannot be put on a page comes to.
var errPicture = errors.New("no picture that can be put on a page")

// Picture writes one A4 page that holds a picture (JPEG, PNG, GIF, TIFF, WebP), as large as fits and never larger than it was
// scanned. Errors are about the picture.
func Picture(w io.Writer, content []byte, made time.Time) (err error) {
	defer func() {
		if recover() != nil { // a library that met what it did not expect
			err = errPicture
		}
	}()
	conf, format, err := image.DecodeConfig(bytes.NewReader(content))
	if err != nil || conf.Width < 1 || conf.Height < 1 || conf.Width > maxPixels/conf.Height {
		return errPicture
	}
	if photo.Look(bytes.NewReader(content), int64(len(content))).Pages > 1 {
		return errPicture // only the first page would be read
	}
	turn := orientation(content)
	if format != "jpeg" || turn != 1 {
		if content, err = asPNG(content, turn); err != nil {
			return err
		}
		format = "png"
		if turn > 4 {
			conf.Width, conf.Height = conf.Height, conf.Width
		}
	}
	wide := conf.Width > conf.Height
	direction := "P"
	width, height := pageWidth, pageHeight
	if wide {
		direction, width, height = "L", pageHeight, pageWidth
	}
	pdf := fpdf.New(direction, "mm", "A4", "")
	pdf.SetAutoPageBreak(false, 0)
	pdf.SetCatalogSort(true)
	pdf.SetProducer("vaultctl", false)
	pdf.SetCreationDate(made.UTC())
	pdf.SetModificationDate(made.UTC())
	pdf.AddPage()
	pdf.RegisterImageOptionsReader("picture", fpdf.ImageOptions{ImageType: format}, bytes.NewReader(content))
	const border = 8.0
	scale := min((width-2*border)/float64(conf.Width), (height-2*border)/float64(conf.Height), 25.4/72)
	pw, ph := float64(conf.Width)*scale, float64(conf.Height)*scale
	pdf.ImageOptions("picture", (width-pw)/2, (height-ph)/2, pw, ph, false, fpdf.ImageOptions{ImageType: format}, 0, "")
	if err := pdf.Output(w); err != nil {
		return fmt.Errorf("%w: %w", errPicture, err)
	}
	return nil
}

// asPNG unpacks a picture, turns it upright and packs it as a PNG that the PDF library reads.
func asPNG(content []byte, turn int) ([]byte, error) {
	img, _, err := image.Decode(bytes.NewReader(content))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errPicture, err)
	}
	var b bytes.Buffer
	enc := png.Encoder{CompressionLevel: png.BestSpeed}
	if err := enc.Encode(&b, upright8(img, turn)); err != nil {
		return nil, fmt.Errorf("%w: %w", errPicture, err)
	}
	return b.Bytes(), nil
}

// upright8 returns a picture of eight bits a channel on white, turned as Exif's orientation says.
func upright8(img image.Image, turn int) image.Image {
	r := img.Bounds()
	w, h := r.Dx(), r.Dy()
	ow, oh := w, h
	if turn > 4 {
		ow, oh = h, w
	}
	out := image.NewNRGBA(image.Rect(0, 0, ow, oh))
	for y := range oh {
		for x := range ow {
			sx, sy := upright(turn, x, y, w, h)
			c := img.At(r.Min.X+sx, r.Min.Y+sy)
			red, green, blue, alpha := c.RGBA()
			white := 0xffff - alpha
			i := out.PixOffset(x, y)
			out.Pix[i], out.Pix[i+1], out.Pix[i+2], out.Pix[i+3] = uint8((red+white)>>8), uint8((green+white)>>8), uint8((blue+white)>>8), 0xff
		}
	}
	return out
}

// upright returns which point of a picture of w by h is shown at x, y.
func upright(turn, x, y, w, h int) (sx, sy int) {
	switch turn {
	case 2:
		return w - 1 - x, y
	case 3:
		return w - 1 - x, h - 1 - y
	case 4:
		return x, h - 1 - y
	case 5:
		return y, x
	case 6:
		return y, h - 1 - x
	case 7:
		return w - 1 - y, h - 1 - x
	case 8:
		return w - 1 - y, x
	}
	return x, y
}
