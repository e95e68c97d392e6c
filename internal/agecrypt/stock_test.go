package agecrypt

import (
	"bytes"
	"compress/zlib"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	agetest "c2sp.org/CCTV/age"
	"filippo.io/age"

	"vaultctl/internal/vault"
)

// minVectors is how many of the published vectors apply: neither armoured nor with several passphrases.
const minVectors = 100

type vector struct {
	expect     string
	payload    string // SHA-256 of the plaintext, or of what is readable before a failure
	identities []string
	passphrase []string
	armored    bool
	file       []byte
}

func TestPublishedVectors(t *testing.T) {
	names, err := fs.ReadDir(agetest.Vectors, ".")
	if err != nil {
		t.Fatal(err)
	}
	s := New()
	ran := 0
	for _, entry := range names {
		raw, err := fs.ReadFile(agetest.Vectors, entry.Name())
		if err != nil {
			t.Fatal(err)
		}
		v := MustVector(t, raw)
		if v.armored || len(v.passphrase) > 1 || (len(v.passphrase) == 1) == (len(v.identities) > 0) {
			continue
		}
		ran++
		t.Run(entry.Name(), func(t *testing.T) { checkVector(t, s, v) })
	}
	if ran < minVectors {
		t.Errorf("%d vectors ran, want at least %d", ran, minVectors)
	}
}

func checkVector(t *testing.T, s *Sealer, v vector) {
	var r io.Reader
	var err error
	if len(v.passphrase) == 1 {
		r, err = s.OpenPassphrase(bytes.NewReader(v.file), v.passphrase[0])
	} else {
		r, err = s.Open(bytes.NewReader(v.file), v.identities)
	}
	var got []byte
	if err == nil {
		got, err = io.ReadAll(r)
	}
	want := map[string]vault.Code{
		"success": "", "no match": vault.CodeNoIdentity,
		"HMAC failure": vault.CodeIntegrity, "header failure": vault.CodeIntegrity, "payload failure": vault.CodeIntegrity,
	}
	code, known := want[v.expect]
	if !known {
		t.Fatalf("unknown expectation %q", v.expect)
	}
	wantCode(t, err, code)
	if sum := sha256.Sum256(got); v.payload != "" && hex.EncodeToString(sum[:]) != v.payload {
		t.Errorf("read %d bytes that are not the expected ones", len(got))
	}
}

// MustVector parses the header of a vector, "key: value" lines up to an empty one.
func MustVector(tb testing.TB, raw []byte) vector {
	tb.Helper()
	var v vector
	head, body, ok := bytes.Cut(raw, []byte("\n\n"))
	if !ok {
		tb.Fatal("vector without payload")
	}
	v.file = body
	for line := range strings.SplitSeq(string(head), "\n") {
		key, value, _ := strings.Cut(line, ": ")
		switch key {
		case "expect":
			v.expect = value
		case "payload":
			v.payload = value
		case "identity":
			v.identities = append(v.identities, value)
		case "passphrase":
			v.passphrase = append(v.passphrase, value)
		case "armored":
			v.armored = true
		case "compressed":
			r, err := zlib.NewReader(bytes.NewReader(body))
			if err != nil {
				tb.Fatal(err)
			}
			if v.file, err = io.ReadAll(r); err != nil {
				tb.Fatal(err)
			}
		}
	}
	return v
}

func TestStockAgeOpensOurs(t *testing.T) {
	stock := MustStock(t, "age")
	s := New()
	plain := make([]byte, 200_000)
	rand.Read(plain)
	idA, toA := MustIdentity(t, s)
	_, toB := MustIdentity(t, s)
	keys := filepath.Join(t.TempDir(), "keys.txt")
	if err := os.WriteFile(keys, []byte("# ours\n"+idA+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := MustRun(t, MustSeal(t, s, plain, toB, toA), stock, "-d", "-i", keys); !bytes.Equal(got, plain) {
		t.Errorf("stock age reads %d other bytes", len(got))
	}
	var marked bytes.Buffer
	w, err := s.SealMarked(&marked, []string{toA}, []string{"keyfile", "x"})
	if err != nil {
		t.Fatal(err)
	}
	MustFinish(t, w, plain)
	if got := MustRun(t, marked.Bytes(), stock, "-d", "-i", keys); !bytes.Equal(got, plain) {
		t.Errorf("stock age reads %d other bytes of a marked file", len(got))
	}
}

func TestWeOpenStockAge(t *testing.T) {
	stock, keygen := MustStock(t, "age"), MustStock(t, "age-keygen")
	s := New()
	plain := make([]byte, 200_000)
	rand.Read(plain)
	for _, args := range [][]string{{"-pq"}, nil} {
		file := MustRun(t, nil, keygen, args...)
		ids, err := s.ParseIdentityFile(bytes.NewReader(file))
		if err != nil || len(ids) != 1 {
			t.Fatalf("keygen %v: %d identities, %v", args, len(ids), err)
		}
		to, err := s.RecipientOf(ids[0])
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(file, []byte(to)) {
			t.Errorf("keygen %v names another recipient", args)
		}
		got, err := openAll(s, MustRun(t, plain, stock, "-r", to), ids[0])
		if err != nil || !bytes.Equal(got, plain) {
			t.Errorf("keygen %v: opened to %d bytes, %v", args, len(got), err)
		}
	}
}

// BenchmarkSeal measures Seal beside age itself, 64 MiB at a time.
func BenchmarkSeal(b *testing.B) {
	s := New()
	_, to := MustIdentity(b, s)
	raw, err := age.ParseHybridRecipient(to)
	if err != nil {
		b.Fatal(err)
	}
	plain := make([]byte, 64<<20)
	run := func(start func(io.Writer) (io.WriteCloser, error)) func(*testing.B) {
		return func(b *testing.B) {
			b.SetBytes(int64(len(plain)))
			b.ReportAllocs()
			for b.Loop() {
				w, err := start(io.Discard)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := io.Copy(w, onlyReader{bytes.NewReader(plain)}); err != nil {
					b.Fatal(err)
				}
				if err := w.Close(); err != nil {
					b.Fatal(err)
				}
			}
		}
	}
	b.Run("sealer", run(func(dst io.Writer) (io.WriteCloser, error) { return s.Seal(dst, []string{to}) }))
	b.Run("age", run(func(dst io.Writer) (io.WriteCloser, error) { return age.Encrypt(dst, raw) }))
}

type onlyReader struct{ io.Reader }
