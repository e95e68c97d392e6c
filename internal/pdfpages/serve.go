package pdfpages

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"os"
	"runtime/debug"
	"time"

	"vaultctl/internal/vault"
)

// Argument is the hidden first argument with which a program runs [Serve]. A list of pages may follow it.
const Argument = "pdf-pages"

const (
	// memoryLimit is what a process that reads one PDF may take: the file twice, and as much again to look into it.
	memoryLimit = 2 << 30
	// timeLimit is what it may take from the last byte of the PDF to the first of the answer.
	timeLimit = 2 * time.Minute
)

// Exit statuses of the process.
const (
	served  = 0
	failed  = 1
	tooLong = 3
)

// answer is the line that comes before the piece.
type answer struct {
	Pages   int    `json:"pages,omitempty"`   // of the PDF
	Problem string `json:"problem,omitempty"` // why no piece follows
	Message string `json:"message,omitempty"` // about the list of pages
	Part    int    `json:"part,omitempty"`    // the PDF that cannot be joined with others
}

// Problems, as the answer names them.
const (
	problemNotPDF    = "not_pdf"
	problemDamaged   = "damaged"
	problemEncrypted = "encrypted"
	problemTooLarge  = "too_large"
	problemPages     = "pages"
)

// Serve is the process that reads one PDF: it takes it from in, and writes to out a line of JSON and the piece that args[0]
// lists, or that line alone when nothing is listed. It limits the memory and the time of the whole process, and returns its
// exit status.
func Serve(args []string, in io.Reader, out io.Writer) int {
	limitMemory(memoryLimit)
	debug.SetMemoryLimit(memoryLimit / 4 * 3)
	debug.SetTraceback("none") // a trace could show values of the PDF
	os.Stdout = os.Stderr      // what a library prints is no part of the answer
	return serve(args, in, out, func() func() bool {
		return time.AfterFunc(timeLimit, func() { os.Exit(tooLong) }).Stop
	})
}

// serve is Serve without the limits; begin is called when the whole PDF is there, and what it returns before the answer.
func serve(args []string, in io.Reader, out io.Writer, begin func() (end func() bool)) int {
	if len(args) > 0 && args[0] == joinWord {
		return serveJoin(in, out, begin)
	}
	body, size, err := slurp(in, MaxSize)
	end := begin()
	var a answer
	var d *document
	var list vault.PageList
	if err == nil {
		d, err = read(body, size)
	}
	if err == nil {
		a.Pages = len(d.pages)
	}
	if err == nil && len(args) > 0 {
		if list, err = vault.ParsePageList(args[0]); err == nil {
			err = d.extract(io.Discard, list) // whatever is wrong is found before the piece begins
		}
	}
	end()
	a.blame(err)
	w := bufio.NewWriter(out)
	if json.NewEncoder(w).Encode(a) != nil || w.Flush() != nil {
		return failed
	}
	if err == nil && len(args) > 0 && d.extract(out, list) != nil {
		return failed
	}
	return served
}

// blame says in the answer what an error means.
func (a *answer) blame(err error) {
	var list *vault.Error
	switch {
	case err == nil:
	case errors.As(err, &list):
		a.Problem, a.Message = problemPages, list.Msg
	case errors.Is(err, errNotPDF):
		a.Problem = problemNotPDF
	case errors.Is(err, errEncrypted):
		a.Problem = problemEncrypted
	case errors.Is(err, errTooLarge):
		a.Problem = problemTooLarge
	default:
		a.Problem = problemDamaged
	}
}

var errTooLarge = errors.New("PDF too large")

const chunkSize = 4 << 20

// chunks is a file in memory that grew without being copied. All but the last are chunkSize long.
type chunks [][]byte

// slurp reads r to its end, or up to more than limit bytes, or until it is plain that it is no PDF.
func slurp(r io.Reader, limit int64) (chunks, int64, error) {
	var c chunks
	var size int64
	for {
		b := make([]byte, chunkSize)
		n, err := io.ReadFull(r, b)
		size += int64(n)
		if n > 0 {
			c = append(c, b[:n])
		}
		switch {
		case size > limit:
			return nil, 0, errTooLarge
		case err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF):
			return c, size, nil
		case err != nil:
			return nil, 0, err
		}
		if len(c) == 1 {
			if err := looksLikePDF(c, size); err != nil {
				return nil, 0, err
			}
		}
	}
}

// ReadAt implements io.ReaderAt.
func (c chunks) ReadAt(p []byte, off int64) (int, error) {
	n := 0
	for n < len(p) {
		i := int((off + int64(n)) / chunkSize)
		if off < 0 || i >= len(c) {
			return n, io.EOF
		}
		at := int((off + int64(n)) % chunkSize)
		if at >= len(c[i]) {
			return n, io.EOF
		}
		n += copy(p[n:], c[i][at:])
	}
	return n, nil
}
