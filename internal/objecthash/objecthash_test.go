package objecthash

import (
	"testing"

	"vaultctl/internal/vault"
)

// TestKnownValues holds the hash against the test vectors of BLAKE3: bytes that count from 0 to 250 and begin again.
func TestKnownValues(t *testing.T) {
	for size, want := range map[int]vault.ObjectHash{
		0:    "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262",
		1:    "2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213",
		1024: "42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7",
	} {
		in := make([]byte, size)
		for i := range in {
			in[i] = byte(i % 251)
		}
		if got := Of(in); got != want {
			t.Errorf("%d bytes: %s, want %s", size, got, want)
		}
		h := New()
		for _, b := range in {
			h.Write([]byte{b})
		}
		if got := Text([Size]byte(h.Sum(nil))); got != want {
			t.Errorf("%d bytes, one by one: %s, want %s", size, got, want)
		}
	}
}

func TestParse(t *testing.T) {
	want := Sum([]byte("x"))
	if got, ok := Parse(Text(want)); !ok || got != want {
		t.Errorf("parsed to %x, %v", got, ok)
	}
	for _, bad := range []vault.ObjectHash{"", "00", Text(want) + "0", "g" + Text(want)[1:], "A" + Text(want)[1:]} {
		if _, ok := Parse(bad); ok {
			t.Errorf("%q is taken for a hash", bad)
		}
	}
}
