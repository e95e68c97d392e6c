package remote

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/rclone/rclone/fs"
	"github.com/rclone/rclone/fs/hash"
	"github.com/rclone/rclone/fs/operations"

	"vaultctl/internal/objecthash"
	"vaultctl/internal/vault"
)

var errReadBack = fail(vault.CodeIntegrity, true, "what was read back is not what was uploaded", nil)

// Put stores size bytes with the given hash, that of package objecthash, at path and returns nil once they were read back
// from the remote and compared; in a local folder they are durable then. The open function starts the content from its
// beginning; it is called again for every retry, and Put closes what it returns. Content is streamed, never held whole.
// It is not hashed on the way: what is read back tells whether it was sent as it was recorded.
//
// An object that is already there with the same bytes is success; other bytes are vault.CodeIntegrity and stay as they
// are. Puts of the same path in one process wait for one another; two processes must not write the same path. Other
// errors: CodeUnreachable, CodeFull, CodeReadOnly, CodeInterrupted; CodeIntegrity also for a source that is not what it
// is declared to be, CodeFailed for one that cannot be read.
func (r *Remote) Put(ctx context.Context, path string, size int64, sum [32]byte, open func() (io.ReadCloser, error)) error {
	if err := checkPath(path); err != nil {
		return err
	}
	if size < 0 {
		return vault.Errorf(vault.CodeInvalid, "remote put: negative size")
	}
	release, err := r.paths.lock(ctx, path)
	if err != nil {
		return classify(ctx, true, err).report(CallPut)
	}
	defer release()
	limit := r.opts.CallTimeout + time.Duration(size/r.opts.MinRate)*time.Second
	return r.do(ctx, CallPut, true, limit, func(ctx context.Context) error {
		return r.put(ctx, &source{ctx: ctx, path: path, size: size, sum: sum, open: open})
	})
}

// put is one attempt.
func (r *Remote) put(ctx context.Context, src *source) error {
	if err := r.checkBase(); err != nil {
		return err
	}
	present, err := r.compare(ctx, src.path, src.size, src.sum)
	if err != nil || present {
		return err
	}
	r.count(CallPut)
	if r.local != nil {
		err = r.putLocal(ctx, src)
	} else {
		err = r.putElsewhere(ctx, src)
	}
	if own := src.failure(); own != nil {
		return own
	}
	if errors.Is(err, errReadBack) {
		return r.blame(ctx, src)
	}
	return err
}

// compare reports whether the object is there already with the right bytes, and fails if it is there with others.
func (r *Remote) compare(ctx context.Context, path string, size int64, sum [32]byte) (bool, error) {
	r.count(CallStat)
	obj, err := r.fs.NewObject(ctx, path)
	if isMissing(err, httpStatus(err), "") {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	different := fail(vault.CodeIntegrity, false, "the object is there already with other content", nil)
	if obj.Size() != size {
		return false, different
	}
	switch err := r.verify(ctx, obj, size, sum); {
	case errors.Is(err, errReadBack):
		return false, different
	case err != nil:
		return false, err
	}
	return true, nil
}

// putElsewhere uploads to a backend that is not a folder of this machine and reads the result back.
func (r *Remote) putElsewhere(ctx context.Context, src *source) error {
	obj, err := operations.Copy(ctx, r.fs, nil, src.path, src)
	if err != nil {
		return err
	}
	if obj == nil { // some wrapping backends do not return what they stored
		if obj, err = r.fs.NewObject(ctx, src.path); err != nil {
			return err
		}
	}
	err = r.verify(ctx, obj, src.size, src.sum)
	if errors.Is(err, errReadBack) {
		// The object is seconds old and ours: nobody refers to it, and it must not block the next attempt.
		_ = obj.Remove(ctx)
	}
	return err
}

// verify compares what the remote holds with the declared sum: by asking a backend that computes that hash itself, else by
// reading everything.
func (r *Remote) verify(ctx context.Context, obj fs.Object, size int64, sum [32]byte) error {
	r.count(CallVerify)
	if r.serverSum {
		text, err := obj.Hash(ctx, hash.BLAKE3)
		if err == nil && text != "" {
			if text != hex.EncodeToString(sum[:]) {
				return errReadBack
			}
			return nil
		}
	}
	in, err := operations.Open(ctx, obj)
	if err != nil {
		return err
	}
	hasher := objecthash.New()
	n, err := copyLarge(hasher, contextReader{ctx, in})
	if err = errors.Join(err, in.Close()); err != nil {
		return err
	}
	if n < size && obj.Size() == size {
		return fmt.Errorf("read back: %w", io.ErrUnexpectedEOF)
	}
	if n != size || [32]byte(hasher.Sum(nil)) != sum {
		return errReadBack
	}
	return nil
}

// blame finds out whether the source or the remote is at fault when the two differ.
func (r *Remote) blame(ctx context.Context, src *source) error {
	in, err := src.open()
	if err != nil {
		return fail(vault.CodeFailed, false, "the local copy cannot be read", err)
	}
	defer in.Close()
	hasher := objecthash.New()
	if _, err := copyLarge(hasher, contextReader{ctx, in}); err != nil {
		return fail(vault.CodeFailed, false, "the local copy cannot be read", err)
	}
	if [32]byte(hasher.Sum(nil)) != src.sum {
		return fail(vault.CodeIntegrity, false, "the local copy does not have its recorded content", nil)
	}
	return errReadBack
}

// copyLarge is io.Copy in pieces that are worth a system call.
func copyLarge(dst io.Writer, src io.Reader) (int64, error) {
	buf := copyBuffers.Get().(*[]byte)
	defer copyBuffers.Put(buf)
	return io.CopyBuffer(dst, src, *buf)
}

var copyBuffers = sync.Pool{New: func() any { b := make([]byte, copySize); return &b }}

// copySize is the unit in bytes in which objects are read and written.
const copySize = 128 << 10

// contextReader stops a copy when ctx ends, also on backends whose readers do not.
type contextReader struct {
	ctx context.Context
	in  io.Reader
}

func (r contextReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.in.Read(p)
}
