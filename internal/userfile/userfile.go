// Package userfile opens the files that a user names and writes those that a user asks for, in the client: the daemon is never
// handed a path. What is read is known not to have changed meanwhile; what is written has its name only once all of it is on
// the disk, and takes the place of nothing unasked.
package userfile

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	"vaultctl/internal/photo"
	"vaultctl/internal/vault"
)

// File is a file that the user named, opened for one reading. Reading fails with CodeConflict if the file is not the same at
// its end as when it was opened. It is for one goroutine.
type File struct {
	Name string // base name, "" for a stream
	Size int64  // bytes, -1 for a stream

	r        io.Reader
	file     *os.File // nil for a stream
	modified time.Time
	read     int64
}

// Open opens a regular file that is not empty. What the user can correct, such as a name that is none, is CodeUsage.
func Open(path string) (*File, error) {
	// Opening a pipe would wait for somebody to write into it.
	info, err := os.Stat(path)
	if err != nil {
		return nil, Trouble(path, err)
	}
	if err := regular(path, info); err != nil {
		return nil, err
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, Trouble(path, err)
	}
	if info, err = file.Stat(); err == nil {
		err = regular(path, info)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	name := strings.ToValidUTF8(filepath.Base(path), "\uFFFD")
	return &File{Name: name, Size: info.Size(), r: file, file: file, modified: info.ModTime()}, nil
}

// Stream makes a File of what can be read but once and has no name, such as standard input.
func Stream(r io.Reader) *File { return &File{Size: -1, r: r} }

// Trouble says why a file cannot be read. What the user can correct in the command is wrong usage.
func Trouble(path string, err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	if errors.Is(err, fs.ErrNotExist) {
		return vault.Errorf(vault.CodeUsage, "%s: no such file", path)
	}
	return vault.Errorf(vault.CodeFailed, "%s: %w", path, err)
}

// regular refuses what cannot be deposited.
func regular(path string, info fs.FileInfo) error {
	switch {
	case info.IsDir():
		return vault.Errorf(vault.CodeUsage, "%s: a directory; name the files in it", path)
	case !info.Mode().IsRegular():
		return api.WithHint(vault.Errorf(vault.CodeUsage, "%s: not a regular file", path),
			lang.Key("to read from a pipe, send it to standard input and write - for the file"))
	case info.Size() == 0:
		return vault.Errorf(vault.CodeInvalid, "%s: the file is empty", path)
	}
	return nil
}

// Read reads on.
func (u *File) Read(b []byte) (int, error) {
	n, err := u.r.Read(b)
	u.read += int64(n)
	if u.file == nil || n > 0 && err == nil && u.read <= u.Size {
		return n, err
	}
	if u.read > u.Size || errors.Is(err, io.EOF) && !u.unchanged() {
		return n, vault.Errorf(vault.CodeConflict, "the file changed while it was read")
	}
	return n, err
}

func (u *File) unchanged() bool {
	info, err := u.file.Stat()
	return err == nil && u.read == u.Size && info.Size() == u.Size && info.ModTime().Equal(u.modified)
}

// Close ends the reading.
func (u *File) Close() error {
	if u.file == nil {
		return nil
	}
	return u.file.Close()
}

// Measure adds what the headers of a file say of its size.
func (u *File) Measure(fields *api.DocumentFields) {
	if u.file == nil { // a stream cannot be read twice
		return
	}
	facts := photo.Look(u.file, u.Size)
	fields.Measured(facts.Pages, facts.Width, facts.Height)
}
