package remote

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/rclone/rclone/fs"
	"github.com/rclone/rclone/fs/fspath"
	"github.com/rclone/rclone/fs/hash"
	"golang.org/x/time/rate"

	"vaultctl/internal/vault"
)

// Options are the limits of one Remote. A zero field means its default.
type Options struct {
	CallTimeout    time.Duration // whole time of a small call with its retries; 60 s
	ConnectTimeout time.Duration // 15 s
	IdleTimeout    time.Duration // a connection without a byte for so long is given up; 60 s
	MinRate        int64         // bytes per second; Put may take CallTimeout + size/MinRate; 64 KiB/s
	Tries          int           // attempts within a call; 5
	RequestTries   int           // attempts of one request inside a backend, such as a part of a large upload; 2
	RetryWait      time.Duration // first wait between attempts, doubled each time up to 20 times it, ±50 %; 250 ms
	Concurrency    int           // calls at the same time; 4, and 32 in a local folder, where uploads share synchronisations
	Downloads      int           // that are begun at the same time; 32 from an object store, else Concurrency
	CallsPerSecond float64       // 20, 1,000 to an object store until it says that this is too much, no limit in a local folder
}

const (
	localConcurrency = 32
	// An object store answers any number of small requests, as its makers promise; a drive made for people counts them.
	storeDownloads = 32
	storeCalls     = 1000
)

func (o Options) withDefaults() Options {
	setDefault(&o.CallTimeout, time.Minute)
	setDefault(&o.ConnectTimeout, 15*time.Second)
	setDefault(&o.IdleTimeout, time.Minute)
	setDefault(&o.MinRate, 64<<10)
	setDefault(&o.Tries, 5)
	setDefault(&o.RequestTries, 2)
	setDefault(&o.RetryWait, 250*time.Millisecond)
	setDefault(&o.Concurrency, 4)
	setDefault(&o.Downloads, o.Concurrency)
	setDefault(&o.CallsPerSecond, slowest)
	return o
}

func setDefault[T int | int64 | float64 | time.Duration](field *T, value T) {
	if *field <= 0 {
		*field = value
	}
}

// Remote is one open remote. It is safe for concurrent use.
type Remote struct {
	fs        fs.Fs
	reads     fs.Fs  // for Get: fs, or one that does not look an object up first
	spec      string // redacted
	opts      Options
	local     *localBase // nil unless the remote is a folder of this machine
	serverSum bool       // whether the backend computes BLAKE3 of what it stores
	pace      *pace
	slots     chan struct{}
	downloads chan struct{} // slots of Get
	paths     pathLocks

	countMu sync.Mutex
	counts  map[string]int64

	keepsMu sync.Mutex
	keeps   Retention // "" until asked
}

// Open opens the remote that spec names in rclone's syntax: an absolute path, "name:path" for a section of the installed
// configuration, or ":backend,key=value:path".
//
// Errors: vault.CodeInvalid for a malformed spec, an unknown backend or section, settings that the backend refuses, or
// a spec that names a file; vault.CodeUnreachable if the base folder or bucket is missing (Open never creates one) or
// the storage does not answer.
func Open(ctx context.Context, spec string, opts Options) (*Remote, error) {
	r, err := connect(ctx, spec, opts)
	if err != nil {
		return nil, err
	}
	if err := r.findBase(ctx); err != nil {
		return nil, err
	}
	return r, nil
}

// Create makes the base folder or bucket if it is missing, and opens the remote. The parent of a local folder must
// exist, so that a disk which is not mounted is noticed. Errors are those of Open, and CodeReadOnly or CodeFull.
func Create(ctx context.Context, spec string, opts Options) (*Remote, error) {
	r, err := connect(ctx, spec, opts)
	if err != nil {
		return nil, err
	}
	if dir := localDir(r.fs, spec); dir != "" {
		err = r.do(ctx, CallOpen, true, r.opts.CallTimeout, func(context.Context) error {
			if err := os.Mkdir(dir, 0o777); err != nil && !errors.Is(err, os.ErrExist) {
				return err
			}
			return syncFolder(filepath.Dir(dir))
		})
	} else {
		err = r.do(ctx, CallOpen, true, r.opts.CallTimeout, func(ctx context.Context) error {
			r.count(CallOpen)
			return r.fs.Mkdir(ctx, "")
		})
	}
	if err != nil {
		return nil, err
	}
	if err := r.findBase(ctx); err != nil {
		return nil, err
	}
	return r, nil
}

// connect makes the Remote without looking at the base.
func connect(ctx context.Context, spec string, opts Options) (*Remote, error) {
	if err := checkSpec(spec); err != nil {
		return nil, err
	}
	r := &Remote{spec: Redact(spec), opts: opts.withDefaults(), counts: map[string]int64{}}
	r.paths.busy = map[string]chan struct{}{}
	var err error
	if r.fs, err = r.newFs(ctx, spec); err != nil {
		return nil, err
	}
	if r.reads, err = r.readsOf(ctx, spec); err != nil {
		return nil, err
	}
	features := r.fs.Features()
	// Overlays such as hasher answer from notes taken while uploading, which proves nothing about the storage.
	r.serverSum = r.fs.Hashes().Contains(hash.BLAKE3) && !features.IsLocal && !features.Overlay
	if features.BucketBased {
		setDefault(&opts.Downloads, storeDownloads)
		setDefault(&opts.CallsPerSecond, storeCalls)
		r.opts = opts.withDefaults()
	}
	if features.IsLocal {
		setDefault(&opts.Concurrency, localConcurrency)
		r.opts = opts.withDefaults()
		r.opts.CallsPerSecond = float64(rate.Inf)
	}
	r.pace = newPace(r.opts.CallsPerSecond, r.opts.Concurrency)
	r.slots, r.downloads = make(chan struct{}, r.opts.Concurrency), make(chan struct{}, r.opts.Downloads)
	return r, nil
}

// readsOf returns what Get reads from. rclone looks an object of S3 up before it opens it, which doubles the requests of who reads
// many small ones; it can be told not to.
func (r *Remote) readsOf(ctx context.Context, spec string) (fs.Fs, error) {
	kind := fs.FindFromFs(r.fs)
	parsed, err := fspath.Parse(spec)
	if kind == nil || kind.Name != "s3" || err != nil || parsed.ConfigString == "" {
		return r.fs, nil //nolint:nilerr // the spec was parsed before
	}
	return r.newFs(ctx, parsed.ConfigString+",no_head_object=true:"+parsed.Path)
}

// checkSpec refuses what rclone would misread or answer with a message that quotes the spec.
func checkSpec(spec string) error {
	parsed, err := fspath.Parse(spec)
	switch {
	case err != nil:
		return vault.Errorf(vault.CodeInvalid, "remote is not in rclone's syntax: %s", err.Error())
	case parsed.Name == "" && !filepath.IsAbs(filepath.FromSlash(parsed.Path)):
		return vault.Errorf(vault.CodeInvalid, "a remote that is a local folder needs an absolute path")
	case parsed.Name == "":
		return nil
	}
	backend, inline := strings.CutPrefix(parsed.Name, ":")
	if !inline {
		_, _, _, _, err := fs.ParseRemote(spec)
		if errors.Is(err, fs.ErrorNotFoundInConfigFile) {
			return vault.Errorf(vault.CodeInvalid, "remote %s: no such section in the rclone configuration", Redact(spec))
		}
		if err != nil {
			return vault.Errorf(vault.CodeInvalid, "remote %s: its section names a storage backend that this program does not have", Redact(spec))
		}
		return nil
	}
	if _, err := fs.Find(backend); err != nil {
		return vault.Errorf(vault.CodeInvalid, "remote %s: this program has no such storage backend", Redact(spec))
	}
	return nil
}

// newFs calls rclone's constructor. Backends keep its context for later, so it must not end with this call: a
// constructor that hangs is left behind instead.
func (r *Remote) newFs(ctx context.Context, spec string) (fs.Fs, error) {
	type result struct {
		fs  fs.Fs
		err error
	}
	answer := make(chan result, 1)
	go func() {
		f, err := fs.NewFs(r.withSettings(context.WithoutCancel(ctx)), spec)
		answer <- result{f, err}
	}()
	timer := time.NewTimer(r.opts.CallTimeout)
	defer timer.Stop()
	select {
	case got := <-answer:
		return got.fs, r.openError(ctx, got.err)
	case <-timer.C:
		return nil, r.openError(ctx, context.DeadlineExceeded)
	case <-ctx.Done():
		return nil, r.openError(ctx, ctx.Err())
	}
}

// openError classifies a constructor's error. One without any trace of the network or the system is about settings.
func (r *Remote) openError(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrorIsFile):
		return vault.Errorf(vault.CodeInvalid, "remote %s is a file, not a folder", r.spec)
	case ctx.Err() == nil && detail(err) == "" && !isMissing(err, 0, ""):
		return &vault.Error{Code: vault.CodeInvalid, Err: fail(vault.CodeInvalid, false, "settings refused", err),
			Msg: fmt.Sprintf("remote %s: the storage backend refuses these settings: %s", r.spec, scrub(err.Error()))}
	}
	return classify(ctx, false, err).report(CallOpen + " " + r.spec)
}

// localDir returns the folder of a local remote in the system's syntax, or "". A plain path is taken as it was given,
// because rclone rewrites unusual characters.
func localDir(f fs.Fs, spec string) string {
	if !f.Features().IsLocal {
		return ""
	}
	if parsed, err := fspath.Parse(spec); err == nil && parsed.Name == "" {
		return filepath.Clean(filepath.FromSlash(parsed.Path))
	}
	return filepath.FromSlash(f.Root())
}

// findBase makes sure that the base folder or bucket is there.
func (r *Remote) findBase(ctx context.Context) error {
	err := r.do(ctx, CallOpen, false, r.opts.CallTimeout, func(ctx context.Context) error {
		r.count(CallOpen)
		if dir := localDir(r.fs, r.spec); dir != "" {
			base, err := newLocalBase(dir)
			r.local = base
			return err
		}
		_, err := r.fs.List(ctx, "")
		return err
	})
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errMissingBase), vault.CodeOf(err) == vault.CodeNotFound:
		return &vault.Error{Code: vault.CodeUnreachable, Err: err,
			Msg: fmt.Sprintf("remote %s: the folder or bucket is missing; is the disk mounted?", r.spec)}
	}
	return err
}

// checkBase reports a local folder that went away since Open.
func (r *Remote) checkBase() error {
	if r.local == nil {
		return nil
	}
	return r.local.check()
}

// String returns the spec without credentials.
func (r *Remote) String() string { return r.spec }

// Close stops what the backend runs in the background. Calls must have ended.
func (r *Remote) Close(ctx context.Context) error {
	if shutdown := r.fs.Features().Shutdown; shutdown != nil {
		if err := shutdown(r.withSettings(ctx)); err != nil {
			return classify(ctx, false, err).report("close")
		}
	}
	return nil
}
