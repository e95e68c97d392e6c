package engine

import (
	"errors"
	"maps"
	"slices"

	"vaultctl/internal/vault"
)

// taken is what segments hold, by what has to be done with it.
type taken struct {
	vaults    map[vault.BeneficiaryID][]*vault.Record
	notes     []*vault.Record  // of the organization
	adopted   []vault.DeviceID // whose late records may count now
	authority bool             // there are events that decide who may do what
}

// takeSegments applies verified segments to the overlay: the organization first, since it decides who may do what, then
// every vault that the events name, each folded once.
func (o *overlay) takeSegments(e *Engine, segs []*pulledSegment) error {
	t := o.record(segs)
	if err := o.takeOrg(e, t); err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(t.vaults)) {
		if err := o.takeVault(id, t.vaults[id]); err != nil {
			return err
		}
	}
	return nil
}

// record puts the events of segments into the index, and what comes with them.
func (o *overlay) record(segs []*pulledSegment) *taken {
	t := &taken{vaults: map[vault.BeneficiaryID][]*vault.Record{}}
	for _, seg := range segs {
		for path, raw := range seg.parcels {
			o.put(bucketParcels, path, raw)
		}
		o.putJSON(bucketSegments, segmentKey(seg.writer, seg.seq), seg.info)
		for i, ev := range seg.body.Events {
			r := &vault.Record{Event: ev, Pos: vault.Pos{Writer: seg.writer, Seq: seg.seq, Index: i}, Past: seg.info.Past}
			switch {
			case ev.Type == vault.Heartbeat:
				continue
			case ev.Vault != "":
				t.vaults[ev.Vault] = append(t.vaults[ev.Vault], r)
			case ev.Type == vault.NoteSealed:
				t.notes = append(t.notes, r)
			case ev.Type != vault.Tombstoned:
				t.authority = true
			}
			var b vault.AdoptBody
			if ev.Type == vault.DeviceAdopted && ev.Decode(&b) == nil {
				t.adopted = append(t.adopted, b.Device)
			}
			o.putJSON(bucketEvents, eventKey(scopeOf(ev.Vault), r.Pos), r)
		}
	}
	return t
}

// takeOrg applies what segments say of the organization. The vaults that it may concern join those that the events name.
func (o *overlay) takeOrg(e *Engine, t *taken) error {
	if t.authority {
		if err := o.takeAuthority(e, t.vaults); err != nil {
			return err
		}
	}
	if err := o.takeNotes(t.notes); err != nil {
		return err
	}
	for _, device := range t.adopted {
		if err := o.takeIn(device); err != nil {
			return err
		}
	}
	return nil
}

// takeNotes records organization notes whose writers are enrolled, and that their entries are wanted.
func (o *overlay) takeNotes(recs []*vault.Record) error {
	for _, r := range recs {
		if o.org.MaySealNote(r) != nil {
			continue
		}
		if _, err := o.applyOrg(r); err != nil {
			return err
		}
		var b vault.NoteBody
		if err := r.Decode(&b); err != nil {
			continue
		}
		for _, p := range b.From {
			o.delete(bucketMeta, metaWant+p)
		}
		o.put(bucketMeta, metaWant+b.Object.Path, []byte{1})
	}
	return nil
}

// takeVault folds a vault anew after records were added.
func (o *overlay) takeVault(id vault.BeneficiaryID, added []*vault.Record) error {
	before, err := o.state(id)
	if err != nil {
		return err
	}
	wasErased := before.Erased != nil
	st, err := o.refold(id)
	if err != nil {
		return err
	}
	return o.takeFolded(st, wasErased, added)
}

// takeFolded does what follows from the records that were added to a vault, which is folded already.
func (o *overlay) takeFolded(st *vault.State, wasErased bool, added []*vault.Record) error {
	for _, r := range added {
		o.indexState(st, r)
		if r.Type == vault.VaultErased && st.Erased != nil && !wasErased {
			if err := o.purge(st.ID, r.ID); err != nil {
				return err
			}
		}
		var b vault.TombstoneBody
		if r.Type == vault.Tombstoned && r.Decode(&b) == nil {
			gone := slices.DeleteFunc(b.Paths, func(p string) bool { return !st.Tombs[p] })
			now := slices.DeleteFunc(slices.Clone(gone), func(p string) bool { return len(st.Waits[p]) > 0 })
			if err := errors.Join(o.unqueue(now), o.doomOwn(st, gone)); err != nil {
				return err
			}
		}
	}
	if err := o.spare(st); err != nil {
		return err
	}
	if o.keys.lacksEntries(o, st) {
		o.put(bucketMeta, metaWantVault+string(st.ID), []byte{1})
	} else {
		o.delete(bucketMeta, metaWantVault+string(st.ID))
	}
	return nil
}

// hold records which objects of other writers the remotes have: their segments came after them.
func (o *overlay) hold(own vault.WriterID, segs []*pulledSegment) {
	put := func(obj vault.Object) {
		if vault.PathWriter(obj.Path) != own {
			o.putJSON(bucketHeld, obj.Path, heldObject{obj.Size, obj.Hash})
		}
	}
	for _, seg := range segs {
		put(vault.Object{Path: vault.SegmentPath(seg.writer, seg.seq), Size: seg.info.Size, Hash: seg.info.Hash})
		for i := range seg.body.Events {
			for _, obj := range declared(&seg.body.Events[i]) {
				put(obj)
			}
		}
	}
	for id := range o.touched {
		if st := o.states[id]; st != nil {
			for p := range st.Tombs {
				o.delete(bucketHeld, p)
			}
		}
	}
}

// declared returns the objects that an event brings into being.
func declared(ev *vault.Event) []vault.Object {
	switch ev.Type {
	case vault.DocumentDeposited, vault.DocumentReplaced:
		var b vault.DepositBody
		if ev.Decode(&b) == nil {
			return []vault.Object{b.Object}
		}
	case vault.Resealed:
		var b vault.ResealBody
		if ev.Decode(&b) == nil {
			return []vault.Object{b.To}
		}
	case vault.NoteSealed:
		var b vault.NoteBody
		if ev.Decode(&b) == nil {
			return []vault.Object{b.Object}
		}
	case vault.ManifestWritten:
		var b vault.ManifestBody
		if ev.Decode(&b) == nil {
			return []vault.Object{b.Object}
		}
	case vault.ShareAdded:
		var b vault.ShareBody
		if ev.Decode(&b) == nil {
			return b.Objects()
		}
	case vault.RootSucceeded:
		var b vault.RootBody
		if ev.Decode(&b) == nil {
			if n, err := vault.ParseRootNote([]byte(b.Note)); err == nil {
				return []vault.Object{rootNoteObject(n, []byte(b.Note))}
			}
		}
	case vault.EpochOpened:
		var b vault.EpochBody
		if ev.Decode(&b) == nil {
			return b.Parcels
		}
	case vault.EpochExtended:
		var b vault.ExtendBody
		if ev.Decode(&b) == nil {
			return b.Parcels
		}
	}
	return nil
}
