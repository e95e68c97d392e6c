package agecrypt

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"sync"

	"filippo.io/age"

	"vaultctl/internal/vault"
)

const (
	// maxReaders is the number of readers that age accepts in one header.
	maxReaders = 1024

	// Half a chunk: it gathers the many small writes of a header, and lets full chunks through without copying.
	headerBuffer = 32 << 10

	copyBuffer = 256 << 10
)

var (
	headerBuffers = sync.Pool{New: func() any { return bufio.NewWriterSize(io.Discard, headerBuffer) }}
	copyBuffers   = sync.Pool{New: func() any { b := make([]byte, copyBuffer); return &b }}
)

// Seal starts an age file for recipients and returns the writer of its plaintext. Close finishes the file; a file whose
// writer was not closed cannot be opened. dst is not closed, and receives the header before Seal or Close returns. The
// writer is for one goroutine.
//
// The list must not be empty, name nobody twice, have at most 1,024 entries, and be of one kind: hybrid and classic
// recipients together would make the file as weak as the classic ones. Anything else is vault.CodeInvalid, before dst is
// touched. Errors of dst are wrapped.
func (s *Sealer) Seal(dst io.Writer, recipients []string) (io.WriteCloser, error) {
	parsed, err := s.readers(recipients)
	if err != nil {
		return nil, err
	}
	return seal(dst, parsed)
}

// SealPassphrase is Seal for whoever knows passphrase, which must not be empty (vault.CodeInvalid). It is slow on
// purpose, about a second.
func (s *Sealer) SealPassphrase(dst io.Writer, passphrase string) (io.WriteCloser, error) {
	r, err := age.NewScryptRecipient(passphrase)
	if err != nil {
		return nil, vault.Errorf(vault.CodeInvalid, "an empty passphrase protects nothing")
	}
	r.SetWorkFactor(s.workFactor)
	return seal(dst, []age.Recipient{r})
}

func (s *Sealer) readers(recipients []string) ([]age.Recipient, error) {
	switch {
	case len(recipients) == 0:
		return nil, vault.Errorf(vault.CodeInvalid, "no recipient to seal to")
	case len(recipients) > maxReaders:
		return nil, vault.Errorf(vault.CodeInvalid, "%d recipients are too many: a file has at most %d", len(recipients), maxReaders)
	}
	parsed := make([]age.Recipient, len(recipients))
	seen := make(map[string]int, len(recipients))
	kind := ""
	for i, text := range recipients {
		r, err := s.recipient(text)
		if err != nil {
			return nil, vault.Errorf(vault.CodeInvalid, "recipient %d: %w", i+1, err)
		}
		if first, twice := seen[text]; twice {
			return nil, vault.Errorf(vault.CodeInvalid, "recipient %d is the same as recipient %d", i+1, first)
		}
		if kind != "" && kind != r.kind {
			return nil, vault.Errorf(vault.CodeInvalid, "recipient %d is %s and those before it are %s: post-quantum and classic recipients cannot be mixed", i+1, r.kind, kind)
		}
		kind, seen[text], parsed[i] = r.kind, i+1, r.Recipient
	}
	return parsed, nil
}

func seal(dst io.Writer, recipients []age.Recipient) (io.WriteCloser, error) {
	buf := headerBuffers.Get().(*bufio.Writer)
	buf.Reset(dst)
	w, err := age.Encrypt(buf, recipients...)
	if err != nil {
		release(buf)
		return nil, fmt.Errorf("seal file: %w", err)
	}
	return &sealWriter{age: w, buf: buf}, nil
}

func release(buf *bufio.Writer) {
	buf.Reset(io.Discard)
	headerBuffers.Put(buf)
}

var errClosed = errors.New("seal file: already closed")

type sealWriter struct {
	age io.WriteCloser
	buf *bufio.Writer // nil once closed
}

func (w *sealWriter) Write(p []byte) (int, error) {
	if w.buf == nil {
		return 0, errClosed
	}
	n, err := w.age.Write(p)
	if err != nil {
		err = fmt.Errorf("seal file: %w", err)
	}
	return n, err
}

// ReadFrom lets io.Copy use a pooled buffer.
func (w *sealWriter) ReadFrom(src io.Reader) (int64, error) {
	buf := copyBuffers.Get().(*[]byte)
	defer func() {
		clear(*buf)
		copyBuffers.Put(buf)
	}()
	return io.CopyBuffer(onlyWriter{w}, src, *buf)
}

// onlyWriter hides ReadFrom from io.CopyBuffer, which would call it again.
type onlyWriter struct{ io.Writer }

func (w *sealWriter) Close() error {
	if w.buf == nil {
		return errClosed
	}
	err := w.age.Close()
	if err == nil {
		err = w.buf.Flush()
	}
	release(w.buf)
	w.buf = nil
	if err != nil {
		return fmt.Errorf("seal file: %w", err)
	}
	return nil
}
