package oplog

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
)

// A file of the log is a header and then frames, one frame per Append:
//
//	file header   magic "vctllog1" · first sequence number u64 · CRC-32C of both u32
//	frame header  magic "VLFR" · first sequence number u64 · records u32 · body length u32 · CRC-32C of the body u32 ·
//	              CRC-32C of the header up to here u32
//	frame body    per record: length u32 · sealed record
//
// Integers are little-endian. The checksums find accidents; the seal of each record, which covers its sequence number,
// finds intent. A frame is written only after the one before it was synchronised, so an invalid frame with a valid one
// somewhere after it is damage, and an invalid frame with nothing valid after it is the trace of a crash.
const (
	fileMagic       = "vctllog1"
	fileHeaderSize  = 8 + 8 + 4
	frameMagic      = "VLFR"
	frameHeaderSize = 4 + 8 + 4 + 4 + 4 + 4
	maxBody         = 64 << 20
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

var errFrame = errors.New("invalid frame")

type frameHeader struct {
	first   uint64
	records uint32
	length  uint32
	bodyCRC uint32
}

func (h frameHeader) next() uint64 { return h.first + uint64(h.records) }
func (h frameHeader) size() int64  { return frameHeaderSize + int64(h.length) }

func appendFileHeader(b []byte, first uint64) []byte {
	start := len(b)
	b = append(b, fileMagic...)
	b = binary.LittleEndian.AppendUint64(b, first)
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b[start:], castagnoli))
}

func parseFileHeader(b []byte) (first uint64, ok bool) {
	if len(b) < fileHeaderSize || string(b[:8]) != fileMagic {
		return 0, false
	}
	if binary.LittleEndian.Uint32(b[16:]) != crc32.Checksum(b[:16], castagnoli) {
		return 0, false
	}
	first = binary.LittleEndian.Uint64(b[8:])
	return first, first > 0
}

// putFrameHeader writes the header of the frame that fills b into its first frameHeaderSize bytes.
func putFrameHeader(b []byte, first uint64, records int) {
	body := b[frameHeaderSize:]
	copy(b, frameMagic)
	binary.LittleEndian.PutUint64(b[4:], first)
	binary.LittleEndian.PutUint32(b[12:], uint32(records))
	binary.LittleEndian.PutUint32(b[16:], uint32(len(body)))
	binary.LittleEndian.PutUint32(b[20:], crc32.Checksum(body, castagnoli))
	binary.LittleEndian.PutUint32(b[24:], crc32.Checksum(b[:24], castagnoli))
}

func parseFrameHeader(b []byte) (h frameHeader, ok bool) {
	if len(b) < frameHeaderSize || string(b[:4]) != frameMagic {
		return h, false
	}
	if binary.LittleEndian.Uint32(b[24:]) != crc32.Checksum(b[:24], castagnoli) {
		return h, false
	}
	h.first = binary.LittleEndian.Uint64(b[4:])
	h.records = binary.LittleEndian.Uint32(b[12:])
	h.length = binary.LittleEndian.Uint32(b[16:])
	h.bodyCRC = binary.LittleEndian.Uint32(b[20:])
	fits := h.length <= maxBody && h.records > 0 && uint64(h.records)*4 <= uint64(h.length)
	return h, fits && h.next() > h.first
}

// readFrame reads the frame at off of a file whose valid part ends at size. The error is errFrame if there is no
// complete valid frame, or that of r.
func readFrame(r io.ReaderAt, off, size int64) (frameHeader, []byte, error) {
	var raw [frameHeaderSize]byte
	if size-off < frameHeaderSize {
		return frameHeader{}, nil, errFrame
	}
	if err := readFull(r, raw[:], off); err != nil {
		return frameHeader{}, nil, err
	}
	h, ok := parseFrameHeader(raw[:])
	if !ok || size-off < h.size() {
		return frameHeader{}, nil, errFrame
	}
	body := make([]byte, h.length)
	if err := readFull(r, body, off+frameHeaderSize); err != nil {
		return frameHeader{}, nil, err
	}
	if crc32.Checksum(body, castagnoli) != h.bodyCRC || countRecords(body) != int64(h.records) {
		return frameHeader{}, nil, errFrame
	}
	return h, body, nil
}

// readFull is ReadAt for a range that lies inside the file; a file that got shorter meanwhile is an invalid frame.
func readFull(r io.ReaderAt, b []byte, off int64) error {
	n, err := r.ReadAt(b, off)
	if n == len(b) {
		return nil
	}
	if errors.Is(err, io.EOF) {
		return errFrame
	}
	return err
}

// cutRecord splits the first sealed record off a frame body.
func cutRecord(body []byte) (rec, rest []byte, ok bool) {
	if len(body) < 4 {
		return nil, nil, false
	}
	n := uint64(binary.LittleEndian.Uint32(body))
	if uint64(len(body)-4) < n {
		return nil, nil, false
	}
	return body[4 : 4+n], body[4+n:], true
}

// countRecords returns how many records fill the body, or -1 if they do not fill it exactly.
func countRecords(body []byte) (n int64) {
	for ; len(body) > 0; n++ {
		_, rest, ok := cutRecord(body)
		if !ok {
			return -1
		}
		body = rest
	}
	return n
}

// scan is what reading a file of the log found.
type scan struct {
	first   uint64 // sequence number of the first record
	next    uint64 // one past the last record
	end     int64  // where the valid frames end
	torn    bool   // something that is not a frame follows them
	damaged bool   // and a valid frame follows that
}

// scanFile reads all frames. ok is false if the file header is not valid.
func scanFile(r io.ReaderAt, size int64) (s scan, ok bool, err error) {
	head := make([]byte, fileHeaderSize)
	if size < fileHeaderSize {
		return s, false, nil
	}
	if err := readFull(r, head, 0); err != nil && !errors.Is(err, errFrame) {
		return s, false, err
	}
	if s.first, ok = parseFileHeader(head); !ok {
		return s, false, nil
	}
	s.next, s.end = s.first, fileHeaderSize
	for s.end < size {
		h, _, err := readFrame(r, s.end, size)
		if errors.Is(err, errFrame) || err == nil && h.first != s.next {
			s.torn = true
			s.damaged, err = frameAfter(r, s.end, size)
			return s, true, err
		}
		if err != nil {
			return s, true, err
		}
		s.next, s.end = h.next(), s.end+h.size()
	}
	return s, true, nil
}

// frameAfter looks for a valid frame anywhere in the rest of the file. The header that marks the broken place may be
// gone, so every position counts.
func frameAfter(r io.ReaderAt, off, size int64) (bool, error) {
	rest := make([]byte, size-off)
	if err := readFull(r, rest, off); err != nil && !errors.Is(err, errFrame) {
		return false, err
	}
	rd := bytes.NewReader(rest)
	for at := 0; ; at++ {
		i := bytes.Index(rest[at:], []byte(frameMagic))
		if i < 0 {
			return false, nil
		}
		at += i
		_, _, err := readFrame(rd, int64(at), int64(len(rest)))
		if err == nil {
			return true, nil
		}
	}
}
