package engine

import (
	"context"
	"fmt"
	"hash"
	"io"
	"sync"
	"sync/atomic"

	"vaultctl/internal/vault"
)

const (
	sniffLen  = 4 << 10
	pipeChunk = 256 << 10
	// pipeDepth is how many chunks may lie between reading and writing, so that neither side waits for the other's
	// hiccups. A deposit never holds more of its plaintext than pipeDepth+2 chunks, since each chunk goes to all who use it.
	pipeDepth = 4
)

// pipeBuffers hold plaintext; they are cleared before they go back.
var pipeBuffers = sync.Pool{New: func() any { b := make([]byte, pipeChunk); return &b }}

// putBuffer gives back a buffer of which the first n bytes were used.
func putBuffer(b *[]byte, n int) {
	clear((*b)[:n])
	pipeBuffers.Put(b)
}

// sealedContent is a plaintext that was sealed into a spool file while it was read.
type sealedContent struct {
	file   SpoolFile
	digest vault.Hash // of the plaintext
	size   int64      // of the plaintext
	media  string
}

// sealContent reads src to its end and seals it to the recipients, in a spool file that the caller stages or discards.
// It holds a few chunks of it at a time. A declared size ≥ 0 must match; an empty source is refused. Errors: CodeInvalid
// for those two, CodeDiskFull, CodeInterrupted, or the source's own.
func (e *Engine) sealContent(ctx context.Context, src io.Reader, declared int64, rcps []string) (*sealedContent, error) {
	buf := pipeBuffers.Get().(*[]byte)
	n, end, err := fillChunk(src, *buf)
	defer putBuffer(buf, n)
	if err != nil {
		return nil, err
	}
	if n == 0 {
		return nil, vault.Errorf(vault.CodeInvalid, "the document is empty")
	}
	f, err := e.Spool.Create()
	if err != nil {
		return nil, err
	}
	c := &sealedContent{file: f, media: e.Sniff((*buf)[:min(n, sniffLen)])}
	if err := e.sealChunks(ctx, c, src, (*buf)[:n], end, declared, rcps); err != nil {
		_ = f.Discard()
		return nil, err
	}
	return c, nil
}

func (e *Engine) sealChunks(ctx context.Context, c *sealedContent, src io.Reader, first []byte, end bool, declared int64, rcps []string) error {
	wc, err := e.Sealer.Seal(c.file, rcps)
	if err != nil {
		return fmt.Errorf("seal document: %w", err)
	}
	sum := newSum()
	sum.Write(first)
	if _, err := wc.Write(first); err != nil {
		return fmt.Errorf("seal document: %w", err)
	}
	c.size = int64(len(first))
	if !end {
		rest, err := pipe(ctx, wc, src, sum, limitOf(declared, c.size))
		c.size += rest
		if err != nil {
			return err
		}
	}
	if declared >= 0 && c.size != declared {
		return errChanged()
	}
	if err := wc.Close(); err != nil {
		return fmt.Errorf("seal document: %w", err)
	}
	c.digest = sumOf(sum)
	return nil
}

func errChanged() error {
	return vault.Errorf(vault.CodeInvalid, "the file changed while it was read")
}

// limitOf returns how many bytes may still come, or -1 for any number.
func limitOf(declared, got int64) int64 {
	if declared < 0 {
		return -1
	}
	return max(0, declared-got)
}

// fillChunk reads until buf is full or src ends. An error of src is returned as it is where it carries a code.
func fillChunk(src io.Reader, buf []byte) (n int, end bool, err error) {
	for idle := 0; n < len(buf); {
		m, err := src.Read(buf[n:])
		n += m
		switch {
		case err == io.EOF:
			return n, true, nil
		case err != nil:
			return n, false, fmt.Errorf("read document: %w", err)
		case m > 0:
			idle = 0
		default:
			if idle++; idle == 100 {
				return n, false, fmt.Errorf("read document: %w", io.ErrNoProgress)
			}
		}
	}
	return n, false, nil
}

// pipe copies src to dst: it reads on the caller's goroutine, writes on another one and, if sum is not nil, hashes on a
// third, because SHA-256 takes longer than everything else together where the processor has no instructions for it.
// More than limit bytes are an error unless limit is negative. It returns when all of them have ended, with the number of
// bytes read; an error of dst comes before one of src.
func pipe(ctx context.Context, dst io.Writer, src io.Reader, sum hash.Hash, limit int64) (int64, error) {
	failed := make(chan struct{})
	var werr error
	var wg sync.WaitGroup
	write := func(b []byte) {
		if werr == nil {
			if _, werr = dst.Write(b); werr != nil {
				close(failed)
			}
		}
	}
	uses := []func([]byte){write}
	if sum != nil {
		uses = append(uses, func(b []byte) { sum.Write(b) })
	}
	queues := make([]chan *chunkOf, len(uses))
	for i, use := range uses {
		queues[i] = make(chan *chunkOf, pipeDepth)
		wg.Go(func() {
			for c := range queues[i] {
				use((*c.buf)[:c.n])
				c.release()
			}
		})
	}
	n, rerr := feed(ctx, queues, failed, src, limit)
	for _, q := range queues {
		close(q)
	}
	wg.Wait()
	if werr != nil {
		return n, fmt.Errorf("write document: %w", werr)
	}
	return n, rerr
}

// chunkOf is a buffer with the number of bytes in use. Whoever is the last to release it puts the buffer back.
type chunkOf struct {
	buf   *[]byte
	n     int
	users atomic.Int32
}

func (c *chunkOf) release() {
	if c.users.Add(-1) == 0 {
		putBuffer(c.buf, c.n)
	}
}

// feed is the reading side of pipe: every chunk goes to each queue.
func feed(ctx context.Context, queues []chan *chunkOf, failed <-chan struct{}, src io.Reader, limit int64) (int64, error) {
	var total int64
	for {
		if err := ctx.Err(); err != nil {
			return total, vault.Errorf(vault.CodeInterrupted, "interrupted: %w", err)
		}
		buf := pipeBuffers.Get().(*[]byte)
		n, end, err := fillChunk(src, *buf)
		total += int64(n)
		if err == nil && limit >= 0 && total > limit {
			err = errChanged()
		}
		if err != nil || n == 0 {
			putBuffer(buf, n)
			return total, err
		}
		c := &chunkOf{buf: buf, n: n}
		c.users.Store(int32(len(queues)))
		for _, q := range queues {
			q <- c
		}
		select {
		case <-failed:
			return total, nil
		default:
		}
		if end {
			return total, nil
		}
	}
}
