package engine_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/vault"
)

// TestHeartbeat signs one heartbeat a day, and none where something else was written.
func TestHeartbeat(t *testing.T) {
	r := MustFound(t)
	advance := r.HoldClock()
	next := func() uint64 { _, n := r.Self(t); return n }
	beat := func() uint64 {
		if err := r.Beat(context.Background()); err != nil {
			t.Fatal(err)
		}
		return next()
	}
	built := next()
	if got := beat(); got != built {
		t.Errorf("a heartbeat right after work")
	}
	for day := range 3 {
		advance(24 * time.Hour)
		if got := beat(); got != built+uint64(day)+1 {
			t.Errorf("day %d: %d segments", day, got-built)
		}
		advance(time.Hour)
		if got := beat(); got != built+uint64(day)+1 {
			t.Errorf("a second heartbeat on day %d", day)
		}
	}
	MustSync(t, r)
	wantWhole(t, r)
}

// TestSilentWorkstationIsNamed names a workstation whose news the storage withholds, one that never wrote, and no revoked one.
func TestSilentWorkstationIsNamed(t *testing.T) {
	k, a, b, c, s := trio(t)
	release := sync.OnceFunc(k.HoldTending())
	t.Cleanup(release)
	never := k.MustEnrol(t, "Jamais Là", k.Remote, vault.RoleDeposit)
	MustSync(t, k.rig)
	advance := k.HoldClock()
	hidden := vault.SegmentPath(a.Writer, a.Seq)
	s.set(func(p string, _ []byte) ([]byte, error) {
		if p == hidden {
			return nil, notThere()
		}
		return nil, nil
	}, nil)
	silent := func() map[string]string {
		out := map[string]string{}
		for _, f := range attentionOf(t, k.rig) {
			if f.Code != "silent" || f.Severity != "warning" {
				t.Errorf("%+v", f)
			}
			out[f.Subject] = f.Message
		}
		return out
	}
	for day := range 9 {
		at := advance(24 * time.Hour).UnixMilli()
		a.At, b.At = at, at
		if day == 0 { // signed, pushed, and withheld
			a.Write(nil, a.Event(vault.Heartbeat, "", nil))
		}
		b.Write(nil, b.Event(vault.Heartbeat, "", nil))
		if day == 6 {
			if got := silent(); len(got) != 0 {
				t.Errorf("before a week is over: %v", got)
			}
		}
		if day < 8 {
			if _, err := k.Sync(ctxb, api.SyncRequest{}, nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	day := vault.DateOf(k.Organization().Devices[a.Device].Since.Time().Local())
	got := silent()
	for _, w := range []struct {
		id   vault.DeviceID
		name string
	}{{a.Device, a.Name}, {c.Device, c.Name}, {never.Device, never.Name}} {
		if want := fmt.Sprintf("nothing was heard of %s's workstation since %s", w.name, day); got[string(w.id)] != want {
			t.Errorf("%q, want %q", got[string(w.id)], want)
		}
	}
	if len(got) != 3 || len(doctorSays(t, k.rig, "silent")) != 3 {
		t.Errorf("%v", got)
	}
	release()
	k.stop()
	if err := os.Remove(filepath.Join(k.Home, "index.db")); err != nil {
		t.Fatal(err)
	}
	k.Reopen(t, s.over)
	if _, err := k.Sync(ctxb, api.SyncRequest{}, nil); err != nil {
		t.Fatal(err)
	}
	if got := silent(); len(got) != 3 {
		t.Errorf("with an index that was built anew: %v", got)
	}
	k.MustRevoke(t, c.Device)
	s.set(nil, nil)
	a.Write(nil, a.Event(vault.Heartbeat, "", nil))
	MustSync(t, k.rig)
	if got := silent(); len(got) != 1 || got[string(never.Device)] == "" {
		t.Errorf("after the storage gave what it had, and a revocation: %v", got)
	}
}

// TestIdleDevicePollsMoreRarely counts polls of a device that nobody uses, and that somebody uses again.
func TestIdleDevicePollsMoreRarely(t *testing.T) {
	k, a, _, _, s := trio(t)
	t.Cleanup(k.HoldTending()) // the polls are this test's
	advance := k.HoldClock()
	polls := func(minutes int) (n int) {
		for range minutes {
			advance(time.Minute)
			s.took()
			if err := k.PollIfDue(context.Background()); err != nil {
				t.Fatal(err)
			}
			if len(remoteReads(s.took())) > 0 {
				n++
			}
		}
		return n
	}
	attentionOf(t, k.rig)
	k.MustVault(t, "Diallo") // in use
	if n := polls(14); n < 5 {
		t.Errorf("%d polls in 14 minutes of a device in use", n)
	}
	polls(60)
	if n := polls(120); n < 5 || n > 20 {
		t.Errorf("%d polls in two idle hours", n)
	}
	a.Write(nil, a.Event(vault.Heartbeat, "", nil))
	k.MustVault(t, "Ba")
	if n := polls(3); n == 0 || k.Heads()[a.Writer] != a.Seq {
		t.Errorf("used again: %d polls, %d of %d segments", n, k.Heads()[a.Writer], a.Seq)
	}
}
