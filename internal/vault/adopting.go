package vault

import "fmt"

// adoption takes in what a revoked device wrote beyond its cut-off.
type adoption struct {
	AdoptBody
	pos Pos
}

// adopt takes in what a revoked device wrote too late. Whoever could have drawn the cut-off later may: an admin no junior to
// the one that revoked; what the root revoked, the root alone.
func (o *Org) adopt(r *Record) error {
	var b AdoptBody
	if err := r.Decode(&b); err != nil {
		return err
	}
	d, by := o.Devices[b.Device], o.Devices[r.Pos.Writer.Device()]
	if d == nil || d.Active() {
		return fmt.Errorf("no revoked device")
	}
	byRoot := o.SignedByRoot(r)
	if !byRoot && !o.HasRole(r, RoleAdmin) {
		return fmt.Errorf("taken in neither by an admin nor by the root")
	}
	for _, v := range o.accepted {
		if v.Device == b.Device && !byRoot && (v.byRoot || by.senior(o.Devices[v.issuer.Device]) > 0) {
			return fmt.Errorf("taken in by somebody junior to whoever revoked the device")
		}
	}
	o.adopting = append(o.adopting, adoption{b, r.Pos})
	return nil
}

// takenIn reports whether an adoption covers what stands at p.
func (o *Org) takenIn(p Pos) bool {
	for _, a := range o.adopted {
		if a.Device == p.Writer.Device() && p.Seq < a.Upto[p.Writer] {
			return true
		}
	}
	return false
}

// adoptable reports whether a record that is taken in may count: what any enrolled device may write, and the opening of a
// vault of its own. It changes, removes and grants nothing in vaults of others: whoever has the revoked device would be let
// in again.
func (s *State) adoptable(org *Org, r *Record) bool {
	switch r.Type {
	case VaultOpened, DocumentDeposited, ConsentWithdrawn, AccessOpened, AccessRefused:
		return true
	case NoteSealed:
		var b NoteBody
		return r.Decode(&b) == nil && len(b.From) == 0
	case ConsentGiven, CardIssued, VaultEdited:
		return s.opening(org, r)
	}
	return false
}
