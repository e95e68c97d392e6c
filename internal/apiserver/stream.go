package apiserver

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"runtime/debug"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// copyBuffer is the unit in bytes of what is read from and written to the socket in bulk.
const copyBuffer = 256 << 10

// Part is one stream of an upload. It ends with io.EOF only if all of it has arrived.
type Part struct {
	io.Reader
	Name string
}

// PartReader gives the streams of an upload in the order in which they were sent. It is not safe for concurrent use.
type PartReader struct {
	parts *multipart.Reader
	rest  io.Reader
}

// Next returns the next stream, io.EOF after the last one. What is left of the previous one is skipped, and so are the
// parts that only end the one before.
func (p PartReader) Next() (*Part, error) {
	part, err := p.parts.NextRawPart()
	for err == nil && part.FormName() == api.PartEnd {
		part, err = p.parts.NextRawPart()
	}
	if err == io.EOF { //nolint:errorlint // an upload that is cut short wraps it
		// Reading to the very end is what makes net/http watch for a caller that goes away.
		if _, err = io.Copy(io.Discard, p.rest); err == nil {
			return nil, io.EOF
		}
	}
	if err != nil {
		return nil, vault.Errorf(vault.CodeInterrupted, "upload was cut short: %w", unexpected(err))
	}
	return &Part{Reader: cutShort{part}, Name: part.FormName()}, nil
}

// cutShort gives a broken upload the code that it deserves: the sender went away, nothing is wrong here.
type cutShort struct{ r io.Reader }

func (c cutShort) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	if err == nil || err == io.EOF {
		return n, err
	}
	return n, vault.Errorf(vault.CodeInterrupted, "upload was cut short: %w", err)
}

func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// HandleUpload registers a call that takes one value and any number of streams of any size. f need not read the streams
// when it returns an error.
func HandleUpload[Req, Res any](s *Server, route string, f func(ctx context.Context, req Req, parts PartReader) (Res, error)) {
	s.register(route, api.TypeUpload, func(w *answer, r *http.Request) {
		var req Req
		parts, ok := w.beginUpload(r, &req)
		if !ok {
			return
		}
		res, err := f(r.Context(), req, parts)
		if err != nil {
			w.failUpload(err, r)
			return
		}
		// With full duplex, what is still unread here would be read by net/http while the next request on the connection
		// is under way, and make that one panic. It is the last boundary, unless f took less than it was sent.
		if _, err := io.Copy(io.Discard, parts.rest); err != nil {
			w.Header().Set("Connection", "close")
		}
		w.end(res, nil)
	})
}

// beginUpload reads the first part into req. Without success the answer was given.
func (w *answer) beginUpload(r *http.Request, req any) (PartReader, bool) {
	// Without full duplex net/http swallows a part of the body before it lets an early refusal through.
	if err := http.NewResponseController(w.ResponseWriter).EnableFullDuplex(); err != nil {
		w.refuse(err)
		return PartReader{}, false
	}
	parts, err := openUpload(r, req)
	if err != nil {
		w.failUpload(err, r)
		return PartReader{}, false
	}
	return parts, true
}

// openUpload reads the first part into req.
func openUpload(r *http.Request, req any) (PartReader, error) {
	body := bufio.NewReaderSize(r.Body, copyBuffer)
	withBody := *r
	withBody.Body = struct {
		io.Reader
		io.Closer
	}{body, r.Body}
	parts, err := withBody.MultipartReader()
	if err != nil {
		return PartReader{}, vault.Errorf(vault.CodeUsage, "upload has no boundary")
	}
	first, err := parts.NextRawPart()
	if err != nil || first.FormName() != api.PartMeta {
		return PartReader{}, vault.Errorf(vault.CodeUsage, "upload does not begin with part %q", api.PartMeta)
	}
	meta, err := io.ReadAll(io.LimitReader(first, api.MaxRequest+1))
	if err != nil {
		return PartReader{}, vault.Errorf(vault.CodeInterrupted, "upload was cut short: %w", err)
	}
	if len(meta) > api.MaxRequest {
		return PartReader{}, vault.Errorf(vault.CodeUsage, "request is larger than %d bytes", api.MaxRequest)
	}
	return PartReader{parts, body}, strict(meta, req)
}

// Download is where a call writes its binary answer: SetMeta once, then Write. It is not safe for concurrent use.
type Download[Meta any] struct {
	w    *answer
	id   string
	open bool
}

// SetMeta describes what follows. It must come before the first byte, and not be called again.
func (d *Download[Meta]) SetMeta(meta Meta) error {
	if d.open {
		return errors.New("download: meta set twice")
	}
	value, err := api.EncodeMeta(meta)
	if err != nil {
		return err
	}
	h := d.w.Header()
	h.Set("Content-Type", api.TypeBinary)
	h.Set(api.HeaderMeta, value)
	h.Set(api.HeaderTransfer, d.id)
	h.Set("Trailer", api.TrailerEnd)
	d.open = true
	return nil
}

// Write sends bytes; it fails once the caller is gone.
func (d *Download[Meta]) Write(b []byte) (int, error) {
	if !d.open {
		return 0, errors.New("download: bytes before meta")
	}
	if d.w.status == 0 {
		d.w.WriteHeader(http.StatusOK)
	}
	return d.w.Write(b)
}

// HandleDownload registers a call that answers with bytes. An error that f returns after its first byte breaks the
// connection, so that no client of any kind takes half a document for a whole one; vaultctl then asks for the reason.
func HandleDownload[Req, Meta any](s *Server, route string, f func(ctx context.Context, req Req, w *Download[Meta]) error) {
	s.register(route, api.TypeJSON, func(w *answer, r *http.Request) {
		var req Req
		if err := decode(w, r, &req); err != nil {
			w.refuse(err)
			return
		}
		d := &Download[Meta]{w: w, id: rand.Text()}
		defer func() {
			// A panic must not end the body as if all were well.
			if p := recover(); p != nil {
				s.breakOff(d.id, w, p)
			}
		}()
		err := f(r.Context(), req, d)
		if err == nil && !d.open {
			err = errors.New("download: no meta")
		}
		if err != nil {
			s.failDownload(d.id, w, err)
			return
		}
		if w.status == 0 {
			w.WriteHeader(http.StatusOK)
		}
		w.Header().Set(api.TrailerEnd, api.EndOK)
	})
}

// failDownload reports err in the answer while nothing has been sent, and by breaking the connection afterwards.
func (s *Server) failDownload(id string, w *answer, err error) {
	if w.status != 0 {
		s.failed.put(id, err)
		panic(http.ErrAbortHandler)
	}
	for _, name := range []string{api.HeaderMeta, api.HeaderTransfer, "Trailer"} {
		w.Header().Del(name)
	}
	w.fail(err)
}

// breakOff is what becomes of a panic: the server logs it and answers if nothing was sent, else the connection breaks.
func (s *Server) breakOff(id string, w *answer, p any) {
	if w.status == 0 || aborts(p) {
		panic(p)
	}
	s.log.Error("panic in download", "kind", kind(p), "stack", string(debug.Stack()))
	s.failDownload(id, w, errInside)
}

// aborts reports whether a panic only breaks the connection.
func aborts(p any) bool {
	err, ok := p.(error)
	return ok && errors.Is(err, http.ErrAbortHandler)
}
