package remote

import (
	"context"
	"errors"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/rclone/rclone/fs"

	"vaultctl/internal/vault"
)

// The names that Calls counts under. Each attempt counts.
const (
	CallOpen   = "open"   // look at the base folder or bucket
	CallStat   = "stat"   // look one object up
	CallPut    = "put"    // upload
	CallVerify = "verify" // read an upload back, or ask for its BLAKE3
	CallGet    = "get"    // start a download
	CallList   = "list"   // start a listing
	CallPage   = "page"   // one tranche of a listing
	CallDelete = "delete" // remove
	CallLink   = "link"   // make a public link
	CallAbout  = "about"  // free space, versioning
)

// Calls returns how often each kind of request was made since Open. The keys are the Call constants.
func (r *Remote) Calls() map[string]int64 {
	r.countMu.Lock()
	defer r.countMu.Unlock()
	out := make(map[string]int64, len(r.counts))
	for name, n := range r.counts {
		out[name] = n
	}
	return out
}

func (r *Remote) count(name string) {
	r.countMu.Lock()
	r.counts[name]++
	r.countMu.Unlock()
}

// do runs op with the remote's limits: a slot, the token bucket, at most limit of time in all, and retries with jitter
// for failures that may pass. It returns nil or a *vault.Error.
func (r *Remote) do(ctx context.Context, name string, write bool, limit time.Duration, op func(context.Context) error) error {
	slots := r.slots
	if name == CallGet {
		slots = r.downloads
	}
	select {
	case slots <- struct{}{}:
		defer func() { <-slots }()
	case <-ctx.Done():
		return classify(ctx, write, ctx.Err()).report(name)
	}
	bounded, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	bounded = r.withSettings(bounded)

	waits := backoff.NewExponentialBackOff()
	waits.InitialInterval, waits.MaxInterval = r.opts.RetryWait, 20*r.opts.RetryWait
	waits.RandomizationFactor = 0.5
	var last *failure
	for try := 1; ; try++ {
		err := r.pace.wait(bounded)
		if err == nil {
			err = op(bounded)
		}
		if err == nil {
			r.pace.faster(time.Now())
			return nil
		}
		var passed *callbackError
		if errors.As(err, &passed) {
			return passed.err
		}
		failed := classify(ctx, write, err)
		if tooMuch(failed) {
			r.pace.slower(time.Now())
		}
		// A deadline that strikes between or within retries says less than the failure that was being retried.
		if last == nil || failed.code != vault.CodeUnreachable || bounded.Err() == nil {
			last = failed
		}
		if !last.retry || try >= r.opts.Tries || !pause(bounded, max(waits.NextBackOff(), last.after)) {
			break
		}
	}
	if ctx.Err() != nil {
		last = classify(ctx, write, ctx.Err())
	}
	return last.report(name)
}

// pause waits, and reports false if ctx ends first or would end during the wait.
func pause(ctx context.Context, wait time.Duration) bool {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < wait {
		return false
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// withSettings returns ctx with the rclone settings of this remote's calls.
func (r *Remote) withSettings(ctx context.Context) context.Context {
	ctx, ci := fs.AddConfig(ctx)
	ci.LogLevel = fs.LogLevelNotice
	ci.LowLevelRetries = r.opts.RequestTries
	ci.ConnectTimeout = fs.Duration(r.opts.ConnectTimeout)
	ci.Timeout = fs.Duration(r.opts.IdleTimeout)
	ci.Transfers, ci.Checkers = r.opts.Concurrency, storeDownloads // which is how many connections are kept open
	ci.BufferSize = fs.SizeSuffix(4 << 20)
	// A multi-thread copy opens the source several times at different offsets; our sources are streams.
	ci.MultiThreadStreams, ci.MultiThreadSet = 0, true
	ci.UseServerModTime = true
	ci.AskPassword = false
	ci.Dump = 0
	ci.NoConsole = true
	return ctx
}

// callbackError carries a caller's own error through the retry loop unchanged.
type callbackError struct{ err error }

func (e *callbackError) Error() string { return e.err.Error() }
