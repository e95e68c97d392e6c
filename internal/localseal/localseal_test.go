package localseal

import (
	"bytes"
	"testing"

	"vaultctl/internal/vault"
)

// MustUnlock returns a Sealer unlocked with a key made of one repeated byte.
func MustUnlock(tb testing.TB, purpose string, b byte) *Sealer {
	tb.Helper()
	s := New(purpose)
	if err := s.Unlock(bytes.Repeat([]byte{b}, KeySize)); err != nil {
		tb.Fatal(err)
	}
	return s
}

func TestSealOpen(t *testing.T) {
	s := MustUnlock(t, "test", 1)
	for _, plain := range []string{"", "x", string(make([]byte, 100_000))} {
		sealed, err := s.Seal([]byte("kept"), []byte(plain), []byte("place"))
		if err != nil {
			t.Fatal(err)
		}
		if len(sealed) != len("kept")+len(plain)+Overhead || string(sealed[:4]) != "kept" {
			t.Errorf("sealed form of %d bytes has %d", len(plain), len(sealed))
		}
		got, err := s.Open(nil, sealed[4:], []byte("place"))
		if err != nil || string(got) != plain {
			t.Errorf("open: %d bytes, %v", len(got), err)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	s := MustUnlock(t, "test", 1)
	sealed, err := s.Seal(nil, []byte("value"), []byte("place"))
	if err != nil {
		t.Fatal(err)
	}
	altered := func(i int, b byte) []byte { c := bytes.Clone(sealed); c[i] ^= b; return c }
	tests := []struct {
		name    string
		sealer  *Sealer
		sealed  []byte
		context string
		want    vault.Code
	}{
		{"other context", s, sealed, "elsewhere", vault.CodeIntegrity},
		{"other key", MustUnlock(t, "test", 2), sealed, "place", vault.CodeIntegrity},
		{"other purpose", MustUnlock(t, "else", 1), sealed, "place", vault.CodeIntegrity},
		{"nonce altered", s, altered(3, 1), "place", vault.CodeIntegrity},
		{"body altered", s, altered(Overhead-10, 1), "place", vault.CodeIntegrity},
		{"tag altered", s, altered(len(sealed)-1, 0x80), "place", vault.CodeIntegrity},
		{"older form", s, altered(0, 1), "place", vault.CodeIntegrity},
		{"newer form", s, altered(0, 2), "place", vault.CodeUpgrade},
		{"short", s, sealed[:Overhead-1], "place", vault.CodeIntegrity},
		{"empty", s, nil, "place", vault.CodeIntegrity},
		{"never unlocked", New("test"), sealed, "place", vault.CodeLocked},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.sealer.Open(nil, tt.sealed, []byte(tt.context))
			if vault.CodeOf(err) != tt.want || got != nil {
				t.Errorf("got %q, %v, want code %s", got, err, tt.want)
			}
		})
	}
}

func TestLock(t *testing.T) {
	s := MustUnlock(t, "test", 1)
	s.Lock()
	if !s.Locked() || s.key != [KeySize]byte{} {
		t.Error("the key is still there after Lock")
	}
	if _, err := s.Seal(nil, nil, nil); vault.CodeOf(err) != vault.CodeLocked {
		t.Errorf("seal while locked: %v", err)
	}
	if err := s.Unlock(make([]byte, KeySize-1)); vault.CodeOf(err) != vault.CodeInvalid || !s.Locked() {
		t.Errorf("unlock with a short key: %v, locked %v", err, s.Locked())
	}
}
