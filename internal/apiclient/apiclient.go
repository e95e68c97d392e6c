// Package apiclient calls vaultd over the local socket, and starts it where nobody answers.
//
// Errors are those of the daemon (*vault.Error, with api.HintOf for advice), vault.CodeNoDaemon when it cannot be reached
// or goes away in the middle, and vault.CodeInterrupted when the caller's context was cancelled. No answer that was cut
// short is ever returned as a whole one.
package apiclient

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
	"net/http"
	"net/url"

	"vaultctl/internal/api"
	"vaultctl/internal/localsock"
	"vaultctl/internal/vault"
)

// Client holds connections to one daemon. It is safe for concurrent use.
type Client struct {
	http    *http.Client
	version string
	server  api.Ping
}

// newClient returns a client for home that has not talked to anybody yet.
func newClient(home, version string) *Client {
	return &Client{version: version, http: &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			conn, err := localsock.Dial(ctx, home)
			if err != nil {
				return nil, err
			}
			return &watchedConn{Conn: conn, gone: make(chan struct{})}, nil
		},
		DisableCompression:  true,
		MaxIdleConnsPerHost: 4,
		WriteBufferSize:     writeBuffer,
		ReadBufferSize:      readBuffer,
	}}}
}

// The units in bytes of socket reads and writes: documents are large and system calls are not free. A piece of an upload
// goes out in one write together with the lines that HTTP puts around it.
const (
	readBuffer  = 64 << 10
	writeBuffer = 256 << 10
	uploadPiece = writeBuffer - 64
)

// Server returns what the daemon said about itself when the client connected.
func (c *Client) Server() api.Ping { return c.server }

// Close gives up the connections. Answers that are still being read fail.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Call makes a call that returns one value.
func Call[Res any](ctx context.Context, c *Client, route string, req any) (Res, error) {
	return Stream[Res](ctx, c, route, req, nil)
}

// Stream makes a call that reports progress before it returns; onProgress may be nil and is called from this goroutine.
func Stream[Res any](ctx context.Context, c *Client, route string, req any, onProgress func(api.Progress)) (Res, error) {
	return Rows[json.RawMessage, Res](ctx, c, route, req, nil, onProgress)
}

// Rows makes a call that returns items before its result. each and onProgress may be nil and are called from this
// goroutine; an error of each ends the call and is returned.
func Rows[Item, Res any](
	ctx context.Context, c *Client, route string, req any, each func(Item) error, onProgress func(api.Progress),
) (Res, error) {
	var res Res
	a, err := c.ask(ctx, route, req)
	if err != nil {
		return res, err
	}
	defer a.close()
	for {
		line, err := a.next()
		switch {
		case err != nil:
			return res, err
		case line.Result != nil:
			return res, c.unpack(line.Result, &res)
		case line.Progress != nil && onProgress != nil:
			onProgress(*line.Progress)
		case line.Item != nil && each != nil:
			var item Item
			if err := c.unpack(line.Item, &item); err != nil {
				return res, err
			}
			if err := each(item); err != nil {
				return res, err
			}
		}
	}
}

// List makes a call that returns items one by one. The sequence ends with the error, if there is one; breaking off early
// tells the daemon to stop. The call is made anew each time the sequence is ranged over.
func List[Item any](ctx context.Context, c *Client, route string, req any) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		broken := errors.New("range ended")
		_, err := Rows[Item, api.ListEnd](ctx, c, route, req, func(item Item) error {
			if !yield(item, nil) {
				return broken
			}
			return nil
		}, nil)
		if err != nil && !errors.Is(err, broken) {
			var none Item
			yield(none, err)
		}
	}
}

// answer reads the lines of one response.
type answer struct {
	ctx  context.Context
	c    *Client
	body io.ReadCloser
	dec  *json.Decoder
}

// ask sends a JSON request and returns the lines of its answer.
func (c *Client) ask(ctx context.Context, route string, req any) (*answer, error) {
	resp, err := c.postJSON(ctx, route, req) //nolint:bodyclose // the answer closes it
	if err != nil {
		return nil, err
	}
	return c.lines(ctx, resp), nil
}

func (c *Client) lines(ctx context.Context, resp *http.Response) *answer {
	return &answer{ctx: ctx, c: c, body: resp.Body, dec: json.NewDecoder(resp.Body)}
}

func (a *answer) close() { _ = a.body.Close() } // reading is over; what is unread is unwanted

// next returns the next line; an error line is returned as that error.
func (a *answer) next() (*api.Line, error) {
	var line api.Line
	if err := a.dec.Decode(&line); err != nil {
		return nil, a.c.broken(a.ctx, err)
	}
	if !line.Valid() {
		return nil, vault.Errorf(vault.CodeFailed, "vaultd sent a line that is not of the protocol")
	}
	if line.Error != nil {
		return nil, a.c.skewed(line.Error)
	}
	return &line, nil
}

// postJSON sends a request with a JSON body.
func (c *Client) postJSON(ctx context.Context, route string, req any) (*http.Response, error) {
	if req == nil {
		req = struct{}{}
	}
	body, err := json.Marshal(req)
	if err != nil {
		return nil, fmt.Errorf("encode request: %w", err)
	}
	return c.post(ctx, route, api.TypeJSON, bytes.NewReader(body))
}

func (c *Client) post(ctx context.Context, route, contentType string, body io.Reader) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+api.Host+api.Prefix+route, body)
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	req.Header.Set("Content-Type", contentType)
	req.Header.Set(api.HeaderProtocol, api.Protocol)
	req.Header.Set(api.HeaderVersion, c.version)
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, c.broken(ctx, err)
	}
	return resp, nil
}

// broken names an error of the connection: the caller gave up, or the daemon went away.
func (c *Client) broken(ctx context.Context, err error) error {
	var ue *url.Error
	if errors.As(err, &ue) {
		err = ue.Err // the URL tells the user nothing
	}
	if cause := ctx.Err(); cause != nil {
		return vault.Errorf(vault.CodeInterrupted, "interrupted: %w", cause)
	}
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	var known *vault.Error
	if errors.As(err, &known) {
		return err
	}
	return vault.Errorf(vault.CodeNoDaemon, "vaultd went away before it had answered: %w", err)
}

// skewed adds to an error the likeliest reason for a misunderstanding between two versions.
func (c *Client) skewed(e *api.Error) error {
	err := e.Err()
	misunderstood := e.Code == vault.CodeUsage || e.Code == vault.CodeUpgrade
	if misunderstood && api.HintOf(err) == "" && c.server.Version != "" && c.server.Version != c.version {
		return api.WithHint(err, fmt.Sprintf("this is vaultctl %s, but vaultd %s is running (process %d): stop it, and the next command starts the right one",
			c.version, c.server.Version, c.server.PID))
	}
	return err
}

func (c *Client) unpack(raw json.RawMessage, v any) error {
	if err := json.Unmarshal(raw, v); err != nil {
		return vault.Errorf(vault.CodeUpgrade, "vaultd %s sent an answer that vaultctl %s does not understand: %w", c.server.Version, c.version, err)
	}
	return nil
}
