package api

// RouteJoinLook looks whether there is an organization to join: JoinLookRequest → Empty.
const RouteJoinLook = "org/join-look"

// JoinLookRequest names a remote, before anything is asked of a person.
type JoinLookRequest struct {
	Remote string `json:"remote"`
	Conf   string `json:"conf,omitempty"` // path of the rclone.conf that its section is copied from
	Root   string `json:"root,omitempty"` // fingerprint that the organization's root must have
}
