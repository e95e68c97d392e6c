package manifest

import (
	"strings"
	"testing"
)

// Texts come back whole where they lie over the border of two blocks, and no more are kept than the limit.
func TestSharedText(t *testing.T) {
	var s sharedText
	texts := []string{"", strings.Repeat("a", blockSize-1), "bcd", strings.Repeat("e", 2*blockSize), "", "f"}
	for _, text := range texts {
		if !s.add(text) {
			t.Fatal("refused")
		}
	}
	for i, want := range texts {
		if got, ok := s.at(i); !ok || got != want {
			t.Errorf("text %d has %d bytes, not %d", i, len(got), len(want))
		}
	}
	for _, n := range []int{-1, len(texts)} {
		if _, ok := s.at(n); ok {
			t.Errorf("there is a text %d", n)
		}
	}
	kept := 0
	for ; s.add(strings.Repeat("x", blockSize)); kept++ {
		if kept > maxShared/blockSize {
			t.Fatal("no limit")
		}
	}
	if s.size > maxShared || kept == 0 {
		t.Errorf("%d bytes are kept", s.size)
	}
}
