package engine

import (
	"context"
	"fmt"
)

// The index holds what segments and notes said, as they said it, and what follows from that: states of vaults, summaries, values
// to search by. What follows depends on the program. So the index says by which form it was made; under another one, be it older
// or newer, everything that follows is made anew from the events and the entries, which needs no remote.

const (
	metaForm  = "form" // of what the index derives
	indexForm = "2"    // changes with what vault.Fold makes of records, and with what is indexed of them
)

// renewIndex marks every vault to be folded again if the index was made by another form. It runs in the committer.
func (e *Engine) renewIndex() error {
	form, err := e.Store.Get(bucketMeta, metaForm)
	if err != nil || string(form) == indexForm {
		return err
	}
	ops := []Op{{bucketMeta, metaForm, []byte(indexForm)}, {bucketMeta, metaPeople, nil}}
	err = e.Store.Scan(bucketVaults, "", func(key string, _ []byte) error {
		ops = append(ops, Op{bucketMeta, metaUnfolded + key, []byte{1}})
		return nil
	})
	if err != nil {
		return fmt.Errorf("read index: %w", err)
	}
	if n := len(ops) - 2; n > 0 {
		e.log.Warn("the index is of another version: folding its vaults again", "vaults", n)
	}
	if err := e.Store.Write(ops); err != nil {
		return fmt.Errorf("write index: %w", err)
	}
	return nil
}

// loadIndex makes the index what this program works with, and reads it: a new one is built, one of another form is renewed. It runs in
// the committer, at unlock.
func (e *Engine) loadIndex(ctx context.Context, k *keyring) error {
	if !e.enrolling.Load() {
		if err := e.rebuildIfNew(ctx, k); err != nil {
			return fmt.Errorf("build the index again: %w", err)
		}
	}
	defer roomy()()
	if err := e.renewIndex(); err != nil {
		return err
	}
	return e.loadState(k)
}
