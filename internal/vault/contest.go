package vault

// Identifiers are random, so an event that introduces one which an event of another device has introduced already is
// written by somebody who read that event and pretends not to have: to open a vault a second time under its own name, or
// to put a document in the place of another. Clocks do not tell who was first, since a writer chooses its own.

// The same holds for an event that the root or a card cosigned, which anybody can write once more into a chain of theirs.

// rivals decides between two events that introduce the same identifier without having seen one another.
type rivals struct {
	records []*Record // of the fold
	org     *Org      // with records of its own: every device that synchronizes writes some
}

// first reports whether a stands rather than b. It is a total order in all that honest devices can bring about: what a
// device claims of a time before it was enrolled does not stand; then what more devices have seen without the other
// does; then the device that was enrolled first; then the order of the fold.
func (v *rivals) first(a, b *Record) bool {
	ca, cb := v.certificate(a), v.certificate(b)
	lateA, lateB := ca != nil && ca.Saw(b.Pos), cb != nil && cb.Saw(a.Pos)
	if lateA != lateB {
		return lateB
	}
	if n, m := v.witnesses(a, b), v.witnesses(b, a); n != m {
		return n > m
	}
	if ca != nil && cb != nil && ca.Pos != cb.Pos {
		return ca.rank < cb.rank
	}
	return a.before(b)
}

// witnesses counts the devices that wrote something after seeing a and before seeing b.
func (v *rivals) witnesses(a, b *Record) int {
	seen := map[DeviceID]bool{}
	for _, records := range [][]*Record{v.records, v.org.records} {
		for _, r := range records {
			if (r == a || r.Saw(a.Pos)) && r != b && !r.Saw(b.Pos) && v.org.Enrolled(r) == nil {
				seen[r.Pos.Writer.Device()] = true
			}
		}
	}
	return len(seen)
}

func (v *rivals) certificate(r *Record) *certificate {
	if d := v.org.Devices[r.Pos.Writer.Device()]; d != nil {
		return d.certificate
	}
	return nil
}

// supplanted says that a record lost against its rival.
func supplanted(r *Record) Quarantined {
	return Quarantined{r.Pos, r.Type, "what it introduces belongs to another event", r.At}
}

// certificate is the event that enrolled a device, with its rank among them.
type certificate struct {
	*Record
	rank int
}

// claims keeps which record introduced what during one fold. The zero value is ready.
type claims struct {
	rivals *rivals
	by     map[string]*Record
}

// contested reports whether another record introduced the identifier without either having seen the other.
func (c *claims) contested(key string, r *Record) bool {
	old := c.by[key]
	return old != nil && !r.Saw(old.Pos)
}

// take reports whether r may introduce the identifier. Instead is the record that did so before, in vain, whose effect r is
// to replace, or nil.
func (c *claims) take(key string, r *Record) (ok bool, instead *Record) {
	old := c.by[key]
	if old != nil && (r.Saw(old.Pos) || c.rivals == nil || !c.rivals.first(r, old)) {
		return false, nil
	}
	if c.by == nil {
		c.by = map[string]*Record{}
	}
	c.by[key] = r
	return true, old
}
