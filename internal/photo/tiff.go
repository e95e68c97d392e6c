package photo

import "encoding/binary"

// Tags of a TIFF directory.
const (
	tagSubfile     = 254
	tagWidth       = 256
	tagHeight      = 257
	tagOrientation = 274
)

const maxEntries = 4096 // of a directory

func isTIFF(head []byte) bool {
	return has(head, 0, "II*\x00") || has(head, 0, "MM\x00*") || has(head, 0, "II+\x00") || has(head, 0, "MM\x00+")
}

// orientation reads EXIF data, a TIFF without a picture.
func (f *file) orientation() int {
	if !isTIFF(f.upTo(0, 8)) {
		return 1
	}
	_, o := f.tiff()
	return o
}

// form is how a TIFF writes numbers: byte order, and the sizes that differ in a BigTIFF.
type form struct {
	order binary.ByteOrder
	long  bool
}

func (t form) size(classic, long int64) int64 {
	if t.long {
		return long
	}
	return classic
}

// offset reads a place in the file; what is beyond any file is -1.
func (t form) offset(b []byte) int64 {
	if !t.long {
		return int64(t.order.Uint32(b))
	}
	if v := t.order.Uint64(b); v < 1<<62 {
		return int64(v)
	}
	return -1
}

// tiff walks the chain of directories, each of which is a page unless it is a preview of another. Directories that lead
// back to an earlier one end the chain.
func (f *file) tiff() (Facts, int) {
	head := f.upTo(0, 16)
	if len(head) < 8 {
		return Facts{}, 1
	}
	t := form{order: binary.LittleEndian, long: head[2] == '+' || head[3] == '+'}
	if head[0] == 'M' {
		t.order = binary.BigEndian
	}
	if len(head) < int(t.size(8, 16)) {
		return Facts{}, 1
	}
	off := t.offset(head[t.size(4, 8):])
	var facts Facts
	orientation := 1
	seen := map[int64]bool{}
	for off > 0 && !seen[off] && facts.Pages <= maxPages {
		seen[off] = true
		d, next, ok := f.directory(t, off)
		if !ok {
			break
		}
		if d.subfile&1 == 0 {
			if facts.Pages++; facts.Pages == 1 {
				facts.Width, facts.Height, orientation = d.width, d.height, d.orientation
			}
		}
		off = next
	}
	return facts.turned(orientation), orientation
}

// directory is what is of interest in one.
type directory struct{ subfile, width, height, orientation int }

func (f *file) directory(t form, off int64) (d directory, next int64, ok bool) {
	d.orientation = 1
	head := f.at(off, t.size(2, 8))
	if head == nil {
		return d, 0, false
	}
	n := int64(t.order.Uint16(head))
	if t.long {
		n = int64(min(t.order.Uint64(head), maxEntries+1))
	}
	if n == 0 || n > maxEntries {
		return d, 0, false
	}
	each := t.size(12, 20)
	body := f.at(off+int64(len(head)), n*each+t.size(4, 8))
	if body == nil {
		return d, 0, false
	}
	for ; n > 0; n-- {
		d.entry(t, body[:each])
		body = body[each:]
	}
	return d, t.offset(body), true
}

// entry reads a value that is one number, and leaves all else.
func (d *directory) entry(t form, e []byte) {
	count := uint64(t.order.Uint32(e[4:]))
	if t.long {
		count = t.order.Uint64(e[4:])
	}
	if count != 1 {
		return
	}
	var v uint64
	field := e[t.size(8, 12):]
	switch t.order.Uint16(e[2:]) {
	case 3:
		v = uint64(t.order.Uint16(field))
	case 4:
		v = uint64(t.order.Uint32(field))
	case 16:
		if !t.long {
			return
		}
		v = t.order.Uint64(field)
	default:
		return
	}
	value := int(min(v, maxPixels+1))
	switch t.order.Uint16(e) {
	case tagSubfile:
		d.subfile = value
	case tagWidth:
		d.width = value
	case tagHeight:
		d.height = value
	case tagOrientation:
		d.orientation = value
	}
}
