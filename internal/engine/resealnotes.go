package engine

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"vaultctl/internal/vault"
)

// holdsEntries reports whether the index has every entry of a note.
func (e *Engine) holdsEntries(id vault.BeneficiaryID, n *vault.NoteBody) bool {
	for _, h := range n.Entries {
		if raw, err := e.Store.Get(bucketEntries, string(id)+"/"+string(h)); err != nil || raw == nil {
			return false
		}
	}
	return true
}

// openNote returns the entries of a note object by their commitments.
func (e *Engine) openNote(ctx context.Context, keys *keyring, extra []string, n *vault.NoteBody) (map[vault.Hash][]byte, error) {
	sealed, err := e.openObject(ctx, n.Object)
	if err != nil {
		return nil, err
	}
	defer sealed.Close()
	plain, err := e.Sealer.Open(sealed, append(keys.identitiesFor(n.Object.Readers), extra...))
	if err != nil {
		return nil, fmt.Errorf("open note: %w", err)
	}
	return parseNote(plain)
}

// noteLines returns the exact lines of the entries of notes: from the index, else from the objects themselves. It takes out
// the notes that do not hold what they declare.
func (e *Engine) noteLines(ctx context.Context, st *vault.State, keys *keyring, extra []string, r *resealed) ([]byte, error) {
	var text bytes.Buffer
	var sound []*vault.NoteBody
	for _, n := range r.notes {
		lines, err := e.linesIn(ctx, st.ID, keys, extra, n)
		if spoilt(err) {
			e.log.Warn("reseal note", "code", vault.CodeOf(err))
			r.bad++
			continue
		}
		if err != nil {
			return nil, err
		}
		sound = append(sound, n)
		for i, h := range n.Entries {
			if !slices.Contains(r.lines, h) {
				r.lines = append(r.lines, h)
				text.Write(lines[i])
				text.WriteByte('\n')
			}
		}
	}
	r.notes = sound
	return text.Bytes(), nil
}

// linesIn returns the lines of a note in the order of its entries.
func (e *Engine) linesIn(ctx context.Context, id vault.BeneficiaryID, keys *keyring, extra []string, n *vault.NoteBody) ([][]byte, error) {
	var opened map[vault.Hash][]byte
	out := make([][]byte, len(n.Entries))
	for i, h := range n.Entries {
		raw, err := e.Store.Get(bucketEntries, string(id)+"/"+string(h))
		if err != nil {
			return nil, fmt.Errorf("read note entry: %w", err)
		}
		if raw == nil && opened == nil {
			if opened, err = e.openNote(ctx, keys, extra, n); err != nil {
				return nil, err
			}
		}
		if raw == nil {
			raw = opened[h]
		}
		if raw == nil {
			return nil, vault.Errorf(vault.CodeIntegrity, "a note does not hold an entry that it declares")
		}
		out[i] = raw
	}
	return out, nil
}
