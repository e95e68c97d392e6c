package engine_test

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"vaultctl/internal/api"
	"vaultctl/internal/pdfpages"
	"vaultctl/internal/vault"
)

// TestMain lets the test binary be the process that reads a PDF.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == pdfpages.Argument {
		os.Exit(pdfpages.Serve(os.Args[2:], os.Stdin, os.Stdout))
	}
	os.Exit(m.Run())
}

// pdfOf is a PDF of n pages, each of which says its number.
func pdfOf(n int) string {
	var out bytes.Buffer
	var offsets []int
	object := func(format string, args ...any) {
		offsets = append(offsets, out.Len())
		fmt.Fprintf(&out, "%d 0 obj\n"+format+"\nendobj\n", append([]any{len(offsets)}, args...)...)
	}
	out.WriteString("%PDF-1.4\n")
	object("<</Type /Catalog /Pages 2 0 R>>")
	var kids strings.Builder
	for i := range n {
		fmt.Fprintf(&kids, "%d 0 R ", 3+2*i)
	}
	object("<</Type /Pages /Count %d /Kids [%s] /MediaBox [0 0 595 842]>>", n, kids.String())
	for i := range n {
		text := fmt.Sprintf("%% this is page %d", i+1)
		object("<</Type /Page /Parent 2 0 R /Contents %d 0 R>>", 4+2*i)
		object("<</Length %d>>\nstream\n%s\nendstream", len(text), text)
	}
	at := out.Len()
	fmt.Fprintf(&out, "xref\n0 %d\n0000000000 65535 f \n", len(offsets)+1)
	for _, off := range offsets {
		fmt.Fprintf(&out, "%010d 00000 n \n", off)
	}
	fmt.Fprintf(&out, "trailer\n<</Size %d /Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", len(offsets)+1, at)
	return out.String()
}

// split is a deposit of some pages.
func split(b, typ, pages string, change ...func(*api.DocumentAddRequest)) api.DocumentAddRequest {
	return deposit(b, typ, append(change, func(q *api.DocumentAddRequest) { q.Split = pages })...)
}

// TestDepositPages deposits pieces of one scan, the same again, and what no piece can be taken out of.
func TestDepositPages(t *testing.T) {
	r := MustFound(t)
	b := r.MustVault(t, "Diallo")
	whole := pdfOf(6)
	size := func(q *api.DocumentAddRequest) { q.Size = int64(len(whole)) }
	ids := map[string]string{}
	for _, c := range []struct{ pages, typ, has string }{{" 1-2", "id-card", "12"}, {"3", "bank-details", "3"}, {"4-", "tax-notice", "456"}} {
		d := r.MustAdd(t, split(b, c.typ, c.pages, size), whole)
		text, _, err := r.get(d.ID, "")
		if err != nil || d.Status != "deposited" || d.Pages != strings.TrimSpace(c.pages) || d.MediaType != "application/pdf" || d.Size != int64(len(text)) {
			t.Errorf("pages %s: %+v, %v", c.pages, d, err)
		}
		for n := 1; n <= 6; n++ {
			if strings.Contains(text, fmt.Sprint("this is page ", n)) != strings.Contains(c.has, fmt.Sprint(n)) {
				t.Errorf("pages %s and page %d", c.pages, n)
			}
		}
		ids[c.pages] = d.ID
	}
	for pages, id := range ids {
		if again := r.MustAdd(t, split(b, "other", pages), whole); again.Status != "exists" || again.ID != id {
			t.Errorf("pages %s again: %+v", pages, again)
		}
	}
	named := r.MustAdd(t, split(b, "other", "5", func(q *api.DocumentAddRequest) { q.Fields.Pages = val("verso") }), whole)
	if named.Pages != "verso" {
		t.Errorf("pages as the request says: %q", named.Pages)
	}
	before := len(r.MustList(t, api.DocumentListRequest{Beneficiary: b}))
	for name, c := range map[string]struct{ pages, content, want string }{
		"no list":       {"1-x", whole, "not a list of pages"},
		"twice":         {"1-3,3", whole, "page 3 is named twice"},
		"out of range":  {"5-7", whole, "page 7 is not there: the PDF has 6"},
		"damaged":       {"1", whole[:len(whole)/2], "the PDF is damaged"},
		"a photo":       {"1", "\xff\xd8\xff\xe0 JFIF", "not a PDF"},
		"size is wrong": {"1", whole + "\n", "the file changed while it was read"},
	} {
		_, err := r.DocumentAdd(ctxb, split(b, "other", c.pages, size), strings.NewReader(c.content))
		if name != "size is wrong" && c.content != whole {
			_, err = r.DocumentAdd(ctxb, split(b, "other", c.pages), strings.NewReader(c.content))
		}
		if vault.CodeOf(err) != vault.CodeInvalid || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if after := len(r.MustList(t, api.DocumentListRequest{Beneficiary: b})); after != before {
		t.Errorf("%d documents, %d before", after, before)
	}
	MustSync(t, r)
	for _, f := range r.spooled(t) {
		if strings.Contains(f, ".tmp") {
			t.Errorf("left: %s", f)
		}
	}
}

func TestDocumentPages(t *testing.T) {
	r := MustFound(t)
	if p, err := r.DocumentPages(ctxb, api.DocumentPagesRequest{Size: -1}, strings.NewReader(pdfOf(7))); err != nil || p.Pages != 7 {
		t.Errorf("%+v, %v", p, err)
	}
	if _, err := r.DocumentPages(ctxb, api.DocumentPagesRequest{Size: 3}, strings.NewReader(pdfOf(7))); vault.CodeOf(err) != vault.CodeInvalid {
		t.Errorf("another size: %v", err)
	}
}

// TestDepositDryRun says what a deposit would do, and does nothing.
func TestDepositDryRun(t *testing.T) {
	r := MustFound(t)
	b := r.MustVault(t, "Diallo")
	dry := func(q *api.DocumentAddRequest) { q.DryRun = true }
	source := func(q *api.DocumentAddRequest) { q.Fields.SourceID = val("GED-1") }
	if d := r.MustAdd(t, deposit(b, "payslip", dry), "one"); d.Status != "deposited" || !d.DryRun || d.ID != "" || d.DocumentType != "payslip" || d.Size != 3 {
		t.Errorf("new: %+v", d)
	}
	if l := r.MustList(t, api.DocumentListRequest{Beneficiary: b}); len(l) != 0 {
		t.Errorf("deposited all the same: %+v", l)
	}
	there := r.MustAdd(t, deposit(b, "payslip", source), "one")
	if d := r.MustAdd(t, deposit(b, "payslip", dry), "one"); d.Status != "exists" || !d.DryRun || d.ID != there.ID {
		t.Errorf("same bytes: %+v", d)
	}
	if d := r.MustAdd(t, deposit(b, "payslip", dry, source), "two"); d.Status != "deposited" || d.ID != there.ID || d.Versions != 2 {
		t.Errorf("new version: %+v", d)
	}
	if text, d, err := r.get(there.ID, ""); text != "one" || d.Versions != 1 || err != nil {
		t.Errorf("after the dry runs: %q, %+v, %v", text, d, err)
	}
	if _, err := r.DocumentAdd(ctxb, split(b, "payslip", "2", dry), strings.NewReader(pdfOf(1))); vault.CodeOf(err) != vault.CodeInvalid {
		t.Errorf("a page that is not there: %v", err)
	}
}
