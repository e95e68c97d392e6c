// Package importer runs an import: it takes the rows of a source, asks the daemon what they would become, sends the
// contents that are wanted, and keeps the account. It runs in the client and is the path that bulk work takes.
//
// Every row ends in exactly one Outcome. What the daemon has acknowledged is durable whatever happens afterwards; a run
// that was cut short is run again, and finds what was done. A daemon that goes away is called again, and the rows that
// it had not answered are sent once more, which changes nothing where they had been taken. Of rows that have their
// outcome nothing is kept but counts, however many there are.
//
// Nothing here prints: outcomes and progress go to the caller.
package importer

import (
	"context"
	"errors"
	"sync"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/apiclient"
	"vaultctl/internal/manifest"
	"vaultctl/internal/vault"
)

// StatusWaiting is the status of a row whose file is still being written: nothing was done, and the next run takes it.
const StatusWaiting = "waiting"

// lanes is how many connections send documents at once: enough that sealing on every core and the disk never wait for
// one another.
const lanes = 4

// grace is how long after an interrupt the run waits for what is under way, so that its account is complete.
const grace = 3 * time.Second

// Options say how a run is made.
type Options struct {
	// Connect returns a connection to the daemon. It is called again after the daemon went away, and the connection
	// before is not used any more.
	Connect func(context.Context) (*apiclient.Client, error)
	Batch   vault.BatchID // of the run
	// Manifest names the manifest: the daemon remembers by it which files Clear let go, so that their rows are not missed
	// when it is run again. "" where the files themselves are the manifest.
	Manifest string
	Update   bool          // change metadata and attributes that differ
	DryRun   bool          // find out, and change nothing
	Settle   time.Duration // files that changed less than so long ago are waiting; 0 takes every file
	// Each is told what became of a row. It is called from several goroutines, one at a time; an error ends the run and
	// is returned.
	Each func(Outcome) error
	// Sent, if it is set, is told how many more bytes of contents were read. It is called from several goroutines at once.
	Sent func(n int64)
	Now  func() time.Time // nil is time.Now
}

// Outcome is what became of a row.
type Outcome struct {
	Kind   manifest.Kind
	Row    *manifest.Row
	Result api.RowResult // Status is deposited, exists, updated, rejected or StatusWaiting
	Size   int64         // bytes that were sent; 0 where nothing was
}

// Account counts outcomes.
type Account struct {
	Rows      int64            `json:"rows"`
	Deposited int64            `json:"deposited"`
	Exists    int64            `json:"exists"`
	Updated   int64            `json:"updated"`
	Rejected  int64            `json:"rejected"`
	Waiting   int64            `json:"waiting"`
	Reasons   map[string]int64 `json:"reasons,omitempty"` // of Rejected, by code
	Differs   int64            `json:"differs,omitempty"` // of Exists: what is there is described otherwise
	Bytes     int64            `json:"bytes"`             // that were deposited
}

// Add adds the counts of b.
func (a *Account) Add(b *Account) {
	a.Rows += b.Rows
	a.Deposited += b.Deposited
	a.Exists += b.Exists
	a.Updated += b.Updated
	a.Rejected += b.Rejected
	a.Waiting += b.Waiting
	a.Differs += b.Differs
	a.Bytes += b.Bytes
	if a.Reasons == nil {
		a.Reasons = map[string]int64{}
	}
	for code, n := range b.Reasons {
		a.Reasons[code] += n
	}
}

// Run is one import, of people, of documents, or of both. Its methods are for one goroutine, but for Account.
type Run struct {
	o        Options
	conn     connection
	forecast forecast // of a dry run

	mu     sync.Mutex // guards what follows, and calls of Each
	totals map[manifest.Kind]*Account
}

// New prepares a run.
func New(o Options) *Run {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Sent == nil {
		o.Sent = func(int64) {}
	}
	return &Run{o: o, conn: connection{connect: o.Connect}, totals: map[manifest.Kind]*Account{}}
}

// Account returns what became of the rows of a kind so far. It is safe for concurrent use.
func (r *Run) Account(kind manifest.Kind) Account {
	r.mu.Lock()
	defer r.mu.Unlock()
	var sum Account
	if a := r.totals[kind]; a != nil {
		sum.Add(a)
	}
	return sum
}

// tell counts an outcome and hands it on.
func (r *Run) tell(o Outcome) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	a := r.totals[o.Kind]
	if a == nil {
		a = &Account{Reasons: map[string]int64{}}
		r.totals[o.Kind] = a
	}
	a.count(&o)
	return r.o.Each(o)
}

func (a *Account) count(o *Outcome) {
	a.Rows++
	switch o.Result.Status {
	case api.RowDeposited:
		a.Deposited++
		a.Bytes += o.Size
	case api.RowUpdated:
		a.Updated++
		a.Bytes += o.Size
	case api.RowExists:
		a.Exists++
		if len(o.Result.Differs) > 0 {
			a.Differs++
		}
	case StatusWaiting:
		a.Waiting++
	default:
		a.Rejected++
		a.Reasons[o.Result.Code]++
	}
}

// result is the outcome of a row that the daemon was not asked about.
func result(row *manifest.Row, status string, err error) api.RowResult {
	res := api.RowResult{Head: api.H("import_row"), Row: row.Number, Status: status}
	if w := api.ErrorOf(err); w != nil {
		res.Code, res.Message, res.Hint = string(w.Code), w.Message, w.Hint
	}
	return res
}

// refusal is the outcome of a row whose file cannot be sent: one that changes is waiting, any other is rejected.
func refusal(row *manifest.Row, err error) api.RowResult {
	if vault.CodeOf(err) != vault.CodeConflict {
		return result(row, api.RowRejected, err)
	}
	res := result(row, StatusWaiting, err)
	res.Code = "" // nothing is wrong with it
	return res
}

// errInterrupted is the end of a run that was asked to stop.
func errInterrupted() error { return vault.Errorf(vault.CodeInterrupted, "interrupted") }

// crew is goroutines that work on one thing: the first error ends them all. work outlives stop, the caller's context, by
// a moment of grace, in which what is under way may finish.
type crew struct {
	stop, work context.Context
	cancel     context.CancelCauseFunc
	wg         sync.WaitGroup
}

func newCrew(stop context.Context) *crew {
	c := &crew{stop: stop}
	c.work, c.cancel = context.WithCancelCause(context.WithoutCancel(stop))
	return c
}

func (c *crew) run(f func() error) {
	c.wg.Go(func() {
		if err := f(); err != nil {
			c.cancel(err)
		}
	})
}

// wait returns once all have ended, with the first error, or that the run was interrupted.
func (c *crew) wait() error {
	unhook := context.AfterFunc(c.stop, func() {
		timer := time.NewTimer(grace)
		defer timer.Stop()
		select {
		case <-timer.C:
			c.cancel(errInterrupted())
		case <-c.work.Done():
		}
	})
	c.wg.Wait()
	unhook()
	err := context.Cause(c.work)
	c.cancel(nil)
	if c.stop.Err() != nil && (err == nil || errors.Is(err, context.Canceled) || vault.CodeOf(err) == vault.CodeInterrupted) {
		return errInterrupted()
	}
	return err
}
