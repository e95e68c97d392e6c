package vault

import (
	"bufio"
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
)

const (
	segmentMagic = "vaultctl segment v1"
	segmentAlg   = "ed25519-sha256"
	maxHeader    = 4 << 10
	// MaxSegment bounds the sealed body of a segment that a reader accepts, in bytes.
	MaxSegment = 8 << 20
	// MaxEvents bounds the events that a writer puts into one segment, in bytes before sealing.
	MaxEvents = 1 << 20
)

// Header is the clear part of a segment. It is verified before the body is decrypted, and by devices that are locked.
type Header struct {
	Org    OrgID
	Writer WriterID
	Key    ed25519.PublicKey // the device's; Writer commits to it
	Seq    uint64
	Prev   Hash // of the previous header's bytes; "" for the first
	Epoch  EpochID
	Body   Hash  // of the sealed body
	Size   int64 // of the sealed body, bytes
	raw    []byte
}

// unsigned returns the lines that the signature covers.
func (h *Header) unsigned() []byte {
	prev := string(h.Prev)
	if prev == "" {
		prev = "-"
	}
	return fmt.Appendf(nil, "%s\nalg %s\norg %s\nwriter %s\nkey %s\nseq %d\nprev %s\nepoch %s\nbody %s\nsize %d\n",
		segmentMagic, segmentAlg, h.Org, h.Writer, base64.StdEncoding.EncodeToString(h.Key), h.Seq, prev, h.Epoch, h.Body, h.Size)
}

// SignHeader returns the exact bytes of the header, the blank line included.
func SignHeader(h Header, key ed25519.PrivateKey) []byte {
	h.Key = key.Public().(ed25519.PublicKey)
	msg := h.unsigned()
	return signed(msg, ed25519.Sign(key, msg))
}

func signed(msg, sig []byte) []byte {
	return fmt.Appendf(nil, "%ssig %s\n\n", msg, base64.StdEncoding.EncodeToString(sig))
}

// ParseHeader reads and verifies a header, leaving r at the first byte of the sealed body. It checks form, the
// signature and that the writer id commits to the key; whether that device may write is for the fold. Errors have
// CodeIntegrity, or CodeUpgrade for a later format, of which the header has Writer and Key: they are verified too.
func ParseHeader(r *bufio.Reader) (*Header, error) {
	var raw []byte
	fields := make([]string, 0, 11)
	for {
		line, err := r.ReadSlice('\n')
		if err != nil || len(raw)+len(line) > maxHeader {
			return nil, Errorf(CodeIntegrity, "segment header: truncated or too long")
		}
		raw = append(raw, line...)
		if len(line) == 1 {
			break
		}
		fields = append(fields, string(line[:len(line)-1]))
	}
	return parseHeaderLines(fields, raw)
}

func parseHeaderLines(lines []string, raw []byte) (*Header, error) {
	if len(lines) > 0 && lines[0] != segmentMagic && strings.HasPrefix(lines[0], "vaultctl segment v") {
		return newerHeader(lines, raw)
	}
	names := []string{"", "alg", "org", "writer", "key", "seq", "prev", "epoch", "body", "size", "sig"}
	bad := func(what string) error { return Errorf(CodeIntegrity, "segment header: bad %s", what) }
	if len(lines) != len(names) || lines[0] != segmentMagic {
		return nil, bad("form")
	}
	val := make(map[string]string, len(names))
	for i, name := range names[1:] {
		v, ok := strings.CutPrefix(lines[i+1], name+" ")
		if !ok {
			return nil, bad(name)
		}
		val[name] = v
	}
	h := &Header{Org: OrgID(val["org"]), Writer: WriterID(val["writer"]), Epoch: EpochID(val["epoch"]), Body: Hash(val["body"]), raw: raw}
	key, err := base64.StdEncoding.DecodeString(val["key"])
	if err != nil || len(key) != ed25519.PublicKeySize {
		return nil, bad("key")
	}
	h.Key = key
	if h.Seq, err = strconv.ParseUint(val["seq"], 10, 48); err != nil {
		return nil, bad("seq")
	}
	if h.Size, err = strconv.ParseInt(val["size"], 10, 64); err != nil || h.Size < 0 || h.Size > MaxSegment {
		return nil, bad("size")
	}
	if val["prev"] != "-" {
		h.Prev = Hash(val["prev"])
	}
	if val["alg"] != segmentAlg || !h.Body.Valid() || (h.Prev != "" && !h.Prev.Valid()) || !h.Writer.Valid() || (h.Prev == "") != (h.Seq == 0) {
		return nil, bad("value")
	}
	msg := h.unsigned()
	sig, err := base64.StdEncoding.DecodeString(val["sig"])
	if err != nil || !ed25519.Verify(h.Key, msg, sig) {
		return nil, bad("signature")
	}
	if DeviceIDOf(h.Key) != h.Writer.Device() {
		return nil, bad("writer: it does not belong to the key")
	}
	// One header, one sequence of bytes: otherwise whoever stores it could make a second one, which looks like a fork.
	if !bytes.Equal(raw, signed(msg, sig)) {
		return nil, bad("form")
	}
	return h, nil
}

// newerHeader reads what every later version of the header keeps: a line each for writer and key, and as its last line a
// signature over all before it. So whoever stores segments cannot pass off anything as a newer version's. The error always
// has CodeUpgrade, with the header's Writer and Key, or CodeIntegrity.
func newerHeader(lines []string, raw []byte) (*Header, error) {
	h := &Header{raw: raw}
	var key, sig []byte
	var err error
	for _, l := range lines {
		name, v, _ := strings.Cut(l, " ")
		switch name {
		case "writer":
			h.Writer = WriterID(v)
		case "key":
			key, err = base64.StdEncoding.DecodeString(v)
		case "sig":
			sig, err = base64.StdEncoding.DecodeString(v)
		}
		if err != nil {
			return nil, Errorf(CodeIntegrity, "segment header: bad %s", name)
		}
	}
	last := lines[len(lines)-1]
	msg := raw[:max(0, len(raw)-len(last)-2)]
	if len(key) != ed25519.PublicKeySize || !strings.HasPrefix(last, "sig ") || !ed25519.Verify(key, msg, sig) || DeviceIDOf(key) != h.Writer.Device() {
		return nil, Errorf(CodeIntegrity, "segment header: bad signature")
	}
	h.Key = key
	return h, Errorf(CodeUpgrade, "segment header: written by a newer version")
}

// Hash returns the hash of the header's exact bytes, to which the next header commits.
func (h *Header) Hash() Hash { return HashOf(h.raw) }

// Context is the first line of a segment's body. It repeats the header so that a body cannot be moved to another one.
type Context struct {
	Org    OrgID               `json:"org"`
	Writer WriterID            `json:"writer"`
	Seq    uint64              `json:"seq"`
	Prev   Hash                `json:"prev,omitempty"`
	At     Clock               `json:"at"`
	Heads  map[WriterID]uint64 `json:"heads,omitempty"` // other writers' next seq, those that changed since our last segment
}

// Body is the decrypted content of a segment.
type Body struct {
	Context Context
	Events  []Event
}

// Marshal returns the body as JSON lines.
func (b *Body) Marshal() []byte {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(b.Context); err != nil {
		panic("marshal segment context: " + err.Error())
	}
	for i := range b.Events {
		if err := enc.Encode(&b.Events[i]); err != nil {
			panic("marshal event: " + err.Error())
		}
	}
	return out.Bytes()
}

// ParseBody reads a decrypted body and checks it against its header. Errors have CodeIntegrity.
func ParseBody(h *Header, r io.Reader) (*Body, error) {
	src := &io.LimitedReader{R: r, N: MaxSegment + 1}
	lines := bufio.NewScanner(src)
	lines.Buffer(make([]byte, 0, 64<<10), MaxSegment)
	b := &Body{}
	if !lines.Scan() {
		return nil, Errorf(CodeIntegrity, "segment body: empty or unreadable")
	}
	if err := json.Unmarshal(lines.Bytes(), &b.Context); err != nil {
		return nil, Errorf(CodeIntegrity, "segment body: context: %w", err)
	}
	c := b.Context
	if c.Org != h.Org || c.Writer != h.Writer || c.Seq != h.Seq || c.Prev != h.Prev {
		return nil, Errorf(CodeIntegrity, "segment body: it belongs to another header")
	}
	for lines.Scan() {
		var e Event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return nil, Errorf(CodeIntegrity, "segment body: event %d: %w", len(b.Events), err)
		}
		b.Events = append(b.Events, e)
	}
	if err := lines.Err(); err != nil {
		return nil, Errorf(CodeIntegrity, "segment body: %w", err)
	}
	if src.N <= 0 {
		return nil, Errorf(CodeIntegrity, "segment body: too long")
	}
	return b, nil
}

// Paths of version 1. Every path is below 120 characters of [a-z0-9./-].

// OrgNotePath is where the root-signed note of the organization is.
const OrgNotePath = "v1/org.note"

// WriterPrefix is the folder that only this writer writes to.
func WriterPrefix(w WriterID) string { return "v1/w/" + string(w) }

// SegmentPath returns the path of a writer's segment.
func SegmentPath(w WriterID, seq uint64) string {
	return fmt.Sprintf("%s/j/%d/%d.seg", WriterPrefix(w), seq/1000, seq)
}

// DocumentPath returns the path of a sealed document version.
func DocumentPath(w WriterID, oid string) string {
	return fmt.Sprintf("%s/d/%s/%s.age", WriterPrefix(w), oid[:2], oid)
}

// NotePath returns the path of an object of note entries.
func NotePath(w WriterID, oid string) string {
	return fmt.Sprintf("%s/n/%s/%s.age", WriterPrefix(w), oid[:2], oid)
}

// ParcelPath returns the path of the i-th parcel of an epoch.
func ParcelPath(e EpochID, i int) string {
	w, n, _ := strings.Cut(string(e), "/")
	return fmt.Sprintf("v1/w/%s/k/%s-%d.age", w, n, i)
}

// ParcelEpoch returns the epoch whose parcel the path is, or "".
func ParcelEpoch(path string) EpochID {
	w := PathWriter(path)
	name, ok := strings.CutPrefix(path, WriterPrefix(w)+"/k/")
	n, i, whole := strings.Cut(strings.TrimSuffix(name, ".age"), "-")
	part, err := strconv.Atoi(i)
	if id := EpochID(string(w) + "/" + n); ok && whole && err == nil && ParcelPath(id, part) == path {
		return id
	}
	return ""
}

// ManifestPath returns the path of the n-th manifest under a card's locator.
func ManifestPath(w WriterID, locator string, n uint64) string {
	return fmt.Sprintf("%s/p/%s/%d.age", WriterPrefix(w), locator, n)
}

// PathWriter returns the writer whose prefix holds the path, or "".
func PathWriter(path string) WriterID {
	rest, ok := strings.CutPrefix(path, "v1/w/")
	if !ok {
		return ""
	}
	w, _, _ := strings.Cut(rest, "/")
	return WriterID(w)
}
