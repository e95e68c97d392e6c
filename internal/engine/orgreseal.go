package engine

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"vaultctl/internal/vault"
)

// What a compromised device could read of the organization's notes (agents' names, blind indexes, cards' recipients) is
// sealed anew too, by an admin's device, under the keys that followed. What it read before cannot be recalled.

const (
	// othersReseal is how long the other admins' devices leave that to the one that revoked.
	othersReseal = time.Hour
	// replacedBatch is how many entries one note that replaces others holds at most, unless a single one had more.
	replacedBatch = 400
)

// exposedNotes returns the notes of the organization that a compromised device could read, by kind, sorted by path, where
// there is a key that it does not have. An admin's device finds them, any other none.
func (e *Engine) exposedNotes(org *vault.Org) (map[vault.EpochKind][]vault.NoteBody, error) {
	self := org.Devices[org.Here]
	if self == nil || !self.Has(vault.RoleAdmin) || compromisedAt(org) == nil || e.notes.clean(org, e.Now()) {
		return nil, nil
	}
	out := map[vault.EpochKind][]vault.NoteBody{}
	err := e.Store.Scan(bucketNotes, "", func(_ string, raw []byte) error {
		var n vault.NoteBody
		if err := decodeHeld(raw, &n); err != nil {
			return err
		}
		for _, r := range n.Object.Readers {
			ep := org.Epochs[r.Epoch()]
			if ep == nil || !org.Exposed(ep) {
				continue
			}
			if now := org.Current(ep.Kind, ep.Team); now != nil && !org.Exposed(now) {
				out[ep.Kind] = append(out[ep.Kind], n)
				break
			}
		}
		return nil
	})
	if err == nil && len(out) == 0 {
		e.notes.found(org, e.Now())
	}
	for _, notes := range out {
		slices.SortFunc(notes, func(a, b vault.NoteBody) int { return strings.Compare(a.Object.Path, b.Object.Path) })
	}
	return out, err
}

// noteCheck remembers that nothing was exposed, so that not every look at the status reads every note.
type noteCheck struct {
	mu  sync.Mutex
	org *vault.Org
	at  time.Time
}

// checkAgain is how long that is believed where the organization has not changed.
const checkAgain = 10 * time.Minute

func (c *noteCheck) clean(org *vault.Org, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.org == org && now.Sub(c.at).Abs() < checkAgain
}

func (c *noteCheck) found(org *vault.Org, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.org, c.at = org, now
}

// compromisedAt returns the last revocation of a compromised device, or nil.
func compromisedAt(org *vault.Org) *vault.Revocation {
	var last *vault.Revocation
	for _, d := range org.Devices {
		for i := range d.Revoked {
			if v := &d.Revoked[i]; v.Compromised && (last == nil || v.At.Compare(last.At) > 0) {
				last = v
			}
		}
	}
	return last
}

// notesToReseal is 1 where notes of the organization are to be sealed anew, here or by another admin's device.
func (e *Engine) notesToReseal(org *vault.Org) (int, error) {
	if org == nil {
		return 0, nil
	}
	left, err := e.exposedNotes(org)
	return min(len(left), 1), err
}

// resealOrgNotes seals anew what a compromised device could read of the organization's notes: at once on the device that
// revoked it, later on those of other admins. Interrupted, it goes on with what is left.
func (e *Engine) resealOrgNotes(ctx context.Context) error {
	_, org := e.view()
	if org == nil {
		return vault.Errorf(vault.CodeLocked, "the vaults are locked")
	}
	last := compromisedAt(org)
	if last == nil || last.Pos.Writer.Device() != org.Here && e.Now().Sub(last.At.Time()) < othersReseal {
		return nil
	}
	left, err := e.exposedNotes(org)
	if err != nil {
		return err
	}
	for kind, notes := range left {
		for len(notes) > 0 {
			if ctx.Err() != nil {
				return vault.Errorf(vault.CodeInterrupted, "interrupted: %w", ctx.Err())
			}
			n, size := 1, len(notes[0].Entries)
			for n < len(notes) && size+len(notes[n].Entries) <= replacedBatch {
				size += len(notes[n].Entries)
				n++
			}
			if err := e.resealNotes(ctx, org.Current(kind, ""), notes[:n]); err != nil {
				return fmt.Errorf("reseal notes: %w", err)
			}
			notes = notes[n:]
		}
	}
	return nil
}

// resealNotes writes notes as one under a key, and buries them.
func (e *Engine) resealNotes(ctx context.Context, ep *vault.Epoch, notes []vault.NoteBody) error {
	body := vault.NoteBody{}
	for _, n := range notes {
		body.From = append(body.From, n.Object.Path)
		for _, h := range n.Entries {
			if !slices.Contains(body.Entries, h) {
				body.Entries = append(body.Entries, h)
			}
		}
	}
	text, err := e.linesOf(body.Entries)
	if err != nil {
		return err
	}
	f, err := e.sealFile(bytes.NewReader(text), []string{ep.Recipient})
	if err != nil {
		return err
	}
	path := vault.NotePath(e.self().Writer, vault.NewObjectName())
	body.Object = vault.Object{Path: path, Size: f.Size(), Hash: f.Sum(), Readers: []vault.Reader{vault.EpochReader(ep.Epoch)}}
	if err := e.Spool.Stage([]Staged{{f, path}}); err != nil {
		return err
	}
	return e.commit(context.WithoutCancel(ctx), func(t *tx) error {
		t.enqueue(body.Object)
		if err := t.emit(vault.NoteSealed, "", body); err != nil {
			return err
		}
		if err := t.emit(vault.Tombstoned, "", vault.TombstoneBody{Paths: body.From}); err != nil {
			return err
		}
		t.doom(body.From...)
		return t.ov.unqueue(body.From)
	})
}

// buriedNotes adds the notes of the organization that others replaced and that were tombstoned.
func (c *cleaning) buriedNotes(org *vault.Org) error {
	recs, err := newOverlay(c.v.e.Store, org, c.v.keys).records(scopeOf(""))
	replaced := map[string]bool{}
	for _, r := range recs {
		var b vault.NoteBody
		if r.Type == vault.NoteSealed && org.MaySealNote(r) == nil && r.Decode(&b) == nil {
			for _, p := range b.From {
				replaced[p] = true
			}
		}
	}
	for _, r := range recs {
		var b vault.TombstoneBody
		if r.Type != vault.Tombstoned || org.MayBury(r) != nil || r.Decode(&b) != nil {
			continue
		}
		for _, p := range b.Paths {
			c.v.tombs[p] = c.v.tombs[p] || replaced[p]
		}
	}
	return err
}
