package engine

// The steps of the way of a change, in the order in which they are taken. Options.Step is called with them, each time that
// one has just been made.
const (
	StepSpooled   = "spooled"   // a document is sealed into a spool file that has no name yet
	StepStaged    = "staged"    // the document is durable under its name, and nothing refers to it
	StepLogged    = "logged"    // the change is in the log, but not in the index
	StepIndexed   = "indexed"   // the change is in log and index, and nobody was told
	StepAnswered  = "answered"  // whoever asked for the change knows that it is durable
	StepNotes     = "notes"     // the notes of the open segment are durable
	StepSegment   = "segment"   // the bytes of the segment are durable
	StepClosed    = "closed"    // the segment is in the index and queued
	StepPushed    = "pushed"    // a remote holds an object, and the queue does not know
	StepMarked    = "marked"    // the queue knows, and the file is not yet in the cache
	StepWithdrawn = "withdrawn" // a withdrawal is recorded, and nothing is resealed
	StepResealing = "resealing" // the resealed objects are durable, and nothing refers to them
	StepResealed  = "resealed"  // the new objects are recorded and the old ones tombstoned
	StepDropped   = "dropped"   // the local files of what was replaced are gone
	StepDeleted   = "deleted"   // a remote has lost a doomed object, and the index does not know
	StepForgotten = "forgotten" // what a withdrawn consent let this device know is gone
	StepErased    = "erased"    // an erasure is recorded, and every file is still there
	StepCleared   = "cleared"   // the local files of an erased vault are gone
	StepRewritten = "rewritten" // an organization note without the entries of an erased vault is durable
	StepScrubbed  = "scrubbed"  // organization notes hold nothing of erased vaults any more
	StepEmptied   = "emptied"   // the log holds nothing of erased vaults any more
)

// StepFolded is no step of a change, nor of a document: of a journal that is read whole some vaults are folded, and
// others may wait.
const StepFolded = "folded"

func (e *Engine) step(name string) {
	if e.Step != nil {
		e.Step(name)
	}
}
