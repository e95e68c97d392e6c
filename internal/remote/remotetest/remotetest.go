// Package remotetest is the contract that every remote keeps, as tests.
package remotetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"vaultctl/internal/objecthash"
	"vaultctl/internal/remote"
	"vaultctl/internal/vault"
)

// Run runs the contract. The open function returns an empty remote each time.
func Run(t *testing.T, open func(tb testing.TB) *remote.Remote) {
	tests := []struct {
		name string
		run  func(t *testing.T, r *remote.Remote)
	}{
		{"round trip", roundTrip},
		{"missing object", missing},
		{"same object twice", twice},
		{"other content is refused", otherContent},
		{"bad paths", badPaths},
		{"list", list},
		{"list stops", listStops},
		{"delete", remove},
		{"bad sources", badSources},
		{"cancelled upload", cancelled},
		{"concurrent uploads", concurrent},
		{"large stream", large},
		{"test", probe},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { test.run(t, open(t)) })
	}
}

// Bytes returns n bytes that depend on n and seed only.
func Bytes(n int, seed uint64) []byte {
	content := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), byte(n)}).Read(content)
	return content
}

// Opener serves content as often as it is asked for.
func Opener(content []byte) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil }
}

// MustPut stores content.
func MustPut(tb testing.TB, r *remote.Remote, path string, content []byte) {
	tb.Helper()
	if err := r.Put(tb.Context(), path, int64(len(content)), objecthash.Sum(content), Opener(content)); err != nil {
		tb.Fatalf("put %s: %v", path, err)
	}
}

// MustGet returns an object's content.
func MustGet(tb testing.TB, r *remote.Remote, path string) []byte {
	tb.Helper()
	in, err := r.Get(tb.Context(), path)
	if err != nil {
		tb.Fatalf("get %s: %v", path, err)
	}
	content, err := io.ReadAll(in)
	if err = errors.Join(err, in.Close()); err != nil {
		tb.Fatalf("get %s: %v", path, err)
	}
	return content
}

// MustList returns the sorted paths under prefix.
func MustList(tb testing.TB, r *remote.Remote, prefix string) []string {
	tb.Helper()
	paths := []string{}
	err := r.List(tb.Context(), prefix, func(info remote.Info) error {
		paths = append(paths, info.Path)
		return nil
	})
	if err != nil {
		tb.Fatalf("list %q: %v", prefix, err)
	}
	slices.Sort(paths)
	return paths
}

// WantCode fails the test unless err carries the code.
func WantCode(tb testing.TB, err error, code vault.Code) {
	tb.Helper()
	if got := vault.CodeOf(err); got != code {
		tb.Fatalf("error is %v with code %q, want code %q", err, got, code)
	}
}

func roundTrip(t *testing.T, r *remote.Remote) {
	for _, size := range []int{0, 1, 4095, 300_000} {
		path := fmt.Sprintf("v1/w/a/d/%d.age", size)
		content := Bytes(size, 1)
		MustPut(t, r, path, content)
		if got := MustGet(t, r, path); !bytes.Equal(got, content) {
			t.Errorf("%s: %d bytes came back changed (%d)", path, size, len(got))
		}
		info, err := r.Stat(t.Context(), path)
		if err != nil || info != (remote.Info{Path: path, Size: int64(size)}) {
			t.Errorf("stat %s: %v, %v", path, info, err)
		}
	}
	if n := r.Calls()[remote.CallPut]; n != 4 {
		t.Errorf("%d uploads counted, want 4", n)
	}
}

func missing(t *testing.T, r *remote.Remote) {
	_, err := r.Stat(t.Context(), "v1/none")
	WantCode(t, err, vault.CodeNotFound)
	_, err = r.Get(t.Context(), "v1/none")
	WantCode(t, err, vault.CodeNotFound)
}

func twice(t *testing.T, r *remote.Remote) {
	content := Bytes(5000, 2)
	MustPut(t, r, "v1/twice", content)
	MustPut(t, r, "v1/twice", content)
	if n := r.Calls()[remote.CallPut]; n != 1 {
		t.Errorf("%d uploads of the same object, want 1", n)
	}
}

func otherContent(t *testing.T, r *remote.Remote) {
	first := Bytes(5000, 3)
	MustPut(t, r, "v1/object", first)
	for _, other := range [][]byte{Bytes(5000, 4), Bytes(4999, 3), {}} {
		err := r.Put(t.Context(), "v1/object", int64(len(other)), objecthash.Sum(other), Opener(other))
		WantCode(t, err, vault.CodeIntegrity)
	}
	if got := MustGet(t, r, "v1/object"); !bytes.Equal(got, first) {
		t.Error("the object was overwritten")
	}
}

func badPaths(t *testing.T, r *remote.Remote) {
	for _, path := range []string{"", "/v1", "v1/", "v1//a", "v1/../a", "../a", ".", "v1/A", "v1/é", "v1/a b", "v1/a.partial",
		string(bytes.Repeat([]byte("a"), 120))} {
		err := r.Put(t.Context(), path, 0, objecthash.Sum(nil), Opener(nil))
		WantCode(t, err, vault.CodeInvalid)
		_, err = r.Get(t.Context(), path)
		WantCode(t, err, vault.CodeInvalid)
		_, err = r.Delete(t.Context(), path)
		WantCode(t, err, vault.CodeInvalid)
	}
}

func list(t *testing.T, r *remote.Remote) {
	if got := MustList(t, r, ""); len(got) != 0 {
		t.Fatalf("an empty remote lists %v", got)
	}
	want := []string{"v1/w/a/j/1.seg", "v1/w/a/j/2.seg", "v1/w/b/j/1.seg"}
	for i, path := range want {
		MustPut(t, r, path, Bytes(10+i, 5))
	}
	if got := MustList(t, r, ""); !slices.Equal(got, want) {
		t.Errorf("list: %v, want %v", got, want)
	}
	if got := MustList(t, r, "v1/w/a"); !slices.Equal(got, want[:2]) {
		t.Errorf("list v1/w/a: %v, want %v", got, want[:2])
	}
	if got := MustList(t, r, "v1/w/c"); len(got) != 0 {
		t.Errorf("list of nothing: %v", got)
	}
	for prefix, want := range map[string][]string{"v1/w": {"a", "b"}, "v1/w/a": {"j"}, "v1/w/a/j": nil, "v1/w/c": nil} {
		got, err := r.Folders(t.Context(), prefix)
		slices.Sort(got)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("folders in %s: %v, %v, want %v", prefix, got, err, want)
		}
	}
}

func listStops(t *testing.T, r *remote.Remote) {
	for i := range 3 {
		MustPut(t, r, fmt.Sprintf("v1/%d", i), Bytes(10, 6))
	}
	stop, seen := errors.New("enough"), 0
	err := r.List(t.Context(), "", func(remote.Info) error {
		seen++
		return stop
	})
	if !errors.Is(err, stop) || seen != 1 {
		t.Errorf("list went on for %d objects and returned %v", seen, err)
	}
}

func remove(t *testing.T, r *remote.Remote) {
	MustPut(t, r, "v1/gone", Bytes(10, 7))
	for range 2 { // the second time there is nothing to delete
		retention, err := r.Delete(t.Context(), "v1/gone")
		if err != nil || retention == "" {
			t.Fatalf("delete: %q, %v", retention, err)
		}
	}
	_, err := r.Stat(t.Context(), "v1/gone")
	WantCode(t, err, vault.CodeNotFound)
	if got := MustList(t, r, ""); len(got) != 0 {
		t.Errorf("left after deletion: %v", got)
	}
}

func badSources(t *testing.T, r *remote.Remote) {
	content := Bytes(100_000, 8)
	broken := errors.New("broken source")
	tests := []struct {
		name string
		size int64
		open func() (io.ReadCloser, error)
		code vault.Code
	}{
		{"short", 100_001, Opener(content), vault.CodeIntegrity},
		{"long", 99_999, Opener(content), vault.CodeIntegrity},
		{"changed", 100_000, Opener(Bytes(100_000, 9)), vault.CodeIntegrity},
		{"vanished", 100_000, func() (io.ReadCloser, error) { return nil, broken }, vault.CodeFailed},
		{"unreadable", 100_000, func() (io.ReadCloser, error) {
			return io.NopCloser(io.MultiReader(bytes.NewReader(content[:50_000]), failing{broken})), nil
		}, vault.CodeFailed},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := r.Put(t.Context(), "v1/bad", test.size, objecthash.Sum(content), test.open)
			WantCode(t, err, test.code)
			if test.code == vault.CodeFailed && !errors.Is(err, broken) {
				t.Errorf("%v does not wrap the source's error", err)
			}
			if got := MustList(t, r, ""); len(got) != 0 {
				t.Errorf("left behind: %v", got)
			}
		})
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func cancelled(t *testing.T, r *remote.Remote) {
	ctx, cancel := context.WithCancel(t.Context())
	content := Bytes(1<<20, 10)
	err := r.Put(ctx, "v1/cancelled", int64(len(content)), objecthash.Sum(content), func() (io.ReadCloser, error) {
		in := bytes.NewReader(content)
		return io.NopCloser(readFunc(func(p []byte) (int, error) {
			if in.Len() < len(content)/2 {
				cancel()
			}
			return in.Read(p[:min(len(p), 4096)])
		})), nil
	})
	WantCode(t, err, vault.CodeInterrupted)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v does not wrap context.Canceled", err)
	}
	MustPut(t, r, "v1/cancelled", content)
}

type readFunc func([]byte) (int, error)

func (f readFunc) Read(p []byte) (int, error) { return f(p) }

func concurrent(t *testing.T, r *remote.Remote) {
	const objects, writers = 6, 3
	var wg sync.WaitGroup
	for i := range objects {
		content := Bytes(20_000+i, 11)
		for range writers { // of the same object: one uploads, the others find it
			wg.Go(func() {
				path := fmt.Sprintf("v1/w/a/d/%d", i)
				if err := r.Put(t.Context(), path, int64(len(content)), objecthash.Sum(content), Opener(content)); err != nil {
					t.Errorf("put %s: %v", path, err)
				}
			})
		}
	}
	wg.Wait()
	if n := r.Calls()[remote.CallPut]; n != objects {
		t.Errorf("%d uploads of %d objects", n, objects)
	}
	if got := MustList(t, r, ""); len(got) != objects {
		t.Errorf("listed %v", got)
	}
}

// large streams 64 MiB up and down and watches the heap.
func large(t *testing.T, r *remote.Remote) {
	const size, allowed = 64 << 20, 48 << 20
	block := Bytes(1<<20, 12)
	stream := func() io.Reader { return io.LimitReader(&repeat{block: block}, size) }
	hasher := objecthash.New()
	if _, err := io.Copy(hasher, stream()); err != nil {
		t.Fatal(err)
	}
	sum := [32]byte(hasher.Sum(nil))

	peak := watchHeap()
	err := r.Put(t.Context(), "v1/large", size, sum, func() (io.ReadCloser, error) { return io.NopCloser(stream()), nil })
	if err != nil {
		t.Fatal(err)
	}
	in, err := r.Get(t.Context(), "v1/large")
	if err != nil {
		t.Fatal(err)
	}
	hasher.Reset()
	if _, err := io.Copy(hasher, in); err != nil {
		t.Fatal(err)
	}
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	if grown := peak(); grown > allowed {
		t.Errorf("the heap grew by %d MiB for a stream of %d MiB", grown>>20, size>>20)
	}
	if [32]byte(hasher.Sum(nil)) != sum {
		t.Error("the stream came back changed")
	}
}

// watchHeap samples live heap memory until the returned function is called, which says by how much it grew at most.
func watchHeap() (grown func() int64) {
	runtime.GC()
	var start runtime.MemStats
	runtime.ReadMemStats(&start)
	var peak atomic.Int64
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		ticks := time.NewTicker(50 * time.Millisecond)
		defer ticks.Stop()
		for {
			select {
			case <-ticks.C:
				runtime.GC()
				var now runtime.MemStats
				runtime.ReadMemStats(&now)
				peak.Store(max(peak.Load(), int64(now.HeapAlloc)-int64(start.HeapAlloc)))
			case <-stop:
				return
			}
		}
	}()
	return func() int64 {
		close(stop)
		<-stopped
		return peak.Load()
	}
}

// repeat reads one block for ever.
type repeat struct {
	block []byte
	at    int
}

func (r *repeat) Read(p []byte) (int, error) {
	n := copy(p, r.block[r.at:])
	r.at = (r.at + n) % len(r.block)
	return n, nil
}

func probe(t *testing.T, r *remote.Remote) {
	report, err := r.Test(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if report.Backend == "" || report.Elapsed <= 0 || report.Retention == "" {
		t.Errorf("report is incomplete: %+v", report)
	}
	if got := MustList(t, r, ""); len(got) != 0 {
		t.Errorf("the test left %v", got)
	}
}
