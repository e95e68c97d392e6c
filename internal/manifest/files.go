package manifest

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// files opens what rows name below one folder. It is safe for concurrent use.
type files struct {
	root *os.Root
	dir  string // absolute
}

func openFiles(dir string) (*files, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fileTrouble(err)
	}
	root, err := os.OpenRoot(abs)
	if err != nil {
		return nil, fileTrouble(err)
	}
	return &files{root: root, dir: abs}, nil
}

func (f *files) Close() error { return f.root.Close() }

func errOutside() *vault.Error {
	return vault.Errorf(vault.CodeInvalid, "path outside the folder")
}

// inside turns a path as a row gives it into one below the folder, with slashes. Errors have CodeInvalid.
func (f *files) inside(given string) (string, error) {
	if given == "" {
		return "", errEmpty()
	}
	if strings.ContainsRune(given, 0) {
		return "", vault.Errorf(vault.CodeInvalid, "a path cannot hold a NUL byte")
	}
	p := strings.ReplaceAll(given, `\`, "/")
	if path.IsAbs(p) || len(p) > 1 && p[1] == ':' {
		rel, err := filepath.Rel(f.dir, filepath.FromSlash(p))
		if err != nil {
			return "", errOutside()
		}
		p = filepath.ToSlash(rel)
	}
	p = path.Clean(p)
	if !filepath.IsLocal(filepath.FromSlash(p)) {
		return "", errOutside()
	}
	return p, nil
}

// find returns the name by which the file is there: as given, or with its accents composed in the other way, as files
// from a Mac have them.
func (f *files) find(name string) (string, fs.FileInfo, error) {
	info, err := f.root.Stat(filepath.FromSlash(name))
	for _, form := range []norm.Form{norm.NFC, norm.NFD} {
		if !errors.Is(err, fs.ErrNotExist) {
			break
		}
		if other := form.String(name); other != name {
			if also, e := f.root.Stat(filepath.FromSlash(other)); e == nil {
				return other, also, nil
			}
		}
	}
	return name, info, err
}

// open opens a regular file that is not empty. It never waits for a pipe.
func (f *files) open(name string) (*Content, error) {
	name, info, err := f.find(name)
	if err == nil {
		err = regular(info)
	}
	if err != nil {
		return nil, fileTrouble(err)
	}
	// Between the look and the opening a pipe may have taken the name.
	file, err := f.root.OpenFile(filepath.FromSlash(name), os.O_RDONLY|openFlags, 0)
	if err != nil {
		return nil, fileTrouble(err)
	}
	if info, err = file.Stat(); err == nil {
		err = regular(info)
	}
	if err != nil {
		return nil, errors.Join(fileTrouble(err), file.Close())
	}
	mark := &api.FileMark{Path: filepath.Join(f.dir, filepath.FromSlash(name)), Size: info.Size(), ModTime: info.ModTime().UnixNano()}
	mark.Change, mark.Inode = inode(info)
	return &Content{ReadCloser: &steady{file: file, size: info.Size(), modified: info.ModTime()}, Size: info.Size(), Mark: mark}, nil
}

func regular(info fs.FileInfo) error {
	switch {
	case info.IsDir():
		return vault.Errorf(vault.CodeInvalid, "a folder, not a file")
	case !info.Mode().IsRegular():
		return vault.Errorf(vault.CodeInvalid, "not a regular file")
	case info.Size() == 0:
		return vault.Errorf(vault.CodeInvalid, "the file is empty")
	}
	return nil
}

// fileTrouble says why a file cannot be read, without its name.
func fileTrouble(err error) error {
	var coded *vault.Error
	if errors.As(err, &coded) {
		return err
	}
	var pe *fs.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return vault.Errorf(vault.CodeNotFound, "no such file")
	case errors.Is(err, fs.ErrPermission):
		return vault.Errorf(vault.CodeFailed, "the file may not be read: %w", err)
	case strings.Contains(err.Error(), "path escapes"):
		return errOutside() // os.Root has no error value of its own for it
	case strings.Contains(err.Error(), "too many"):
		return vault.Errorf(vault.CodeInvalid, "links that lead in a circle")
	}
	return vault.Errorf(vault.CodeFailed, "the file cannot be read: %w", err)
}

// steady reads a file and fails if it is not the same at its end as when it was opened.
type steady struct {
	file     *os.File
	size     int64
	modified time.Time
	read     int64
}

// ReadAt looks into the file beside the reading.
func (s *steady) ReadAt(b []byte, off int64) (int, error) { return s.file.ReadAt(b, off) }

func (s *steady) Read(b []byte) (int, error) {
	n, err := s.file.Read(b)
	s.read += int64(n)
	if s.read > s.size || errors.Is(err, io.EOF) && !s.unchanged() {
		return n, vault.Errorf(vault.CodeConflict, "the file changed while it was read")
	}
	return n, err
}

func (s *steady) unchanged() bool {
	info, err := s.file.Stat()
	return err == nil && s.read == s.size && info.Size() == s.size && info.ModTime().Equal(s.modified)
}

// Close closes the file.
func (s *steady) Close() error { return s.file.Close() }
