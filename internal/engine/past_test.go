package engine_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"vaultctl/internal/api"
	"vaultctl/internal/engine"
	"vaultctl/internal/vault"
)

func hasFinding(found []api.Finding, code, subject string) bool {
	return slices.ContainsFunc(found, func(f api.Finding) bool { return f.Code == code && strings.HasSuffix(f.Subject, subject) })
}

// trio is an organization whose founder looks on while three others write chains by hand.
func trio(tb testing.TB) (k *kept, a, b, c *engine.Crafted, s *strange) {
	tb.Helper()
	k = &kept{rig: MustFound(tb)}
	s = &strange{}
	k.Reopen(tb, s.over)
	crew := k.MustMany(tb, 3)
	return k, crew[0], crew[1], crew[2], s
}

// seenBy returns what a workstation says that has seen all that the founder has.
func (k *kept) seenBy(tb testing.TB, c *engine.Crafted) map[vault.WriterID]uint64 {
	tb.Helper()
	own, next := k.Self(tb)
	heads := k.Heads()
	heads[own] = next
	delete(heads, c.Writer)
	return heads
}

// TestSegmentsComeAfterWhatTheySaw takes segments in the order of what they say to have seen, in whichever order the writers
// are asked, and holds one that has seen what does not exist until it does.
func TestSegmentsComeAfterWhatTheySaw(t *testing.T) {
	k, a, b, c, _ := trio(t)
	unseen := a.Fork()
	early := b.Write(map[vault.WriterID]uint64{a.Writer: unseen.Seq + 1}, b.Event(vault.Heartbeat, "", nil))
	c.Write(nil, c.Event(vault.Heartbeat, "", nil))
	MustSync(t, k.rig)
	if h := k.Heads(); h[b.Writer] != b.Seq-1 || h[c.Writer] != c.Seq {
		t.Fatalf("%d segments of the one that saw the future, %d of the other", h[b.Writer], h[c.Writer])
	}
	if got := attentionOf(t, k.rig); len(got) != 0 {
		t.Errorf("it is named at once: %+v", got)
	}
	k.HoldClock()(2 * time.Hour)
	missing := vault.SegmentPath(a.Writer, unseen.Seq)
	if got := attentionOf(t, k.rig); !hasFinding(got, "withheld", missing) {
		t.Errorf("after two hours: %+v", got)
	}
	if _, err := k.Sync(ctxb, api.SyncRequest{}, nil); vault.CodeOf(err) != vault.CodeIntegrity {
		t.Errorf("sync: %v", err)
	}
	f, err := found(t, k.rig, false)
	wantCode(t, "verify", err, vault.CodeIntegrity)
	if !slices.Contains(f, "withheld main:"+missing) {
		t.Errorf("verify: %v", f)
	}
	a.Write(nil, a.Event(vault.Heartbeat, "", nil))
	if n, err := k.Poll(context.Background()); err != nil || n != 2 {
		t.Errorf("when it arrives: %d segments, %v", n, err)
	}
	if h := k.Heads(); h[b.Writer] != b.Seq {
		t.Errorf("%s is still held", early)
	}
	if got := attentionOf(t, k.rig); len(got) != 0 {
		t.Errorf("afterwards: %+v", got)
	}
}

// TestABadSegmentHoldsNobodyElse lets a writer who saw a segment go on where that one is altered by the storage.
func TestABadSegmentHoldsNobodyElse(t *testing.T) {
	k, a, b, _, s := trio(t)
	bad := a.Write(nil, a.Event(vault.Heartbeat, "", nil))
	b.Write(map[vault.WriterID]uint64{a.Writer: a.Seq}, b.Event(vault.Heartbeat, "", nil))
	s.set(func(p string, raw []byte) ([]byte, error) {
		if p == bad {
			return raw[:len(raw)-1], nil
		}
		return nil, nil
	}, nil)
	_, err := k.Sync(ctxb, api.SyncRequest{}, nil)
	wantCode(t, "sync", err, vault.CodeIntegrity)
	if h := k.Heads(); h[a.Writer] != a.Seq-1 || h[b.Writer] != b.Seq {
		t.Errorf("%d of %d and %d of %d segments", h[a.Writer], a.Seq, h[b.Writer], b.Seq)
	}
}

// TestWhoHidesWhatItSawIsNamed has a device claim to have seen a segment and not what that one's writer had seen, and one that
// takes back what it said.
func TestWhoHidesWhatItSawIsNamed(t *testing.T) {
	k, a, b, c, _ := trio(t)
	a.Write(nil, a.Event(vault.Heartbeat, "", nil))
	b.Write(map[vault.WriterID]uint64{a.Writer: a.Seq}, b.Event(vault.Heartbeat, "", nil))
	c.Write(map[vault.WriterID]uint64{a.Writer: a.Seq, b.Writer: b.Seq}, c.Event(vault.Heartbeat, "", nil))
	MustSync(t, k.rig)
	if got := attentionOf(t, k.rig); len(got) != 0 {
		t.Fatalf("honest pasts: %+v", got)
	}
	a.Write(nil, a.Event(vault.Heartbeat, "", nil)) // what is to be hidden
	b.Write(map[vault.WriterID]uint64{a.Writer: a.Seq}, b.Event(vault.Heartbeat, "", nil))
	hides := c.Write(map[vault.WriterID]uint64{b.Writer: b.Seq}, c.Event(vault.Heartbeat, "", nil))
	less := b.Write(map[vault.WriterID]uint64{a.Writer: 1}, b.Event(vault.Heartbeat, "", nil))
	MustSync(t, k.rig)
	if h := k.Heads(); h[b.Writer] != b.Seq || h[c.Writer] != c.Seq {
		t.Errorf("heads %v", h)
	}
	for _, path := range []string{hides, less} {
		if got := attentionOf(t, k.rig); !hasFinding(got, "past", path) {
			t.Errorf("%s is not named: %+v", path, got)
		}
	}
	if _, err := found(t, k.rig, false); err != nil {
		t.Errorf("a lie is not the storage's: %v", err)
	}
	if got := attentionOf(t, k.rig); len(got) != 2 {
		t.Errorf("a verification forgets it: %+v", got)
	}
}

// TestHiddenWithdrawalHelpsNobody has a reader grant, after it saw the withdrawal that ended its own access, as if it had not.
func TestHiddenWithdrawalHelpsNobody(t *testing.T) {
	marie := MustFound(t)
	third := marie.MustEnrol(t, "Awa Ba", marie.Remote, vault.RoleAgent)
	MustSync(t, marie)
	third.Refresh(marie.Engine)
	own, next := marie.Self(t)
	third.Write(map[vault.WriterID]uint64{own: next}, third.Epoch(marie.Engine))
	MustSync(t, marie)
	person := marie.MustVault(t, "Diallo")
	if _, err := marie.ConsentGive(ctxb, api.ConsentGiveRequest{Beneficiary: person, Terms: api.ConsentTerms{To: "agent:Awa Ba", Purpose: "case-file", Verbal: true}}, nil); err != nil {
		t.Fatal(err)
	}
	MustSync(t, marie)
	own, seen := marie.Self(t)
	if _, err := marie.ConsentWithdraw(ctxb, api.WithdrawRequest{Beneficiary: person, To: "agent:Awa Ba"}, nil); err != nil {
		t.Fatal(err)
	}
	MustSync(t, marie)
	third.Refresh(marie.Engine)
	id := vault.NewConsentID(third.Device)
	third.Write(map[vault.WriterID]uint64{own: seen}, third.Event(vault.ConsentGiven, vault.BeneficiaryID(person),
		vault.ConsentBody{Consent: id, Team: third.Solo, Purpose: "case-file"}))
	MustSync(t, marie)
	st := marie.VaultState(t, person)
	if slices.Contains(st.ActiveTeams(), third.Solo) {
		t.Errorf("active teams %v: the withdrawal was undone by who pretends not to have seen it", st.ActiveTeams())
	}
}

// TestClaimsOfOneselfAwait holds a segment that has seen more of this workstation than it ever wrote.
func TestClaimsOfOneselfAwait(t *testing.T) {
	k, a, _, _, _ := trio(t)
	own, next := k.Self(t)
	a.Write(map[vault.WriterID]uint64{own: next + 5}, a.Event(vault.Heartbeat, "", nil))
	MustSync(t, k.rig)
	if got := k.Heads()[a.Writer]; got != a.Seq-1 {
		t.Errorf("%d of %d segments were taken", got, a.Seq)
	}
	if now, _ := k.Self(t); now != own {
		t.Error("it took a new incarnation by somebody's word")
	}
}

// TestJunkWritersCostLittle asks few of the writers that a listing makes up.
func TestJunkWritersCostLittle(t *testing.T) {
	k, a, _, _, s := trio(t)
	for range 200 {
		w := vault.NewWriterID(vault.DeviceIDOf([]byte(vault.NewObjectName())))
		a.Put(vault.SegmentPath(w, 0), []byte("nothing of ours"))
	}
	if err := os.MkdirAll(filepath.Join(k.Remote, "v1", "w", "not-a-writer"), 0o700); err != nil {
		t.Fatal(err)
	}
	s.took()
	_, err := k.Sync(ctxb, api.SyncRequest{}, nil)
	wantCode(t, "sync", err, vault.CodeIntegrity)
	if calls := remoteReads(s.took()); len(calls) > 60 {
		t.Errorf("%d calls", len(calls))
	}
	if got := attentionOf(t, k.rig); len(got) == 0 || len(got) > 20 || got[0].Code != "injected" {
		t.Errorf("%d findings: %+v", len(got), got)
	}
}
