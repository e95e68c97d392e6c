package remote

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/rclone/rclone/fs"

	"vaultctl/internal/objecthash"
	"vaultctl/internal/vault"
)

// probeFolder is reserved for Test; nothing else reads it.
const probeFolder = "v1/probe"

// Report is what Test found out.
type Report struct {
	Backend       string        // rclone's name for the kind of storage, such as "s3"
	Hashes        []string      // hashes that the backend knows of its objects
	ServerBLAKE3  bool          // uploads are verified by the storage's own BLAKE3 rather than by reading them back
	PartialRename bool          // uploads need a partial name and a rename, and get them
	ServerSide    []string      // what the storage does by itself: "copy", "move"
	Retention     Retention     // what stays after a deletion
	NoDeletion    bool          // the credentials do not allow to delete; the probe stays
	Total, Free   *int64        // bytes; nil where the storage does not say
	Elapsed       time.Duration // whole test
}

// Test writes a small object under v1/probe, reads it back, lists it and deletes it. The report is filled as far as the
// test got. The error is that of the step that failed.
func (r *Remote) Test(ctx context.Context) (Report, error) {
	start := time.Now()
	report := r.describe(ctx)
	err := r.probe(ctx, &report)
	report.Elapsed = time.Since(start)
	return report, err
}

func (r *Remote) describe(ctx context.Context) Report {
	features := r.fs.Features()
	report := Report{ServerBLAKE3: r.serverSum, PartialRename: features.PartialUploads && features.Move != nil}
	if info := fs.FindFromFs(r.fs); info != nil {
		report.Backend = info.Name
	}
	for _, t := range r.fs.Hashes().Array() {
		report.Hashes = append(report.Hashes, t.String())
	}
	if features.Copy != nil {
		report.ServerSide = append(report.ServerSide, "copy")
	}
	if features.Move != nil {
		report.ServerSide = append(report.ServerSide, "move")
	}
	report.Retention = r.Retention(ctx)
	if features.About != nil {
		// Not every account may ask; the test itself does not depend on it.
		_ = r.do(ctx, CallAbout, false, r.opts.CallTimeout, func(ctx context.Context) error {
			r.count(CallAbout)
			usage, err := features.About(ctx)
			if err == nil && usage != nil {
				report.Total, report.Free = usage.Total, usage.Free
			}
			return err
		})
	}
	return report
}

func (r *Remote) probe(ctx context.Context, report *Report) error {
	content := make([]byte, 4096)
	if _, err := rand.Read(content); err != nil {
		return fmt.Errorf("probe: %w", err)
	}
	path := probeFolder + "/" + strings.ToLower(rand.Text())
	err := r.Put(ctx, path, int64(len(content)), objecthash.Sum(content), func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(content)), nil
	})
	if err != nil {
		return err
	}
	err = r.readProbe(ctx, path, content)
	_, gone := r.Delete(ctx, path)
	if report.NoDeletion = vault.CodeOf(gone) == vault.CodeReadOnly; report.NoDeletion { // what was put shows that writing is allowed
		gone = nil
	}
	if err == nil {
		err = gone
	}
	return err
}

func (r *Remote) readProbe(ctx context.Context, path string, content []byte) error {
	in, err := r.Get(ctx, path)
	if err != nil {
		return err
	}
	got, err := io.ReadAll(in)
	if closed := in.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	if !bytes.Equal(got, content) {
		return vault.Errorf(vault.CodeIntegrity, "remote test: the storage returned other bytes than were stored")
	}
	listed := false
	err = r.List(ctx, probeFolder, func(info Info) error {
		listed = listed || info.Path == path && info.Size == int64(len(content))
		return nil
	})
	if err == nil && !listed {
		err = vault.Errorf(vault.CodeFailed, "remote test: the storage does not list what was just stored")
	}
	return err
}
