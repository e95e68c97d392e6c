package vault

import (
	"fmt"
	"maps"
	"slices"
)

// upkeep takes the events that move objects without changing what the vault tells.
func (s *State) upkeep(org *Org, r *Record) error {
	switch r.Type {
	case Resealed:
		return s.reseal(org, r)
	case NoteSealed:
		return s.sealNote(org, r)
	case ManifestWritten:
		return s.writeManifest(org, r)
	case Tombstoned:
		return s.bury(org, r)
	}
	return nil
}

// sealNote takes an object of note entries. Whoever deposits adds notes; only who can open the notes that it replaces
// replaces them, and only a reader or the card leaves entries out.
func (s *State) sealNote(org *Org, r *Record) error {
	var b NoteBody
	if err := r.Decode(&b); err != nil {
		return err
	}
	if err := s.checkObject(r, &b.Object, noteFolder); err != nil {
		return err
	}
	var had []Reader
	var entries []Hash
	var acts []Act
	for _, p := range b.From {
		n := s.Notes[p]
		if n == nil { // replaced by another meanwhile
			continue
		}
		if !s.opens(org, r, n.Object.Readers) && !s.MayWrite(org, r) {
			return fmt.Errorf("a note replaced by a device that never was a reader")
		}
		acts = append(acts, s.openHinges(org, r, n.Object.Readers)...)
		if s.noteSpace(n) == Private && !includes(b.Entries, n.Entries) {
			acts = append(acts, s.cardHinges(org, r)...)
		}
		had, entries = append(had, n.Object.Readers...), append(entries, n.Entries...)
		if s.noteSpace(n) == Private && !s.byCard(org, r) && !includes(b.Entries, n.Entries) {
			return fmt.Errorf("entries of a private note left out without the card")
		}
	}
	if !s.MayWrite(org, r) && !includes(b.Entries, entries) {
		return fmt.Errorf("entries of a note left out by a device without consent")
	}
	if !includes(b.Entries, entries) {
		acts = append(acts, s.hinges(org, r)...)
	}
	readers, err := s.declared(org, r, b.Object.Readers, spaceOf(b.Object.Readers), had)
	if err != nil {
		return err
	}
	acts = append(acts, s.sealHinges(r, b.Object.Readers)...)
	b.Object.Readers = readers
	for _, p := range b.From {
		if s.Notes[p] != nil {
			delete(s.Notes, p)
			s.supersede(p, acts...)
		}
	}
	s.Notes[b.Object.Path] = &b
	return nil
}

// includes reports whether all of part is in whole.
func includes(whole, part []Hash) bool {
	set := make(map[Hash]bool, len(whole))
	for _, h := range whole {
		set[h] = true
	}
	return !slices.ContainsFunc(part, func(h Hash) bool { return !set[h] })
}

// writeManifest takes the person's manifest, which one who reads the vault writes.
func (s *State) writeManifest(org *Org, r *Record) error {
	var b ManifestBody
	if err := r.Decode(&b); err != nil {
		return err
	}
	if err := s.checkObject(r, &b.Object, manifestFolder); err != nil {
		return err
	}
	if !s.MayWrite(org, r) {
		return fmt.Errorf("a manifest by a device without consent")
	}
	if err := s.justified(org, r, b.Object.Readers, Private, nil); err != nil {
		return err
	}
	for _, m := range s.Manifests {
		s.supersede(m.Path, append(s.hinges(org, r), s.sealHinges(r, b.Object.Readers)...)...)
	}
	s.Manifests = []Object{b.Object}
	return nil
}

// bury marks objects for deletion: those that the vault no longer uses, and those that the device itself wrote. What is
// reachable, and what belongs to others, is passed over; but for copies of shares, which whoever may end the share takes back.
func (s *State) bury(org *Org, r *Record) error {
	var b TombstoneBody
	if err := r.Decode(&b); err != nil {
		return err
	}
	for _, p := range b.Paths {
		s.takeBack(org, r, p)
		if !s.uses(p) && (s.Dead[p] || ownPath(r, p)) {
			delete(s.Dead, p)
			s.Tombs[p] = true
		}
	}
	return nil
}

// reseal replaces an object by the same plaintext for other readers. Of two valid reseals of the same object the lower
// path wins, but for one by whose consent has ended, which gives way to a reader's; the other is dead.
func (s *State) reseal(org *Org, r *Record) error {
	var b ResealBody
	if err := r.Decode(&b); err != nil {
		return err
	}
	if err := s.checkObject(r, &b.To, documentFolder); err != nil {
		return err
	}
	d := s.resealable(b.From)
	if d == nil {
		if !s.Dead[b.From] && !s.Tombs[b.From] { // its deposit may come yet, and what was resealed is then all there is
			return fmt.Errorf("an unknown object was resealed")
		}
		s.supersede(b.To.Path, s.Waits[b.From]...) // removed, replaced or resealed again meanwhile
		return nil
	}
	had := d.Object.Readers
	if d.From == b.From {
		had = d.FromReaders
	}
	if !s.opens(org, r, had) && !s.ReaderAt(org, r) {
		return fmt.Errorf("resealed by a device that could not open the object")
	}
	readers, err := s.declared(org, r, b.To.Readers, d.Space, had)
	if err != nil {
		return err
	}
	acts := append(s.openHinges(org, r, had), s.sealHinges(r, b.To.Readers)...)
	b.To.Readers = readers
	made := s.sealingOf(org, r, b.To.Path)
	if d.From == b.From {
		stood := sealing{d.ByReader, d.Object.Path, d.Reseal}
		if stood.before(&made) {
			s.supersede(made.path, made.lostTo(&stood)...)
			return nil
		}
		acts = append(acts, stood.lostTo(&made)...)
	}
	s.supersede(d.Object.Path, acts...)
	d.Object, d.From, d.FromReaders, d.ByReader, d.Reseal = b.To, b.From, had, made.by, made.acts
	s.place(d)
	return nil
}

// openHinges returns on what it hangs that the record's device could open an object: nothing where it was given a key to it.
func (s *State) openHinges(org *Org, r *Record, readers []Reader) []Act {
	if s.byKey(org, r, readers) {
		return nil
	}
	return s.hinges(org, r)
}

// resealable returns the document whose object, or the object before the last reseal, has the path.
func (s *State) resealable(path string) *Document {
	return s.at(path, func(d *Document) bool {
		return d.Removed == nil && (d.Object.Path == path || d.From == path && path != "")
	})
}

// erase keeps of the vault that it was erased, and which objects have to go.
func (s *State) erase(r *Record) {
	e := ending(r)
	dead, tombs, signed, c, a, at, beside := s.Dead, s.Tombs, s.Signed, s.claims, s.ahead, s.places, s.Beside
	for _, o := range s.LiveObjects() {
		dead[o.Path] = true
	}
	last := s.Last
	*s = *NewState(s.ID)
	s.Opened, s.OpenedBy, s.Erased = r.At, r.Agent, &e
	s.applying = true
	s.Dead, s.Tombs, s.Signed, s.Last, s.claims, s.ahead, s.places, s.Beside = dead, tombs, signed, last, c, a, at, beside
}

// LiveObjects returns every object that the vault consists of, sorted by path.
func (s *State) LiveObjects() []Object {
	var out []Object
	for _, d := range s.Documents {
		if d.Removed == nil {
			out = append(out, d.Object)
		}
	}
	for _, n := range s.Notes {
		out = append(out, n.Object)
	}
	for _, sh := range s.Shares {
		out = append(out, sh.Live()...)
	}
	out = append(out, s.Manifests...)
	slices.SortFunc(out, func(a, b Object) int { return cmpString(a.Path, b.Path) })
	return out
}

// DeadPaths returns the objects that wait for a tombstone, sorted.
func (s *State) DeadPaths() []string { return slices.Sorted(maps.Keys(s.Dead)) }
