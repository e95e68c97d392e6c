package api

// RouteSharePackage makes one HTML file of a share, which any browser opens with a passphrase.
const RouteSharePackage = "share/package" // Download SharePackageRequest → SharePackage

// SharePackageRequest names a share that goes on, for a partner. Passphrase is what share/add gave; without it a new one is
// made. Private documents need the card.
type SharePackageRequest struct {
	Share      string `json:"share"`
	Passphrase string `json:"passphrase,omitempty"` // never logged
	Card       string `json:"card,omitempty"`       // words or identity, never logged
	Language   string `json:"language,omitempty"`   // of the page, where the browser prefers neither: fr, en
}

// SharePackage is known before the bytes of a package flow.
type SharePackage struct {
	Head
	Share      string `json:"share"`
	FileName   string `json:"file_name"`  // <share>.html
	Documents  int    `json:"documents"`  // how many are in it
	Content    int64  `json:"content"`    // their bytes together; the file is about 1.4 times as large
	Passphrase string `json:"passphrase"` // in this answer and nowhere else: the daemon does not keep it
}
