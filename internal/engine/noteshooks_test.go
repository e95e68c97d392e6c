package engine

// BucketVaults holds what vaults fold to.
const BucketVaults = bucketVaults

// SetNotesAtOnce sets how many notes that name nobody a pull brings.
func (e *Engine) SetNotesAtOnce(n int) { e.notesAtOnce = n }

// HoldTending keeps the background work from beginning a round until release is called.
func (e *Engine) HoldTending() (release func()) {
	e.tending.Lock()
	return e.tending.Unlock
}
