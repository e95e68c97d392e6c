package engine

import (
	"context"
	"slices"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// maxUndo is how many things one change undoes at most: few enough for a segment, many enough for one fsync.
const maxUndo = 400

// closedMistake and closedDuplicate are reasons of closing that no person gives. Such a vault is nobody's any more: its
// references are free, and nobody is taken for its owner by their name.
const (
	closedMistake   = "mistake"
	closedDuplicate = "duplicate"
)

// retired reports whether a vault was closed for one of these reasons.
func retired(reason string) bool { return reason == closedMistake || reason == closedDuplicate }

// BatchUndo takes back what a batch did: its documents are removed, unless somebody changed them since; the consents that
// it recorded are withdrawn; the vaults that it opened are closed and give their references back, where nothing else has
// come into them. New versions stay, for the bytes before them are gone. It yields what it undid and what it left with
// the reason, and not what was undone before: cut short, it goes on where it was. Whoever deposited a document, and every
// reader of the vault, may remove it; a vault is closed by a reader. Errors: CodeInvalid, CodeNotFound, CodeInterrupted,
// CodeDiskFull.
func (e *Engine) BatchUndo(ctx context.Context, req api.BatchUndoRequest, yield func(api.BatchItem) error, tell func(api.Progress)) (api.BatchUndone, error) {
	u := &undoing{e: e, dry: req.DryRun, yield: yield, tell: tell}
	err := e.refuseRevoked()
	if err != nil {
		return u.sum, err
	}
	if u.batch, u.run, err = e.findBatch(req.Batch); err != nil {
		return u.sum, err
	}
	u.sum = api.BatchUndone{Head: api.H("batch_undone"), ID: string(u.batch), DryRun: u.dry}
	var group []*undoVault
	size := 0
	for _, id := range u.run.order() {
		v, n, err := u.open(id)
		if err != nil {
			return u.sum, err
		}
		if len(group) > 0 && size+n > maxUndo {
			if err := u.finish(ctx, group); err != nil {
				return u.sum, err
			}
			group, size = nil, 0
		}
		group, size = append(group, v), size+n
	}
	return u.sum, u.finish(ctx, group)
}

// undoing is an undo on its way.
type undoing struct {
	e     *Engine
	batch vault.BatchID
	run   *batchRun
	dry   bool
	yield func(api.BatchItem) error
	tell  func(api.Progress)
	done  int64
	sum   api.BatchUndone
}

// undoVault is one vault of an undo.
type undoVault struct {
	id      vault.BeneficiaryID
	past    *journalPast
	items   []api.BatchItem
	before  int             // undone before this undo
	acted   map[string]bool // undone by it, in an earlier change
	more    bool            // a further change is needed
	ending  bool            // consents are withdrawn in the change that is being made
	ended   bool            // consents were withdrawn
	refused bool
}

// recorded notes that the change with the items is durable.
func (v *undoVault) recorded() {
	v.ended = v.ended || v.ending
	for i := range v.items {
		if v.items[i].State == api.ItemUndone {
			v.acted[v.items[i].ID] = true
		}
	}
}

// open reads the journal of a vault, and counts what the batch did there.
func (u *undoing) open(id vault.BeneficiaryID) (*undoVault, int, error) {
	keys, org, err := u.e.ready()
	if err != nil {
		return nil, 0, err
	}
	entries, err := batchEntries(u.e.Store.Scan, u.batch, id)
	if err != nil {
		return nil, 0, err
	}
	past, err := u.e.pastOf(keys, org, id)
	return &undoVault{id: id, past: past, acted: map[string]bool{}}, len(entries), err
}

// finish undoes what the batch did in some vaults, and tells it.
func (u *undoing) finish(ctx context.Context, group []*undoVault) error {
	if err := ctx.Err(); err != nil {
		return vault.Errorf(vault.CodeInterrupted, "interrupted: %w", err)
	}
	if err := u.carryOut(ctx, group); err != nil {
		return err
	}
	for _, v := range group {
		if !u.dry {
			u.sum.Waiting += u.waiting(v.id)
		}
		u.sum.Before += v.before
		for i := range v.items {
			if v.items[i].State == api.ItemUndone {
				u.sum.Undone++
			} else {
				u.sum.Left++
			}
			if err := u.yield(v.items[i]); err != nil {
				return err
			}
		}
		u.done += int64(len(v.items) + v.before)
	}
	if u.tell != nil {
		u.tell(api.Progress{Stage: "undo", Done: u.done, Total: int64(u.run.items), Unit: "items"})
	}
	return nil
}

// waiting counts the objects of what was undone in a vault that are kept until another agent's workstation has seen that.
func (u *undoing) waiting(id vault.BeneficiaryID) int {
	st, _, _, err := u.e.load(id)
	if err != nil {
		return 0
	}
	var objects []string
	for _, d := range st.Documents {
		if d.Removed != nil && d.Removed.Undone && d.Batch == u.batch {
			objects = append(objects, d.Object.Path)
		}
	}
	return u.e.unseen(id, objects...)
}

func (u *undoing) carryOut(ctx context.Context, group []*undoVault) error {
	if u.dry {
		keys, org, err := u.e.ready()
		if err != nil {
			return err
		}
		ov := newOverlay(u.e.Store, org, keys)
		for _, v := range group {
			if _, err := u.judge(ov, v); err != nil {
				return err
			}
		}
		return nil
	}
	if err := u.commit(ctx, group); err != nil {
		return err
	}
	return parallel(len(group), func(i int) error { return u.settle(ctx, group[i]) })
}

// commit undoes vaults in one change. Where one of them refuses, each is tried alone, and the one that refuses is left.
func (u *undoing) commit(ctx context.Context, group []*undoVault) error {
	for again := true; again; {
		again = false
		err := u.e.commit(ctx, func(t *tx) error {
			for _, v := range group {
				if err := u.undo(t, v); err != nil {
					return err
				}
			}
			return nil
		})
		switch {
		case err != nil && !isRefusal(err):
			return err
		case err != nil && len(group) == 1:
			group[0].leave(err)
			return nil
		case err != nil:
			for i := range group {
				if err := u.commit(ctx, group[i:i+1]); err != nil {
					return err
				}
			}
			return nil
		}
		for _, v := range group {
			v.recorded()
			again = again || v.more
		}
	}
	return nil
}

// isRefusal reports whether an error says that a change is not allowed, rather than that it could not be made.
func isRefusal(err error) bool {
	switch vault.CodeOf(err) {
	case vault.CodeNoConsent, vault.CodePolicy, vault.CodeConflict, vault.CodeUpgrade, vault.CodeErased:
		return !isLogged(err)
	}
	return false
}

// leave says why what was about to be undone was not.
func (v *undoVault) leave(err error) {
	for i := range v.items {
		it := &v.items[i]
		if it.State == api.ItemUndone && !v.acted[it.ID] {
			it.State, it.Code, it.Message = api.ItemLeft, string(vault.CodeOf(err)), err.Error()
		}
	}
}

// verdict is what an undo does with the deeds of a vault.
type verdict struct {
	st        *vault.State
	documents []vault.DocumentID
	consents  []vault.ConsentID
	closes    bool
}

// judge decides what is undone in a vault as the overlay has it, and makes the items that tell it.
func (u *undoing) judge(ov *overlay, v *undoVault) (verdict, error) {
	st, err := ov.state(v.id)
	if err != nil {
		return verdict{}, err
	}
	entries, err := batchEntries(ov.scan, u.batch, v.id)
	if err != nil {
		return verdict{}, err
	}
	j := judging{verdict: verdict{st: st}, org: ov.org, reads: readsVault(ov.keys, st, ov.org), self: u.e.self().Agent, past: v.past}
	v.items = slices.DeleteFunc(v.items, func(it api.BatchItem) bool { return !v.acted[it.ID] })
	v.before, v.refused = 0, false
	var opened *deed
	add := func(d *deed, why error) {
		it := d.item(u.batch, st, ov.org, ov.keys, v.past)
		it.DryRun, it.State = u.dry, api.ItemUndone
		if why != nil {
			it.State, it.Code, it.Message = api.ItemLeft, string(vault.CodeOf(why)), why.Error()
			v.refused = v.refused || vault.CodeOf(why) == vault.CodeNoConsent
		}
		v.items = append(v.items, it)
	}
	deeds := deedsOf(st, u.batch, entries)
	j.mayEnd(deeds)
	for i := range deeds {
		d := &deeds[i]
		switch {
		case v.acted[d.id]:
		case d.over():
			v.before++
		case d.what == "vault":
			opened = d
		case d.what == "consent":
			add(d, j.consent(d))
		default:
			add(d, j.document(d))
		}
	}
	if opened != nil { // last, for it depends on what is left in it
		add(opened, j.vault(u.batch))
	}
	return j.verdict, nil
}

// over reports whether a deed was undone already, by an undo or by anybody.
func (d *deed) over() bool { return d.state != api.ItemThere && d.state != api.ItemChanged }

// judging decides deed after deed.
type judging struct {
	verdict
	org    *vault.Org
	reads  bool // this device reads the vault
	self   vault.AgentID
	past   *journalPast
	endErr error // why the consents cannot be withdrawn
}

// mayEnd finds out whether the consents of the batch can be withdrawn: somebody has to be able to open the vault.
func (j *judging) mayEnd(deeds []deed) {
	w := &withdrawal{}
	for i := range deeds {
		if deeds[i].what == "consent" && !deeds[i].over() {
			w.ending = append(w.ending, deeds[i].consent.Consent)
		}
	}
	if len(w.ending) > 0 {
		j.endErr = w.check(j.st, j.org)
	}
}

// document returns why a document is left, or nil.
func (j *judging) document(d *deed) error {
	own := j.self != "" && d.doc.By == j.self
	c := j.past.changed[d.doc.ID]
	switch {
	case j.st.ReadOnly:
		return vault.Errorf(vault.CodeUpgrade, "the vault was changed by a newer version: upgrade")
	case d.state == api.ItemChanged && c.replaced:
		return vault.Errorf(vault.CodeConflict, "the document was replaced since by %s", j.org.AgentName(c.agent))
	case d.state == api.ItemChanged:
		return vault.Errorf(vault.CodeConflict, "the document was changed since by %s", j.org.AgentName(c.agent))
	case d.what == "version":
		return vault.Errorf(vault.CodePolicy, "the version before it is gone and cannot be brought back")
	case !own && !j.reads:
		return vault.Errorf(vault.CodeNoConsent, "another agent deposited it, and no consent lets this workstation into the vault")
	}
	j.documents = append(j.documents, d.doc.ID)
	return nil
}

// consent returns why a consent is left, or nil.
func (j *judging) consent(d *deed) error {
	switch {
	case j.st.ReadOnly:
		return vault.Errorf(vault.CodeUpgrade, "the vault was changed by a newer version: upgrade")
	case j.endErr != nil:
		return j.endErr
	}
	j.consents = append(j.consents, d.consent.Consent)
	return nil
}

// vault returns why a vault stays open, or nil.
func (j *judging) vault(b vault.BatchID) error {
	others := len(j.st.Cards) > 0 || slices.ContainsFunc(j.st.Consents, func(c *vault.Consent) bool {
		// A withdrawal is the person's: with the reference free, the next import would open a vault that knows nothing of it.
		return c.Batch != b || c.Ended != nil && !c.Ended.Expired
	})
	for _, d := range j.st.Documents {
		others = others || d.Removed == nil && d.Evidence == "" && !slices.Contains(j.documents, d.ID)
	}
	switch {
	case j.st.ReadOnly:
		return vault.Errorf(vault.CodeUpgrade, "the vault was changed by a newer version: upgrade")
	case others:
		return vault.Errorf(vault.CodeConflict, "something else is in the vault")
	case !j.reads:
		return vault.Errorf(vault.CodeNoConsent, "no consent lets this workstation into the vault")
	}
	j.closes = true
	return nil
}

// undo adds to a change what undoes the deeds in a vault. Documents go first and consents last: with them this device may
// lose the right to the rest.
func (u *undoing) undo(t *tx, v *undoVault) error {
	if _, err := t.state(v.id); err != nil { // what emit changes from here on is the change's own
		return err
	}
	j, err := u.judge(t.ov, v)
	if err != nil {
		return err
	}
	docs := j.documents
	if v.more = len(docs) > maxUndo; v.more {
		docs = docs[:maxUndo]
		v.items = slices.DeleteFunc(v.items, func(it api.BatchItem) bool {
			return !v.acted[it.ID] && !slices.Contains(docs, vault.DocumentID(it.ID))
		})
	}
	for _, d := range docs {
		if err := t.emit(vault.DocumentRemoved, v.id, vault.DocumentBody{Document: d, Undone: true}); err != nil {
			return err
		}
	}
	if len(docs) > 0 {
		if err := t.bury(v.id); err != nil {
			return err
		}
	}
	if v.ending = len(j.consents) > 0 && !v.more; v.more {
		return nil
	}
	if j.closes {
		if err := t.retire(v.id, closedMistake); err != nil {
			return err
		}
	}
	if v.ending {
		return (&withdrawal{e: u.e, org: t.org(), ending: j.consents}).build(t, v.id)
	}
	return nil
}

// retire closes a vault for good, and takes its references from it: they are free for the right one.
func (t *tx) retire(id vault.BeneficiaryID, reason string) error {
	if err := t.dropRefs(id); err != nil {
		return err
	}
	return t.emit(vault.VaultClosed, id, vault.CloseBody{Reason: reason})
}

// dropRefs takes the references from a vault.
func (t *tx) dropRefs(id vault.BeneficiaryID) error {
	st, err := t.state(id)
	if err != nil || len(st.Person.Refs) == 0 {
		return err
	}
	return t.emit(vault.VaultEdited, id, nil, entry(classShared, vault.EntryPerson, vault.PersonData{Refs: &[]string{}}),
		entry(classIntake, vault.EntryRefs, vault.IndexData{Values: []string{}}))
}

// settle makes an undo true everywhere on this machine. The undo stands whatever becomes of it; what fails is tried again
// in the background.
func (u *undoing) settle(ctx context.Context, v *undoVault) error {
	e := u.e
	e.dropUnpushed(v.id)
	if v.refused {
		e.refused(ctx, v.id, "", "undo", vault.CodeNoConsent)
	}
	if !v.ended {
		return nil
	}
	if _, _, err := e.resealVault(ctx, v.id, nil, nil); err != nil {
		e.log.Warn("reseal after undo", "code", vault.CodeOf(err))
	}
	if err := e.forgetVault(ctx, v.id); err != nil {
		e.log.Warn("forget vault", "code", vault.CodeOf(err))
	}
	return nil
}
