package importer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"vaultctl/internal/api"
	"vaultctl/internal/apiclient"
	"vaultctl/internal/manifest"
	"vaultctl/internal/vault"
)

// depth is how many rows of a lane may be without an answer.
const depth = 64

// maxRow is how many bytes of JSON the daemon takes for a row.
const maxRow = 64 << 10

// item is a row on its way.
type item struct {
	row  *manifest.Row
	mark *api.FileMark // as it was looked at; nil without a file of its own
	size int64
	key  string // rows of one key go one after the other; "" for none
	held bool   // it has its key
	new  bool   // of somebody whose vault an earlier row of the dry run would open

	refused bool // the row itself is rejected
}

// pass is one kind of rows on their way through the lanes.
type pass struct {
	*crew
	r     *Run
	kind  manifest.Kind
	route string
	queue chan *item // closed after the last row
	// open returns the parts that a row is sent as. An error is the row's alone.
	open func(*pass, *item) (*parcel, error)

	mu   sync.Mutex // guards what follows
	busy map[string]chan struct{}
}

func (r *Run) newPass(ctx context.Context, kind manifest.Kind, route string, open func(*pass, *item) (*parcel, error)) *pass {
	return &pass{crew: newCrew(ctx), r: r, kind: kind, route: route, queue: make(chan *item, depth), open: open,
		busy: map[string]chan struct{}{}}
}

// send queues a row, once no other of its key is on the way. It reports whether the run goes on.
func (p *pass) send(it *item) bool {
	for it.key != "" {
		p.mu.Lock()
		before := p.busy[it.key]
		if before == nil {
			p.busy[it.key] = make(chan struct{})
		}
		p.mu.Unlock()
		if before == nil {
			it.held = true
			break
		}
		select {
		case <-before:
		case <-p.stop.Done():
			return false
		case <-p.work.Done():
			return false
		}
	}
	select {
	case p.queue <- it:
		return true
	case <-p.stop.Done():
	case <-p.work.Done():
	}
	return false
}

// finish tells what became of a row and lets the next of its key go.
func (p *pass) finish(it *item, res api.RowResult) error {
	if it.held {
		p.mu.Lock()
		close(p.busy[it.key])
		delete(p.busy, it.key)
		p.mu.Unlock()
	}
	if p.r.o.DryRun {
		p.r.forecast.note(p.kind, it.row, &res)
	}
	o := Outcome{Kind: p.kind, Row: it.row, Result: res}
	if res.Status == api.RowDeposited || res.Status == api.RowUpdated {
		o.Size = max(0, it.size)
	}
	return p.r.tell(o)
}

// lane sends rows over one connection at a time until the queue is empty.
func (p *pass) lane() error {
	var again []*item
	for {
		first, ok := p.pull(p.work, &again)
		if !ok {
			return nil
		}
		c, err := p.r.conn.get(p.work)
		if err != nil {
			return err
		}
		x := &exchange{p: p, again: append([]*item{first}, again...), waiting: map[int64]*parcel{}, slots: make(chan struct{}, depth)}
		req := api.ImportRequest{Batch: string(p.r.o.Batch), Update: p.r.o.Update, DryRun: p.r.o.DryRun}
		_, err = apiclient.Exchange[api.RowResult, api.ImportEnd](p.work, c, p.route, req, x.next, x.answer)
		var failed bool
		if again, failed, err = x.end(err); err == nil || failed {
			continue
		}
		if p.stop.Err() != nil {
			return errInterrupted()
		}
		if err := p.r.conn.renew(p.work, c, err); err != nil {
			return err
		}
	}
}

// pull takes the next row; it waits for one and reports false at the end, or when the run stops or ctx ends.
func (p *pass) pull(ctx context.Context, again *[]*item) (*item, bool) {
	if p.stop.Err() != nil || ctx.Err() != nil {
		return nil, false
	}
	if rows := *again; len(rows) > 0 {
		*again = rows[1:]
		return rows[0], true
	}
	select {
	case it, ok := <-p.queue:
		return it, ok
	case <-p.stop.Done():
	case <-ctx.Done():
	}
	return nil, false
}

// parcel is an item with the parts that it is sent as.
type parcel struct {
	*item
	sent   func(n int64)
	parts  []apiclient.Part
	files  []io.Closer
	failed error // of reading a part
}

func (c *parcel) close() {
	for _, f := range c.files {
		_ = f.Close() // it was only read
	}
	c.files = nil
}

// exchange is one call: rows go up while results come down.
type exchange struct {
	p     *pass
	again []*item       // to be sent before those of the queue
	slots chan struct{} // one for each row without an answer
	now   *parcel       // whose parts are being sent

	mu      sync.Mutex // guards waiting
	waiting map[int64]*parcel
}

// next gives the parts of the exchange.
func (x *exchange) next(ctx context.Context) (apiclient.Part, error) {
	for x.now == nil || len(x.now.parts) == 0 {
		if x.now != nil {
			x.now.close()
		}
		select {
		case x.slots <- struct{}{}:
		case <-ctx.Done():
			return apiclient.Part{}, ctx.Err()
		case <-x.p.stop.Done():
			return apiclient.Part{}, io.EOF
		}
		it, ok := x.p.pull(ctx, &x.again)
		if !ok {
			return apiclient.Part{}, io.EOF
		}
		if err := x.begin(it); err != nil {
			return apiclient.Part{}, err
		}
	}
	part := x.now.parts[0]
	x.now.parts = x.now.parts[1:]
	part.More = len(x.now.parts) > 0
	return part, nil
}

// begin opens a row, or ends it if it cannot be opened.
func (x *exchange) begin(it *item) error {
	parcel, err := x.p.open(x.p, it)
	if err != nil {
		<-x.slots
		return x.p.finish(it, refusal(it.row, err))
	}
	x.mu.Lock()
	x.waiting[it.row.Number] = parcel
	x.mu.Unlock()
	x.now = parcel
	return nil
}

// answer takes a result.
func (x *exchange) answer(res api.RowResult) error {
	x.mu.Lock()
	c := x.waiting[res.Row]
	delete(x.waiting, res.Row)
	x.mu.Unlock()
	if c == nil {
		return vault.Errorf(vault.CodeFailed, "vaultd answered for a row that it was not sent")
	}
	<-x.slots
	x.p.r.conn.answered()
	return x.p.finish(c.item, res)
}

// end closes what is open once the call has returned err, and returns the rows that have no answer, in their order.
// failed says that the call broke since files could not be read to their end: they have their outcome, and the others
// may be sent again over the same connection.
func (x *exchange) end(err error) (again []*item, failed bool, _ error) {
	again = x.again
	if x.now != nil {
		x.now.close()
		failed = x.now.failed != nil
	}
	for _, c := range x.waiting {
		c.close()
		if c.failed != nil {
			if ferr := x.p.finish(c.item, refusal(c.row, c.failed)); ferr != nil {
				return nil, false, ferr
			}
			continue
		}
		again = append(again, c.item)
	}
	slices.SortFunc(again, func(a, b *item) int { return int(a.row.Number - b.row.Number) })
	if err == nil && len(again) > 0 && x.p.stop.Err() == nil {
		err = vault.Errorf(vault.CodeFailed, "vaultd did not answer for every row")
	}
	return again, failed, err
}

// jsonPart is a part that says what a row is.
func jsonPart(name string, v any) (apiclient.Part, error) {
	b, err := json.Marshal(v)
	switch {
	case err != nil:
		return apiclient.Part{}, fmt.Errorf("encode row: %w", err)
	case len(b) > maxRow:
		return apiclient.Part{}, vault.Errorf(vault.CodeInvalid, "the row is longer than %d bytes", maxRow)
	}
	return apiclient.Part{Reader: bytes.NewReader(b), Name: name}, nil
}

// attach adds the content of a file to what a row is sent as.
func (c *parcel) attach(name string, file io.ReadCloser) {
	c.files = append(c.files, file)
	c.parts = append(c.parts, apiclient.Part{Name: name, Reader: &watched{c: c, r: file}})
}

// watched notes on its row that reading failed: of a call that breaks it is known then which row broke it.
type watched struct {
	c *parcel
	r io.Reader
}

func (w *watched) Read(b []byte) (int, error) {
	n, err := w.r.Read(b)
	w.c.sent(int64(n))
	if err != nil && !errors.Is(err, io.EOF) {
		w.c.failed = err
	}
	return n, err
}
