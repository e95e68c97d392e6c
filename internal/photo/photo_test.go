package photo

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"strings"
	"testing"
)

func look(b []byte) Facts { return Look(bytes.NewReader(b), int64(len(b))) }

// tiff is a TIFF whose directories have these tags, all of one number, in each of two byte orders.
func tiff(order binary.AppendByteOrder, pages ...map[uint16]uint32) []byte {
	b := []byte("II*\x00")
	if order == binary.BigEndian {
		b = []byte("MM\x00*")
	}
	b = order.AppendUint32(b, 8)
	for i, tags := range pages {
		b = order.AppendUint16(b, uint16(len(tags)))
		for tag := uint16(0); tag < 1000; tag++ {
			v, ok := tags[tag]
			if !ok {
				continue
			}
			b = order.AppendUint16(b, tag)
			if tag == tagOrientation {
				b = order.AppendUint16(b, 3)
				b = order.AppendUint32(b, 1)
				b = order.AppendUint16(order.AppendUint16(b, uint16(v)), 0)
				continue
			}
			b = order.AppendUint16(b, 4)
			b = order.AppendUint32(b, 1)
			b = order.AppendUint32(b, v)
		}
		next := uint32(len(b) + 4)
		if i == len(pages)-1 {
			next = 0
		}
		b = order.AppendUint32(b, next)
	}
	return b
}

func sized(w, h uint32) map[uint16]uint32 { return map[uint16]uint32{tagWidth: w, tagHeight: h} }

func oriented(o uint32) map[uint16]uint32 { return map[uint16]uint32{tagOrientation: o} }

func box(kind string, content ...[]byte) []byte {
	c := bytes.Join(content, nil)
	return append(binary.BigEndian.AppendUint32(nil, uint32(8+len(c))), append([]byte(kind), c...)...)
}

// heic is a photo with a preview of 320 × 240, turned by some quarters.
func heic(brand string, w, h uint32, quarters byte) []byte {
	u32 := func(v ...uint32) (b []byte) {
		for _, n := range v {
			b = binary.BigEndian.AppendUint32(b, n)
		}
		return b
	}
	properties := box("iprp",
		box("ipco", box("ispe", u32(0, 320, 240)), box("ispe", u32(0, w, h)), box("irot", []byte{quarters})),
		box("ipma", u32(0, 2), []byte{0, 7, 1, 1}, []byte{0, 9, 2, 0x80 | 2, 3}))
	meta := box("meta", u32(0), box("hdlr", make([]byte, 20)), box("pitm", u32(0), []byte{0, 9}), properties)
	return bytes.Join([][]byte{box("ftyp", []byte(brand), u32(0)), box("free", make([]byte, 100)), meta, box("mdat", make([]byte, 500))}, nil)
}

// withExif puts EXIF data into a JPEG.
func withExif(jpg, exif []byte) []byte {
	segment := append([]byte("Exif\x00\x00"), exif...)
	head := binary.BigEndian.AppendUint16([]byte{0xFF, 0xD8, 0xFF, 0xE1}, uint16(len(segment)+2))
	return append(append(head, segment...), jpg[2:]...)
}

// pdf is one whose tree is found by way of a table, and a linearized one.
func pdf(pages int) []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.4\n")
	first := b.Len()
	b.WriteString("1 0 obj\n<</Type /Catalog /Pages 2 0 R>>\nendobj\n")
	second := b.Len()
	fmt.Fprintf(&b, "2 0 obj\n<</Type /Pages /Kids [] /Count %d>>\nendobj\n", pages)
	at := b.Len()
	fmt.Fprintf(&b, "xref\n0 3\n0000000000 65535 f \n%010d 00000 n \n%010d 00000 n \ntrailer\n<</Size 3 /Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", first, second, at)
	return b.Bytes()
}

// updated is a PDF that another program has added pages to.
func updated(old []byte, pages int) []byte {
	prev := bytes.LastIndex(old, []byte("xref\n0 3"))
	b := bytes.NewBuffer(bytes.Clone(old))
	at := b.Len()
	fmt.Fprintf(b, "2 0 obj\n<</Type /Pages /Kids [] /Count %d>>\nendobj\n", pages)
	table := b.Len()
	fmt.Fprintf(b, "xref\n2 1\n%010d 00000 n \ntrailer\n<</Size 3 /Root 1 0 R /Prev %d>>\nstartxref\n%d\n%%%%EOF\n", at, prev, table)
	return b.Bytes()
}

func samples(tb testing.TB) map[string]struct {
	b    []byte
	want Facts
} {
	tb.Helper()
	var jpg, pn bytes.Buffer
	img := image.NewGray(image.Rect(0, 0, 40, 30))
	if err := jpeg.Encode(&jpg, img, nil); err != nil {
		tb.Fatal(err)
	}
	if err := png.Encode(&pn, img); err != nil {
		tb.Fatal(err)
	}
	exif := append(binary.BigEndian.AppendUint32(nil, 0), "eXIf"...)
	turned := tiff(binary.BigEndian, oriented(8))
	binary.BigEndian.PutUint32(exif, uint32(len(turned)))
	turnedPNG := bytes.Join([][]byte{pn.Bytes()[:33], exif, turned, make([]byte, 4), pn.Bytes()[33:]}, nil)
	loop := tiff(binary.LittleEndian, sized(10, 20))
	binary.LittleEndian.PutUint32(loop[len(loop)-4:], 8)
	linear := "%PDF-1.4\n1 0 obj\n<</Linearized 1 /N 12 /L 000>>\nendobj\n" + strings.Repeat(" ", 500)
	linear = strings.Replace(linear, "000", fmt.Sprint(len(linear)), 1)
	big := append([]byte("II+\x00\x08\x00\x00\x00\x10\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00"),
		"\x00\x01\x04\x00\x01\x00\x00\x00\x00\x00\x00\x00\x05\x00\x00\x00\x00\x00\x00\x00\x01\x01\x04\x00\x01\x00\x00\x00\x00\x00\x00\x00\x06\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"...)
	preview := sized(5, 5)
	preview[tagSubfile] = 1
	lying := sized(100, 50)
	lying[tagOrientation] = 6
	return map[string]struct {
		b    []byte
		want Facts
	}{
		"jpeg":                 {jpg.Bytes(), Facts{0, 40, 30}},
		"jpeg on its side":     {withExif(jpg.Bytes(), tiff(binary.LittleEndian, oriented(6))), Facts{0, 30, 40}},
		"jpeg upside down":     {withExif(jpg.Bytes(), tiff(binary.BigEndian, oriented(3))), Facts{0, 40, 30}},
		"jpeg with odd exif":   {withExif(jpg.Bytes(), []byte("II*\x00\xff\xff\xff\xff")), Facts{0, 40, 30}},
		"png":                  {pn.Bytes(), Facts{0, 40, 30}},
		"png on its side":      {turnedPNG, Facts{0, 30, 40}},
		"tiff":                 {tiff(binary.LittleEndian, sized(100, 50)), Facts{1, 100, 50}},
		"tiff, other order":    {tiff(binary.BigEndian, sized(100, 50)), Facts{1, 100, 50}},
		"tiff of three pages":  {tiff(binary.LittleEndian, sized(100, 50), sized(1, 1), sized(2, 2)), Facts{3, 100, 50}},
		"tiff with a preview":  {tiff(binary.LittleEndian, sized(100, 50), preview), Facts{1, 100, 50}},
		"tiff on its side":     {tiff(binary.BigEndian, lying, sized(1, 1)), Facts{2, 50, 100}},
		"tiff that is a loop":  {loop, Facts{1, 10, 20}},
		"big tiff":             {big, Facts{1, 5, 6}},
		"heic":                 {heic("heic", 4032, 3024, 0), Facts{0, 4032, 3024}},
		"heic on its side":     {heic("heic", 4032, 3024, 3), Facts{0, 3024, 4032}},
		"avif":                 {heic("avif", 64, 65, 2), Facts{0, 64, 65}},
		"heic, absurd":         {heic("heic", 1<<31, 3024, 0), Facts{}},
		"pdf":                  {pdf(7), Facts{Pages: 7}},
		"pdf that was updated": {updated(pdf(7), 9), Facts{Pages: 9}},
		"linearized pdf":       {[]byte(linear), Facts{Pages: 12}},
		"pdf that grew":        {append([]byte(linear), ' '), Facts{}},
		"text":                 {[]byte("hello"), Facts{}},
		"nothing":              {nil, Facts{}},
	}
}

func TestLook(t *testing.T) {
	for name, c := range samples(t) {
		if got := look(c.b); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

// TestCutShort: whatever is missing, what is said is what the whole says, or nothing.
func TestCutShort(t *testing.T) {
	for name, c := range samples(t) {
		for n := range c.b {
			got := look(c.b[:n])
			if got.Width != 0 && got.Width != c.want.Width && got.Width != c.want.Height || got.Pages > c.want.Pages && !strings.Contains(name, "grew") && !strings.Contains(name, "updated") {
				t.Errorf("%s, %d bytes of %d: %+v", name, n, len(c.b), got)
			}
		}
	}
}

// countingReader counts what is read of a file that seems endless.
type countingReader struct{ read, calls int64 }

func (c *countingReader) ReadAt(b []byte, off int64) (int, error) {
	c.calls++
	c.read += int64(len(b))
	for i := range b { // a TIFF of one directory after the other
		at := (off + int64(i) - 8) % 18
		b[i] = 0
		switch {
		case off+int64(i) < 8:
			b[i] = "II*\x00\x08\x00\x00\x00"[off+int64(i)]
		case at == 0:
			b[i] = 1
		case at >= 14:
			next := uint32(off+int64(i)-at) + 18
			b[i] = byte(next >> (8 * (at - 14)))
		}
	}
	return len(b), nil
}

func TestBounded(t *testing.T) {
	r := &countingReader{}
	Look(r, 1<<40)
	if r.calls < 1000 || r.read > maxRead {
		t.Errorf("%d reads of %d bytes", r.calls, r.read)
	}
}

type failing struct{}

func (failing) ReadAt([]byte, int64) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestUnreadable(t *testing.T) {
	if got := Look(failing{}, 1000); got != (Facts{}) {
		t.Errorf("%+v", got)
	}
}

func FuzzLook(f *testing.F) {
	for _, c := range samples(f) {
		f.Add(c.b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		got := look(b)
		if got.Pages < 0 || got.Pages > maxPages || got.Width < 0 || got.Height < 0 || got.Width > maxPixels || got.Height > maxPixels ||
			(got.Width == 0) != (got.Height == 0) {
			t.Fatalf("%+v", got)
		}
	})
}
