package cli

import (
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"vaultctl/internal/api"
	"vaultctl/internal/apiclient"
	"vaultctl/internal/lang"
	"vaultctl/internal/phrase"
	"vaultctl/internal/termio"
	"vaultctl/internal/userfile"
)

func newJournal(f *Factory) *cobra.Command {
	return newNoun("journal", lang.Key("Who did what, and when"), newJournalList(f), newJournalVerify(f), newJournalExport(f))
}

// journalOptions select entries.
type journalOptions struct{ agent, since string }

func (o *journalOptions) declare(cmd *cobra.Command, f *Factory) {
	cmd.Flags().StringVar(&o.agent, "agent", "", lang.Key("only what this agent did"))
	cmd.Flags().StringVar(&o.since, "since", "", lang.Key("only from this day on: YYYY-MM-DD"))
	complete(cmd, "agent", f.completeAgents)
}

// request returns the selection as the daemon takes it; B may be left out.
func (o *journalOptions) request(cmd *cobra.Command, f *Factory, args []string) (*apiclient.Client, api.JournalRequest, error) {
	req := api.JournalRequest{Agent: o.agent, Language: f.Lang().String()}
	var err error
	if req.Since, err = f.day("since", o.since); err != nil {
		return nil, req, err
	}
	if len(args) == 0 {
		c, err := f.Client(cmd.Context())
		return c, req, err
	}
	c, b, err := f.connect(cmd, args[0], reads)
	req.Beneficiary = b
	return c, req, err
}

func newJournalList(f *Factory) *cobra.Command {
	var o journalOptions
	cmd := &cobra.Command{
		Use:   "list [B]",
		Short: lang.Key("List operations: of one person's vault, or of all that this workstation sees"),
		Long: "List operations, refused attempts included: of one person's vault, or of all that this workstation sees. B is an id,\n" +
			"ref:SYSTEM:ID, or a name.",
		Example:           "  vaultctl journal list ref:SI:4711\n  vaultctl journal list --since 2026-01-01 --agent \"A. Martin\" --json",
		Args:              argsFromUse,
		ValidArgsFunction: positions(f.completeBeneficiaries),
		RunE:              func(cmd *cobra.Command, args []string) error { return runJournalList(cmd, f, &o, args) },
	}
	o.declare(cmd, f)
	return cmd
}

func runJournalList(cmd *cobra.Command, f *Factory, o *journalOptions, args []string) error {
	c, req, err := o.request(cmd, f, args)
	if err != nil {
		return err
	}
	l := f.Lang()
	items := apiclient.List[api.JournalEntry](cmd.Context(), c, api.RouteJournalList, req)
	header := []string{l.T("when"), l.T("who"), l.T("what")}
	if req.Beneficiary == "" {
		header = append(header, l.T("vault"))
	}
	return emitList(f, items, header, func(e api.JournalEntry) []termio.Cell {
		what := termio.Cell{Text: e.Text}
		if e.Quarantined != "" {
			what = termio.Cell{Text: "✗ " + l.T("not applied: %s", e.Quarantined) + ": " + e.Text, Style: termio.Bad}
		}
		row := []termio.Cell{{Text: phrase.Time(f.Lang(), e.At)}, {Text: e.Agent}, what}
		if req.Beneficiary == "" {
			row = append(row, termio.Cell{Text: e.Beneficiary, Style: termio.Faint})
		}
		return row
	})
}

func newJournalVerify(f *Factory) *cobra.Command {
	return &cobra.Command{
		Use:     "verify",
		Short:   lang.Key("Check the chains and signatures of the journal"),
		Example: "  vaultctl journal verify",
		Args:    argsFromUse,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := f.Client(cmd.Context())
			if err != nil {
				return err
			}
			res, err := apiclient.Call[api.VerifyResult](cmd.Context(), c, api.RouteJournalVerify, api.Empty{})
			if err != nil {
				return err
			}
			return f.verified(&res)
		},
	}
}

type journalExportOptions struct {
	journalOptions
	format, file string
	readersOn    string
	force        bool
}

func journalFormats() []string { return []string{"csv", "jsonl", "txt", "pdf"} }

func newJournalExport(f *Factory) *cobra.Command {
	var o journalExportOptions
	cmd := &cobra.Command{
		Use:   "export [B]",
		Short: lang.Key("Write the journal to a file, to hand out or to keep"),
		Long: "Write the journal of one person's vault, or of all that this workstation sees, as csv, jsonl, txt or pdf. The format\n" +
			"is that of the file's name if --format is not given.\n\n" +
			"With --readers-on it is who could read the shared documents of a vault on that day, through which consent, from when\n" +
			"until when: what a data-protection officer asks for. It tells who was let in, not who looked; the journal tells that.",
		Example: "  vaultctl journal export ref:SI:4711 -o journal.pdf\n  vaultctl journal export --format jsonl -o - | gzip > journal.jsonl.gz\n" +
			"  vaultctl journal export ref:SI:4711 --readers-on 2026-03-12 -o readers.csv",
		Args:              argsFromUse,
		ValidArgsFunction: positions(f.completeBeneficiaries),
		RunE:              func(cmd *cobra.Command, args []string) error { return runJournalExport(cmd, f, &o, args) },
	}
	o.declare(cmd, f)
	cmd.Flags().StringVar(&o.format, "format", "", lang.Key("csv, jsonl, txt or pdf"))
	cmd.Flags().StringVarP(&o.file, "output", "o", "", lang.Key("file to write, mode 600; - for standard output"))
	cmd.Flags().BoolVar(&o.force, "force", false, lang.Key("overwrite the file of -o"))
	cmd.Flags().StringVar(&o.readersOn, "readers-on", "", lang.Key("write who could read the vault on this day: YYYY-MM-DD"))
	complete(cmd, "format", fixed(journalFormats()...))
	return cmd
}

func runJournalExport(cmd *cobra.Command, f *Factory, o *journalExportOptions, args []string) error {
	if o.file == "" {
		return usagef(cmd, "%s is missing", "-o FILE")
	}
	format := o.format
	if format == "" {
		format = strings.TrimPrefix(strings.ToLower(filepath.Ext(o.file)), ".")
	}
	if !slices.Contains(journalFormats(), format) {
		return usagef(cmd, "a journal is exported as csv, jsonl, txt or pdf: give --format")
	}
	readersOn, err := f.day("readers-on", o.readersOn)
	if err != nil {
		return err
	}
	if readersOn != "" && len(args) == 0 {
		return usagef(cmd, "who could read is told for one vault: say whose")
	}
	sink, err := f.newSink(o.file, o.force, format == "pdf")
	if err != nil {
		return err
	}
	defer sink.drop()
	c, req, err := o.request(cmd, f, args)
	if err != nil {
		return err
	}
	return download(cmd, f, c, sink, o.file, f.Lang().T("journal"), api.RouteJournalExport,
		api.JournalExportRequest{JournalRequest: req, Format: format, ReadersOn: readersOn})
}

// download fills the sink with what the daemon answers, and says so.
func download[Req any](cmd *cobra.Command, f *Factory, c *apiclient.Client, to *sink, file, what, route string, req Req) error {
	_, body, err := apiclient.Download[api.Empty](cmd.Context(), c, route, req)
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }() // reading is over by then
	if err := to.fill(body, f.IO.Progress(what, 0)); err != nil {
		return err
	}
	f.wrote(file)
	return nil
}

// sink is a file of the user's, or standard output.
type sink struct {
	f   *Factory
	out *userfile.Out // nil for standard output
}

// newSink prepares the file, or refuses to send what is no text to a terminal.
func (f *Factory) newSink(path string, force, binary bool) (*sink, error) {
	if path == stdio {
		if binary {
			if err := f.IO.RefuseBinary(); err != nil {
				return nil, err
			}
		}
		return &sink{f: f}, nil
	}
	out, err := userfile.Create(path, force)
	return &sink{f, out}, err
}

func (s *sink) drop() {
	if s.out != nil {
		s.out.Drop()
	}
}

// fill takes everything that body gives; the file gets its name only after that.
func (s *sink) fill(body io.Reader, progress *termio.Progress) error {
	defer progress.Done()
	if s.out == nil {
		return userfile.Copy(s.f.IO.Out, progress.Reader(body))
	}
	if err := userfile.Copy(s.out, progress.Reader(body)); err != nil {
		return err
	}
	return s.out.Keep()
}

func (f *Factory) completeAgents(cmd *cobra.Command, _ []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var found []cobra.Completion
	for a := range askDaemon[api.Agent](cmd.Context(), f, api.RouteAgentList, api.Empty{}) {
		found = append(found, a.Name)
	}
	return found, noFiles
}
