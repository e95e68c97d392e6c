package importer

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/apiclient"
	"vaultctl/internal/manifest"
	"vaultctl/internal/photo"
	"vaultctl/internal/vault"
)

// maxWindow bounds the JSON of a check in bytes, below what the daemon takes as a request.
const maxWindow = api.MaxRequest - 256<<10

// Documents imports the rows of a source of documents. It returns when every row has its outcome, or with the error that
// ended the run: that of the source, of Each, of the daemon (vault.CodeNoDaemon after several attempts, CodeLocked,
// CodeDiskFull, …), or CodeInterrupted when ctx ended. What was told stands.
func (r *Run) Documents(ctx context.Context, src manifest.Source) error {
	p := r.newPass(ctx, manifest.Documents, api.RouteImportDeposit, openDocument)
	windows := make(chan []*item, 1)
	p.run(func() error {
		defer close(windows)
		return p.read(src, windows)
	})
	p.run(func() error {
		defer close(p.queue)
		return p.check(windows)
	})
	for range lanes {
		p.run(p.lane)
	}
	return p.wait()
}

// read fills windows with rows that the daemon can be asked about. The others have their outcome at once.
func (p *pass) read(src manifest.Source, windows chan<- []*item) error {
	for last := false; !last; {
		window, err := p.fill(src)
		if last = errors.Is(err, io.EOF); err != nil && !last {
			return err
		}
		if len(window) == 0 {
			continue
		}
		select {
		case windows <- window:
		case <-p.stop.Done():
			return nil
		case <-p.work.Done():
			return nil
		}
	}
	return nil
}

// fill returns the next window, with io.EOF if it is the last.
func (p *pass) fill(src manifest.Source) ([]*item, error) {
	var window []*item
	for size := 0; len(window) < api.MaxCheck && size < maxWindow; {
		if p.stop.Err() != nil || p.work.Err() != nil {
			return nil, io.EOF
		}
		row, err := src.Next()
		if err != nil {
			return window, err
		}
		it := &item{row: row}
		n, err := p.admit(it)
		if err != nil {
			if err := p.finish(it, refusal(row, err)); err != nil {
				return nil, err
			}
			continue
		}
		window = append(window, it)
		size += n
	}
	return window, nil
}

// errWaiting is why a file is left for the next run.
var errWaiting = vault.Errorf(vault.CodeConflict, "the file is still being written")

// admit reports whether a row may be asked about, and returns how many bytes it is in JSON.
func (p *pass) admit(it *item) (int, error) {
	if it.row.Err != nil {
		return 0, it.row.Err
	}
	n, err := it.look()
	if vault.CodeOf(err) == vault.CodeNotFound && p.r.o.Manifest != "" {
		it.row.Document.Gone = true // perhaps since an earlier run let it go
		n, err = it.length()
	}
	if err != nil {
		return 0, err
	}
	if !p.r.settled(it.mark) {
		return 0, errWaiting
	}
	if d := it.row.Document; d.Fields.SourceID != nil {
		it.key = d.Beneficiary + "\x00" + *d.Fields.SourceID
	}
	return n, nil
}

// look notes how the file of a row looks, and returns how many bytes the row is in JSON.
func (it *item) look() (int, error) {
	d := it.row.Document
	content, err := d.Open()
	if err != nil {
		return 0, err
	}
	_ = content.Close() // it was only looked at
	it.mark, it.size = content.Mark, content.Size
	d.Size, d.File = content.Size, content.Mark
	return it.length()
}

// length returns how many bytes the row is in JSON.
func (it *item) length() (int, error) {
	d := it.row.Document
	d.Named = d.Path
	b, err := json.Marshal(&d.ImportRow)
	if err == nil && len(b) > maxRow {
		err = vault.Errorf(vault.CodeInvalid, "the row is longer than %d bytes", maxRow)
	}
	return len(b) + 1, err
}

// farAhead is how far in the future a file's time may lie before it is taken for a wrong one, as cameras make them,
// which says nothing.
const farAhead = 24 * time.Hour

// settled reports whether a file has been left alone for long enough.
func (r *Run) settled(mark *api.FileMark) bool {
	if mark == nil {
		return true
	}
	changed := time.Unix(0, mark.ModTime)
	if changed.Sub(r.o.Now()) > farAhead && mark.Change != 0 {
		changed = time.Unix(0, mark.Change)
	}
	return Settled(changed, r.o.Now(), r.o.Settle)
}

// Settled reports whether a file that was changed at a time has been left alone for so long by now.
func Settled(changed, now time.Time, span time.Duration) bool {
	age := now.Sub(changed)
	return span <= 0 || age >= span || age < -farAhead
}

// check asks the daemon about one window after the other, and queues what it wants.
func (p *pass) check(windows <-chan []*item) error {
	for window := range windows {
		wanted, err := p.ask(window)
		if err != nil {
			return err
		}
		if p.r.o.DryRun {
			err = p.foretell(wanted)
		}
		if err != nil {
			return err
		}
		for _, it := range wanted {
			if !p.r.o.DryRun && !p.send(it) {
				return nil
			}
		}
	}
	return nil
}

// ask asks about a window and returns the rows whose content decides.
func (p *pass) ask(window []*item) ([]*item, error) {
	results, err := p.r.checked(p.work, window, p.r.o.DryRun, false)
	if err != nil {
		return nil, err
	}
	var wanted []*item
	for i, res := range results {
		it := window[i]
		it.new = p.r.forecast.rescues(it, &res)
		if res.Status == api.RowWanted || it.new {
			wanted = append(wanted, it)
			continue
		}
		if err := p.finish(it, res); err != nil {
			return nil, err
		}
	}
	return wanted, nil
}

// checked makes one check. With clearing, files whose rows are verified are about to go.
func (r *Run) checked(ctx context.Context, window []*item, dryRun, clearing bool) ([]api.RowResult, error) {
	req := api.ImportCheckRequest{Batch: string(r.o.Batch), Update: r.o.Update, DryRun: dryRun, Clearing: clearing, Manifest: r.o.Manifest}
	for _, it := range window {
		row := it.row.Document.ImportRow
		if it.new {
			row.Beneficiary = ""
		}
		req.Rows = append(req.Rows, row)
	}
	var results []api.RowResult
	err := r.conn.do(ctx, func(c *apiclient.Client) error {
		results = results[:0]
		for res, err := range apiclient.List[api.RowResult](ctx, c, api.RouteImportCheck, req) {
			if err != nil {
				return err
			}
			if n := len(results); n == len(window) || res.Row != window[n].row.Number {
				return errOtherRows()
			}
			results = append(results, res)
		}
		if len(results) != len(window) {
			return errOtherRows()
		}
		return nil
	})
	return results, err
}

func errOtherRows() error {
	return vault.Errorf(vault.CodeFailed, "vaultd answered for other rows than it was asked about")
}

// openDocument opens a row's file for sending. A file that looks otherwise than when it was asked about is being written.
func openDocument(p *pass, it *item) (*parcel, error) {
	d := it.row.Document
	content, err := d.Open()
	if err != nil {
		return nil, err
	}
	if changed(it.mark, content.Mark) {
		_ = content.Close() // it was not read
		return nil, errWaiting
	}
	if at, ok := content.ReadCloser.(io.ReaderAt); ok && d.Split == "" {
		f := photo.Look(at, content.Size)
		d.Fields.Measured(f.Pages, f.Width, f.Height)
	}
	row, err := jsonPart(api.PartRow, &d.ImportRow)
	if err != nil {
		_ = content.Close() // as above
		return nil, err
	}
	c := &parcel{item: it, sent: p.r.o.Sent, parts: []apiclient.Part{row}}
	c.attach(api.PartContent, content)
	return c, nil
}

// changed reports whether a file looks otherwise than before.
func changed(before, now *api.FileMark) bool {
	return before != nil && now != nil && *before != *now
}
