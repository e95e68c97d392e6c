package workstation

import "testing"

// TestSniff: what telephones and scanners make has a name.
func TestSniff(t *testing.T) {
	for head, want := range map[string]string{
		"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00heicmif1": "image/heic",
		"\x00\x00\x00\x18ftypheix\x00\x00\x00\x00heixmif1": "image/heic",
		"\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00mif1heic": "image/heif",
		"\x00\x00\x00\x18ftypavif\x00\x00\x00\x00avifmif1": "image/avif",
		"II*\x00\x08\x00\x00\x00":                          "image/tiff",
		"MM\x00*\x00\x00\x00\x08":                          "image/tiff",
		"\xFF\xD8\xFF\xE1\x00\x10Exif":                     "image/jpeg",
		"\x89PNG\r\n\x1A\n\x00\x00\x00\rIHDR":              "image/png",
		"%PDF-1.7\n":                                       "application/pdf",
	} {
		if got := sniff([]byte(head)); got != want {
			t.Errorf("%q: %s, want %s", head, got, want)
		}
	}
}
