package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// fileRecord is what is remembered of an imported file: how it looked, and what came of it. It only ever spares reading
// the file once more.
type fileRecord struct {
	Vault    vault.BeneficiaryID `json:"vault"`
	Document vault.DocumentID    `json:"document"`
	Version  string              `json:"version"` // keyed digest of the bytes
	Size     int64               `json:"size"`
	ModTime  int64               `json:"mod_time"`
	Change   int64               `json:"change,omitempty"`
	Inode    uint64              `json:"inode,omitempty"`
}

// settled is how old a file's last change must be before its look says anything: a file system tells times apart by
// ticks, and two changes may share one.
const settled = 2 * time.Second

// fileKey is where a file is remembered; the path itself is not kept.
func fileKey(keys *keyring, mark *api.FileMark, split string) string {
	return mac(keys.refsKey, "file", mark.Path, split)
}

// fileOp remembers what came of a row's file. A file that has just changed is not remembered.
func (e *Engine) fileOp(in *intake, row *api.ImportRow, id vault.DocumentID) (Op, bool) {
	keys, _ := e.view()
	m := row.File
	if keys == nil || m == nil || e.Now().Sub(time.Unix(0, max(m.ModTime, m.Change))) < settled {
		return Op{}, false
	}
	return jsonOp(bucketFiles, fileKey(keys, m, row.Split), fileRecord{Vault: in.vault, Document: id,
		Version: digestValue(keys.refsKey, in.vault, *in.data.Digest), Size: m.Size, ModTime: m.ModTime, Change: m.Change, Inode: m.Inode}), true
}

// remember writes what fileOp made.
func (e *Engine) remember(ctx context.Context, ops []Op) error {
	return e.exclusive(ctx, func() error { return e.Store.Write(ops) })
}

// recoverable reports whether the remotes alone suffice to have a document back: each holds its bytes, and the segment
// that tells of it.
func (c *checking) recoverable(d *vault.Document) bool {
	held, err := c.e.Store.Get(bucketHeld, d.Object.Path)
	if err != nil || held == nil {
		return false
	}
	own := c.e.self().Writer
	if !strings.HasPrefix(d.Object.Path, vault.WriterPrefix(own)+"/") {
		return true // it came from there
	}
	if c.told == nil {
		c.told = &vault.Clock{}
		if told, err := c.e.toldUntil(own); err == nil {
			c.told = &told
		}
	}
	return d.Changed.Compare(*c.told) < 0
}

// toldUntil returns the time of the last segment of this device that is on every remote, together with all before it.
func (e *Engine) toldUntil(own vault.WriterID) (vault.Clock, error) {
	there := uint64(math.MaxUint64)
	for _, m := range e.mounted() {
		n, err := e.segmentsOn(m.name)
		if err != nil {
			return vault.Clock{}, err
		}
		there = min(there, n)
	}
	if there == 0 || there == math.MaxUint64 {
		return vault.Clock{}, nil
	}
	var last segmentInfo
	err := getJSON(e.Store, bucketSegments, segmentKey(own, there-1), &last)
	return last.At, err
}

// forgetFiles forgets the files that came into vaults.
func (e *Engine) forgetFiles(ctx context.Context, vaults []vault.BeneficiaryID) error {
	var ops []Op
	err := e.Store.Scan(bucketFiles, "", func(key string, raw []byte) error {
		var was fileRecord
		if json.Unmarshal(raw, &was) != nil || slices.Contains(vaults, was.Vault) {
			ops = append(ops, Op{bucketFiles, key, nil})
		}
		return nil
	})
	if err != nil || len(ops) == 0 {
		return err
	}
	return e.remember(ctx, ops)
}

// knownFile returns the document that came of a row's file in the row's vault, if the file still looks the same and the
// document still has those bytes, or was removed by hand with them; nil otherwise.
func (e *Engine) knownFile(keys *keyring, st *vault.State, row *api.ImportRow) (*vault.Document, error) {
	m := row.File
	if m == nil {
		return nil, nil
	}
	raw, err := e.Store.Get(bucketFiles, fileKey(keys, m, row.Split))
	if err != nil || raw == nil {
		return nil, err
	}
	var was fileRecord
	if err := json.Unmarshal(raw, &was); err != nil {
		return nil, vault.Errorf(vault.CodeIntegrity, "read imported file: %w", err)
	}
	if was.Vault != st.ID || was.Size != m.Size || was.ModTime != m.ModTime || was.Change != m.Change || was.Inode != m.Inode {
		return nil, nil
	}
	return e.stillThere(st, &was)
}

// stillThere returns the document that a file became, if it still has those bytes, or was removed by hand with them; nil
// otherwise.
func (e *Engine) stillThere(st *vault.State, was *fileRecord) (*vault.Document, error) {
	d := st.Documents[was.Document]
	if d == nil || d.Removed != nil && !removedByHand(d) {
		return nil, nil
	}
	current, err := e.Store.Get(bucketDigests, "current/"+string(d.ID))
	if err != nil || string(current) != was.Version {
		return nil, err
	}
	return d, nil
}

// ImportCheck yields what would become of rows without their content: rejected, exists, updated, or wanted where the
// content decides. With digests the answer is final. Metadata that differs is changed at once if the request updates and
// is no dry run. A refusal is journalled once for each vault. Errors: CodeUsage, CodeLocked.
func (e *Engine) ImportCheck(ctx context.Context, req api.ImportCheckRequest, yield func(api.RowResult) error) error {
	keys, _, err := e.ready()
	if err != nil {
		return err
	}
	if len(req.Rows) > api.MaxCheck {
		return vault.Errorf(vault.CodeUsage, "a check holds at most %d rows", api.MaxCheck)
	}
	c := checking{e: e, ctx: ctx, keys: keys, req: &req, refused: map[vault.BeneficiaryID]bool{}, coming: map[string]vault.BeneficiaryID{}}
	results := make([]api.RowResult, 0, len(req.Rows))
	for i := range req.Rows {
		res, err := c.row(&req.Rows[i])
		if err != nil {
			return err
		}
		res.DryRun = req.DryRun
		results = append(results, res)
	}
	if err := c.rememberLeaving(); err != nil {
		return err
	}
	for _, res := range results {
		if err := yield(res); err != nil {
			return err
		}
	}
	return nil
}

// checking is one ImportCheck.
type checking struct {
	e       *Engine
	ctx     context.Context
	keys    *keyring
	req     *api.ImportCheckRequest
	refused map[vault.BeneficiaryID]bool
	at      string                         // beneficiary of the row before, as it was written
	here    loaded                         // and their vault
	told    *vault.Clock                   // up to when the remotes know this device's segments; nil before it was looked up
	coming  map[string]vault.BeneficiaryID // keyed digests of earlier rows, in dry runs
	leaving []Op                           // rows whose files are about to go
}

// loaded is a vault as it was found, with the organization and the keys of that moment.
type loaded struct {
	st   *vault.State
	keys *keyring
	org  *vault.Org
}

// find loads the vault of a row. Rows of one person mostly follow one another.
func (c *checking) find(text string) (loaded, error) {
	if c.at == text && c.here.st != nil {
		return c.here, nil
	}
	c.at, c.here = text, loaded{}
	id, err := c.e.resolveID(text)
	if err != nil {
		return loaded{}, err
	}
	var l loaded
	if l.st, l.keys, l.org, err = c.e.whole(id); err != nil {
		return loaded{}, err
	}
	c.here = l
	return l, nil
}

// row returns what would become of a row; an error is about the whole.
func (c *checking) row(row *api.ImportRow) (api.RowResult, error) {
	if c.req.DryRun && row.Beneficiary == "" {
		return c.newcomer(row)
	}
	var in intake
	l, err := c.find(row.Beneficiary)
	if err == nil {
		in, err = c.e.intakeInto(l.st, l.org, depositOf(row, c.req.Batch))
	}
	if err != nil {
		if !c.req.DryRun && !c.refused[in.vault] {
			c.refused[in.vault] = true
			c.e.refusedIntake(c.ctx, &in, err)
		}
		return c.reject(row, &in, err)
	}
	find := c.e.knownFile
	if row.Gone {
		find = c.goneFile
	}
	d, err := find(c.keys, l.st, row)
	if err != nil {
		return c.reject(row, &in, err)
	}
	switch {
	case d != nil && removedByHand(d):
		return c.reject(row, &in, api.WithHint(errRemoved, "if it is to be there after all: `vaultctl document add`"))
	case d != nil:
		return c.present(row, &in, d)
	case row.Gone:
		return c.reject(row, &in, vault.Errorf(vault.CodeNotFound, "no such file"))
	}
	if row.Digest != "" && row.Split == "" { // it is that of the whole
		return c.byDigest(row, &in, l.st)
	}
	res := rowResult(row.Row, api.RowWanted)
	res.Beneficiary = string(in.vault)
	return res, nil
}

// present is the result of a row whose document is in the vault.
func (c *checking) present(row *api.ImportRow, in *intake, d *vault.Document) (api.RowResult, error) {
	res := c.e.present(c.ctx, c.here, row, in, d.ID, c.req.Update, c.req.DryRun)
	res.OnRemote = c.recoverable(d)
	if res.Status == api.RowUpdated {
		c.here = loaded{} // the vault is another one now
	}
	if res.OnRemote && c.req.Clearing {
		return res, c.leaves(row, in.vault, d)
	}
	return res, nil
}

func (c *checking) reject(row *api.ImportRow, in *intake, err error) (api.RowResult, error) {
	if !ofRow(err) {
		return api.RowResult{}, err
	}
	return rejected(row.Row, in, err), nil
}

// newcomer says whether a row would do for somebody whose vault is not there yet.
func (c *checking) newcomer(row *api.ImportRow) (api.RowResult, error) {
	in := intake{space: vault.Shared}
	var err error
	if row.Private {
		err = errNoCard()
	} else {
		err = c.e.say(&in, &row.Fields, &vault.Document{}, &vault.State{}, row.FileName)
	}
	if err != nil {
		return c.reject(row, &in, err)
	}
	return rowResult(row.Row, api.RowWanted), nil
}

// byDigest says what a deposit of the bytes would be.
func (c *checking) byDigest(row *api.ImportRow, in *intake, st *vault.State) (api.RowResult, error) {
	digest := vault.Hash(row.Digest)
	if !digest.Valid() {
		return c.reject(row, in, vault.Errorf(vault.CodeUsage, "not a SHA-256 in lower-case hexadecimal"))
	}
	d, same, err := in.match(c.e.Store.Get, c.keys.refsKey, st, digest)
	if err != nil {
		return c.reject(row, in, fmt.Errorf("check row: %w", err))
	}
	key := digestValue(c.keys.refsKey, in.vault, digest)
	res := rowResult(row.Row, api.RowDeposited)
	res.Beneficiary = string(in.vault)
	switch _, earlier := c.coming[key]; {
	case same:
		return c.present(row, in, d)
	case earlier:
		res.Status = api.RowExists
	case d != nil:
		res.Status, res.Document = api.RowUpdated, string(d.ID)
	}
	c.coming[key] = in.vault
	return res, nil
}
