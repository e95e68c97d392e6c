package apiserver

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// progressEvery bounds how often progress is sent; the last report before the result may be dropped.
const progressEvery = 100 * time.Millisecond

// Handle registers a call that takes one value and returns one.
func Handle[Req, Res any](s *Server, route string, f func(context.Context, Req) (Res, error)) {
	s.register(route, api.TypeJSON, func(w *answer, r *http.Request) {
		var req Req
		if err := decode(w, r, &req); err != nil {
			w.refuse(err)
			return
		}
		res, err := f(r.Context(), req)
		w.end(res, err)
	})
}

// HandleList registers a call that returns items one by one. yield blocks while the caller is slow and fails once the
// caller is gone; f then returns that error. f must not call yield after it has returned.
func HandleList[Req, Item any](s *Server, route string, f func(ctx context.Context, req Req, yield func(Item) error) error) {
	s.register(route, api.TypeJSON, func(w *answer, r *http.Request) {
		var req Req
		if err := decode(w, r, &req); err != nil {
			w.refuse(err)
			return
		}
		var n int64
		yield := yielder[Item](w, r)
		err := f(r.Context(), req, func(item Item) error {
			n++
			return yield(item)
		})
		w.end(api.ListEnd{Items: n}, err)
	})
}

// HandleStream registers a call that reports how far it has come before it returns. report is cheap, may be called as
// often as is handy and from several goroutines; most reports are dropped.
func HandleStream[Req, Res any](s *Server, route string, f func(ctx context.Context, req Req, report func(api.Progress)) (Res, error)) {
	s.register(route, api.TypeJSON, func(w *answer, r *http.Request) {
		var req Req
		if err := decode(w, r, &req); err != nil {
			w.refuse(err)
			return
		}
		res, err := f(r.Context(), req, w.reporter())
		w.end(res, err)
	})
}

// HandleRows registers a call that returns items one by one and a result at the end, with progress between them. yield
// and report are those of HandleList and HandleStream, and may be called from several goroutines.
func HandleRows[Req, Item, Res any](s *Server, route string,
	f func(ctx context.Context, req Req, yield func(Item) error, report func(api.Progress)) (Res, error),
) {
	s.register(route, api.TypeJSON, func(w *answer, r *http.Request) {
		var req Req
		if err := decode(w, r, &req); err != nil {
			w.refuse(err)
			return
		}
		res, err := f(r.Context(), req, yielder[Item](w, r), w.reporter())
		w.end(res, err)
	})
}

// yielder returns a function that sends items until the caller is gone.
func yielder[Item any](w *answer, r *http.Request) func(Item) error {
	return func(item Item) error {
		if err := r.Context().Err(); err != nil {
			return err
		}
		return w.item(item)
	}
}

// reporter returns a function that sends the first report of each stage, and of the others one now and then.
func (w *answer) reporter() func(api.Progress) {
	var (
		mu    sync.Mutex
		stage string
		sent  time.Time
	)
	return func(p api.Progress) {
		mu.Lock()
		defer mu.Unlock()
		if p.Stage == stage && time.Since(sent) < progressEvery {
			return
		}
		stage, sent = p.Stage, time.Now()
		_ = w.line(api.Line{Progress: &p}, true) // who is gone needs no progress; the context tells f
	}
}

// decode reads the one JSON value that a request consists of.
func decode(w http.ResponseWriter, r *http.Request, v any) error {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, api.MaxRequest))
	var tooBig *http.MaxBytesError
	if errors.As(err, &tooBig) {
		return vault.Errorf(vault.CodeUsage, "request is larger than %d bytes", api.MaxRequest)
	}
	if err != nil {
		return vault.Errorf(vault.CodeInterrupted, "read request: %w", err)
	}
	return strict(body, v)
}

// strict decodes exactly one JSON value without unknown members: a member that this version ignores could be the one
// that the caller relies on. The decoder's own words are kept only where they cannot quote a value.
func strict(body []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		var wrongType *json.UnmarshalTypeError
		switch {
		case errors.As(err, &wrongType):
			return vault.Errorf(vault.CodeUsage, "request member %q has the wrong type", wrongType.Field)
		case bytes.HasPrefix([]byte(err.Error()), []byte("json: unknown field")):
			return vault.Errorf(vault.CodeUsage, "request has an %s", err.Error()[len("json: "):])
		}
		return vault.Errorf(vault.CodeUsage, "request is not valid JSON")
	}
	if _, err := dec.Token(); err != io.EOF {
		return vault.Errorf(vault.CodeUsage, "request is followed by something else")
	}
	return nil
}
