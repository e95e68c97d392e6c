package apiserver

import (
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	"vaultctl/internal/api"
)

// flushEvery bounds how long a line waits for the next one before it is sent.
const flushEvery = 50 * time.Millisecond

// drainFor bounds how long a refused upload is read and thrown away, so that its sender gets to read the refusal.
const drainFor = 10 * time.Second

// answer writes the lines of one response. Its line methods are safe for concurrent use.
type answer struct {
	http.ResponseWriter
	mu      sync.Mutex // guards what follows
	status  int        // 0 until the first byte
	done    bool       // a result or an error was sent
	flushed time.Time
}

// WriteHeader notes the status that was sent.
func (w *answer) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController find the connection.
func (w *answer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *answer) item(v any) error {
	return w.value(v, false, func(b json.RawMessage) api.Line { return api.Line{Item: b} })
}

// itemNow is item without waiting for further lines.
func (w *answer) itemNow(v any) error {
	return w.value(v, true, func(b json.RawMessage) api.Line { return api.Line{Item: b} })
}

func (w *answer) result(v any) error {
	return w.value(v, false, func(b json.RawMessage) api.Line { return api.Line{Result: b} })
}

func (w *answer) value(v any, now bool, wrap func(json.RawMessage) api.Line) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return w.line(wrap(b), now)
}

// line sends one line. After the closing line nothing is sent any more: a late progress report is not an error.
func (w *answer) line(l api.Line, now bool) error {
	b, err := json.Marshal(l)
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.done {
		return nil
	}
	w.done = l.Result != nil || l.Error != nil
	if w.status == 0 {
		w.Header().Set("Content-Type", api.TypeLines)
		w.WriteHeader(statusOf(l))
	}
	if _, err := w.Write(append(b, '\n')); err != nil {
		return err
	}
	if w.done || (!now && time.Since(w.flushed) < flushEvery) {
		return nil // the end of the handler flushes the closing line
	}
	w.flushed = time.Now()
	return http.NewResponseController(w.ResponseWriter).Flush()
}

func statusOf(l api.Line) int {
	if l.Error != nil {
		return api.StatusOf(l.Error.Code)
	}
	return http.StatusOK
}

// fail ends the answer with err. A connection that is gone cannot be told, so there is nothing to return.
func (w *answer) fail(err error) { _ = w.line(api.Line{Error: api.ErrorOf(err)}, false) }

// end sends the result, or the error if there is one.
func (w *answer) end(v any, err error) {
	if err != nil {
		w.fail(err)
		return
	}
	if err := w.result(v); err != nil {
		w.fail(err)
	}
}

// refuse answers a request whose body was not looked at.
func (w *answer) refuse(err error) {
	w.Header().Set("Connection", "close")
	w.fail(err)
}

// failUpload answers an upload that may not have been read to its end: the error goes out whole and at once, then the
// rest is thrown away for a while, because a sender that is cut off in mid-write never reads what it was told.
func (w *answer) failUpload(err error, r *http.Request) {
	b, merr := json.Marshal(api.Line{Error: api.ErrorOf(err)})
	if merr != nil {
		w.fail(merr)
		return
	}
	b = append(b, '\n')
	w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	w.Header().Set("Content-Type", api.TypeLines)
	w.Header().Set("Connection", "close")
	w.done = true
	w.WriteHeader(api.StatusOf(api.ErrorOf(err).Code))
	if _, err := w.Write(b); err != nil {
		return
	}
	rc := http.NewResponseController(w.ResponseWriter)
	if rc.Flush() != nil || rc.SetReadDeadline(time.Now().Add(drainFor)) != nil {
		return
	}
	_, _ = io.Copy(io.Discard, r.Body) // ends when the sender has read the answer and hung up
}
