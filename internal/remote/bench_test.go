package remote

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"vaultctl/internal/objecthash"
)

// BenchmarkPutLocal stores 1 GiB in a local folder, durable and read back, next to cp and sync, and to hashing
// alone, on the same file.
func BenchmarkPutLocal(b *testing.B) {
	const size = 1 << 30
	dir := b.TempDir()
	file := filepath.Join(dir, "source")
	sum := mustFill(b, file, size)
	b.Run("put", func(b *testing.B) {
		r, err := Create(b.Context(), filepath.Join(dir, "put"), Options{})
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(size)
		for i := 0; b.Loop(); i++ {
			path := fmt.Sprintf("v1/w/a/d/%d.age", i)
			err := r.Put(b.Context(), path, size, sum, func() (io.ReadCloser, error) { return os.Open(file) })
			if err != nil {
				b.Fatal(err)
			}
			b.StopTimer()
			if _, err := r.Delete(b.Context(), path); err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
		}
	})
	b.Run("hash-alone", func(b *testing.B) { // what verifying costs at least
		b.SetBytes(size)
		for b.Loop() {
			in, err := os.Open(file)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := io.Copy(objecthash.New(), in); err != nil {
				b.Fatal(err)
			}
			if err := in.Close(); err != nil {
				b.Fatal(err)
			}
		}
	})
	for _, rival := range []struct{ name, script string }{
		{"cp-sync", `cp "$1" "$2" && sync "$2"`},
		{"cp-sync-sha256sum", `cp "$1" "$2" && sync "$2" && sha256sum "$2" >/dev/null`},
	} {
		b.Run(rival.name, func(b *testing.B) {
			b.SetBytes(size)
			for b.Loop() {
				target := filepath.Join(dir, "copy")
				if out, err := exec.Command("sh", "-c", rival.script, "sh", file, target).CombinedOutput(); err != nil {
					b.Skipf("cp and sync are needed: %v: %s", err, out)
				}
				b.StopTimer()
				if err := os.Remove(target); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
			}
		})
	}
}

// mustFill writes a file that does not compress and returns its hash.
func mustFill(b *testing.B, name string, size int64) [32]byte {
	b.Helper()
	f, err := os.Create(name)
	if err != nil {
		b.Fatal(err)
	}
	random, err := os.Open("/dev/urandom")
	if err != nil {
		b.Skipf("no source of random bytes: %v", err)
	}
	defer random.Close()
	hasher := objecthash.New()
	if _, err := io.CopyN(io.MultiWriter(f, hasher), random, size); err != nil {
		b.Fatal(err)
	}
	if err := f.Sync(); err != nil {
		b.Fatal(err)
	}
	if err := f.Close(); err != nil {
		b.Fatal(err)
	}
	return [32]byte(hasher.Sum(nil))
}
