package cli

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

// outFile is a file that the user asked for. It has its name only once all of it is on the disk.
type outFile struct {
	*atomicfile.Pending
	path  string
	force bool
}

// createOut prepares a file with mode 0600 before anything is done for it: what would go wrong at the end should go
// wrong first. It never overwrites without force.
func createOut(path string, force bool) (*outFile, error) {
	info, err := os.Lstat(path)
	switch {
	case err == nil && info.IsDir():
		return nil, vault.Errorf(vault.CodeUsage, "%s is a directory", path)
	case err == nil && !info.Mode().IsRegular() && info.Mode()&fs.ModeSymlink == 0:
		return nil, vault.Errorf(vault.CodeUsage, "%s is not a regular file; write -o - for standard output", path)
	case err == nil && !force:
		return nil, errTaken(path)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, fileTrouble(path, err)
	}
	pending, err := atomicfile.New(path, 0o600)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, vault.Errorf(vault.CodeUsage, "%s: no such directory", filepath.Dir(path))
	}
	if err != nil {
		return nil, vault.Errorf(vault.CodeOf(err), "%s: %w", path, pathless(err))
	}
	return &outFile{Pending: pending, path: path, force: force}, nil
}

func pathless(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

func errTaken(path string) error {
	return api.WithHint(vault.Errorf(vault.CodeConflict, "%s exists already", path),
		lang.Key("give another name with -o, or --force to replace it"))
}

// keep gives the file its name.
func (o *outFile) keep() error {
	finish := o.Commit
	if o.force {
		finish = o.Replace
	}
	err := finish()
	switch {
	case errors.Is(err, fs.ErrExist):
		return errTaken(o.path)
	case err != nil:
		return fmt.Errorf("write %s: %w", o.path, pathless(err))
	}
	return nil
}

// drop removes what was not kept.
func (o *outFile) drop() {
	if o != nil {
		_ = o.Abort() // whoever drops a file has a better error to tell
	}
}

// writeOut writes a small file that the user asked for, or standard output for "-".
func (f *Factory) writeOut(path string, force bool, content []byte) error {
	if path == stdio {
		_, err := f.IO.Out.Write(content)
		return err
	}
	out, err := createOut(path, force)
	if err != nil {
		return err
	}
	defer out.drop()
	if _, err := out.Write(content); err != nil {
		return fmt.Errorf("write %s: %w", path, pathless(err))
	}
	return out.keep()
}

// wrote says which file was written, for commands whose answer is the file.
func (f *Factory) wrote(path string) {
	if path != stdio {
		f.IO.Note(f.Lang().T("Written: %s", f.IO.CleanErr(path)))
	}
}

// copyAll copies until the source says that this was all of it.
func copyAll(dst io.Writer, src io.Reader) error {
	_, err := io.CopyBuffer(onlyWriter{dst}, src, make([]byte, 128<<10))
	return err
}

// onlyWriter hides ReadFrom, which would copy in smaller pieces than the buffer.
type onlyWriter struct{ io.Writer }
