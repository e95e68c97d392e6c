package cli

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"vaultctl/internal/api"
	"vaultctl/internal/apiclient"
	"vaultctl/internal/lang"
	"vaultctl/internal/phrase"
	"vaultctl/internal/termio"
	"vaultctl/internal/vault"
)

func newBatch(f *Factory) *cobra.Command {
	return newNoun("batch", lang.Key("What imports did, and how to take it back"), newBatchList(f), newBatchShow(f), newBatchUndo(f))
}

func newBatchList(f *Factory) *cobra.Command {
	var req api.BatchListRequest
	cmd := &cobra.Command{
		Use:     "list",
		Short:   lang.Key("List the imports that this workstation knows of, the newest first"),
		Example: "  vaultctl batch list --since 7d\n  vaultctl batch list --since 2026-11-01 --agent \"A. Martin\" --json",
		Args:    argsFromUse,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runBatchList(f, cmd, req) },
	}
	cmd.Flags().StringVar(&req.Since, "since", "", lang.Key("only from this day on: YYYY-MM-DD, or 7d for a week"))
	cmd.Flags().StringVar(&req.Agent, "agent", "", lang.Key("only those of this agent"))
	complete(cmd, "agent", f.completeAgents)
	return cmd
}

func runBatchList(f *Factory, cmd *cobra.Command, req api.BatchListRequest) error {
	c, err := f.Client(cmd.Context())
	if err != nil {
		return err
	}
	l := f.Lang()
	n := 0
	header := []string{l.T("batch"), l.T("begun"), l.T("who"), l.T("documents"), l.T("new versions"), l.T("people"), l.T("consents"), l.T("removed")}
	err = emitList(f, apiclient.List[api.Batch](cmd.Context(), c, api.RouteBatchList, req), header, func(b api.Batch) []termio.Cell {
		n++
		return []termio.Cell{{Text: b.ID}, {Text: phrase.Time(f.Lang(), b.Begun)}, {Text: b.Agent}, {Text: strconv.Itoa(b.Documents)},
			{Text: strconv.Itoa(b.Versions)}, {Text: strconv.Itoa(b.People)}, {Text: strconv.Itoa(b.Consents)}, {Text: strconv.Itoa(b.Removed)}}
	})
	if err == nil && n == 0 && !f.JSON() {
		f.IO.Note(l.T("No batch."))
	}
	return err
}

func newBatchShow(f *Factory) *cobra.Command {
	return &cobra.Command{
		Use:   "show BATCH",
		Short: lang.Key("Show what an import did, and what became of it"),
		Long: "Show each vault, consent and document that an import made, how it stands today, and who opened, printed, shared or\n" +
			"exported the document since.",
		Example:           "  vaultctl batch show i7k2m9x4qw3t5\n  vaultctl batch show i7k2m9x4qw3t5 --json | jq -r 'select(.seen).id'",
		Args:              argsFromUse,
		ValidArgsFunction: positions(f.completeBatches),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := f.Client(cmd.Context())
			if err != nil {
				return err
			}
			items := apiclient.List[api.BatchItem](cmd.Context(), c, api.RouteBatchShow, api.BatchRequest{Batch: args[0]})
			l := f.Lang()
			header := []string{l.T("id"), l.T("what"), l.T("state"), l.T("person"), l.T("document"), l.T("seen by")}
			return emitList(f, items, header, func(it api.BatchItem) []termio.Cell { return itemRow(l, &it) })
		},
	}
}

func itemRow(l lang.Lang, it *api.BatchItem) []termio.Cell {
	return []termio.Cell{{Text: it.ID}, {Text: phrase.BatchThing(l, it.What)}, phrase.BatchState(l, it), {Text: firstOf(it.Name, it.Beneficiary)},
		{Text: joinWords(it.DocumentType, it.Title)}, {Text: phrase.SeenLine(l, it.Seen)}}
}

func newBatchUndo(f *Factory) *cobra.Command {
	var dryRun bool
	cmd := &cobra.Command{
		Use:   "undo BATCH",
		Short: lang.Key("Take back what an import did"),
		Long: "Take back what an import did: the documents that it deposited are removed, the consents that it recorded are\n" +
			"withdrawn, and the vaults that it opened are closed, where nothing else is in them; their references are free again.\n" +
			"What somebody changed since is left, and so are new versions of documents: those before them are gone. The exit status\n" +
			"is then 3. The answer says who had a document in the clear meanwhile. Cut short, it goes on when it is run again.",
		Example:           "  vaultctl batch undo i7k2m9x4qw3t5 --dry-run\n  vaultctl batch undo i7k2m9x4qw3t5 --yes",
		Args:              argsFromUse,
		ValidArgsFunction: positions(f.completeBatches),
		RunE:              func(cmd *cobra.Command, args []string) error { return runBatchUndo(f, cmd, args[0], dryRun) },
	}
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, lang.Key("say what would happen, and do nothing"))
	return cmd
}

func runBatchUndo(f *Factory, cmd *cobra.Command, id string, dryRun bool) error {
	ctx := cmd.Context()
	c, err := f.Client(ctx)
	if err != nil {
		return err
	}
	req := api.BatchUndoRequest{Batch: id, DryRun: true}
	if !dryRun {
		// What it comes to is asked about, and that takes looking.
		plan, err := apiclient.Rows[api.BatchItem, api.BatchUndone](ctx, c, api.RouteBatchUndo, req, nil, nil)
		if err != nil {
			return err
		}
		if plan.Undone > 0 {
			if err := f.sure(ctx, phrase.UndoQuestion(f.Lang(), &plan)); err != nil {
				return err
			}
		}
		req.DryRun = false
	}
	tell, done := f.stages()
	defer done()
	closed := false
	sum, err := apiclient.Rows[api.BatchItem, api.BatchUndone](ctx, c, api.RouteBatchUndo, req, func(it api.BatchItem) error {
		done()
		closed = closed || it.What == "vault" && it.State == api.ItemUndone && !it.DryRun
		return emit(f, it, f.undoneItem)
	}, tell)
	done()
	if err != nil {
		return err
	}
	if err := emit(f, sum, f.undoneSum); err != nil {
		return err
	}
	if closed && !f.JSON() {
		f.IO.Note(f.Lang().T("A closed vault still holds the name: `vaultctl beneficiary erase` erases it."))
	}
	if sum.Left > 0 {
		return vault.Errorf(vault.CodePartial, "%d of %d were left as they are", sum.Left, sum.Left+sum.Undone)
	}
	return nil
}

// undoneItem prints one thing of an undo, and who has seen it.
func (f *Factory) undoneItem(w io.Writer, it api.BatchItem) error {
	l := f.Lang()
	cell := phrase.BatchState(l, &it)
	about := []string{it.ID, f.IO.Styled(cell.Style, f.IO.Clean(cell.Text)), phrase.BatchThing(l, it.What), firstOf(it.Name, it.Beneficiary),
		joinWords(it.DocumentType, it.Title)}
	for i := range about {
		if i != 1 {
			about[i] = f.IO.Clean(about[i])
		}
	}
	if _, err := fmt.Fprintln(w, strings.TrimSpace(strings.Join(about, "  "))); err != nil {
		return err
	}
	return f.printSeen(w, it.Seen)
}

func (f *Factory) undoneSum(w io.Writer, s api.BatchUndone) error {
	if _, err := fmt.Fprintln(w, phrase.Undone(f.Lang(), &s)); err != nil {
		return err
	}
	return f.printWaiting(w, s.Waiting)
}

// printSeen prints who had a document in the clear, one line each.
func (f *Factory) printSeen(w io.Writer, seen []api.Seen) error {
	l := f.Lang()
	for _, s := range seen {
		if _, err := fmt.Fprintln(w, "  "+f.IO.Clean(phrase.Seen(l, &s)+", "+phrase.Time(f.Lang(), s.At))); err != nil {
			return err
		}
	}
	return nil
}

func (f *Factory) completeBatches(cmd *cobra.Command, _ []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var found []cobra.Completion
	for b := range askDaemon[api.Batch](cmd.Context(), f, api.RouteBatchList, api.BatchListRequest{}) {
		found = append(found, f.described(b.ID, phrase.Time(f.Lang(), b.Begun)+" "+b.Agent))
	}
	return found, noFiles
}
