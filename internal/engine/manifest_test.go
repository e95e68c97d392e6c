package engine

import (
	"bytes"
	"crypto/ed25519"
	"testing"

	"vaultctl/internal/vault"
)

func MustManifest(tb testing.TB) ([]byte, vault.WriterID) {
	tb.Helper()
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	w := vault.NewWriterID(vault.DeviceIDOf(key.Public().(ed25519.PublicKey)))
	raw, err := signManifest(&personManifest{V: 1, Organization: vault.NewOrgID(), Beneficiary: vault.NewBeneficiaryID("x"), Writer: w,
		Person: vault.Person{FamilyName: `a","sig":"b`}}, key)
	if err != nil {
		tb.Fatal(err)
	}
	return raw, w
}

func TestManifestIsSigned(t *testing.T) {
	raw, w := MustManifest(t)
	m, err := parseManifest(raw, w)
	if err != nil || m.Person.FamilyName != `a","sig":"b` {
		t.Fatalf("%+v, %v", m, err)
	}
	if _, err := parseManifest(raw, vault.NewWriterID(w.Device())); vault.CodeOf(err) != vault.CodeIntegrity {
		t.Errorf("below another writer's prefix: %v", err)
	}
	for i := range raw {
		bad := bytes.Clone(raw)
		bad[i] ^= 1
		if m, err := parseManifest(bad, w); err == nil && m.Person.FamilyName != `a","sig":"b` {
			t.Fatalf("byte %d: altered and accepted", i)
		}
	}
}

func FuzzParseManifest(f *testing.F) {
	raw, w := MustManifest(f)
	f.Add(raw)
	f.Add([]byte(`{"v":2,"sig":"x"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if m, err := parseManifest(b, w); err == nil && m.Writer != w {
			t.Error("a manifest of another writer was accepted")
		}
	})
}

func FuzzParseNote(f *testing.F) {
	ev := vault.NewEvent(vault.VaultEdited, vault.NewBeneficiaryID("x"), "", vault.Clock{}, nil)
	n := vault.NewEntry(vault.EntryPerson, &ev, vault.PersonData{})
	f.Add(append(n.Line(), '\n'))
	f.Add([]byte("{}\n{}"))
	f.Fuzz(func(t *testing.T, b []byte) {
		lines, err := parseNote(bytes.NewReader(b))
		for h, line := range lines {
			if err == nil && vault.HashOf(line) != h {
				t.Error("a line under a hash that is not its own")
			}
		}
	})
}
