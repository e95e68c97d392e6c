package paper

import (
	"bytes"
	"encoding/binary"
)

// orientation returns how a JPEG is to be turned, as Exif numbers it; 1 where it stands upright or nothing says.
func orientation(b []byte) int {
	if len(b) < 4 || b[0] != 0xff || b[1] != 0xd8 {
		return 1
	}
	for b = b[2:]; len(b) >= 4 && b[0] == 0xff && b[1] != 0xda; {
		n := int(binary.BigEndian.Uint16(b[2:]))
		if n < 2 || n+2 > len(b) {
			return 1
		}
		if exif, ok := bytes.CutPrefix(b[4:n+2], []byte("Exif\x00\x00")); ok && b[1] == 0xe1 {
			return exifOrientation(exif)
		}
		b = b[n+2:]
	}
	return 1
}

// exifOrientation reads the tag from the first directory of a TIFF.
func exifOrientation(b []byte) int {
	var order binary.ByteOrder = binary.LittleEndian
	if bytes.HasPrefix(b, []byte("MM")) {
		order = binary.BigEndian
	}
	if len(b) < 8 {
		return 1
	}
	at := uint64(order.Uint32(b[4:]))
	if at+2 > uint64(len(b)) {
		return 1
	}
	for n := range uint64(order.Uint16(b[at:])) {
		entry := at + 2 + 12*n
		if entry+12 > uint64(len(b)) {
			return 1
		}
		if order.Uint16(b[entry:]) != 0x0112 {
			continue
		}
		if v := int(order.Uint16(b[entry+8:])); v >= 1 && v <= 8 {
			return v
		}
		return 1
	}
	return 1
}
