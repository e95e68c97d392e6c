package api

// Routes of the accounts of the service.
const (
	RouteStatsList   = "stats/list"   // List StatsRequest → Stat
	RouteStatsExport = "stats/export" // Download StatsExportRequest → Empty
)

// StatsRequest asks for the counts of a calendar year, in total, by team, by month, or by both.
type StatsRequest struct {
	Year     int      `json:"year"`              // 0 is this one
	By       []string `json:"by,omitempty"`      // team, month
	Measure  string   `json:"measure,omitempty"` // one of Measures; "" is all
	Language string   `json:"language,omitempty"`
}

// StatsExportRequest asks for them as a file: csv, or svg for one measure by team or by month.
type StatsExportRequest struct {
	StatsRequest
	Format string `json:"format"`
	Title  string `json:"title,omitempty"` // of a plot
}

// Stat is one count. Hidden says that it is not told: it is from one to four, or such a one could be computed from it.
type Stat struct {
	Head
	Year    int    `json:"year"`
	Measure string `json:"measure"`
	Team    string `json:"team,omitempty"`  // name; "" for all
	Month   string `json:"month,omitempty"` // YYYY-MM; "" for the year
	Count   *int   `json:"count"`           // null where hidden
	Hidden  bool   `json:"hidden"`
}

// Measures are what is counted.
var Measures = []string{"vaults_opened", "cards_used", "documents_deposited", "documents_opened", "shares", "procedures"}
