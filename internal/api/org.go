package api

// Head is the first part of every object that a command prints with --json: the contract's version and what it is.
type Head struct {
	V    int    `json:"v"`
	Type string `json:"type"`
}

// H returns the head for an object of the type.
func H(typ string) Head { return Head{V: 1, Type: typ} }

// Routes of organization, daemon, team, agent and device.
const (
	RouteInit           = "org/init"           // Stream InitRequest → InitResult
	RouteJoinRecover    = "org/join-recover"   // Stream JoinRecoverRequest → InitResult
	RouteJoinAsk        = "org/join-ask"       // JoinAskRequest → JoinRequest
	RouteJoinFinish     = "org/join-finish"    // Stream JoinFinishRequest → Joined
	RouteDeviceAsking   = "device/asking"      // List CodeRequest → JoinRequest
	RouteDeviceApprove  = "device/approve"     // Stream ApproveRequest → Approved
	RouteUnlock         = "daemon/unlock"      // UnlockRequest → Empty
	RouteLock           = "daemon/lock"        // Empty → Status
	RouteStatus         = "daemon/status"      // Empty → Status
	RouteTeamAdd        = "team/add"           // TeamAddRequest → Team
	RouteTeamList       = "team/list"          // List Empty → Team
	RouteAgentList      = "agent/list"         // List Empty → Agent
	RouteDeviceAdopt    = "device/adopt"       // Stream AdoptRequest → Adoption
	RouteRecoveryRotate = "recovery/rotate"    // Stream RecoveryRotateRequest → RecoveryKey
	RouteDeviceRevoke   = "device/revoke"      // Stream RevokeRequest → Removal
	RouteAgentShow      = "agent/show"         // AgentRequest → Agent
	RouteAgentRemove    = "agent/remove"       // Stream AgentRemoveRequest → Removal
	RouteTeamShow       = "team/show"          // TeamRequest → Team
	RouteTeamRemove     = "team/remove"        // Stream TeamRequest → Team
	RouteMemberAdd      = "team/member-add"    // Stream MemberRequest → Team
	RouteMemberRemove   = "team/member-remove" // Stream MemberRequest → Team
	RouteDeviceList     = "device/list"        // List Empty → Device
	RouteRemoteAdd      = "remote/add"         // RemoteAddRequest → Remote
	RouteRemoteList     = "remote/list"        // List Empty → Remote
	RouteRemoteTest     = "remote/test"        // RemoteRequest → RemoteReport
	RouteRemoteRemove   = "remote/remove"      // RemoteRequest → Empty
)

// Protection says how the device's secret is kept at rest.
type Protection struct {
	Method     string `json:"method"`               // passphrase, keyfile, systemd, plugin:NAME
	Passphrase string `json:"passphrase,omitempty"` // for method passphrase
	KeyFile    string `json:"key_file,omitempty"`   // for method keyfile; "" means beside the store
}

// InitRequest founds an organization.
type InitRequest struct {
	Org      string     `json:"org"`
	Agent    string     `json:"agent"`
	Team     string     `json:"team"`
	Remote   string     `json:"remote"`            // rclone syntax
	Conf     string     `json:"conf,omitempty"`    // absolute path of the rclone.conf to copy sections from; "" is rclone's own
	Need     int        `json:"need"`              // recovery shares needed
	Of       int        `json:"of"`                // recovery shares printed
	Holders  string     `json:"holders,omitempty"` // who keeps recovery, for the notice
	Protect  Protection `json:"protect"`
	Language string     `json:"language"` // of the printed pages: fr, en
}

// InitResult is shown once; the daemon keeps none of its secrets.
type InitResult struct {
	Head
	Org         string    `json:"org"` // id
	Name        string    `json:"name"`
	Fingerprint string    `json:"fingerprint"` // of the root
	Agent       string    `json:"agent"`
	Team        string    `json:"team"`
	Device      string    `json:"device"`
	Remote      string    `json:"remote"`               // redacted
	RootWords   []string  `json:"root_words,omitempty"` // 24 BIP-39 words
	Recovery    []string  `json:"recovery,omitempty"`   // the identity if one of one, else the shares
	Sheets      []byte    `json:"sheets,omitempty"`     // PDF of root words and shares
	Queued      bool      `json:"queued,omitempty"`     // the remote does not hold everything yet
	Restored    *Restored `json:"restored,omitempty"`   // after join --recover
}

// Restored counts what join --recover brought back.
type Restored struct {
	Vaults     int `json:"vaults"`
	Documents  int `json:"documents"`
	PersonOnly int `json:"person_only"` // vaults that only their card opens: recovery was declined
	Resealed   int `json:"resealed"`    // objects sealed to the new teams' keys
	Failed     int `json:"failed"`      // vaults of which something on the remote is missing or altered
}

// JoinRecoverRequest rebuilds an organization on a new device from root and recovery.
type JoinRecoverRequest struct {
	Remote    string     `json:"remote"`
	Conf      string     `json:"conf,omitempty"`
	RootWords string     `json:"root_words"`
	Recovery  []string   `json:"recovery"` // shares, or the identity
	Agent     string     `json:"agent"`    // name of the admin and agent of the new device
	Protect   Protection `json:"protect"`
}

// JoinAskRequest asks to be enrolled in the organization on a remote, or takes up what was asked before.
type JoinAskRequest struct {
	Remote  string     `json:"remote"`
	Conf    string     `json:"conf,omitempty"`
	Protect Protection `json:"protect"`
	Anew    bool       `json:"anew,omitempty"` // forget what was asked before, and ask with new keys
	Root    string     `json:"root,omitempty"` // fingerprint that the organization must have; "" is any
}

// JoinRequest is a workstation that asks to be enrolled, as both screens show it.
type JoinRequest struct {
	Head
	Code      string   `json:"code"`              // enough of the device's id to tell it from others
	RootWords []string `json:"root_words"`        // of the organization's root
	Ignored   int      `json:"ignored,omitempty"` // notes on the storage that name another root, which the one before did not sign
	Words     []string `json:"words"`             // of the workstation's keys
	Device    string   `json:"device"`
	Org       string   `json:"org"`
	Since     string   `json:"since"` // RFC 3339, by the workstation's clock
	Stale     bool     `json:"stale,omitempty"`
	Approved  bool     `json:"approved,omitempty"` // certified already
	Remote    string   `json:"remote,omitempty"`   // redacted; of the answer to the workstation itself
}

// JoinFinishRequest waits until an admin has enrolled this workstation. Wait is as in SyncRequest; "" looks once.
type JoinFinishRequest struct {
	Wait string `json:"wait,omitempty"`
}

// Joined is a workstation that was enrolled.
type Joined struct {
	Head
	Org         string   `json:"org"` // id
	Name        string   `json:"name"`
	Fingerprint string   `json:"fingerprint"`
	Agent       string   `json:"agent"`
	Roles       []string `json:"roles"`
	Teams       []string `json:"teams"` // whose vaults this workstation opens
	Device      string   `json:"device"`
	Remote      string   `json:"remote"` // redacted
	Vaults      int      `json:"vaults"`
}

// CodeRequest names a workstation that asks to be enrolled by its code; "" names all.
type CodeRequest struct {
	Code  string `json:"code,omitempty"`
	Brief bool   `json:"brief,omitempty"` // without the words, which take time to compute
}

// ApproveRequest enrols the workstation that shows the code, or lets it into the caller's teams. Words are those that its
// screen shows.
type ApproveRequest struct {
	Code  string   `json:"code"`
	Agent string   `json:"agent"` // name or id; a new name is a new agent. May be "" for a workstation that is enrolled
	Roles []string `json:"roles"`
	Words string   `json:"words"`
}

// Approved is what an approval did.
type Approved struct {
	Head
	Device   string   `json:"device"`
	Agent    string   `json:"agent"`
	AgentID  string   `json:"agent_id"`
	NewAgent bool     `json:"new_agent,omitempty"`
	Roles    []string `json:"roles"`
	Teams    []string `json:"teams"`            // which the workstation was let into
	Enrolled bool     `json:"enrolled"`         // by this call; else it was already
	Queued   bool     `json:"queued,omitempty"` // the remote does not hold it yet
}

// UnlockRequest opens the device's secret. An empty passphrase serves methods that need none.
type UnlockRequest struct {
	Passphrase string `json:"passphrase,omitempty"`
}

// Status is the answer to "is all well".
type Status struct {
	Head
	State       string         `json:"state"`             // uninitialized, joining, locked, ready
	Revoked     bool           `json:"revoked,omitempty"` // nothing is written or sent from here any more
	Version     string         `json:"version"`
	Org         string         `json:"org,omitempty"`
	Name        string         `json:"name,omitempty"`
	Fingerprint string         `json:"fingerprint,omitempty"`
	Device      string         `json:"device,omitempty"`
	Agent       string         `json:"agent,omitempty"`
	Roles       []string       `json:"roles,omitempty"`
	Protect     string         `json:"protect,omitempty"`
	Vaults      int            `json:"vaults"`
	Documents   int            `json:"documents"`
	Queued      int            `json:"queued"` // objects not yet on every remote
	QueuedBytes int64          `json:"queued_bytes"`
	Unsealed    int            `json:"unsealed"` // acknowledged changes not yet in a segment
	Reseal      *Progress      `json:"reseal,omitempty"`
	ToReseal    int            `json:"to_reseal,omitempty"` // vaults of which something is sealed to others than it should be
	Waiting     int            `json:"waiting,omitempty"`   // objects no longer in use that are kept until another agent's workstation has seen why
	ToFetch     int            `json:"to_fetch,omitempty"`  // vaults whose documents' descriptions are not all here yet
	Remotes     []RemoteStatus `json:"remotes,omitempty"`
	LastSync    string         `json:"last_sync,omitempty"` // RFC 3339
	Attention   []Finding      `json:"attention,omitempty"`
}

// RemoteStatus is how a remote is doing.
type RemoteStatus struct {
	Name      string `json:"name"`
	Remote    string `json:"remote"` // redacted
	Queued    int    `json:"queued"`
	LastOK    string `json:"last_ok,omitempty"`
	LastError string `json:"last_error,omitempty"`
	Code      string `json:"code,omitempty"`
}

// Finding is something that a check found. Code is stable; Subject is an opaque id or a path on the remote.
type Finding struct {
	Head
	Severity string `json:"severity"` // info, warning, error
	Code     string `json:"code"`
	Subject  string `json:"subject,omitempty"`
	Message  string `json:"message"`
	Hint     string `json:"hint,omitempty"`
}

// TeamAddRequest creates a team whose first member is the caller's agent.
type TeamAddRequest struct {
	Name string `json:"name"`
}

// TeamRequest names a team by name or id.
type TeamRequest struct {
	Team string `json:"team"`
}

// MemberRequest names a team and an agent, each by name or id.
type MemberRequest struct {
	Team  string `json:"team"`
	Agent string `json:"agent"`
}

// AgentRequest names an agent by name or id.
type AgentRequest struct {
	Agent string `json:"agent"`
}

// RevokeRequest ends a workstation: Device is its id or the beginning of it. Compromised has everything sealed anew that it
// could read.
type RevokeRequest struct {
	Device      string `json:"device"`
	Compromised bool   `json:"compromised,omitempty"`
}

// AgentRemoveRequest ends every workstation and membership of an agent.
type AgentRemoveRequest struct {
	Agent       string `json:"agent"`
	Compromised bool   `json:"compromised,omitempty"`
}

// RecoveryRotateRequest makes a new recovery secret in the place of the one so far.
type RecoveryRotateRequest struct {
	RootWords string `json:"root_words"`
	Need      int    `json:"need"` // recovery shares needed
	Of        int    `json:"of"`   // recovery shares printed
	Holders   string `json:"holders,omitempty"`
	Language  string `json:"language"` // of the printed pages: fr, en
}

// RecoveryKey is a new recovery secret. It is shown once; the daemon does not keep it.
type RecoveryKey struct {
	Head
	N         int      `json:"n"` // how many there have been
	Need      int      `json:"need"`
	Of        int      `json:"of"`
	Recovery  []string `json:"recovery,omitempty"` // the identity if one of one, else the shares
	Sheets    []byte   `json:"sheets,omitempty"`   // PDF of the shares
	Resealing int      `json:"resealing"`          // vaults to be sealed anew in the background
	Queued    bool     `json:"queued,omitempty"`   // the remote does not hold it yet
}

// AdoptRequest takes in what a revoked workstation wrote too late. Device is its id or the beginning of it.
type AdoptRequest struct {
	Device string `json:"device"`
	DryRun bool   `json:"dry_run,omitempty"`
}

// Adoption is what a revoked workstation wrote too late, and what of it counts now.
type Adoption struct {
	Head
	Device string        `json:"device"`
	Agent  string        `json:"agent"`
	DryRun bool          `json:"dry_run,omitempty"`
	Items  []AdoptedItem `json:"items"` // oldest first
	Taken  int           `json:"taken"`
	Queued bool          `json:"queued,omitempty"` // the remote does not hold it yet
}

// AdoptedItem is one event. What is its type as in the format; Beneficiary is "" for one of the organization.
type AdoptedItem struct {
	Event       string `json:"event"`
	What        string `json:"what"`
	Beneficiary string `json:"beneficiary,omitempty"`
	At          string `json:"at"` // RFC 3339, by the workstation's own clock
	Taken       bool   `json:"taken"`
}

// Removal is what the end of a workstation or an agent has brought about so far.
type Removal struct {
	Head
	Agent       string   `json:"agent"`
	Devices     []string `json:"devices"` // revoked
	Teams       []string `json:"teams"`   // that the agent left
	Compromised bool     `json:"compromised,omitempty"`
	Waiting     []string `json:"waiting"`          // teams whose key a member's workstation has to renew
	Resealing   int      `json:"resealing"`        // vaults to be sealed anew in the background
	Queued      bool     `json:"queued,omitempty"` // the remote does not hold it yet
}

// Team is a team. Consents and Waiting are told by show and by what changes it.
type Team struct {
	Head
	ID       string   `json:"id"`
	Name     string   `json:"name"`
	Members  []string `json:"members"`
	Consents int      `json:"consents,omitempty"` // vaults that are consented to it
	Waiting  bool     `json:"waiting,omitempty"`  // a member's workstation has to renew its key
	Queued   bool     `json:"queued,omitempty"`   // the remote does not hold the change yet
}

// Agent is an agent as lists show it.
type Agent struct {
	Head
	ID      string   `json:"id"`
	Name    string   `json:"name"`
	Teams   []string `json:"teams"`
	Devices []string `json:"devices"`
}

// Device is an enrolled machine as lists show it.
type Device struct {
	Head
	ID    string   `json:"id"`
	Agent string   `json:"agent"`
	Roles []string `json:"roles"`
	Since string   `json:"since"`
	State string   `json:"state"` // active, revoked
	This  bool     `json:"this"`
}

// RemoteAddRequest adds a mirror under a short name.
type RemoteAddRequest struct {
	Name   string `json:"name"`
	Remote string `json:"remote"`
	Conf   string `json:"conf,omitempty"`
}

// RemoteRequest names a remote.
type RemoteRequest struct {
	Name string `json:"name"`
}

// Remote is a remote as lists show it.
type Remote struct {
	Head
	Name   string `json:"name"`
	Remote string `json:"remote"` // redacted
	Queued int    `json:"queued"`
}

// RemoteReport is what a test of a remote found out.
type RemoteReport struct {
	Head
	Name     string            `json:"name"`
	OK       bool              `json:"ok"`
	Features map[string]string `json:"features,omitempty"`
}
