package manifest

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// Limits of a row of text. A quote that is left open swallows no more than this.
const (
	maxRowLines = 64
	maxRowBytes = 64 << 10
	maxCell     = 20_000 // bytes
)

// line is a line of a file, without its end.
type line struct {
	text   []byte
	number int64 // from 1
	long   bool  // longer than the limit; the rest was read over
}

// lines reads lines that end in LF, CRLF or, where the first one does, in a lone CR. Longer ones than the limit are cut.
type lines struct {
	r      *bufio.Reader
	limit  int
	number int64
	lone   bool   // a lone CR ends a line
	back   []line // put back, to be read again
}

func newLines(r *bufio.Reader, limit int) *lines {
	l := &lines{r: r, limit: limit}
	head, _ := r.Peek(sniffed) // what cannot be read fails at the first line as well
	l.lone = endsInCR(head)
	return l
}

// endsInCR reports whether the first line of head ends in a CR without LF.
func endsInCR(head []byte) bool {
	i := bytes.IndexAny(head, "\r\n")
	return i >= 0 && head[i] == '\r' && i+1 < len(head) && head[i+1] != '\n'
}

// next returns the next line, io.EOF after the last. The text is the caller's.
func (l *lines) next() (line, error) {
	if len(l.back) > 0 {
		n := l.back[0]
		l.back = l.back[1:]
		return n, nil
	}
	n := line{number: l.number + 1}
	began := false
	for {
		piece, end, err := l.piece()
		began = began || err == nil
		if room := l.limit - len(n.text); len(piece) > room {
			n.long = true
			piece = piece[:room]
		}
		n.text = append(n.text, piece...)
		if err != nil && (!errors.Is(err, io.EOF) || !began) {
			return line{}, err
		}
		if end || err != nil {
			l.number++
			if !n.long {
				n.text = bytes.TrimSuffix(n.text, []byte("\r"))
			}
			return n, nil
		}
	}
}

// piece returns bytes up to the end of the line or of the buffer; they are good until the next call.
func (l *lines) piece() (text []byte, end bool, err error) {
	if _, err := l.r.Peek(1); err != nil {
		return nil, false, err
	}
	text, err = l.r.Peek(l.r.Buffered())
	if err != nil {
		return nil, false, err
	}
	i := bytes.IndexByte(text, '\n')
	if l.lone {
		i = bytes.IndexAny(text, "\r\n")
	}
	if i < 0 {
		_, err = l.r.Discard(len(text))
		return text, false, err
	}
	cr := text[i] == '\r'
	text = text[:i]
	if _, err = l.r.Discard(i + 1); err != nil || !cr {
		return text, true, err
	}
	// Peeking moves the buffer under the text.
	text = bytes.Clone(text)
	if after, e := l.r.Peek(1); e == nil && after[0] == '\n' {
		_, err = l.r.Discard(1)
	}
	return text, true, err
}

// putBack makes next return these lines again, in their order.
func (l *lines) putBack(again []line) { l.back = append(again[:len(again):len(again)], l.back...) }
