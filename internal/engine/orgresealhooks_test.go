package engine

import (
	"context"
	"io"
	"maps"
	"slices"
	"testing"

	"vaultctl/internal/vault"
)

// OpensNotes counts the notes of the organization, as another workstation knows them, that this one's keys open.
func (e *Engine) OpensNotes(tb testing.TB, other *Engine) int {
	tb.Helper()
	keys, _ := e.view()
	all := append(slices.Collect(maps.Values(keys.epochs)), keys.device)
	n := 0
	err := other.Store.Scan(bucketNotes, "", func(_ string, raw []byte) error {
		var note vault.NoteBody
		if err := decodeHeld(raw, &note); err != nil {
			return err
		}
		sealed, err := other.openObject(context.Background(), note.Object)
		if err != nil {
			return err
		}
		defer sealed.Close()
		if plain, err := e.Sealer.Open(sealed, all); err == nil {
			if _, err := io.Copy(io.Discard, plain); err == nil {
				n++
			}
		}
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	return n
}
