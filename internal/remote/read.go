package remote

import (
	"context"
	"errors"
	"io"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/rclone/rclone/fs"
	"github.com/rclone/rclone/fs/operations"
	"github.com/rclone/rclone/fs/walk"

	"vaultctl/internal/vault"
)

// Info describes one object.
type Info struct {
	Path string
	Size int64 // bytes
}

// listTimeout bounds a whole listing, which takes as long as the remote is large.
const listTimeout = 30 * time.Minute

// Stat looks one object up. A missing one is vault.CodeNotFound.
func (r *Remote) Stat(ctx context.Context, path string) (Info, error) {
	if err := checkPath(path); err != nil {
		return Info{}, err
	}
	var info Info
	err := r.do(ctx, CallStat, false, r.opts.CallTimeout, func(ctx context.Context) error {
		obj, err := r.find(ctx, path)
		if err == nil {
			info = Info{Path: path, Size: obj.Size()}
		}
		return err
	})
	return info, err
}

// find looks one object up within a call.
func (r *Remote) find(ctx context.Context, path string) (fs.Object, error) {
	if err := r.checkBase(); err != nil {
		return nil, err
	}
	r.count(CallStat)
	return r.fs.NewObject(ctx, path)
}

// findToRead is find for what is opened next, which says whether it is there.
func (r *Remote) findToRead(ctx context.Context, path string) (fs.Object, error) {
	if r.reads == r.fs {
		return r.find(ctx, path)
	}
	return r.reads.NewObject(ctx, path)
}

// Get opens the object at path for reading; the caller closes it. A missing object is vault.CodeNotFound. Opening is
// retried; so is reading, from where it stopped. A Read fails with a *vault.Error: a body that ends before the object's
// size is CodeUnreachable, to be tried again. The content is not verified: the caller knows the expected hash.
func (r *Remote) Get(ctx context.Context, path string) (io.ReadCloser, error) {
	if err := checkPath(path); err != nil {
		return nil, err
	}
	var body *body
	err := r.do(ctx, CallGet, false, r.opts.CallTimeout, func(call context.Context) error {
		obj, err := r.findToRead(call, path)
		if err != nil {
			return err
		}
		r.count(CallGet)
		// The body outlives this call, but opening it must not.
		stream, cancel := context.WithCancel(r.withSettings(ctx))
		stop := context.AfterFunc(call, cancel)
		in, err := operations.Open(stream, obj)
		if !stop() && err == nil {
			err = errors.Join(call.Err(), in.Close())
		}
		if err != nil {
			cancel()
			return err
		}
		body = newBody(ctx, in, obj.Size(), cancel)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return body, nil
}

// body is an object being read.
type body struct {
	ctx    context.Context
	in     io.ReadCloser
	left   int64 // bytes still expected; negative if the size is unknown
	cancel context.CancelFunc
}

func newBody(ctx context.Context, in io.ReadCloser, size int64, cancel context.CancelFunc) *body {
	return &body{ctx: ctx, in: in, left: size, cancel: cancel}
}

func (b *body) Read(p []byte) (int, error) {
	if b.ctx.Err() != nil {
		return 0, classify(b.ctx, false, b.ctx.Err()).report(CallGet)
	}
	n, err := b.in.Read(p)
	known := b.left >= 0
	b.left -= int64(n)
	switch {
	case err == nil:
		return n, nil
	case errors.Is(err, io.EOF) && (!known || b.left <= 0):
		return n, io.EOF
	case errors.Is(err, io.EOF):
		err = io.ErrUnexpectedEOF
	}
	return n, classify(b.ctx, false, err).report(CallGet)
}

func (b *body) Close() error {
	err := b.in.Close()
	b.cancel()
	if err != nil {
		return classify(b.ctx, false, err).report(CallGet)
	}
	return nil
}

// List calls fn for every object under prefix, a folder without trailing slash or "" for all, recursively and in no
// particular order, one call at a time. A prefix under which there is nothing, existing or not, is an empty list.
// Unfinished uploads are left out. An error of fn ends the listing and is returned as it is; once fn was called a
// failure is not retried.
func (r *Remote) List(ctx context.Context, prefix string, fn func(Info) error) error {
	if prefix != "" {
		if err := checkPath(prefix); err != nil {
			return err
		}
	}
	err := r.do(ctx, CallList, false, listTimeout, func(ctx context.Context) error {
		if err := r.checkBase(); err != nil {
			return err
		}
		r.count(CallList)
		return r.list(ctx, prefix, fn)
	})
	if vault.CodeOf(err) == vault.CodeNotFound && prefix != "" {
		return nil
	}
	return err
}

// Folders returns the names of the folders right below prefix, without what is in them, in no particular order. It is one
// call to the storage, however much the folders hold. A prefix under which there is nothing, existing or not, has none.
func (r *Remote) Folders(ctx context.Context, prefix string) ([]string, error) {
	if err := checkPath(prefix); err != nil {
		return nil, err
	}
	var names []string
	err := r.do(ctx, CallList, false, listTimeout, func(ctx context.Context) error {
		if err := r.checkBase(); err != nil {
			return err
		}
		r.count(CallList)
		entries, err := r.fs.List(ctx, prefix)
		names = nil
		entries.ForDir(func(d fs.Directory) { names = append(names, path.Base(d.Remote())) })
		return err
	})
	if vault.CodeOf(err) == vault.CodeNotFound {
		return nil, nil
	}
	return names, err
}

func (r *Remote) list(ctx context.Context, prefix string, fn func(Info) error) error {
	var mu sync.Mutex // rclone may walk several folders at once
	var stopped error
	delivered := false
	err := walk.ListR(ctx, r.fs, prefix, true, -1, walk.ListObjects, func(entries fs.DirEntries) error {
		mu.Lock()
		defer mu.Unlock()
		r.count(CallPage)
		for _, entry := range entries {
			if err := errors.Join(stopped, ctx.Err()); err != nil {
				return err
			}
			if strings.HasSuffix(entry.Remote(), partialSuffix) {
				continue
			}
			delivered = true
			if err := fn(Info{Path: entry.Remote(), Size: entry.Size()}); err != nil {
				stopped = &callbackError{err}
				return stopped
			}
		}
		return nil
	})
	switch {
	case stopped != nil:
		return stopped
	case err != nil && delivered:
		failed := *classify(ctx, false, err)
		failed.retry = false
		return &failed
	}
	return err
}
