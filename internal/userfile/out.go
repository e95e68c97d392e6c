package userfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"vaultctl/internal/api"
	"vaultctl/internal/atomicfile"
	"vaultctl/internal/lang"
	"vaultctl/internal/vault"
)

// Out is a file that the user asked for. It has its name only once all of it is on the disk.
type Out struct {
	*atomicfile.Pending
	Path  string // as the user gave it
	force bool
}

// Create prepares a file with mode 0600 before anything is done for it: what would go wrong at the end should go
// wrong first. It never overwrites without force.
func Create(path string, force bool) (*Out, error) {
	info, err := os.Lstat(path)
	switch {
	case err == nil && info.IsDir():
		return nil, vault.Errorf(vault.CodeUsage, "%s is a directory", path)
	case err == nil && !info.Mode().IsRegular() && info.Mode()&fs.ModeSymlink == 0:
		return nil, vault.Errorf(vault.CodeUsage, "%s is not a regular file; write -o - for standard output", path)
	case err == nil && !force:
		return nil, errTaken(path)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, Trouble(path, err)
	}
	pending, err := atomicfile.New(path, 0o600)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, vault.Errorf(vault.CodeUsage, "%s: no such directory", filepath.Dir(path))
	}
	if err != nil {
		return nil, vault.Errorf(vault.CodeOf(err), "%s: %w", path, Pathless(err))
	}
	return &Out{Pending: pending, Path: path, force: force}, nil
}

// Pathless returns what went wrong with a file without its name, for messages that give the name as the user did.
func Pathless(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

// errTaken refuses to overwrite.
func errTaken(path string) error {
	return api.WithHint(vault.Errorf(vault.CodeConflict, "%s exists already", path),
		lang.Key("give another name with -o, or --force to replace it"))
}

// Keep gives the file its name. It is CodeConflict that another took the name meanwhile.
func (o *Out) Keep() error {
	finish := o.Commit
	if o.force {
		finish = o.Replace
	}
	err := finish()
	switch {
	case errors.Is(err, fs.ErrExist):
		return errTaken(o.Path)
	case err != nil:
		return fmt.Errorf("write %s: %w", o.Path, Pathless(err))
	}
	return nil
}

// Drop removes what was not kept; after Keep, and of nil, it does nothing.
func (o *Out) Drop() {
	if o != nil {
		_ = o.Abort() // whoever drops a file has a better error to tell
	}
}

// Copy copies in large pieces until the source says that this was all of it.
func Copy(dst io.Writer, src io.Reader) error {
	_, err := io.CopyBuffer(onlyWriter{dst}, src, make([]byte, 128<<10))
	return err
}

// onlyWriter hides ReadFrom, which would copy in smaller pieces than the buffer.
type onlyWriter struct{ io.Writer }
