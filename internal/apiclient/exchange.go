package apiclient

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http/httptrace"
	"sync"

	"vaultctl/internal/api"
)

// exchangeBuffer is how many bytes of parts are gathered before they are sent.
const exchangeBuffer = 256 << 10

// Exchange makes a call that takes a value and streams, and answers with items while they are still being sent. next
// gives the streams one after the other until io.EOF, from a goroutine of Exchange; the context that it gets ends when
// the call does, and next must then return. each is called from the caller's goroutine; its error ends the call and is
// returned, as is one of next or of reading a part. What was sent before an error may have taken effect.
func Exchange[Item, Res any](
	ctx context.Context, c *Client, route string, meta any, next func(context.Context) (Part, error), each func(Item) error,
) (Res, error) {
	var res Res
	ctx, cancel := context.WithCancel(ctx)
	pr, pw := io.Pipe()
	s := &sender{out: bufio.NewWriterSize(pw, exchangeBuffer)}
	s.form = multipart.NewWriter(s.out)
	sent := make(chan error, 1)
	go func() {
		err := s.send(ctx, meta, next)
		_ = pw.CloseWithError(err) // never fails
		sent <- err
	}()
	err := exchange(untilGone(ctx, pr), c, route, s.form.FormDataContentType(), pr, &res, each)
	cancel()
	_ = pr.CloseWithError(context.Canceled) // never fails; lets the sender go
	cause := <-sent
	if err != nil && cause != nil && !errors.Is(cause, context.Canceled) && !errors.Is(cause, io.ErrClosedPipe) {
		return res, fmt.Errorf("read what is to be sent: %w", cause)
	}
	return res, err
}

// watchedConn tells when it was closed.
type watchedConn struct {
	net.Conn
	once sync.Once
	gone chan struct{}
}

// Close implements net.Conn.
func (w *watchedConn) Close() error {
	w.once.Do(func() { close(w.gone) })
	return w.Conn.Close()
}

// untilGone returns a context for a call that sends a body, and closes the body when the call's connection is closed. net/http
// does not: it waits for the body to end before it says that the other side went away, and this body may be waiting for answers.
func untilGone(ctx context.Context, body *io.PipeReader) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
		w, ok := info.Conn.(*watchedConn)
		if !ok {
			return
		}
		go func() {
			select {
			case <-w.gone:
				_ = body.CloseWithError(io.ErrClosedPipe) // never fails
			case <-ctx.Done():
			}
		}()
	}})
}

// exchange reads the answer while the body is being sent.
func exchange[Item, Res any](ctx context.Context, c *Client, route, contentType string, body io.Reader, res *Res, each func(Item) error) error {
	resp, err := c.post(ctx, route, contentType, body) //nolint:bodyclose // the answer closes it
	if err != nil {
		return err
	}
	a := c.lines(ctx, resp)
	defer a.close()
	for {
		line, err := a.next()
		switch {
		case err != nil:
			return err
		case line.Result != nil:
			return c.unpack(line.Result, res)
		case line.Item != nil:
			var item Item
			if err := c.unpack(line.Item, &item); err != nil {
				return err
			}
			if err := each(item); err != nil {
				return err
			}
		}
	}
}

// sender writes the parts of an exchange.
type sender struct {
	out  *bufio.Writer
	form *multipart.Writer
}

func (s *sender) send(ctx context.Context, meta any, next func(context.Context) (Part, error)) error {
	encoded, err := json.Marshal(meta)
	if err != nil {
		return fmt.Errorf("encode request: %w", err)
	}
	w, err := s.form.CreatePart(partHeader(api.PartMeta, api.TypeJSON))
	if err == nil {
		_, err = w.Write(encoded)
	}
	for err == nil {
		var p Part
		if p, err = next(ctx); errors.Is(err, io.EOF) {
			if err = s.form.Close(); err == nil {
				err = s.out.Flush()
			}
			return err
		}
		if err == nil {
			err = s.part(p)
		}
	}
	return err
}

// part sends a part, and at once unless more follows: the receiver knows that a part is over only when the next begins.
func (s *sender) part(p Part) error {
	w, err := s.form.CreatePart(partHeader(p.Name, api.TypeBinary))
	if err == nil {
		_, err = io.Copy(w, p.Reader)
	}
	if err != nil || p.More {
		return err
	}
	if _, err = s.form.CreatePart(partHeader(api.PartEnd, api.TypeBinary)); err != nil {
		return err
	}
	return s.out.Flush()
}
