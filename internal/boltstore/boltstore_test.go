package boltstore

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"vaultctl/internal/vault"
)

const (
	plain  Bucket = "plain"
	sealed Bucket = "sealed"
)

var (
	testKey     = bytes.Repeat([]byte{7}, 32)
	testBuckets = []BucketSpec{{Name: plain}, {Name: sealed, Sealed: true}}
)

// MustOpen opens and unlocks the store at path, and closes it with the test.
func MustOpen(tb testing.TB, path string) *Store {
	tb.Helper()
	s, err := Open(path, testBuckets)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { s.Close() })
	if err := s.Unlock(testKey); err != nil {
		tb.Fatal(err)
	}
	return s
}

func MustWrite(tb testing.TB, s *Store, ops ...Op) {
	tb.Helper()
	if err := s.Write(ops); err != nil {
		tb.Fatal(err)
	}
}

// MustGet returns the value as text, or "(absent)".
func MustGet(tb testing.TB, s *Store, b Bucket, key string) string {
	tb.Helper()
	v, err := s.Get(b, key)
	if err != nil {
		tb.Fatal(err)
	}
	if v == nil {
		return "(absent)"
	}
	return string(v)
}

// keys returns a Visit that collects keys, and where to.
func keys() (*[]string, Visit) {
	got := new([]string)
	return got, func(key string, _ []byte) error { *got = append(*got, key); return nil }
}

func TestWriteGet(t *testing.T) {
	path := filepath.Join(t.TempDir(), "index.db")
	s := MustOpen(t, path)
	for _, b := range []Bucket{plain, sealed} {
		MustWrite(t, s, Op{b, "a", []byte("1")}, Op{b, "b", []byte("2")}, Op{b, "empty", []byte{}})
		MustWrite(t, s, Op{b, "a", []byte("3")}, Op{b, "b", nil}, Op{b, "never there", nil}, Op{b, "c", []byte("x")}, Op{b, "c", []byte("y")})
	}
	MustWrite(t, s)
	s.Close()
	s = MustOpen(t, path)
	for _, b := range []Bucket{plain, sealed} {
		for key, want := range map[string]string{"a": "3", "b": "(absent)", "empty": "", "c": "y", "": "(absent)"} {
			if got := MustGet(t, s, b, key); got != want {
				t.Errorf("%s %q: %q, want %q", b, key, got, want)
			}
		}
	}
	if size, err := s.Size(); err != nil || size == 0 {
		t.Errorf("size %d, %v", size, err)
	}
	if err := s.Check(); err != nil {
		t.Error(err)
	}
	if info, _ := os.Stat(path); runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, want 0600", info.Mode().Perm())
	}
}

func TestWriteIsAllOrNothing(t *testing.T) {
	s := MustOpen(t, filepath.Join(t.TempDir(), "index.db"))
	long := strings.Repeat("k", 1<<15+1)
	for _, bad := range []Op{{plain, "", []byte{1}}, {plain, long, []byte{1}}, {"undeclared", "k", []byte{1}}, {ownBucket, "k", nil}} {
		err := s.Write([]Op{{plain, "first", []byte{1}}, bad})
		if vault.CodeOf(err) != vault.CodeInvalid {
			t.Errorf("write to %s: %v", bad.Bucket, err)
		}
		if got := MustGet(t, s, plain, "first"); got != "(absent)" {
			t.Error("half of a refused write was done")
		}
	}
	if _, err := s.Get("undeclared", "k"); vault.CodeOf(err) != vault.CodeInvalid {
		t.Errorf("get: %v", err)
	}
	if _, err := s.Count("undeclared", ""); vault.CodeOf(err) != vault.CodeInvalid {
		t.Errorf("count: %v", err)
	}
}

func TestScan(t *testing.T) {
	s := MustOpen(t, filepath.Join(t.TempDir(), "index.db"))
	var ops []Op
	want := []string{}
	for i := range 2*pageItems + 10 {
		key := fmt.Sprintf("doc/%05d", i)
		want = append(want, key)
		ops = append(ops, Op{plain, key, []byte(key)}, Op{sealed, key, []byte(key)})
	}
	for _, key := range []string{"doc", "doc.", "doc0", "\xff", "\xff\xff", "\xff\xffz"} {
		ops = append(ops, Op{plain, key, []byte(key)}, Op{sealed, key, []byte(key)})
	}
	MustWrite(t, s, ops...)
	reversed := slices.Clone(want)
	slices.Reverse(reversed)
	for _, b := range []Bucket{plain, sealed} {
		tests := []struct {
			name string
			scan func(Visit) error
			want []string
		}{
			{"all with prefix", func(v Visit) error { return s.Scan(b, "doc/", v) }, want},
			{"reverse", func(v Visit) error { return s.ScanReverse(b, "doc/", v) }, reversed},
			{"from a key", func(v Visit) error { return s.ScanFrom(b, "doc/", "doc/00300", v) }, want[300:]},
			{"from between", func(v Visit) error { return s.ScanFrom(b, "doc/", "doc/00300+", v) }, want[301:]},
			{"from before the prefix", func(v Visit) error { return s.ScanFrom(b, "doc/", "a", v) }, want},
			{"from behind the prefix", func(v Visit) error { return s.ScanFrom(b, "doc/", "e", v) }, nil},
			{"last prefix", func(v Visit) error { return s.Scan(b, "\xff\xff", v) }, []string{"\xff\xff", "\xff\xffz"}},
			{"last prefix reverse", func(v Visit) error { return s.ScanReverse(b, "\xff\xff", v) }, []string{"\xff\xffz", "\xff\xff"}},
			{"nothing", func(v Visit) error { return s.Scan(b, "x", v) }, nil},
			{"nothing reverse", func(v Visit) error { return s.ScanReverse(b, "x", v) }, nil},
		}
		for _, tt := range tests {
			got, visit := keys()
			err := tt.scan(func(key string, value []byte) error {
				if string(value) != key {
					t.Errorf("%s: value of %q is %q", tt.name, key, value)
				}
				return visit(key, value)
			})
			if err != nil || !slices.Equal(*got, tt.want) {
				t.Errorf("%s %s: %d keys, %v, want %d", b, tt.name, len(*got), err, len(tt.want))
			}
		}
		if n, err := s.Count(b, "doc/"); n != len(want) || err != nil {
			t.Errorf("count: %d, %v", n, err)
		}
		if n, err := s.Count(b, ""); n != len(want)+6 || err != nil {
			t.Errorf("count of everything: %d, %v", n, err)
		}
	}
}

func TestScanCallbackMayUseStore(t *testing.T) {
	s := MustOpen(t, filepath.Join(t.TempDir(), "index.db"))
	for i := range 600 {
		if i%100 == 0 {
			MustWrite(t, s, Op{plain, fmt.Sprintf("%03d", i), make([]byte, pageBytes)})
		}
	}
	n := 0
	err := s.Scan(plain, "", func(key string, value []byte) error {
		n++
		if len(value) != pageBytes {
			t.Errorf("value of %s has %d bytes", key, len(value))
		}
		return s.Write([]Op{{plain, key, nil}}) // would wait for ever inside a transaction that grows the file
	})
	if left, _ := s.Count(plain, ""); err != nil || n != 6 || left != 0 {
		t.Errorf("%d visits, %d left, %v", n, left, err)
	}
}

func TestScanEndsEarly(t *testing.T) {
	s := MustOpen(t, filepath.Join(t.TempDir(), "index.db"))
	MustWrite(t, s, Op{plain, "a", []byte{}}, Op{plain, "b", []byte{}})
	stop := errors.New("stop")
	for give, want := range map[error]error{stop: stop, fs.SkipAll: nil} {
		n := 0
		err := s.Scan(plain, "", func(string, []byte) error { n++; return give })
		if !errors.Is(err, want) || n != 1 {
			t.Errorf("callback returns %v: %d visits, %v", give, n, err)
		}
	}
}

func TestLocked(t *testing.T) {
	s := MustOpen(t, filepath.Join(t.TempDir(), "index.db"))
	MustWrite(t, s, Op{sealed, "k", []byte("v")}, Op{plain, "k", []byte("v")})
	s.Lock()
	ignore := func(string, []byte) error { return nil }
	_, getErr := s.Get(sealed, "k")
	for name, err := range map[string]error{
		"get":    getErr,
		"scan":   s.Scan(sealed, "", ignore),
		"write":  s.Write([]Op{{plain, "k", []byte("half")}, {sealed, "k", []byte("w")}}),
		"delete": s.Write([]Op{{sealed, "k", nil}}),
	} {
		if vault.CodeOf(err) != vault.CodeLocked {
			t.Errorf("%s while locked: %v", name, err)
		}
	}
	if got := MustGet(t, s, plain, "k"); got != "v" {
		t.Errorf("plain value while locked: %q", got)
	}
	if n, err := s.Count(sealed, ""); n != 1 || err != nil {
		t.Errorf("count while locked: %d, %v", n, err)
	}
	if err := s.Unlock(bytes.Repeat([]byte{8}, 32)); vault.CodeOf(err) != vault.CodeNoIdentity {
		t.Errorf("unlock with another key: %v", err)
	}
	if _, err := s.Get(sealed, "k"); vault.CodeOf(err) != vault.CodeLocked {
		t.Errorf("get after a refused key: %v", err)
	}
	if err := s.Unlock(testKey); err != nil {
		t.Fatal(err)
	}
	if got := MustGet(t, s, sealed, "k"); got != "v" {
		t.Errorf("sealed value: %q", got)
	}
}

func TestLockDuringScan(t *testing.T) {
	s := MustOpen(t, filepath.Join(t.TempDir(), "index.db"))
	MustWrite(t, s, Op{sealed, "a", []byte("v")}, Op{sealed, "b", []byte("v")})
	err := s.Scan(sealed, "", func(string, []byte) error { s.Lock(); return nil })
	if vault.CodeOf(err) != vault.CodeLocked {
		t.Errorf("scan: %v", err)
	}
}

func TestTamperedValues(t *testing.T) {
	path := filepath.Join(t.TempDir(), "index.db")
	s := MustOpen(t, path)
	MustWrite(t, s, Op{sealed, "a", []byte("value of a")}, Op{sealed, "b", []byte("value of b")}, Op{sealed, "c", []byte("value of c")})
	raw := func(key string) []byte {
		v, err := s.get(sealed, key)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	a, b, c := raw("a"), raw("b"), raw("c")
	c[len(c)/2] ^= 1
	if err := s.update([]Op{{sealed, "a", b}, {sealed, "b", a}, {sealed, "c", c}, {sealed, "d", []byte("short")}, {plain, "e", a}}); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"a", "b", "c", "d"} {
		if v, err := s.Get(sealed, key); vault.CodeOf(err) != vault.CodeIntegrity || v != nil {
			t.Errorf("%s: %q, %v", key, v, err)
		}
	}
	_, visit := keys()
	if err := s.Scan(sealed, "", visit); vault.CodeOf(err) != vault.CodeIntegrity {
		t.Errorf("scan: %v", err)
	}
	s.Close()
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(file, []byte("value of")) {
		t.Error("a sealed value is in the file in clear")
	}
}
