//go:build !windows

package daemon_test

import (
	"context"
	"io"
	"math/rand/v2"
	"os"
	"testing"

	"vaultctl/internal/apiclient"
)

// BenchmarkConnect is what every command pays before its own call.
func BenchmarkConnect(b *testing.B) {
	home := MustHome(b)
	MustConnect(b, home)
	for b.Loop() {
		c, err := apiclient.Connect(context.Background(), apiclient.Options{Home: home, NoAutostart: true})
		if err != nil {
			b.Fatal(err)
		}
		c.Close()
	}
}

const benchBytes = 256 << 20

// noise is a part that looks like a scanned document: nothing in it repeats.
func noise(n int64) io.Reader {
	block := make([]byte, 1<<20)
	_, _ = rand.NewChaCha8([32]byte{}).Read(block) // never fails
	return io.LimitReader(endless(block), n)
}

type endless []byte

func (e endless) Read(b []byte) (int, error) { return copy(b, e), nil }

func BenchmarkUpload(b *testing.B) {
	c := MustConnect(b, MustHome(b))
	b.SetBytes(benchBytes)
	for b.Loop() {
		if _, err := apiclient.Upload[string](context.Background(), c, "test/put", bytesRequest{},
			apiclient.Part{Reader: noise(benchBytes), Name: "content"}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDownload(b *testing.B) {
	c := MustConnect(b, MustHome(b))
	b.SetBytes(benchBytes)
	for b.Loop() {
		_, body, err := apiclient.Download[bytesRequest](context.Background(), c, "test/get", bytesRequest{Bytes: benchBytes})
		if err != nil {
			b.Fatal(err)
		}
		if n, err := io.Copy(io.Discard, body); n != benchBytes || err != nil {
			b.Fatal(n, err)
		}
		_ = body.Close()
	}
}

// BenchmarkRawPipe is the rival: the same bytes through a bare kernel pipe.
func BenchmarkRawPipe(b *testing.B) {
	b.SetBytes(benchBytes)
	for b.Loop() {
		r, w, err := os.Pipe()
		if err != nil {
			b.Fatal(err)
		}
		go func() {
			_, _ = io.CopyBuffer(struct{ io.Writer }{w}, noise(benchBytes), make([]byte, 64<<10))
			_ = w.Close()
		}()
		if n, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{r}, make([]byte, 64<<10)); n != benchBytes || err != nil {
			b.Fatal(n, err)
		}
		_ = r.Close()
	}
}
