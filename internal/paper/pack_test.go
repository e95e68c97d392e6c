package paper

import (
	"bytes"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"
	"time"

	"vaultctl/internal/lang"
)

func TestPictureFormats(t *testing.T) {
	img := image.NewNRGBA(image.Rect(0, 0, 40, 20))
	img.Set(3, 3, color.NRGBA{255, 0, 0, 128})
	var asPNG, asJPEG, asGIF bytes.Buffer
	for _, err := range []error{png.Encode(&asPNG, img), jpeg.Encode(&asJPEG, img, nil), gif.Encode(&asGIF, img, nil)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, content := range map[string][]byte{"png": asPNG.Bytes(), "jpeg": asJPEG.Bytes(), "gif": asGIF.Bytes()} {
		var out bytes.Buffer
		if err := Picture(&out, content, time.Unix(0, 0)); err != nil || !bytes.HasPrefix(out.Bytes(), []byte("%PDF-")) {
			t.Errorf("%s: %v", name, err)
		}
		for _, n := range []int{0, 10, len(content) / 2} {
			if err := Picture(&bytes.Buffer{}, content[:n], time.Unix(0, 0)); name == "png" && err == nil {
				t.Errorf("%s cut to %d bytes is a picture", name, n)
			}
		}
	}
}

// TestUpright: each way in which a camera is held ends with the same corner at the top left.
func TestUpright(t *testing.T) {
	for turn, corner := range map[int][2]int{1: {0, 0}, 2: {2, 0}, 3: {2, 1}, 4: {0, 1}, 5: {0, 0}, 6: {0, 1}, 7: {2, 1}, 8: {2, 0}} {
		if x, y := upright(turn, 0, 0, 3, 2); x != corner[0] || y != corner[1] {
			t.Errorf("orientation %d: %d, %d", turn, x, y)
		}
	}
	exif := "\xff\xd8\xff\xe1\x00\x22Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00"
	if got := orientation([]byte(exif)); got != 6 {
		t.Errorf("orientation %d", got)
	}
	for n := range exif {
		if got := orientation([]byte(exif[:n])); got != 1 && got != 6 {
			t.Errorf("cut to %d: %d", n, got)
		}
	}
}

func FuzzOrientation(f *testing.F) {
	f.Add([]byte("\xff\xd8\xff\xe1\x00\x22Exif\x00\x00II\x2a\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00\x06\x00\x00\x00\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if got := orientation(b); got < 1 || got > 8 {
			t.Errorf("orientation %d", got)
		}
	})
}

func TestPack(t *testing.T) {
	data := PackData{Organization: "CCAS", Person: "Awa Diop", Recipient: "CAF", Purpose: "housing", Share: "s1", Made: time.Unix(0, 0), Until: time.Unix(0, 0)}
	for range 40 {
		data.Pieces = append(data.Pieces, PackPiece{Name: "Payslip", Digest: strings.Repeat("0", 64), Pages: 1}, PackPiece{Name: "Letter", Apart: "it is no PDF"})
	}
	for _, l := range []lang.Lang{lang.English, lang.French} {
		var cover, stamp bytes.Buffer
		if err := Pack(&cover, l, data); err != nil || !bytes.HasPrefix(cover.Bytes(), []byte("%PDF-")) {
			t.Errorf("cover: %v", err)
		}
		if err := Stamp(&stamp, l, strings.Repeat("مركز ", 30)+"· 22/11/2026", time.Unix(0, 0)); err != nil || bytes.Count(stamp.Bytes(), []byte("/Type /Page\n")) != 1 {
			t.Errorf("stamp: %v", err)
		}
	}
}
