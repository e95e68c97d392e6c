package engine_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"pgregory.net/rapid"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// read opens a document with what the workstation has, or with any card of the person.
func (o *office) read(d *desk, id string, p *paper) (string, error) {
	text, _, err := d.get(id, "")
	for _, card := range slices.Backward(o.cards[p.vault]) {
		if err == nil {
			break
		}
		if t, _, cerr := d.get(id, card); cerr == nil {
			text, err = t, nil
		}
	}
	return text, err
}

// importRows deposits several documents as a batch.
func (o *office) importRows(d *desk) error {
	in := run{batch: vault.NewBatchID()}
	var parts []part
	var vaults, texts []string
	for i := range rapid.IntRange(1, 3).Draw(o.t, "rows") {
		vaults, texts = append(vaults, o.someVault()), append(texts, fmt.Sprintf("ligne %d.%d", o.n, i))
		typ := "cv"
		row := api.ImportRow{Row: int64(i + 1), Beneficiary: vaults[i], Fields: api.DocumentFields{Type: &typ}, FileName: "scan.pdf", Size: int64(len(texts[i]))}
		parts = append(parts, jsonPart(o.tb, api.PartRow, row), part{api.PartContent, strings.NewReader(texts[i])})
	}
	got := collect{rows: map[int64]api.RowResult{}}
	_, err := d.ImportDeposit(ctxb, api.ImportRequest{Batch: string(in.batch)}, partsOf(parts...), got.add)
	for n, r := range got.rows {
		if r.Status == api.RowDeposited {
			in.docs = append(in.docs, r.Document)
			o.docs[r.Document] = &paper{vault: vaults[n-1], texts: texts[n-1 : n : n], by: d}
		}
	}
	slices.Sort(in.docs)
	o.order, o.runs = append(o.order, in.docs...), append(o.runs, in)
	return err
}

// undo takes an import back.
func (o *office) undo(d *desk) error {
	in := o.runs[rapid.IntRange(0, len(o.runs)-1).Draw(o.t, "import")]
	for _, id := range in.docs {
		o.docs[id].gone = true
	}
	_, err := d.BatchUndo(ctxb, api.BatchUndoRequest{Batch: string(in.batch)}, func(api.BatchItem) error { return nil }, nil)
	return err
}

// merge joins two vaults.
func (o *office) merge(d *desk) error {
	from, to := o.someVault(), o.someVault()
	for _, p := range o.docs {
		p.moved = p.moved || p.vault == from
	}
	_, err := d.BeneficiaryMerge(ctxb, api.MergeRequest{Duplicate: from, Into: to}, nil)
	if vault.CodeOf(err) == vault.CodeUsage { // into itself
		return nil
	}
	return err
}

// copy keeps a copy of a home as it is, as a backup does.
func (o *office) copy(d *desk) {
	d.stop()
	d.backup = filepath.Join(o.tb.TempDir(), "backup")
	copyTree(o.tb, d.Home, d.backup)
	d.Reopen(o.tb, d.w.over)
}

// restore brings the copy back, once what was acknowledged is on the storage.
func (o *office) restore(d *desk) {
	if d.backup == "" {
		return
	}
	d.w.set(0, false)
	if _, err := d.Sync(ctxb, api.SyncRequest{Wait: "60s"}, nil); err != nil {
		return
	}
	d.stop()
	if err := os.RemoveAll(d.Home); err != nil {
		o.t.Fatal(err)
	}
	copyTree(o.tb, d.backup, d.Home)
	d.Reopen(o.tb, d.w.over)
}

// lie has a workstation that no vault was consented to sign itself in everywhere, and bury what others have not seen.
func (o *office) lie(d *desk) error {
	if len(o.order) == 0 {
		return nil
	}
	id := o.someDoc()
	p := o.docs[id]
	p.gone = p.gone || p.by == d // its own it may take away
	if err := d.SignIn(ctxb, vault.BeneficiaryID(p.vault), vault.DocumentID(id)); err != nil {
		return err
	}
	return d.BuryAll(ctxb, p.vault)
}

// revoke ends a workstation as compromised: what it had not sent is lost to the others.
func (o *office) revoke(d *desk) error {
	_, err := o.desks[0].DeviceRevoke(ctxb, api.RevokeRequest{Device: d.device(o.tb), Compromised: true}, nil)
	if err != nil {
		return err
	}
	for _, p := range o.docs {
		p.gone = p.gone || p.by == d
	}
	for _, b := range o.vault {
		if _, err := o.desks[0].BeneficiaryShow(ctxb, api.BeneficiaryRequest{Beneficiary: b}); err != nil { // others may have heard of it
			o.ended[b] = true
		}
	}
	o.desks, o.out = o.desks[:2], append(o.out, d)
	d.w.set(0, true)
	return nil
}

// liars reports whether a workstation wrote an object that lies as a reader: it leaves it to custodians to delete.
func (o *office) liars(path string) bool {
	return slices.ContainsFunc(slices.Concat(o.desks, o.out), func(d *desk) bool {
		return d.forges && string(vault.PathWriter(path).Device()) == d.device(o.tb)
	})
}

// stays reports whether an object is on the storage after everybody has had another look: it may have been on its way out.
func (o *office) stays(path string) bool {
	o.meet(2)
	_, err := os.Stat(filepath.Join(o.desks[0].Remote, filepath.FromSlash(path)))
	return err == nil
}

// closed tries every key of every workstation on every object of the storage: none opens what its agent does not read, and
// what is tombstoned is gone.
func (o *office) closed() {
	files := o.desks[0].RemoteFiles(o.tb)
	objects := map[string][]byte{}
	for _, p := range files {
		if strings.Contains(p, "/d/") || strings.Contains(p, "/n/") {
			raw, err := os.ReadFile(filepath.Join(o.desks[0].Remote, filepath.FromSlash(p)))
			if err != nil {
				o.t.Fatal(err)
			}
			objects[p] = raw
		}
	}
	for _, b := range o.vault {
		live, tombs, err := o.desks[0].ObjectsOf(vault.BeneficiaryID(b))
		if err != nil {
			continue // nobody has sent it
		}
		for _, p := range tombs {
			if objects[p] != nil && !o.liars(p) && o.stays(p) {
				o.t.Fatalf("%s of %s was tombstoned, and is there", p, b)
			}
		}
		reads := func(d *desk) bool {
			s, err := d.BeneficiaryShow(ctxb, api.BeneficiaryRequest{Beneficiary: b})
			return err == nil && s.Readable
		}
		if !slices.ContainsFunc(o.desks, reads) { // nobody is left to seal it anew
			continue
		}
		for _, d := range slices.Concat(o.desks, o.out) {
			if slices.Contains(o.desks, d) && reads(d) {
				continue
			}
			for _, p := range live {
				if raw := objects[p]; raw != nil && !o.forged[p] && d.KeysOpen(bytes.NewReader(raw)) {
					o.t.Fatalf("%s reads nothing of %s by consent, and its keys open %s", d.name, b, p)
				}
			}
		}
	}
}
