package agecrypt

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"testing/iotest"

	"vaultctl/internal/vault"
)

func TestSeedRoundTrip(t *testing.T) {
	s := New()
	for i := range 50 {
		id, to := MustIdentity(t, s)
		seed, err := s.SeedOf(id)
		if err != nil || len(seed) != 32 {
			t.Fatalf("round %d: seed of %d bytes, %v", i, len(seed), err)
		}
		again, recipient, err := s.IdentityFromSeed(seed)
		if err != nil || again != id || recipient != to {
			t.Fatalf("round %d: the seed gives another identity (%v)", i, err)
		}
	}
	for _, n := range []int{0, 31, 33, 64} {
		_, _, err := s.IdentityFromSeed(make([]byte, n))
		wantCode(t, err, vault.CodeInvalid)
	}
	classic, _ := classicKey(t)
	for _, bad := range []string{"", classic, "AGE-SECRET-KEY-PQ-1QQQ"} {
		_, err := s.SeedOf(bad)
		wantCode(t, err, vault.CodeInvalid)
	}
}

func TestRecipientOf(t *testing.T) {
	s := New()
	for _, key := range []func() (string, string){
		func() (string, string) { return MustIdentity(t, s) },
		func() (string, string) { return classicKey(t) },
	} {
		id, to := key()
		if got, err := s.RecipientOf(id); err != nil || got != to {
			t.Errorf("RecipientOf = %.20s, %v", got, err)
		}
	}
	_, err := s.RecipientOf("AGE-SECRET-KEY-PQ-1")
	wantCode(t, err, vault.CodeInvalid)
}

func TestValidateRecipient(t *testing.T) {
	s := New()
	secret, hybrid := MustIdentity(t, s)
	_, classic := classicKey(t)
	for text, want := range map[string]string{hybrid: KindHybrid, classic: KindX25519} {
		if kind, err := s.ValidateRecipient(text); err != nil || kind != want {
			t.Errorf("kind %q, %v, want %q", kind, err, want)
		}
	}
	for _, bad := range []string{"", "x", secret, sshKey, "age1yubikey1qqqqqqq", hybrid[:100], hybrid + "\n"} {
		_, err := s.ValidateRecipient(bad)
		wantCode(t, err, vault.CodeInvalid)
	}
}

func TestParseIdentityFile(t *testing.T) {
	s := New()
	a, _ := MustIdentity(t, s)
	b, _ := classicKey(t)
	got, err := s.ParseIdentityFile(strings.NewReader("# created\n\n" + a + "\r\n  " + b + "  \n# end"))
	if err != nil || len(got) != 2 || got[0] != a || got[1] != b {
		t.Fatalf("%d identities, %v", len(got), err)
	}
	for name, text := range map[string]string{
		"empty":     "",
		"comments":  "# nothing\n",
		"recipient": "age1pq1qqq\n",
		"typo":      a[:len(a)-1] + "\n",
		"long":      strings.Repeat("A", 10_000),
		"plugin":    "AGE-PLUGIN-X-1QQQ\n",
	} {
		_, err := s.ParseIdentityFile(strings.NewReader(text))
		wantCode(t, err, vault.CodeInvalid)
		if err != nil && strings.Contains(err.Error(), "AGE-SECRET") {
			t.Errorf("%s: the error quotes the file", name)
		}
	}
	broken := errors.New("input/output error")
	if _, err := s.ParseIdentityFile(iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("error %v, want the reader's", err)
	}
}

func FuzzParseIdentityFile(f *testing.F) {
	s := New()
	id, _ := MustIdentity(f, s)
	f.Add([]byte("# x\n" + id + "\n"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, file []byte) {
		ids, err := s.ParseIdentityFile(bytes.NewReader(file))
		if err != nil {
			wantCode(t, err, vault.CodeInvalid)
			return
		}
		for _, id := range ids {
			if _, err := s.RecipientOf(id); err != nil {
				t.Fatalf("accepted an identity that has no recipient: %v", err)
			}
		}
	})
}

func FuzzStanzas(f *testing.F) {
	s := New()
	_, to := MustIdentity(f, s)
	f.Add(MustSeal(f, s, nil, to))
	f.Add([]byte("age-encryption.org/v1\n-> x\n\n--- AAAA\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		n, types, err := s.Stanzas(bytes.NewReader(file))
		if err != nil {
			wantCode(t, err, vault.CodeIntegrity)
		} else if n != len(types) || n < 1 || n > maxReaders {
			t.Fatalf("%d stanzas, %d types", n, len(types))
		}
	})
}

func FuzzOpen(f *testing.F) {
	s := New()
	id, to := MustIdentity(f, s)
	plain := []byte("plain text")
	file := MustSeal(f, s, plain, to)
	f.Add(file)
	f.Add(file[:len(file)-1])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, altered []byte) {
		got, err := openAll(s, altered, id)
		switch code := vault.CodeOf(err); {
		case err == nil && !bytes.Equal(got, plain):
			t.Fatal("a forged file was opened")
		case err == nil, code == vault.CodeIntegrity, code == vault.CodeNoIdentity:
		default:
			t.Fatalf("error %v has code %q", err, code)
		}
	})
}
