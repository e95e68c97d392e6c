package vault

import (
	"cmp"
	"fmt"
	"slices"
)

// The root names its successor, when somebody leaves who has its words. From what saw the succession on, the new root is the
// root. Who has the old words can still sign, and date back: what they sign counts only where who wrote the succession had
// seen it, or another agent's device had before it saw the succession, as for withdrawals.

// Root is one in the line of roots.
type Root struct {
	N   int    // from 1
	Key string // ed25519 public key, base64
	At  Clock  // of the succession; zero for the first

	told []*Record // the successions that say so; none for the first
}

// RootBody is RootSucceeded: cosigned by the new root.
type RootBody struct {
	Note string `json:"note"` // the exact text of the RootNote
}

// CurrentRoot returns the last in the line of roots.
func (o *Org) CurrentRoot() Root { return o.roots[len(o.roots)-1] }

// Roots returns the line of roots, the first first.
func (o *Org) Roots() []Root { return slices.Clone(o.roots) }

// RootNote returns the exact bytes of the note that names the root, nil for the first, which the organization note names.
func (r *Root) RootNote() []byte {
	var b RootBody
	if len(r.told) == 0 || r.told[0].Decode(&b) != nil {
		return nil
	}
	return []byte(b.Note)
}

// SignedByRoot reports whether the record bears a signature by the root that counts for it.
func (o *Org) SignedByRoot(r *Record) bool {
	return len(r.Cosigned) > 0 && slices.ContainsFunc(o.roots, func(root Root) bool {
		return r.CosignedBy(o.ID, root.Key) && o.ruled(root, r)
	})
}

// ruled reports whether a signature by the root counts for the record: it knew of the root, and no later one ended it before.
func (o *Org) ruled(root Root, r *Record) bool {
	if root.N > 1 && !slices.ContainsFunc(root.told, func(s *Record) bool { return r.Saw(s.Pos) }) {
		return false
	}
	if root.N == len(o.roots) {
		return o.undisputed(r)
	}
	return !slices.ContainsFunc(o.roots[root.N].told, func(s *Record) bool {
		return r.Saw(s.Pos) || !s.Saw(r.Pos) && !o.witnessed(r, s, o.records)
	})
}

// undisputed is about what is judged while several successors of the root are compared: of what it signed, only what the
// device wrote that began the organization, or what all of them had seen.
func (o *Org) undisputed(r *Record) bool {
	return len(o.disputed) == 0 || o.First != "" && r.Pos.Writer.Device() == o.First ||
		!slices.ContainsFunc(o.disputed, func(s *Record) bool { return s.Pos != r.Pos && !s.Saw(r.Pos) })
}

// succession takes a succession that is in the line of roots already: Refold finds the line before anything else.
func (o *Org) succession(r *Record) error {
	for _, root := range o.roots {
		if slices.Contains(root.told, r) {
			return nil
		}
	}
	if _, n := succeeding(o.ID, r); n == nil {
		return fmt.Errorf("not signed by both roots")
	}
	return fmt.Errorf("a successor whom the root then did not name")
}

// succeeding returns the key that a succession names, and its note, nil where it is not signed as it should be.
func succeeding(org OrgID, r *Record) (string, *RootNote) {
	var b RootBody
	if r.Type != RootSucceeded || r.Decode(&b) != nil {
		return "", nil
	}
	n, err := ParseRootNote([]byte(b.Note))
	if err != nil || n.Org != org || !r.CosignedBy(org, b64of(n.Root)) {
		return "", nil
	}
	return b64of(n.Root), n
}

// line finds the line of roots in ordered records. It rests on signatures alone, and so comes before everything that roots
// decide; only where one root named several successors, none of which saw another, devices are asked.
func (o *Org) line(ordered []*Record, entries EntryLookup) []Root {
	line := []Root{{N: 1, Key: o.Root}}
	told := slices.DeleteFunc(slices.Clone(ordered), func(r *Record) bool { return r.Type != RootSucceeded })
	for len(told) > 0 && len(line) < maxRoots {
		next := successors(o.ID, told, line)
		switch len(next) {
		case 0:
			return line
		case 1:
			line = append(line, next[0])
		default:
			line = append(line, o.prevailing(next, line, ordered, entries))
		}
	}
	return line
}

// successors returns whom the last root named, each with the records that say so. Who had seen another succession named
// nobody any more; and who has been the root is not named again, for their words may be in other hands.
func successors(org OrgID, told []*Record, line []Root) []Root {
	var out []Root
	last := &line[len(line)-1]
	for _, r := range told {
		key, n := succeeding(org, r)
		if n == nil || n.N != last.N+1 || b64of(n.Before) != last.Key || slices.ContainsFunc(line, func(was Root) bool { return was.Key == key }) ||
			last.N > 1 && !slices.ContainsFunc(last.told, func(s *Record) bool { return r.Saw(s.Pos) }) {
			continue
		}
		if i := slices.IndexFunc(out, func(c Root) bool { return c.Key == key }); i >= 0 {
			out[i].told = append(out[i].told, r)
		} else {
			out = append(out, Root{N: n.N, Key: key, At: r.At, told: []*Record{r}})
		}
	}
	late := func(c Root) bool {
		return slices.ContainsFunc(out, func(other Root) bool {
			return other.Key != c.Key && sawAny(c.told, other.told) && !sawAny(other.told, c.told)
		})
	}
	first := slices.DeleteFunc(slices.Clone(out), late)
	if len(first) == 0 { // in a circle, which only forged pasts make
		return out
	}
	return first
}

func sawAny(records, seen []*Record) bool {
	return slices.ContainsFunc(records, func(r *Record) bool {
		return slices.ContainsFunc(seen, func(s *Record) bool { return r.Saw(s.Pos) })
	})
}

// prevailing returns which of several successors of one root stands: that of which more devices tell without any of the
// others. Devices count that are enrolled whichever it is, so that who has the old words makes none for it. Then what was
// written by the device enrolled first stands, then the order of the fold.
func (o *Org) prevailing(next, line []Root, ordered []*Record, entries EntryLookup) Root {
	var disputed []*Record
	for _, c := range next {
		disputed = append(disputed, c.told...)
	}
	ground := o.settle(ordered, entries, line, disputed)
	rank := func(c Root) int {
		best := len(ground.Devices)
		for _, r := range c.told {
			if d := ground.Devices[r.Pos.Writer.Device()]; d != nil && ground.Enrolled(r) == nil {
				best = min(best, d.certificate.rank)
			}
		}
		return best
	}
	return slices.MinFunc(next, func(a, b Root) int {
		return cmp.Or(cmp.Compare(ground.telling(b, next, ordered), ground.telling(a, next, ordered)), cmp.Compare(rank(a), rank(b)),
			cmp.Compare(slices.Index(ordered, a.told[0]), slices.Index(ordered, b.told[0])))
	})
}

// telling counts the devices that know of a successor and of none of the others.
func (o *Org) telling(c Root, next []Root, records []*Record) int {
	knows := func(r *Record, of Root) bool {
		return slices.ContainsFunc(of.told, func(s *Record) bool { return r == s || r.Saw(s.Pos) })
	}
	seen := map[DeviceID]bool{}
	for _, r := range records {
		d := r.Pos.Writer.Device()
		if !seen[d] && knows(r, c) && o.Enrolled(r) == nil &&
			!slices.ContainsFunc(next, func(other Root) bool { return other.Key != c.Key && knows(r, other) }) {
			seen[d] = true
		}
	}
	return len(seen)
}
