package apiclient

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"sync"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// Part is one stream of an upload; Name is api.PartContent or what the call says. The caller keeps the ownership of the
// reader, and must not use it before Upload has returned, or before Exchange has asked for the next part. With More a
// part of an exchange may wait for the one that follows.
type Part struct {
	io.Reader
	Name string
	More bool
}

// Upload makes a call that takes a value and streams of any size. If reading a part fails, the daemon sees a broken
// upload and takes nothing, and the part's error is returned.
func Upload[Res any](ctx context.Context, c *Client, route string, meta any, parts ...Part) (Res, error) {
	var res Res
	body, contentType, err := compose(meta, parts)
	if err != nil {
		return res, err
	}
	defer body.stop()
	resp, err := c.post(ctx, route, contentType, body)
	if cause := body.failure(); cause != nil {
		if err == nil {
			_ = resp.Body.Close()
		}
		return res, fmt.Errorf("read what is to be sent: %w", cause)
	}
	if err != nil {
		return res, err
	}
	a := c.lines(ctx, resp)
	defer a.close()
	for {
		line, err := a.next()
		if err != nil {
			return res, err
		}
		if line.Result != nil {
			return res, c.unpack(line.Result, &res)
		}
	}
}

// compose lays out the body: the parts' readers between the lines that multipart puts around them.
func compose(meta any, parts []Part) (*source, string, error) {
	var (
		frame   bytes.Buffer
		readers []io.Reader
		w       = multipart.NewWriter(&frame)
	)
	cut := func() { // moves what the writer has framed so far in front of the next reader
		readers = append(readers, bytes.NewReader(bytes.Clone(frame.Bytes())))
		frame.Reset()
	}
	encoded, err := json.Marshal(meta)
	if err != nil {
		return nil, "", fmt.Errorf("encode request: %w", err)
	}
	pw, err := w.CreatePart(partHeader(api.PartMeta, api.TypeJSON))
	if err == nil {
		_, err = pw.Write(encoded)
	}
	s := &source{}
	for _, part := range parts {
		if err == nil {
			_, err = w.CreatePart(partHeader(part.Name, api.TypeBinary))
		}
		cut()
		readers = append(readers, watched{s, part.Reader})
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return nil, "", fmt.Errorf("compose upload: %w", err)
	}
	cut()
	s.r = io.MultiReader(readers...)
	return s, w.FormDataContentType(), nil
}

// partHeader names a part. No file name is sent: it may be about a person, and the meta part says what is needed.
func partHeader(name, contentType string) textproto.MIMEHeader {
	return textproto.MIMEHeader{
		"Content-Disposition": {fmt.Sprintf("form-data; name=%q", name)},
		"Content-Type":        {contentType},
	}
}

// source is the body of an upload. net/http may go on reading it in the background after it has given an answer, so
// stop makes it let go of the parts.
type source struct {
	r io.Reader

	mu      sync.Mutex // guards what follows
	stopped bool
	err     error
}

func (s *source) Read(b []byte) (int, error) {
	s.mu.Lock()
	stopped := s.stopped
	s.mu.Unlock()
	if stopped {
		return 0, io.ErrClosedPipe
	}
	return s.r.Read(b)
}

// WriteTo lets net/http, which would read 32 kB at a time, send larger pieces.
func (s *source) WriteTo(w io.Writer) (int64, error) {
	buf := make([]byte, uploadPiece)
	var total int64
	for {
		n, err := s.Read(buf)
		if n > 0 {
			sent, werr := w.Write(buf[:n])
			total += int64(sent)
			if werr != nil {
				return total, werr
			}
		}
		if err == io.EOF { //nolint:errorlint // readers end with it as it is; wrapped, it is a failure
			return total, nil
		}
		if err != nil {
			return total, err
		}
	}
}

func (s *source) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopped = true
}

func (s *source) failure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// watched notes the error that reading a part fails with.
type watched struct {
	s *source
	r io.Reader
}

func (w watched) Read(b []byte) (int, error) {
	n, err := w.r.Read(b)
	if err != nil && err != io.EOF {
		w.s.mu.Lock()
		w.s.err = err
		w.s.mu.Unlock()
	}
	return n, err
}

// Download makes a call that answers with bytes, and returns their description and a reader. The reader ends with io.EOF
// only if the daemon has said that this was all of it; otherwise it fails with the daemon's reason. The caller closes it;
// cancelling ctx breaks it off.
func Download[Meta any](ctx context.Context, c *Client, route string, req any) (Meta, io.ReadCloser, error) {
	var meta Meta
	resp, err := c.postJSON(ctx, route, req)
	if err != nil {
		return meta, nil, err
	}
	if resp.Header.Get("Content-Type") != api.TypeBinary {
		a := c.lines(ctx, resp)
		defer a.close()
		if _, err = a.next(); err == nil {
			err = vault.Errorf(vault.CodeFailed, "vaultd sent something else than a document")
		}
		return meta, nil, err
	}
	if err := api.DecodeMeta(resp.Header.Get(api.HeaderMeta), &meta); err != nil {
		_ = resp.Body.Close()
		return meta, nil, vault.Errorf(vault.CodeUpgrade, "vaultd %s sent an answer that vaultctl %s does not understand", c.server.Version, c.version)
	}
	return meta, &download{ctx: ctx, c: c, resp: resp}, nil
}

// download is the body of a download; err is sticky, so that no reader can step over a failure.
type download struct {
	ctx  context.Context
	c    *Client
	resp *http.Response
	err  error
}

func (d *download) Read(b []byte) (int, error) {
	if d.err != nil {
		return 0, d.err
	}
	n, err := d.resp.Body.Read(b)
	switch {
	case err == io.EOF && d.resp.Trailer.Get(api.TrailerEnd) == api.EndOK:
		d.err = io.EOF
	case err == io.EOF:
		d.err = d.reason(io.ErrUnexpectedEOF)
	case err != nil:
		d.err = d.reason(err)
	}
	return n, d.err
}

// reason asks the daemon why it broke the download off; the connection itself cannot tell.
func (d *download) reason(err error) error {
	if d.ctx.Err() == nil {
		req := api.OutcomeRequest{Transfer: d.resp.Header.Get(api.HeaderTransfer)}
		if out, askErr := Call[api.Outcome](d.ctx, d.c, api.RouteOutcome, req); askErr == nil && out.Error != nil {
			return out.Error.Err()
		}
	}
	return d.c.broken(d.ctx, err)
}

// Close gives up what has not been read.
func (d *download) Close() error { return d.resp.Body.Close() }
