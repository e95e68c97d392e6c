package engine_test

import (
	"context"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"vaultctl/internal/agecrypt"
	"vaultctl/internal/api"
)

// repeated gives size bytes that differ from run to run, at the cost of a copy.
type repeated struct {
	block []byte
	left  int64
	at    int
}

func newRepeated(size int64, seed byte) *repeated {
	r := &repeated{block: make([]byte, 1<<20), left: size}
	_, _ = rand.NewChaCha8([32]byte{seed, byte(size)}).Read(r.block)
	return r
}

func (r *repeated) Read(p []byte) (int, error) {
	if r.left == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(int64(len(p)), r.left)], r.block[r.at:])
	r.at = (r.at + n) % len(r.block)
	r.left -= int64(n)
	return n, nil
}

// BenchmarkDeposit deposits one large document, durably, against age alone writing the same bytes to a file with an
// fsync. VAULTCTL_BENCH_MIB sets the size; 64 if it is not set.
func BenchmarkDeposit(b *testing.B) {
	mib, err := strconv.Atoi(os.Getenv("VAULTCTL_BENCH_MIB"))
	if err != nil {
		mib = 64
	}
	size := int64(mib) << 20
	b.Run("age", func(b *testing.B) {
		s := agecrypt.New()
		_, recipient, err := s.NewIdentity()
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(size)
		for b.Loop() {
			f, err := os.Create(filepath.Join(b.TempDir(), "sealed"))
			if err != nil {
				b.Fatal(err)
			}
			wc, err := s.Seal(f, []string{recipient})
			if err == nil {
				_, err = io.Copy(wc, newRepeated(size, 1))
			}
			if err == nil {
				err = wc.Close()
			}
			if err == nil {
				err = f.Sync()
			}
			if err != nil {
				b.Fatal(err)
			}
			_ = f.Close()
			_ = os.Remove(f.Name())
		}
	})
	b.Run("deposit", func(b *testing.B) {
		r := MustFound(b)
		id := r.MustVault(b, "Diallo")
		b.SetBytes(size)
		n := byte(0)
		for b.Loop() {
			n++
			d, err := r.DocumentAdd(context.Background(), deposit(id, "other"), newRepeated(size, n))
			if err != nil {
				b.Fatal(err)
			}
			b.StopTimer() // the push is not the deposit's time, nor is it to compete with the next one
			MustPush(b, r)
			if _, err := r.DocumentRemove(context.Background(), api.DocumentRequest{Document: d.ID}); err != nil {
				b.Fatal(err)
			}
			MustPush(b, r)
			b.StartTimer()
		}
	})
}
