package agecrypt

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"filippo.io/age"

	"vaultctl/internal/vault"
)

const sshKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIDfQ1bIpgDbUz3ZCoAiV0rAEk6mFsrvRhDcPn6mQgZM"

func classicKey(tb testing.TB) (identity, recipient string) {
	tb.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		tb.Fatal(err)
	}
	return id.String(), id.Recipient().String()
}

func TestRoundTrip(t *testing.T) {
	s := New()
	idA, toA := MustIdentity(t, s)
	idB, toB := MustIdentity(t, s)
	idC, toC := classicKey(t)
	for _, size := range []int{0, 1, 65535, 65536, 65537, 3*65536 + 11} {
		plain := make([]byte, size)
		rand.Read(plain)
		file := MustSeal(t, s, plain, toA, toB)
		for _, id := range []string{idA, idB} {
			got, err := openAll(s, file, idC, id)
			if err != nil || !bytes.Equal(got, plain) {
				t.Errorf("size %d: opened to %d bytes, %v", size, len(got), err)
			}
		}
		got, err := openAll(s, MustSeal(t, s, plain, toC), idC)
		if err != nil || !bytes.Equal(got, plain) {
			t.Errorf("size %d, classic: opened to %d bytes, %v", size, len(got), err)
		}
	}
}

func TestSealStreams(t *testing.T) {
	s := New()
	id, to := MustIdentity(t, s)
	plain := bytes.Repeat([]byte("justificatif "), 60_000)
	var file bytes.Buffer
	w, err := s.Seal(&file, []string{to})
	if err != nil {
		t.Fatal(err)
	}
	n, err := io.Copy(w, iotest.HalfReader(bytes.NewReader(plain)))
	if err != nil || n != int64(len(plain)) {
		t.Fatalf("copied %d of %d: %v", n, len(plain), err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err == nil {
		t.Error("closing twice is not refused")
	}
	if _, err := w.Write([]byte("x")); err == nil {
		t.Error("writing after Close is not refused")
	}
	got, err := openAll(s, file.Bytes(), id)
	if err != nil || !bytes.Equal(got, plain) {
		t.Fatalf("opened to %d bytes, %v", len(got), err)
	}
}

func TestSealRefuses(t *testing.T) {
	s := New()
	secret, to := MustIdentity(t, s)
	_, classic := classicKey(t)
	many := make([]string, 1025)
	for name, c := range map[string]struct {
		recipients []string
		says       string
	}{
		"nobody":   {nil, "no recipient"},
		"twice":    {[]string{to, to}, "same as recipient 1"},
		"mixed":    {[]string{to, classic}, "cannot be mixed"},
		"ssh":      {[]string{sshKey}, "SSH"},
		"secret":   {[]string{secret}, "secret key"},
		"rubbish":  {[]string{to[:len(to)-1] + "x"}, "well-formed"},
		"empty":    {[]string{""}, "well-formed"},
		"too many": {many, "too many"},
	} {
		t.Run(name, func(t *testing.T) {
			var file bytes.Buffer
			_, err := s.Seal(&file, c.recipients)
			wantCode(t, err, vault.CodeInvalid)
			if err != nil && (!strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), secret)) {
				t.Errorf("error %q, want it to say %q", err, c.says)
			}
			if file.Len() != 0 {
				t.Errorf("%d bytes were written", file.Len())
			}
		})
	}
}

func TestSealPassesOnWriteErrors(t *testing.T) {
	s := New()
	_, to := MustIdentity(t, s)
	full := errors.New("disk full")
	w, err := s.Seal(&failingWriter{err: full}, []string{to})
	if err == nil {
		_, err = w.Write(make([]byte, 200_000))
	}
	if !errors.Is(err, full) {
		t.Errorf("error %v, want the writer's", err)
	}
	w, err = s.Seal(&failingWriter{err: full}, []string{to})
	if err == nil {
		err = w.Close()
	}
	if !errors.Is(err, full) {
		t.Errorf("error of Close %v, want the writer's", err)
	}
}

type failingWriter struct{ err error }

func (f *failingWriter) Write([]byte) (int, error) { return 0, f.err }

func TestPassphrase(t *testing.T) {
	s := NewWithWorkFactor(8)
	var file bytes.Buffer
	w, err := s.SealPassphrase(&file, "quatre mots sans rapport")
	if err != nil {
		t.Fatal(err)
	}
	MustFinish(t, w, []byte("secret"))
	r, err := s.OpenPassphrase(bytes.NewReader(file.Bytes()), "quatre mots sans rapport")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(r); err != nil || string(got) != "secret" {
		t.Errorf("opened to %q, %v", got, err)
	}
	for _, wrong := range []string{"", "quatre mots"} {
		_, err = s.OpenPassphrase(bytes.NewReader(file.Bytes()), wrong)
		wantCode(t, err, vault.CodeNoIdentity)
	}
	_, err = s.OpenPassphrase(bytes.NewReader(file.Bytes()[:file.Len()-1]), "quatre mots sans rapport")
	if err != nil {
		t.Errorf("the header is whole, but Open says %v", err)
	}
	_, err = s.SealPassphrase(&file, "")
	wantCode(t, err, vault.CodeInvalid)

	_, to := MustIdentity(t, s)
	_, err = s.OpenPassphrase(bytes.NewReader(MustSeal(t, s, nil, to)), "quatre mots")
	wantCode(t, err, vault.CodeNoIdentity)
}

func TestOpenWithoutKey(t *testing.T) {
	s := New()
	id, to := MustIdentity(t, s)
	other, _ := MustIdentity(t, s)
	file := MustSeal(t, s, []byte("x"), to)
	_, err := openAll(s, file)
	wantCode(t, err, vault.CodeNoIdentity)
	_, err = openAll(s, file, other)
	wantCode(t, err, vault.CodeNoIdentity)
	_, err = openAll(s, file, id[:len(id)-1])
	wantCode(t, err, vault.CodeInvalid)
	if err != nil && strings.Contains(err.Error(), id[:30]) {
		t.Error("the error quotes the identity")
	}
}

// Every single-byte change and every truncation must be refused. In the reader's own stanza it looks like a file for
// somebody else; anywhere else it must be called what it is.
func TestEveryAlterationIsRefused(t *testing.T) {
	s := New()
	id, to := MustIdentity(t, s)
	plain := bytes.Repeat([]byte{7}, 65536+300)
	file := MustSeal(t, s, plain, to)
	header := bytes.Index(file, []byte("\n---")) + 1
	positions := []int{header + 5, header + 30, header + 48, header + 60, header + 5000, len(file) / 2, len(file) - 300, len(file) - 1}
	for i := 0; i < header; i += 13 {
		positions = append(positions, i)
	}
	for _, at := range positions {
		altered := bytes.Clone(file)
		altered[at] ^= 1
		_, err := openAll(s, altered, id)
		code := vault.CodeOf(err)
		if code != vault.CodeIntegrity && (code != vault.CodeNoIdentity || at > header) {
			t.Errorf("byte %d of %d altered: %v (%s)", at, len(file), err, code)
		}
	}
	cuts := []int{0, 1, 21, 22, 23, 500, header - 1, header, header + 20, header + 48, header + 60, 65536, 65536 + header, len(file) - 17, len(file) - 1}
	for _, n := range cuts {
		got, err := openAll(s, file[:n], id)
		wantCode(t, err, vault.CodeIntegrity)
		if !bytes.HasPrefix(plain, got) {
			t.Errorf("cut at %d: unauthenticated bytes", n)
		}
	}
	_, err := openAll(s, append(bytes.Clone(file), 0), id)
	wantCode(t, err, vault.CodeIntegrity)
	_, err = openAll(s, []byte("%PDF-1.7 not an age file\n"), id)
	wantCode(t, err, vault.CodeIntegrity)
}

func TestReaderErrorsAreNotFraud(t *testing.T) {
	s := New()
	id, to := MustIdentity(t, s)
	file := MustSeal(t, s, make([]byte, 200_000), to)
	broken := errors.New("connection reset")
	for _, at := range []int{0, 10, 1000, 2000, 70_000, 150_000, len(file)} {
		r, err := s.Open(io.MultiReader(bytes.NewReader(file[:at]), iotest.ErrReader(broken)), []string{id})
		if err == nil {
			_, err = io.ReadAll(r)
		}
		if !errors.Is(err, broken) || vault.CodeOf(err) == vault.CodeIntegrity {
			t.Errorf("failure at %d: %v", at, err)
		}
	}
}

func TestStanzas(t *testing.T) {
	s := NewWithWorkFactor(4)
	_, a := MustIdentity(t, s)
	_, b := MustIdentity(t, s)
	n, types, err := s.Stanzas(bytes.NewReader(MustSeal(t, s, nil, a, b)))
	if err != nil || n != 2 || strings.Join(types, " ") != "mlkem768x25519 mlkem768x25519" {
		t.Errorf("Stanzas = %d, %v, %v", n, types, err)
	}
	var file bytes.Buffer
	w, err := s.SealPassphrase(&file, "x")
	if err != nil {
		t.Fatal(err)
	}
	MustFinish(t, w, nil)
	if n, types, err = s.Stanzas(&file); err != nil || n != 1 || types[0] != "scrypt" {
		t.Errorf("Stanzas = %d, %v, %v", n, types, err)
	}
	many := "age-encryption.org/v1\n" + strings.Repeat("-> x y\nAAAA\n", 1025) + "--- " + strings.Repeat("A", 43) + "\n"
	for _, bad := range []string{"", "age-encryption.org/v2\n", many, "age-encryption.org/v1\n-> " + strings.Repeat("x", 3<<20)} {
		_, _, err := s.Stanzas(strings.NewReader(bad))
		wantCode(t, err, vault.CodeIntegrity)
	}
	broken := errors.New("connection reset")
	if _, _, err := s.Stanzas(iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("error %v, want the reader's", err)
	}
}

func TestForget(t *testing.T) {
	s := New()
	id, to := MustIdentity(t, s)
	if _, err := s.RecipientOf(id); err != nil {
		t.Fatal(err)
	}
	if s.identities.Len() == 0 {
		t.Fatal("nothing is cached")
	}
	s.Forget()
	if n := s.identities.Len(); n != 0 {
		t.Errorf("%d identities are kept", n)
	}
	if _, err := openAll(s, MustSeal(t, s, nil, to), id); err != nil {
		t.Errorf("after Forget: %v", err)
	}
}

func TestCachesAreBounded(t *testing.T) {
	s := New()
	seed := make([]byte, 32)
	for i := range cacheSize + 20 {
		seed[0], seed[1] = byte(i), byte(i>>8)
		_, to, err := s.IdentityFromSeed(seed)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.ValidateRecipient(to); err != nil {
			t.Fatal(err)
		}
	}
	if s.identities.Len() != cacheSize || s.recipients.Len() != cacheSize {
		t.Errorf("caches hold %d and %d, want %d", s.identities.Len(), s.recipients.Len(), cacheSize)
	}
}

func TestConcurrentUse(t *testing.T) {
	s := New()
	id, to := MustIdentity(t, s)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				plain := make([]byte, 70_000)
				rand.Read(plain)
				var file bytes.Buffer
				w, err := s.Seal(&file, []string{to})
				if err != nil {
					t.Error(err)
					return
				}
				_, err = w.Write(plain)
				if err := errors.Join(err, w.Close()); err != nil {
					t.Error(err)
				}
				s.Forget()
				if got, err := openAll(s, file.Bytes(), id); err != nil || !bytes.Equal(got, plain) {
					t.Errorf("opened to %d bytes, %v", len(got), err)
				}
			}
		})
	}
	wg.Wait()
}
