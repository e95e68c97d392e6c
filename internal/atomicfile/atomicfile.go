// Package atomicfile writes files that are either complete or absent.
//
// The bytes go to a temporary name in the directory of the final file, reach the disk, and only then take the final
// name; the directory is synchronised after that, so that a name which was reported as written survives a power cut.
// Write replaces a whole small file. New is for streams: the caller writes, then calls Commit (which never overwrites)
// or Replace, or Abort.
//
// On Windows directories cannot be synchronised: the order of the steps is the same, durability of the name is left to
// the file system.
package atomicfile

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Temporary files are called .vaultctl-<16 hex digits>.tmp whatever the final name is, so that a final name of the
// maximal length does not make the temporary one too long.
const (
	tempPrefix = ".vaultctl-"
	tempSuffix = ".tmp"
)

// Write creates the file at path, or replaces it, with what write produces. perm is subject to the umask. If write or
// any step after it fails, the file that was there before is untouched and nothing temporary is left.
func Write(path string, perm fs.FileMode, write func(io.Writer) error) error {
	p, err := New(path, perm)
	if err != nil {
		return err
	}
	if err := write(p); err != nil {
		return errors.Join(err, p.Abort())
	}
	return p.Replace()
}

// Pending is a file that does not have its final name yet. It is not safe for concurrent use. One of Commit, Replace
// and Abort must be called; calling Abort after one of the others does nothing, so that it can be deferred.
type Pending struct {
	path string
	file *os.File
	done bool
}

// New creates a temporary file in the directory of path, which must exist. perm is subject to the umask.
func New(path string, perm fs.FileMode) (*Pending, error) {
	f, err := Temp(filepath.Dir(path), perm)
	if err != nil {
		return nil, err
	}
	return &Pending{path: path, file: f}, nil
}

// Temp creates a file under a temporary name in dir, for callers that finish many files together. perm is subject to
// the umask.
func Temp(dir string, perm fs.FileMode) (*os.File, error) {
	for {
		var b [8]byte
		rand.Read(b[:])
		name := filepath.Join(dir, tempPrefix+hex.EncodeToString(b[:])+tempSuffix)
		f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, perm)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("create temporary file: %w", err)
		}
		return f, nil
	}
}

// Write appends b to the file.
func (p *Pending) Write(b []byte) (int, error) { return p.file.Write(b) }

// Commit makes the file durable and gives it its final name. If that name is taken, the file there stays as it is,
// the pending one is removed, and the error matches fs.ErrExist.
func (p *Pending) Commit() error { return p.finish(RenameNew) }

// Replace is Commit that overwrites what has the final name.
func (p *Pending) Replace() error { return p.finish(os.Rename) }

// Abort removes the file. After Commit or Replace it does nothing.
func (p *Pending) Abort() error {
	if p.done {
		return nil
	}
	p.done = true
	return errors.Join(p.file.Close(), os.Remove(p.file.Name()))
}

func (p *Pending) finish(move func(from, to string) error) error {
	if p.done {
		return fmt.Errorf("finish file: %w", fs.ErrClosed)
	}
	p.done = true
	temp := p.file.Name()
	err := p.file.Sync()
	if cerr := p.file.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = move(temp, p.path)
	}
	if err != nil {
		_ = os.Remove(temp) // Clean takes what stays
		return fmt.Errorf("finish file: %w", err)
	}
	return SyncDir(filepath.Dir(p.path))
}

// RenameNew renames a file without replacing another: if the name is taken the error matches fs.ErrExist. It makes nothing
// durable; see SyncDir. A hard link fails if the name exists, in one step; file systems without hard
// links get an empty file under an exclusive name first, which the rename then replaces.
func RenameNew(from, to string) error {
	err := os.Link(from, to)
	if err == nil {
		return os.Remove(from)
	}
	if errors.Is(err, fs.ErrExist) {
		return err
	}
	return renameReserved(from, to)
}

func renameReserved(from, to string) error {
	f, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	err = f.Close()
	if err == nil {
		err = os.Rename(from, to)
	}
	if err != nil {
		return errors.Join(err, os.Remove(to))
	}
	return nil
}

// IsTemp reports whether a file of that base name is one that a crash left behind.
func IsTemp(base string) bool {
	return strings.HasPrefix(base, tempPrefix) && strings.HasSuffix(base, tempSuffix)
}

// Clean removes from dir the temporary files that a crash left behind. It must not run while another Pending of the
// directory is in use. A directory that does not exist is clean.
func Clean(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("clean directory: %w", err)
	}
	for _, e := range entries {
		if !IsTemp(e.Name()) {
			continue
		}
		if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
			return fmt.Errorf("clean directory: %w", err)
		}
	}
	return nil
}
