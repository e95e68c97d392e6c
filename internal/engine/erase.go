package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"vaultctl/internal/api"
	"vaultctl/internal/lang"
	"vaultctl/internal/vault"
)

// BeneficiaryErase erases a vault: documents, note entries, index values, manifests, here and on every remote. Of the
// person stays that a vault with this id was erased, and the blind values of their references, so that a later import
// says "erased". Confirm must repeat the id. The erasure is durable when the first event is; what remains to be done is
// taken up again after a crash, and the receipt says what each remote has confirmed. Erasing again continues.
// Errors: CodeUsage without the confirmation, CodeNoConsent for a device that may not write to the vault.
func (e *Engine) BeneficiaryErase(ctx context.Context, req api.EraseRequest, tell func(api.Progress)) (api.Receipt, error) {
	wait, err := waitOf(req.Wait)
	if err != nil {
		return api.Receipt{}, err
	}
	id, err := e.resolveID(req.Beneficiary)
	if err != nil {
		return api.Receipt{}, err
	}
	st, keys, org, err := e.load(id)
	if err != nil {
		return api.Receipt{}, err
	}
	confirmed, err := vault.ParseBeneficiaryID(req.Confirm)
	if !req.DryRun && (err != nil || confirmed != id) {
		return api.Receipt{}, vault.Errorf(vault.CodeUsage, "to erase a vault, confirm with its id")
	}
	l := receiptLang(req.Language)
	r := api.Receipt{Head: api.H("receipt"), ID: string(id), At: rfc3339(e.Now()), DryRun: req.DryRun, Gone: goneOf(l, st)}
	if req.DryRun {
		r.NotRecalled = append(r.NotRecalled, l.T("What was read, printed or exported before cannot be recalled."))
		return r, nil
	}
	seen, err := e.handledBy(newOverlay(e.Store, org, keys), id)
	if err != nil {
		return r, err
	}
	if st.Erased == nil {
		if err := e.recordErasure(ctx, id, req.Card); err != nil {
			return r, err
		}
	}
	if err := e.finishErasures(ctx); err != nil {
		e.log.Warn("finish erasure", "code", vault.CodeOf(err))
	}
	r.NotRecalled = append(r.NotRecalled, l.T("What was read, printed or exported before cannot be recalled."))
	for _, h := range seen {
		r.NotRecalled = append(r.NotRecalled, h.sentence(l, org))
	}
	mark, err := e.pushFor(ctx, wait, tell)
	if err != nil {
		return r, err
	}
	return r, e.confirmRemotes(l, id, mark, &r)
}

// goneOf says what an erasure takes away. Of a vault that is erased already nothing is known any more.
func goneOf(l lang.Lang, st *vault.State) []string {
	if st.Erased != nil {
		return []string{l.T("The vault was erased before, on %s.", l.DateTime(st.Erased.At.Time().Local()))}
	}
	docs := 0
	for _, d := range st.Documents {
		if d.Removed == nil {
			docs++
		}
	}
	shares := len(st.ActiveShares())
	return []string{
		l.N(docs, "%d document, evidence included", "%d documents, evidence included"),
		l.N(shares, "the copies of %d share", "the copies of %d shares"),
		l.T("name, date of birth, references, contact details"),
		l.N(len(st.Consents), "%d consent record", "%d consent records"),
	}
}

// recordErasure makes the erasure durable: event, tombstones, and the end of everything in the index.
func (e *Engine) recordErasure(ctx context.Context, id vault.BeneficiaryID, cardText string) error {
	st, _, org, err := e.load(id)
	if err != nil {
		return err
	}
	var cosign func(*vault.Event)
	if cardText != "" {
		card, err := e.openCard(ctx, st, cardText)
		if err != nil {
			return err
		}
		cosign = card.cosigner(org)
	}
	defer e.sealing.lock(id)()
	err = e.commit(ctx, func(t *tx) error {
		st, err := t.state(id)
		if err != nil || st.Erased != nil {
			return err
		}
		refs, err := t.ov.references(id)
		if err != nil {
			return err
		}
		var keep []func(*vault.Event) classed
		if len(refs) > 0 {
			keep = append(keep, entry(classIntake, vault.EntryRefs, vault.IndexData{Values: refs}))
		}
		if err := t.emitCosigned(vault.VaultErased, id, nil, cosign, keep...); err != nil {
			return err
		}
		erasing := t.rec.Events[len(t.rec.Events)-1].ID
		if err := t.bury(id); err != nil {
			return err
		}
		return t.ov.purge(id, erasing)
	})
	if vault.CodeOf(err) == vault.CodeNoConsent {
		e.refused(ctx, id, "", "erase", vault.CodeNoConsent)
	}
	return err
}

// references returns the blind values of a vault's references.
func (o *overlay) references(id vault.BeneficiaryID) ([]string, error) {
	var out []string
	err := o.scan(bucketEntries, string(id)+"/", func(_ string, raw []byte) error {
		var n vault.Entry
		var d vault.IndexData
		if err := json.Unmarshal(raw, &n); err != nil {
			return vault.Errorf(vault.CodeIntegrity, "read note entry: %w", err)
		}
		if n.Kind != vault.EntryRefs || json.Unmarshal(n.Data, &d) != nil {
			return nil //nolint:nilerr // what cannot be read was never indexed
		}
		for _, v := range d.Values {
			live, err := o.get(bucketIndex, string(vault.EntryRefs)+"/"+v+"/"+string(id))
			if err != nil {
				return err
			}
			if live != nil && !slices.Contains(out, v) {
				out = append(out, v)
			}
		}
		return nil
	})
	slices.Sort(out)
	return out, err
}

// finishErasures does what is left of every erasure: local files, organization notes, the log.
// What is under way already is waited for: whoever asks wants to know that it is done.
func (e *Engine) finishErasures(ctx context.Context) error {
	e.clearing.Lock()
	defer e.clearing.Unlock()
	var ids []vault.BeneficiaryID
	err := e.Store.Scan(bucketMeta, metaErasing, func(key string, _ []byte) error {
		ids = append(ids, vault.BeneficiaryID(strings.TrimPrefix(key, metaErasing)))
		return nil
	})
	if err != nil || len(ids) == 0 {
		return err
	}
	e.step(StepErased)
	for _, id := range ids {
		e.dropUnpushed(id)
	}
	if err := e.forgetFiles(ctx, ids); err != nil {
		return err
	}
	e.step(StepCleared)
	if err := e.scrubNotes(ctx); err != nil {
		return err
	}
	e.step(StepScrubbed)
	for _, id := range ids { // the old organization notes are tombstoned now
		e.dropUnpushed(id)
	}
	return e.exclusive(ctx, func() error {
		if err := e.dropLog(); err != nil {
			return err
		}
		e.step(StepEmptied)
		ops := make([]Op, len(ids))
		for i, id := range ids {
			ops[i] = Op{bucketMeta, metaErasing + string(id), nil}
		}
		return e.Store.Write(ops)
	})
}

// scrub is an organization note to be written anew without some entries.
type scrub struct {
	path string
	todo scrubbing
	note vault.NoteBody
}

// scrubNotes writes the organization notes that hold entries of erased vaults anew without them: one object for each
// kind of reader.
func (e *Engine) scrubNotes(ctx context.Context) error {
	keys, org := e.view()
	if keys == nil {
		return vault.Errorf(vault.CodeLocked, "the vaults are locked")
	}
	todo, err := e.pendingScrubs()
	if err != nil {
		return err
	}
	byKind := map[vault.EpochKind][]scrub{}
	for _, s := range todo {
		kind := vault.EpochIntake
		for _, r := range s.note.Object.Readers {
			if ep := org.Epochs[r.Epoch()]; ep != nil {
				kind = ep.Kind
			}
		}
		byKind[kind] = append(byKind[kind], s)
	}
	for kind, scrubs := range byKind {
		if err := e.republish(ctx, org, kind, scrubs); err != nil {
			return fmt.Errorf("republish notes: %w", err)
		}
	}
	return nil
}

func (e *Engine) pendingScrubs() ([]scrub, error) {
	var out []scrub
	err := e.Store.Scan(bucketMeta, metaScrub, func(key string, raw []byte) error {
		s := scrub{path: strings.TrimPrefix(key, metaScrub)}
		if !e.mayRepublish(s.path) { // an admin's or an agent's device does
			return nil
		}
		if err := json.Unmarshal(raw, &s.todo); err != nil {
			return vault.Errorf(vault.CodeIntegrity, "read erasure: %w", err)
		}
		if err := getJSON(e.Store, bucketNotes, s.path, &s.note); err != nil {
			return err
		}
		out = append(out, s)
		return nil
	})
	return out, err
}

// mayRepublish reports whether this device may write an organization note anew.
func (e *Engine) mayRepublish(path string) bool {
	_, org := e.view()
	self := e.self().Device
	if org == nil || org.Devices[self] == nil {
		return false
	}
	d := org.Devices[self]
	return vault.PathWriter(path).Device() == self || d.Has(vault.RoleAdmin) || d.Has(vault.RoleAgent)
}

// republish writes what remains of the notes as one object and buries them.
func (e *Engine) republish(ctx context.Context, org *vault.Org, kind vault.EpochKind, scrubs []scrub) error {
	epoch := org.Current(kind, "")
	if epoch == nil {
		return vault.Errorf(vault.CodeIntegrity, "the organization has no %s epoch", kind)
	}
	body := vault.NoteBody{}
	gone := map[vault.BeneficiaryID][]string{}
	for _, s := range scrubs {
		var drop []vault.Hash
		for id, hashes := range s.todo {
			drop = append(drop, hashes...)
			gone[id] = append(gone[id], s.path)
		}
		body.From = append(body.From, s.path)
		for _, h := range s.note.Entries {
			if !slices.Contains(drop, h) && !slices.Contains(body.Entries, h) {
				body.Entries = append(body.Entries, h)
			}
		}
	}
	text, err := e.linesOf(body.Entries)
	if err != nil {
		return err
	}
	f, err := e.sealFile(bytes.NewReader(text), []string{epoch.Recipient})
	if err != nil {
		return err
	}
	path := vault.NotePath(e.ident.Writer, vault.NewObjectName())
	body.Object = vault.Object{Path: path, Size: f.Size(), Hash: f.Sum(), Readers: []vault.Reader{vault.EpochReader(epoch.Epoch)}}
	if err := e.Spool.Stage([]Staged{{f, path}}); err != nil {
		return err
	}
	e.step(StepRewritten)
	return e.commit(context.WithoutCancel(ctx), func(t *tx) error {
		t.enqueue(body.Object)
		if err := t.emit(vault.NoteSealed, "", body); err != nil {
			return err
		}
		for id, paths := range gone {
			if err := t.emit(vault.Tombstoned, id, vault.TombstoneBody{Paths: paths}); err != nil {
				return err
			}
		}
		t.doom(body.From...)
		return t.ov.unqueue(body.From)
	})
}

// linesOf returns the exact lines of entries, whatever vault they belong to.
func (e *Engine) linesOf(entries []vault.Hash) ([]byte, error) {
	found := make(map[vault.Hash][]byte, len(entries))
	for _, h := range entries {
		found[h] = nil
	}
	if len(entries) > 0 {
		err := e.Store.Scan(bucketEntries, "", func(key string, raw []byte) error {
			h := vault.Hash(key[strings.IndexByte(key, '/')+1:])
			if _, wanted := found[h]; wanted {
				found[h] = raw
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("read note entries: %w", err)
		}
	}
	var text bytes.Buffer
	for _, h := range entries {
		if found[h] == nil {
			return nil, vault.Errorf(vault.CodeIntegrity, "a note entry of the organization is missing here")
		}
		text.Write(found[h])
		text.WriteByte('\n')
	}
	return text.Bytes(), nil
}
