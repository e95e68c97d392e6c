package vault

import (
	"fmt"
	"slices"
	"strings"
)

// The folders of a writer's prefix that hold what events declare.
const (
	documentFolder = "d"
	noteFolder     = "n"
	manifestFolder = "p"
	shareFolder    = "s"
)

// objectFolder returns the folder of an object's path, "" for anything that is not the path of an object: segments and
// parcels, other prefixes, and whatever does not have the exact form.
func objectFolder(path string) string {
	parts := strings.Split(path, "/")
	if len(parts) != 6 || parts[0] != "v1" || parts[1] != "w" || !WriterID(parts[2]).Valid() || len(path) >= maxPath {
		return ""
	}
	name, ok := strings.CutSuffix(parts[5], ".age")
	if !ok || name == "" {
		return ""
	}
	switch parts[3] {
	case documentFolder, noteFolder:
		if len(name) != 26 || !isLowerBase32(name) || parts[4] != name[:2] {
			return ""
		}
	case manifestFolder:
		if len(parts[4]) != 26 || !isLowerBase32(parts[4]) || !isNumber(name) {
			return ""
		}
	case shareFolder:
		if len(name) != 26 || !isLowerBase32(name) || !LooksLikeID('s', parts[4]) {
			return ""
		}
	default:
		return ""
	}
	return parts[3]
}

const maxPath = 120

func isNumber(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != "" && len(s) <= 18
}

// ownPath reports whether the path is of an object below a prefix of the record's device. Nobody declares, replaces or
// buries what another writer wrote as if it were its own.
func ownPath(r *Record, path string) bool {
	return objectFolder(path) != "" && PathWriter(path).Device() == r.Pos.Writer.Device()
}

// checkObject returns an error unless the record may bring the object into the vault: its own, well-formed, for somebody,
// and new.
func (s *State) checkObject(r *Record, o *Object, folder string) error {
	switch {
	case !ownPath(r, o.Path) || objectFolder(o.Path) != folder:
		return fmt.Errorf("an object outside its writer's prefix")
	case o.Size <= 0 || !o.Hash.Valid():
		return fmt.Errorf("an object without size and hash")
	case len(o.Readers) == 0:
		return fmt.Errorf("an object that nobody reads")
	case s.Dead[o.Path] || s.Tombs[o.Path] || s.uses(o.Path):
		return fmt.Errorf("an object that was declared before")
	}
	for i, d := range o.Readers {
		if slices.Contains(o.Readers[:i], d) {
			return fmt.Errorf("an object that names a reader twice")
		}
	}
	return nil
}

// uses reports whether the path is of an object that the vault consists of.
func (s *State) uses(path string) bool {
	if s.at(path, func(d *Document) bool { return d.Object.Path == path && d.Removed == nil }) != nil {
		return true
	}
	return s.Notes[path] != nil || slices.ContainsFunc(s.Manifests, func(m Object) bool { return m.Path == path }) ||
		slices.ContainsFunc(s.Shares, func(sh *Share) bool { return sh.holds(path) })
}

// orphan buries an object that comes too late for an erased vault, so that it does not stay on the remotes for ever.
func (s *State) orphan(r *Record) {
	for _, o := range declaredBy(r) {
		if ownPath(r, o.Path) && !s.Tombs[o.Path] {
			s.Dead[o.Path] = true
		}
	}
}

// declaredBy returns the objects that an event of a vault brings.
func declaredBy(r *Record) []Object {
	switch r.Type {
	case DocumentDeposited, DocumentReplaced:
		var b DepositBody
		if r.Decode(&b) == nil {
			return []Object{b.Object}
		}
	case Resealed:
		var b ResealBody
		if r.Decode(&b) == nil {
			return []Object{b.To}
		}
	case NoteSealed:
		var b NoteBody
		if r.Decode(&b) == nil {
			return []Object{b.Object}
		}
	case ShareAdded:
		var b ShareBody
		if r.Decode(&b) == nil {
			return b.Objects()
		}
	case ManifestWritten:
		var b ManifestBody
		if r.Decode(&b) == nil {
			return []Object{b.Object}
		}
	}
	return nil
}
