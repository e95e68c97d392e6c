package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"vaultctl/internal/api"
	"vaultctl/internal/apiclient"
	"vaultctl/internal/lang"
	"vaultctl/internal/userfile"
	"vaultctl/internal/vault"
)

// copyTarget is where copies of a share go: one file, or a directory.
type copyTarget struct {
	file, dir string
	force     bool
}

// copiesTo checks where n copies are to be written, before anything is done; nil for "". What exists as a directory is one;
// several copies go into a directory, which is made if it is not there.
func (f *Factory) copiesTo(out string, force bool, n int) (*copyTarget, error) {
	if out == "" {
		return nil, nil
	}
	if out == stdio {
		return nil, vault.Errorf(vault.CodeUsage, "copies are written to a file or a directory, not to standard output")
	}
	info, err := os.Stat(out)
	switch {
	case err == nil && info.IsDir():
		return &copyTarget{dir: out, force: force}, nil
	case n == 1:
		pending, err := userfile.Create(out, force)
		pending.Drop()
		return &copyTarget{file: out, force: force}, err
	case err == nil:
		return nil, vault.Errorf(vault.CodeUsage, "%s is a file: several copies need a directory", out)
	case !errors.Is(err, fs.ErrNotExist):
		return nil, userfile.Trouble(out, err)
	}
	if err := os.Mkdir(out, 0o700); err != nil {
		return nil, vault.Errorf(vault.CodeUsage, "%s: %w", out, userfile.Pathless(err))
	}
	return &copyTarget{dir: out, force: force}, nil
}

// path returns where a copy of that name goes.
func (t *copyTarget) path(name string) string {
	if t.file != "" {
		return t.file
	}
	return filepath.Join(t.dir, plainCopyName(name))
}

// plainCopyName takes no directory from a name that the daemon gives.
func plainCopyName(name string) string { return filepath.Base(filepath.FromSlash(name)) }

// writeCopies writes the sealed copies of a share, and into a directory what goes along with them.
func (f *Factory) writeCopies(ctx context.Context, c *apiclient.Client, s *api.Share, target *copyTarget) ([]string, error) {
	var paths []string
	for _, name := range copyNames(s, target) {
		got, err := f.writeCopy(ctx, c, api.ShareGetRequest{Share: s.ID, Document: name, Sealed: true}, target)
		if err != nil {
			return paths, err
		}
		paths = append(paths, got.Path)
	}
	return paths, nil
}

// copyNames lists what of a share is written: its documents, and for a directory the cover.
func copyNames(s *api.Share, target *copyTarget) []string {
	var names []string
	for _, d := range s.Documents {
		if !d.Withheld {
			names = append(names, d.Document)
		}
	}
	if target.dir != "" {
		names = append(names, api.ShareCover)
	}
	return names
}

// gottenCopy is a copy that was written to a file.
type gottenCopy struct {
	api.ShareFile
	Path string `json:"path"`
}

// writeCopy writes one copy, which appears once all of it has been checked.
func (f *Factory) writeCopy(ctx context.Context, c *apiclient.Client, req api.ShareGetRequest, target *copyTarget) (gottenCopy, error) {
	meta, body, err := apiclient.Download[api.ShareFile](ctx, c, api.RouteShareGet, req)
	if err != nil {
		return gottenCopy{}, err
	}
	defer body.Close()
	out, err := userfile.Create(target.path(meta.FileName), target.force)
	if err != nil {
		return gottenCopy{}, err
	}
	defer out.Drop()
	progress := f.IO.Progress(meta.FileName, meta.Size)
	defer progress.Done()
	if err := userfile.Copy(out, progress.Reader(body)); err != nil {
		return gottenCopy{}, err
	}
	return gottenCopy{meta, out.Path}, out.Keep()
}

type shareGetOptions struct {
	out, pack     string
	card          string
	sealed, force bool
	link          bool
}

func newShareGet(f *Factory) *cobra.Command {
	o := &shareGetOptions{}
	cmd := &cobra.Command{
		Use:   "get SHARE [DOCUMENT]",
		Short: lang.Key("Write what was shared to files"),
		Long: "Write the documents of a share that you or a team of yours received, in the clear; the person's journal shows it. With\n" +
			"--sealed the copies are written as they are on the storage, for `age -d` and whoever has the key: what is handed out so\n" +
			"cannot be called back. --package makes the HTML file of a share for a partner once more, with a new passphrase. Without\n" +
			"DOCUMENT all of them are written, to -o or here.",
		Example: "  vaultctl share get s0vm9f4x7whte -o dossier\n" +
			"  vaultctl share get s0vm9f4x7whte --package dossier.html\n" +
			"  vaultctl share get s0vm9f4x7whte --sealed -o /media/usb",
		Args:              argsFromUse,
		ValidArgsFunction: positions(f.completeShares(api.ShareListRequest{})),
		RunE:              func(cmd *cobra.Command, args []string) error { return runShareGet(cmd.Context(), f, args, o) },
	}
	cmd.Flags().StringVarP(&o.out, "output", "o", "", lang.Key("file or directory"))
	cmd.Flags().BoolVar(&o.sealed, "sealed", false, lang.Key("the sealed copies, as they are on the storage"))
	cmd.Flags().StringVar(&o.pack, "package", "", lang.Key("one HTML file instead, which any browser opens (or -)"))
	cmd.Flags().BoolVar(&o.force, "force", false, lang.Key("replace a file that exists"))
	cmd.Flags().BoolVar(&o.link, "link", false, lang.Key("public links to the sealed copies instead, where the storage makes such"))
	cardFlag(cmd, &o.card, "card")
	cmd.MarkFlagsMutuallyExclusive("link", "package", "sealed")
	cmd.MarkFlagsMutuallyExclusive("link", "output")
	cmd.MarkFlagsMutuallyExclusive("package", "sealed")
	cmd.MarkFlagsMutuallyExclusive("package", "output")
	return cmd
}

func runShareGet(ctx context.Context, f *Factory, args []string, o *shareGetOptions) error {
	c, err := f.Client(ctx)
	if err != nil {
		return err
	}
	if o.link {
		if len(args) > 1 {
			return vault.Errorf(vault.CodeUsage, "links are given for every document of the share")
		}
		return f.getLinks(ctx, c, args[0])
	}
	if o.pack != "" {
		if len(args) > 1 {
			return vault.Errorf(vault.CodeUsage, "a package holds every document of the share")
		}
		return f.getPackage(ctx, c, args[0], o)
	}
	s, err := apiclient.Call[api.Share](ctx, c, api.RouteShareShow, api.ShareRequest{Share: args[0], Language: f.Lang().String()})
	if err != nil {
		return err
	}
	target, err := f.copiesTo(firstOf(o.out, "."), o.force, max(1, len(s.Documents)*(2-len(args))))
	if err != nil {
		return err
	}
	names := args[1:]
	if len(names) == 0 {
		if names = copyNames(&s, target); !o.sealed && target.dir != "" {
			names = names[:len(names)-1] // what the cover says is what `share show` says
		}
	}
	for _, name := range names {
		got, err := f.writeCopy(ctx, c, api.ShareGetRequest{Share: s.ID, Document: name, Sealed: o.sealed}, target)
		if err != nil {
			return err
		}
		err = emit(f, got, func(w io.Writer, got gottenCopy) error {
			_, err := fmt.Fprintln(w, f.IO.Clean(got.Path))
			return err
		})
		if err != nil {
			return err
		}
	}
	if o.sealed {
		f.IO.Note(f.Lang().T("What is handed out as a file cannot be called back."))
	} else {
		f.IO.Note(f.Lang().T("Written in the clear. Delete it when it is no longer needed."))
	}
	return nil
}
