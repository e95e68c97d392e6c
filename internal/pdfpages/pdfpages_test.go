package pdfpages

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pdfcpu/pdfcpu/pkg/api"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/model"

	"vaultctl/internal/vault"
)

// TestMain lets the test binary be the process that reads a PDF.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == Argument {
		switch os.Getenv("TMPDIR") { // how a test makes it misbehave; of the few variables that it is given
		case "crash":
			os.Exit(2)
		case "hang":
			time.Sleep(time.Hour)
		}
		os.Exit(Serve(os.Args[2:], os.Stdin, os.Stdout))
	}
	os.Exit(m.Run())
}

// builder writes PDFs object by object, as no library would.
type builder struct {
	objects []string // the first has number 1
	trailer string
}

func (b *builder) add(o string) int {
	b.objects = append(b.objects, o)
	return len(b.objects)
}

func (b *builder) stream(dict, content string) int {
	return b.add(fmt.Sprintf("<<%s /Length %d>>\nstream\n%s\nendstream", dict, len(content), content))
}

func (b *builder) bytes(root int) []byte {
	var out bytes.Buffer
	out.WriteString("%PDF-1.4\n")
	offsets := make([]int, len(b.objects))
	for i, o := range b.objects {
		offsets[i] = out.Len()
		fmt.Fprintf(&out, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	at := out.Len()
	fmt.Fprintf(&out, "xref\n0 %d\n0000000000 65535 f \n", len(offsets)+1)
	for _, off := range offsets {
		fmt.Fprintf(&out, "%010d 00000 n \n", off)
	}
	fmt.Fprintf(&out, "trailer\n<</Size %d /Root %d 0 R %s>>\nstartxref\n%d\n%%%%EOF\n", len(offsets)+1, root, b.trailer, at)
	return out.Bytes()
}

// scan is a PDF of n pages as a copier makes it: one image per page, in one resource dictionary that all pages share.
// Page 1 also has what leads elsewhere.
func scan(n int) []byte {
	b := &builder{}
	root, tree, info := b.add(""), b.add(""), b.add("<</Title (whole-scan-title) /CreationDate (D:20260101000000Z)>>")
	attached := b.stream("/Type /EmbeddedFile", "attached-secret")
	spec := b.add(fmt.Sprintf("<</Type /Filespec /F (x) /EF <</F %d 0 R>>>>", attached))
	var kids, images []string
	pages := make([]int, n)
	for i := range n {
		img := b.stream(fmt.Sprintf("/Type /XObject /Subtype /Image /Width 1 /Height 1 /BitsPerComponent 8 /ColorSpace /DeviceGray /PieceInfo <</X <</Private (private-%d)>>>>",
			i+1), fmt.Sprintf("image-of-page-%d;", i+1))
		images = append(images, fmt.Sprintf("/Im%d %d 0 R", i+1, img))
		content := b.stream("", fmt.Sprintf("q 595 0 0 842 0 0 cm /Im%d Do Q", i+1))
		pages[i] = b.add(fmt.Sprintf("<</Type /Page /Parent %d 0 R /Contents %d 0 R", tree, content))
		kids = append(kids, fmt.Sprintf("%d 0 R", pages[i]))
	}
	stamp := b.stream("/Type /XObject /Subtype /Form /BBox [0 0 10 10]", "0 0 10 10 re f % stamp-on-page-1")
	for i, p := range pages {
		annots := ""
		if i == 0 {
			last := pages[n-1]
			annots = fmt.Sprintf(" /Annots [<</Type /Annot /Subtype /Stamp /Rect [0 0 9 9] /AP <</N %d 0 R>> /P %d 0 R>>"+
				" <</Type /Annot /Subtype /Link /Rect [0 0 9 9] /Dest [%d 0 R /Fit]>>"+
				" <</Type /Annot /Subtype /FileAttachment /Rect [0 0 9 9] /FS %d 0 R>>]", stamp, p, last, spec)
		}
		b.objects[p-1] += annots + ">>"
	}
	b.objects[tree-1] = fmt.Sprintf("<</Type /Pages /Count %d /Kids [%s] /MediaBox [0 0 595.28 842] /Resources <</XObject <<%s>>>>>>",
		n, strings.Join(kids, " "), strings.Join(images, " "))
	b.objects[root-1] = fmt.Sprintf("<</Type /Catalog /Pages %d 0 R /OpenAction [%d 0 R /Fit] /Names <</EmbeddedFiles <</Names [(a) %d 0 R]>>>>>>",
		tree, pages[n-1], spec)
	b.trailer = fmt.Sprintf("/Info %d 0 R /ID [<00> <01>]", info)
	return b.bytes(root)
}

// take is Split without a process.
func take(pdf []byte, pages string) ([]byte, error) {
	list, err := vault.ParsePageList(pages)
	if err != nil {
		return nil, err
	}
	d, err := read(bytes.NewReader(pdf), int64(len(pdf)))
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = d.extract(&out, list)
	return out.Bytes(), err
}

// MustBeValid checks a PDF strictly, and that it has so many pages.
func MustBeValid(tb testing.TB, pdf []byte, pages int) {
	tb.Helper()
	conf := model.NewDefaultConfiguration()
	conf.ValidationMode = model.ValidationStrict
	if err := api.Validate(bytes.NewReader(pdf), conf); err != nil {
		conf.ValidationMode = model.ValidationRelaxed
		if rerr := api.Validate(bytes.NewReader(pdf), conf); rerr != nil {
			tb.Fatalf("not a valid PDF: %v", rerr)
		}
		tb.Logf("valid if not strictly: %v", err)
	}
	if n, err := api.PageCount(bytes.NewReader(pdf), conf); err != nil || n != pages {
		tb.Fatalf("%d pages, want %d: %v", n, pages, err)
	}
}

// TestPieceHoldsItsPagesAlone is the promise of the package: whoever reads a piece learns nothing of the rest.
func TestPieceHoldsItsPagesAlone(t *testing.T) {
	whole := scan(6)
	for pages, want := range map[string][]int{"1": {1}, "1-2": {1, 2}, "3": {3}, "4-": {4, 5, 6}, "6,2": {6, 2}, "1-6": {1, 2, 3, 4, 5, 6}} {
		piece, err := take(whole, pages)
		if err != nil {
			t.Fatalf("%s: %v", pages, err)
		}
		MustBeValid(t, piece, len(want))
		var got []string
		for _, m := range regexp.MustCompile(`image-of-page-(\d);`).FindAllSubmatch(piece, -1) {
			got = append(got, string(m[1]))
		}
		if strings.Join(got, " ") != strings.Trim(fmt.Sprint(want), "[]") {
			t.Errorf("%s: holds the images of pages %v", pages, got)
		}
		for _, alien := range []string{"attached", "whole-scan-title", "private-", "OpenAction", "/Dest", "2026"} {
			if bytes.Contains(piece, []byte(alien)) {
				t.Errorf("%s: holds %q", pages, alien)
			}
		}
		if bytes.Contains(piece, []byte("stamp-on-page-1")) != bytes.Contains([]byte(pages), []byte("1")) {
			t.Errorf("%s: the stamp of page 1", pages)
		}
	}
}

// TestSameBytes: an import knows a piece again by its digest.
func TestSameBytes(t *testing.T) {
	whole := scan(9)
	first, err := take(whole, "2-4,9")
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		if again, err := take(whole, " 2-4, 9"); err != nil || !bytes.Equal(first, again) {
			t.Fatalf("%d and %d bytes, %v", len(first), len(again), err)
		}
	}
	if other, err := take(whole, "2-4"); err != nil || bytes.Equal(first, other) {
		t.Errorf("other pages, same bytes: %v", err)
	}
	if piece, err := take(first, "1-"); err != nil || len(piece) == 0 {
		t.Errorf("a piece cannot be cut: %v", err)
	}
}

// TestBorrowedResources: forms without resources use those of the page, and forms with shared ones lose what they do not
// name.
func TestBorrowedResources(t *testing.T) {
	b := &builder{}
	root, tree := b.add(""), b.add("")
	img := func(what string) int {
		return b.stream("/Type /XObject /Subtype /Image /Width 1 /Height 1 /BitsPerComponent 8 /ColorSpace /DeviceGray", what)
	}
	inner, other := img("inner-image"), img("other-image")
	old := b.stream("/Type /XObject /Subtype /Form /BBox [0 0 1 1]", "/I#6Ener Do")
	modern := b.stream(fmt.Sprintf("/Type /XObject /Subtype /Form /BBox [0 0 1 1] /Resources <</XObject <</A %d 0 R /B %d 0 R>>>>", inner, other), "/A Do")
	content := b.stream("", "/Old Do /Modern Do")
	page := b.add(fmt.Sprintf("<</Type /Page /Parent %d 0 R /MediaBox [0 0 9 9] /Contents [%d 0 R] /Resources <</XObject <</Old %d 0 R /Modern %d 0 R /Inner %d 0 R /Other %d 0 R>>>>>>",
		tree, content, old, modern, inner, other))
	b.objects[tree-1] = fmt.Sprintf("<</Type /Pages /Count 1 /Kids [%d 0 R]>>", page)
	b.objects[root-1] = fmt.Sprintf("<</Type /Catalog /Pages %d 0 R>>", tree)
	piece, err := take(b.bytes(root), "1")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(piece, []byte("inner-image")) || bytes.Contains(piece, []byte("other-image")) {
		t.Errorf("resources of forms:\n%s", piece)
	}
}

// TestFilledForm: values that the viewer draws go with the page that shows them, and with no other.
func TestFilledForm(t *testing.T) {
	b := &builder{}
	root, tree := b.add(""), b.add("")
	group := b.add("<</T (group-name) /DA (/Helv 9 Tf) /FT /Tx /V (value-of-both) /Kids [4 0 R 5 0 R]>>")
	first := b.add(fmt.Sprintf("<</Type /Annot /Subtype /Widget /Rect [0 0 9 9] /Parent %d 0 R /AA <</K <</S /JavaScript /JS (script)>>>>>>", group))
	b.add(fmt.Sprintf("<</Type /Annot /Subtype /Widget /Rect [0 0 9 9] /Parent %d 0 R>>", group))
	other := b.add("<</Type /Annot /Subtype /Widget /Rect [0 0 9 9] /FT /Tx /T (other-name) /V (value-of-page-2)>>")
	signed := b.add("<</Type /Annot /Subtype /Widget /Rect [0 0 9 9] /FT /Sig /T (sig) /V <</Contents (signature)>> /DA (/Helv 9 Tf)>>")
	page := func(annots string) int {
		return b.add(fmt.Sprintf("<</Type /Page /Parent %d 0 R /MediaBox [0 0 9 9] /Annots [%s]>>", tree, annots))
	}
	one, two := page(fmt.Sprintf("%d 0 R %d 0 R", first, signed)), page(fmt.Sprintf("5 0 R %d 0 R", other))
	b.objects[tree-1] = fmt.Sprintf("<</Type /Pages /Count 2 /Kids [%d 0 R %d 0 R]>>", one, two)
	b.objects[root-1] = fmt.Sprintf("<</Type /Catalog /Pages %d 0 R /AcroForm <</Fields [%d 0 R %d 0 R %d 0 R] /NeedAppearances true /XFA (xfa)>>>>",
		tree, group, other, signed)
	piece, err := take(b.bytes(root), "1")
	if err != nil {
		t.Fatal(err)
	}
	MustBeValid(t, piece, 1)
	for _, want := range []string{"(value-of-both)", "/NeedAppearances true", "/T (f1)", "/T (f2)"} {
		if !bytes.Contains(piece, []byte(want)) {
			t.Errorf("holds no %s", want)
		}
	}
	for _, alien := range []string{"value-of-page-2", "group-name", "script", "xfa", "signature"} {
		if bytes.Contains(piece, []byte(alien)) {
			t.Errorf("holds %s", alien)
		}
	}
}

// TestRefused: what no piece can be taken out of, and why.
func TestRefused(t *testing.T) {
	whole := scan(4)
	loop := func(kids string) []byte {
		b := &builder{}
		b.add("<</Type /Catalog /Pages 2 0 R>>")
		b.add("<</Type /Pages /Count 2 /Kids [" + kids + "]>>")
		return b.bytes(1)
	}
	gap := bytes.Replace(whole, []byte("/Im3 "), []byte("/ImX "), 1)
	for name, c := range map[string]struct {
		pdf   []byte
		pages string
		want  error
	}{
		"empty":            {nil, "1", errNotPDF},
		"text":             {[]byte("hello"), "1", errNotPDF},
		"cut in half":      {whole[:len(whole)/2], "1", errDamaged},
		"last page cut":    {whole[:len(whole)-200], "1", errDamaged},
		"header alone":     {[]byte("%PDF-1.7\nstartxref\n9\n%%EOF"), "1", errDamaged},
		"page is missing":  {loop("9 0 R"), "1", errDamaged},
		"tree is a loop":   {loop("2 0 R"), "1", errDamaged},
		"no page":          {loop(""), "1", errDamaged},
		"kid is no object": {loop("7"), "1", errDamaged},
		"out of range":     {whole, "3-5", nil},
		"far out of range": {whole, "1000000", nil},
	} {
		_, err := take(c.pdf, c.pages)
		if c.want == nil && vault.CodeOf(err) != vault.CodeInvalid || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := take(gap, "3"); err != nil {
		t.Errorf("an image that the page names but nobody defines shows nothing anywhere: %v", err)
	}
}

func corpus(tb testing.TB) map[string][]byte {
	tb.Helper()
	dir := os.Getenv("TEST_CORPUS")
	if dir == "" {
		dir = filepath.FromSlash("../../../shared/corpus")
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*")) // the pattern is well-formed
	found := map[string][]byte{}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			tb.Fatal(err)
		}
		found[filepath.Base(f)] = b
	}
	if len(found) == 0 {
		tb.Skip("no ../shared/corpus beside the project, and TEST_CORPUS names no other")
	}
	return found
}

// TestCorpus takes every page out of real documents, twice.
func TestCorpus(t *testing.T) {
	for name, file := range corpus(t) {
		_, err := take(file, "1")
		switch {
		case name == "password-protected.pdf":
			if !errors.Is(err, errEncrypted) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		case filepath.Ext(name) != ".pdf":
			if !errors.Is(err, errNotPDF) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		case err != nil:
			t.Errorf("%s: %v", name, err)
			continue
		}
		d, err := read(bytes.NewReader(file), int64(len(file)))
		if err != nil {
			t.Fatal(err)
		}
		for n := 1; n <= min(len(d.pages), 20); n++ {
			one, err := take(file, fmt.Sprint(n))
			if err != nil {
				t.Errorf("%s, page %d: %v", name, n, err)
				continue
			}
			MustBeValid(t, one, 1)
		}
		all, err := take(file, "1-")
		if err != nil {
			t.Fatal(err)
		}
		MustBeValid(t, all, len(d.pages))
		if again, err := take(file, "1-"); err != nil || !bytes.Equal(all, again) {
			t.Errorf("%s: other bytes the second time, %v", name, err)
		}
		t.Logf("%s: %d pages, %d bytes of %d", name, len(d.pages), len(all), len(file))
	}
}

func FuzzSplit(f *testing.F) {
	whole := scan(3)
	f.Add(whole, "2")
	f.Add(whole[:len(whole)-150], "1")
	f.Add([]byte("%PDF-1.4\nstartxref"), "1")
	f.Fuzz(func(t *testing.T, pdf []byte, pages string) {
		piece, err := take(pdf, pages)
		if err != nil {
			return
		}
		again, err := take(pdf, pages)
		if err != nil || !bytes.Equal(piece, again) {
			t.Fatalf("the second time: %v, %d and %d bytes", err, len(piece), len(again))
		}
		if _, err := take(piece, "1"); err != nil {
			t.Fatalf("the piece cannot be read: %v\n%q", err, piece)
		}
	})
}
