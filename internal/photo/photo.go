// Package photo says how large a photo or a scan is, from its headers alone: JPEG, PNG, TIFF, HEIC and AVIF in pixels as they
// are shown, TIFF and PDF in pages. It decodes no picture, reads at most a few MiB wherever they are in the file, and knows
// nothing rather than failing: what a file says of itself is a help for people, not a condition.
package photo

import (
	"encoding/binary"
	"io"
)

// Facts are what the headers say. 0 is unknown.
type Facts struct {
	Pages         int // of a PDF or TIFF
	Width, Height int // pixels of the picture, or of a TIFF's first page, turned as it is shown
}

const (
	maxRead   = 8 << 20    // bytes of headers in all
	maxPixels = 10_000_000 // of one side
	maxPages  = 100_000
)

// Look reads the headers of a file of size bytes. It is safe for any content.
func Look(r io.ReaderAt, size int64) Facts {
	f := &file{r: r, size: size, budget: maxRead}
	head := f.upTo(0, 1024)
	var facts Facts
	switch {
	case has(head, 0, "\xFF\xD8\xFF"):
		facts = f.jpeg()
	case has(head, 0, "\x89PNG\r\n\x1A\n"):
		facts = f.png()
	case isTIFF(head):
		facts, _ = f.tiff()
	case has(head, 4, "ftyp"):
		facts = f.heif()
	default:
		facts.Pages = f.pdf(head)
	}
	return facts.plausible()
}

// plausible forgets what cannot be.
func (f Facts) plausible() Facts {
	if f.Width < 1 || f.Height < 1 || f.Width > maxPixels || f.Height > maxPixels {
		f.Width, f.Height = 0, 0
	}
	if f.Pages < 0 || f.Pages > maxPages {
		f.Pages = 0
	}
	return f
}

// turned swaps the sides where an EXIF orientation says that the picture lies on its side.
func (f Facts) turned(orientation int) Facts {
	if orientation >= 5 && orientation <= 8 {
		f.Width, f.Height = f.Height, f.Width
	}
	return f
}

// file is what is read, within bounds.
type file struct {
	r      io.ReaderAt
	size   int64
	budget int64
}

// at returns n bytes from off, or nil where the file or the budget has not that many.
func (f *file) at(off, n int64) []byte {
	if off < 0 || n <= 0 || n > f.budget || off > f.size || n > f.size-off {
		return nil
	}
	f.budget -= n
	b := make([]byte, n)
	if got, err := f.r.ReadAt(b, off); got < len(b) && err != nil {
		return nil
	}
	return b
}

// upTo returns up to n bytes from off.
func (f *file) upTo(off, n int64) []byte { return f.at(off, min(n, f.size-off)) }

// section is a part of a file as a file of its own.
func (f *file) section(off, n int64) *file {
	if off < 0 || n < 0 || off > f.size || n > f.size-off {
		return &file{}
	}
	return &file{r: io.NewSectionReader(f.r, off, n), size: n, budget: f.budget}
}

// has reports whether b holds s at off.
func has(b []byte, off int, s string) bool {
	return len(b) >= off+len(s) && string(b[off:off+len(s)]) == s
}

var big = binary.BigEndian

// maxMarkers bounds how many parts of a file are looked at before its size is found.
const maxMarkers = 10_000

// jpeg walks the markers up to the first frame.
func (f *file) jpeg() Facts {
	orientation := 1
	off := int64(2)
	for range maxMarkers {
		m := f.at(off, 4)
		if m == nil || m[0] != 0xFF {
			return Facts{}
		}
		if m[1] == 0xFF { // fill bytes
			off++
			continue
		}
		n := int64(big.Uint16(m[2:]))
		switch kind := m[1]; {
		case kind == 0xD9 || kind == 0xDA || n < 2: // no frame comes any more
			return Facts{}
		case kind >= 0xC0 && kind <= 0xCF && kind != 0xC4 && kind != 0xC8 && kind != 0xCC:
			b := f.at(off+5, 4)
			if b == nil {
				return Facts{}
			}
			return Facts{Width: int(big.Uint16(b[2:])), Height: int(big.Uint16(b))}.turned(orientation)
		case kind == 0xE1 && has(f.upTo(off+4, 6), 0, "Exif\x00\x00"):
			orientation = f.section(off+10, n-8).orientation()
		}
		off += 2 + n
	}
	return Facts{}
}

// png reads the header, and an orientation that comes before the picture.
func (f *file) png() Facts {
	b := f.at(8, 16)
	if !has(b, 4, "IHDR") {
		return Facts{}
	}
	facts := Facts{Width: int(big.Uint32(b[8:])), Height: int(big.Uint32(b[12:]))}
	off := int64(8)
	for range maxMarkers {
		c := f.at(off, 8)
		if c == nil || has(c, 4, "IDAT") || has(c, 4, "IEND") {
			break
		}
		n := int64(big.Uint32(c))
		if has(c, 4, "eXIf") {
			return facts.turned(f.section(off+8, n).orientation())
		}
		off += 12 + n
	}
	return facts
}
