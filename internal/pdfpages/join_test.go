package pdfpages

import (
	"bytes"
	"io"
	"testing"
)

// TestJoin: all pages of all parts, each of the same paper.
func TestJoin(t *testing.T) {
	r, bad, err := New().Join(t.Context(), scan(1), [][]byte{scan(1), scan(3), scan(2)})
	if err != nil || bad != -1 {
		t.Fatal(bad, err)
	}
	body, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	MustBeValid(t, body, 6)
}

// TestJoinNamesTheBadOne: a part that is no PDF is known by its number.
func TestJoinNamesTheBadOne(t *testing.T) {
	whole := scan(2)
	for name, broken := range map[string][]byte{"no PDF": []byte("hello"), "nothing": nil, "cut short": whole[:len(whole)/3]} {
		_, bad, err := New().Join(t.Context(), scan(1), [][]byte{scan(1), broken, scan(1)})
		if err == nil || bad != 1 {
			t.Errorf("%s: part %d, %v", name, bad, err)
		}
	}
}

// TestFrames: what does not come whole is not taken.
func TestFrames(t *testing.T) {
	for name, raw := range map[string][]byte{"nothing": nil, "one part": append([]byte{0, 0, 0, 0, 0, 0, 0, 1}, 'x'), "half a length": {0, 0, 0},
		"too short": append([]byte{0, 0, 0, 0, 0, 0, 0, 9}, 'x'), "too long": {255, 255, 255, 255, 255, 255, 255, 255}} {
		if parts, err := frames(bytes.NewReader(raw)); err == nil {
			t.Errorf("%s: %d parts", name, len(parts))
		}
	}
}
