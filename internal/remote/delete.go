package remote

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/rclone/rclone/fs"

	"vaultctl/internal/vault"
)

// Retention says what the storage may keep of an object that was deleted.
type Retention string

// The answers, as far as the backend can tell. Snapshots and backups of the storage itself are never visible here.
const (
	RetentionNone     Retention = "none"     // deleted is deleted
	RetentionVersions Retention = "versions" // old versions stay until the storage's own rules remove them
	RetentionTrash    Retention = "trash"    // the service has a trash or a history
	RetentionUnknown  Retention = "unknown"  // the backend cannot tell
)

// Delete removes the object at path and makes sure that it is gone; one that is not there is success. The answer says
// what the storage may keep nevertheless. Errors: CodeUnreachable, CodeReadOnly, CodeInterrupted, CodeFailed if the
// object is still there afterwards.
func (r *Remote) Delete(ctx context.Context, path string) (Retention, error) {
	if err := checkPath(path); err != nil {
		return RetentionUnknown, err
	}
	release, err := r.paths.lock(ctx, path)
	if err != nil {
		return RetentionUnknown, classify(ctx, true, err).report(CallDelete)
	}
	defer release()
	err = r.do(ctx, CallDelete, true, r.opts.CallTimeout, func(ctx context.Context) error {
		return r.delete(ctx, path)
	})
	if err != nil {
		return RetentionUnknown, err
	}
	return r.Retention(ctx), nil
}

func (r *Remote) delete(ctx context.Context, path string) error {
	obj, err := r.find(ctx, path)
	found := err == nil
	switch {
	case found:
		r.count(CallDelete)
		if err := obj.Remove(ctx); err != nil && !isMissing(err, httpStatus(err), "") {
			return err
		}
	case !isMissing(err, httpStatus(err), "") || asFailure(err):
		return err
	}
	if r.local != nil {
		return r.forgetLocal(path)
	}
	if !found {
		return nil
	}
	r.count(CallStat)
	_, err = r.fs.NewObject(ctx, path)
	switch {
	case err == nil:
		return fail(vault.CodeFailed, true, "the object is still there after it was deleted", nil)
	case isMissing(err, httpStatus(err), ""):
		return nil
	}
	return err
}

// asFailure reports whether err was classified already, as a missing base folder is.
func asFailure(err error) bool {
	var known *failure
	return errors.As(err, &known)
}

// forgetLocal removes what an interrupted upload may have left and makes the removal durable.
func (r *Remote) forgetLocal(path string) error {
	file := r.local.file(path)
	if _, err := os.Lstat(file + partialSuffix); err == nil {
		if err := os.Remove(file + partialSuffix); err != nil {
			return err
		}
	}
	if _, err := os.Lstat(file); !errors.Is(err, os.ErrNotExist) {
		return errors.Join(fail(vault.CodeFailed, true, "the object is still there after it was deleted", nil), err)
	}
	if err := syncFolder(filepath.Dir(file)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// retentions are the backends whose way of deleting is known. The others cannot tell.
var retentions = map[string]Retention{
	"local": RetentionNone, "memory": RetentionNone,
	"b2":    RetentionVersions,
	"drive": RetentionTrash, "dropbox": RetentionTrash, "onedrive": RetentionTrash, "box": RetentionTrash,
	"pcloud": RetentionTrash, "jottacloud": RetentionTrash, "mega": RetentionTrash, "yandex": RetentionTrash,
	"protondrive": RetentionTrash, "koofr": RetentionTrash, "seafile": RetentionTrash, "sharefile": RetentionTrash,
}

// Retention says what the storage may keep of deleted objects. An S3 bucket is asked once; a failure is RetentionUnknown.
func (r *Remote) Retention(ctx context.Context) Retention {
	r.keepsMu.Lock()
	defer r.keepsMu.Unlock()
	if r.keeps == "" {
		r.keeps = r.askRetention(ctx)
	}
	return r.keeps
}

func (r *Remote) askRetention(ctx context.Context) Retention {
	f := r.fs
	for f.Features().UnWrap != nil {
		inner := f.Features().UnWrap()
		if inner == nil {
			break
		}
		f = inner
	}
	backend := ""
	if info := fs.FindFromFs(f); info != nil {
		backend = info.Name
	}
	if known, ok := retentions[backend]; ok {
		return known
	}
	if command := f.Features().Command; backend == "s3" && command != nil {
		r.count(CallAbout)
		bounded, cancel := context.WithTimeout(r.withSettings(ctx), r.opts.CallTimeout)
		defer cancel()
		status, err := command(bounded, "versioning", nil, nil)
		switch {
		case err != nil:
		case status == "Enabled", status == "Suspended":
			return RetentionVersions
		case status == "Unversioned":
			return RetentionNone
		}
	}
	return RetentionUnknown
}
