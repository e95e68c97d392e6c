package engine_test

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"vaultctl/internal/agecrypt"
	"vaultctl/internal/api"
	"vaultctl/internal/engine"
	_ "vaultctl/internal/remote/backends/local"
	"vaultctl/internal/vault"
	"vaultctl/internal/workstation"
)

// rig is one workstation over a local-folder remote.
type rig struct {
	*engine.Engine
	Home, Remote string
	Result       api.InitResult
	clock        atomic.Pointer[func() time.Time] // nil is the system's
	stop         func()
}

// Now is the time on the workstation.
func (r *rig) Now() time.Time {
	if f := r.clock.Load(); f != nil {
		return (*f)()
	}
	return time.Now()
}

// SetNow sets the clock, while the engine is at work too.
func (r *rig) SetNow(f func() time.Time) { r.clock.Store(&f) }

// HoldClock stops the clock of the workstation and returns what moves it on, also while the engine is at work.
func (r *rig) HoldClock() (advance func(time.Duration) time.Time) {
	var at atomic.Int64
	at.Store(r.Now().UnixNano())
	r.SetNow(func() time.Time { return time.Unix(0, at.Load()) })
	return func(d time.Duration) time.Time { return time.Unix(0, at.Add(int64(d))) }
}

const testPassphrase = "marron cheval pile agrafe 47"

// MustOpen opens the engine of a home; prepare is called before it starts.
func MustOpen(tb testing.TB, home string, now func() time.Time, prepare ...func(*engine.Engine)) (*engine.Engine, func()) {
	tb.Helper()
	e, err := workstation.New(workstation.Options{Home: home, Version: "test", Now: now, Sealer: agecrypt.NewWithWorkFactor(10),
		Logger: slog.New(slog.NewTextHandler(tb.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))})
	if err != nil {
		tb.Fatal(err)
	}
	for _, f := range prepare {
		f(e)
	}
	if err := e.Start(context.Background()); err != nil {
		tb.Fatal(err)
	}
	closed := false
	stop := func() {
		if !closed {
			closed = true
			if err := e.Close(); err != nil {
				tb.Error(err)
			}
		}
	}
	tb.Cleanup(stop)
	return e, stop
}

// MustFound founds an organization with a key file, or the protection given.
func MustFound(tb testing.TB, change ...func(*api.InitRequest)) *rig {
	tb.Helper()
	r := &rig{Home: filepath.Join(tb.TempDir(), "home"), Remote: filepath.Join(tb.TempDir(), "remote")}
	if err := os.MkdirAll(r.Home, 0o700); err != nil {
		tb.Fatal(err)
	}
	r.Engine, r.stop = MustOpen(tb, r.Home, r.Now)
	req := api.InitRequest{Org: "CCAS de Rennes", Agent: "Marie Durand", Team: "Accueil", Remote: r.Remote, Need: 2, Of: 3,
		Holders: "la directrice et le notaire", Protect: api.Protection{Method: "keyfile"}, Language: "fr"}
	for _, f := range change {
		f(&req)
	}
	res, err := r.Init(context.Background(), req, nil)
	if err != nil {
		tb.Fatal(err)
	}
	r.Result = res
	return r
}

// Reopen closes the engine and opens it again on the same home.
func (r *rig) Reopen(tb testing.TB, prepare ...func(*engine.Engine)) {
	tb.Helper()
	r.stop()
	r.Engine, r.stop = MustOpen(tb, r.Home, r.Now, prepare...)
}

// RemoteFiles lists the objects of the remote folder.
func (r *rig) RemoteFiles(tb testing.TB) []string { return filesBelow(tb, r.Remote) }

// HomeFiles lists what is in the home.
func (r *rig) HomeFiles(tb testing.TB) []string { return filesBelow(tb, r.Home) }

// filesBelow lists the files below a folder, without what vanishes meanwhile.
func filesBelow(tb testing.TB, root string) []string {
	tb.Helper()
	var out []string
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if p != root && errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil && !d.IsDir() {
			rel, _ := filepath.Rel(root, p)
			out = append(out, filepath.ToSlash(rel))
		}
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	return out
}

// waitFor waits until ok, for a bounded time.
func waitFor(tb testing.TB, what string, ok func() bool) {
	tb.Helper()
	for end := time.Now().Add(time.Minute); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			tb.Fatalf("%s did not happen", what)
		}
	}
}

// MustJoin enrols a further workstation on the remote of an admin's, approved by it, with a home and an engine of its own.
// Both have pushed and pulled when it returns. The agent is added where the name is new.
func MustJoin(tb testing.TB, admin *rig, agent string, role vault.Role, change ...func(*api.ApproveRequest)) *rig {
	tb.Helper()
	r, q := MustAsk(tb, admin)
	req := api.ApproveRequest{Code: q.Code, Agent: agent, Roles: []string{string(role)}, Words: strings.Join(q.Words, " ")}
	for _, f := range change {
		f(&req)
	}
	if a, err := admin.DeviceApprove(context.Background(), req, nil); err != nil || a.Queued {
		tb.Fatalf("approve: %+v, %v", a, err)
	}
	if _, err := r.JoinFinish(context.Background(), api.JoinFinishRequest{Wait: "30s"}, nil); err != nil {
		tb.Fatalf("join: %v", err)
	}
	MustSync(tb, r)
	MustSync(tb, admin)
	return r
}

// MustAsk makes a further workstation that asks to be enrolled.
func MustAsk(tb testing.TB, admin *rig) (*rig, api.JoinRequest) {
	tb.Helper()
	r := &rig{Home: filepath.Join(tb.TempDir(), "home"), Remote: admin.Remote}
	if err := os.MkdirAll(r.Home, 0o700); err != nil {
		tb.Fatal(err)
	}
	r.Engine, r.stop = MustOpen(tb, r.Home, r.Now)
	q, err := r.JoinAsk(context.Background(), api.JoinAskRequest{Remote: r.Remote, Protect: api.Protection{Method: "keyfile"}})
	if err != nil {
		tb.Fatal(err)
	}
	return r, q
}
