package remote

import (
	"context"
	"errors"
	"hash"
	"io"
	iofs "io/fs"
	"os"

	"vaultctl/internal/objecthash"
)

// follower reads a file while it is being written and hashes what it reads.
type follower struct {
	written chan struct{} // closed when the writer is done
	abandon chan struct{} // closed when the result is not wanted
	done    chan struct{} // closed when the follower is
	hash    hash.Hash
	sum     [objecthash.Size]byte // that should come out
	err     error
}

// startFollower starts reading name once progress says that there is something to read. finish must be called.
func startFollower(ctx context.Context, name string, sum [objecthash.Size]byte, progress <-chan struct{}) *follower {
	f := &follower{hash: objecthash.New(), sum: sum, written: make(chan struct{}), abandon: make(chan struct{}), done: make(chan struct{})}
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
	piece := copyBuffers.Get().(*[]byte)
	defer copyBuffers.Put(piece)
	buf := *piece
	total := int64(0)
	flush := newWriteback(in)
	for complete := false; ; {
		n, err := in.Read(buf)
		f.hash.Write(buf[:n])
		total += int64(n)
		flush.advance(total)
		switch {
		case err != nil && !errors.Is(err, io.EOF):
			return err
		case n > 0 && ctx.Err() == nil:
		case complete:
			if [objecthash.Size]byte(f.hash.Sum(nil)) != f.sum {
				return errReadBack
			}
			return nil
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
