package api

// RouteDueList lists what ends soon.
const RouteDueList = "due/list" // List DueRequest → Due

// What ends.
const (
	DueConsent  = "consent"  // the first consent of a vault that ends
	DueDocument = "document" // a document expires
)

// DueRequest asks what ends within a time from today on.
type DueRequest struct {
	Within string `json:"within,omitempty"` // 30d; "" is the time that the settings call soon
}

// Due is something in an open vault that this device reads, and its last day.
type Due struct {
	Head
	Beneficiary string `json:"beneficiary"`
	Name        string `json:"name,omitempty"`
	What        string `json:"what"` // consent, document
	On          string `json:"on"`   // YYYY-MM-DD
}
