package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"vaultctl/internal/api"
	"vaultctl/internal/apiclient"
	"vaultctl/internal/catalogue"
	"vaultctl/internal/exitcode"
	"vaultctl/internal/lang"
	"vaultctl/internal/phrase"
	"vaultctl/internal/spelling"
	"vaultctl/internal/termio"
	"vaultctl/internal/vault"
)

type documentAddOptions struct {
	fields  documentFlags
	private bool
	name    string
	wait    waitOption

	keepOriginal bool
	dryRun       bool
}

func newDocumentAdd(f *Factory) *cobra.Command {
	o := &documentAddOptions{}
	cmd := &cobra.Command{
		Use:   "add B FILE…",
		Short: lang.Key("Deposit files into a person's vault"),
		Long: "Deposit files into a person's vault. They are safe on this machine when the command ends; --wait waits for the\n" +
			"storage. The same bytes are not kept twice: the answer is then `exists`. Of several files, those that are refused\n" +
			"are named and the others deposited (exit status 3). - is standard input, and needs --title or --name.\n\n" +
			"--pages takes pages out of a PDF, as one document or as several with their types. A piece holds its pages and\n" +
			"nothing else of the PDF. --keep-original deposits the whole as well, as --type or as other.",
		Example: "  vaultctl document add ref:SI:4711 cni.pdf --type id-card --expires-on 2031-05-14 --original-seen\n" +
			"  vaultctl document add ref:SI:4711 scans/*.pdf --type payslip\n" +
			"  scanimage --format=pdf | vaultctl document add ref:SI:4711 - --type tax-notice --period 2025 --title \"Avis 2025\"\n" +
			"  vaultctl document add ref:SI:4711 pile.pdf --pages 1-2:id-card,3:bank-details,4-:tax-notice --keep-original",
		Args:              argsFromUse,
		ValidArgsFunction: positions(f.completeBeneficiaries),
		RunE:              func(cmd *cobra.Command, args []string) error { return runDocumentAdd(f, cmd, args[0], args[1:], o) },
	}
	o.fields.declare(f, cmd)
	cmd.Flags().BoolVar(&o.private, "private", false, lang.Key("for the person alone: only their card opens it"))
	cmd.Flags().StringVar(&o.name, "name", "", lang.Key("file name of what comes from standard input"))
	cmd.Flags().Lookup("pages").Usage = lang.Key("take these out of a PDF: 1-3,5 or 4-; several documents: 1-2:id-card,3:bank-details")
	cmd.Flags().BoolVar(&o.keepOriginal, "keep-original", false, lang.Key("with --pages: deposit the whole PDF as well"))
	cmd.Flags().BoolVar(&o.dryRun, "dry-run", false, lang.Key("say what would happen, and do nothing"))
	o.wait.declare(cmd)
	return cmd
}

func runDocumentAdd(f *Factory, cmd *cobra.Command, b string, files []string, o *documentAddOptions) error {
	jobs, err := o.jobs(f, cmd, files)
	if err != nil {
		return err
	}
	fields, err := o.fields.fields(f, cmd)
	if err != nil {
		return err
	}
	fields.Pages = nil // they are taken out
	wait, err := o.wait.span()
	if err != nil {
		return err
	}
	untyped := fields.Type == nil && needsType(jobs)
	if err := checkStdin(cmd, files, o, untyped); err != nil {
		return err
	}
	if untyped && !f.IO.CanAsk() {
		return errMissing(cmd, []string{"--type"})
	}
	c, id, err := f.connect(cmd, b, writes)
	if err != nil {
		return err
	}
	if untyped {
		if fields.Type, err = f.askType(cmd); err != nil {
			return err
		}
	}
	if err := f.checkPages(cmd.Context(), c, jobs); err != nil {
		return err
	}
	d := &deposits{f: f, c: c, total: len(jobs), hold: wait != "" && !o.dryRun,
		req: api.DocumentAddRequest{Beneficiary: id, Fields: fields, Private: o.private, DryRun: o.dryRun}}
	return d.run(cmd.Context(), jobs, wait)
}

// run deposits everything, and waits for the storage if it is to.
func (d *deposits) run(ctx context.Context, jobs []job, wait string) error {
	for i := range jobs {
		if stop := d.deposit(ctx, &jobs[i]); stop {
			break
		}
	}
	var late error
	if d.hold && len(d.done) > 0 {
		late = d.f.await(ctx, d.c, wait)
		if err := d.release(late == nil); err != nil {
			return err
		}
	}
	if err := d.outcome(); err != nil {
		return err
	}
	return late
}

func checkStdin(cmd *cobra.Command, files []string, o *documentAddOptions, untyped bool) error {
	n := 0
	for _, path := range files {
		if path == stdio {
			n++
		}
	}
	switch {
	case n > 1:
		return usagef(cmd, "standard input can be deposited once")
	case n == 1 && o.fields.title == "" && o.name == "":
		return errMissing(cmd, []string{"--title or --name"})
	case n == 1 && untyped:
		return errMissing(cmd, []string{"--type"})
	case n == 0 && o.name != "":
		return usagef(cmd, "--name is for standard input; files have their names")
	}
	return nil
}

// askType lets the person at the terminal choose a type.
func (f *Factory) askType(cmd *cobra.Command) (*string, error) {
	types, err := f.Catalogue()
	if err != nil {
		return nil, err
	}
	l := f.Lang()
	name := func(t catalogue.Type) string { return t.Name(l.String()) }
	list := types.List()
	slices.SortFunc(list, func(a, b catalogue.Type) int { return strings.Compare(spelling.Fold(name(a)), spelling.Fold(name(b))) })
	var names []string
	for _, t := range list {
		names = append(names, name(t))
	}
	i, err := f.IO.Choose(cmd.Context(), l.T("What type of document is it?"), names, "--type")
	if err != nil {
		return nil, err
	}
	return &list[i].Code, nil
}

// deposits is a run over several files.
type deposits struct {
	f     *Factory
	c     *apiclient.Client
	req   api.DocumentAddRequest
	total int
	hold  bool // keep the answers back until it is known whether the storage has them
	done  []depositedFile
	errs  []error
}

// depositedFile is a document with the name that the user knows it by.
type depositedFile struct {
	api.Document
	path string
}

// deposit deposits one file, or a piece of one, and reports it. It returns true after an error that the others would meet
// as well.
func (d *deposits) deposit(ctx context.Context, j *job) (stop bool) {
	shown := j.path
	if j.pages != nil {
		shown = d.f.Lang().T("%s, p. %s", j.path, j.pages.String())
	}
	doc, err := d.upload(ctx, j)
	if err == nil {
		file := depositedFile{doc, shown}
		d.done = append(d.done, file)
		if !d.hold {
			err = d.f.emitDeposited(&file)
		}
	}
	if err == nil {
		return false
	}
	stop = slices.Contains([]vault.Code{
		vault.CodeNoDaemon, vault.CodeLocked, vault.CodeInterrupted, vault.CodeDiskFull, vault.CodeNotFound, vault.CodeErased,
		vault.CodeNoConsent, vault.CodeUpgrade, vault.CodeAmbiguous,
	}, vault.CodeOf(err)) || ctx.Err() != nil
	d.errs = append(d.errs, err)
	if d.total > 1 {
		d.f.reportFile(shown, err)
	}
	return stop
}

func (d *deposits) upload(ctx context.Context, j *job) (api.Document, error) {
	u, err := d.f.openUserFile(j.path)
	if err != nil {
		return api.Document{}, err
	}
	defer func() { _ = u.Close() }()
	req := d.req
	req.FileName, req.Size = firstOf(j.name, u.Name), u.Size
	if j.typ != "" {
		req.Fields.Type = &j.typ
	}
	if j.pages != nil {
		req.Split = j.pages.String()
	} else {
		u.Measure(&req.Fields)
	}
	progress := d.f.IO.Progress(firstOf(u.Name, stdio), u.Size)
	defer progress.Done()
	return apiclient.Upload[api.Document](ctx, d.c, api.RouteDocumentAdd, req,
		apiclient.Part{Reader: progress.Reader(u), Name: api.PartContent})
}

// release prints the answers that were kept back.
func (d *deposits) release(onRemote bool) error {
	for i := range d.done {
		d.done[i].OnRemote = d.done[i].OnRemote || onRemote
		if err := d.f.emitDeposited(&d.done[i]); err != nil {
			return err
		}
	}
	return nil
}

// outcome is the error of the whole run: that of the single file, or how many of several were refused.
func (d *deposits) outcome() error {
	switch {
	case len(d.errs) == 0:
		return nil
	case d.total == 1:
		return d.errs[0]
	case len(d.done) > 0:
		return vault.Errorf(vault.CodePartial, "files that were not deposited: %d of %d", d.total-len(d.done), d.total)
	}
	code := vault.CodeOf(d.errs[0])
	for _, err := range d.errs {
		if vault.CodeOf(err) != code {
			code = vault.CodeFailed
		}
	}
	return vault.Errorf(code, "none of the %d files was deposited", d.total)
}

func (f *Factory) emitDeposited(d *depositedFile) error {
	if f.JSON() {
		return f.printJSON(d.Document)
	}
	l := f.Lang()
	state := f.IO.Styled(termio.Good, "✓ "+l.T("deposited"))
	switch {
	case d.Status == "exists":
		state = "= " + l.T("exists")
	case d.DryRun:
		state = "· " + l.T("would be deposited")
	}
	if d.ID == "" { // of what is not there yet
		_, err := fmt.Fprintf(f.IO.Out, "%s  %s\n", state, f.IO.Clean(d.path))
		return err
	}
	_, err := fmt.Fprintf(f.IO.Out, "%s  %s  %s\n", d.ID, state, f.IO.Clean(d.path))
	if len(d.Differs) > 0 {
		f.IO.Note(f.IO.StyledErr(termio.Warn, "! "+l.T("%s is there, described otherwise (%s); nothing was changed: `vaultctl document edit %s …` changes it",
			f.IO.CleanErr(d.path), strings.Join(d.Differs, ", "), d.ID)))
	}
	return err
}

// fileError is what --json says of one file among several that was refused.
type fileError struct {
	errorLine
	File string `json:"file"`
}

// reportFile tells about one file among several; the error of the command follows at the end.
func (f *Factory) reportFile(path string, err error) {
	l := f.Lang()
	wire := api.ErrorOf(err)
	if f.JSON() {
		line := fileError{File: path, errorLine: errorLine{
			Head: api.H("error"), Code: wire.Code, Exit: exitcode.Of(wire.Code), Message: wire.Message, Hint: wire.Hint}}
		encoder := json.NewEncoder(f.IO.Err)
		encoder.SetEscapeHTML(false)
		_ = encoder.Encode(line) // the exit status remains
		return
	}
	text := "✗ " + f.IO.CleanErr(path) + " – " + f.IO.CleanErr(phrase.WithoutName(l.Message(wire.Message), path))
	if wire.Hint != "" {
		text += " (" + f.IO.CleanErr(phrase.Hint(l, wire.Hint)) + ")"
	}
	// Standard error is where this would be reported.
	_, _ = io.WriteString(f.IO.Err, f.IO.StyledErr(termio.Bad, text)+"\n")
}
