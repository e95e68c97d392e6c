package tui

import (
	"context"
	"time"

	"vaultctl/internal/api"
)

// scan is a file in a watched folder that has arrived whole.
type scan struct {
	path string // absolute
	size int64
	when time.Time // it was last changed
}

// newScans returns the scans that wait in the watched folders, the newest first.
func newScans(*desk) []scan { return nil }

// lastScan returns the scan that was made last, if that was a short while ago: older paper is not what lies on the desk.
func lastScan(*desk) (path string, ok bool) { return "", false }

// pickScans lets the person mark scans that wait in the watched folders, and returns their paths.
func pickScans(context.Context, *desk) ([]string, error) { return nil, errBack }

// clearScans is for tasks that deposited files, told by their paths: for those that came from a watched folder it asks
// whether they may be deleted there, and does so where the bytes are still those of the document.
func clearScans(context.Context, *desk, map[string]*api.Document) error { return nil }

func scanActions() []action { return nil }
