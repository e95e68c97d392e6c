package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"vaultctl/internal/api"
	"vaultctl/internal/importer"
	"vaultctl/internal/importlog"
	"vaultctl/internal/lang"
	"vaultctl/internal/manifest"
	"vaultctl/internal/termio"
	"vaultctl/internal/vault"
)

// importAccount is the last object that --json prints. The counts are of people and documents together.
type importAccount struct {
	api.Head
	Batch string `json:"batch,omitempty"`
	importer.Account
	ToPush      *int              `json:"to_push,omitempty"` // objects; absent if nobody could tell
	DryRun      bool              `json:"dry_run"`
	Interrupted bool              `json:"interrupted,omitempty"`
	Seconds     float64           `json:"seconds"`
	People      *importer.Account `json:"people,omitempty"`
	Documents   *importer.Account `json:"documents,omitempty"`
	importFiles
	Notes []string `json:"notes,omitempty"`
}

// end prints the account, whatever the run ended with, and returns the error of the command.
func (r *importReport) end(ctx context.Context, err error) error {
	r.line.Done()
	for _, file := range r.rejects {
		err = errors.Join(err, file.Close())
	}
	a := r.account(ctx, err)
	r.remember(a)
	perr := r.f.printAccount(r, a)
	if err == nil || vault.CodeOf(err) == vault.CodeUnreachable && a.Rejected > 0 {
		if rejected := r.partial(a); rejected != nil {
			err = rejected
		}
	}
	if vault.CodeOf(err) == vault.CodeInterrupted {
		err = api.WithHint(err, lang.Key("what was acknowledged stands; run the same command again: it goes on"))
	}
	return cmp.Or(perr, err)
}

// remember notes rows that were refused for whoever looks at the screen; the run has told them itself, so that it does not fail
// where they cannot be noted.
func (r *importReport) remember(a *importAccount) {
	home, err := r.f.Home()
	if err != nil || a.DryRun || a.Rejected == 0 {
		return
	}
	run := importlog.Run{Batch: a.Batch, Ended: r.f.Now(), Rows: a.Rows, Rejected: a.Rejected}
	if err := importlog.Note(home, run); err != nil {
		r.f.warn(r.l.Message(err.Error()))
	}
}

func (r *importReport) account(ctx context.Context, err error) *importAccount {
	a := &importAccount{Head: api.H("import"), DryRun: r.plan.run.DryRun, importFiles: r.files,
		Seconds: r.f.Now().Sub(r.began).Seconds(), Interrupted: vault.CodeOf(err) == vault.CodeInterrupted}
	if !a.DryRun {
		a.Batch = string(r.plan.run.Batch)
	}
	for _, note := range r.notes {
		if !slices.Contains(a.Notes, note) {
			a.Notes = append(a.Notes, note)
		}
	}
	for kind, to := range map[manifest.Kind]**importer.Account{manifest.People: &a.People, manifest.Documents: &a.Documents} {
		part := r.run.Account(kind)
		if part.Rows == 0 {
			continue
		}
		*to = &part
		a.Add(&part)
	}
	if queued := r.toPush(ctx); queued >= 0 {
		a.ToPush = &queued
	}
	return a
}

// importNothing is the whole of a run whose manifest is still being written: the next run takes it.
func (f *Factory) importNothing(p *importPlan, manifest string) error {
	l := f.Lang()
	if !f.JSON() {
		f.IO.Note(l.T("%s is still being written: it is left to the next run.", manifest))
		return nil
	}
	return f.printJSON(importAccount{Head: api.H("import"), Account: importer.Account{Waiting: 1}, DryRun: p.run.DryRun,
		Notes: []string{fmt.Sprintf("%s is still being written: it is left to the next run.", manifest)}})
}

// partial is the end of a run that refused rows.
func (r *importReport) partial(a *importAccount) error {
	if a.Rejected == 0 {
		return nil
	}
	err := vault.Errorf(vault.CodePartial, "rows that were rejected: %d of %d", a.Rejected, a.Rows)
	for _, kind := range []manifest.Kind{manifest.Documents, manifest.People} {
		if file := r.rejects[kind]; file != nil && file.Count() > 0 {
			return api.WithHint(err, lang.Key("correct the rows in the file of --rejects, and import that file"))
		}
	}
	return api.WithHint(err, lang.Key("correct them and run the same command again; --rejects FILE writes them into a file of their own"))
}

// printAccount prints the account. With --quiet a person gets errors alone.
func (f *Factory) printAccount(r *importReport, a *importAccount) error {
	if f.JSON() {
		return f.printJSON(a)
	}
	l := r.l
	for _, note := range a.Notes {
		f.IO.Note(l.Message(note))
	}
	if more := r.named - maxLines; more > 0 {
		f.warn(l.N(more, "and %d more row that was refused: --rejects FILE keeps them all", "and %d more rows that were refused: --rejects FILE keeps them all"))
	}
	if f.globals.quiet {
		return nil
	}
	var text strings.Builder
	if a.DryRun {
		text.WriteString(l.T("Nothing was done. This would happen:") + "\n")
	}
	for _, part := range []struct {
		title string
		a     *importer.Account
	}{{l.T("people"), a.People}, {l.T("documents"), a.Documents}} {
		if part.a != nil {
			r.part(&text, part.title, part.a)
		}
	}
	if a.Rows == 0 {
		text.WriteString(l.T("There is nothing to import.") + "\n")
	}
	r.files.line(&text, l)
	if a.ToPush != nil && !a.DryRun {
		if *a.ToPush == 0 {
			text.WriteString(l.T("The storage holds everything.") + "\n")
		} else {
			text.WriteString(l.N(*a.ToPush, "%d object is still to be sent; the daemon goes on.", "%d objects are still to be sent; the daemon goes on.") + "\n")
		}
	}
	if _, err := io.WriteString(f.IO.Out, text.String()); err != nil {
		return fmt.Errorf("write answer: %w", err)
	}
	r.next(a)
	return nil
}

// part prints the account of people or of documents.
func (r *importReport) part(w *strings.Builder, title string, a *importer.Account) {
	l := r.l
	head := title + "  " + l.N(int(a.Rows), "%d row", "%d rows")
	if a.Bytes > 0 {
		head += ", " + termio.FormatBytes(a.Bytes)
	}
	w.WriteString(head + "\n")
	for _, c := range []struct {
		label string
		n     int64
	}{
		{l.T("deposited"), a.Deposited}, {l.T("already there"), a.Exists}, {l.T("updated"), a.Updated},
		{l.T("rejected"), a.Rejected}, {l.T("still being written, for the next run"), a.Waiting},
	} {
		if c.n > 0 {
			fmt.Fprintf(w, "%8d  %s\n", c.n, c.label)
		}
	}
	codes := make([]string, 0, len(a.Reasons))
	for code := range a.Reasons {
		codes = append(codes, code)
	}
	slices.SortFunc(codes, func(x, y string) int { return cmp.Or(cmp.Compare(a.Reasons[y], a.Reasons[x]), cmp.Compare(x, y)) })
	for _, code := range codes {
		fmt.Fprintf(w, "%10s%d  %s\n", "", a.Reasons[code], r.f.IO.Clean(rejectionWords(l, code)))
	}
	if a.Differs > 0 {
		w.WriteString("          " + l.N(int(a.Differs), "%d that is there is described otherwise: --update changes it",
			"%d that are there are described otherwise: --update changes them") + "\n")
	}
}

// rejectionWords says what a code means in an account.
func rejectionWords(l lang.Lang, code string) string {
	words := map[vault.Code]string{
		vault.CodeInvalid:   lang.Key("a value that cannot be accepted"),
		vault.CodeUsage:     lang.Key("a value that cannot be accepted"),
		vault.CodeNotFound:  lang.Key("no such person, file or team"),
		vault.CodeNoConsent: lang.Key("no consent, or the vault is closed"),
		vault.CodePolicy:    lang.Key("against a rule"),
		vault.CodeErased:    lang.Key("the person was erased"),
		vault.CodeConflict:  lang.Key("contradicts what is there"),
		vault.CodeAmbiguous: lang.Key("may be several people"),
		vault.CodeIntegrity: lang.Key("damaged"),
		"superseded":        lang.Key("the consent was withdrawn since"),
	}[vault.Code(code)]
	if words == "" {
		return code
	}
	return l.T(words, nil...) + " (" + code + ")"
}

// line says what became of files.
func (c importFiles) line(w *strings.Builder, l lang.Lang) {
	for _, part := range []string{
		counted(l, c.Moved, func(n int) string { return l.N(n, "%d file was moved.", "%d files were moved.") }),
		counted(l, c.Deleted, func(n int) string { return l.N(n, "%d file was deleted.", "%d files were deleted.") }),
		counted(l, c.Kept, func(n int) string { return l.N(n, "%d file stays where it is.", "%d files stay where they are.") }),
	} {
		w.WriteString(part)
	}
}

func counted(_ lang.Lang, n int64, words func(int) string) string {
	if n == 0 {
		return ""
	}
	return words(int(n)) + "\n"
}

// next says what can be done now.
func (r *importReport) next(a *importAccount) {
	if a.DryRun || a.Deposited+a.Updated == 0 {
		return
	}
	r.f.IO.Note(r.l.T("Batch %s; `vaultctl batch undo %s` takes it back.", a.Batch, a.Batch))
}
