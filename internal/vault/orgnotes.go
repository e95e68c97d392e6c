package vault

import (
	"fmt"
	"slices"
)

// MaySealNote returns an error unless the record may bring a note of the organization: its own, for those whom an epoch of the
// organization reaches. It replaces notes of its own device; those of others are replaced by admins and agents alone, who
// write them anew without what was erased.
func (o *Org) MaySealNote(r *Record) error {
	if err := o.Enrolled(r); err != nil {
		return err
	}
	var b NoteBody
	if err := r.Decode(&b); err != nil {
		return err
	}
	switch {
	case !ownPath(r, b.Object.Path) || objectFolder(b.Object.Path) != noteFolder:
		return fmt.Errorf("an object outside its writer's prefix")
	case b.Object.Size <= 0 || !b.Object.Hash.Valid():
		return fmt.Errorf("an object without size and hash")
	case len(b.Object.Readers) == 0:
		return fmt.Errorf("an object that nobody reads")
	}
	for _, d := range b.Object.Readers {
		if e := o.Epochs[d.Epoch()]; e == nil || e.Kind == EpochTeam {
			return fmt.Errorf("a note of the organization for somebody else")
		}
	}
	for _, p := range b.From {
		if !o.MayReplaceNote(r, p) {
			return fmt.Errorf("a note of another device replaced by one that is neither an admin's nor an agent's")
		}
	}
	return nil
}

// MayReplaceNote reports whether the record's device may replace the note of the organization at the path.
func (o *Org) MayReplaceNote(r *Record, path string) bool {
	return ownPath(r, path) || o.HasRole(r, RoleAdmin) || o.HasRole(r, RoleAgent)
}

// MayBury returns an error unless the record's device, or an admin's, buries objects of its own.
func (o *Org) MayBury(r *Record) error {
	if err := o.Enrolled(r); err != nil {
		return err
	}
	var b TombstoneBody
	if err := r.Decode(&b); err != nil {
		return err
	}
	if !o.HasRole(r, RoleAdmin) && slices.ContainsFunc(b.Paths, func(p string) bool { return !ownPath(r, p) }) {
		return fmt.Errorf("objects of another device buried by one that is no admin's")
	}
	return nil
}
