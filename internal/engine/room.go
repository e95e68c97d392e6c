package engine

import "runtime/debug"

// roomyPercent is how much garbage is gathered before it is collected while a whole journal is read: twice what lives. The limit of
// the process's memory holds all the same.
const roomyPercent = 200

// roomy lets the process gather more garbage until end is called: work that takes all there is for a minute or two would spend
// a quarter of it on collecting. Of two that overlap the first end counts.
func roomy() (end func()) {
	before := debug.SetGCPercent(roomyPercent)
	if before < 0 || before >= roomyPercent { // somebody knows better
		debug.SetGCPercent(before)
		return func() {}
	}
	return func() { debug.SetGCPercent(before) }
}
