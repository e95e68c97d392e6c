package manifest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"vaultctl/internal/vault"
)

// charset is an encoding of text under the name that notes and maps give it.
type charset struct {
	name string
	enc  encoding.Encoding // nil for UTF-8
}

// charsets are those that a map may name. The index of golang.org/x/text knows many more and weighs a megabyte.
var charsets = []charset{
	{"utf-8", nil},
	{"utf-16le", unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)},
	{"utf-16be", unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)},
	{"windows-1252", charmap.Windows1252},
	{"iso-8859-1", charmap.ISO8859_1},
	{"iso-8859-15", charmap.ISO8859_15},
	{"windows-1250", charmap.Windows1250},
	{"macintosh", charmap.Macintosh},
	{"cp850", charmap.CodePage850},
	{"cp437", charmap.CodePage437},
}

func charsetNamed(name string) (charset, bool) {
	for _, c := range charsets {
		if folded(c.name) == folded(name) {
			return c, true
		}
	}
	return charset{}, false
}

func errEncoding(name string) *vault.Error {
	return vault.Errorf(vault.CodeInvalid, "no encoding %q; known are utf-8, utf-16le, utf-16be, windows-1252, iso-8859-15, cp850, macintosh", name)
}

func mustCharset(name string) charset {
	c, ok := charsetNamed(name)
	if !ok {
		panic("no charset " + name)
	}
	return c
}

// decoded returns the text of f as UTF-8 without a byte order mark, and the name of the encoding that was found, or that
// was named: a byte order mark beats a name, since rejects are UTF-8 whatever they were made of. It reads the whole file
// once, in pieces, where a piece of it does not tell.
func decoded(f io.ReadSeeker, named string) (*bufio.Reader, string, error) {
	c, ok := charsetNamed(named)
	if named != "" && !ok {
		return nil, "", errEncoding(named)
	}
	head := make([]byte, 3)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, "", fmt.Errorf("read manifest: %w", err)
	}
	if marked, ok := byMark(head[:n]); ok {
		c = marked
	} else if named == "" {
		if c, err = detect(f); err != nil {
			return nil, "", err
		}
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, "", fmt.Errorf("read manifest: %w", err)
	}
	var r io.Reader = f
	if c.enc != nil {
		r = transform.NewReader(f, c.enc.NewDecoder())
	}
	b := bufio.NewReaderSize(r, sniffed)
	if mark, _, err := b.ReadRune(); err == nil && mark != '\uFEFF' {
		err = b.UnreadRune()
		if err != nil {
			return nil, "", fmt.Errorf("read manifest: %w", err)
		}
	}
	return b, c.name, nil
}

// sniffed is how many bytes are looked at to find an encoding or a dialect.
const sniffed = 64 << 10

// byMark tells an encoding by the byte order mark at the beginning of a file.
func byMark(head []byte) (charset, bool) {
	switch {
	case bytes.HasPrefix(head, []byte("\xEF\xBB\xBF")):
		return mustCharset("utf-8"), true
	case bytes.HasPrefix(head, []byte("\xFF\xFE")):
		return mustCharset("utf-16le"), true
	case bytes.HasPrefix(head, []byte("\xFE\xFF")):
		return mustCharset("utf-16be"), true
	}
	return charset{}, false
}

// detect finds the encoding of a file without a byte order mark.
func detect(f io.ReadSeeker) (charset, error) {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return charset{}, fmt.Errorf("read manifest: %w", err)
	}
	r := bufio.NewReaderSize(f, sniffed)
	head, err := r.Peek(4096)
	if err != nil && !errors.Is(err, io.EOF) {
		return charset{}, fmt.Errorf("read manifest: %w", err)
	}
	if name := wide(head); name != "" {
		return mustCharset(name), nil
	}
	t, err := tallied(r)
	if err != nil {
		return charset{}, fmt.Errorf("read manifest: %w", err)
	}
	return t.charset()
}

// wide tells UTF-16 without a mark by where the zero bytes are: the separators and digits of a table have one each.
func wide(head []byte) string {
	var zero [2]int
	for i, b := range head {
		if b == 0 {
			zero[i%2]++
		}
	}
	switch pairs := len(head) / 2; {
	case pairs < 4:
		return ""
	case zero[1] > pairs*3/5 && zero[0] < pairs/20+1:
		return "utf-16le"
	case zero[0] > pairs*3/5 && zero[1] < pairs/20+1:
		return "utf-16be"
	}
	return ""
}

// tally counts what tells the eight-bit encodings and UTF-8 apart.
type tally struct {
	sequences int  // valid UTF-8 sequences of two bytes and more
	invalid   int  // bytes that are in none
	controls  bool // 0x80–0x9F outside of sequences: letters and quotes of Windows-1252 alone
	undefined bool // bytes that Windows-1252 does not have
	ligature  bool // bytes that are letters in ISO-8859-15, beside letters, and fractions or accents in Windows-1252
}

func tallied(r *bufio.Reader) (tally, error) {
	var t tally
	before := byte(0)
	for {
		c, size, err := r.ReadRune()
		if errors.Is(err, io.EOF) {
			return t, nil
		}
		if err != nil {
			return t, err
		}
		switch {
		case c == utf8.RuneError && size == 1:
			if err := r.UnreadRune(); err != nil {
				return t, err
			}
			b, err := r.ReadByte()
			if err != nil {
				return t, err
			}
			next, err := r.Peek(1)
			if err != nil {
				next = []byte{0}
			}
			t.legacy(before, b, next[0])
			before = b
		case size > 1:
			t.sequences++
			before = 0
		default:
			before = byte(c)
		}
	}
}

// legacy counts a byte that is not UTF-8, with its neighbours.
func (t *tally) legacy(before, b, after byte) {
	t.invalid++
	switch b {
	case 0x81, 0x8D, 0x8F, 0x90, 0x9D:
		t.undefined = true
	case 0xA4: // the euro of ISO-8859-15; nobody writes the sign that it is elsewhere
		t.ligature = true
	case 0xA6, 0xA8, 0xB4, 0xB8, 0xBC, 0xBD, 0xBE:
		t.ligature = t.ligature || letter(before) || letter(after)
	}
	t.controls = t.controls || b >= 0x80 && b <= 0x9F
}

func letter(b byte) bool { return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= 0xC0 }

// charset decides. A UTF-8 file with a few wrong bytes stays UTF-8: the rows that hold them are rejected, and no other
// row is garbled.
func (t *tally) charset() (charset, error) {
	switch {
	case t.invalid == 0 || t.sequences > t.invalid:
		return mustCharset("utf-8"), nil
	case t.undefined:
		return charset{}, vault.Errorf(vault.CodeInvalid, "the text is neither UTF-8 nor Windows-1252: name its encoding in a map ([file] encoding), or save the file as UTF-8")
	case t.ligature && !t.controls:
		return mustCharset("iso-8859-15"), nil
	}
	return mustCharset("windows-1252"), nil
}
