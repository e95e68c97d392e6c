package cli

import (
	"context"
	"fmt"
	"io"
	"strconv"

	"github.com/spf13/cobra"

	"vaultctl/internal/api"
	"vaultctl/internal/apiclient"
	"vaultctl/internal/lang"
	"vaultctl/internal/phrase"
	"vaultctl/internal/termio"
	"vaultctl/internal/userfile"
)

func newRemote(f *Factory) *cobra.Command {
	return newNoun("remote", lang.Key("Where everything is stored, sealed"),
		newRemoteAdd(f), newRemoteList(f), newRemoteTest(f), newRemoteClean(f), newRemoteRemove(f))
}

func newRemoteAdd(f *Factory) *cobra.Command {
	req, conf := api.RemoteAddRequest{}, ""
	cmd := &cobra.Command{
		Use:   "add NAME REMOTE",
		Short: lang.Key("Add a mirror that holds everything as well"),
		Long: "Add a mirror: a folder, or a remote in rclone's syntax, that gets everything the others hold. Its section of\n" +
			"rclone.conf is copied, sealed, into the home; later changes of rclone.conf are not seen.",
		Example: "  vaultctl remote add mirror /mnt/backup/vault\n  vaultctl remote add offsite s3:vault-copy --rclone-config /etc/rclone.conf",
		Args:    argsFromUse,
		RunE: func(cmd *cobra.Command, args []string) error {
			var err error
			if req.Remote, err = userfile.RemoteSpec(args[1]); err != nil {
				return err
			}
			if req.Conf, err = userfile.RcloneConf(conf); err != nil {
				return err
			}
			req.Name = args[0]
			return runRemoteAdd(cmd.Context(), f, req)
		},
	}
	declareRclone(cmd, &conf)
	return cmd
}

func runRemoteAdd(ctx context.Context, f *Factory, req api.RemoteAddRequest) error {
	c, err := f.Client(ctx)
	if err != nil {
		return err
	}
	added, err := apiclient.Call[api.Remote](ctx, c, api.RouteRemoteAdd, req)
	if err != nil {
		return beforeFounded(err)
	}
	return emit(f, added, func(w io.Writer, r api.Remote) error {
		l := f.Lang()
		p := &page{f: f, l: l}
		p.line(l.T("%s is added: %s.", r.Name, r.Remote))
		if r.Queued > 0 {
			p.line(l.N(r.Queued, "%d object goes there now; `vaultctl sync --wait` waits for it.", "%d objects go there now; `vaultctl sync --wait` waits for them."))
		}
		_, err := io.WriteString(w, p.String())
		return err
	})
}

func newRemoteList(f *Factory) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   lang.Key("List the remotes"),
		Example: "  vaultctl remote list",
		Args:    argsFromUse,
		RunE: func(cmd *cobra.Command, _ []string) error {
			l := f.Lang()
			return listOf(cmd.Context(), f, api.RouteRemoteList, []string{l.T("name"), l.T("remote"), l.T("to send")}, func(r api.Remote) []termio.Cell {
				return []termio.Cell{{Text: r.Name}, {Text: r.Remote}, {Text: strconv.Itoa(r.Queued)}}
			})
		},
	}
}

func newRemoteTest(f *Factory) *cobra.Command {
	return &cobra.Command{
		Use:               "test NAME",
		Short:             lang.Key("Write, read and delete a probe on a remote"),
		Example:           "  vaultctl remote test main",
		Args:              argsFromUse,
		ValidArgsFunction: positions(f.completeRemotes),
		RunE:              func(cmd *cobra.Command, args []string) error { return runRemoteTest(cmd.Context(), f, args[0]) },
	}
}

func runRemoteTest(ctx context.Context, f *Factory, name string) error {
	c, err := f.Client(ctx)
	if err != nil {
		return err
	}
	report, err := apiclient.Call[api.RemoteReport](ctx, c, api.RouteRemoteTest, api.RemoteRequest{Name: name})
	if err != nil {
		return err
	}
	return emit(f, report, func(w io.Writer, r api.RemoteReport) error {
		l := f.Lang()
		good, pairs := phrase.RemoteReport(l, &r)
		if _, err := fmt.Fprintln(w, f.IO.Styled(termio.Good, "✓")+" "+f.IO.Clean(good)); err != nil {
			return err
		}
		return f.fields(w, pairs...)
	})
}

func newRemoteClean(f *Factory) *cobra.Command {
	req := api.RemoteCleanRequest{}
	cmd := &cobra.Command{
		Use:   "clean [NAME]",
		Short: lang.Key("Delete from the remotes what nothing refers to any more"),
		Long: "Delete from all remotes, or from one, what nothing refers to any more: removed objects that are still there,\n" +
			"objects of this workstation, or of one revoked more than 30 days ago, that no event tells of, and requests and welcomes of\n" +
			"workstations that have joined, or that nobody approved in 30 days. What others may be about to tell of stays. What is missing there, though in use, is sent again. What other workstations removed is deleted by admins, and by a custodian: see\n" +
			"`vaultctl config explain custodian`. A custodian cleans by itself once a day.",
		Example:           "  vaultctl remote clean --dry-run\n  vaultctl remote clean main --yes",
		Args:              argsFromUse,
		ValidArgsFunction: positions(f.completeRemotes),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				req.Name = args[0]
			}
			return runRemoteClean(cmd.Context(), f, req)
		},
	}
	cmd.Flags().BoolVar(&req.DryRun, "dry-run", false, lang.Key("say what would be deleted, delete nothing"))
	return cmd
}

func runRemoteClean(ctx context.Context, f *Factory, req api.RemoteCleanRequest) error {
	l := f.Lang()
	if !req.DryRun {
		if err := f.sure(ctx, l.T("Delete what nothing refers to any more?")); err != nil {
			return err
		}
	}
	c, err := f.Client(ctx)
	if err != nil {
		return err
	}
	for res, err := range apiclient.List[api.Cleaned](ctx, c, api.RouteRemoteClean, req) {
		if err != nil {
			return err
		}
		if err := emit(f, res, func(w io.Writer, r api.Cleaned) error { return f.printCleaned(w, &r) }); err != nil {
			return err
		}
	}
	return nil
}

func (f *Factory) printCleaned(w io.Writer, r *api.Cleaned) error {
	l := f.Lang()
	p := &page{f: f, l: l}
	p.line(phrase.Cleaned(l, r)...)
	_, err := io.WriteString(w, p.String())
	return err
}

func newRemoteRemove(f *Factory) *cobra.Command {
	return &cobra.Command{
		Use:   "remove NAME",
		Short: lang.Key("Stop using a remote; what it holds stays there"),
		Long: "Stop using a remote. What it holds stays there, sealed: delete it with the storage's own means. The last remote\n" +
			"cannot be removed.",
		Example:           "  vaultctl remote remove mirror\n  vaultctl remote remove mirror --yes",
		Args:              argsFromUse,
		ValidArgsFunction: positions(f.completeRemotes),
		RunE:              func(cmd *cobra.Command, args []string) error { return runRemoteRemove(cmd.Context(), f, args[0]) },
	}
}

func runRemoteRemove(ctx context.Context, f *Factory, name string) error {
	l := f.Lang()
	if err := f.sure(ctx, l.T("Stop using the remote %s?", f.IO.CleanErr(name))); err != nil {
		return err
	}
	c, err := f.Client(ctx)
	if err != nil {
		return err
	}
	if _, err := apiclient.Call[api.Empty](ctx, c, api.RouteRemoteRemove, api.RemoteRequest{Name: name}); err != nil {
		return err
	}
	f.IO.Note(l.T("%s is no longer used; what it holds stays there.", name))
	return nil
}

func (f *Factory) completeRemotes(cmd *cobra.Command, _ []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var found []cobra.Completion
	for r := range askDaemon[api.Remote](cmd.Context(), f, api.RouteRemoteList, api.Empty{}) {
		found = append(found, f.described(r.Name, r.Remote))
	}
	return found, noFiles
}
