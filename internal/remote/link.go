package remote

import (
	"context"
	"time"

	"github.com/rclone/rclone/fs"

	"vaultctl/internal/vault"
)

// Links reports whether the storage makes public links at all.
func (r *Remote) Links() bool { return r.fs.Features().PublicLink != nil }

// Link makes a link under which everybody reads the object at path until it ends; services have limits of their own, which
// may end it sooner. Errors: CodePolicy where the storage makes none, CodeNotFound, CodeUnreachable, CodeInterrupted.
func (r *Remote) Link(ctx context.Context, path string, expires time.Duration) (url string, err error) {
	if err := checkPath(path); err != nil {
		return "", err
	}
	link := r.fs.Features().PublicLink
	if link == nil {
		return "", vault.Errorf(vault.CodePolicy, "the storage makes no public links")
	}
	err = r.do(ctx, CallLink, true, r.opts.CallTimeout, func(ctx context.Context) error {
		r.count(CallLink)
		url, err = link(ctx, path, fs.Duration(expires), false)
		return err
	})
	return url, err
}
