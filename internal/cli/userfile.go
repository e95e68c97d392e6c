package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	"vaultctl/internal/vault"
)

// stdio is the name that stands for standard input or output.
const stdio = "-"

// userFile is a file that the user named, opened for one reading. Reading fails if the file is not the same at its end
// as when it was opened.
type userFile struct {
	Name string // base name
	Size int64  // bytes, -1 for standard input

	r        io.Reader
	file     *os.File // nil for standard input
	modified time.Time
	read     int64
}

// openUserFile opens a regular file that is not empty, or standard input for "-". The daemon is never handed a path.
func (f *Factory) openUserFile(path string) (*userFile, error) {
	if path == stdio {
		return f.openStdin()
	}
	// Opening a pipe would wait for somebody to write into it.
	info, err := os.Stat(path)
	if err != nil {
		return nil, fileTrouble(path, err)
	}
	if err := regular(path, info); err != nil {
		return nil, err
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, fileTrouble(path, err)
	}
	if info, err = file.Stat(); err == nil {
		err = regular(path, info)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	name := strings.ToValidUTF8(filepath.Base(path), "\uFFFD")
	return &userFile{Name: name, Size: info.Size(), r: file, file: file, modified: info.ModTime()}, nil
}

func (f *Factory) openStdin() (*userFile, error) {
	if f.IO.InTTY() {
		return nil, vault.Errorf(vault.CodeUsage, "standard input is a terminal: send the file through a pipe")
	}
	r := bufio.NewReader(f.IO.In)
	if _, err := r.Peek(1); errors.Is(err, io.EOF) {
		return nil, vault.Errorf(vault.CodeInvalid, "standard input is empty")
	}
	return &userFile{Size: -1, r: r}, nil
}

// fileTrouble says why a file cannot be read. What the user can correct in the command is wrong usage.
func fileTrouble(path string, err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	if errors.Is(err, fs.ErrNotExist) {
		return vault.Errorf(vault.CodeUsage, "%s: no such file", path)
	}
	return vault.Errorf(vault.CodeFailed, "%s: %w", path, err)
}

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

func (u *userFile) Read(b []byte) (int, error) {
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

func (u *userFile) unchanged() bool {
	info, err := u.file.Stat()
	return err == nil && u.read == u.Size && info.Size() == u.Size && info.ModTime().Equal(u.modified)
}

// Close ends the reading.
func (u *userFile) Close() error {
	if u.file == nil {
		return nil
	}
	return u.file.Close()
}

// readSmall returns the content of a small text file or of standard input, and refuses more than limit bytes.
func (f *Factory) readSmall(path string, limit int64) ([]byte, error) {
	u, err := f.openUserFile(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = u.Close() }()
	b, err := io.ReadAll(io.LimitReader(u, limit+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	if int64(len(b)) > limit {
		return nil, vault.Errorf(vault.CodeInvalid, "%s is larger than %d bytes", path, limit)
	}
	return b, nil
}
