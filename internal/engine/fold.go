package engine

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"

	"vaultctl/internal/vault"
)

const (
	metaWant      = "want/"      // + path of an organization note whose entries are not at hand yet
	metaWantVault = "wantvault/" // + vault that has notes whose entries are not at hand yet
)

// takeSegments applies verified segments to the overlay: the organization first, since it decides who may do what, then
// every vault that the events name, each folded once.
func (o *overlay) takeSegments(e *Engine, segs []*pulledSegment) error {
	vaults := map[vault.BeneficiaryID][]*vault.Record{}
	var notes []*vault.Record
	var adopted []vault.DeviceID
	authority := false
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
				vaults[ev.Vault] = append(vaults[ev.Vault], r)
			case ev.Type == vault.NoteSealed:
				notes = append(notes, r)
			case ev.Type != vault.Tombstoned:
				authority = true
			}
			var b vault.AdoptBody
			if ev.Type == vault.DeviceAdopted && ev.Decode(&b) == nil {
				adopted = append(adopted, b.Device)
			}
			o.putJSON(bucketEvents, eventKey(scopeOf(ev.Vault), r.Pos), r)
		}
	}
	if authority {
		if err := o.refoldOrg(e); err != nil {
			return err
		}
		err := o.allVaults(func(id vault.BeneficiaryID) {
			if _, named := vaults[id]; !named {
				vaults[id] = nil
			}
		})
		if err != nil {
			return err
		}
	}
	if err := o.takeNotes(notes); err != nil {
		return err
	}
	for _, device := range adopted {
		if err := o.takeIn(device); err != nil {
			return err
		}
	}
	for _, id := range slices.Sorted(maps.Keys(vaults)) {
		if err := o.takeVault(id, vaults[id]); err != nil {
			return err
		}
	}
	return nil
}

// refoldOrg computes the organization anew and opens the parcels that it declares.
func (o *overlay) refoldOrg(e *Engine) error {
	recs, err := o.records("org")
	if err != nil {
		return err
	}
	o.org = o.org.Refold(recs, o.lookup("org"))
	o.keys, err = e.openParcels(o.keys, o.org, func(p string) ([]byte, error) { return o.get(bucketParcels, p) })
	return err
}

// allVaults calls fn for every vault that is known.
func (o *overlay) allVaults(fn func(vault.BeneficiaryID)) error {
	return o.scan(bucketVaults, "", func(key string, _ []byte) error {
		fn(vault.BeneficiaryID(key))
		return nil
	})
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
	for _, r := range added {
		o.indexState(st, r)
		if r.Type == vault.VaultErased && st.Erased != nil && !wasErased {
			if err := o.purge(id, r.ID); err != nil {
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
		o.put(bucketMeta, metaWantVault+string(id), []byte{1})
	}
	return nil
}

// lacksEntries reports whether a note of the vault is readable with the keys and not at hand.
func (k *keyring) lacksEntries(o *overlay, st *vault.State) bool {
	return slices.ContainsFunc(slices.Collect(maps.Values(st.Notes)), func(n *vault.NoteBody) bool { return k.lacks(o, st.ID, n) })
}

func (k *keyring) lacks(o *overlay, id vault.BeneficiaryID, n *vault.NoteBody) bool {
	if !k.reads(n.Object.Readers) {
		return false
	}
	return slices.ContainsFunc(n.Entries, func(h vault.Hash) bool {
		raw, err := o.get(bucketEntries, string(id)+"/"+string(h))
		return err != nil || raw == nil
	})
}

// wantedNote is a note object that is to be fetched. Vault is "" for a note of the organization.
type wantedNote struct {
	vault vault.BeneficiaryID
	body  *vault.NoteBody
	lines map[vault.Hash][]byte
}

// wantedNotes returns the live notes that the keys open and whose entries are not at hand.
func (o *overlay) wantedNotes() ([]*wantedNote, error) {
	var out []*wantedNote
	err := o.scan(bucketMeta, metaWant, func(key string, _ []byte) error {
		raw, err := o.get(bucketNotes, key[len(metaWant):])
		if err != nil || raw == nil {
			return err
		}
		n := &wantedNote{body: &vault.NoteBody{}}
		if err := json.Unmarshal(raw, n.body); err != nil {
			return vault.Errorf(vault.CodeIntegrity, "read note: %w", err)
		}
		if o.keys.reads(n.body.Object.Readers) {
			out = append(out, n)
		}
		return nil
	})
	var ids []vault.BeneficiaryID
	err = errors.Join(err, o.scan(bucketMeta, metaWantVault, func(key string, _ []byte) error {
		ids = append(ids, vault.BeneficiaryID(key[len(metaWantVault):]))
		return nil
	}))
	for _, id := range ids {
		st, serr := o.state(id)
		if serr != nil {
			return nil, errors.Join(err, serr)
		}
		for _, n := range st.Notes {
			if o.keys.lacks(o, id, n) {
				out = append(out, &wantedNote{vault: id, body: n})
			}
		}
	}
	return out, err
}

// keepNotes stores the entries of fetched notes and folds the vaults that they tell about.
func (o *overlay) keepNotes(notes []*wantedNote) error {
	ids := map[vault.BeneficiaryID]bool{}
	for _, n := range notes {
		if n.lines == nil {
			continue
		}
		if n.vault == "" {
			o.delete(bucketMeta, metaWant+n.body.Object.Path)
		} else {
			ids[n.vault] = true
		}
		for h, line := range n.lines {
			var en vault.Entry
			if json.Unmarshal(line, &en) != nil || n.vault != "" && en.Vault != n.vault {
				continue
			}
			if en.Vault != "" {
				st, err := o.state(en.Vault)
				if err != nil {
					return err
				}
				if st.Erased != nil && en.Kind != vault.EntryRefs {
					continue
				}
				ids[en.Vault] = true
			}
			o.put(bucketEntries, scopeOf(en.Vault)+"/"+string(h), line)
		}
	}
	if err := o.renameOrg(); err != nil {
		return err
	}
	for id := range ids {
		st, err := o.refold(id)
		if err != nil {
			return err
		}
		if !o.keys.lacksEntries(o, st) {
			o.delete(bucketMeta, metaWantVault+string(id))
		}
		if err := o.reindex(id); err != nil {
			return err
		}
	}
	return nil
}

// renameOrg folds the organization again for the names that notes brought.
func (o *overlay) renameOrg() error {
	recs, err := o.records("org")
	if err == nil {
		o.org = o.org.Refold(recs, o.lookup("org"))
	}
	return err
}

// reindex puts the entries of a vault into the blind indexes in the order of their events, so that the last one stands.
func (o *overlay) reindex(id vault.BeneficiaryID) error {
	recs, err := o.records(string(id))
	if err != nil {
		return err
	}
	lookup := o.lookup(string(id))
	for _, r := range vault.Order(recs) {
		for _, h := range r.Notes {
			if en := lookup(h); en != nil && en.Event == r.ID {
				o.indexEntry(en)
			}
		}
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
