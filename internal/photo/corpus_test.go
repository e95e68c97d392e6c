package photo

import (
	"os"
	"path/filepath"
	"testing"
)

// TestCorpus looks at real files.
func TestCorpus(t *testing.T) {
	dir := os.Getenv("TEST_CORPUS")
	if dir == "" {
		dir = filepath.FromSlash("../../../shared/corpus")
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skip("no ../shared/corpus beside the project, and TEST_CORPUS names no other")
	}
	for name, want := range map[string]Facts{
		"photo.jpg": {Width: 300, Height: 200}, "scan.png": {Width: 324, Height: 450}, "scan.tiff": {Pages: 1, Width: 16, Height: 16},
		"letter.odt": {}, "fax-scan.pdf": {Pages: 1}, "long-book.pdf": {Pages: 117}, "office-letter.pdf": {Pages: 1}, "web-office.pdf": {Pages: 1},
		"arabic.pdf": {Pages: 1}, "password-protected.pdf": {Pages: 1}, "archival-pdfa.pdf": {Pages: 1}, "with-attachment.pdf": {Pages: 1},
		"form.pdf": {}, "grayscale-scan.pdf": {}, "one-page.pdf": {}, // their page trees are compressed
	} {
		f, err := os.Open(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		info, err := f.Stat()
		if err != nil {
			t.Fatal(err)
		}
		if got := Look(f, info.Size()); got != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
		_ = f.Close()
	}
}
