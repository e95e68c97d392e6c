//go:build !windows

package daemon_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"syscall"
	"testing"

	"vaultctl/internal/api"
	"vaultctl/internal/apiclient"
	"vaultctl/internal/vault"
)

// zeros is a part of any size that takes no memory.
func zeros(n int64) io.Reader { return io.LimitReader(zero{}, n) }

type zero struct{}

func (zero) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

// failing is a file that becomes unreadable in the middle.
func failing(n int64) io.Reader { return io.MultiReader(zeros(n), broken{}) }

var errBroken = errors.New("input/output error")

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errBroken }

func TestListAndRows(t *testing.T) {
	ctx := context.Background()
	c := MustConnect(t, MustHome(t))
	sum := 0
	for i, err := range apiclient.List[int](ctx, c, "test/count", 1000) {
		if err != nil {
			t.Fatal(err)
		}
		sum += i
	}
	if sum != 999*1000/2 {
		t.Errorf("items add up to %d", sum)
	}
	seen := 0
	for _, err := range apiclient.List[int](ctx, c, "test/count", 1<<30) { // far more than would ever end
		if err != nil {
			t.Fatal(err)
		}
		if seen++; seen == 3 {
			break
		}
	}
	Eventually(t, "the daemon stops counting", func() bool { return MustGone(t, c) == 1 })
	for _, err := range apiclient.List[int](ctx, c, "test/nothing", 1) {
		if vault.CodeOf(err) != vault.CodeUsage {
			t.Errorf("unknown call: %v", err)
		}
	}
	rows, reports := 0, 0
	res, err := apiclient.Rows[int, string](ctx, c, "test/rows", 5, func(int) error { rows++; return nil }, func(api.Progress) { reports++ })
	if res != "summary" || rows != 5 || reports == 0 || err != nil {
		t.Errorf("%q after %d rows and %d reports: %v", res, rows, reports, err)
	}
}

// MustGone returns how many callers the daemon has seen go away.
func MustGone(tb testing.TB, c *apiclient.Client) int64 {
	tb.Helper()
	n, err := apiclient.Call[int64](context.Background(), c, "test/busy", false)
	if err != nil {
		tb.Fatal(err)
	}
	return n
}

func TestDownload(t *testing.T) {
	ctx := context.Background()
	c := MustConnect(t, MustHome(t))
	for name, tc := range map[string]struct {
		req  bytesRequest
		code vault.Code
		n    int64 // bytes read, where that is certain
	}{
		"empty":            {bytesRequest{}, "", 0},
		"large":            {bytesRequest{Bytes: 20 << 20}, "", 20 << 20},
		"fails midway":     {bytesRequest{Bytes: 20 << 20, FailAt: 10 << 20}, vault.CodeIntegrity, -1},
		"fails at the end": {bytesRequest{Bytes: 20<<20 + 1, FailAt: 20 << 20}, vault.CodeIntegrity, -1},
	} {
		t.Run(name, func(t *testing.T) {
			meta, body, err := apiclient.Download[bytesRequest](ctx, c, "test/get", tc.req)
			if err != nil {
				t.Fatal(err)
			}
			defer body.Close()
			n, err := io.Copy(io.Discard, body)
			if meta != tc.req || vault.CodeOf(err) != tc.code || (tc.n >= 0 && n != tc.n) {
				t.Errorf("meta %+v, %d bytes, %v", meta, n, err)
			}
			if _, again := body.Read(make([]byte, 1)); err != nil && !errors.Is(again, err) {
				t.Errorf("reading on after a failure: %v", again)
			}
		})
	}
}

func TestClientGoneMidDownload(t *testing.T) {
	c := MustConnect(t, MustHome(t))
	for name, req := range map[string]bytesRequest{
		"while it writes": {Bytes: 1 << 40},
		"while it waits":  {Bytes: 1 << 20, Hang: true},
	} {
		t.Run(name, func(t *testing.T) {
			before := MustGone(t, c)
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			_, body, err := apiclient.Download[bytesRequest](ctx, c, "test/get", req)
			if err != nil {
				t.Fatal(err)
			}
			cancel()
			if _, err := io.Copy(io.Discard, body); vault.CodeOf(err) != vault.CodeInterrupted {
				t.Errorf("read after cancelling: %v", err)
			}
			_ = body.Close()
			Eventually(t, "the daemon notices", func() bool { return MustGone(t, c) == before+1 })
		})
	}
}

func TestDaemonKilledMidDownload(t *testing.T) {
	home := MustHome(t)
	c := MustConnect(t, home)
	_, body, err := apiclient.Download[bytesRequest](context.Background(), c, "test/get", bytesRequest{Bytes: 1 << 40})
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	if _, err := io.CopyN(io.Discard, body, 1<<20); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(c.Server().PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if n, err := io.Copy(io.Discard, body); vault.CodeOf(err) != vault.CodeNoDaemon {
		t.Errorf("%d more bytes, then %v", n, err)
	}
}

func TestDaemonKilledMidCall(t *testing.T) {
	c := MustConnect(t, MustHome(t))
	_, err := apiclient.Stream[string](context.Background(), c, "test/hold", nil, func(api.Progress) {
		if err := syscall.Kill(c.Server().PID, syscall.SIGKILL); err != nil {
			t.Error(err)
		}
	})
	if vault.CodeOf(err) != vault.CodeNoDaemon {
		t.Errorf("got %v", err)
	}
}

func TestCallerGivesUp(t *testing.T) {
	c := MustConnect(t, MustHome(t))
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	_, err := apiclient.Stream[string](ctx, c, "test/hold", nil, func(api.Progress) { cancel() })
	if vault.CodeOf(err) != vault.CodeInterrupted {
		t.Errorf("got %v", err)
	}
	Eventually(t, "the daemon notices", func() bool { return MustGone(t, c) == 1 })
}

func TestUpload(t *testing.T) {
	ctx := context.Background()
	c := MustConnect(t, MustHome(t))
	taken := int64(0)
	for name, tc := range map[string]struct {
		parts []apiclient.Part
		req   bytesRequest
		want  string
		bytes int64
		code  vault.Code
		cause error
	}{
		"none":  {want: ""},
		"empty": {parts: []apiclient.Part{{Reader: zeros(0), Name: "content"}}, want: "content"},
		"document and evidence": {
			parts: []apiclient.Part{{Reader: zeros(20 << 20), Name: "content"}, {Reader: zeros(1), Name: "evidence"}},
			want:  "content,evidence", bytes: 20<<20 + 1,
		},
		"refused early": {
			parts: []apiclient.Part{{Reader: zeros(1 << 40), Name: "content"}},
			req:   bytesRequest{FailAt: 1}, code: vault.CodeNoConsent,
		},
		"unreadable file": {
			parts: []apiclient.Part{{Reader: failing(5 << 20), Name: "content"}},
			code:  vault.CodeFailed, cause: errBroken,
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := apiclient.Upload[string](ctx, c, "test/put", tc.req, tc.parts...)
			if got != tc.want || vault.CodeOf(err) != tc.code || (tc.cause != nil && !errors.Is(err, tc.cause)) {
				t.Errorf("got %q, %v", got, err)
			}
			taken += tc.bytes
			total, err := apiclient.Call[int64](ctx, c, "test/taken", nil)
			if err != nil || total != taken {
				t.Errorf("daemon took %d bytes as whole uploads, want %d: %v", total, taken, err)
			}
		})
	}
}

// TestExchange sends a part only when the one before was answered, so that it ends only if nothing waits in a buffer.
func TestExchange(t *testing.T) {
	ctx := context.Background()
	c := MustConnect(t, MustHome(t))
	sizes := []int64{0, 1, 100_000, 5 << 20, 3}
	answered := make(chan struct{}, len(sizes))
	answered <- struct{}{}
	i := 0
	next := func(ctx context.Context) (apiclient.Part, error) {
		select {
		case <-answered:
		case <-ctx.Done():
			return apiclient.Part{}, ctx.Err()
		}
		if i == len(sizes) {
			return apiclient.Part{}, io.EOF
		}
		i++
		return apiclient.Part{Reader: zeros(sizes[i-1]), Name: "content"}, nil
	}
	var got []int64
	end, err := apiclient.Exchange[int64, string](ctx, c, "test/sizes", false, next, func(n int64) error {
		got = append(got, n)
		answered <- struct{}{}
		return nil
	})
	if err != nil || end != "all" || !slices.Equal(got, sizes) {
		t.Errorf("got %v, %q, %v", got, end, err)
	}
}

func TestExchangeThatFails(t *testing.T) {
	ctx := context.Background()
	c := MustConnect(t, MustHome(t))
	for name, tc := range map[string]struct {
		parts []apiclient.Part // then more and more small ones
		late  bool
		stop  bool
		code  vault.Code
		cause error
	}{
		"refused before any item":  {parts: []apiclient.Part{{Reader: zeros(1 << 40), Name: "refused"}}, code: vault.CodeNoConsent},
		"refused after some items": {parts: []apiclient.Part{{Reader: zeros(9), Name: "content"}, {Reader: zeros(1 << 40), Name: "refused"}}, code: vault.CodeNoConsent},
		"unreadable file":          {parts: []apiclient.Part{{Reader: zeros(9), Name: "content"}, {Reader: failing(5 << 20), Name: "content"}}, code: vault.CodeFailed, cause: errBroken},
		"unreadable, no item":      {parts: []apiclient.Part{{Reader: failing(5 << 20), Name: "content"}}, late: true, code: vault.CodeFailed, cause: errBroken},
		"the caller had enough":    {stop: true, code: vault.CodeFailed, cause: errBroken},
	} {
		t.Run(name, func(t *testing.T) {
			i := 0
			next := func(context.Context) (apiclient.Part, error) {
				if i++; i <= len(tc.parts) {
					return tc.parts[i-1], nil
				}
				return apiclient.Part{Reader: zeros(10), Name: "content"}, nil
			}
			_, err := apiclient.Exchange[int64, string](ctx, c, "test/sizes", tc.late, next, func(int64) error {
				if tc.stop {
					return errBroken
				}
				return nil
			})
			if vault.CodeOf(err) != tc.code || (tc.cause != nil && !errors.Is(err, tc.cause)) {
				t.Errorf("got %v", err)
			}
			if _, err := apiclient.Call[int64](ctx, c, "test/taken", nil); err != nil {
				t.Errorf("the next call: %v", err)
			}
		})
	}
}
