package apiserver

import (
	"context"
	"io"
	"net/http"
	"time"

	"vaultctl/internal/api"
)

// HandleExchange registers a call that takes a value and any number of streams, and answers with items while they still
// come in; each item is sent at once, because the caller may wait for it before sending more. yield may be called from
// several goroutines until f returns, and fails once the caller is gone. f need not read the streams when it returns an
// error.
func HandleExchange[Req, Item, Res any](s *Server, route string,
	f func(ctx context.Context, req Req, parts PartReader, yield func(Item) error) (Res, error),
) {
	s.register(route, api.TypeUpload, func(w *answer, r *http.Request) {
		var req Req
		parts, ok := w.beginUpload(r, &req)
		if !ok {
			return
		}
		res, err := f(r.Context(), req, parts, func(item Item) error {
			if err := r.Context().Err(); err != nil {
				return err
			}
			return w.itemNow(item)
		})
		if err == nil {
			_, err = io.Copy(io.Discard, parts.rest) // see HandleUpload
		}
		switch {
		case err == nil:
			w.end(res, nil)
		case w.status == 0:
			w.failUpload(err, r)
		default:
			w.failMidway(err, r)
		}
	})
}

// failMidway ends an answer that has begun, and reads what is still being sent for a while, so that its sender gets to
// read why.
func (w *answer) failMidway(err error, r *http.Request) {
	w.fail(err)
	rc := http.NewResponseController(w.ResponseWriter)
	if rc.Flush() == nil && rc.SetReadDeadline(time.Now().Add(drainFor)) == nil {
		if _, err := io.Copy(io.Discard, r.Body); err == nil {
			return
		}
	}
	panic(http.ErrAbortHandler) // the connection cannot be used again
}
