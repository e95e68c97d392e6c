package importer

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"vaultctl/internal/atomicfile"
	"vaultctl/internal/vault"
)

// maxNames is how many names are tried for a file that may not overwrite another.
const maxNames = 10_000

// plain refuses what is not a regular file under its own name: to move a link would be to move something else.
func plain(path string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return pathless(err)
	}
	if !info.Mode().IsRegular() {
		return vault.Errorf(vault.CodePolicy, "it is a link, and left alone")
	}
	return nil
}

// remove deletes a file, durably.
func remove(path string) error {
	if err := plain(path); err != nil {
		return err
	}
	if err := os.Remove(path); err != nil {
		return pathless(err)
	}
	return atomicfile.SyncDir(filepath.Dir(path))
}

// move gives a file another name, durably, and returns the name that it has now: to, or if that is taken to-2, to-3, ….
// Nothing is ever overwritten, and the file is never without a name.
func move(from, to string) (string, error) {
	if err := plain(from); err != nil {
		return "", err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return "", pathless(err)
	}
	ext := filepath.Ext(to)
	stem := strings.TrimSuffix(to, ext)
	for n := 2; n < maxNames; n++ {
		err := rename(from, to)
		if err == nil {
			return to, errors.Join(atomicfile.SyncDir(filepath.Dir(to)), atomicfile.SyncDir(filepath.Dir(from)))
		}
		if !errors.Is(err, fs.ErrExist) {
			return "", pathless(err)
		}
		to = stem + "-" + strconv.Itoa(n) + ext
	}
	return "", vault.Errorf(vault.CodeConflict, "too many files of that name are there")
}

// rename moves a file without overwriting, to another file system too.
func rename(from, to string) error {
	err := atomicfile.RenameNew(from, to)
	if err == nil || errors.Is(err, fs.ErrExist) || !atomicfile.IsOtherFileSystem(err) {
		return err
	}
	if err := duplicate(from, to); err != nil {
		return err
	}
	return os.Remove(from)
}

// duplicate writes a durable copy of a file, with its time.
func duplicate(from, to string) error {
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = src.Close() }() // it was only read
	before, err := src.Stat()
	if err != nil {
		return err
	}
	out, err := atomicfile.New(to, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = out.Abort() }() // after Commit it does nothing
	if _, err := io.Copy(out, src); err != nil {
		return fmt.Errorf("copy file: %w", err)
	}
	after, err := src.Stat()
	if err != nil {
		return err
	}
	if after.Size() != before.Size() || !after.ModTime().Equal(before.ModTime()) {
		return errWaiting
	}
	if err := out.Commit(); err != nil {
		return err
	}
	return os.Chtimes(to, before.ModTime(), before.ModTime())
}

// pathless takes the names of files off an error of the system.
func pathless(err error) error {
	var pe *fs.PathError
	var le *os.LinkError
	switch {
	case errors.As(err, &pe):
		err = pe.Err
	case errors.As(err, &le):
		err = le.Err
	}
	return err
}
