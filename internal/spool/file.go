package spool

import (
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"vaultctl/internal/atomicfile"
	"vaultctl/internal/objecthash"
)

const (
	// chunkSize is how many bytes are collected before they are written and hashed.
	chunkSize = 256 << 10
	// writebackEvery is how many bytes are written between two hints to the kernel to put them on the disk. Without
	// them the disk is idle while a large object is hashed, and all of it is written at the end.
	writebackEvery = 8 << 20
)

var chunks = sync.Pool{New: func() any { return new(chunk) }}

// chunk is a piece of a file, of which n bytes are in use.
type chunk struct {
	n    int
	data [chunkSize]byte
}

// File is an object that is being written. It is an io.Writer and not safe for concurrent use. Spool.Stage or Discard
// must be called at the end; calling Discard after Stage does nothing, so that it can be deferred.
type File struct {
	area Area
	file *os.File
	cur  *chunk // being filled; nil once the file is finished
	size int64
	hash hash.Hash
	sum  [objecthash.Size]byte
	err  error // the first failure, after which nothing is written
	gone bool  // staged or discarded
}

// Create starts an object that is to be staged into the area. Codes: vault.CodeDiskFull.
func (s *Spool) Create(a Area) (*File, error) {
	file, err := atomicfile.Temp(filepath.Join(s.home, string(a), tempDir), 0o600)
	if err != nil {
		return nil, coded(fmt.Errorf("create object: %w", err))
	}
	c := chunks.Get().(*chunk)
	c.n = 0
	return &File{area: a, file: file, cur: c, hash: objecthash.New()}, nil
}

// Write appends b. After an error, whose code is vault.CodeDiskFull if the disk is full, only Discard is of use.
func (f *File) Write(b []byte) (int, error) {
	if f.err == nil && f.cur == nil {
		return 0, fmt.Errorf("write object: %w", fs.ErrClosed)
	}
	written := 0
	for len(b) > 0 && f.err == nil {
		n := copy(f.cur.data[f.cur.n:], b)
		f.cur.n += n
		written += n
		b = b[n:]
		if f.cur.n == chunkSize {
			f.flush()
		}
	}
	return written, f.err
}

// flush hashes and writes what was collected. The hash is taken here rather than on a core of its own: it costs a third of
// the sealing before it, and the bytes are still in the processor's cache.
func (f *File) flush() {
	c := f.cur
	f.hash.Write(c.data[:c.n])
	n, err := f.file.Write(c.data[:c.n])
	f.size += int64(n)
	if err != nil {
		f.err = coded(fmt.Errorf("write object: %w", err))
	}
	c.n = 0
	if f.size%writebackEvery == 0 && f.size > 0 {
		startWriteback(f.file, f.size-writebackEvery, writebackEvery)
	}
}

// Finish ends the writing: Size and Sum are known after it, the bytes are not yet durable. Its error is that of Write.
// A second call does nothing.
func (f *File) Finish() error {
	if f.cur == nil {
		return f.err
	}
	if f.err == nil && f.cur.n > 0 {
		f.flush()
	}
	f.hash.Sum(f.sum[:0])
	chunks.Put(f.cur)
	f.cur, f.hash = nil, nil // many finished files wait for the disk at once
	return f.err
}

// Size returns the length in bytes. It is valid after Finish.
func (f *File) Size() int64 { return f.size }

// Sum returns the hash of the content by which objects are known. It is valid after Finish.
func (f *File) Sum() [objecthash.Size]byte { return f.sum }

// Discard removes the file. After Stage or another Discard it does nothing.
func (f *File) Discard() error {
	if f.gone {
		return nil
	}
	f.gone = true
	_ = f.Finish()
	_ = f.file.Close() // closed already if Stage failed half way
	if err := os.Remove(f.file.Name()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("discard object: %w", err)
	}
	return nil
}

// close closes the file, and makes its content durable if durable is set.
func (f *File) close(durable bool) error {
	if f.gone {
		return fmt.Errorf("stage object: %w", fs.ErrClosed)
	}
	if err := f.Finish(); err != nil {
		return err
	}
	var err error
	if durable {
		err = f.file.Sync()
	}
	if cerr := f.file.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return coded(fmt.Errorf("stage object: %w", err))
	}
	return nil
}
