package api

// RouteSharePDF makes one PDF of a share, to be printed: a cover, then the documents, with the recipient and the day on each page.
const RouteSharePDF = "share/pdf" // Download SharePDFRequest → SharePDF

// SharePDFRequest names a share that goes on. Private documents need the card.
type SharePDFRequest struct {
	Share     string `json:"share"`
	Procedure string `json:"procedure,omitempty"` // code: its pieces come in its order, under its name
	Card      string `json:"card,omitempty"`      // words or identity, never logged
	Language  string `json:"language,omitempty"`  // fr, en
}

// SharePDF is known before the bytes of the PDF flow.
type SharePDF struct {
	Head
	Share    string      `json:"share"`
	FileName string      `json:"file_name"` // <share>.pdf
	Pieces   []PackPiece `json:"pieces"`    // in the order of the file
}

// PackPiece is one document of a PDF of a share.
type PackPiece struct {
	Document string `json:"document"`
	Name     string `json:"name"`
	Digest   string `json:"digest"`          // SHA-256 of the document
	Pages    int    `json:"pages"`           // in the PDF; 0 where it goes along by itself
	Apart    string `json:"apart,omitempty"` // why it does
}
