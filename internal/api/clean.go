package api

// RouteRemoteClean cleans remotes: List RemoteCleanRequest → Cleaned.
const RouteRemoteClean = "remote/clean"

// RemoteCleanRequest deletes from remotes what nothing refers to any more.
type RemoteCleanRequest struct {
	Name   string `json:"name,omitempty"` // "" cleans all
	DryRun bool   `json:"dry_run,omitempty"`
}

// Cleaned is what a cleaning deleted from one remote, or would delete.
type Cleaned struct {
	Head
	Remote     string `json:"remote"`
	Tombstoned int    `json:"tombstoned"` // removed objects that were still there
	Orphaned   int    `json:"orphaned"`   // objects that no event tells of: of this workstation, or of one revoked long ago
	Joins      int    `json:"joins"`      // requests and welcomes of workstations that are enrolled or revoked, or whom nobody approved in 30 days
	Bytes      int64  `json:"bytes"`      // of what was deleted
	Refused    int    `json:"refused"`    // of all three: the storage does not let this workstation delete them
	Waiting    int    `json:"waiting"`    // what revoked workstations left lately; it goes after 30 days
	Unknown    int    `json:"unknown"`    // what others may be about to tell of, or strangers put there; it stays
	Missing    int    `json:"missing"`    // what is in use and was not there: it is sent again from here or from another remote
	DryRun     bool   `json:"dry_run,omitempty"`
}
