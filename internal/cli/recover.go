package cli

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"vaultctl/internal/api"
	"vaultctl/internal/apiclient"
	"vaultctl/internal/atomicfile"
	"vaultctl/internal/lang"
	"vaultctl/internal/termio"
	"vaultctl/internal/userfile"
	"vaultctl/internal/vault"
)

type recoverOptions struct {
	remote, rcloneCfg, dir string
	identities             []string
}

func newRecover(f *Factory) *cobra.Command {
	var o recoverOptions
	cmd := &cobra.Command{
		Use:   "recover",
		Short: lang.Key("Get documents back from a remote with nothing but a secret"),
		Long: "Get documents back as files, from a remote and a secret alone: the recovery secret or enough of its shares gives every\n" +
			"vault whose person did not decline recovery, a person's card gives that person's. No organization is needed here, and\n" +
			"the one that is here is not touched. The exit status is 11 if some files were altered; the others are written.",
		Example: "  vaultctl recover --remote s3:vault --identity share1.txt --identity share3.txt -o restored\n" +
			"  vaultctl recover --remote /srv/vault -o restored",
		Args: argsFromUse,
		RunE: func(cmd *cobra.Command, _ []string) error { return runRecover(cmd.Context(), f, cmd, o) },
	}
	flags := cmd.Flags()
	flags.StringVar(&o.remote, "remote", "", lang.Key("where everything is stored, sealed: a folder, or a remote in rclone's syntax"))
	declareRclone(cmd, &o.rcloneCfg)
	flags.StringArrayVar(&o.identities, "identity", nil, lang.Key("file with words, AGE-SECRET-KEY-PQ-1… or shares; - for standard input"))
	flags.StringVarP(&o.dir, "output", "o", "", lang.Key("directory to write to: a new one, or an empty one"))
	flags.SortFlags = false
	if err := cmd.MarkFlagDirname("output"); err != nil {
		panic("cli: " + err.Error()) // no such flag: a mistake in the program
	}
	return cmd
}

func runRecover(ctx context.Context, f *Factory, cmd *cobra.Command, o recoverOptions) error {
	switch {
	case o.dir == "":
		return usagef(cmd, "%s is missing", "-o DIR")
	case o.remote == "":
		return usagef(cmd, "%s is missing", "--remote")
	}
	if err := emptyDir(o.dir); err != nil {
		return err
	}
	req := api.RecoverRequest{}
	var err error
	if req.Remote, err = userfile.RemoteSpec(o.remote); err != nil {
		return err
	}
	if req.Conf, err = userfile.RcloneConf(o.rcloneCfg); err != nil {
		return err
	}
	if req.Secrets, err = f.recoverySecrets(ctx, o.identities, "--identity"); err != nil {
		return err
	}
	c, err := f.Client(ctx)
	if err != nil {
		return err
	}
	_, body, err := apiclient.Download[api.Empty](ctx, c, api.RouteRecover, req)
	if err != nil {
		return beforeFounded(err)
	}
	defer func() { _ = body.Close() }() // reading is over by then
	if err := os.MkdirAll(o.dir, 0o700); err != nil {
		return userfile.Trouble(o.dir, err)
	}
	res := recovered{Head: api.H("recovered"), Path: o.dir}
	progress := f.IO.Progress(f.Lang().T("recover"), 0)
	failure := res.unpack(progress.Reader(body))
	progress.Done()
	if vault.CodeOf(failure) == vault.CodePartial {
		failure = api.WithHint(vault.Errorf(vault.CodeIntegrity, "%w", failure), api.HintOf(failure))
	}
	// What was written is worth keeping even if the rest is not to be had.
	if failure != nil && res.Files == 0 {
		return failure
	}
	err = emit(f, res, func(w io.Writer, r recovered) error {
		l := f.Lang()
		_, err := fmt.Fprintln(w, f.IO.Clean(l.N(r.Documents, "%d document restored in %s (%s)", "%d documents restored in %s (%s)", r.Path, termio.FormatBytes(r.Bytes))+
			", "+l.N(r.Files-r.Documents, "%d file that explains them.", "%d files that explain them.")))
		return err
	})
	if err != nil {
		return err
	}
	return failure
}

// emptyDir refuses a directory that holds something, and whatever is no directory.
func emptyDir(path string) error {
	entries, err := os.ReadDir(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return userfile.Trouble(path, err)
	case len(entries) > 0:
		return vault.Errorf(vault.CodeConflict, "%s is not empty: recover into a new directory", path)
	}
	return nil
}

// recovered is the answer of recover.
type recovered struct {
	api.Head
	Path      string `json:"path"`
	Documents int    `json:"documents"`
	Files     int    `json:"files"` // with what explains them: README.txt, manifest.json
	Bytes     int64  `json:"bytes"`
}

// unpack writes the files of a tar stream below r.Path, each complete or not at all. The names come from whoever could
// write to the remote: nothing but plain files and directories below r.Path is made.
func (r *recovered) unpack(stream io.Reader) error {
	t := tar.NewReader(stream)
	for {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			// The daemon says at the very end whether this was all, and whether all was well.
			_, err = io.Copy(io.Discard, stream)
			return err
		}
		if err != nil {
			return err
		}
		if err := r.entry(t, h); err != nil {
			return err
		}
	}
}

func (r *recovered) entry(content io.Reader, h *tar.Header) error {
	name := filepath.FromSlash(strings.TrimSuffix(h.Name, "/"))
	if !filepath.IsLocal(name) || name == "." || h.Typeflag != tar.TypeReg && h.Typeflag != tar.TypeDir {
		return vault.Errorf(vault.CodeIntegrity, "a recovered file has a name that leads elsewhere: refused")
	}
	path := filepath.Join(r.Path, name)
	dir := path
	if h.Typeflag == tar.TypeReg {
		dir = filepath.Dir(path)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("write %s: %w", dir, userfile.Pathless(err))
	}
	if h.Typeflag == tar.TypeDir {
		return nil
	}
	file, err := atomicfile.New(path, 0o600)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, userfile.Pathless(err))
	}
	n, err := io.Copy(file, content)
	if err == nil {
		err = file.Commit()
	}
	if err != nil {
		_ = file.Abort() // the first error says more
		return fmt.Errorf("write %s: %w", path, userfile.Pathless(err))
	}
	r.Files++
	if base := filepath.Base(name); base != "README.txt" && base != "manifest.json" {
		r.Documents++
	}
	r.Bytes += n
	return nil
}
