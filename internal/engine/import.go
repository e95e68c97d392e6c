package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// laneDepth is how many deposits of a lane may wait for the disk: what waits together is made durable together.
const laneDepth = 32

// maxRowPart bounds the bytes of what is said of one row.
const maxRowPart = 64 << 10

// lane is one connection of an import. The goroutine that reads it seals each content as it comes; what follows waits
// for the disk in goroutines of their own.
type lane struct {
	e      *Engine
	ctx    context.Context
	cancel context.CancelFunc
	batch  vault.BatchID
	update bool
	dryRun bool
	parts  Parts
	yield  func(api.RowResult) error

	slots chan struct{}
	wg    sync.WaitGroup

	mu    sync.Mutex // guards what follows
	rows  int64
	err   error // that ends the lane; after an error of yield the caller is gone
	marks []Op  // files to be remembered
}

func (e *Engine) newLane(ctx context.Context, req *api.ImportRequest, parts Parts, yield func(api.RowResult) error) (*lane, error) {
	batch, err := parseBatch(req.Batch)
	if err != nil {
		return nil, err
	}
	if batch == "" {
		return nil, vault.Errorf(vault.CodeUsage, "an import needs a batch")
	}
	if _, _, err := e.ready(); err != nil {
		return nil, err
	}
	if err := e.refuseRevoked(); err != nil {
		return nil, err
	}
	l := &lane{e: e, batch: batch, update: req.Update, dryRun: req.DryRun, parts: parts, yield: yield, slots: make(chan struct{}, laneDepth)}
	l.ctx, l.cancel = context.WithCancel(ctx)
	return l, nil
}

// ImportDeposit deposits the rows of one lane of an import; each row part is followed by its content. A row that cannot
// be deposited is rejected in its result and the next one goes on. Results come in the order in which they are durable.
// Errors are those of the whole: CodeUsage, CodeLocked, CodeInterrupted, CodeDiskFull.
func (e *Engine) ImportDeposit(ctx context.Context, req api.ImportRequest, parts Parts, yield func(api.RowResult) error) (api.ImportEnd, error) {
	l, err := e.newLane(ctx, &req, parts, yield)
	if err != nil {
		return api.ImportEnd{}, err
	}
	for err == nil {
		err = l.nextDeposit()
	}
	return l.end(err)
}

// end waits for what is under way. The end of the parts is a good one.
func (l *lane) end(err error) (api.ImportEnd, error) {
	l.wg.Wait()
	l.cancel()
	if errors.Is(err, io.EOF) {
		err = nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		err = l.err
	}
	if len(l.marks) > 0 {
		if werr := l.e.remember(context.WithoutCancel(l.ctx), l.marks); werr != nil {
			l.e.log.Warn("remember imported files", "code", vault.CodeOf(werr))
		}
	}
	return api.ImportEnd{Rows: l.rows}, err
}

// part reads the next part into v.
func (l *lane) part(name string, v any) error {
	got, r, err := l.parts.next()
	if err != nil {
		return err
	}
	if got != name {
		return vault.Errorf(vault.CodeUsage, "the parts of the import are out of order")
	}
	return readPart(r, v)
}

func readPart(r io.Reader, v any) error {
	raw, err := io.ReadAll(io.LimitReader(r, maxRowPart+1))
	if err != nil {
		return fmt.Errorf("read row: %w", err)
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if len(raw) > maxRowPart || dec.Decode(v) != nil {
		return vault.Errorf(vault.CodeUsage, "a row of the import is malformed")
	}
	return nil
}

// nextDeposit takes one row with its content. Errors end the lane; io.EOF is its regular end.
func (l *lane) nextDeposit() error {
	if err := l.ctx.Err(); err != nil {
		return vault.Errorf(vault.CodeInterrupted, "interrupted: %w", err)
	}
	var row api.ImportRow
	if err := l.part(api.PartRow, &row); err != nil {
		return err
	}
	name, content, err := l.parts.next()
	if err != nil || name != api.PartContent {
		return vault.Errorf(vault.CodeUsage, "the content of a row is missing")
	}
	in, err := l.e.intakeOf(depositOf(&row, string(l.batch)))
	if err != nil {
		l.e.refusedIntake(l.ctx, &in, err)
		return l.reject(row.Row, &in, err)
	}
	c, readers, err := l.e.sealIntake(l.ctx, &in, row.Size, content)
	if err != nil {
		return l.reject(row.Row, &in, err)
	}
	select {
	case l.slots <- struct{}{}:
	case <-l.ctx.Done():
		_ = c.file.Discard()
		return vault.Errorf(vault.CodeInterrupted, "interrupted: %w", l.ctx.Err())
	}
	l.wg.Go(func() {
		defer func() { <-l.slots }()
		l.finish(&in, &row, c, readers)
	})
	return nil
}

// depositOf is a row as a deposit by hand would ask for it.
func depositOf(row *api.ImportRow, batch string) *api.DocumentAddRequest {
	return &api.DocumentAddRequest{Beneficiary: row.Beneficiary, Fields: row.Fields, Private: row.Private, FileName: row.FileName,
		Size: row.Size, Batch: batch, Split: row.Split}
}

// finish makes a sealed row durable and tells what became of it.
func (l *lane) finish(in *intake, row *api.ImportRow, c *sealedContent, readers []vault.Reader) {
	// What is sealed is deposited even if the caller goes away: it may never come back to ask.
	out, err := l.e.settle(context.WithoutCancel(l.ctx), in, c, readers)
	if err == nil {
		l.mark(in, row, out)
		err = l.tell(l.e.outcome(l.ctx, row, in, out, l.update))
	} else {
		err = l.reject(row.Row, in, err)
	}
	l.fail(err)
}

// reject tells that a row failed. An error that is not about the row ends the lane.
func (l *lane) reject(row int64, in *intake, err error) error {
	if !ofRow(err) {
		return err
	}
	return l.tell(rejected(row, in, err))
}

// ofRow reports whether an error is about one row: the next one may do better.
func ofRow(err error) bool {
	switch vault.CodeOf(err) {
	case vault.CodeUsage, vault.CodeInvalid, vault.CodeNotFound, vault.CodeNoConsent, vault.CodePolicy, vault.CodeErased,
		vault.CodeConflict, vault.CodeAmbiguous, vault.CodeUpgrade:
		return true
	}
	return false
}

// fail ends the lane from one of its goroutines.
func (l *lane) fail(err error) {
	if err == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err == nil {
		l.err = err
	}
	l.cancel()
}

// mark notes how the file looked, to be remembered when the lane ends.
func (l *lane) mark(in *intake, row *api.ImportRow, out deposited) {
	op, ok := l.e.fileOp(in, row, out.document)
	if !ok {
		return
	}
	l.mu.Lock()
	l.marks = append(l.marks, op)
	var full []Op
	if len(l.marks) >= api.MaxCheck {
		full, l.marks = l.marks, nil
	}
	l.mu.Unlock()
	if full != nil {
		if err := l.e.remember(l.ctx, full); err != nil {
			l.e.log.Warn("remember imported files", "code", vault.CodeOf(err))
		}
	}
}

// tell sends a result.
func (l *lane) tell(res api.RowResult) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rows++
	if l.err == nil {
		l.err = l.yield(res)
	}
	return l.err
}

func rowResult(row int64, status string) api.RowResult {
	return api.RowResult{Head: api.H("import_row"), Row: row, Status: status}
}

// rejected is the result of a row that failed.
func rejected(row int64, in *intake, err error) api.RowResult {
	w := api.ErrorOf(err)
	res := rowResult(row, api.RowRejected)
	res.Code, res.Message, res.Hint = string(w.Code), w.Message, w.Hint
	if errors.Is(err, errRemoved) {
		res.Code = codeRemoved
	}
	if in != nil {
		res.Beneficiary = string(in.vault)
	}
	return res
}

// outcome is the result of a row that was deposited or whose bytes were there.
func (e *Engine) outcome(ctx context.Context, row *api.ImportRow, in *intake, out deposited, update bool) api.RowResult {
	status := api.RowDeposited
	switch {
	case out.exists:
		var l loaded
		var err error
		if l.st, l.keys, l.org, err = e.whole(in.vault); err == nil {
			return e.present(ctx, l, row, in, out.document, update, false)
		}
		res := rowResult(row.Row, api.RowExists)
		res.Document, res.Beneficiary = string(out.document), string(in.vault)
		return res
	case out.replaced:
		status = api.RowUpdated
	}
	res := rowResult(row.Row, status)
	res.Document, res.Beneficiary = string(out.document), string(in.vault)
	return res
}

// present is the result of a row whose document is in the vault. What the row says otherwise is named, and changed if the
// import updates.
func (e *Engine) present(ctx context.Context, l loaded, row *api.ImportRow, in *intake, id vault.DocumentID, update, dryRun bool) api.RowResult {
	res := rowResult(row.Row, api.RowExists)
	res.Document, res.Beneficiary, res.DryRun = string(id), string(in.vault), dryRun
	d := l.st.Documents[id]
	if d == nil {
		return res
	}
	if res.Differs = e.differs(l.st, l.keys, l.org, d, row, in); len(res.Differs) == 0 {
		return res
	}
	if !update {
		return differing(res, api.WithHint(vault.Errorf(vault.CodeConflict, "the document is there, and described otherwise"),
			"`vaultctl import --update` changes what it is said to be"))
	}
	if !dryRun {
		edit := api.DocumentEditRequest{Document: string(id), Fields: row.Fields}
		if _, err := e.DocumentEdit(ctx, edit); err != nil {
			return rejected(row.Row, in, err)
		}
	}
	res.Status = api.RowUpdated
	return res
}

// differing completes a row that says something else than what is there, and changes nothing.
func differing(res api.RowResult, why error) api.RowResult {
	w := api.ErrorOf(why)
	res.Code, res.Message, res.Hint = "differs", w.Message, w.Hint
	return res
}

// differs names what a row says otherwise than the document's description. A device that does not read the vault cannot
// tell.
func (e *Engine) differs(st *vault.State, keys *keyring, org *vault.Org, d *vault.Document, row *api.ImportRow, in *intake) []string {
	if !d.Described || !readsVault(keys, st, org) {
		return nil
	}
	f, said := &row.Fields, &in.data
	var out []string
	for _, c := range []struct {
		name  string
		given bool
		same  bool
	}{
		{"type", f.Type != nil, or(said.Type, d.Type) == d.Type},
		{"title", f.Title != nil, or(said.Title, d.Title) == d.Title},
		{"holder", f.Holder != nil, or(said.Holder, d.Holder) == d.Holder},
		{"issued_on", f.IssuedOn != nil, or(said.IssuedOn, d.IssuedOn) == d.IssuedOn},
		{"expires_on", f.ExpiresOn != nil, or(said.ExpiresOn, d.ExpiresOn) == d.ExpiresOn},
		{"period", f.Period != nil, or(said.Period, d.Period) == d.Period},
		{"pages", f.Pages != nil, or(said.Pages, d.Pages) == d.Pages},
		{"note", f.Note != nil, or(said.Note, d.Note) == d.Note},
		{"original_seen", f.OriginalSeen != nil, or(said.OriginalSeen, d.OriginalSeen) == d.OriginalSeen},
		{"source_id", f.SourceID != nil, or(said.SourceID, d.SourceID) == d.SourceID},
		{"received_on", f.ReceivedOn != nil, or(said.ReceivedOn, d.ReceivedOn) == d.ReceivedOn},
	} {
		if c.given && !c.same {
			out = append(out, c.name)
		}
	}
	return out
}
