package remote

import (
	"context"
	"errors"
	iofs "io/fs"
	"os"
	"path"
	"path/filepath"
	"sync"
	"syscall"

	"github.com/rclone/rclone/fs"
	"github.com/rclone/rclone/fs/operations"

	"vaultctl/internal/vault"
)

const partialSuffix = ".partial"

// localBase is the folder of a remote on this machine.
type localBase struct {
	dir string // absolute, in the system's syntax
	durable

	mu   sync.Mutex
	seen os.FileInfo // the folder as it was when the remote was opened
}

var (
	errMissingBase = fail(vault.CodeUnreachable, false, "the remote's folder is missing; is the disk mounted?", nil)
	errFileBase    = fail(vault.CodeInvalid, false, "the remote is a file, not a folder", nil)
)

// newLocalBase looks at dir, which must be a folder.
func newLocalBase(dir string) (*localBase, error) {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, iofs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return nil, errMissingBase
	case err != nil:
		return nil, err
	case !info.IsDir():
		return nil, errFileBase
	}
	return &localBase{dir: dir, seen: info}, nil
}

// check reports whether the folder is still the one that was opened. An unmounted disk leaves an empty mount point
// behind, and rclone would quietly fill it; a disk that is mounted again brings its v1 folder back.
func (b *localBase) check() error {
	info, err := os.Stat(b.dir)
	if err != nil {
		return b.missing(err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if os.SameFile(info, b.seen) {
		return nil
	}
	if _, err := os.Stat(filepath.Join(b.dir, "v1")); err != nil {
		return b.missing(err)
	}
	b.seen = info
	return nil
}

func (b *localBase) missing(err error) error {
	if !errors.Is(err, iofs.ErrNotExist) {
		return err
	}
	return errMissingBase
}

// file returns where the object at name is on this machine.
func (b *localBase) file(name string) string { return filepath.Join(b.dir, filepath.FromSlash(name)) }

// putLocal uploads src under a partial name, makes it durable, and renames it once what can be read back has the right
// hash. Reading back follows the writer, so that it costs no time of its own on a second processor.
func (r *Remote) putLocal(ctx context.Context, src *source) error {
	final, partial := r.local.file(src.path), r.local.file(src.path+partialSuffix)
	if err := r.local.begin(r.local.dir); err != nil {
		return err
	}
	defer r.local.end()
	oldest, err := r.local.deepestFolder(path.Dir(src.path))
	if err != nil {
		return err
	}
	if err := os.Remove(partial); err != nil && !errors.Is(err, iofs.ErrNotExist) {
		return err
	}
	ctx, ci := fs.AddConfig(ctx)
	ci.Inplace = true // the partial name is ours, so that it can be fsynced before the rename
	ci.LowLevelRetries = 1
	ci.BufferSize = 0 // the source is a file here too: reading ahead would only copy everything once more

	progress := make(chan struct{}, 1)
	src.read = progress
	follow := startFollower(ctx, partial, src.sum, progress)
	obj, err := operations.Copy(ctx, r.fs, nil, src.path+partialSuffix, src)
	if err == nil {
		err = r.local.sync(func() error { return syncFile(partial) })
	}
	if readErr := follow.finish(err != nil); err == nil {
		err = readErr
	}
	if err == nil {
		r.count(CallVerify)
		_, err = r.fs.Features().Move(ctx, obj, src.path)
	}
	if err != nil {
		_ = os.Remove(partial)
		return err
	}
	return r.local.sync(func() error { return syncFolders(filepath.Dir(final), oldest) })
}

// deepestFolder returns the deepest existing folder on the way to name: it and everything below it need an fsync after
// an upload made the missing ones.
func (b *localBase) deepestFolder(name string) (string, error) {
	for ; name != "." && name != "/"; name = path.Dir(name) {
		switch _, err := os.Stat(b.file(name)); {
		case err == nil:
			return b.file(name), nil
		case !errors.Is(err, iofs.ErrNotExist):
			return "", err
		}
	}
	return b.dir, nil
}

// syncFile makes the content of the file at name durable.
func syncFile(name string) error {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	err = f.Sync()
	return errors.Join(err, f.Close())
}

// syncFolders makes the entries of the folder dir and of those above it, up to and including top, durable.
func syncFolders(dir, top string) error {
	for {
		if err := syncFolder(dir); err != nil {
			return err
		}
		if dir == top || filepath.Dir(dir) == dir {
			return nil
		}
		dir = filepath.Dir(dir)
	}
}
