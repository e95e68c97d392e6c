package boltstore

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"vaultctl/internal/atomicfile/disktest"
	"vaultctl/internal/vault"
)

func TestOpenTwice(t *testing.T) {
	path := filepath.Join(t.TempDir(), "index.db")
	s := MustOpen(t, path)
	if _, err := Open(path, testBuckets); vault.CodeOf(err) != vault.CodeConflict {
		t.Errorf("second open: %v", err)
	}
	s.Close()
	MustOpen(t, path)
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "index.db")
	s := MustOpen(t, path)
	for i := range 200 {
		MustWrite(t, s, Op{plain, fmt.Sprint(i), make([]byte, 1000)})
	}
	s.Close()
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	page := os.Getpagesize()
	zeroed := bytes.Clone(good)
	clear(zeroed[:2*page])
	tests := []struct {
		name    string
		content []byte
	}{
		{"text", []byte("this is not a database, but long enough to be looked at\n")},
		{"text of many pages", bytes.Repeat([]byte("not a database\n"), 10_000)},
		{"both meta pages gone", zeroed},
		{"cut to one page", good[:page]},
		{"cut in the middle", good[:8*page]},
		{"pages gone", append(bytes.Clone(good[:2*page]), make([]byte, len(good)-2*page)...)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "index.db")
			if err := os.WriteFile(path, tt.content, 0o600); err != nil {
				t.Fatal(err)
			}
			s, err := Open(path, testBuckets)
			if vault.CodeOf(err) != vault.CodeIntegrity {
				t.Errorf("open: %v", err)
			}
			if err == nil {
				s.Close()
			}
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			MustOpen(t, path) // what the caller does next
		})
	}
	if _, err := Open(filepath.Join(dir, "absent", "index.db"), nil); vault.CodeOf(err) != vault.CodeFailed {
		t.Errorf("no directory: %v", err)
	}
	if _, err := Open(path, []BucketSpec{{Name: plain}, {Name: plain}}); vault.CodeOf(err) != vault.CodeInvalid {
		t.Errorf("bucket declared twice: %v", err)
	}
}

func TestDamagedPageIsAnError(t *testing.T) {
	path := filepath.Join(t.TempDir(), "index.db")
	s := MustOpen(t, path)
	var ops []Op
	for i := range 2000 {
		ops = append(ops, Op{plain, fmt.Sprintf("%06d", i), bytes.Repeat([]byte("MARK"), 25)})
	}
	MustWrite(t, s, ops...)
	s.Close()
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	page := os.Getpagesize()
	for off := 2 * page; off+page <= len(file); off += page {
		if bytes.Contains(file[off:off+page], []byte("MARK")) {
			clear(file[off : off+page/2])
		}
	}
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	s = MustOpen(t, path)
	_, visit := keys()
	if err := s.Scan(plain, "", visit); vault.CodeOf(err) != vault.CodeIntegrity {
		t.Errorf("scan: %v", err)
	}
	if err := s.Check(); vault.CodeOf(err) != vault.CodeIntegrity {
		t.Errorf("check: %v", err)
	}
}

func TestDiskFull(t *testing.T) {
	dir := disktest.MustTmpfs(t, 2<<20)
	path := filepath.Join(dir, "index.db")
	s := MustOpen(t, path)
	MustWrite(t, s, Op{sealed, "kept", []byte("v")})
	free := disktest.MustFill(t, dir)
	for range 2 {
		err := s.Write([]Op{{sealed, "kept", []byte("w")}, {sealed, "big", make([]byte, 500_000)}})
		if vault.CodeOf(err) != vault.CodeDiskFull {
			t.Fatalf("write to a full disk: %v", err)
		}
	}
	if got := MustGet(t, s, sealed, "kept"); got != "v" {
		t.Errorf("value after a refused write: %q", got)
	}
	free()
	MustWrite(t, s, Op{sealed, "after", []byte("x")})
	s.Close()
	s = MustOpen(t, path)
	for key, want := range map[string]string{"kept": "v", "after": "x", "big": "(absent)"} {
		if got := MustGet(t, s, sealed, key); got != want {
			t.Errorf("%s: %q, want %q", key, got, want)
		}
	}
	if err := s.Check(); err != nil {
		t.Error(err)
	}
}

const batchSize = 10

// TestCrashChild writes batches of values that all hold the number of their batch until it is killed.
func TestCrashChild(t *testing.T) {
	s := MustOpen(t, filepath.Join(disktest.Dir(t), "index.db"))
	batch := 0
	if v := MustGet(t, s, sealed, "0"); v != "(absent)" {
		batch, _ = strconv.Atoi(v)
	}
	for {
		batch++
		var ops []Op
		for i := range batchSize {
			ops = append(ops, Op{sealed, strconv.Itoa(i), []byte(strconv.Itoa(batch))})
		}
		ops = append(ops, Op{plain, fmt.Sprintf("%08d", batch), make([]byte, 300)})
		MustWrite(t, s, ops...)
		fmt.Printf("%d\n", batch)
	}
}

func TestCrashKeepsAcknowledged(t *testing.T) {
	dir := t.TempDir()
	for range 6 {
		lines := disktest.MustKill(t, "TestCrashChild", dir, 20)
		acked, err := strconv.Atoi(lines[len(lines)-1])
		if err != nil {
			t.Fatal(err)
		}
		s := MustOpen(t, filepath.Join(dir, "index.db"))
		first := MustGet(t, s, sealed, "0")
		if n, _ := strconv.Atoi(first); n < acked {
			t.Errorf("batch %d was acknowledged, the store holds batch %s", acked, first)
		} else if count, _ := s.Count(plain, ""); count != n {
			t.Errorf("%d batches of %d are there", count, n)
		}
		for i := range batchSize {
			if got := MustGet(t, s, sealed, strconv.Itoa(i)); got != first {
				t.Errorf("partial batch: value %d is of batch %s, value 0 of batch %s", i, got, first)
			}
		}
		if err := s.Check(); err != nil {
			t.Error(err)
		}
		s.Close()
	}
}

func BenchmarkWrite(b *testing.B) {
	for _, size := range []int{1, 16, 256} {
		b.Run(fmt.Sprintf("batch=%d", size), func(b *testing.B) {
			s := MustOpen(b, filepath.Join(b.TempDir(), "index.db"))
			n := 0
			for b.Loop() {
				var ops []Op
				for range size {
					n++
					ops = append(ops, Op{sealed, fmt.Sprintf("%012d", n), make([]byte, 300)})
				}
				MustWrite(b, s, ops...)
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "values/s")
		})
	}
}

func BenchmarkScan(b *testing.B) {
	s := MustOpen(b, filepath.Join(b.TempDir(), "index.db"))
	var ops []Op
	for i := range 10_000 {
		ops = append(ops, Op{sealed, fmt.Sprintf("%012d", i), make([]byte, 300)})
	}
	MustWrite(b, s, ops...)
	for b.Loop() {
		_, visit := keys()
		if err := s.Scan(sealed, "", visit); err != nil {
			b.Fatal(err)
		}
	}
}
