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
	"github.com/rclone/rclone/fs/fserrors"
	"github.com/rclone/rclone/fs/hash"

	"vaultctl/internal/vault"
)

// source is an upload as rclone wants to see it: an object of some other file system.
type source struct {
	ctx  context.Context
	path string
	size int64
	sum  [32]byte
	open func() (io.ReadCloser, error)
	// read, if set, is sent to without blocking whenever bytes were handed to rclone.
	read chan<- struct{}

	mu  sync.Mutex
	err error // the first failure of the source itself, as opposed to the remote's
}

var _ fs.Object = (*source)(nil)

func (s *source) Fs() fs.Info                                 { return sourceFs{} }
func (s *source) String() string                              { return "source" }
func (s *source) Remote() string                              { return s.path }
func (s *source) ModTime(context.Context) time.Time           { return time.Now() }
func (s *source) Size() int64                                 { return s.size }
func (s *source) Storable() bool                              { return true }
func (s *source) SetModTime(context.Context, time.Time) error { return fs.ErrorCantSetModTime }
func (s *source) Remove(context.Context) error                { return fs.ErrorNotImplemented }
func (s *source) Update(context.Context, io.Reader, fs.ObjectInfo, ...fs.OpenOption) error {
	return fs.ErrorNotImplemented
}

// Hash answers backends that send a BLAKE3 along.
func (s *source) Hash(_ context.Context, t hash.Type) (string, error) {
	if t != hash.BLAKE3 {
		return "", hash.ErrUnsupported
	}
	return hex.EncodeToString(s.sum[:]), nil
}

// Open starts the source again; rclone's own retries may begin anywhere.
func (s *source) Open(_ context.Context, options ...fs.OpenOption) (io.ReadCloser, error) {
	offset, limit := int64(0), int64(-1)
	for _, option := range options {
		switch o := option.(type) {
		case *fs.SeekOption:
			offset = o.Offset
		case *fs.RangeOption:
			offset, limit = o.Decode(s.size)
		}
	}
	in, err := s.open()
	if err != nil {
		return nil, s.fail(fmt.Errorf("open the local copy: %w", err))
	}
	r := &sourceReader{s: s, in: in}
	if _, err := io.CopyN(io.Discard, r, offset); err != nil {
		_ = in.Close()
		return nil, err
	}
	if limit >= 0 {
		return struct {
			io.Reader
			io.Closer
		}{io.LimitReader(r, limit), in}, nil
	}
	return r, nil
}

// fail records that the source is at fault and keeps rclone from trying again.
func (s *source) fail(err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = err
	}
	return fserrors.NoLowLevelRetryError(err)
}

// failure returns what is wrong with the source itself, or nil.
func (s *source) failure() *failure {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.err == nil:
		return nil
	case errors.Is(s.err, errSourceSize):
		return fail(vault.CodeIntegrity, false, "the local copy does not have its recorded size", s.err)
	default:
		return fail(vault.CodeFailed, false, "the local copy cannot be read", s.err)
	}
}

var errSourceSize = errors.New("size differs")

// sourceReader hands out exactly the declared number of bytes and stops when the call is cancelled.
type sourceReader struct {
	s     *source
	in    io.ReadCloser
	n     int64
	ended bool
}

func (r *sourceReader) Read(p []byte) (int, error) {
	if err := r.s.ctx.Err(); err != nil {
		return 0, fserrors.NoLowLevelRetryError(err)
	}
	if r.ended {
		return 0, io.EOF
	}
	n, err := r.in.Read(p[:min(int64(len(p)), r.s.size-r.n)])
	r.n += int64(n)
	if r.n == r.s.size && (err == nil || errors.Is(err, io.EOF)) {
		// The last bytes are handed out only once nothing follows them: a server that has received the declared length
		// stores the object, whatever happens to the rest of the request.
		if err := r.expectEnd(); err != nil {
			return 0, err
		}
		r.ended = true
	}
	if r.s.read != nil && n > 0 {
		select {
		case r.s.read <- struct{}{}:
		default:
		}
	}
	switch {
	case errors.Is(err, io.EOF) && !r.ended:
		return n, r.s.fail(errSourceSize)
	case err != nil && !r.ended:
		return n, r.s.fail(err)
	}
	return n, nil
}

// WriteTo lets a copy take pieces that are worth a system call.
func (r *sourceReader) WriteTo(w io.Writer) (int64, error) {
	return copyLarge(w, onlyReader{r})
}

// onlyReader hides WriteTo from io.CopyBuffer, which would call it again.
type onlyReader struct{ io.Reader }

func (r *sourceReader) expectEnd() error {
	var extra [1]byte
	switch n, err := io.ReadFull(r.in, extra[:]); {
	case n > 0:
		return r.s.fail(errSourceSize)
	case !errors.Is(err, io.EOF):
		return r.s.fail(err)
	}
	return nil
}

func (r *sourceReader) Close() error { return r.in.Close() }

// sourceFs is where rclone believes sources live.
type sourceFs struct{}

func (sourceFs) Name() string             { return "vault-source" }
func (sourceFs) Root() string             { return "" }
func (sourceFs) String() string           { return "vault-source" }
func (sourceFs) Precision() time.Duration { return fs.ModTimeNotSupported }

// Hashes is empty: Put compares the hash of what it reads back, so rclone need not compute sums on the way.
func (sourceFs) Hashes() hash.Set { return hash.NewHashSet() }

// Features says that times are slow and hashes too, which keeps them out of the name of rclone's partial file: an
// upload repeated after a crash then replaces what the first one left behind.
func (sourceFs) Features() *fs.Features { return &fs.Features{SlowModTime: true, SlowHash: true} }
