package engine

import (
	"math"
	"os"
	"runtime/debug"
)

const (
	// roomyPercent is how much garbage is gathered before it is collected while a whole journal is read: twice what lives.
	roomyPercent = 200
	// roomyLimit is by how much the limit of the process's memory is raised meanwhile.
	roomyLimit = 3
)

// roomy lets the process gather more garbage until end is called: work that takes all there is for a minute would spend
// a quarter of it on collecting. What the environment says of memory is left as it is. Of two that overlap the first end counts.
func roomy() (end func()) {
	percent, limit := debug.SetGCPercent(roomyPercent), debug.SetMemoryLimit(-1)
	if percent < 0 || percent >= roomyPercent || os.Getenv("GOGC") != "" { // somebody knows better
		debug.SetGCPercent(percent)
		return func() {}
	}
	if limit < math.MaxInt64/roomyLimit && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(roomyLimit * limit)
	}
	return func() {
		debug.SetMemoryLimit(limit) // first: who finds the percentage as it was finds the limit as it was
		debug.SetGCPercent(percent)
	}
}
