package cli

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/apiclient"
	"vaultctl/internal/importer"
	"vaultctl/internal/lang"
	"vaultctl/internal/manifest"
	"vaultctl/internal/phrase"
	"vaultctl/internal/termio"
	"vaultctl/internal/vault"
)

// maxLines is how many rows of a sort are named on the screen; the others are counted.
const maxLines = 20

// importReport tells how an import goes.
type importReport struct {
	f       *Factory
	l       lang.Lang
	run     *importer.Run
	plan    *importPlan
	line    *termio.StatusLine
	began   time.Time
	rejects map[manifest.Kind]*manifest.Rejects
	notes   []string
	files   importFiles

	named int // refused rows that were named
	alike int // people who may have a vault already

	rows  atomic.Int64 // that have their outcome
	sent  atomic.Int64 // bytes
	shown atomic.Int64 // when the line was drawn, ns
}

// importFiles counts what became of files.
type importFiles struct {
	Moved   int64 `json:"moved,omitempty"`
	Deleted int64 `json:"deleted,omitempty"`
	Kept    int64 `json:"kept,omitempty"`
}

func (f *Factory) newImportReport(p *importPlan, s *importSources, rejects string) *importReport {
	r := &importReport{f: f, l: f.Lang(), plan: p, line: f.IO.StatusLine(), began: f.Now(), rejects: map[manifest.Kind]*manifest.Rejects{}}
	p.run.Each, p.run.Sent = r.each, r.progress
	r.run = importer.New(p.run)
	if rejects == "" {
		return r
	}
	if s.documents != nil {
		r.rejects[manifest.Documents] = manifest.NewRejects(rejects, s.documents)
	}
	if s.people != nil {
		path := rejects
		if s.documents != nil {
			ext := filepath.Ext(path)
			path = strings.TrimSuffix(path, ext) + "-people" + ext
		}
		r.rejects[manifest.People] = manifest.NewRejects(path, s.people)
	}
	return r
}

// runAll imports people, then documents, and waits for the storage and clears files if that was asked for.
func (r *importReport) runAll(ctx context.Context, p *importPlan, s *importSources) error {
	for _, step := range []struct {
		src manifest.Source
		run func(context.Context, manifest.Source) error
	}{{s.people, r.run.People}, {s.documents, r.run.Documents}} {
		if step.src == nil {
			continue
		}
		err := step.run(ctx, step.src)
		r.notes = append(r.notes, step.src.Notes()...)
		if err != nil {
			return err
		}
	}
	if p.wait == "" || p.run.DryRun {
		return nil
	}
	c, err := r.f.Client(ctx)
	if err != nil {
		return err
	}
	late := r.f.await(ctx, c, p.wait)
	if late != nil && vault.CodeOf(late) != vault.CodeUnreachable || p.clear == nil {
		return late
	}
	p.clear.Each = r.cleared
	if err := r.run.Clear(ctx, func() (manifest.Source, error) { return p.openManifest(p.path, p.read) }, *p.clear); err != nil {
		return err
	}
	return late
}

// importRow is what --json prints of a row.
type importRow struct {
	api.RowResult
	Kind string `json:"kind"` // documents, people
	File string `json:"file,omitempty"`
}

// each tells what became of a row.
func (r *importReport) each(o importer.Outcome) error {
	r.rows.Add(1)
	res := o.Result
	res.Head = api.H("import_row")
	if r.f.JSON() {
		row := importRow{RowResult: res, Kind: string(o.Kind)}
		if o.Row.Document != nil {
			row.File = o.Row.Document.Path
		}
		if err := r.f.printJSON(row); err != nil {
			return err
		}
	} else {
		r.name(&o)
	}
	if res.Status == api.RowRejected {
		if file := r.rejects[o.Kind]; file != nil {
			res.Message = r.l.Message(res.Message)
			if err := file.Add(o.Row, res); err != nil {
				return err
			}
		}
	}
	r.progress(0)
	return nil
}

// name shows the first rows that a person should look at.
func (r *importReport) name(o *importer.Outcome) {
	res := &o.Result
	switch {
	case res.Status == api.RowRejected:
		if r.named++; r.named > maxLines {
			return
		}
		text := "✗ " + r.l.T("row %d", res.Row)
		if d := o.Row.Document; d != nil && d.Path != "" {
			text += " " + r.f.IO.CleanErr(d.Path)
		}
		text += " – " + r.f.IO.CleanErr(r.l.Message(res.Message))
		if res.Hint != "" {
			text += " (" + r.f.IO.CleanErr(phrase.Hint(r.l, res.Hint)) + ")"
		}
		r.above(r.f.IO.StyledErr(termio.Bad, text))
	case len(res.Possible) > 0 && res.Status == api.RowDeposited:
		if r.alike++; r.alike > maxLines {
			return
		}
		text := "! " + r.l.T("row %d", res.Row) + " – " +
			r.l.T("This may be somebody who has a vault already: %s. Compare with `vaultctl beneficiary show`.", strings.Join(res.Possible, ", "))
		r.above(r.f.IO.StyledErr(termio.Warn, text))
	}
}

// above prints a line over the line of progress.
func (r *importReport) above(text string) {
	// Standard error is where a failure would be told.
	r.line.Above(func() { _, _ = io.WriteString(r.f.IO.Err, text+"\n") })
}

// progress counts bytes and redraws the line ten times per second at most.
func (r *importReport) progress(n int64) {
	sent := r.sent.Add(n)
	now := time.Now()
	last := r.shown.Load()
	if now.UnixNano()-last < int64(100*time.Millisecond) || !r.shown.CompareAndSwap(last, now.UnixNano()) {
		return
	}
	rate := int64(float64(sent) / max(0.001, now.Sub(r.began).Seconds()))
	r.line.Show(fmt.Sprintf("%s  %s  %s/s", r.l.N(int(r.rows.Load()), "%d row", "%d rows"), termio.FormatBytes(sent), termio.FormatBytes(rate)))
}

// cleared tells what became of a file.
func (r *importReport) cleared(fate importer.Fate) error {
	switch {
	case fate.Err != nil:
		r.files.Kept++
	case fate.To != "":
		r.files.Moved++
	default:
		r.files.Deleted++
	}
	if fate.Err == nil || fate.Told || r.f.JSON() || r.files.Kept > maxLines {
		return nil
	}
	r.above(r.f.IO.StyledErr(termio.Warn, "! "+r.l.T("row %d", fate.Row.Number)+" "+r.f.IO.CleanErr(fate.Row.Document.Path)+" – "+
		r.l.T("the file stays: %s", r.f.IO.CleanErr(r.l.Message(fate.Err.Error())))))
	return nil
}

// toPush asks how much the storage does not hold yet; -1 if that cannot be told.
func (r *importReport) toPush(ctx context.Context) int {
	limit := 20 * time.Second
	if ctx.Err() != nil { // an interrupted command has a moment left for its account
		limit = 2 * time.Second
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	defer cancel()
	if r.f.client == nil {
		return -1
	}
	status, err := apiclient.Call[api.Status](ctx, r.f.client, api.RouteStatus, api.Empty{})
	if err != nil {
		return -1
	}
	return status.Queued
}
