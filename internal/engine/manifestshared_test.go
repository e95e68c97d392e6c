package engine_test

import (
	"strings"
	"testing"
	"time"
)

// TestOneManifestForOneChange has two workstations read a vault with a card: who changes it writes the manifest, and the
// other leaves it.
func TestOneManifestForOneChange(t *testing.T) {
	marie, paul, person := pair(t)
	marie.MustCard(t, person)
	manifests := func(r *rig) (n int) {
		for _, f := range r.RemoteFiles(t) {
			if strings.Contains(f, "/p/") && strings.Contains(f, r.device(t)[:20]) {
				n++
			}
		}
		return n
	}
	settle := func() {
		for range 3 {
			for _, r := range []*rig{marie, paul} {
				MustSync(t, r)
				r.MustTend(1)
			}
		}
	}
	settle()
	if m, p := manifests(marie), manifests(paul); m != 1 || p != 0 {
		t.Errorf("%d manifests by who issued the card, %d by the other", m, p)
	}
	paul.MustAdd(t, deposit(person, "cv"), "de Paul")
	settle()
	if m, p := manifests(marie), manifests(paul); m != 1 || p != 1 { // the one before stays until Marie's workstation has said that it saw this
		t.Errorf("after a deposit by the other: %d and %d", m, p)
	}
	later := time.Now().Add(25 * time.Hour)
	for _, r := range []*rig{marie, paul} {
		r.SetNow(func() time.Time { return later })
	}
	settle()
	if m, p := manifests(marie), manifests(paul); m != 0 || p != 1 {
		t.Errorf("a day later: %d and %d", m, p)
	}
	before := len(marie.RemoteFiles(t))
	settle()
	if after := len(marie.RemoteFiles(t)); after != before {
		t.Errorf("%d objects, %d while nothing changes", before, after)
	}
	wantWhole(t, marie)
}
