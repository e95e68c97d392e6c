package api

// Routes of partners.
const (
	RoutePartnerAdd    = "partner/add"    // PartnerAddRequest → Partner
	RoutePartnerList   = "partner/list"   // List PartnerListRequest → Partner
	RoutePartnerShow   = "partner/show"   // PartnerRequest → Partner
	RoutePartnerRemove = "partner/remove" // PartnerRequest → Partner
)

// PartnerAddRequest records somebody outside the organization. Without a Recipient, an age public key, each share for them
// gets a passphrase of its own.
type PartnerAddRequest struct {
	Name      string `json:"name"`
	Recipient string `json:"recipient,omitempty"`
	Contact   string `json:"contact,omitempty"` // how to reach them, free text
}

// PartnerListRequest lists the partners; with All those that were removed too.
type PartnerListRequest struct {
	All bool `json:"all,omitempty"`
}

// PartnerRequest names a partner by name or id.
type PartnerRequest struct {
	Partner string `json:"partner"`
}

// Partner is somebody outside the organization with whom documents are shared. Where this workstation may not know who it
// is, the name is the id.
type Partner struct {
	Head
	ID        string `json:"id"`
	Name      string `json:"name"`
	Key       string `json:"key"` // hybrid, classic, passphrase; "" where it is not known here
	Recipient string `json:"recipient,omitempty"`
	Contact   string `json:"contact,omitempty"`
	State     string `json:"state"` // active, removed
	Added     string `json:"added"` // RFC 3339
	AddedBy   string `json:"added_by"`
	Shares    int    `json:"shares"` // that go on
}
