package engine

import (
	"cmp"
	"context"
	"slices"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// DeviceAdopt takes in by hand what a revoked device wrote beyond the cut-off of its revocation, as far as this one has read
// it: deposits, the opening of vaults, withdrawals. What would change, remove or grant something in the vaults of others stays
// set aside. With DryRun it only says what there is. Errors: CodeNotFound, CodeAmbiguous, CodeConflict for a device that is
// not revoked or wrote nothing too late, CodePolicy for a caller who is no admin or junior to the one that revoked.
func (e *Engine) DeviceAdopt(ctx context.Context, req api.AdoptRequest, tell func(api.Progress)) (api.Adoption, error) {
	org, err := e.revoker(ctx)
	if err != nil {
		return api.Adoption{}, err
	}
	id, err := findDevice(org, req.Device)
	if err != nil {
		return api.Adoption{}, err
	}
	if org.Devices[id].Active() {
		return api.Adoption{}, vault.Errorf(vault.CodeConflict, "the workstation is not revoked")
	}
	out, upto, err := e.lateWorkOf(org, id)
	if err != nil {
		return api.Adoption{}, err
	}
	if len(out.Items) == 0 {
		return api.Adoption{}, vault.Errorf(vault.CodeConflict, "the workstation wrote nothing after its revocation that is not applied")
	}
	if out.DryRun = req.DryRun; req.DryRun {
		return out, nil
	}
	err = e.commit(ctx, func(t *tx) error {
		return t.emit(vault.DeviceAdopted, "", vault.AdoptBody{Device: id, Upto: upto})
	})
	if err != nil {
		return api.Adoption{}, err
	}
	if err := e.summarizeAgain(ctx); err != nil {
		return api.Adoption{}, err
	}
	if err := e.countTaken(&out); err != nil {
		return api.Adoption{}, err
	}
	if err := e.flush(ctx); err != nil {
		return api.Adoption{}, err
	}
	if _, err := e.pull(ctx); err != nil { // the notes that tell of it
		e.log.Warn("pull", "code", vault.CodeOf(err))
	}
	if err := e.waitPushed(ctx, defaultWait, tell); err != nil {
		e.log.Warn("push an adoption", "code", vault.CodeOf(err))
		out.Queued = true
	}
	e.resumeSoon()
	return out, nil
}

// lateWorkOf lists what a device wrote too late and nobody applies, oldest first, and up to where.
func (e *Engine) lateWorkOf(org *vault.Org, id vault.DeviceID) (api.Adoption, map[vault.WriterID]uint64, error) {
	out := api.Adoption{Head: api.H("adoption"), Device: string(id), Agent: org.AgentName(org.Devices[id].Agent), Items: []api.AdoptedItem{}}
	upto := map[vault.WriterID]uint64{}
	var recs []*vault.Record
	err := e.Store.Scan(bucketEvents, "", func(_ string, raw []byte) error {
		r := &vault.Record{}
		if err := decodeHeld(raw, r); err != nil {
			return err
		}
		if r.Pos.Writer.Device() == id && org.Late(r.Pos) {
			upto[r.Pos.Writer] = max(upto[r.Pos.Writer], r.Pos.Seq+1)
			if !hidden[r.Type] && org.Enrolled(r) != nil {
				recs = append(recs, r)
			}
		}
		return nil
	})
	slices.SortFunc(recs, func(a, b *vault.Record) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Pos.Seq, b.Pos.Seq), cmp.Compare(a.Pos.Index, b.Pos.Index))
	})
	for _, r := range recs {
		out.Items = append(out.Items, api.AdoptedItem{Event: r.ID, What: string(r.Type), Beneficiary: string(r.Vault), At: rfc3339(r.At.Time())})
	}
	return out, upto, err
}

// countTaken says of each item whether it counts now.
func (e *Engine) countTaken(out *api.Adoption) error {
	keys, org := e.view()
	if keys == nil {
		return vault.Errorf(vault.CodeLocked, "the vaults are locked")
	}
	ov := newOverlay(e.Store, org, keys)
	aside := map[string]bool{}
	for _, it := range out.Items {
		st, err := ov.state(vault.BeneficiaryID(it.Beneficiary))
		if err != nil {
			return err
		}
		recs, err := ov.records(scopeOf(vault.BeneficiaryID(it.Beneficiary)))
		if err != nil {
			return err
		}
		for _, r := range recs {
			if r.ID != it.Event {
				continue
			}
			set := func(q vault.Quarantined) bool { return q.Pos == r.Pos }
			aside[it.Event] = slices.ContainsFunc(st.Quarantine, set) || slices.ContainsFunc(org.Quarantine, set)
		}
	}
	for i := range out.Items {
		out.Items[i].Taken = !aside[out.Items[i].Event]
		if out.Items[i].Taken {
			out.Taken++
		}
	}
	return nil
}

// takeIn folds anew what an adoption lets count: the vaults that the device wrote into, and its notes of the organization.
func (o *overlay) takeIn(device vault.DeviceID) error {
	vaults := map[vault.BeneficiaryID][]*vault.Record{}
	var notes []*vault.Record
	err := o.scan(bucketEvents, "", func(_ string, raw []byte) error {
		r := &vault.Record{}
		if err := decodeHeld(raw, r); err != nil {
			return err
		}
		switch {
		case r.Pos.Writer.Device() != device || !o.org.Late(r.Pos):
		case r.Vault != "":
			vaults[r.Vault] = append(vaults[r.Vault], r)
		case r.Type == vault.NoteSealed:
			notes = append(notes, r)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := o.takeNotes(notes); err != nil {
		return err
	}
	for id, recs := range vaults {
		if err := o.takeVault(id, recs); err != nil {
			return err
		}
	}
	return nil
}
