package spool

import (
	"crypto/rand"
	"fmt"
	"os/exec"
	"path/filepath"
	"testing"
)

const streamSize = 1 << 30

// BenchmarkStream writes 1 GiB through a file with its hash, against the same bytes through dd conv=fsync.
func BenchmarkStream(b *testing.B) {
	piece := make([]byte, 64<<10)
	rand.Read(piece)
	b.Run("spool", func(b *testing.B) {
		b.SetBytes(streamSize)
		s := MustOpen(b, b.TempDir(), 0)
		for b.Loop() {
			f, err := s.Create(Queue)
			if err != nil {
				b.Fatal(err)
			}
			for range streamSize / len(piece) {
				if _, err := f.Write(piece); err != nil {
					b.Fatal(err)
				}
			}
			if err := s.Stage(Item{f, "v1/stream"}); err != nil {
				b.Fatal(err)
			}
			if err := s.Remove("v1/stream"); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("dd", func(b *testing.B) {
		b.SetBytes(streamSize)
		to := filepath.Join(b.TempDir(), "f")
		for b.Loop() {
			cmd := exec.Command("dd", "if=/dev/zero", "of="+to, "bs=256k", "count=4096", "conv=fsync", "status=none")
			if out, err := cmd.CombinedOutput(); err != nil {
				b.Skipf("dd: %v: %s", err, out)
			}
		}
	})
}

// BenchmarkStage makes 960 objects of 100 kB durable, in groups and one by one.
func BenchmarkStage(b *testing.B) {
	content := make([]byte, 100_000)
	rand.Read(content)
	for _, group := range []int{1, 8, 64} {
		b.Run(fmt.Sprintf("group=%d", group), func(b *testing.B) {
			s := MustOpen(b, b.TempDir(), 0)
			n := 0
			for b.Loop() {
				for range 960 / group {
					var items []Item
					for range group {
						n++
						items = append(items, Item{MustCreate(b, s, Queue, content), fmt.Sprintf("v1/w/x/d/%02x/%d", n*37%256, n)})
					}
					if err := s.Stage(items...); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "files/s")
		})
	}
}
