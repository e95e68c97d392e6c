package engine_test

import (
	"bytes"
	"context"
	"io"
	"testing"

	"codeberg.org/go-pdf/fpdf"

	"vaultctl/internal/api"
	"vaultctl/internal/engine"
	"vaultctl/internal/vault"
)

// falling is a reader of PDFs that ends without a word while it joins what holds a certain title: no PDF that makes the real one do
// so is known.
type falling struct {
	engine.Pages
	at []byte
}

func (f falling) Join(ctx context.Context, stamp []byte, parts [][]byte) (io.ReadCloser, int, error) {
	for _, p := range parts {
		if bytes.Contains(p, f.at) {
			return nil, -1, vault.Errorf(vault.CodeInvalid, "the PDF is damaged: pages cannot be taken out of it; scan or export it again")
		}
	}
	return f.Pages.Join(ctx, stamp, parts)
}

// MustPDF makes a PDF of one page of its own size, so that it can be told from others.
func MustPDF(tb testing.TB, wide float64) string {
	tb.Helper()
	p := fpdf.NewCustom(&fpdf.InitType{UnitStr: "pt", Size: fpdf.SizeType{Wd: wide, Ht: 777}})
	p.AddPage()
	var b bytes.Buffer
	if err := p.Output(&b); err != nil {
		tb.Fatal(err)
	}
	return b.String()
}

// TestPackWithoutWhatEndsTheReader: a piece by which the reader crashes is named and goes along by itself, and the others are in the PDF.
func TestPackWithoutWhatEndsTheReader(t *testing.T) {
	r := MustFound(t, single)
	b := MustAdd(t, r, "Awa", "Diallo", "1990")
	pdfOf := func(wide float64) api.Document {
		return r.MustAdd(t, api.DocumentAddRequest{Beneficiary: b.ID, Size: -1, FileName: "a.pdf", Fields: api.DocumentFields{Type: val("cv")}}, MustPDF(t, wide))
	}
	good, bad := pdfOf(497.25), pdfOf(498.25)
	MustPartner(t, r, "CAF", "")
	sh := MustShare(t, r, shareOf(b.ID, "partner:CAF", good.ID, bad.ID))
	r.Pages = falling{r.Pages, []byte("498.25")}
	var pdf bytes.Buffer
	var told api.SharePDF
	err := r.SharePDF(ctxb, api.SharePDFRequest{Share: sh.ID}, func(s api.SharePDF) (io.Writer, error) {
		told = s
		return &pdf, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(told.Pieces) != 2 || told.Pieces[0].Apart != "" || told.Pieces[0].Pages != 1 || told.Pieces[1].Apart == "" {
		t.Errorf("pieces: %+v", told.Pieces)
	}
	if n, err := r.Pages.Count(ctxb, bytes.NewReader(pdf.Bytes())); err != nil || n != 2 {
		t.Errorf("the PDF has %d pages: %v", n, err)
	}
}
