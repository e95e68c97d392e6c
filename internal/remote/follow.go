package remote

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"hash"
	"io"
	iofs "io/fs"
	"os"
)

// check decides whether what was read back is what should have been stored.
type check interface {
	io.Writer        // takes the content; errReadBack as soon as it is wrong
	Finished() error // errReadBack if what was written is not the whole, right content
	io.Closer
}

// newCheck returns how this upload is checked.
func (s *source) newCheck() (check, error) {
	if !s.fresh {
		return &hashCheck{Hash: sha256.New(), sum: s.sum}, nil
	}
	in, err := s.open()
	if err != nil {
		return nil, s.fail(err)
	}
	return &sameCheck{in: in, left: s.size}, nil
}

// hashCheck compares SHA-256.
type hashCheck struct {
	hash.Hash
	sum [32]byte
}

func (c *hashCheck) Finished() error {
	if [32]byte(c.Sum(nil)) != c.sum {
		return errReadBack
	}
	return nil
}

func (c *hashCheck) Close() error { return nil }

// sameCheck compares with the source byte by byte.
type sameCheck struct {
	in   io.ReadCloser
	left int64
	buf  []byte
}

func (c *sameCheck) Write(p []byte) (int, error) {
	if len(c.buf) < len(p) {
		c.buf = make([]byte, len(p))
	}
	want := c.buf[:len(p)]
	if _, err := io.ReadFull(c.in, want); err != nil || !bytes.Equal(want, p) {
		return 0, errReadBack
	}
	c.left -= int64(len(p))
	return len(p), nil
}

func (c *sameCheck) Finished() error {
	if c.left != 0 {
		return errReadBack
	}
	return nil
}

func (c *sameCheck) Close() error { return c.in.Close() }

// follower reads a file while it is being written and checks what it reads.
type follower struct {
	written chan struct{} // closed when the writer is done
	abandon chan struct{} // closed when the result is not wanted
	done    chan struct{} // closed when the follower is
	check   check
	err     error
}

// startFollower starts reading name once progress says that there is something to read. finish must be called.
func startFollower(ctx context.Context, name string, check check, progress <-chan struct{}) *follower {
	f := &follower{check: check, written: make(chan struct{}), abandon: make(chan struct{}), done: make(chan struct{})}
	go func() {
		defer close(f.done)
		f.err = f.run(ctx, name, progress)
	}()
	return f
}

// finish says that the file is complete, or that the result does not matter, waits for the follower to leave and returns
// what it thinks of the content.
func (f *follower) finish(failed bool) error {
	if failed {
		close(f.abandon)
	}
	close(f.written)
	<-f.done
	return f.err
}

func (f *follower) run(ctx context.Context, name string, progress <-chan struct{}) error {
	var in *os.File
	var err error
	for complete := false; ; {
		if in, err = os.Open(name); err == nil {
			break
		}
		if complete || !errors.Is(err, iofs.ErrNotExist) {
			return err
		}
		if complete, err = f.wait(ctx, progress); err != nil {
			return err
		}
	}
	defer func() { _ = in.Close() }()
	buf := make([]byte, 256<<10)
	total := int64(0)
	flush := newWriteback(in)
	for complete := false; ; {
		n, err := in.Read(buf)
		if _, wrong := f.check.Write(buf[:n]); wrong != nil {
			return wrong
		}
		total += int64(n)
		flush.advance(total)
		switch {
		case err != nil && !errors.Is(err, io.EOF):
			return err
		case n > 0 && ctx.Err() == nil:
		case complete:
			return f.check.Finished()
		default:
			if complete, err = f.wait(ctx, progress); err != nil {
				return err
			}
		}
	}
}

var errAbandoned = errors.New("upload failed")

// wait returns when there may be more to read; complete means that the writer has written everything.
func (f *follower) wait(ctx context.Context, progress <-chan struct{}) (complete bool, err error) {
	select {
	case <-f.abandon:
		return false, errAbandoned
	case <-ctx.Done():
		return false, ctx.Err()
	case <-progress:
		return false, nil
	case <-f.written:
		select {
		case <-f.abandon:
			return false, errAbandoned
		default:
			return true, nil
		}
	}
}
