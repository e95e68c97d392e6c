package bech32

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

// The valid and invalid strings are the examples of BIP-173, which are facts of the standard.
func TestDecodeExamples(t *testing.T) {
	for _, s := range []string{
		"A12UEL5L", "a12uel5l", "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw",
		"?1ezyfcl",
	} {
		hrp, data, err := Decode(s)
		if err != nil {
			t.Errorf("Decode(%q): %v", s, err)
			continue
		}
		again, err := Encode(hrp, data)
		if err != nil || again != strings.ToLower(s) {
			t.Errorf("Encode(Decode(%q)) = %q, %v", s, again, err)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	for s, want := range map[string]error{
		"":                            ErrSeparator,
		"pzry9x0s0muk":                ErrSeparator,
		"1pzry9x0s0muk":               ErrSeparator,
		"x1b4n0q5v":                   ErrCharacter,
		"li1dgmt3":                    ErrSeparator,
		"A1G7SGD8":                    ErrChecksum,
		"A12uEL5L":                    ErrCase,
		"\x201nwldj5":                 ErrCharacter,
		"age1" + "qqqqqq" + "\u00e9x": ErrCharacter,
	} {
		if _, _, err := Decode(s); !errors.Is(err, want) {
			t.Errorf("Decode(%q) = %v, want %v", s, err, want)
		}
	}
}

func TestEncodeRefusesPrefix(t *testing.T) {
	for _, hrp := range []string{"", "Age", "a b", "\u00e9"} {
		if s, err := Encode(hrp, []byte{1}); err == nil {
			t.Errorf("Encode(%q) = %q, want an error", hrp, s)
		}
	}
}

func TestEveryTypoIsFound(t *testing.T) {
	s, err := Encode("age-secret-key-pq-", bytes.Repeat([]byte{0x5a}, 32))
	if err != nil {
		t.Fatal(err)
	}
	for i := range s {
		for _, c := range alphabet {
			typo := s[:i] + string(c) + s[i+1:]
			if _, _, err := Decode(typo); typo != s && err == nil {
				t.Fatalf("a typo at %d is not found", i)
			}
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add("A12UEL5L")
	f.Add("age1qqqsyqcyq5rqwzqfpg9scrgwpugpzysn7dlkms")
	f.Fuzz(func(t *testing.T, s string) {
		hrp, data, err := Decode(s)
		if err != nil {
			return
		}
		again, err := Encode(hrp, data)
		if err != nil || again != strings.ToLower(s) {
			t.Fatalf("decoded %q does not encode to itself: %q, %v", s, again, err)
		}
	})
}
